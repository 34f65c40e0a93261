# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""From what a vehicle says to how its leg, its job and its delivery go on.

What vehicles report wins over what was planned: a vehicle that is found elsewhere is taken as it
is, and its job goes on from there.
"""

from linehaul_fleet.codes import Code
from linehaul_fleet.delivery import Delivery, Phase, RequestId
from linehaul_fleet.events import (
    JobEnded,
    LegEnded,
    LoadAbandoned,
    PhaseReached,
    VehicleRelocated,
)
from linehaul_fleet.model import Vehicle
from linehaul_fleet.orders import Progress, progress
from linehaul_fleet.situation import Situation
from linehaul_fleet.work import Job, JobKind, Leg
from linehaul_vda5050 import ActionStatus, State


def follow(s: Situation, vehicle: Vehicle, state: State, node: int, now: float) -> None:
    """Take in where a vehicle is on its leg, and what has become of the leg.

    Args:
        s: the situation.
        vehicle: who.
        state: its new state.
        node: the node it reached last, as an index.
        now: plant time [s].
    """
    leg = vehicle.leg
    if leg is None:
        if vehicle.path is not None and node != vehicle.path.nodes[-1]:
            _relocate(s, vehicle, node, now)
        return
    done = progress(leg, state)
    if done is None:
        if node != leg.path.nodes[0]:
            _relocate(s, vehicle, node, now)
        return
    if leg.path.nodes[done.reached] != node:
        _relocate(s, vehicle, node, now)
        return
    sending = s.sending.get(vehicle.id)
    if sending is not None and done.update >= sending.order.order_update_id:
        del s.sending[vehicle.id]
    s.graph.resume(vehicle.id, done.reached, done.base)
    if done.ended and vehicle.id not in s.sending:
        _end_leg(s, vehicle, leg, done, now)


def _relocate(s: Situation, vehicle: Vehicle, node: int, now: float) -> None:
    """A person or a fault has put the vehicle elsewhere: forget its leg, keep its job."""
    s.sending.pop(vehicle.id, None)
    s.graph.remove(vehicle.id)
    s.graph.place(vehicle.id, vehicle.vehicle_class, node)
    s.note(VehicleRelocated(vehicle.id, node), now)


def _end_leg(s: Situation, vehicle: Vehicle, leg: Leg, done: Progress, now: float) -> None:
    s.sending.pop(vehicle.id, None)
    s.note(LegEnded(vehicle.id, leg.order_id), now)
    job = vehicle.job
    if job is None or done.task is None:
        return
    if done.task is ActionStatus.FAILED:
        _task_failed(s, vehicle, leg, done.text, now)
    elif leg.task.action_type == 'pick':
        _picked(s, vehicle, job, now)
    elif leg.task.action_type == 'drop':
        _dropped(s, vehicle, now)


def _picked(s: Situation, vehicle: Vehicle, job: Job, now: float) -> None:
    delivery = s.delivery_of(vehicle)
    if delivery is not None:
        s.note(PhaseReached(delivery.request.request_id, Phase.LOADED), now)
    elif job.kind is JobKind.DELIVERY:  # cancelled meanwhile
        give_up(s, vehicle, 'its delivery was cancelled', now)


def _dropped(s: Situation, vehicle: Vehicle, now: float) -> None:
    delivery = s.delivery_of(vehicle)
    if delivery is not None:
        s.note(PhaseReached(delivery.request.request_id, Phase.DELIVERED), now)
    s.note(JobEnded(vehicle.id, 'done'), now)


def _task_failed(s: Situation, vehicle: Vehicle, leg: Leg, text: str, now: float) -> None:
    what = f'{vehicle.id} could not {leg.task.action_type} at {leg.place_id}: {text}'
    delivery = s.delivery_of(vehicle)
    if delivery is not None:
        code = Code.PICK_FAILED if leg.task.action_type == 'pick' else Code.DROP_FAILED
        s.note(PhaseReached(delivery.request.request_id, Phase.FAILED, code, what), now)
    job = vehicle.job
    give_up(s, vehicle, what, now)
    found = leg.task.action_type == 'pick' and not vehicle.loads
    if found and job is not None and job.kind is JobKind.DELIVERY and job.load_id is not None:
        s.note(LoadAbandoned(job.load_id, leg.place_id), now)  # it may stand there all the same


def give_up(s: Situation, vehicle: Vehicle, why: str, now: float) -> None:
    """End a job; a load that is on the vehicle goes back to the warehouse in a new one."""
    s.note(JobEnded(vehicle.id, why), now)


def end_delivery(
    s: Situation, delivery: Delivery, phase: Phase, code: Code, text: str, now: float
) -> None:
    """End an open delivery; its load goes back to the warehouse if it has left it."""
    request_id = delivery.request.request_id
    vehicle = _vehicle_of(s, request_id)
    picked = delivery.phase >= Phase.LOADED
    s.note(PhaseReached(request_id, phase, code, text), now)
    stands = delivery.at_port and not picked and vehicle is None
    if stands and delivery.load_id and delivery.port_id:
        s.note(LoadAbandoned(delivery.load_id, delivery.port_id), now)


def _vehicle_of(s: Situation, request_id: RequestId) -> Vehicle | None:
    return next(
        (v for v in s.model.vehicles.values() if v.job and v.job.request_id == request_id),
        None,
    )
