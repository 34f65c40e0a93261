# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The fleet's dataclasses to ROS messages and back."""

from collections.abc import Mapping
from math import hypot, isfinite, nan
from typing import get_args

from builtin_interfaces.msg import Time
from linehaul_ros.time import from_time, to_time

from linehaul_fleet.acts import Act
from linehaul_fleet.codes import Refusal
from linehaul_fleet.delivery import Delivery, Phase, Request, RequestId
from linehaul_fleet.events import (
    DeliveryChanged,
    DeliveryReassigned,
    Event,
    JobEnded,
    JobGiven,
    LoadsExchanged,
    PhaseReached,
)
from linehaul_fleet.model import FleetModel, Vehicle
from linehaul_fleet.services.convert import act_to_msg, limits_to_msg, lost_to_msg
from linehaul_fleet.situation import Situation
from linehaul_fleet.work import JobKind
from linehaul_floor import ItemId, PlaceId, Roadmap, VehicleId
from linehaul_interfaces.action import DeliverMaterial, RetrieveLoad
from linehaul_interfaces.msg import (
    DeliveryState,
    FleetEvent,
    FleetState,
    TrafficState,
    TrafficWait,
    VehiclePath,
    VehicleSummary,
)
from linehaul_traffic import ExecutionGraph, ExplainedWait


def to_request(goal: DeliverMaterial.Goal) -> Request:
    """Convert a goal, whatever is in it."""
    return Request(
        request_id=RequestId(goal.request_id),
        order_id=goal.order_id,
        item_id=ItemId(goal.item_id),
        quantity=goal.quantity,
        station_id=PlaceId(goal.station_id),
        earliest=from_time(goal.earliest),
        due=from_time(goal.due),
        priority=goal.priority,
    )


def to_goal(request: Request) -> DeliverMaterial.Goal:
    """Convert a request to the goal that asks for it."""
    return DeliverMaterial.Goal(
        request_id=request.request_id,
        order_id=request.order_id,
        item_id=request.item_id,
        quantity=request.quantity,
        station_id=request.station_id,
        earliest=to_time(request.earliest),
        due=to_time(request.due),
        priority=request.priority,
    )


def delivery_state(delivery: Delivery) -> DeliveryState:
    """Convert a delivery."""
    request = delivery.request
    return DeliveryState(
        request_id=request.request_id,
        order_id=request.order_id,
        item_id=request.item_id,
        quantity=request.quantity,
        station_id=delivery.station_id,
        phase=int(delivery.phase),
        priority=delivery.priority,
        requested=to_time(delivery.requested),
        earliest=to_time(delivery.earliest),
        due=to_time(delivery.due),
        eta=to_time(delivery.eta),
        slack=delivery.slack,
        vehicle_id=delivery.vehicle_id or '',
        load_id=delivery.load_id or '',
        reassignments=delivery.reassignments,
        error_code=int(delivery.code),
        error_msg=delivery.text,
    )


def delivery_result(delivery: Delivery) -> DeliverMaterial.Result:
    """Convert a delivery that has ended."""
    done = int(delivery.code) == 0
    return DeliverMaterial.Result(
        error_code=int(delivery.code),
        error_msg=delivery.text,
        load_id=(delivery.load_id or '') if done else '',
        item_id=delivery.request.item_id,
        quantity=delivery.request.quantity if done else 0,
        station_id=delivery.station_id,
        vehicle_id=delivery.vehicle_id or '',
        delivered=to_time(delivery.ended) if done else Time(),
        lateness=delivery.lateness,
    )


def refusal_result(goal: DeliverMaterial.Goal, refusal: Refusal) -> DeliverMaterial.Result:
    """Convert a refusal."""
    return DeliverMaterial.Result(
        error_code=int(refusal.code),
        error_msg=refusal.text,
        item_id=goal.item_id,
        station_id=goal.station_id,
        lateness=nan,
    )


def retrieve_goal(delivery: Delivery) -> RetrieveLoad.Goal:
    """Return the goal that asks the warehouse for a delivery's container."""
    request = delivery.request
    return RetrieveLoad.Goal(
        request_id=delivery.retrieval_id,
        order_id=request.order_id,
        item_id=request.item_id,
        quantity=request.quantity,
        due=to_time(delivery.earliest),
        priority=delivery.priority,
    )


def vehicle_summary(vehicle: Vehicle, now: float, note: str) -> VehicleSummary:
    """Convert a vehicle."""
    state = vehicle.state
    summary = VehicleSummary(
        vehicle_id=vehicle.id,
        vehicle_class=vehicle.vehicle_class,
        connection_state=int(vehicle.connection),
        work=int(vehicle.job.kind if vehicle.job else JobKind.IDLE),
        request_id=(vehicle.job.request_id or '') if vehicle.job else '',
        goal_id=vehicle.leg.place_id if vehicle.leg else '',
        load_ids=list(vehicle.loads),
        state_age=max(now - vehicle.heard, 0.0),
        note=note,
    )
    if state is None:
        return summary
    summary.operating_mode = int(state.operating_mode)
    summary.state_of_charge = state.power_supply.state_of_charge
    summary.charging = state.power_supply.charging
    position, velocity = state.mobile_robot_position, state.velocity
    if position is not None:
        summary.x, summary.y, summary.theta = position.x, position.y, position.theta
    if velocity is not None:
        summary.speed = hypot(velocity.vx, velocity.vy)
    return summary


