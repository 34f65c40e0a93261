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
from linehaul_traffic.visited import SEEN, new_slots, slot_of

NO_PATH = -1
MAX_VALUE = 1 << 14
"""Paths of this length or value, or more, are not looked at."""
_STATES = 1 << 16


class SippMemory(NamedTuple):
    """Working memory of the search: S states.

    Args:
        node: (S,) int32 node of each state.
        arrival: (S,) int32 earliest known arrival.
        end: (S,) int32 last step of the safe interval.
        parent: (S,) int32 state it was reached from.
        paid: (S,) int32 price of the collisions so far, for searches that allow any.
        below: (S,) int32 next state in the same bucket.
        bucket: (MAX_VALUE + 1,) int32 newest state of each f value.
        slots: Intervals reached, see `visited`.
        tally: (2,) int64: searches so far, states expanded ever.
    """

    node: NDArray[np.int32]
    arrival: NDArray[np.int32]
    end: NDArray[np.int32]
    parent: NDArray[np.int32]
    paid: NDArray[np.int32]
    below: NDArray[np.int32]
    bucket: NDArray[np.int32]
    slots: NDArray[np.int32]
    tally: NDArray[np.int64]


def new_memory() -> SippMemory:
    """Return memory for searches."""
    return SippMemory(
        node=np.empty(_STATES, np.int32),
        arrival=np.empty(_STATES, np.int32),
        end=np.empty(_STATES, np.int32),
        parent=np.empty(_STATES, np.int32),
        paid=np.empty(_STATES, np.int32),
        below=np.empty(_STATES, np.int32),
        bucket=np.full(MAX_VALUE + 1, -1, np.int32),
        slots=new_slots(_STATES),
        tally=np.zeros(2, np.int64),
    )


@njit(cache=True, nogil=True)
def shortest_path(
    indptr: Any,
    nbr: Any,
    row: Any,
    table: Any,
    memory: Any,
    start: int,
    goal: int,
    bound: int,
    haste: int,
) -> Any:
    """Find the cheapest conflict-free path, or in haste any; `path_into` then writes it.

    Args:
        indptr: CSR of outgoing arcs.
        nbr: Their ends.
        row: (N,) int32 steps to `goal`.
        table: The others' timetable; the agent itself must not be in it.
        memory: Working memory.
        start: Node at step 0.
        goal: Node to reach and keep.
        bound: Highest cost of interest.
        haste: 0 for the cheapest path; 1 counts the way to go twice, which finds some path up to
            `bound` after far fewer states where the others leave little room.

    Returns:
        The state at the goal, or NO_PATH when there is no path up to `bound`.
    """
    busy, owner = table.busy, table.owner
    node, arrival, end = memory.node, memory.arrival, memory.end
    parent, below, bucket, slots = memory.parent, memory.below, memory.bucket, memory.slots
    words = busy.shape[1]
    horizon = words << 6
    memory.tally[0] += 1
    stamp = memory.tally[0]
    bound = min(bound, min(horizon, MAX_VALUE // 2) - 1)
    lowest = max(row[start], last_one(busy, goal, horizon - 1) + 1)
    if lowest > bound or is_taken(busy, start, 0):
        return NO_PATH
    node[0] = start
    arrival[0] = 0
    end[0] = next_one(busy, start, 0) - 1
    parent[0] = -1
    below[0] = -1
    slots[slot_of(slots, stamp, words, start, 0), SEEN] = 0
    f = lowest + haste * np.int64(row[start])
    top = f
    bucket[f] = 0
    used = 1
    found = NO_PATH
    expanded = 0
    while f <= top:
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
        if t > slots[slot_of(slots, stamp, words, u, last_one(busy, u, t) + 1), SEEN]:
            continue
        if used == node.shape[0]:
            break
        expanded += 1
        leave = min(end[s] + 1, horizon - 1)
        for k in range(indptr[u], indptr[u + 1]):
            v = nbr[k]
            last = min(leave, bound - row[v])
            if t + 1 > last:
                continue
            a = next_zero(busy, v, t + 1)
            while a <= last:
                stop = next_one(busy, v, a) - 1
                if a == end[s] + 1:
                    other = owner[u, a]
                    if other != FREE and owner[v, a - 1] == other:
                        break
                slot = slot_of(
                    slots, stamp, words, v, a if a > t + 1 else last_one(busy, v, a) + 1
                )
                if a < slots[slot, SEEN] and used < node.shape[0]:
                    slots[slot, SEEN] = a
                    value = max(a + row[v], lowest) + haste * row[v]
                    node[used] = v
                    arrival[used] = a
                    end[used] = stop
                    parent[used] = s
                    below[used] = bucket[value]
                    bucket[value] = used
                    used += 1
                    f = min(f, value)
                    top = max(top, value)
                a = next_zero(busy, v, stop + 1)
    memory.tally[1] += expanded
    bucket[: top + 1] = -1
    return found


@njit(cache=True, nogil=True)
def path_into(memory: Any, state: int, path: Any) -> Any:
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
