# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Path of one agent that weighs its length against collisions with the others' paths.

Like `sipp`, but others' paths may be run into at a price in steps: a state is a node and a run of
steps in which it is all free or all taken, and entering a taken run, or swapping, is a collision.
Of the ways into a run those count that arrive earlier, or cost less, than all seen before. Holding
the goal pays for the taken runs still to come. With a high price paths avoid collisions at any
length, as in the source; a low one finds a good path after a far smaller search.
Source: Li et al., MAPF-LNS2 (SIPPS), AAAI 2022; the price replaces their two-level order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from linehaul_traffic.bits import is_taken, last_one, last_zero, next_one, next_zero
from linehaul_traffic.sipp import MAX_VALUE, NO_PATH
from linehaul_traffic.timetable import FREE
from linehaul_traffic.visited import SEEN, VALUE, slot_of


@njit(cache=True, nogil=True, inline='always')
def _run_end(busy: Any, v: int, t: int) -> Any:
    """Return the last step of the run of free or of taken steps that `t` lies in."""
    after = next_zero(busy, v, t) if is_taken(busy, v, t) else next_one(busy, v, t)
    return after - 1


@njit(cache=True, nogil=True, inline='always')
def _run_begin(busy: Any, v: int, t: int) -> Any:
    """Return the first step of the run of free or of taken steps that `t` lies in."""
    before = last_zero(busy, v, t) if is_taken(busy, v, t) else last_one(busy, v, t)
    return before + 1


@njit(cache=True, nogil=True, inline='always')
def _value(arrival: Any, to_go: Any, fee: Any) -> Any:
    """Return the order in which states are taken: the way to go counts twice.

    So the search makes for the goal instead of trying every delay before the next collision,
    and finds a good path, not the best, after a fraction of the states.
    """
    return arrival + 2 * to_go + fee


@njit(cache=True, nogil=True, inline='always')
def _is_swap(owner: Any, link: Any, path: Any, u: int, v: int, a: int) -> Any:
    """Return whether someone goes from v to u to be there at step `a`."""
    j = owner[u, a]
    while j != FREE and path[j, a - 1] != v:
        j = link[j, a]
    return j != FREE


@njit(cache=True, nogil=True)
def _taken_runs_after(busy: Any, v: int, t: int) -> Any:
    """Return how many runs of taken steps begin at node v after step t."""
    horizon = busy.shape[1] << 6
    n = 0
    t = _run_end(busy, v, t) + 1
    while t < horizon:
        if is_taken(busy, v, t):
            n += 1
        t = _run_end(busy, v, t) + 1
    return n


@njit(cache=True, nogil=True)
def gentlest_path(
    indptr: Any, nbr: Any, row: Any, table: Any, memory: Any, start: int, goal: int, price: int
) -> Any:
    """Find a path of small length plus `price` for each collision.

    Other arguments and the result are those of `sipp.shortest_path`; `sipp.path_into` writes the
    path. The search gives up when its memory is full.
    """
    busy, owner, link, path = table.busy, table.owner, table.link, table.path
    node, arrival, end, parent = memory.node, memory.arrival, memory.end, memory.parent
    below, bucket, slots, paid = memory.below, memory.bucket, memory.slots, memory.paid
    words = busy.shape[1]
    horizon = words << 6
    memory.tally[0] += 1
    stamp = memory.tally[0]
    f = np.int64(_value(0, row[start], 0))
    slot = slot_of(slots, stamp, words, start, 0)
    slots[slot, SEEN] = 0
    slots[slot, VALUE] = f
    node[0] = start
    arrival[0] = 0
    end[0] = _run_end(busy, start, 0)
    parent[0] = -1
    paid[0] = 0
    below[0] = -1
    bucket[f] = 0
    used = 1
    found = NO_PATH
    while f < MAX_VALUE and used < node.shape[0]:
        s = bucket[f]
        if s < 0:
            f += 1
            continue
        bucket[f] = below[s]
        if end[s] < 0:
            found = s
            break
        u, t = node[s], arrival[s]
        slot = slot_of(slots, stamp, words, u, _run_begin(busy, u, t))
        if t > slots[slot, SEEN] and f > slots[slot, VALUE]:
            continue
        memory.tally[1] += 1
        if u == goal:
            runs = _taken_runs_after(busy, u, t)
            if runs == 0:
                found = s
                break
            value = min(f + price * runs, MAX_VALUE)
            node[used] = u
            arrival[used] = t
            end[used] = -1
            parent[used] = s
            below[used] = bucket[value]
            bucket[value] = used
            used += 1
        leave = min(end[s] + 1, horizon - 1)
        here_taken = is_taken(busy, u, t)
        first, stop = indptr[u], indptr[u + 1]
        for k in range(first, stop + 1):
            wait = k == stop
            v = u if wait else nbr[k]
            last = min(leave, horizon - 2 - row[v])
            a = leave if wait else t + 1
            if wait and leave <= end[s]:
                continue
            while a <= last:
                swap = (
                    not wait
                    and (here_taken or a == leave)
                    and _is_swap(owner, link, path, u, v, a)
                )
                fee = paid[s]
                if swap:
                    fee += price
                if is_taken(busy, v, a):
                    fee += price
                value = _value(a, row[v], fee)
                run_end = _run_end(busy, v, a)
                slot = slot_of(slots, stamp, words, v, _run_begin(busy, v, a))
                better = a < slots[slot, SEEN] or value < slots[slot, VALUE]
                if better and value < MAX_VALUE and used < node.shape[0]:
                    slots[slot, SEEN] = min(a, slots[slot, SEEN])
                    slots[slot, VALUE] = min(value, slots[slot, VALUE])
                    node[used] = v
                    arrival[used] = a
                    end[used] = run_end
                    parent[used] = s
                    paid[used] = fee
                    below[used] = bucket[value]
                    bucket[value] = used
                    used += 1
                    f = min(f, value)
                a = a + 1 if swap else run_end + 1
    bucket[:] = -1
    return found
