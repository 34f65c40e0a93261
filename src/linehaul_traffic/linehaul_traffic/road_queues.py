# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The queues of the execution graph, as arrays and compiled kernels.

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

STUCK = 3600.0
"""[s] by which something is expected that waits for a vehicle which has no way to go on."""
TOLERANCE = 1e-6
"""[s] overlap of claims that is rounding."""
FULL = -2
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


def new_queues(vehicles: int, length: int, lists: int, blocks: int) -> Queues:
    """Return empty queues."""

    def ints(*shape: int) -> np.ndarray:
        return np.zeros(shape, np.int32)

    path, block = (vehicles, length), (lists, blocks)
    vehicle = [ints(vehicles) for _ in range(5)]
    way = [ints(*path), ints(*path), *(np.zeros(path) for _ in range(5))]
    lists_ = [ints(lists), ints(*block), np.zeros(block), np.zeros(block), ints(*block)]
    return Queues._make([*vehicle, *way, *lists_, ints(*block)])


def grow(q: Queues, vehicles: int, length: int, blocks: int) -> Queues:
    """Return the same queues with room for at least this much."""
    v, p = q.node.shape
    more_v, more_p = max(vehicles - v, 0), max(length - p, 0)
    more_q = max(blocks - q.who.shape[1], 0)

    def wider(name: str, array: np.ndarray) -> np.ndarray:
        if name == 'filled':
            return array
        if name in ('who', 'begin', 'end', 'first', 'last'):
            return np.pad(array, ((0, 0), (0, more_q)))
        return np.pad(array, ((0, more_v), (0, more_p))[: array.ndim])

    return Queues._make(wider(n, a) for n, a in zip(Queues._fields, q, strict=True))


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


@njit(cache=True)
def overlap(q: Queues, road: RoadArrays, v: int) -> tuple[int, int]:
    """Return (vehicle, element) of the first claim not yet granted that overlaps another's.

    (FREE, 0) if there is none. The path need not be on the lists.
    """
    n = q.size[v]
    for p in range(q.granted[v], n - 1):
        begin = q.claim[v, p] + TOLERANCE
        for part in range(3):
            x = ahead(q, road, v, p, part)
            if x < 0:
                continue
            end = q.reach[v, p + 1]
            if part == 1:
                end = q.reach[v, p + 2] if p + 2 < n else np.inf
            w = _meets(q, road, v, x, begin, end - TOLERANCE)
            if w != FREE:
                return w, x
    return FREE, 0


@njit(cache=True)
def _meets(q: Queues, road: RoadArrays, v: int, x: int, begin: float, end: float) -> int:
    """Return who has a claim in conflict with element x within a time, FREE if nobody."""
    elements = road.rows.shape[2] - 1
    for b in range(road.rows.shape[0]):
        for r in range(road.rows[q.kind[v], b, x], road.rows[q.kind[v], b, x + 1]):
            line = b * elements + road.row[r]
            for k in range(q.filled[line]):
                if q.who[line, k] != v and q.begin[line, k] < end and q.end[line, k] > begin:
                    return int(q.who[line, k])
    return FREE


@njit(cache=True)
def holder(q: Queues, road: RoadArrays, v: int) -> tuple[int, int]:
    """Return (vehicle, element) that keeps the next step of v from being granted; FREE: nobody."""
    elements = road.rows.shape[2] - 1
    p = q.granted[v]
    begin = q.claim[v, p]
    for part in range(3):
        x = ahead(q, road, v, p, part)
        if x < 0:
            continue
        for b in range(road.rows.shape[0]):
            for r in range(road.rows[q.kind[v], b, x], road.rows[q.kind[v], b, x + 1]):
                line = b * elements + road.row[r]
                for k in range(q.filled[line]):
                    w = q.who[line, k]
                    if w != v and (q.begin[line, k] < begin or q.first[line, k] < q.granted[w]):
                        return int(w), x
    return FREE, 0


@njit(cache=True)
def grant(
    q: Queues,
    road: RoadArrays,
    length: np.ndarray,
    closed: np.ndarray,
    v: int,
    lookahead: float,
    now: float,
) -> tuple[int, int]:
    """Grant steps while the vehicle is first in every queue; return who stops it, and where.

    FREE: nobody does. A closed edge stops it as if it were itself in the way; in a bay, anywhere
    on its way: there it is in nobody's way while it waits.
    """
    stop = shut(q, road, closed, v)
    if stop >= 0:
        return v, road.nodes + stop
    ahead = 0.0
    for p in range(q.reached[v], q.granted[v]):
        ahead += length[q.edge[v, p]]
    while q.granted[v] < q.size[v] - 1 and ahead < lookahead:
        p = q.granted[v]
        if closed[q.edge[v, p]]:
            return v, road.nodes + q.edge[v, p]
        w, x = holder(q, road, v)
        if w != FREE:
            return w, x
        ahead += length[q.edge[v, p]]
        q.given[v, p] = now
        q.granted[v] = p + 1
        take(q, road, v, p)
    return FREE, 0


