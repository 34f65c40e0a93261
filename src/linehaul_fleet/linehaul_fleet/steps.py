# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a vehicle does next for its job: to which place, and what it does there."""

from linehaul_traffic.redirect import behind_base

from linehaul_fleet.delivery import LoadId
from linehaul_fleet.model import Vehicle
from linehaul_fleet.situation import Situation
from linehaul_fleet.turns import my_bay
from linehaul_fleet.waiting import in_demand, may_enter, my_turn, stands_ready, waiting_place
from linehaul_fleet.work import Job, JobKind, Task
from linehaul_floor import Place

Step = tuple[Place, Task]

SOONER = 10.0
"""[s] by which a load may be at its station before the time that was asked for."""
ASIDE = 25.0
"""[s] by which one that is on its way must be too soon to be sent aside."""


def step(s: Situation, vehicle: Vehicle, job: Job, now: float) -> Step | None:
    """Return where the vehicle goes next for a job and what it does there; None: it stays."""
    places = s.plant.places
    if job.kind in (JobKind.DELIVERY, JobKind.RETURN):
        if vehicle.loads:
            return _bring(s, vehicle, job, now)
        return None if job.source is None else _fetch(s, vehicle, job, places[job.source], now)
    target = places[job.target]
    return target, Task('startCharging') if job.kind is JobKind.CHARGE else Task()


def _bring(s: Situation, vehicle: Vehicle, job: Job, now: float) -> Step | None:
    """Bring a load; one for which there is no place yet waits near its station."""
    delivery, target = s.delivery_of(vehicle), s.plant.places[job.target]
    here, then = behind_base(s.planner, vehicle.id)
    if delivery is not None:
        leg = vehicle.leg
        under_way = leg is not None and leg.task.action_type and leg.place_id == target.id
        arrival = max(then, now) + s.time(vehicle, here, target)
        if delivery.hold or arrival + (ASIDE if under_way else SOONER) < delivery.earliest:
            return _wait(s, vehicle, target, here)
    if not _goes_there(vehicle, target, here) and not my_bay(s, vehicle, target, now):
        return _wait(s, vehicle, target, here)
    return target, _task('drop', target, vehicle.loads[0])


def _wait(s: Situation, vehicle: Vehicle, target: Place, here: int) -> Step | None:
    """Wait as near as nobody minds; where there is nothing free, at home."""
    place, at = waiting_place(s, vehicle, target, here), s.plant.place_of_node(here)
    if place is None and at is not None and not in_demand(s, at, vehicle):
        return None
    return place or s.plant.places[vehicle.home], Task()


def _goes_there(vehicle: Vehicle, place: Place, here: int) -> bool:
    """Return whether a vehicle is in a bay, or has a way into it."""
    return here == place.node or (vehicle.leg is not None and vehicle.leg.place_id == place.id)


def _fetch(s: Situation, vehicle: Vehicle, job: Job, source: Place, now: float) -> Step | None:
    """Go into the bay if it is open to this vehicle, else wait near it."""
    here, _ = behind_base(s.planner, vehicle.id)
    enters = may_enter(s, vehicle, job) and (
        _goes_there(vehicle, source, here) or my_bay(s, vehicle, source, now)
    )
    if (here == source.node and my_turn(s, job)) or enters:
        task = _task('pick', source, job.load_id) if stands_ready(s, job) else Task()
        return source, task
    place = waiting_place(s, vehicle, source, here)
    return None if place is None else (place, Task())


def _task(kind: str, place: Place, load_id: LoadId | None) -> Task:
    parameters = [('stationName', str(place.id)), ('stationType', place.kind.name.lower())]
    if load_id is not None:
        parameters.append(('loadId', str(load_id)))
    return Task(kind, tuple(parameters))
