# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What people ask of the fleet: checked, journalled with who and why, or refused with a code.

The same wish again changes nothing and is no error. What follows from a wish (instant actions,
work that goes to others) is decided in the rounds after it, from the model alone, so that a
restart in between loses nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from linehaul_fleet.acts import (
    Command,
    Holder,
    LoadFound,
    Mode,
    ModeSet,
    RoadLimited,
    RoadState,
    VehicleCommanded,
)
from linehaul_fleet.codes import Code, Refusal
from linehaul_fleet.delivery import LoadId, Phase
from linehaul_fleet.events import JobEnded, JobGiven, PhaseReached
from linehaul_fleet.following import end_delivery
from linehaul_fleet.losing import lose
from linehaul_fleet.model import Vehicle
from linehaul_fleet.roads import apply_limits, edges_of
from linehaul_fleet.situation import Situation
from linehaul_fleet.work import Job, JobKind
from linehaul_floor import Place, PlaceId, PlaceKind, VehicleId
from linehaul_vda5050 import ActionStatus

MOST_ACTOR = 100
MOST_REASON = 500
"""Characters of the texts that people give."""
_DRIVES = (Command.SEND, Command.PARK, Command.CHARGE)
_RETRIES = (Command.RETRY, Command.SKIP_RETRY)


@dataclass(frozen=True, slots=True)
class By:
    """Who wants something, and why; any text."""

    actor: str
    reason: str = ''


def clean(by: By) -> By | Refusal:
    """Return who and why as they go into the journal, or why they cannot."""
    actor, reason = (_printable(text) for text in (by.actor, by.reason))
    if not actor:
        return Refusal(Code.FLEET_ACTOR_EMPTY, 'actor is empty; say who wants this')
    for name, text, most in (('actor', actor, MOST_ACTOR), ('reason', reason, MOST_REASON)):
        if len(text) > most:
            return Refusal(
                Code.TEXT_INVALID, f'{name} has {len(text)} characters; at most {most} are kept'
            )
    return By(actor, reason)


def _printable(text: str) -> str:
    return ''.join(c if c.isprintable() else ' ' for c in text).strip()


# The fleet.


def set_mode(s: Situation, mode: int, by: By, now: float) -> Refusal | None:
    """Pause, resume, stop or drain the fleet."""
    who = clean(by)
    if isinstance(who, Refusal):
        return who
    if mode not in (Mode.RUNNING, Mode.PAUSED, Mode.STOPPED, Mode.DRAINING):
        return Refusal(
            Code.INVALID_ARGUMENT, f'mode {mode}; wanted 1 run, 2 pause, 3 stop or 4 drain'
        )
    if s.model.control.mode is not Mode(mode):
        s.note(ModeSet(Mode(mode), who.actor, who.reason), now)
    return None


# Roads.


def limit_roads(
    s: Situation, limits: Sequence[RoadLimited], actor: str, now: float
) -> Refusal | None:
    """Close, open or slow edges, nodes and zones; all of them or, where one is wrong, none."""
    who = clean(By(actor))
    if isinstance(who, Refusal):
        return who
    if not limits:
        return Refusal(Code.INVALID_ARGUMENT, 'no limit is given; name an edge, node or zone')
    taken = []
    for limit in limits:
        said = clean(By(actor, limit.reason))
        refusal = said if isinstance(said, Refusal) else _check_limit(s, limit)
        if isinstance(said, Refusal) or refusal is not None:
            return refusal
        taken.append(
            RoadLimited(limit.element_id, limit.state, limit.speed, said.actor, said.reason)
        )
    for limit in taken:
        old = s.model.control.limits.get(limit.element_id)
        if _road(old) != _road(limit):
            s.note(limit, now)
    apply_limits(s)
    return None


def _road(limit: RoadLimited | None) -> tuple[RoadState, float]:
    """Return what a limit says, without who said it."""
    if limit is None or limit.state is RoadState.OPEN:
        return RoadState.OPEN, 0.0
    return limit.state, limit.speed if limit.state is RoadState.LIMITED else 0.0


def _check_limit(s: Situation, limit: RoadLimited) -> Refusal | None:
    if edges_of(s.plant, limit.element_id) is None:
        return Refusal(
            Code.FLEET_UNKNOWN_ELEMENT,
            f'plant {s.plant.name} has no edge, node or zone {limit.element_id[:60]!r}',
        )
    if limit.state is RoadState.UNKNOWN:
        return Refusal(
            Code.INVALID_ARGUMENT,
            f'{limit.element_id}: state is none of 1 open, 2 closed, 3 limited',
        )
    if limit.state is RoadState.LIMITED and not (isfinite(limit.speed) and limit.speed > 0.0):
        return Refusal(
            Code.INVALID_ARGUMENT,
            f'{limit.element_id}: speed limit {limit.speed} m/s; wanted more than 0, or close it',
        )
    return None


