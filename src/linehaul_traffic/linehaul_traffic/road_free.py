# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""When each element is free: the gaps between the claims of its row.

A search asks for the same elements again and again, so they are kept until the row changes.
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
    found, since = 0, -np.inf
    for k in range(q.filled[line]):
        if q.begin[line, k] > since and found < GAPS - 1:
            q.gap_begin[line, found], q.gap_end[line, found] = since, q.begin[line, k]
            found += 1
        since = max(since, q.end[line, k])
    if since < np.inf:
        q.gap_begin[line, found], q.gap_end[line, found] = since, np.inf
        found += 1
    q.gaps[line] = found
    return found
