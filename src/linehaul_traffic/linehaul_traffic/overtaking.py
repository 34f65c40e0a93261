# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Overtaking in order: who waits for a late vehicle goes first, where no path leads back.

The order of passing is that of the plan. When a vehicle is late, others that come behind it in
the order wait though nothing is in their way. Here such a vehicle is moved forward in the order:
its next steps, up to a place where it is in nobody's way, come first, together with everything
that must be done before them. If that leads back to the late vehicle there is nothing to gain,
and the order stays. Ways do not change. Vehicles that follow each other, and platoons that meet
in an aisle, are moved one after the other in the same call.

Source: switchable action dependency graphs (Berndt et al. 2020), one group of switches at a time
by bounded search in place of a mixed-integer programme.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from linehaul_floor import VehicleId
from linehaul_traffic.execution import ExecutionGraph
from linehaul_traffic.road_model import RoadArrays
from linehaul_traffic.road_queues import FREE, Queues, ahead, row_of

LATE = 10.0
"""[s] that must be won, besides the time of passing, for an order to be changed."""
FARTHEST = 40
"""Steps that a vehicle may be moved forward by at once."""
MOST = 300
"""Steps, of all vehicles, that may be moved in one change."""


class Claims(NamedTuple):
    """(K,) claims of others in conflict with a step: whose, and the part of the step."""

    who: np.ndarray
    first: np.ndarray
    last: np.ndarray
    part: np.ndarray


def overtake(graph: ExecutionGraph, late: VehicleId | None = None) -> list[VehicleId]:
    """Move vehicles forward in the order that wait for somebody who is late.

    Call it after `advance`, which tells when everybody is to be expected.

    Args:
        graph: the execution graph.
        late: whom to overtake; left out, everybody whose claims are expected later than it takes
            to pass before them.

    Returns:
        The vehicles that were moved forward.
    """
    moved = []
    whom = None if late is None else graph.slot(late)
    for vehicle in _waiting(graph):
        v = graph.slot(vehicle)
        other, begin = _latest(graph, v)
        if whom in (None, other) and _forward(graph, v, other, begin):
            moved.append(vehicle)
    return moved


def _waiting(graph: ExecutionGraph) -> list[VehicleId]:
    """Return the vehicles with steps that are not granted, in the order of their next steps."""
    q = graph.queues
    found = ((i, graph.slot(i)) for i in graph.vehicles)
    order = [(q.claim[v, q.granted[v]], i) for i, v in found if q.granted[v] < q.size[v] - 1]
    return [vehicle for _, vehicle in sorted(order)]


def _latest(graph: ExecutionGraph, v: int) -> tuple[int, float]:
    """Return who stops v and is expected last, and when; FREE: nobody, or he is there already."""
    q, road = graph.queues, graph.model.arrays
    found = (FREE, -np.inf)
    claims = before(q, road, v, int(q.granted[v]))
    for w in np.unique(claims.who).tolist():
        first = claims.first[claims.who == w]
        if (first >= q.granted[w]).all():
            found = max(found, (int(w), float(q.claim[w, first].min())), key=_when)
    return found


def _when(found: tuple[int, float]) -> float:
    return found[1]


def _forward(graph: ExecutionGraph, v: int, late: int, begin: float) -> bool:
    """Move the next steps of row v before those of a late row, if that helps and is possible.

    begin: when the late row is expected to claim what v needs [s].
    """
    if late == FREE or begin < graph.now + LATE:
        return False
    q, road = graph.queues, graph.model.arrays
    upto = q.granted.copy()
    found = _find_block(q, road, v, late, begin - graph.now - LATE, upto)
    return bool(found) and graph.bring_forward(upto)


@njit(cache=True)
def _find_block(
    q: Queues, road: RoadArrays, v: int, late: int, time: float, upto: np.ndarray
) -> bool:
    """Find the steps that must be done for v to pass, without the late row and within a time [s].

    The fewest next steps of v are taken after which it is in nobody's way.

    Args:
        q: the queues.
        road: the roads.
        v: row that goes forward.
        late: row that must not be needed.
        time: that passing may take [s].
        upto: (V,) granted positions; becomes the position up to which each row goes first.

    Returns:
        False: there is no such block.
    """
    k, m = q.granted[v], q.motion[v]
    seen, fixed = upto.copy(), upto.copy()
    passing = 0.0
    while k < min(q.size[v] - 1, q.granted[v] + FARTHEST):
        passing += road.run[m, q.edge[v, k]] + max(q.turn[v, k], 0.0)
        if passing > time:
            return False
        k += 1
        fixed[v] = max(fixed[v], k)
        if not _close(q, road, v, late, fixed, seen, False):
            return False  # no longer block can do without it
        upto[:] = fixed
        if _close(q, road, v, late, upto, seen.copy(), True):
            return True
    return False


@njit(cache=True)
def _close(
    q: Queues,
    road: RoadArrays,
    v: int,
    late: int,
    upto: np.ndarray,
    seen: np.ndarray,
    stays: bool,
) -> bool:
    """Add all steps that must be done for those that are there; False: it cannot be done.

    It cannot if the late row is needed, or one that rests in the way, or too many steps.

    Args:
        q: the queues.
        road: the roads.
        v: the row that goes forward: before claims that are not granted, unless they are needed.
        late: see _find_block.
        upto: (V,) position up to which each row goes.
        seen: (V,) position up to which its steps have been looked at.
        stays: whether v is going to stay at the end of its steps.
    """
    grown = True
    while grown:
        grown = False
        for u in range(upto.size):
            begin = q.granted[v] if u == v else seen[u]
            seen[u] = upto[u]
            for p in range(begin, seen[u]):
                ends = u == v and p + 1 == upto[v]
                for part in range(3):
                    x = ahead(q, road, u, p, part)
                    if x < 0 or (ends and part == 1 and not stays):
                        continue
                    passes = u == v and not (ends and part == 1)
                    row = row_of(q, road, u, x)
                    for k in range(q.filled[row]):
                        one = q.held[row, k]
                        w, first, last = one.who, one.first, one.last
                        granted = first < q.granted[w]
                        if one.begin >= q.claim[u, p] and not granted:
                            break
                        if w == u or (passes and not granted and first >= upto[w]):
                            continue
                        if last >= q.size[w] or (w == late and last > upto[w]):
                            return False
                        if last > upto[w]:
                            upto[w], grown = last, True
            if (upto - q.granted).sum() > MOST:
                return False
    return True


def before(q: Queues, road: RoadArrays, v: int, p: int) -> Claims:
    """Return the claims of others that come before step p of row v, in conflict with it."""
    room = 64
    while True:
        out = np.empty((4, room), np.int32)
        count = _before(q, road, v, p, out)
        if count <= room:
            return Claims(*out[:, :count])
        room = count


@njit(cache=True)
def _before(q: Queues, road: RoadArrays, v: int, p: int, out: np.ndarray) -> int:
    """Write (who, first, last, part) into out (4, K); return how many there are."""
    found = 0
    for part in range(3):
        x = ahead(q, road, v, p, part)
        if x < 0:
            continue
        row = row_of(q, road, v, x)
        for k in range(q.filled[row]):
            one = q.held[row, k]
            if one.begin >= q.claim[v, p]:
                break
            if one.who != v:
                if found < out.shape[1]:
                    out[0, found], out[1, found] = one.who, one.first
                    out[2, found], out[3, found] = one.last, part
                found += 1
    return found
