# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A first plan by repair: near-shortest paths with collisions, mended a few agents at a time.

All agents are routed one after the other with as few collisions as possible. Then groups of
agents round a collision are routed anew together, and the new paths stay when they collide no
more than the old ones. It may fail on crowded maps, but where it succeeds its plans are far
shorter than those of a step-by-step rule.
Source: Li et al., MAPF-LNS2, AAAI 2022.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linehaul_traffic.arms import draw, learn, new_arms
from linehaul_traffic.neighbourhood import Group, add_by_walks, add_member, new_group
from linehaul_traffic.rng import below, new_state, shuffle
from linehaul_traffic.sipp import NO_PATH, path_into
from linehaul_traffic.sipps import gentlest_path
from linehaul_traffic.timetable import FREE, Timetable, insert, remove

COLLIDING, TARGET, RANDOM = range(3)
WAYS = 3
SIZES = np.array([1, 4, 8, 16], np.int64)
PRICES = np.array([4, 16, 64, 256], np.int64)
"""What a collision may cost in steps of detour."""
_FIRST_PRICE = 8
_STEP_WORK = 20
"""What choosing a group and editing the table costs, in search states."""
_PLACED, _PAIRS, _STEPS, _IMPROVED = range(4)


class Repair(NamedTuple):
    """The repair's state between slices.

    Args:
        group: Agents of the present step.
        old_path: (K, T) int32 their paths before it.
        old_cost: (K,) int32 their costs before it.
        order: (A,) int32 order in which agents are placed at first.
        pairs: (A,) int32 how many others each agent collides with.
        mark: (A,) int64 equals the epoch for an agent already counted.
        epoch: (1,) int64 of `mark`.
        ways: (2, WAYS) float64 collisions mended and states expanded, see `arms`.
        sizes: (2, sizes) float64 the same for each group size.
        prices: (2, prices) float64 the same for each price of a collision.
        tally: (4,) int64: agents placed, pairs colliding, steps, improved.
        rng: (1,) uint64.
    """

    group: Group
    old_path: NDArray[np.int32]
    old_cost: NDArray[np.int32]
    order: NDArray[np.int32]
    pairs: NDArray[np.int32]
    mark: NDArray[np.int64]
    epoch: NDArray[np.int64]
    ways: NDArray[np.float64]
    sizes: NDArray[np.float64]
    prices: NDArray[np.float64]
    tally: NDArray[np.int64]
    rng: NDArray[np.uint64]


def new_repair(order: NDArray[np.int32], nodes: int, horizon: int, seed: int) -> Repair:
    """Return a repair in which no agent is placed yet."""
    agents = len(order)
    return Repair(
        new_group(agents, nodes),
        np.empty((SIZES[-1], horizon), np.int32),
        np.empty(SIZES[-1], np.int32),
        order,
        np.zeros(agents, np.int32),
        np.zeros(agents, np.int64),
        np.zeros(1, np.int64),
        new_arms(WAYS),
        new_arms(len(SIZES)),
        new_arms(len(PRICES)),
        np.zeros(4, np.int64),
        new_state(seed),
    )


@njit(cache=True, nogil=True)
def repair_some(problem: Any, table: Any, memory: Any, repair: Any, max_states: int) -> Any:
    """Place agents, then mend, until about `max_states` states have been expanded.

    Returns:
        Pairs of agents that still collide, counting unplaced agents as one each.
    """
    begin = memory.tally[1]
    agents = problem.starts.shape[0]
    while repair.tally[_PLACED] < agents and memory.tally[1] - begin < max_states:
        i = repair.order[repair.tally[_PLACED]]
        if not _route(problem, table, memory, i, _FIRST_PRICE):
            _route_blindly(problem, table, i)
        repair.tally[_PAIRS] += _count_pairs(table, repair, i, 1)
        insert(table, i)
        repair.tally[_PLACED] += 1
    while repair.tally[_PAIRS] > 0 and memory.tally[1] - begin < max_states:
        _mend(problem, table, memory, repair)
    return repair.tally[_PAIRS] + agents - repair.tally[_PLACED]


@njit(cache=True, nogil=True)
def _route(problem: Any, table: Any, memory: Any, i: int, price: int) -> bool:
    """Write the gentlest path of agent i, which is not in the table; False when none was found."""
    row = problem.to_go[i]
    start, goal = problem.starts[i], problem.goals[i]
    state = gentlest_path(problem.indptr, problem.nbr, row, table, memory, start, goal, price)
    if state == NO_PATH:
        return False
    table.cost[i] = path_into(memory, state, table.path[i])
    return True


@njit(cache=True, nogil=True)
def _route_blindly(problem: Any, table: Any, i: int) -> None:
    """Write a shortest path of agent i, whoever is in the way."""
    row = problem.to_go[i]
    u = problem.starts[i]
    table.cost[i] = row[u]
    table.path[i] = problem.goals[i]
    for t in range(row[u]):
        table.path[i, t] = u
        k = problem.indptr[u]
        while row[problem.nbr[k]] >= row[u]:
            k += 1
        u = problem.nbr[k]


