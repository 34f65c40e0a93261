# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles under way that get another goal: behind what is released, the rest is open to change.

The VDA 5050 order stays the same and is updated; what the vehicle was shown of its horizon may
change freely. So a vehicle can be turned round as long as the end of its leg is not released.
"""

from collections.abc import Mapping

from linehaul_traffic.redirect import can_redirect, free_for, redirect

from linehaul_fleet.events import LegRedirected
from linehaul_fleet.model import Vehicle
from linehaul_fleet.situation import Situation
from linehaul_fleet.steps import step
from linehaul_fleet.work import Job, Leg, Task
from linehaul_floor import Place, PlaceId, VehicleId


def turn(s: Situation, jobs: Mapping[VehicleId, Job], now: float) -> bool:
    """Turn vehicles round for the jobs they are about to get; False: not possible for all.

    Those that stand need no turning; they get a way of their own.
    """
    wanted = {}
    for vehicle_id, job in jobs.items():
        vehicle = s.model.vehicles[vehicle_id]
        if vehicle.leg is None:
            continue
        if not can_redirect(s.planner, vehicle_id):
            if vehicle.leg.task.action_type:
                return False
            continue  # goes on from where it comes to rest
        place, task = step(s, vehicle, job, now) or (s.plant.places[vehicle.home], Task())
        wanted[vehicle_id] = place, task
    if not wanted:
        return True
    if len({place.id for place, _ in wanted.values()}) < len(wanted):
        return False
    return _redirect(s, wanted, now)


def turn_where_wanted(s: Situation, now: float) -> None:
    """Turn vehicles round whose next step has become another: a port is free, a load is there."""
    for vehicle in s.model.vehicles.values():
        leg, job = vehicle.leg, vehicle.job
        if leg is None or job is None or not s.usable(vehicle, now):
            continue
        if not s.on_floor(vehicle.id) or not can_redirect(s.planner, vehicle.id):
            continue
        found = step(s, vehicle, job, now)
        if found is None or found == (s.plant.places.get(leg.place_id), leg.task):
            continue
        place, task = found
        if place.id == leg.place_id:
            s.note(LegRedirected(vehicle.id, _with(s, vehicle, leg, place.id, task)), now)
        elif not _only_waits(job, leg, place) and free_for(s.planner, vehicle.id, place.node):
            _redirect(s, {vehicle.id: (place, task)}, now)


def _only_waits(job: Job, leg: Leg, place: Place) -> bool:
    """Return whether a vehicle would only change from one waiting place to another."""
    goals = (job.source, job.target)
    return leg.place_id not in goals and place.id not in goals


def _redirect(s: Situation, wanted: Mapping[VehicleId, tuple[Place, Task]], now: float) -> bool:
    elsewhere = {
        v: place.node
        for v, (place, _) in wanted.items()
        if place.id != s.model.vehicles[v].leg.place_id  # type: ignore[union-attr]
    }
    if elsewhere and not redirect(s.planner, elsewhere):
        return False
    s.replanned = True
    for vehicle_id, (place, task) in wanted.items():
        vehicle = s.model.vehicles[vehicle_id]
        if vehicle.leg is not None:
            leg = _with(s, vehicle, vehicle.leg, place.id, task)
            s.note(LegRedirected(vehicle_id, leg), now)
    return True


def _with(s: Situation, vehicle: Vehicle, leg: Leg, place_id: PlaceId, task: Task) -> Leg:
    path, _, _ = s.graph.path(vehicle.id)
    return Leg(leg.order_id, path, place_id, task)
