# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles that cannot go on: others get their work, and what they carry is not forgotten.

A vehicle in manual, with a fatal error, set aside or silent for too long loses its mission. What
it has not picked up goes to another vehicle. What is on it stays on it, and the delivery waits for
a person: either the vehicle comes back and goes on, or a person says where the load is. Its body
and its released base stay claimed; what was only planned for it is free for the others.

A vehicle that comes back is taken as it is: what it carries and where it stands wins.
"""

from linehaul_fleet.acts import Holder, LoadFound, LoadStranded, Mode, VehicleSetAside
from linehaul_fleet.codes import Code
from linehaul_fleet.delivery import Delivery, LoadId, Phase
from linehaul_fleet.events import (
    JobEnded,
    JobGiven,
    LegReplanned,
    LoadAbandoned,
    PhaseReached,
    VehicleRelocated,
)
from linehaul_fleet.instant import cancel_name, handing_over, known
from linehaul_fleet.model import Vehicle
from linehaul_fleet.orders import progress
from linehaul_fleet.situation import Situation, Trouble
from linehaul_fleet.work import Job, JobKind, Leg
from linehaul_traffic import Path
from linehaul_vda5050 import (
    ActionStatus,
    ConnectionState,
    EmergencyStop,
    ErrorLevel,
    OperatingMode,
    State,
)

_LINK = {
    ConnectionState.OFFLINE: 'has signed off',
    ConnectionState.CONNECTION_BROKEN: 'has lost its connection',
    ConnectionState.HIBERNATING: 'hibernates',
}
SETTLED = 10.0
"""[s] after the last sending of an order until nobody can still take it."""


def watch_vehicles(s: Situation, now: float) -> None:
    """Find vehicles that cannot go on and those that can again."""
    for vehicle in s.model.vehicles.values():
        _drop_refused_order(s, vehicle, now)
        wrong = _what_is_wrong(s, vehicle)
        if wrong is None and s.on_floor(vehicle.id):
            s.troubles.pop(vehicle.id, None)
            _regain(s, vehicle, now)
            _hand_over_unfetched(s, vehicle, now)
            _make_room(s, vehicle, now)
            continue
        trouble = _remember(s, vehicle, wrong or ('is not on the floor', False))
        if trouble.lost(s.clock, s.settings.lose_after):
            vehicle.note = trouble.reason
            lose(s, vehicle, trouble.reason, now)


def _remember(s: Situation, vehicle: Vehicle, wrong: tuple[str, bool]) -> Trouble:
    reason, grave = wrong
    old = s.troubles.get(vehicle.id)
    trouble = Trouble(reason, old.since if old else s.clock, grave)
    s.troubles[vehicle.id] = trouble
    return trouble


def _what_is_wrong(s: Situation, vehicle: Vehicle) -> tuple[str, bool] | None:
    """Return what keeps a vehicle from going on, and whether for good; None: nothing does."""
    control, state = s.model.control, vehicle.state
    aside = control.aside.get(vehicle.id)
    if vehicle.id in control.gone or (aside is not None and not aside.by_person):
        return f'is {aside}', True
    if state is None:
        return 'has not reported', False
    if vehicle.connection in _LINK:
        return _LINK[vehicle.connection], False
    if s.clock - vehicle.fresh >= s.settings.state_timeout:
        return 'is silent', False
    if state.operating_mode is not OperatingMode.AUTOMATIC:
        return f'is in {state.operating_mode.name}', True
    fatal = next((e for e in state.errors if e.error_level is ErrorLevel.FATAL), None)
    if fatal is not None:
        text = f'{fatal.error_type}: {fatal.error_description[:200]}'
        return f'reports {text}'.rstrip(': '), True
    if state.safety_state.active_emergency_stop is not EmergencyStop.NONE:
        return 'its emergency stop is active', False
    return None


# Losing.


def lose(s: Situation, vehicle: Vehicle, reason: str, now: float) -> None:
    """Take from a vehicle what another can do, and free what was only planned for it."""
    _cut_way(s, vehicle, now)
    job = vehicle.job
    if job is None:
        return
    if job.load_id is not None and _carries(s, vehicle, job):
        _strand(s, vehicle, job.load_id, reason, in_doubt=False, now=now)
    elif job.load_id is not None and _may_have_picked(s, vehicle, job.load_id):
        _strand(s, vehicle, job.load_id, reason, in_doubt=True, now=now)
    else:
        _take_job_away(s, vehicle, job, reason, now)


def _carries(s: Situation, vehicle: Vehicle, job: Job) -> bool:
    """Return whether a job's load is on the vehicle, as far as anybody knows."""
    if job.load_id in vehicle.loads:
        return True
    if job.load_id and s.custody.get(job.load_id) == (Holder.VEHICLE, vehicle.id):
        return True
    lost = s.model.control.lost.get(job.load_id) if job.load_id else None
    if lost is not None:
        return not lost.in_doubt and lost.vehicle_id == vehicle.id
    delivery, leg = s.delivery_of(vehicle), vehicle.leg
    if delivery is not None and delivery.phase in (Phase.LOADED, Phase.DELIVERING):
        return True  # as the journal says, where the vehicle itself says nothing
    return job.source is None or (leg is not None and leg.task.action_type == 'drop')


