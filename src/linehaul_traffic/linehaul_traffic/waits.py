# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Who waits for whom, where, and why: in terms that people understand.

The execution graph knows for which vehicle and at which element somebody waits. Why is a matter
of that other vehicle: it goes first, it rests where the goal is, or it cannot drive and stands in
the way. The numbers are those of TrafficWait.msg.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from enum import IntEnum

from linehaul_floor import VehicleId
from linehaul_traffic.execution import ExecutionGraph, Wait


class WaitReason(IntEnum):
    """Why a vehicle waits."""

    UNKNOWN = 0
    QUEUE = 1
    GOAL_TAKEN = 2
    CLOSED = 3
    BLOCKED = 4
    PAUSED = 5


@dataclass(frozen=True, slots=True)
class ExplainedWait:
    """A wait with its reason.

    Attributes:
        vehicle: who waits.
        waits_for: for whom; None: for nobody.
        element: node, or number of nodes + edge, where it waits.
        reason: why.
        root: who is at the end of the chain of those that wait for each other; None as above.
        since: plant time [s] since when it waits there for this reason.
    """

    vehicle: VehicleId
    waits_for: VehicleId | None
    element: int
    reason: WaitReason
    root: VehicleId | None
    since: float


def explain(
    graph: ExecutionGraph,
    waits: Iterable[Wait],
    unable: Set[VehicleId] = frozenset(),
    paused: Set[VehicleId] = frozenset(),
    before: Mapping[VehicleId, ExplainedWait] | None = None,
) -> dict[VehicleId, ExplainedWait]:
    """Return the waits of all vehicles with their reasons.

    Args:
        graph: the execution graph.
        waits: what `grant` and the planner have answered.
        unable: vehicles that cannot drive now (broken down, switched off, out of reach).
        paused: vehicles that a person has paused.
        before: what this function returned last, for `since`.
    """
    given = {wait.vehicle: wait for wait in waits}
    known = before or {}
    found = {}
    for vehicle, wait in given.items():
        reason = _reason(graph, wait, unable, paused)
        other = None if wait.waits_for == vehicle else wait.waits_for
        old = known.get(vehicle)
        same = old is not None and (old.waits_for, old.reason) == (other, reason)
        since = old.since if same and old is not None else graph.now
        root = _root(vehicle, given)
        found[vehicle] = ExplainedWait(vehicle, other, wait.element, reason, root, since)
    return found


def _reason(
    graph: ExecutionGraph, wait: Wait, unable: Set[VehicleId], paused: Set[VehicleId]
) -> WaitReason:
    if wait.vehicle in paused:
        return WaitReason.PAUSED
    if wait.waits_for == wait.vehicle:
        edge = wait.element - graph.roadmap.node_count
        shut = edge >= 0 and bool(graph.closed[edge])
        return WaitReason.CLOSED if shut else WaitReason.QUEUE
    if wait.waits_for in unable:
        return WaitReason.BLOCKED
    if wait.waits_for in graph.vehicles and graph.at_end(wait.vehicle):
        return WaitReason.GOAL_TAKEN
    if wait.waits_for in graph.vehicles and graph.at_end(wait.waits_for):
        return WaitReason.BLOCKED  # it rests in the way
    return WaitReason.QUEUE


def _root(vehicle: VehicleId, waits: Mapping[VehicleId, Wait]) -> VehicleId | None:
    """Return who is at the end of a chain of waits."""
    seen = [vehicle]
    while True:
        wait = waits.get(seen[-1])
        if wait is None or wait.waits_for in seen:
            return None if seen[-1] == vehicle else seen[-1]
        seen.append(wait.waits_for)
