# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a vehicle does next for its job: to which place, and what it does there."""

from linehaul_traffic.redirect import behind_base

from linehaul_fleet.delivery import LoadId
from linehaul_fleet.model import Vehicle
from linehaul_fleet.situation import Situation
from linehaul_fleet.waiting import may_enter, my_turn, stands_ready, waiting_place
from linehaul_fleet.work import Job, JobKind, Task
from linehaul_floor import Place

Step = tuple[Place, Task]


def step(s: Situation, vehicle: Vehicle, job: Job) -> Step | None:
    """Return where the vehicle goes next for a job and what it does there; None: it stays."""
    places = s.plant.places
    if job.kind in (JobKind.DELIVERY, JobKind.RETURN):
        if vehicle.loads:
            return _bring(s, vehicle, job)
        return None if job.source is None else _fetch(s, vehicle, job, places[job.source])
    target = places[job.target]
    return target, Task('startCharging') if job.kind is JobKind.CHARGE else Task()


def _bring(s: Situation, vehicle: Vehicle, job: Job) -> Step:
    """A load whose line stands is parked with its vehicle."""
    delivery = s.delivery_of(vehicle)
    if delivery is not None and delivery.hold:
        return s.plant.places[vehicle.home], Task()
    target = s.plant.places[job.target]
    return target, _task('drop', target, vehicle.loads[0])


def _fetch(s: Situation, vehicle: Vehicle, job: Job, source: Place) -> Step | None:
    """Go into the bay if it is open to this vehicle, else wait near it."""
    here, _ = behind_base(s.planner, vehicle.id)
    if (here == source.node and my_turn(s, job)) or may_enter(s, vehicle, job):
        task = _task('pick', source, job.load_id) if stands_ready(s, job) else Task()
        return source, task
    place = waiting_place(s, vehicle, source, here)
    return None if place is None else (place, Task())


def _task(kind: str, place: Place, load_id: LoadId | None) -> Task:
    parameters = [('stationName', str(place.id)), ('stationType', place.kind.name.lower())]
    if load_id is not None:
        parameters.append(('loadId', str(load_id)))
    return Task(kind, tuple(parameters))