def _may_have_picked(s: Situation, vehicle: Vehicle, load_id: LoadId) -> bool:
    """Return whether a vehicle may be picking its load up, or have done so, unseen.

    Where the port says that it still has the load, it has.
    """
    leg, state = vehicle.leg, vehicle.state
    if leg is None or leg.task.action_type != 'pick' or not s.on_floor(vehicle.id):
        return False
    if state is not None and handing_over(state, leg):
        return True
    if s.custody.get(load_id, (Holder.UNKNOWN, ''))[0] is Holder.PORT:
        return False
    path, _, granted = s.graph.path(vehicle.id)
    released = granted == len(path.nodes) - 1 and _at_place(s, leg)
    silent = state is None or s.clock - vehicle.fresh >= s.settings.state_timeout
    cut_off = vehicle.connection in _LINK
    return released and (silent or cut_off)


def _at_place(s: Situation, leg: Leg) -> bool:
    return leg.path.nodes[-1] == s.plant.places[leg.place_id].node


def _strand(
    s: Situation, vehicle: Vehicle, load_id: LoadId, reason: str, *, in_doubt: bool, now: float
) -> None:
    """Note where a load is that a person must look for; its delivery waits."""
    if load_id in s.model.control.lost:
        return
    job, state = vehicle.job, vehicle.state
    position = state.mobile_robot_position if state else None
    node_id = str(state.last_node_id) if state else ''
    request_id = job.request_id if job else None
    event = LoadStranded(
        load_id,
        request_id,
        vehicle.id,
        node_id,
        job.source if job else None,
        reason,
        in_doubt,
        *((position.x, position.y) if position else ()),
    )
    s.note(event, now)
    delivery = s.delivery_of(vehicle)
    if delivery is not None:
        text = stranded_text(event)
        s.note(
            PhaseReached(
                delivery.request.request_id,
                Phase.WAITING_FOR_PERSON,
                Code.VEHICLE_LOST,
                text,
            ),
            now,
        )


def stranded_text(lost: LoadStranded) -> str:
    """Return where a stranded load is as one line for people."""
    at = f'at {lost.node_id}' if lost.node_id else 'at an unknown place'
    if lost.x == lost.x:
        at += f' ({lost.x:.1f} m, {lost.y:.1f} m)'
    where = f'is on {lost.vehicle_id} {at}'
    if lost.in_doubt:
        where = f'is at {lost.port_id} or on {lost.vehicle_id} {at}'
    return f'{lost.load_id} {where}, which {lost.reason}; say where it is'


