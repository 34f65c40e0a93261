# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Picks, drops and charging: what a vehicle's devices do at a place, and how they fail."""

import heapq
from dataclasses import dataclass, field, replace

from linehaul_agv import ActionReported
from linehaul_floor import Place, PlaceId, PlaceKind, VehicleId
from linehaul_sim.loads import HolderKind, Ledger, gives, has_port, takes
from linehaul_vda5050 import (
    Action,
    ActionId,
    ActionStatus,
    Error,
    ErrorLevel,
    LoadId,
    Reference,
    error_types,
)

FAIL_TIME = 2.0
"""Time [s] a device needs to notice that it cannot do its work."""


@dataclass(frozen=True, slots=True, order=True)
class Job:
    """A device's work: due at a plant time [s]. problem is why it will fail; '' if it will not."""

    due: float
    number: int
    vehicle: int = field(compare=False)
    action: Action = field(compare=False)
    place: str | None = field(compare=False)
    load_id: LoadId | None = field(compare=False)
    problem: str = field(compare=False)


@dataclass(slots=True)
class Handling:
    """Running work of all vehicles, soonest first, and counts for the report."""

    jobs: list[Job] = field(default_factory=list)
    started: int = 0
    picks: int = 0
    drops: int = 0
    failures: int = 0

    def add(
        self,
        due: float,
        vehicle: int,
        action: Action,
        place: Place | None,
        load_id: LoadId | None,
        problem: str,
    ) -> None:
        """Put work on the list."""
        self.started += 1
        name = str(place.id) if place else None
        job = Job(due, self.started, vehicle, action, name, load_id, problem)
        heapq.heappush(self.jobs, job)

    def put_off(self, job: Job, due: float) -> None:
        """Put work back on the list for a later time."""
        heapq.heappush(self.jobs, replace(job, due=due))

    def due(self, now: float) -> list[Job]:
        """Take the work off the list that is due."""
        out = []
        while self.jobs and self.jobs[0].due <= now:
            out.append(heapq.heappop(self.jobs))
        return out


def pick_problem(
    place: Place | None, ledger: Ledger, vehicle: VehicleId, action: Action, mass_max: float
) -> tuple[str, LoadId | None]:
    """Return why a pick cannot work ('' if it can) and the load it will take."""
    problem = _place_problem(place, action)
    if problem or place is None:
        return problem, None
    port = ledger.ports[place.id]
    if vehicle in ledger.carried:
        return f'vehicle carries {ledger.carried[vehicle]!r} already', None
    if not gives(place):
        return f'{place.id} takes loads and gives none', None
    if port.empty_picks:
        port.empty_picks -= 1
        return f'no load found at {place.id}', None
    wanted = action.parameter('loadId')
    names = [name for name in port.loads if name == wanted] if wanted else port.loads[:1]
    if not names:
        there = ', '.join(port.loads) or 'nothing'
        return f'{place.id} holds {there}, wanted {wanted or "a load"}', None
    if ledger.loads[names[0]].mass > mass_max:
        mass = ledger.loads[names[0]].mass
        return f'{names[0]} has {mass:.0f} kg, the vehicle lifts {mass_max:.0f} kg', None
    return '', names[0]


def drop_problem(
    place: Place | None, ledger: Ledger, vehicle: VehicleId, action: Action
) -> tuple[str, LoadId | None]:
    """Return why a drop cannot work ('' if it can) and the load it will leave."""
    problem = _place_problem(place, action)
    if problem or place is None:
        return problem, None
    port = ledger.ports[place.id]
    load, wanted = ledger.carried.get(vehicle), action.parameter('loadId')
    if load is None:
        return 'vehicle carries nothing', None
    if wanted not in (None, '', load):
        return f'vehicle carries {load}, wanted {wanted}', None
    if not takes(place):
        return f'{place.id} gives loads and takes none', None
    if port.occupied_drops:
        port.occupied_drops -= 1
        return f'{place.id} is occupied', None
    if len(port.loads) >= place.capacity:
        return f'{place.id} is occupied: {len(port.loads)} of {place.capacity} places taken', None
    return '', load


def _place_problem(place: Place | None, action: Action) -> str:
    if place is None or not has_port(place):
        return 'vehicle stands at no port'
    wanted = action.parameter('stationName')
    if wanted not in (None, '', str(place.id)):
        return f'vehicle stands at {place.id}, not at {wanted}'
    return ''


def finish_transfer(job: Job, ledger: Ledger, vehicle: VehicleId, now: float) -> ActionReported:
    """Move the load of a pick or drop that ends now, or report why it failed."""
    if job.problem or job.load_id is None or job.place is None:
        return failed(job.action, job.problem, error_types.LOAD_HANDLING_FAILED)
    if job.action.action_type == 'pick':
        if job.load_id not in ledger.ports[PlaceId(job.place)].loads:
            text = f'{job.load_id} is no longer at {job.place}'
            return failed(job.action, text, error_types.LOAD_HANDLING_FAILED)
        ledger.give(job.load_id, HolderKind.VEHICLE, vehicle, now)
    else:
        ledger.give(job.load_id, HolderKind.PORT, job.place, now)
    return done(job.action, job.load_id)


def charge_problem(place: Place | None) -> str:
    """Return why charging cannot begin; '' if it can."""
    if place is None or place.kind is not PlaceKind.CHARGER:
        return 'vehicle stands at no charger'
    return ''


def done(action: Action, result: str = '') -> ActionReported:
    """Report an action as finished."""
    return ActionReported(ActionId(action.action_id), ActionStatus.FINISHED, result)


def failed(action: Action, text: str, error_type: str) -> ActionReported:
    """Report an action as failed, with an error that stops the order."""
    error = Error(
        error_type,
        ErrorLevel.CRITICAL,
        text,
        'look at the port and the vehicle, then give a new order',
        (Reference('actionId', action.action_id),),
    )
    return ActionReported(ActionId(action.action_id), ActionStatus.FAILED, text, error)
