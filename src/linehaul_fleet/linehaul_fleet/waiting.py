# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Who may go into a port's bay, and where the others wait.

Vehicles leave for a port before the load is there, so that both arrive together. Into the bay goes
only the vehicle whose load is there, or is the next to come; the loads that are promised to a port
come in that order, so nobody stands in the bay while what it waits for cannot come. The others
wait in a free bay near the port that nobody else needs: a parking place that is nobody's home, or
a port that takes loads in and to which nobody is on the way. Who brings a load to a station at
which another still stands may also wait in the bay of a station near by to which nothing is on
its way; it leaves that bay as soon as something is.
"""

from collections.abc import Iterator
from math import isnan

from linehaul_traffic.redirect import free_for

from linehaul_fleet.delivery import Delivery, Phase
from linehaul_fleet.desk import Waiting
from linehaul_fleet.missions import READY_GUESS, key_of, not_before
from linehaul_fleet.model import Vehicle
from linehaul_fleet.situation import Situation
from linehaul_fleet.work import Job, JobKind
from linehaul_floor import Flow, Place, PlaceId, PlaceKind

WORTH = 15.0
"""[s] by which a waiting place must be nearer to be driven to."""
STANDS = -1e18
"""When a load that stands at its port came there."""
LOOK = 12
"""Waiting places looked at."""
STATIONS = (PlaceKind.STATION, PlaceKind.CHAIN_PORT)
"""Kinds of places to which only those count as coming that have a load for them."""


def look_at_ports(s: Situation, now: float) -> None:
    """Take in which loads stand at, or are promised to, which port."""
    found: dict[PlaceId, list[Waiting]] = {}
    for d in s.model.open.values():
        if d.port_id is not None and d.phase < Phase.LOADED:
            one = Waiting(d.request.request_id, _ready(s, d, now))
            found.setdefault(d.port_id, []).append(one)
    for load_id, place_id in s.model.abandoned.items():
        found.setdefault(place_id, []).append(Waiting(load_id, STANDS))
    s.desk.ports = {port: sorted(loads, key=_soonest) for port, loads in found.items()}


def _ready(s: Situation, d: Delivery, now: float) -> float:
    """Return when a delivery may be picked [s]; STANDS: now."""
    early = not_before(s, d)
    if d.at_port:
        return early if early > now else STANDS
    return max(now + READY_GUESS if isnan(d.expected) else d.expected, early)


def _soonest(one: Waiting) -> tuple[float, str]:
    return one.ready, one.key


def stands_ready(s: Situation, job: Job) -> bool:
    """Return whether a job's load stands at its source."""
    key = key_of(job)
    return not any(
        one.key == key and one.ready > STANDS
        for one in s.desk.ports.get(job.source, ())  # type: ignore[arg-type]
    )


def my_turn(s: Situation, job: Job) -> bool:
    """Return whether a job's load stands at its source, or is the next to come there."""
    waiting = s.desk.ports.get(job.source, [])  # type: ignore[arg-type]
    return stands_ready(s, job) or not waiting or waiting[0].key == key_of(job)


def may_enter(s: Situation, vehicle: Vehicle, job: Job) -> bool:
    """Return whether a vehicle may go into the bay of its job's source now."""
    source = s.plant.places[job.source]  # type: ignore[index]
    return my_turn(s, job) and free_for(s.planner, vehicle.id, source.node)


def waiting_place(s: Situation, vehicle: Vehicle, source: Place, here: int) -> Place | None:
    """Return where a vehicle should wait for a port; None: where it is.

    Args:
        s: the situation.
        vehicle: who.
        source: the port.
        here: the node where it rests, or from which it can still go elsewhere.
    """
    times = s.desk.travel.to(vehicle.vehicle_class, source.node)
    at = s.plant.place_of_node(here)
    most = float(times[here]) - WORTH if at is not None and not in_demand(s, at, vehicle) else 1e18
    near = sorted(
        (float(times[p.node]), p.id) for p in _candidates(s, vehicle) if times[p.node] < most
    )
    for _, place_id in near[:LOOK]:
        place = s.plant.places[place_id]
        if place.node != here and free_for(s.planner, vehicle.id, place.node):
            return place
    return None


def _candidates(s: Situation, vehicle: Vehicle) -> Iterator[Place]:
    others = [v for v in s.model.vehicles.values() if v.id != vehicle.id]
    headed = {v.leg.place_id for v in others if v.leg}
    kinds = (PlaceKind.PARKING, PlaceKind.WAREHOUSE_PORT, *(STATIONS if vehicle.loads else ()))
    for kind in kinds:
        taken = headed | _demanded(s, kind, vehicle)
        if kind is PlaceKind.PARKING:
            taken |= {v.job.target for v in others if v.job}
        for place in s.plant.places_of(kind):
            if vehicle.vehicle_class not in place.classes or place.id in taken:
                continue
            if kind is not PlaceKind.WAREHOUSE_PORT or place.flow is Flow.IN:
                yield place


def in_demand(s: Situation, place: Place, vehicle: Vehicle) -> bool:
    """Return whether somebody else is to fetch or bring something where a vehicle stands."""
    return place.id in _demanded(s, place.kind, vehicle)


def _demanded(s: Situation, kind: PlaceKind, vehicle: Vehicle) -> set[PlaceId]:
    """Return places, of one kind, that others than a vehicle need; others' homes for parking."""
    others = [v for v in s.model.vehicles.values() if v.id != vehicle.id]
    if kind is PlaceKind.PARKING:
        return {v.home for v in others}
    far = kind in STATIONS  # who has no load for it yet takes its time
    jobs = [(v, v.job) for v in others if v.job]
    sources = {job.source for _, job in jobs if job.source is not None}
    targets = {job.target for v, job in jobs if not (far and _fetches(v))}
    return sources | targets | s.desk.ports.keys()


def _fetches(vehicle: Vehicle) -> bool:
    """Return whether a vehicle has to get a load before it goes to its job's target."""
    kind = vehicle.job.kind if vehicle.job else None
    return kind in (JobKind.DELIVERY, JobKind.RETURN) and not vehicle.loads
