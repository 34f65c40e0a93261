# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Large-neighbourhood search: shorten a conflict-free plan a few agents at a time.

A step takes a group of agents out of the timetable and routes them anew one after the other, in
random order, each on its shortest path among all others. The new paths stay when their sum is
not larger; otherwise the old ones come back. No search goes on above the cost at which the group
could still win. How a group is chosen and how large it is follows what has paid so far.
Sources: Li et al., MAPF-LNS, IJCAI 2021 and MAPF-LNS2, AAAI 2022.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linehaul_traffic.neighbourhood import WAYS, Group, choose_group, new_group
from linehaul_traffic.rng import below, new_state, shuffle, uniform
from linehaul_traffic.sipp import NO_PATH, SippMemory, new_memory, path_into, shortest_path
from linehaul_traffic.timetable import Timetable, insert, remove

SIZES = np.array([2, 4, 8, 16, 32], np.int64)
_STEPS, _ACCEPTED, _IMPROVED = range(3)
_FORGET = 0.02
_EXPLORE = 0.2


class Problem(NamedTuple):
    """What does not change: N nodes, A agents.

    Args:
        indptr: (N + 1,) int32 CSR of outgoing arcs.
        nbr: (M,) int32 their ends.
        to_go: (A, N) int32 steps to each agent's goal.
        starts: (A,) int32 nodes.
        goals: (A,) int32 nodes.
    """

    indptr: NDArray[np.int32]
    nbr: NDArray[np.int32]
    to_go: NDArray[np.int32]
    starts: NDArray[np.int32]
    goals: NDArray[np.int32]


class Refiner(NamedTuple):
    """The refiner's state between slices.

    Args:
        group: Agents of the present step.
        old_path: (K, T) int32 their paths before it.
        old_cost: (K,) int32 their costs before it.
        worth: (WAYS, sizes) float64 cost saved per thousand states expanded, fading.
        count: (3,) int64: steps, accepted, improved.
        rng: (1,) uint64.
    """

    group: Group
    old_path: NDArray[np.int32]
    old_cost: NDArray[np.int32]
    worth: NDArray[np.float64]
    count: NDArray[np.int64]
    rng: NDArray[np.uint64]


def new_refiner(agents: int, nodes: int, horizon: int, seed: int) -> Refiner:
    """Return a refiner that has learned nothing yet."""
    most = int(SIZES[-1])
    return Refiner(
        new_group(agents, nodes),
        np.empty((most, horizon), np.int32),
        np.empty(most, np.int32),
        np.ones((WAYS, len(SIZES))),
        np.zeros(3, np.int64),
        new_state(seed),
    )


@njit(cache=True, nogil=True)
def refine_some(problem: Any, table: Any, memory: Any, refiner: Any, max_states: int) -> int:
    """Run steps until about `max_states` states have been expanded; return the cost saved.

    Stops at once when no agent has a delay left.
    """
    saved = 0
    begin = memory.count[1]
    while memory.count[1] - begin < max_states:
        arm = _pick_arm(refiner)
        way, size = arm // SIZES.shape[0], SIZES[arm % SIZES.shape[0]]
        if not choose_group(problem, table, refiner.group, refiner.rng, way, size):
            break
        before = memory.count[1]
        gain = _reroute(problem, table, memory, refiner)
        memory.count[1] += 20
        spent = memory.count[1] - before
        refiner.count[_STEPS] += 1
        saved += gain
        worth = refiner.worth[way]
        k = arm % SIZES.shape[0]
        worth[k] += _FORGET * (1000.0 * gain / spent - worth[k])
    return saved


@njit(cache=True, nogil=True)
def _pick_arm(refiner: Any) -> int:
    """Draw a way and a size, mostly in proportion to what they have saved."""
    arms = refiner.worth.size
    if uniform(refiner.rng) < _EXPLORE:
        return below(refiner.rng, arms)
    x = uniform(refiner.rng) * refiner.worth.sum()
    for arm in range(arms):
        x -= refiner.worth.flat[arm]
        if x < 0:
            return arm
    return arms - 1


@njit(cache=True, nogil=True)
def _reroute(problem: Any, table: Any, memory: Any, refiner: Any) -> int:
    """Route the group anew; return the cost saved, 0 when the old paths were put back."""
    member, n = refiner.group.member, refiner.group.count[0]
    shuffle(refiner.rng, member, n)
    old = 0
    least = 0
    for k in range(n):
        i = member[k]
        old += table.cost[i]
        least += problem.to_go[i, problem.starts[i]]
        refiner.old_path[k] = table.path[i]
        refiner.old_cost[k] = table.cost[i]
        remove(table, i)
    new = 0
    for k in range(n):
        i = member[k]
        least -= problem.to_go[i, problem.starts[i]]
        state = shortest_path(
            problem.indptr, problem.nbr, problem.to_go[i], table, memory,
            problem.starts[i], problem.goals[i], old - new - least,
        )  # fmt: skip
        if state == NO_PATH:
            _put_back(table, refiner, k)
            return 0
        table.cost[i] = path_into(memory, state, table.path[i])
        new += table.cost[i]
        insert(table, i)
    refiner.count[_ACCEPTED] += 1
    refiner.count[_IMPROVED] += new < old
    return old - new


@njit(cache=True, nogil=True)
def _put_back(table: Any, refiner: Any, placed: int) -> None:
    """Undo a step of which the first `placed` members have their new paths in the table."""
    member = refiner.group.member
    for k in range(placed):
        remove(table, member[k])
    for k in range(refiner.group.count[0]):
        i = member[k]
        table.path[i] = refiner.old_path[k]
        table.cost[i] = refiner.old_cost[k]
        insert(table, i)
