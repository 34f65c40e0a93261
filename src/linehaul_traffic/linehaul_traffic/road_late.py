# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Setting out late: waiting in a bay, where one is in nobody's way, and not on the lanes."""

import numpy as np
from numba import njit

from linehaul_traffic.road_claims import Queues, ahead, element, row_of
from linehaul_traffic.road_model import RoadArrays


@njit(cache=True)
def free_until(q: Queues, road: RoadArrays, v: int, x: int, time: float) -> float:
    """Return when the next claim of another begins that conflicts with element x."""
    row = row_of(q, road, v, x)
    for k in range(q.filled[row]):
        one = q.held[row, k]
        if one.begin >= time and one.who != v and not q.away[one.who]:
            return float(one.begin)
    return np.inf


@njit(cache=True)
def start_late(q: Queues, road: RoadArrays, v: int, position: int) -> None:
    """Let a way that is not on the lists yet begin as late as it can without arriving later.

    The search drives as early as possible and waits before what is taken, where it is in others'
    way. Here every stretch between two stops is moved back into the wait behind it, as far as
    what it needs stays free; so waits gather where the way begins, which is a bay as a rule.

    Args:
        q: the queues.
        road: the roads.
        v: the vehicle.
        position: node at which the way begins.
    """
    for s in range(q.size[v] - 2, position, -1):
        if q.turn[v, s] == -1.0 and q.leave[v, s] == q.reach[v, s]:
            continue
        brake = road.down[q.motion[v], q.edge[v, s - 1]] if q.turn[v, s] == -1.0 else 0.0
        wait = q.leave[v, s] - max(q.turn[v, s], 0.0) - q.reach[v, s] - brake
        begin = s - 1
        while (
            begin > position
            and q.turn[v, begin] == -1.0
            and (q.leave[v, begin] == q.reach[v, begin])
        ):
            begin -= 1
        for p in range(begin, s):
            if wait < 0.1:
                break
            for part in range(3):
                x = ahead(q, road, v, p, part)
                if x >= 0 and part != 1:
                    high = free_until(q, road, v, x, q.claim[v, p])
                    wait = min(wait, high - q.reach[v, p + 1])
            since = q.claim[v, p - 1] if p > position else q.claim[v, p]
            high = free_until(q, road, v, element(q, road, v, p, 0), since)
            wait = min(wait, high - q.reach[v, p + 1])
        if wait < 0.1:
            continue
        for p in range(begin, s):
            q.claim[v, p] += wait
            q.leave[v, p] += wait
            q.reach[v, p + 1] += wait
