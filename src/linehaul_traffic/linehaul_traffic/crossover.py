# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The best of two plans for the same team: partition crossover.

Two agents belong together when the path of one in the first plan collides with the path of the
other in the second. Between the classes that follow nothing collides, so each class may take its
paths from either plan; taking the cheaper one gives a valid plan no worse than both. Two searches
that started from one plan and worked in different places so combine almost all of their gains.
Source: the partition crossover of Whitley et al. for the travelling salesman, 2009, carried over
to paths in space and time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linehaul_traffic.timetable import Timetable, insert, remove


def take_better(table: Timetable, path: NDArray[np.int32], cost: NDArray[np.int32]) -> int:
    """Put into `table` whatever another plan for the team does cheaper; return the cost saved.

    Args:
        table: A conflict-free plan with horizon T.
        path: (A, T) int32 another conflict-free plan.
        cost: (A,) int32 its costs.
    """
    return int(_take_better(table, path, cost, np.arange(len(cost), dtype=np.int32)))


@njit(cache=True, nogil=True)
def _root(up: Any, i: int) -> Any:
    while up[i] != i:
        up[i] = up[up[i]]
        i = up[i]
    return i


@njit(cache=True, nogil=True)
def _join(table: Any, path: Any, i: int, up: Any) -> None:
    """Join agent i with all whose paths in the table collide with its path in the other plan."""
    for t in range(path.shape[1]):
        v = path[i, t]
        j = table.owner[v, t]
        if j >= 0 and j != i:
            up[_root(up, j)] = _root(up, i)
        if t == 0 or path[i, t - 1] == v:
            continue
        j = table.owner[path[i, t - 1], t]
        if j >= 0 and j != i and table.path[j, t - 1] == v:
            up[_root(up, j)] = _root(up, i)


@njit(cache=True, nogil=True)
def _take_better(table: Any, path: Any, cost: Any, up: Any) -> Any:
    agents = cost.shape[0]
    differs = np.zeros(agents, np.bool_)
    for i in range(agents):
        for t in range(path.shape[1]):
            if path[i, t] != table.path[i, t]:
                differs[i] = True
                _join(table, path, i, up)
                break
    gain = np.zeros(agents, np.int64)
    for i in range(agents):
        gain[_root(up, i)] += table.cost[i] - cost[i]
    saved = 0
    for i in range(agents):
        differs[i] = differs[i] and gain[_root(up, i)] > 0
        if differs[i]:
            remove(table, i)
    for i in range(agents):
        if differs[i]:
            saved += table.cost[i] - cost[i]
            table.path[i] = path[i]
            table.cost[i] = cost[i]
            insert(table, i)
    return saved
