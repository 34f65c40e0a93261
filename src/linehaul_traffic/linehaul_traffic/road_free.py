# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""When each element is free: the gaps between the claims on its row.

A search asks for the same elements again and again, and rows are long where classes are many and
vehicles long. So the gaps of an element are computed when they are first asked for, and kept until
a claim on its row changes (road_queues.forget).
"""

import numpy as np
from numba import njit

from linehaul_traffic.road_claims import GAPS, UNKNOWN, Queues
from linehaul_traffic.road_model import RoadArrays


@njit(cache=True)
def gaps(q: Queues, road: RoadArrays, kind: int, x: int) -> int:
    """Return the number of free times of element x for a class; they are in its line of q.

    The first begins before all time, if it is free now; the last ends at infinity, unless
    somebody is going to rest there. Where there are more than GAPS, those before the last are
    left out.
    """
    elements = road.rows.shape[2] - 1
    line = kind * elements + x
    if q.gaps[line] != UNKNOWN:
        return int(q.gaps[line])
    room = 64
    begin, end, n = np.empty(room), np.empty(room), 0
    for b in range(road.rows.shape[0]):
        for r in range(road.rows[kind, b, x], road.rows[kind, b, x + 1]):
            other = b * elements + road.row[r]
            for k in range(q.filled[other]):
                if n == room:
                    room *= 2
                    begin, end = _longer(begin, room), _longer(end, room)
                n = _cover(begin, end, n, q.begin[other, k], q.end[other, k])
    found, since = 0, -np.inf
    for k in range(n):
        if begin[k] > since and found < GAPS - 1:
            q.gap_begin[line, found], q.gap_end[line, found] = since, begin[k]
            found += 1
        since = end[k]
    if since < np.inf:
        q.gap_begin[line, found], q.gap_end[line, found] = since, np.inf
        found += 1
    q.gaps[line] = found
    return found


@njit(cache=True)
def _longer(array: np.ndarray, size: int) -> np.ndarray:
    longer = np.empty(size)
    longer[: array.size] = array
    return longer


@njit(cache=True)
def _cover(begin: np.ndarray, end: np.ndarray, n: int, low: float, high: float) -> int:
    """Add a time to n covered times, disjoint and rising; return how many there are then.

    The claims of one vehicle on neighbouring elements run into each other, so there are far fewer
    covered times than claims.
    """
    first, last = 0, n  # the times that end before `low`, by bisection
    while first < last:
        half = (first + last) // 2
        if end[half] < low:
            first = half + 1
        else:
            last = half
    last = first
    while last < n and begin[last] <= high:
        low, high = min(low, begin[last]), max(high, end[last])
        last += 1
    if last == first:
        for j in range(n, first, -1):
            begin[j], end[j] = begin[j - 1], end[j - 1]
    elif last > first + 1:
        for j in range(last, n):
            begin[first + 1 + j - last], end[first + 1 + j - last] = begin[j], end[j]
    begin[first], end[first] = low, high
    return n + 1 - (last - first)