# Vehicles.


def command_vehicle(
    s: Situation, vehicle_id: str, command: int, place_id: str, by: By, now: float
) -> Refusal | None:
    """Let a person command one vehicle."""
    who = clean(by)
    if isinstance(who, Refusal):
        return who
    vehicle = s.model.vehicles.get(VehicleId(vehicle_id))
    if vehicle is None:
        return Refusal(Code.FLEET_UNKNOWN_VEHICLE, f'no vehicle {vehicle_id[:60]!r}')
    if not Command.UNKNOWN < command <= max(Command):
        return Refusal(Code.INVALID_ARGUMENT, f'command {command}; wanted 1 to {max(Command)}')
    wish = Command(command)
    place = _goal(s, vehicle, wish, place_id, now) if wish in _DRIVES else None
    if isinstance(place, Refusal):
        return place
    refusal = _check_command(s, vehicle, wish)
    if refusal is not None or _already(s, vehicle, wish, place):
        return refusal
    if wish is Command.REMOVE:
        lose(s, vehicle, f'was taken off the floor by {who.actor}', now)
    goal = place.id if place else None
    action_id = retriable(vehicle) or '' if wish in _RETRIES else ''
    s.note(
        VehicleCommanded(vehicle.id, wish, goal, who.actor, who.reason, action_id=action_id), now
    )
    _follow_up(s, vehicle, wish, place, who, now)
    return None


def _goal(
    s: Situation, vehicle: Vehicle, wish: Command, place_id: str, now: float
) -> Place | Refusal:
    """Return where the vehicle is to go, or why it cannot."""
    if not s.usable(vehicle, now) or vehicle.id in s.model.control.aside:
        return Refusal(Code.NOT_ALLOWED, f'{vehicle.id} takes no work now: {why_not(s, vehicle)}')
    delivery = s.delivery_of(vehicle)
    if delivery is not None or vehicle.loads:
        what = delivery.request.request_id if delivery else vehicle.loads[0]
        return Refusal(
            Code.NOT_ALLOWED, f'{vehicle.id} is busy with {what}; take it out first, or wait'
        )
    if wish is Command.PARK:
        return s.plant.places[vehicle.home]
    if wish is Command.CHARGE:
        return _charger(s, vehicle)
    place = s.plant.places.get(PlaceId(place_id))
    if place is None or vehicle.vehicle_class not in place.classes:
        return Refusal(
            Code.FLEET_UNKNOWN_ELEMENT,
            f'no place {place_id[:60]!r} where a {vehicle.vehicle_class} vehicle may go',
        )
    return place


def _charger(s: Situation, vehicle: Vehicle) -> Place | Refusal:
    taken = {v.job.target for v in s.model.vehicles.values() if v.job and v is not vehicle}
    at = s.end_of_way(vehicle)
    chargers = [
        p
        for p in s.plant.places_of(PlaceKind.CHARGER)
        if p.id not in taken and vehicle.vehicle_class in p.classes
    ]
    best = min(chargers, key=lambda p: s.time(vehicle, at, p), default=None)
    return best or Refusal(Code.NOT_ALLOWED, 'no charger is free')


def why_not(s: Situation, vehicle: Vehicle) -> str:
    """Return in words why a vehicle takes no work."""
    aside = s.model.control.aside.get(vehicle.id)
    if aside is not None:
        return str(aside)
    trouble = s.troubles.get(vehicle.id)
    return trouble.reason if trouble else vehicle.note or 'it has not reported yet'


def _check_command(s: Situation, vehicle: Vehicle, wish: Command) -> Refusal | None:
    if wish in _RETRIES and retriable(vehicle) is None:
        return Refusal(Code.NOT_ALLOWED, f'no action of {vehicle.id} waits for a retry')
    talks = s.clock - vehicle.fresh < s.settings.state_timeout
    if wish is Command.REMOVE and talks and vehicle.state and vehicle.state.driving:
        return Refusal(Code.NOT_ALLOWED, f'{vehicle.id} is driving; pause it first')
    return None


def retriable(vehicle: Vehicle) -> str | None:
    """Return the id of the action that waits for retry or skipRetry, if one does."""
    states = vehicle.state.action_states if vehicle.state else ()
    found = (a.action_id for a in states if a.action_status is ActionStatus.RETRIABLE)
    return next(found, None)


