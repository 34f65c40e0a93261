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
    total = 0
    for b in range(road.rows.shape[0]):
        for r in range(road.rows[kind, b, x], road.rows[kind, b, x + 1]):
            total += q.filled[b * elements + road.row[r]]
    begin, end, n = np.empty(total), np.empty(total), 0
    for b in range(road.rows.shape[0]):
        for r in range(road.rows[kind, b, x], road.rows[kind, b, x + 1]):
            other = b * elements + road.row[r]
            for k in range(q.filled[other]):
                low, j = q.begin[other, k], n
                while j > 0 and begin[j - 1] > low:
                    begin[j], end[j] = begin[j - 1], end[j - 1]
                    j -= 1
                begin[j], end[j] = low, q.end[other, k]
                n += 1
    found, since = 0, -np.inf
    for k in range(n):
        if begin[k] > since and found < GAPS - 1:
            q.gap_begin[line, found], q.gap_end[line, found] = since, begin[k]
            found += 1
        since = max(since, end[k])
    if since < np.inf:
        q.gap_begin[line, found], q.gap_end[line, found] = since, np.inf
        found += 1
    q.gaps[line] = found
    return found
