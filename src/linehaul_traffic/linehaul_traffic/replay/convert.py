# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""From the messages of a running factory to frames."""

from linehaul_ros.time import from_time

from linehaul_floor import ClassId, NodeId, VehicleId
from linehaul_interfaces.msg import FleetState, TrafficState, TrafficWait, VehicleSummary
from linehaul_traffic.replay.frames import Frame, Reason, Vehicle, Wait, Way, Work

_WORK = {
    VehicleSummary.WORK_IDLE: Work.IDLE,
    VehicleSummary.WORK_DELIVERY: Work.DELIVERY,
    VehicleSummary.WORK_RETURN: Work.RETURN,
    VehicleSummary.WORK_MOVE: Work.MOVE,
    VehicleSummary.WORK_CHARGE: Work.CHARGE,
    VehicleSummary.WORK_PARK: Work.PARK,
    VehicleSummary.WORK_OUT: Work.OUT,
}
_REASON = {
    TrafficWait.REASON_QUEUE: Reason.QUEUE,
    TrafficWait.REASON_GOAL_TAKEN: Reason.GOAL_TAKEN,
    TrafficWait.REASON_CLOSED: Reason.CLOSED,
    TrafficWait.REASON_BLOCKED: Reason.BLOCKED,
    TrafficWait.REASON_PAUSED: Reason.PAUSED,
}


def frame(fleet: FleetState, traffic: TrafficState) -> Frame:
    """Return what two messages say together; the time is that of the fleet's."""
    return Frame(
        time=from_time(fleet.stamp),
        vehicles={VehicleId(v.vehicle_id): vehicle(v) for v in fleet.vehicles},
        ways={
            VehicleId(p.vehicle_id): Way(
                p.goal_id, tuple(NodeId(n) for n in p.node_ids), p.released_nodes
            )
            for p in traffic.paths
        },
        waits={VehicleId(w.vehicle_id): wait(w) for w in traffic.waits},
        closed=tuple(traffic.closed_ids),
        delivered=fleet.delivered,
    )


def vehicle(summary: VehicleSummary) -> Vehicle:
    """Convert one vehicle."""
    return Vehicle(
        vehicle_class=ClassId(summary.vehicle_class),
        x=summary.x,
        y=summary.y,
        theta=summary.theta,
        charge=summary.state_of_charge,
        work=_WORK.get(summary.work, Work.UNKNOWN),
        goal=summary.goal_id,
        loads=tuple(summary.load_ids),
        request=summary.request_id,
        note=summary.note,
    )


def wait(message: TrafficWait) -> Wait:
    """Convert one wait."""
    reason = _REASON.get(message.reason, Reason.UNKNOWN)
    return Wait(message.waits_for, message.element_id, reason)
