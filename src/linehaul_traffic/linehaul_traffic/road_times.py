# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""When everything is to be expected: times of open claims, in the order that holds."""

import numpy as np
from numba import njit

from linehaul_traffic.road_claims import Queues, ahead, refresh, row_of
from linehaul_traffic.road_model import RoadArrays

STUCK = 3600.0
"""[s] by which something is expected that waits for a vehicle which has no way to go on."""


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
    refresh(q)


@njit(cache=True)
def append_times(q: Queues, road: RoadArrays, v: int, now: float) -> None:
    """Give the steps of a path that is not on the lists times behind everything that is."""
    for p in range(q.granted[v], q.size[v] - 1):
        free = max(now, _gone(q, road, v, p, np.inf, now))
        _expect(q, road, v, p, now, free, -np.inf)


@njit(cache=True)
def _gone(q: Queues, road: RoadArrays, v: int, p: int, before: float, now: float) -> float:
    """Return when all who claim what step p needs, before a time, are expected to have gone."""
    free = -np.inf
    for part in range(3):
        x = ahead(q, road, v, p, part)
        if x < 0:
            continue
        row = row_of(q, road, v, x)
        for k in range(q.filled[row]):
            w, last = q.held[row, k].who, q.held[row, k].last
            if q.held[row, k].begin >= before:
                break
            if w != v:
                free = max(free, q.reach[w, last] if last < q.size[w] else now + STUCK)
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
