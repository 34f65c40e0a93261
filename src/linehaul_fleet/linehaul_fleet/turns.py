# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is at a bay that several vehicles want: the most urgent one's.

A way is committed only to a bay that is free, and who is under way can be turned to a bay before
those that stand get one; so without an order of their own late comers would pass by, again and
again, who waits at the door. Somebody less urgent may go first where it is out of the bay again
before the other one could be there.
"""

from math import inf, isnan

from linehaul_traffic.redirect import behind_base

from linehaul_fleet.delivery import Phase
from linehaul_fleet.lateness import PATIENCE
from linehaul_fleet.missions import RETURN_WITHIN
from linehaul_fleet.model import Vehicle
from linehaul_fleet.situation import Situation
from linehaul_fleet.waiting import my_turn
from linehaul_fleet.work import JobKind
from linehaul_floor import Place, PlaceId

CLEAR = 30.0
"""[s] that a vehicle is in a bay until the next can come in."""

Urgency = tuple[float, int, str]


def urgency(s: Situation, vehicle: Vehicle) -> Urgency:
    """Return what vehicles are sorted by, the most urgent first."""
    delivery, job = s.delivery_of(vehicle), vehicle.job
    if delivery is None:
        since = s.model.abandoned_at.get(job.load_id, inf) if job and job.load_id else inf
        return since + RETURN_WITHIN, 0, vehicle.id
    due = delivery.requested + PATIENCE if isnan(delivery.due) else delivery.due
    return due, -delivery.priority, vehicle.id


def look_who_wants(s: Situation, now: float) -> None:
    """Take in who wants to go into which bay and has no way there yet."""
    found: dict[PlaceId, list[Vehicle]] = {}
    for vehicle in s.model.vehicles.values():
        place_id = _wants(s, vehicle, now)
        if place_id is not None:
            found.setdefault(place_id, []).append(vehicle)
    s.desk.wanted = {place: vehicles for place, vehicles in found.items() if len(vehicles) > 1}


def _wants(s: Situation, vehicle: Vehicle, now: float) -> PlaceId | None:
    """Return the bay where a vehicle has to do something next and to which it has no way."""
    job, leg = vehicle.job, vehicle.leg
    if job is None or job.kind not in (JobKind.DELIVERY, JobKind.RETURN):
        return None
    place_id = job.target if vehicle.loads else job.source
    if leg is not None and leg.place_id == place_id:
        return None
    delivery = s.delivery_of(vehicle)
    waits = delivery is not None and (
        delivery.hold or delivery.phase is Phase.WAITING_FOR_PERSON or now < delivery.earliest
    )
    if not vehicle.loads and not my_turn(s, job):
        return None  # what it fetches is not there
    stands = s.model.control.stands(vehicle.id) or not s.on_floor(vehicle.id)
    return None if waits or stands or not s.usable(vehicle, now) else place_id


def my_bay(s: Situation, vehicle: Vehicle, place: Place, now: float) -> bool:
    """Return whether a vehicle may go into a bay now, and keeps nobody more urgent from it."""
    others = s.desk.wanted.get(place.id)
    if others is None:
        return True
    mine, there = urgency(s, vehicle), _there(s, vehicle, place, now) + CLEAR
    return not any(
        urgency(s, other) < mine and _there(s, other, place, now) < there
        for other in others
        if other is not vehicle
    )


def _there(s: Situation, vehicle: Vehicle, place: Place, now: float) -> float:
    """Return when a vehicle could be at a place [s]."""
    node, time = behind_base(s.planner, vehicle.id)
    return max(time, now) + s.time(vehicle, node, place)
