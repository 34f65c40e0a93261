# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""When each element is free: the gaps between the claims of its row.

A search asks for the same elements again and again, so they are kept for its time.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from linehaul_traffic.road_claims import Queues
from linehaul_traffic.road_model import RoadArrays

GAPS = 24
"""Free times of an element that are kept: the first ones, and the last."""


TIMES = 2
"""Column of `Free.rows` at which the times begin."""


class Free(NamedTuple):
    """Free times of L rows.

    Attributes:
        look: (1,) number of the look; what was found in an earlier one does not count.
        rows: (L, TIMES + 2 GAPS) the look in which the free times of a row were found, how many
            there are, and begin and end of each, rising.
    """

    look: np.ndarray
    rows: np.ndarray


def new_free(rows: int) -> Free:
    """Return room for free times."""
    return Free(np.zeros(1), np.zeros((rows, TIMES + 2 * GAPS)))


@njit(cache=True)
def gaps(free: Free, q: Queues, road: RoadArrays, kind: int, x: int) -> int:
    """Return the number of free times of element x for a class; they are in its row of `free`.

    The first begins before all time, if it is free now; the last ends at infinity, unless
    somebody is going to rest there. Where there are more than GAPS, those before the last are
    left out. Claims of vehicles that are away do not count.
    """
    row = kind * (road.rows.shape[2] - 1) + x
    out = free.rows[row]
    if out[0] == free.look[0]:
        return int(out[1])
    k, since, last = TIMES, -np.inf, TIMES + 2 * GAPS - 2
    held = q.held[row]
    for j in range(q.filled[row]):
        one = held[j]
        if q.away[one.who]:
            continue
        if one.begin > since and k < last:
            out[k], out[k + 1] = since, one.begin
            k += 2
        since = max(since, one.end)
    if since < np.inf:
        out[k], out[k + 1] = since, np.inf
        k += 2
    out[0], out[1] = free.look[0], (k - TIMES) // 2
    return int(out[1])
