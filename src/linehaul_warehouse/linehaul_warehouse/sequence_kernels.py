# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Order of retrievals of one crane by due time and travel, compiled.

A sequence is driven in simulation: as long as storages wait, a retrieval is paired with one, in
the open cell that costs least with it (a cell that a retrieval empties is open for the next).
Its cost is the time of its cycles and, for every retrieval that comes late by t seconds,
weight t (1 + t / scale): the second part lets what has waited longest go before any travel.
Search: from the order of due times and from nearest neighbour, moving one retrieval at a time to
the place where it costs least, until nothing gets better.
"""

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True)
def drive(
    order: Any,
    stores: int,
    between: Any,
    store_cost: Any,
    out: Any,
    direct: Any,
    back: Any,
    due: Any,
    fork: float,
    weight: float,
    scale: float,
) -> Any:
    """Return the cost of a sequence and the open cell of its first cycle (-1: none).

    Args:
        order: (k,) retrievals.
        stores: storages that wait.
        between: (m + n, n) travel between cells [s], rows as in `pairing_kernels`.
        store_cost: (m + n,) what a cell is worth beside travel [s], for the choice only.
        out: (m + n,) port to cell [s].
        direct: (n,) port to retrieval [s].
        back: (n,) retrieval to port [s].
        due: (n,) when it should be at the port, from now [s].
        fork: one fork cycle [s].
        weight: of a second of lateness.
        scale: lateness at which it weighs twice [s].
    """
    nodes, count = between.shape
    opens = nodes - count
    free = np.zeros(nodes, np.bool_)
    free[:opens] = True
    time, cost, first = 0.0, 0.0, -1
    for turn in range(order.size):
        r = order[turn]
        if turn < stores:
            best, s = np.inf, -1
            for i in range(nodes):
                if free[i] and between[i, r] + store_cost[i] < best:
                    best, s = between[i, r] + store_cost[i], i
            if s >= 0:
                free[s] = False
                cost += store_cost[s]
                time += out[s] + between[s, r] + back[r] + 4.0 * fork
            else:
                time += direct[r] + back[r] + 2.0 * fork
            if turn == 0:
                first = s
        else:
            time += direct[r] + back[r] + 2.0 * fork
        free[opens + r] = True
        late = time - due[r]
        if late > 0.0:
            cost += weight * late * (1.0 + late / scale)
    return cost + time, first


@njit(cache=True)
def sequence(
    stores: int,
    between: Any,
    store_cost: Any,
    out: Any,
    direct: Any,
    back: Any,
    due: Any,
    fork: float,
    weight: float,
    scale: float,
) -> Any:
    """Return the order (n,) found, its cost, and the open cell of the first cycle."""
    count = between.shape[1]
    opens = between.shape[0] - count
    best_order = np.argsort(due)
    best, first = drive(
        best_order, stores, between, store_cost, out, direct, back, due, fork, weight, scale
    )
    near = np.empty(count)
    for r in range(count):
        near[r] = direct[r] if opens == 0 or stores == 0 else between[:opens, r].min()
    for start in range(2):
        order = np.argsort(due) if start == 0 else np.argsort(near)
        cost, cell = drive(
            order, stores, between, store_cost, out, direct, back, due, fork, weight, scale
        )
        better = True
        while better:
            better = False
            for i in range(count):
                for j in range(count):
                    if i == j:
                        continue
                    trial = order.copy()
                    moved = trial[i]
                    if i < j:
                        for k in range(i, j):
                            trial[k] = order[k + 1]
                    else:
                        for k in range(i, j, -1):
                            trial[k] = order[k - 1]
                    trial[j] = moved
                    found, opened = drive(
                        trial,
                        stores,
                        between,
                        store_cost,
                        out,
                        direct,
                        back,
                        due,
                        fork,
                        weight,
                        scale,
                    )
                    if found < cost - 1e-9:
                        order, cost, cell = trial, found, opened
                        better = True
        if cost < best - 1e-9:
            best_order, best, first = order, cost, cell
    return best_order, best, first