def fleet_state(
    s: Situation, refused: int, now: float, notes: dict[str, str], recent: float = 600.0
) -> FleetState:
    """Convert the model: all vehicles, open deliveries, and those that ended lately."""
    model, control = s.model, s.model.control
    shown = [d for d in model.recent if now - d.ended < recent] + list(model.open.values())
    summaries = []
    for vehicle in model.vehicles.values():
        if vehicle.state is not None:
            note = notes.get(vehicle.id) or _trouble(s, vehicle) or vehicle.note
            summary = vehicle_summary(vehicle, now, note)
            if vehicle.id in control.aside or vehicle.id in s.troubles:
                summary.work = VehicleSummary.WORK_OUT
            summaries.append(summary)
    return FleetState(
        stamp=to_time(now),
        plant=model.plant.name,
        mode=int(control.mode),
        mode_reason=f'{control.actor}: {control.reason}' if control.actor else '',
        vehicles=summaries,
        deliveries=[delivery_state(d) for d in shown],
        delivered=model.ended[Phase.DELIVERED],
        failed=model.ended[Phase.FAILED],
        cancelled=model.ended[Phase.CANCELLED],
        refused=refused,
        reassignments=model.reassigned,
        limits=limits_to_msg(control),
        lost_loads=lost_to_msg(control),
        notices=list(s.desk.notices),
        mean_lateness=_mean_lateness(model, now),
        late=model.late,
    )


def _trouble(s: Situation, vehicle: Vehicle) -> str:
    aside, trouble = s.model.control.aside.get(vehicle.id), s.troubles.get(vehicle.id)
    return str(aside) if aside else trouble.reason if trouble else ''


def _mean_lateness(model: FleetModel, now: float, span: float = 3600.0) -> float:
    """Return the mean lateness [s] of the last hour; open deliveries count once they are due."""
    ended = [d.lateness for d in model.recent if now - d.ended < span]
    late = [now - d.due for d in model.open.values() if d.due < now]
    known = [max(value, 0.0) for value in (*ended, *late) if isfinite(value)]
    return sum(known) / len(known) if known else nan


def traffic_state(
    model: FleetModel,
    graph: ExecutionGraph,
    waits: Mapping[VehicleId, ExplainedWait],
    watchdog_calls: int,
    now: float,
) -> TrafficState:
    """Convert committed ways and waits."""
    roadmap = model.plant.roadmap
    paths = []
    for vehicle in model.vehicles.values():
        if vehicle.leg is not None and vehicle.id in graph.vehicles:
            path, reached, granted = graph.path(vehicle.id)
            paths.append(
                VehiclePath(
                    vehicle_id=vehicle.id,
                    goal_id=vehicle.leg.place_id,
                    node_ids=[roadmap.node_ids[k] for k in path.nodes[reached:]],
                    released_nodes=granted - reached + 1,
                )
            )
    return TrafficState(
        stamp=to_time(now),
        paths=paths,
        waits=[
            TrafficWait(
                vehicle_id=wait.vehicle,
                waits_for=wait.waits_for or '',
                element_id=element_id(roadmap, wait.element),
                reason=int(wait.reason),
                since=to_time(wait.since),
            )
            for wait in waits.values()
        ],
        watchdog_calls=watchdog_calls,
    )


def element_id(roadmap: Roadmap, element: int) -> str:
    """Return the name of a node or edge by its element index."""
    n = roadmap.node_count
    return roadmap.node_ids[element] if element < n else roadmap.edge_ids[element - n]


def fleet_event(event: Event, model: FleetModel, now: float) -> FleetEvent | None:
    """Convert an event that people and other nodes want to see; None for the others."""
    message = FleetEvent(stamp=to_time(now), slack=nan, previous_slack=nan)
    match event:
        case PhaseReached(request_id, phase, _, text):
            delivery = model.deliveries[request_id]
            message.kind = FleetEvent.KIND_DELIVERY
            message.request_id = request_id
            message.order_id = delivery.request.order_id
            message.vehicle_id = delivery.vehicle_id or ''
            message.slack = delivery.slack
            message.phase = int(phase)
            message.reason = text or phase.name.lower()
        case DeliveryReassigned(request_id, old, new, old_slack, new_slack, reason):
            message.kind = FleetEvent.KIND_ASSIGNMENT
            message.request_id = request_id
            message.order_id = model.deliveries[request_id].request.order_id
            message.vehicle_id, message.previous_vehicle_id = new or '', old or ''
            message.slack, message.previous_slack = new_slack, old_slack
            message.phase = int(model.deliveries[request_id].phase)
            message.reason = reason
        case DeliveryChanged():
            message.kind = FleetEvent.KIND_OPERATOR
            message.request_id = event.request_id
            message.slack = model.deliveries[event.request_id].slack
            message.actor, message.reason = event.by, event.reason
        case LoadsExchanged(request_id, other_id, _, reason):
            message.kind = FleetEvent.KIND_ASSIGNMENT
            message.request_id = other_id
            message.vehicle_id = model.deliveries[other_id].vehicle_id or ''
            message.reason = f'{reason}; takes the load of {request_id}'
        case JobGiven(vehicle_id, job):
            message.kind = FleetEvent.KIND_ASSIGNMENT
            message.request_id = job.request_id or ''
            message.vehicle_id = vehicle_id
            message.reason = f'{job.kind.name.lower()} to {job.target}'
        case JobEnded(vehicle_id, why):
            message.kind = FleetEvent.KIND_VEHICLE
            message.vehicle_id = vehicle_id
            message.reason = why
        case _ if isinstance(event, get_args(Act)):
            return act_to_msg(event, now)
        case _:
            return None
    return message