@njit(cache=True)
def shut(q: Queues, road: RoadArrays, closed: np.ndarray, v: int) -> int:
    """Return the closed edge for which a vehicle waits where it stands, -1: none.

    It waits before the edge, or in a bay (no edge follows one into a bay) at the other end of it.
    """
    p = q.granted[v]
    if p != q.reached[v] or p >= q.size[v] - 1:
        return -1
    if closed[q.edge[v, p]]:
        return int(q.edge[v, p])
    if p > 0:
        before = q.edge[v, p - 1]
        if road.next_indptr[before] != road.next_indptr[before + 1]:
            return -1
    for k in range(p, q.size[v] - 1):
        if closed[q.edge[v, k]]:
            return int(q.edge[v, k])
    return -1


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


@njit(cache=True)
def grant_all(
    q: Queues,
    road: RoadArrays,
    length: np.ndarray,
    closed: np.ndarray,
    lookahead: float,
    now: float,
    who: np.ndarray,
    where: np.ndarray,
) -> None:
    """Grant for every vehicle; who and where (V,) tell who stops it."""
    for v in range(q.size.size):
        who[v] = FREE
        if q.size[v] > 1:
            who[v], where[v] = grant(q, road, length, closed, v, lookahead, now)


@njit(cache=True)
def step_times(
    road: RoadArrays, motion: int, edge: int, before: int, turn: float, at: float, free: float
) -> tuple[float, float, float]:
    """Return (claim, leave, reach) of a step that follows another, as early as it can be.

    Args:
        road: the roads.
        motion: how the vehicle moves.
        edge: edge of the step.
        before: edge of the step before, -1: it stands.
        turn: seconds to stand and turn first, or ROLL.
        at: when the node before the edge is reached.
        free: from when the step may be claimed.
    """
    if turn == -1.0 and at - road.lead_roll[motion] >= free:
        return at - road.lead_roll[motion], at, at + road.run[motion, edge]
    brake = road.down[motion, before] if before >= 0 and turn == -1.0 else 0.0
    begin = max(at + brake, free + road.lead_rest[motion])
    leave = begin + max(turn, 0.0)
    claim = begin - road.lead_rest[motion]
    return claim, leave, leave + road.up[motion, edge] + road.run[motion, edge]


@njit(cache=True)
def settle(road: RoadArrays, q: Queues, v: int, p: int, reach: float) -> float:
    """Return when node p is reached, braking included if the vehicle must stand there."""
    if p == q.size[v] - 1 or q.turn[v, p] != -1.0:
        return float(reach + road.down[q.motion[v], q.edge[v, p - 1]])
    return reach


@njit(cache=True)
def retime(q: Queues, road: RoadArrays, now: float, ready: np.ndarray) -> None:
    """Give every open claim the time at which it can be expected now; the order stays.

    Steps are taken in the order of their planned claims, which is a topological order: whatever
    a step waits for was planned to end before it.

    Args:
        q: the queues.
        road: the roads.
        now: plant time [s].
        ready: (V,) before this time [s] the vehicle does not move on (doors, transfers, faults).
    """
    total = 0
    for v in range(q.size.size):
        if q.size[v] > 1:
            total += max(q.size[v] - 1 - q.granted[v], 0)
    keys = np.empty(total)
    owner = np.empty(total, np.int32)
    step = np.empty(total, np.int32)
    k = 0
    for v in range(q.size.size):
        if q.size[v] < 2:
            continue
        for p in range(q.reached[v], q.size[v] - 1):
            if p < q.granted[v]:
                _expect(q, road, v, p, now, now, ready[v])
            else:
                keys[k], owner[k], step[k] = q.claim[v, p], v, p
                k += 1
    new = np.empty(total)
    for k in np.argsort(keys, kind='mergesort'):
        v, p = owner[k], step[k]
        free = max(_gone(q, road, v, p, keys[k], now), now)
        _expect(q, road, v, p, now, free, ready[v])
        new[k] = q.claim[v, p]
        q.claim[v, p] = keys[k]  # the old order is needed until all are done
    for k in range(total):
        q.claim[owner[k], step[k]] = new[k]
    _refresh(q)


@njit(cache=True)
def append_times(q: Queues, road: RoadArrays, v: int, now: float) -> None:
    """Give the steps of a path that is not on the lists times behind everything that is."""
    for p in range(q.granted[v], q.size[v] - 1):
        free = max(now, _gone(q, road, v, p, np.inf, now))
        _expect(q, road, v, p, now, free, -np.inf)