def _take_job_away(s: Situation, vehicle: Vehicle, job: Job, reason: str, now: float) -> None:
    """End a job whose load, if it has one, another vehicle can fetch."""
    delivery = s.delivery_of(vehicle)
    s.note(JobEnded(vehicle.id, f'{vehicle.id} {reason}'), now)
    if delivery is not None:
        request_id = delivery.request.request_id
        s.note(PhaseReached(request_id, Phase.ACCEPTED, text=f'{vehicle.id} {reason}'), now)
    elif job.kind is JobKind.RETURN and job.load_id is not None and job.source is not None:
        s.note(LoadAbandoned(job.load_id, job.source), now)
    elif job.kind is JobKind.DELIVERY and job.load_id is not None and job.source is not None:
        s.note(LoadAbandoned(job.load_id, job.source), now)  # its delivery was cancelled


def _cut_way(s: Situation, vehicle: Vehicle, now: float) -> None:
    """End a vehicle's way at the end of its base, so that nobody waits for what it never does."""
    leg = vehicle.leg
    if leg is None or not s.on_floor(vehicle.id):
        return
    path, reached, granted = s.graph.path(vehicle.id)
    if granted == len(path.nodes) - 1:
        return
    short = Path(path.nodes[: granted + 1], path.edges[:granted])
    s.graph.remove(vehicle.id)
    s.graph.restore(vehicle.id, vehicle.vehicle_class, short)
    s.graph.resume(vehicle.id, reached, granted)
    s.graph.load(vehicle.id, bool(vehicle.loads))
    s.replanned = True
    s.note(LegReplanned(vehicle.id, short), now)


# Coming back.


def _regain(s: Situation, vehicle: Vehicle, now: float) -> None:
    """Let a vehicle that is well again go on with what it carries."""
    lost = [e for e in s.model.control.lost.values() if e.vehicle_id == vehicle.id]
    for entry in lost:
        _look_again(s, vehicle, entry, now)
    if vehicle.job is None and vehicle.leg is None:
        for load_id in vehicle.loads:
            delivery = _waits_for(s, load_id)
            if delivery is not None:
                _carry_on(s, vehicle, delivery, load_id, now)


def _look_again(s: Situation, vehicle: Vehicle, entry: LoadStranded, now: float) -> None:
    job, leg, state = vehicle.job, vehicle.leg, vehicle.state
    has_it = entry.load_id in vehicle.loads
    if has_it:
        said = f'{vehicle.id} says it has it'
        s.note(LoadFound(entry.load_id, Holder.VEHICLE, vehicle.id, '', said), now)
    elif not entry.in_doubt:
        if job is not None and job.load_id == entry.load_id:
            s.note(JobEnded(vehicle.id, f'{vehicle.id} no longer carries {entry.load_id}'), now)
        return
    elif leg is not None and state is not None and handing_over(state, leg):
        return
    else:
        port = str(entry.port_id or '')
        said = f'{vehicle.id} says it did not pick it'
        s.note(LoadFound(entry.load_id, Holder.PORT, port, '', said), now)
    delivery = s.model.open.get(entry.request_id) if entry.request_id else None
    if delivery is None or delivery.phase is not Phase.WAITING_FOR_PERSON:
        return
    request_id = delivery.request.request_id
    if has_it:
        s.note(PhaseReached(request_id, Phase.LOADED), now)
    else:
        if job is not None:
            s.note(JobEnded(vehicle.id, f'{vehicle.id} is back without a load'), now)
        s.note(PhaseReached(request_id, Phase.ACCEPTED), now)


def _waits_for(s: Situation, load_id: LoadId) -> Delivery | None:
    """Return the open delivery of a load."""
    return next((d for d in s.model.open.values() if d.load_id == load_id), None)


def _carry_on(
    s: Situation, vehicle: Vehicle, delivery: Delivery, load_id: LoadId, now: float
) -> None:
    """Give a vehicle the delivery whose load it has, however it came to it."""
    request_id = delivery.request.request_id
    for other in s.model.vehicles.values():
        if other.job is not None and other.job.request_id == request_id:
            s.note(JobEnded(other.id, f'{vehicle.id} has {load_id}'), now)
    job = Job(
        JobKind.DELIVERY,
        target=delivery.station_id,
        source=delivery.port_id,
        request_id=request_id,
        load_id=load_id,
    )
    s.note(JobGiven(vehicle.id, job), now)
    s.note(PhaseReached(request_id, Phase.LOADED), now)