@njit(cache=True, nogil=True)
def _count_pairs(table: Any, repair: Any, i: int, sign: int) -> Any:
    """Return with how many agents in the table the path of agent i collides.

    Agent i itself is not in the table. The others' own counts change by `sign`, and agent i's is
    set to the result.
    """
    repair.epoch[0] += 1
    epoch = repair.epoch[0]
    path = table.path[i]
    n = 0
    for t in range(path.shape[0]):
        j = table.owner[path[t], t]
        while j != FREE:
            if repair.mark[j] != epoch:
                repair.mark[j] = epoch
                repair.pairs[j] += sign
                n += 1
            j = table.link[j, t]
        if t == 0 or path[t] == path[t - 1]:
            continue
        j = table.owner[path[t - 1], t]
        while j != FREE:
            if table.path[j, t - 1] == path[t] and repair.mark[j] != epoch:
                repair.mark[j] = epoch
                repair.pairs[j] += sign
                n += 1
            j = table.link[j, t]
    repair.pairs[i] = n
    return n


@njit(cache=True, nogil=True)
def _mend(problem: Any, table: Any, memory: Any, repair: Any) -> None:
    """Route one group anew; keep the new paths when they collide no more than the old ones."""
    before = memory.tally[1]
    way = draw(repair.ways, repair.rng)
    size = draw(repair.sizes, repair.rng)
    price = draw(repair.prices, repair.rng)
    _choose(problem, table, repair, way, min(SIZES[size], table.cost.shape[0]))
    member, n = repair.group.member, repair.group.tally[0]
    shuffle(repair.rng, member, n)
    old = 0
    for k in range(n):
        i = member[k]
        repair.old_path[k] = table.path[i]
        repair.old_cost[k] = table.cost[i]
        remove(table, i)
        old += _count_pairs(table, repair, i, -1)
    new = 0
    placed = 0
    found = True
    while placed < n and new <= old:
        i = member[placed]
        found = _route(problem, table, memory, i, PRICES[price])
        if not found:
            break
        new += _count_pairs(table, repair, i, 1)
        insert(table, i)
        placed += 1
    if new > old or not found:
        _put_back(table, repair, placed)
        new = old
    repair.tally[_PAIRS] += new - old
    repair.tally[_STEPS] += 1
    repair.tally[_IMPROVED] += new < old
    memory.tally[1] += _STEP_WORK
    spent = memory.tally[1] - before
    learn(repair.ways, way, old - new, spent)
    learn(repair.sizes, size, old - new, spent)
    learn(repair.prices, price, old - new, spent)


@njit(cache=True, nogil=True)
def _put_back(table: Any, repair: Any, placed: int) -> None:
    """Undo a step of which the first `placed` members have their new paths in the table."""
    member = repair.group.member
    for k in range(placed):
        remove(table, member[k])
        _count_pairs(table, repair, member[k], -1)
    for k in range(repair.group.tally[0]):
        i = member[k]
        table.path[i] = repair.old_path[k]
        table.cost[i] = repair.old_cost[k]
        _count_pairs(table, repair, i, 1)
        insert(table, i)


@njit(cache=True, nogil=True)
def _choose(problem: Any, table: Any, repair: Any, way: int, size: int) -> None:
    """Fill the group with up to `size` agents round a colliding one."""
    agents = problem.starts.shape[0]
    group, rng = repair.group, repair.rng
    group.tally[0] = 0
    group.tally[1] += 1
    seed = below(rng, agents)
    while repair.pairs[seed] == 0:
        seed = (seed + 1 + below(rng, 3)) % agents
    add_member(group, seed)
    if way == COLLIDING:
        _add_colliding(table, group, rng, size)
        add_by_walks(problem, table, group, rng, size)
    elif way == TARGET:
        _add_by_targets(problem, table, group, size)
        add_by_walks(problem, table, group, rng, size)
    else:
        while group.tally[0] < size:
            add_member(group, below(rng, agents))


@njit(cache=True, nogil=True)
def _add_colliding(table: Any, group: Any, rng: Any, size: int) -> None:
    """Add agents that collide with members, members being looked at in the order they came."""
    k = 0
    horizon = table.path.shape[1]
    while k < group.tally[0] and group.tally[0] < size:
        i = group.member[k]
        k += 1
        shift = below(rng, horizon)
        for step in range(horizon):
            t = (step + shift) % horizon
            u = table.path[i, t]
            j = table.owner[u, t]
            while j != FREE and group.tally[0] < size:
                if j != i:
                    add_member(group, j)
                j = table.link[j, t]
            if t == 0 or table.path[i, t - 1] == u:
                continue
            j = table.owner[table.path[i, t - 1], t]
            while j != FREE and group.tally[0] < size:
                if j != i and table.path[j, t - 1] == u:
                    add_member(group, j)
                j = table.link[j, t]


@njit(cache=True, nogil=True)
def _add_by_targets(problem: Any, table: Any, group: Any, size: int) -> None:
    """Add agents that cross the first member's goal, and those parked on its way."""
    i = group.member[0]
    horizon = table.path.shape[1]
    goal = problem.goals[i]
    for t in range(horizon - 1, -1, -1):
        j = table.owner[goal, t]
        while j != FREE and group.tally[0] < size // 2 + 1:
            if j != i:
                add_member(group, j)
            j = table.link[j, t]
    for t in range(table.cost[i]):
        j = table.owner[table.path[i, t], horizon - 1]
        if j >= 0 and j != i and group.tally[0] < size:
            add_member(group, j)


def cost_so_far(table: Timetable, repair: Repair) -> int | None:
    """Return the sum of costs of the paths as they are; None while some are not placed."""
    if repair.tally[_PLACED] < len(repair.order):
        return None
    return int(table.cost.sum())