@njit(cache=True)
def _gone(q: Queues, road: RoadArrays, v: int, p: int, before: float, now: float) -> float:
    """Return when all who claim what step p needs, before a time, are expected to have gone."""
    elements = road.rows.shape[2] - 1
    free = -np.inf
    for part in range(3):
        x = ahead(q, road, v, p, part)
        if x < 0:
            continue
        for b in range(road.rows.shape[0]):
            for r in range(road.rows[q.kind[v], b, x], road.rows[q.kind[v], b, x + 1]):
                line = b * elements + road.row[r]
                for k in range(q.filled[line]):
                    w = q.who[line, k]
                    if w != v and q.begin[line, k] < before:
                        if q.last[line, k] < q.size[w]:
                            free = max(free, q.reach[w, q.last[line, k]])
                        else:
                            free = max(free, now + STUCK)
    return free


@njit(cache=True)
def _expect(
    q: Queues, road: RoadArrays, v: int, p: int, now: float, free: float, ready: float
) -> None:
    """Compute the times of one step from those of the one before it."""
    before = q.edge[v, p - 1] if p > 0 else -1
    here, given = p == q.reached[v], p < q.granted[v]
    at = max(q.reach[v, p], ready) if here and not given else q.reach[v, p]
    claim, leave, reach = step_times(
        road,
        q.motion[v],
        q.edge[v, p],
        before,
        q.turn[v, p],
        at,
        q.given[v, p] if given else free,
    )
    if not given:
        q.claim[v, p] = claim
    elif here:
        reach = max(reach, now, ready)
    q.leave[v, p] = leave
    q.reach[v, p + 1] = settle(road, q, v, p + 1, reach)


@njit(cache=True)
def _refresh(q: Queues) -> None:
    """Bring the times on the lists up to date, and the lists in order."""
    for line in range(q.filled.size):
        n = q.filled[line]
        for k in range(n):
            w = q.who[line, k]
            p = q.first[line, k]
            begin = -np.inf if p < q.granted[w] else q.claim[w, p]
            end = q.reach[w, q.last[line, k]] if q.last[line, k] < q.size[w] else np.inf
            last, j = q.last[line, k], k
            while j > 0 and q.begin[line, j - 1] > begin:
                q.who[line, j], q.first[line, j] = q.who[line, j - 1], q.first[line, j - 1]
                q.begin[line, j], q.end[line, j] = q.begin[line, j - 1], q.end[line, j - 1]
                q.last[line, j] = q.last[line, j - 1]
                j -= 1
            q.who[line, j], q.first[line, j], q.last[line, j] = w, p, last
            q.begin[line, j], q.end[line, j] = begin, end


@njit(cache=True)
def next_free(q: Queues, road: RoadArrays, v: int, x: int, begin: float, lasting: float) -> float:
    """Return the earliest time from `begin` on at which v could have element x for so long."""
    elements = road.rows.shape[2] - 1
    old = -np.inf
    while begin != old:
        old = begin
        for b in range(road.rows.shape[0]):
            for r in range(road.rows[q.kind[v], b, x], road.rows[q.kind[v], b, x + 1]):
                line = b * elements + road.row[r]
                for k in range(q.filled[line]):
                    if (
                        q.end[line, k] > begin
                        and q.begin[line, k] < begin + lasting
                        and q.who[line, k] != v
                    ):
                        begin = q.end[line, k]
    return begin


@njit(cache=True)
def free_until(q: Queues, road: RoadArrays, v: int, x: int, time: float) -> float:
    """Return when the next claim of another begins that conflicts with element x."""
    elements = road.rows.shape[2] - 1
    until = np.inf
    for b in range(road.rows.shape[0]):
        for r in range(road.rows[q.kind[v], b, x], road.rows[q.kind[v], b, x + 1]):
            line = b * elements + road.row[r]
            for k in range(q.filled[line]):
                if time <= q.begin[line, k] < until and q.who[line, k] != v:
                    until = q.begin[line, k]
    return float(until)


@njit(cache=True)
def waits_for(q: Queues, road: RoadArrays, v: int, least: float) -> np.ndarray:
    """Return the vehicles that v is going to wait for, at least so long [s] each."""
    elements = road.rows.shape[2] - 1
    out = np.empty(q.size[v] * 4, np.int32)
    found = 0
    for p in range(q.granted[v], q.size[v] - 1):
        could = q.reach[v, p] + max(q.turn[v, p], 0.0)
        if q.leave[v, p] < could + least:
            continue
        for part in range(3):
            x = ahead(q, road, v, p, part)
            if x < 0:
                continue
            for b in range(road.rows.shape[0]):
                for r in range(road.rows[q.kind[v], b, x], road.rows[q.kind[v], b, x + 1]):
                    line = b * elements + road.row[r]
                    for k in range(q.filled[line]):
                        w, late = q.who[line, k], q.claim[v, p] - q.end[line, k]
                        if w != v and -TOLERANCE <= late <= 1.0 and found < out.size:
                            out[found] = w
                            found += 1
    return out[:found]


@njit(cache=True)
def rests_on(q: Queues, road: RoadArrays, v: int, x: int) -> int:
    """Return who is going to rest where it keeps v from resting on x; FREE: nobody."""
    return _meets(q, road, v, x, 1e300, np.inf)
