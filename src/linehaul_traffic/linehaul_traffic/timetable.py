# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Who is where and when: the paths of a conflict-free plan as a table that can be edited fast.

Every agent holds the node of its path at each step, and its goal from its arrival until the
horizon. Two views are kept in step: bit rows for finding safe intervals, and the owner of each
node and step for finding who is in the way.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linehaul_traffic.bits import WORD, free, free_from, take, take_from

FREE = -1


class Timetable(NamedTuple):
    """Paths of A agents over N nodes up to the horizon T, a multiple of 64.

    Args:
        path: (A, T) int32 node of each agent at each step, its goal after arrival.
        cost: (A,) int32 step from which the agent stays at its goal.
        busy: (N, T / 64) uint64 bit rows, see `bits`.
        owner: (N, T) int16 agent at each node and step, FREE when none.
    """

    path: NDArray[np.int32]
    cost: NDArray[np.int32]
    busy: NDArray[np.uint64]
    owner: NDArray[np.int16]


def new_timetable(
    paths: NDArray[np.int32], goals: NDArray[np.int32], nodes: int, horizon: int
) -> Timetable:
    """Return the table of `paths` (A, S) with at least `horizon` steps, S at most `horizon`."""
    agents, steps = paths.shape
    if agents > np.iinfo(np.int16).max:
        raise ValueError(f'{agents} agents, at most {np.iinfo(np.int16).max} are served')
    words = -(-horizon // WORD)
    path = np.empty((agents, words * WORD), np.int32)
    path[:, :steps] = paths
    path[:, steps:] = goals[:, None]
    away = path != goals[:, None]
    cost = np.where(away.any(axis=1), words * WORD - away[:, ::-1].argmax(axis=1), 0)
    table = Timetable(
        path,
        cost.astype(np.int32),
        np.zeros((nodes, words), np.uint64),
        np.full((nodes, words * WORD), FREE, np.int16),
    )
    _insert_all(table)
    return table


@njit(cache=True, nogil=True)
def insert(table: Any, i: int) -> None:
    """Take the path of agent i."""
    path, busy, owner = table.path[i], table.busy, table.owner
    cost = table.cost[i]
    for t in range(cost):
        v = path[t]
        take(busy[v], t)
        owner[v, t] = i
    goal = path[cost]
    take_from(busy[goal], cost)
    owner[goal, cost:] = i


@njit(cache=True, nogil=True)
def remove(table: Any, i: int) -> None:
    """Free the path of agent i."""
    path, busy, owner = table.path[i], table.busy, table.owner
    cost = table.cost[i]
    for t in range(cost):
        v = path[t]
        free(busy[v], t)
        owner[v, t] = FREE
    goal = path[cost]
    free_from(busy[goal], cost)
    owner[goal, cost:] = FREE


@njit(cache=True, nogil=True)
def _insert_all(table: Any) -> None:
    for i in range(table.cost.shape[0]):
        insert(table, i)
