# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The claims of the execution graph, as arrays, and how they come and go.

Each vehicle has a path: nodes 0..n-1 and steps 0..n-2; step p drives the edge from node p to node
p + 1. Times of a path: step p may begin to be claimed at claim[p], node p is left at leave[p] and
reached at reach[p]. Step p claims, from claim[p] on, its edge and, where the vehicle turns first,
the node it turns on, both until node p + 1 is reached; and the pose at its end until node p + 2 is
reached, the last one for ever. Who is put on the floor claims the whole node he stands on.

For each vehicle class and element there is a list of claims (who, from when, until when). What
matters to a vehicle on an element are the lists of all elements in conflict with it, its row.
These lists answer both questions: when is this element free (planning), and who is before me
(execution). Most of them are empty at any time, so asking a row is cheap, and so is a change.

Order: of two claims in conflict the earlier ends not later than the other begins. So planned time
is a topological order of all waiting, whatever the delays: nobody waits in a ring.

Source: action dependency graphs (Hönig et al. 2019) as one queue per resource; sparse
construction after "ADG construction without waits" (arXiv 2412.01277).
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from linehaul_traffic.road_model import RoadArrays

GAPS = 24
"""Free times of an element that are kept: the first ones, and the last."""
UNKNOWN = -1
FREE = -1


class Queues(NamedTuple):
    """V vehicle slots, paths of up to P nodes, L = classes x elements lists of up to Q claims.

    Attributes:
        kind, motion: (V,) class number, and 2 * class (+ 1 if loaded).
        size: (V,) nodes of the path; 0: nobody.
        reached, granted: (V,) node positions.
        node, edge: (V, P) the path.
        turn: (V, P) seconds to stand and turn before step p, or ROLL.
        claim, leave, reach: (V, P) times, see above. reach[reached] is when it really was.
        given: (V, P) when step p was granted.
        filled: (L,) claims in each list.
        who: (L, Q) vehicle. begin, end: (L, Q) times. first: (L, Q) step that claims, -1: it
            stands there. last: (L, Q) position at which the claim ends.
        gaps: (L,) free times of each element that are known (road_free.py); UNKNOWN: a claim on
            its row has changed since. gap_begin, gap_end: (L, GAPS) these times, rising.
    """

    kind: np.ndarray
    motion: np.ndarray
    size: np.ndarray
    reached: np.ndarray
    granted: np.ndarray
    node: np.ndarray
    edge: np.ndarray
    turn: np.ndarray
    claim: np.ndarray
    leave: np.ndarray
    reach: np.ndarray
    given: np.ndarray
    filled: np.ndarray
    who: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    first: np.ndarray
    last: np.ndarray
    gaps: np.ndarray
    gap_begin: np.ndarray
    gap_end: np.ndarray


def new_queues(vehicles: int, length: int, lists: int, blocks: int) -> Queues:
    """Return empty queues."""

    def ints(*shape: int) -> np.ndarray:
        return np.zeros(shape, np.int32)

    path, block = (vehicles, length), (lists, blocks)
    vehicle = [ints(vehicles) for _ in range(5)]
    way = [ints(*path), ints(*path), *(np.zeros(path) for _ in range(5))]
    lists_ = [ints(lists), ints(*block), np.zeros(block), np.zeros(block), ints(*block)]
    gaps = [np.full(lists, UNKNOWN, np.int16), *(np.zeros((lists, GAPS)) for _ in range(2))]
    return Queues._make([*vehicle, *way, *lists_, ints(*block), *gaps])


def grow(q: Queues, vehicles: int, length: int, blocks: int) -> Queues:
    """Return the same queues with room for at least this much."""
    v, p = q.node.shape
    more_v, more_p = max(vehicles - v, 0), max(length - p, 0)
    more_q = max(blocks - q.who.shape[1], 0)

    def wider(name: str, array: np.ndarray) -> np.ndarray:
        if name in ('filled', 'gaps', 'gap_begin', 'gap_end'):
            return array
        if name in ('who', 'begin', 'end', 'first', 'last'):
            return np.pad(array, ((0, 0), (0, more_q)))
        return np.pad(array, ((0, more_v), (0, more_p))[: array.ndim])

    return Queues._make(wider(n, a) for n, a in zip(Queues._fields, q, strict=True))


@njit(cache=True)
def forget(q: Queues, road: RoadArrays, line: int) -> None:
    """Forget when the elements in conflict with that of a list are free."""
    elements = road.rows.shape[2] - 1
    b = line // elements
    x = line - b * elements
    for a in range(road.rows.shape[0]):
        for r in range(road.rows[b, a, x], road.rows[b, a, x + 1]):
            q.gaps[a * elements + road.row[r]] = UNKNOWN


