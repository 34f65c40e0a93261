# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The claims of the execution graph, as arrays, and how they come and go.

Each vehicle has a path: nodes 0..n-1 and steps 0..n-2; step p drives the edge from node p to node
p + 1. Times of a path: step p may begin to be claimed at claim[p], node p is left at leave[p] and
reached at reach[p]. Step p claims, from claim[p] on, its edge and, where the vehicle turns first,
the node it turns on, both until node p + 1 is reached; and the pose at its end until node p + 2 is
reached, the last one for ever. Who is put on the floor claims the whole node he stands on.

For each vehicle class and element there is a row: everybody's claims on what is in conflict with
the element, for a vehicle of that class (who, from when, until when), in order of time. A row
answers all questions: when is this element free (planning), who is before me (execution). A
vehicle's claims on neighbouring elements run into each other, and in a row such claims are one: a
claim that begins before a position at which the one before it ends. Whatever the times, the second
has begun when the first ends, so nobody can ever come between them.

Order: of two claims in conflict the earlier ends not later than the other begins. So planned time
is a topological order of all waiting, whatever the delays: nobody waits in a ring.

Source: action dependency graphs (Hönig et al. 2019) as one queue per resource; sparse
construction after "ADG construction without waits" (arXiv 2412.01277).
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from linehaul_traffic.road_model import RoadArrays

FREE = -1
SHADOWS = 4
"""Vehicle slots that are nobody's: for ways that are tried out."""
CLAIM = np.dtype(
    [('begin', 'f8'), ('end', 'f8'), ('who', 'i2'), ('first', 'i2'), ('last', 'i2')], align=True
)
"""A claim in a row: times, vehicle slot, step that claims first (-1: it stands there), and the
position at which the claim ends."""


class Queues(NamedTuple):
    """V vehicle slots, paths of up to P nodes, L = classes x elements rows of up to Q claims.

    Attributes:
        kind, motion: (V,) class number, and 2 * class (+ 1 if loaded).
        size: (V,) nodes of the path; 0: nobody.
        reached, granted: (V,) node positions.
        node, edge: (V, P) the path.
        turn: (V, P) seconds to stand and turn before step p, or ROLL.
        claim, leave, reach: (V, P) times, see above. reach[reached] is when it really was.
        given: (V, P) when step p was granted.
        away: (V,) the vehicle's claims do not count while others plan.
        filled: (L,) claims in each row.
        held: (L, Q) these CLAIMs, begin rising.
        row_count: (V,) in how many rows claims of the vehicle were put. rows_of: (V, S) which.
        mark: (L,) where in rows_of the last claim on a row is, while a vehicle's are put in; it is
            valid where rows_of says so. new_first, new_last: (S,) first and last of these.
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
    away: np.ndarray
    filled: np.ndarray
    held: np.ndarray
    row_count: np.ndarray
    rows_of: np.ndarray
    mark: np.ndarray
    new_first: np.ndarray
    new_last: np.ndarray


def new_queues(vehicles: int, length: int, rows: int, blocks: int, spread: int = 256) -> Queues:
    """Return empty queues for V vehicles, paths of P nodes, L rows of Q claims, S rows a path."""

    def ints(*shape: int) -> np.ndarray:
        return np.zeros(shape, np.int32)

    path = (vehicles, length)
    vehicle = [ints(vehicles) for _ in range(5)]
    way = [ints(*path), ints(*path), *(np.zeros(path) for _ in range(5))]
    claims = [np.zeros(vehicles, bool), ints(rows), np.zeros((rows, blocks), CLAIM)]
    rest = [ints(vehicles), ints(vehicles, spread), ints(rows), ints(spread), ints(spread)]
    return Queues._make([*vehicle, *way, *claims, *rest])


def grow(
    q: Queues, vehicles: int = 0, length: int = 0, blocks: int = 0, spread: int = 0
) -> Queues:
    """Return the same queues with room for at least this much."""
    v, p = q.node.shape
    v, p = max(vehicles, v), max(length, p)
    blocks, spread = max(blocks, q.held.shape[1]), max(spread, q.rows_of.shape[1])

    def wider(name: str, array: np.ndarray) -> np.ndarray:
        if name in ('filled', 'mark'):
            return array
        if name == 'held':
            shape: tuple[int, ...] = (array.shape[0], blocks)
        elif name in ('new_first', 'new_last'):
            shape = (spread,)
        elif name == 'rows_of':
            shape = (v, spread)
        else:
            shape = (v, p)[: array.ndim]
        if shape == array.shape:
            return array
        new = np.zeros(shape, array.dtype)
        new[tuple(slice(n) for n in array.shape)] = array
        return new

    return Queues._make(wider(n, a) for n, a in zip(Queues._fields, q, strict=True))


@njit(cache=True)
def _put(
    q: Queues, row: int, k: int, v: int, begin: float, end: float, first: int, last: int
) -> None:
    """Write a claim to place k of a row or before, behind all that begin no later."""
    held = q.held[row]
    while k > 0 and held[k - 1].begin > begin:
        held[k] = held[k - 1]
        k -= 1
    here = held[k]
    here.begin, here.end = begin, end
    here.who, here.first, here.last = v, first, last


@njit(cache=True)
def _cut(q: Queues, row: int, v: int, reached: int) -> None:
    """Take a vehicle's claims off a row that have ended when it has reached a position."""
    held, n, kept = q.held[row], q.filled[row], 0
    while kept < n and (held[kept].who != v or held[kept].last > reached):
        kept += 1
    for k in range(kept + 1, n):
        if held[k].who == v and held[k].last <= reached:
            continue
        held[kept] = held[k]
        kept += 1
    q.filled[row] = kept


