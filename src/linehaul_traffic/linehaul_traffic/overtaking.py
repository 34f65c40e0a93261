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
from linehaul_traffic.road_queues import FREE, Queues, ahead

Step = tuple[int, int]

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
    q = graph.queues
    if late == FREE or begin < graph.now + LATE:
        return False
    first, last = int(q.granted[v]), int(q.size[v]) - 1
    passing = LATE
    for k in range(first, min(last, first + FARTHEST)):
        passing += float(graph.model.arrays.run[q.motion[v], q.edge[v, k]])
        passing += max(float(q.turn[v, k]), 0.0)
        if graph.now + passing > begin:
            return False
        block = _block(graph, v, k, late)
        if block is not None:
            return _apply(graph, block)
    return False


def _block(graph: ExecutionGraph, v: int, k: int, late: int) -> set[Step] | None:
    """Return the steps that must come first for v to do its steps up to k before `late`.

    None if `late` is among them, or somebody who rests in the way, or if they are too many.
    """
    q = graph.queues
    block = {(v, p) for p in range(int(q.granted[v]), k + 1)}
    known: dict[Step, Claims] = {}
    grown = True
    while grown:
        grown = False
        for step in sorted(block):
            new = _needed(graph, step, v, block, known)
            if new is None or any(w == late for w, _ in new) or len(block) + len(new) > MOST:
                return None
            block |= new
            grown = grown or bool(new)
    return block


def _needed(
    graph: ExecutionGraph, step: Step, v: int, block: set[Step], known: dict[Step, Claims]
) -> set[Step] | None:
    """Return the steps that must be done for a step of the block, and are not in it yet."""
    q, (u, p) = graph.queues, step
    claims = known.get(step)
    if claims is None:
        claims = known[step] = before(q, graph.model.arrays, u, p)
    new = {(u, r) for r in range(int(q.granted[u]), p)} - block
    for w, first, last, part in zip(*(a.tolist() for a in claims), strict=True):
        stays = part == 1 and (u, p + 1) not in block
        begun = first < q.granted[w]
        if u == v and not begun and not stays and (w, first) not in block:
            continue  # here v goes first from now on
        if last >= q.size[w]:
            return None
        new |= {(w, r) for r in range(int(q.granted[w]), last)} - block
    return new


def _apply(graph: ExecutionGraph, block: set[Step]) -> bool:
    steps = [(i, graph.slot(i), p) for i, p in graph.sequence()]
    first = [i for i, v, p in steps if (v, p) in block]
    rest = [i for i, v, p in steps if (v, p) not in block]
    return graph.reorder([*first, *rest])


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
    elements = road.rows.shape[2] - 1
    found = 0
    for part in range(3):
        x = ahead(q, road, v, p, part)
        if x < 0:
            continue
        for b in range(road.rows.shape[0]):
            for r in range(road.rows[q.kind[v], b, x], road.rows[q.kind[v], b, x + 1]):
                line = b * elements + road.row[r]
                for k in range(q.filled[line]):
                    w = q.who[line, k]
                    if w == v:
                        continue
                    if q.begin[line, k] < q.claim[v, p] or q.first[line, k] < q.granted[w]:
                        if found < out.shape[1]:
                            out[0, found], out[1, found] = w, q.first[line, k]
                            out[2, found], out[3, found] = q.last[line, k], part
                        found += 1
    return found
