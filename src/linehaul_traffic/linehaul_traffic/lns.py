# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Large-neighbourhood search: shorten a conflict-free plan a few agents at a time.

A step takes a group of agents out of the timetable and routes them anew one after the other, in
random order, each on its shortest path among all others, or on any good one while the plan is
poor. The new paths stay when their sum is not larger; otherwise the old ones come back. No search
goes on above the cost at which the group could still win. How a group is chosen and how large it
is follows what has paid so far.
Sources: Li et al., MAPF-LNS, IJCAI 2021 and MAPF-LNS2, AAAI 2022.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linehaul_traffic.arms import draw, learn, new_arms
from linehaul_traffic.neighbourhood import WAYS, Group, choose_group, new_group
from linehaul_traffic.rng import new_state, shuffle
from linehaul_traffic.sipp import MAX_VALUE, NO_PATH, path_into, shortest_path
from linehaul_traffic.timetable import insert, remove

SIZES = np.array([2, 4, 8, 16, 32], np.int64)
_STEPS, _ACCEPTED, _IMPROVED = range(3)
_HASTE_ABOVE = 1.5
"""Groups this much above their bound are routed in haste: any shorter paths will do."""
_STEP_WORK = 20
"""What choosing a group and editing the table costs, in search states."""


class Refiner(NamedTuple):
    """The refiner's state between slices.

    Args:
        group: Agents of the present step.
        old_path: (K, MAX_VALUE) int32 their paths before it.
        old_cost: (K,) int32 their costs before it.
        arms: (2, WAYS * sizes) float64 cost saved and states expanded, see `arms`.
        tally: (3,) int64: steps, accepted, improved.
        rng: (1,) uint64.
    """

    group: Group
    old_path: NDArray[np.int32]
    old_cost: NDArray[np.int32]
    arms: NDArray[np.float64]
    tally: NDArray[np.int64]
    rng: NDArray[np.uint64]


def new_refiner(agents: int, nodes: int, seed: int) -> Refiner:
    """Return a refiner that has learned nothing yet."""
    most = int(SIZES[-1])
    return Refiner(
        new_group(agents, nodes),
        np.empty((most, MAX_VALUE), np.int32),
        np.empty(most, np.int32),
        new_arms(WAYS * len(SIZES)),
        np.zeros(3, np.int64),
        new_state(seed),
    )


@njit(cache=True, nogil=True)
def refine_some(problem: Any, table: Any, memory: Any, refiner: Any, max_states: int) -> Any:
    """Run steps until about `max_states` states have been expanded; return the cost saved.

    Stops at once when no agent has a delay left.
    """
    saved = 0
    begin = memory.tally[1]
    while memory.tally[1] - begin < max_states:
        arm = draw(refiner.arms, refiner.rng)
        way, size = arm // SIZES.shape[0], SIZES[arm % SIZES.shape[0]]
        if not choose_group(problem, table, refiner.group, refiner.rng, way, size):
            break
        before = memory.tally[1]
        gain = _reroute(problem, table, memory, refiner)
        memory.tally[1] += _STEP_WORK
        learn(refiner.arms, arm, gain, memory.tally[1] - before)
        refiner.tally[_STEPS] += 1
        saved += gain
    return saved


@njit(cache=True, nogil=True)
def _reroute(problem: Any, table: Any, memory: Any, refiner: Any) -> Any:
    """Route the group anew; return the cost saved, 0 when the old paths were put back."""
    member, n = refiner.group.member, refiner.group.tally[0]
    shuffle(refiner.rng, member, n)
    old = 0
    least = 0
    for k in range(n):
        i = member[k]
        old += table.cost[i]
        least += problem.to_go[i, problem.starts[i]]
        refiner.old_path[k, : table.path.shape[1]] = table.path[i]
        refiner.old_cost[k] = table.cost[i]
        remove(table, i)
    haste = 1 if old > _HASTE_ABOVE * least else 0
    new = 0
    for k in range(n):
        i = member[k]
        least -= problem.to_go[i, problem.starts[i]]
        state = shortest_path(
            problem.indptr, problem.nbr, problem.to_go[i], table, memory,
            problem.starts[i], problem.goals[i], old - new - least, haste,
        )  # fmt: skip
        if state == NO_PATH:
            _put_back(table, refiner, k)
            return 0
        table.cost[i] = path_into(memory, state, table.path[i])
        new += table.cost[i]
        insert(table, i)
    refiner.tally[_ACCEPTED] += 1
    refiner.tally[_IMPROVED] += new < old
    return old - new


@njit(cache=True, nogil=True)
def _put_back(table: Any, refiner: Any, placed: int) -> None:
    """Undo a step of which the first `placed` members have their new paths in the table."""
    member = refiner.group.member
    for k in range(placed):
        remove(table, member[k])
    for k in range(refiner.group.tally[0]):
        i = member[k]
        table.path[i] = refiner.old_path[k, : table.path.shape[1]]
        table.cost[i] = refiner.old_cost[k]
        insert(table, i)