def _already(s: Situation, vehicle: Vehicle, wish: Command, place: Place | None) -> bool:
    """Return whether a wish is fulfilled, or on its way, so that nothing is to be done."""
    control, job = s.model.control, vehicle.job
    match wish:
        case Command.TAKE_OUT:
            return vehicle.id in control.aside and vehicle.id not in control.gone
        case Command.GIVE_BACK:
            return vehicle.id not in control.aside and vehicle.id not in control.gone
        case Command.REMOVE:
            return vehicle.id in control.gone
        case Command.PAUSE:
            return vehicle.id in control.held
        case Command.RESUME:
            return vehicle.id not in control.held
        case Command.SEND | Command.PARK | Command.CHARGE:
            return place is not None and job is not None and job == _move(wish, place)
        case Command.RETRY | Command.SKIP_RETRY:
            return control.wishes.get(retriable(vehicle) or '') is wish
    return False


def _move(wish: Command, place: Place) -> Job:
    kind = {Command.PARK: JobKind.PARK, Command.CHARGE: JobKind.CHARGE}.get(wish, JobKind.MOVE)
    return Job(kind, target=place.id)


def _follow_up(
    s: Situation, vehicle: Vehicle, wish: Command, place: Place | None, by: By, now: float
) -> None:
    if wish is Command.GIVE_BACK:
        s.troubles.pop(vehicle.id, None)
    elif wish is Command.REMOVE:
        _remove(s, vehicle)
    elif place is not None:
        if vehicle.job is not None:
            s.note(JobEnded(vehicle.id, f'{by.actor} sends it to {place.id}'), now)
        s.note(JobGiven(vehicle.id, _move(wish, place)), now)


def _remove(s: Situation, vehicle: Vehicle) -> None:
    """Take a vehicle off the floor: its place is free again."""
    s.sending.pop(vehicle.id, None)
    if s.on_floor(vehicle.id):
        s.graph.remove(vehicle.id)
        s.replanned = True


# Loads.


def confirm_load(
    s: Situation, load_id: str, holder: int, holder_id: str, by: By, now: float
) -> Refusal | None:
    """Let a person say where a stranded load is; its delivery goes on from there, or ends."""
    who = clean(by)
    if isinstance(who, Refusal):
        return who
    lost = s.model.control.lost.get(LoadId(load_id))
    if lost is None:
        if _known(s, load_id, holder, holder_id):
            return None
        return Refusal(Code.UNKNOWN_ID, f'no load {load_id[:60]!r} waits to be found')
    refusal = _check_holder(s, load_id, holder, holder_id)
    if refusal is not None:
        return refusal
    found = LoadFound(lost.load_id, Holder(holder), holder_id, who.actor, who.reason)
    delivery = s.model.open.get(lost.request_id) if lost.request_id else None
    bearer = s.model.vehicles[lost.vehicle_id]
    same = found.holder is Holder.VEHICLE and holder_id == bearer.id
    if bearer.job is not None and bearer.job.load_id == lost.load_id and not same:
        s.note(JobEnded(bearer.id, f'{who.actor} has found {lost.load_id}'), now)
    s.note(found, now)
    if delivery is None or found.holder is Holder.VEHICLE:
        return None  # it goes on with the vehicle that has it
    request_id = delivery.request.request_id
    where = f'{who.actor} found {load_id} at {holder_id or found.holder.name.lower()}'
    if found.holder is Holder.PORT and holder_id == delivery.station_id:
        s.note(PhaseReached(request_id, Phase.DELIVERED, text=where), now)
    elif found.holder is Holder.PORT:
        s.note(PhaseReached(request_id, Phase.ACCEPTED, text=where), now)
    else:
        text = f'{where}; ask again with a new request id'
        end_delivery(s, delivery, Phase.FAILED, Code.VEHICLE_LOST, text, now)
    return None


def _known(s: Situation, load_id: str, holder: int, holder_id: str) -> bool:
    """Return whether the same was said before, so that a repeat is no error."""
    return s.model.control.found.get(LoadId(load_id)) == (holder, holder_id)


def _check_holder(s: Situation, load_id: str, holder: int, holder_id: str) -> Refusal | None:
    if holder == Holder.VEHICLE:
        vehicle = s.model.vehicles.get(VehicleId(holder_id))
        if vehicle is None or LoadId(load_id) not in vehicle.loads:
            return Refusal(Code.NOT_ALLOWED, f'{holder_id[:60]!r} does not say it has {load_id}')
    elif holder == Holder.PORT:
        place = s.plant.places.get(PlaceId(holder_id))
        kinds = (PlaceKind.STATION, PlaceKind.WAREHOUSE_PORT)
        if place is None or place.kind not in kinds:
            return Refusal(Code.FLEET_UNKNOWN_ELEMENT, f'no port or station {holder_id[:60]!r}')
    elif holder not in (Holder.CELL, Holder.GONE):
        return Refusal(
            Code.INVALID_ARGUMENT, f'holder {holder}; wanted 1 vehicle, 2 port, 3 cell or 7 gone'
        )
    return None