@njit(cache=True)
def _add(q: Queues, line: int, v: int, begin: float, end: float, first: int, last: int) -> bool:
    """Put a claim on a list, in order of begin; False: the list is full."""
    n = q.filled[line]
    if n == q.who.shape[1]:
        return False
    k = n
    while k > 0 and q.begin[line, k - 1] > begin:
        q.who[line, k], q.first[line, k] = q.who[line, k - 1], q.first[line, k - 1]
        q.begin[line, k], q.end[line, k] = q.begin[line, k - 1], q.end[line, k - 1]
        q.last[line, k] = q.last[line, k - 1]
        k -= 1
    q.who[line, k], q.first[line, k], q.last[line, k] = v, first, last
    q.begin[line, k], q.end[line, k] = begin, end
    q.filled[line] = n + 1
    return True


@njit(cache=True)
def _cut(q: Queues, line: int, v: int, reached: int) -> None:
    """Take a vehicle's claims off a list that have ended when it has reached a position."""
    kept = 0
    for k in range(q.filled[line]):
        if q.who[line, k] == v and q.last[line, k] <= reached:
            continue
        if kept != k:
            q.who[line, kept], q.first[line, kept] = q.who[line, k], q.first[line, k]
            q.begin[line, kept], q.end[line, kept] = q.begin[line, k], q.end[line, k]
            q.last[line, kept] = q.last[line, k]
        kept += 1
    q.filled[line] = kept


@njit(cache=True)
def insert(q: Queues, road: RoadArrays, v: int, rest: float) -> bool:
    """Put all claims of a vehicle's path from `reached` on; False: a list is full, none is in.

    rest: when the vehicle leaves the last node [s]; infinite, but while plans are being tried out.
    """
    elements = road.rows.shape[2] - 1
    c, n = q.kind[v], q.size[v]
    for p in range(q.reached[v], n):
        for part in range(3):
            x = element(q, road, v, p, part)
            if x < 0:
                continue
            first = p - 1 if part == 0 else p
            if p == q.reached[v] and part == 0:
                first = -1
            begin = -np.inf if first < q.granted[v] else q.claim[v, first]
            end = q.reach[v, p + 1] if p + 1 < n else rest
            if not _add(q, c * elements + x, v, begin, end, first, p + 1):
                withdraw(q, road, v)
                return False
            forget(q, road, c * elements + x)
    return True


@njit(cache=True)
def element(q: Queues, road: RoadArrays, v: int, p: int, part: int) -> int:
    """Return what v claims at node p (part 0), on the edge behind it (1), to turn there (2).

    -1 if there is nothing to claim.
    """
    if part == 0:
        return int(q.node[v, p] if p == 0 else road.poses + q.edge[v, p - 1])
    if p + 1 >= q.size[v]:
        return -1
    if part == 1:
        return int(road.nodes + q.edge[v, p])
    return int(q.node[v, p]) if q.turn[v, p] > 0.0 else -1


@njit(cache=True)
def ahead(q: Queues, road: RoadArrays, v: int, p: int, part: int) -> int:
    """Return what step p claims: its edge (part 0), the pose behind it (1), the turn before (2).

    -1 if there is nothing to claim.
    """
    if part == 0:
        return int(road.nodes + q.edge[v, p])
    if part == 1:
        return int(road.poses + q.edge[v, p])
    return int(q.node[v, p]) if q.turn[v, p] > 0.0 else -1


@njit(cache=True)
def withdraw(q: Queues, road: RoadArrays, v: int) -> None:
    """Take all claims of a vehicle off the lists."""
    _cut_range(q, road, v, q.reached[v], q.size[v], q.size[v])


@njit(cache=True)
def release(q: Queues, road: RoadArrays, v: int, reached: int, now: float) -> None:
    """Note that a vehicle has reached a node; what is behind it is free."""
    old = q.reached[v]
    q.reached[v] = reached
    q.reach[v, reached] = now
    _cut_range(q, road, v, old, reached, reached)


@njit(cache=True)
def _cut_range(q: Queues, road: RoadArrays, v: int, begin: int, end: int, reached: int) -> None:
    elements = road.rows.shape[2] - 1
    c = q.kind[v]
    for p in range(begin, end):
        for part in range(3):
            x = element(q, road, v, p, part)
            if x < 0:
                continue
            _cut(q, c * elements + x, v, reached)
            forget(q, road, c * elements + x)


@njit(cache=True)
def take(q: Queues, road: RoadArrays, v: int, p: int) -> None:
    """Let the claims of a granted step hold from now on: nobody may be planned before them."""
    elements = road.rows.shape[2] - 1
    for part in range(3):
        x = ahead(q, road, v, p, part)
        if x < 0:
            continue
        line = q.kind[v] * elements + x
        for k in range(q.filled[line]):
            if q.who[line, k] == v and q.first[line, k] == p:
                q.begin[line, k] = -np.inf
        forget(q, road, line)