def _hand_over_unfetched(s: Situation, vehicle: Vehicle, now: float) -> None:
    """Take work from vehicles that are taken out or drained before they have its load."""
    control, job = s.model.control, vehicle.job
    aside = control.aside.get(vehicle.id)
    reason = str(aside) if aside else 'the fleet is drained' if _drains(s) else ''
    if not reason or job is None or vehicle.leg is not None or vehicle.loads:
        return
    if job.kind in (JobKind.DELIVERY, JobKind.RETURN):
        _take_job_away(s, vehicle, job, reason, now)


def _make_room(s: Situation, vehicle: Vehicle, now: float) -> None:
    """End the stay of a vehicle that was sent to a place which another needs."""
    job = vehicle.job
    if job is None or job.kind is not JobKind.MOVE or vehicle.leg is not None:
        return
    others = [v.job for v in s.model.vehicles.values() if v.job and v is not vehicle]
    wanted = any(job.target in (other.target, other.source) for other in others)
    if wanted and s.end_of_way(vehicle) == s.plant.places[job.target].node:
        s.note(JobEnded(vehicle.id, f'{job.target} is needed'), now)


def _drains(s: Situation) -> bool:
    return s.model.control.mode is Mode.DRAINING


# Orders that ended before their end.


def cut_short(s: Situation, vehicle: Vehicle, state: State, node: int, now: float) -> bool:
    """Take in that a vehicle's order was taken back; True: nothing else is to be followed.

    A vehicle is where it says it is, and its job goes on from there. As long as somebody drives it
    by hand its old claims stay, because nobody knows where it is going to be.
    """
    leg = vehicle.leg
    if leg is None or str(state.order_id) != leg.order_id or not state.idle:
        return False
    done = progress(leg, state)
    if done is None:
        return False
    failed = done.task is ActionStatus.FAILED and _was_cancelled(s, vehicle, state)
    if done.reached == len(leg.path.nodes) - 1 and not failed and _at_place(s, leg):
        return False
    if state.driving or state.operating_mode is not OperatingMode.AUTOMATIC:
        return True
    relocate(s, vehicle, node, now)
    return True


def _was_cancelled(s: Situation, vehicle: Vehicle, state: State) -> bool:
    """Return whether a failed action did not fail, but was taken back with its order."""
    if state.operating_mode is not OperatingMode.AUTOMATIC or vehicle.id in s.troubles:
        return True
    cancels = known(state, cancel_name(state.order_id))
    return any(a.action_status is not ActionStatus.FAILED for a in cancels)


def relocate(s: Situation, vehicle: Vehicle, node: int, now: float) -> None:
    """Forget a vehicle's leg; it stands at a node, and its job goes on from there."""
    s.sending.pop(vehicle.id, None)
    if s.on_floor(vehicle.id):
        s.graph.remove(vehicle.id)
    s.graph.place(vehicle.id, vehicle.vehicle_class, node)
    s.graph.load(vehicle.id, bool(vehicle.loads))
    s.replanned = True
    s.note(VehicleRelocated(vehicle.id, node), now)


# Vehicles that refuse their orders.


def set_aside(s: Situation, vehicle: Vehicle, reason: str, now: float) -> None:
    """Give a vehicle no more work until a person gives it back."""
    if vehicle.id not in s.model.control.aside:
        s.note(VehicleSetAside(vehicle.id, reason), now)


def _drop_refused_order(s: Situation, vehicle: Vehicle, now: float) -> None:
    """Forget an order that a vehicle never took, once no copy of it can be under way."""
    leg, state, sending = vehicle.leg, vehicle.state, s.sending.get(vehicle.id)
    if leg is None or state is None or vehicle.id not in s.model.control.aside:
        return
    heard = s.clock - vehicle.fresh < s.settings.state_timeout
    if not heard or state.driving or not state.idle or str(state.order_id) == leg.order_id:
        return
    if sending is not None and s.clock - sending.sent < SETTLED:
        return
    node = s.plant.roadmap.node_index.get(state.last_node_id)  # type: ignore[call-overload]
    if node is not None:
        relocate(s, vehicle, node, now)