IN, ROW_FULL, WAY_FULL = 0, 1, 2
"""What `insert` answers: everything is in; a row has no room; a way is in too many rows."""


@njit(cache=True)
def insert(q: Queues, road: RoadArrays, v: int, rest: float) -> int:
    """Put all claims of a vehicle's path from `reached` on into the rows; not IN: none is in.

    rest: when the vehicle leaves the last node [s]; infinite, but while plans are being tried out.
    """
    elements = road.rows.shape[2] - 1
    c, n, count = q.kind[v], q.size[v], 0
    for p in range(q.reached[v], n):
        for part in range(3):
            x = element(q, road, v, p, part)
            if x < 0:
                continue
            first = p - 1 if part == 0 else p
            if p == q.reached[v] and part == 0:
                first = -1
            for a in range(road.rows.shape[0]):
                for r in range(road.rows[c, a, x], road.rows[c, a, x + 1]):
                    row = a * elements + road.row[r]
                    k = q.mark[row]
                    if k < count and q.rows_of[v, k] == row and first < q.new_last[k]:
                        q.new_last[k] = p + 1
                        continue
                    if count == q.rows_of.shape[1]:
                        q.row_count[v] = 0
                        return WAY_FULL
                    q.mark[row], q.rows_of[v, count] = count, row
                    q.new_first[count], q.new_last[count] = first, p + 1
                    count += 1
    q.row_count[v] = count
    for k in range(count):
        first, last = q.new_first[k], q.new_last[k]
        begin = -np.inf if first < q.granted[v] else q.claim[v, first]
        end = q.reach[v, last] if last < n else rest
        row = q.rows_of[v, k]
        if q.filled[row] == q.held.shape[1]:
            withdraw(q, v)
            return ROW_FULL
        _put(q, row, q.filled[row], v, begin, end, first, last)
        q.filled[row] += 1
    return IN


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
def withdraw(q: Queues, v: int) -> None:
    """Take all claims of a vehicle off the rows."""
    for k in range(q.row_count[v]):
        _cut(q, q.rows_of[v, k], v, q.node.shape[1])
    q.row_count[v] = 0


@njit(cache=True)
def release(q: Queues, road: RoadArrays, v: int, reached: int, now: float) -> None:
    """Note that a vehicle has reached a node; what is behind it is free."""
    elements = road.rows.shape[2] - 1
    for p in range(q.reached[v], reached):
        for part in range(3):
            x = element(q, road, v, p, part)
            if x < 0:
                continue
            for a in range(road.rows.shape[0]):
                for r in range(road.rows[q.kind[v], a, x], road.rows[q.kind[v], a, x + 1]):
                    _cut(q, a * elements + road.row[r], v, reached)
    q.reached[v] = reached
    q.reach[v, reached] = now


@njit(cache=True)
def take(q: Queues, road: RoadArrays, v: int, p: int) -> None:
    """Let the claims of a granted step hold from now on: nobody may be planned before them."""
    elements = road.rows.shape[2] - 1
    for part in range(3):
        x = ahead(q, road, v, p, part)
        if x < 0:
            continue
        for a in range(road.rows.shape[0]):
            for r in range(road.rows[q.kind[v], a, x], road.rows[q.kind[v], a, x + 1]):
                row = a * elements + road.row[r]
                for k in range(q.filled[row]):
                    one = q.held[row, k]
                    if one.who == v and one.first == p:
                        _put(q, row, k, v, -np.inf, one.end, p, one.last)


@njit(cache=True)
def shadow(q: Queues, s: int, v: int) -> None:
    """Let a shadow be where a vehicle is, with what is granted to it and no claims."""
    q.kind[s], q.motion[s] = q.kind[v], q.motion[v]
    q.reached[s], q.granted[s], q.size[s] = q.reached[v], q.granted[v], q.granted[v] + 1
    _copy(q, v, s, 0, q.granted[v] + 1)


@njit(cache=True)
def become(q: Queues, v: int, s: int) -> None:
    """Give a vehicle the way of its shadow in place of its own, and its claims; nobody is left."""
    withdraw(q, v)
    q.size[v] = q.size[s]
    _copy(q, s, v, q.granted[v], q.size[s])
    for k in range(q.row_count[s]):
        row = q.rows_of[s, k]
        q.rows_of[v, k] = row
        for j in range(q.filled[row]):
            if q.held[row, j].who == s:
                q.held[row, j].who = v
    q.row_count[v] = q.row_count[s]
    q.row_count[s], q.size[s] = 0, 0


@njit(cache=True)
def _copy(q: Queues, source: int, target: int, begin: int, end: int) -> None:
    """Copy what is behind a position of a path, the time of reaching it included."""
    for p in range(begin, end):
        q.node[target, p], q.edge[target, p] = q.node[source, p], q.edge[source, p]
        q.turn[target, p], q.given[target, p] = q.turn[source, p], q.given[source, p]
        q.claim[target, p], q.leave[target, p] = q.claim[source, p], q.leave[source, p]
        q.reach[target, p] = q.reach[source, p]


@njit(cache=True)
def row_of(q: Queues, road: RoadArrays, v: int, x: int) -> int:
    """Return the row of an element for a vehicle."""
    return int(q.kind[v] * (road.rows.shape[2] - 1) + x)


@njit(cache=True)
def refresh(q: Queues) -> None:
    """Bring the times in the rows up to date, and the rows in order."""
    for row in range(q.filled.size):
        for k in range(q.filled[row]):
            one = q.held[row, k]
            w, first, last = one.who, one.first, one.last
            begin = -np.inf if first < q.granted[w] else q.claim[w, first]
            end = q.reach[w, last] if last < q.size[w] else np.inf
            _put(q, row, k, w, begin, end, first, last)
