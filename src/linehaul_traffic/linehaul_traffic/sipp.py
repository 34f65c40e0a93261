# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Shortest path of one agent among the fixed paths of others: safe-interval path planning.

A search state is a node and one of its safe intervals (a run of steps in which nobody is there);
of all ways into it only the earliest arrival matters. States are taken by arrival plus
cost-to-go, newest first among equals, from a bucket queue. The goal is its last interval, which
never ends: the agent stays. A swap can only happen at the step at which the agent's own interval
ends, because whoever comes the other way ends it; so one test per arc is enough.
Source: Phillips and Likhachev, "SIPP", ICRA 2011.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linehaul_traffic.bits import is_taken, last_one, next_one, next_zero
from linehaul_traffic.timetable import FREE

NO_PATH = -1
_STATES = 1 << 16


class SippMemory(NamedTuple):
    """Working memory of the search: S states, N nodes, horizon T.

    Args:
        node: (S,) int32 node of each state.
        arrival: (S,) int32 earliest known arrival.
        end: (S,) int32 last step of the safe interval.
        parent: (S,) int32 state it was reached from.
        below: (S,) int32 next state in the same bucket.
        bucket: (T + 1,) int32 newest state of each f value.
        seen: (N, T) int32 per node and first step of an interval: epoch * T - arrival, so that
            larger means seen in this search and arrived earlier.
        count: (2,) int64: epoch, states expanded ever.
    """

    node: NDArray[np.int32]
    arrival: NDArray[np.int32]
    end: NDArray[np.int32]
    parent: NDArray[np.int32]
    below: NDArray[np.int32]
    bucket: NDArray[np.int32]
    seen: NDArray[np.int32]
    count: NDArray[np.int64]


def new_memory(nodes: int, horizon: int) -> SippMemory:
    """Return memory for `nodes` and a `horizon` as in the timetable."""
    return SippMemory(
        *(np.empty(_STATES, np.int32) for _ in range(5)),
        np.full(horizon + 1, -1, np.int32),
        np.full((nodes, horizon), -1, np.int32),
        np.zeros(2, np.int64),
    )


@njit(cache=True, nogil=True)
def _next_epoch(memory: Any) -> int:
    """Start a new search in `seen`, wiping it only when the numbers run out."""
    horizon = memory.seen.shape[1]
    memory.count[0] += 1
    if (memory.count[0] + 1) * horizon >= 2**31 - 1:
        memory.seen[:] = -1
        memory.count[0] = 1
    return memory.count[0] * horizon


@njit(cache=True, nogil=True)
def shortest_path(
    indptr: Any, nbr: Any, row: Any, table: Any, memory: Any, start: int, goal: int, bound: int
) -> int:
    """Find the cheapest conflict-free path; `path_into` then writes it.

    Args:
        indptr: CSR of outgoing arcs.
        nbr: Their ends.
        row: (N,) int32 steps to `goal`.
        table: The others' timetable; the agent itself must not be in it.
        memory: Working memory.
        start: Node at step 0.
        goal: Node to reach and keep.
        bound: Highest cost of interest.

    Returns:
        The state at the goal, or NO_PATH when there is no path up to `bound`.
    """
    busy, owner = table.busy, table.owner
    node, arrival, end = memory.node, memory.arrival, memory.end
    parent, below, bucket, seen = memory.parent, memory.below, memory.bucket, memory.seen
    horizon = seen.shape[1]
    bound = min(bound, horizon - 1)
    base = _next_epoch(memory)
    final = last_one(busy[goal], horizon - 1) + 1
    lowest = max(row[start], final)
    if lowest > bound or is_taken(busy[start], 0):
        return NO_PATH
    node[0] = start
    arrival[0] = 0
    end[0] = next_one(busy[start], 0) - 1
    parent[0] = -1
    below[0] = -1
    seen[start, 0] = base
    bucket[lowest] = 0
    used = 1
    f = lowest
    found = NO_PATH
    expanded = 0
    while f <= bound:
        s = bucket[f]
        if s < 0:
            f += 1
            continue
        bucket[f] = below[s]
        u = node[s]
        t = arrival[s]
        if u == goal and end[s] == horizon - 1:
            found = s
            break
        first = last_one(busy[u], t) + 1
        if base - t < seen[u, first]:
            continue
        expanded += 1
        leave = min(end[s] + 1, horizon - 1)
        for k in range(indptr[u], indptr[u + 1]):
            v = nbr[k]
            if t + 1 + row[v] > bound:
                continue
            line = busy[v]
            a = next_zero(line, t + 1)
            while a <= leave:
                value = max(a + row[v], lowest)
                if value > bound:
                    break
                stop = next_one(line, a) - 1
                if a == end[s] + 1:
                    other = owner[u, a]
                    if other != FREE and owner[v, a - 1] == other:
                        break
                begin = a if a > t + 1 else last_one(line, a) + 1
                if base - a > seen[v, begin]:
                    seen[v, begin] = base - a
                    if used == node.shape[0]:
                        bucket[lowest : bound + 1] = -1
                        return NO_PATH
                    node[used] = v
                    arrival[used] = a
                    end[used] = stop
                    parent[used] = s
                    below[used] = bucket[value]
                    bucket[value] = used
                    used += 1
                a = next_zero(line, stop + 1)
    memory.count[1] += expanded
    bucket[lowest : bound + 1] = -1
    return found


@njit(cache=True, nogil=True)
def path_into(memory: Any, state: int, path: Any) -> int:
    """Write the path that ends in `state` into `path` (T,), padded with its end; its cost."""
    s = state
    cost = memory.arrival[s]
    path[cost:] = memory.node[s]
    until = cost
    while s >= 0:
        path[memory.arrival[s] : until] = memory.node[s]
        until = memory.arrival[s]
        s = memory.parent[s]
    return cost
