# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The queues of the execution graph: who is before whom, who may go on, who waits for whom.

The claims themselves are in road_claims.py, their times in road_times.py.
"""

import numpy as np
from numba import njit

from linehaul_traffic.road_claims import (
    FREE,
    IN,
    ROW_FULL,
    SHADOWS,
    Queues,
    ahead,
    become,
    element,
    grow,
    insert,
    new_queues,
    refresh,
    release,
    row_of,
    shadow,
    take,
    withdraw,
)
from linehaul_traffic.road_late import free_until
from linehaul_traffic.road_model import RoadArrays
from linehaul_traffic.road_times import STUCK, append_times, retime

TOLERANCE = 1e-6
"""[s] overlap of claims that is rounding."""


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
    row = row_of(q, road, v, x)
    for k in range(q.filled[row]):
        one = q.held[row, k]
        if one.begin >= end:
            break
        if one.who != v and one.end > begin and not q.away[one.who]:
            return int(one.who)
    return FREE


@njit(cache=True)
def holder(q: Queues, road: RoadArrays, v: int) -> tuple[int, int]:
    """Return (vehicle, element) that keeps the next step of v from being granted; FREE: nobody."""
    p = q.granted[v]
    for part in range(3):
        x = ahead(q, road, v, p, part)
        if x < 0:
            continue
        row = row_of(q, road, v, x)
        for k in range(q.filled[row]):
            if q.held[row, k].begin >= q.claim[v, p]:
                break
            if q.held[row, k].who != v:
                return int(q.held[row, k].who), x
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
def waits_for(q: Queues, road: RoadArrays, v: int, least: float) -> np.ndarray:
    """Return the vehicles that v is going to wait for, at least so long [s] each."""
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
            row = row_of(q, road, v, x)
            for k in range(q.filled[row]):
                w, late = q.held[row, k].who, q.claim[v, p] - q.held[row, k].end
                if w != v and -TOLERANCE <= late <= 1.0 and found < out.size:
                    out[found] = w
                    found += 1
    return out[:found]


@njit(cache=True)
def rests_on(q: Queues, road: RoadArrays, v: int, x: int) -> int:
    """Return who is going to rest where it keeps v from resting on x; FREE: nobody."""
    return _meets(q, road, v, x, 1e300, np.inf)


__all__ = [
    'FREE',
    'IN',
    'ROW_FULL',
    'SHADOWS',
    'STUCK',
    'TOLERANCE',
    'Queues',
    'ahead',
    'append_times',
    'become',
    'element',
    'free_until',
    'grant',
    'grant_all',
    'grow',
    'holder',
    'insert',
    'new_queues',
    'overlap',
    'refresh',
    'release',
    'rests_on',
    'retime',
    'row_of',
    'shadow',
    'shut',
    'take',
    'waits_for',
    'withdraw',
]
