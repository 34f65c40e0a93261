# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Who is where and when: the paths of a plan as a table that can be edited fast.

Every agent holds the node of its path at each step, and its goal from its arrival until the
horizon. Two views are kept in step: bit rows for finding safe intervals, and the owner of each
node and step for finding who is in the way.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linehaul_traffic.bits import WORD, free, take, take_from

FREE = -1


class Timetable(NamedTuple):
    """Paths of A agents over N nodes up to the horizon T, a multiple of 64.

    Args:
        path: (A, T) int32 node of each agent at each step, its goal after arrival.
        cost: (A,) int32 step from which the agent stays at its goal.
        busy: (N, T / 64) uint64 bit rows, see `bits`.
        owner: (N, T) int16 agent at each node and step, FREE when none.
        link: (A, T) int16 the next agent at the node and step of this one, FREE when none: only
            plans with collisions, as the repair keeps them, have any.
    """

    path: NDArray[np.int32]
    cost: NDArray[np.int32]
    busy: NDArray[np.uint64]
    owner: NDArray[np.int16]
    link: NDArray[np.int16]


def new_timetable(
    paths: NDArray[np.int32], goals: NDArray[np.int32], nodes: int, horizon: int
) -> Timetable:
    """Return the table of `paths` (A, S), all at their goals by `horizon`."""
    table = empty_timetable(goals, nodes, horizon)
    steps = min(paths.shape[1], table.path.shape[1])
    table.path[:, :steps] = paths[:, :steps]
    away = table.path != goals[:, None]
    last = table.path.shape[1] - away[:, ::-1].argmax(axis=1)
    table.cost[:] = np.where(away.any(axis=1), last, 0)
    _insert_all(table)
    return table


def empty_timetable(goals: NDArray[np.int32], nodes: int, horizon: int) -> Timetable:
    """Return a table with at least `horizon` steps in which no agent is entered yet."""
    agents = len(goals)
    words = -(-horizon // WORD)
    return Timetable(
        np.repeat(goals[:, None], words * WORD, axis=1),
        np.zeros(agents, np.int32),
        np.zeros((nodes, words), np.uint64),
        np.full((nodes, words * WORD), FREE, np.int16),
        np.full((agents, words * WORD), FREE, np.int16),
    )


@njit(cache=True, nogil=True)
def insert(table: Any, i: int) -> None:
    """Take the path of agent i, on top of whoever is there already."""
    path, owner, link = table.path[i], table.owner, table.link[i]
    cost = table.cost[i]
    for t in range(cost):
        v = path[t]
        take(table.busy, v, t)
        link[t] = owner[v, t]
        owner[v, t] = i
    goal = path[cost]
    take_from(table.busy, goal, cost)
    line = owner[goal]
    for t in range(cost, path.shape[0]):
        link[t] = line[t]
        line[t] = i


@njit(cache=True, nogil=True)
def remove(table: Any, i: int) -> None:
    """Free the path of agent i; those it shared a node with stay."""
    path, owner, link = table.path[i], table.owner, table.link[i]
    cost = table.cost[i]
    for t in range(cost):
        v = path[t]
        if owner[v, t] != i:
            _unlink(table, v, t, i)
            continue
        owner[v, t] = link[t]
        if link[t] == FREE:
            free(table.busy, v, t)
    goal = path[cost]
    line = owner[goal]
    for t in range(cost, path.shape[0]):
        if line[t] != i:
            _unlink(table, goal, t, i)
            continue
        line[t] = link[t]
        if link[t] == FREE:
            free(table.busy, goal, t)


@njit(cache=True, nogil=True)
def _unlink(table: Any, v: int, t: int, i: int) -> None:
    """Take agent i out of the chain at node v and step t, where it is not the first."""
    j = table.owner[v, t]
    while table.link[j, t] != i:
        j = table.link[j, t]
    table.link[j, t] = table.link[i, t]


@njit(cache=True, nogil=True)
def _insert_all(table: Any) -> None:
    for i in range(table.cost.shape[0]):
        insert(table, i)
