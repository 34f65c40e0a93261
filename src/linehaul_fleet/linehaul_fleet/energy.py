# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Sends vehicles to chargers and takes them off again, by the bookings of charging.py."""

from collections import Counter
from math import inf, isfinite

from linehaul_fleet.charging import (
    AHEAD,
    FLOOR,
    FOLLOW,
    LEAVE,
    PEAK,
    PEAK_RESERVE,
    TOP_UP,
    Need,
    book,
    latest_begin,
)
from linehaul_fleet.events import JobEnded, JobGiven
from linehaul_fleet.model import Vehicle
from linehaul_fleet.offers import may_work
from linehaul_fleet.situation import Situation
from linehaul_fleet.turning import turn
from linehaul_fleet.work import Job, JobKind
from linehaul_floor import Place, PlaceId, PlaceKind, VehicleId

BOOK = 10.0
"""[s] between two bookings."""
LOOK = 1.0
"""[s] between two looks at who stands with nothing to do."""
KEEP_FREE = 0.1
"""Share of the chargers that is kept for vehicles that must charge."""


def give_charging(s: Situation, now: float) -> None:
    """Book charges, send who must, and let who has nothing to do use the chargers meanwhile."""
    passed = now - s.desk.charged
    if 0.0 <= passed < LOOK:
        return
    s.desk.charged = now
    _follow_load(s, passed, now)
    if not 0.0 <= now - s.desk.booked < BOOK:
        s.desk.booked = now
        _book(s, now)
    _make_room(s, now)
    free = _free_chargers(s)
    keep = int(KEEP_FREE * len(s.plant.places_of(PlaceKind.CHARGER)))
    for vehicle in sorted(_without_work(s, now), key=lambda v: (v.charge, v.id)):
        must = vehicle.id in s.desk.must_charge
        if not must and (vehicle.charge >= TOP_UP or len(free) <= keep):
            continue
        charger = _nearest(s, vehicle, free)
        if charger is not None:
            _send(s, vehicle, charger, free, now)
            (s.desk.may_leave.discard if must else s.desk.may_leave.add)(vehicle.id)


def _follow_load(s: Situation, passed: float, now: float) -> None:
    """Take in which classes have more to do than vehicles; after enough of it, it is a peak."""
    share = min(max(passed, 0.0) / FOLLOW, 1.0) if isfinite(passed) else 0.0
    places, desk = s.plant.places, s.desk
    ways = [(d.port_id, d.station_id) for d in s.model.open.values() if d.port_id and not d.hold]
    open_to = [places[a].classes & places[b].classes for a, b in ways]
    able = Counter(v.vehicle_class for v in s.model.vehicles.values() if may_work(s, v, now))
    for name in s.plant.classes:
        full = able[name] > 0 and sum(name in classes for classes in open_to) >= able[name]
        pressed = desk.pressed.get(name, 0.0)
        pressed = desk.pressed[name] = pressed + share * (float(full) - pressed)
        begun = name in desk.peak
        (desk.peak.add if pressed > PEAK[int(begun)] else desk.peak.discard)(name)


def _make_room(s: Situation, now: float) -> None:
    """Who is full goes home; who has enough makes room for those that must charge."""
    waiting = len(s.desk.must_charge - _charging(s))
    full = not _free_chargers(s)
    for vehicle in sorted(s.model.vehicles.values(), key=lambda v: (-v.charge, v.id)):
        job = vehicle.job
        if job is None or job.kind is not JobKind.CHARGE or vehicle.leg is not None:
            continue
        makes_room = full and waiting > 0 and vehicle.charge >= LEAVE
        if vehicle.charge >= s.settings.charge_until or makes_room:
            waiting -= makes_room
            home = Job(JobKind.PARK, target=vehicle.home)
            s.note(JobEnded(vehicle.id, f'charged to {vehicle.charge:.0%}'), now)
            s.note(JobGiven(vehicle.id, home), now)


def _charging(s: Situation) -> set[VehicleId]:
    return {v.id for v in s.model.vehicles.values() if v.job and v.job.kind is JobKind.CHARGE}


def _book(s: Situation, now: float) -> None:
    """Decide which vehicles must charge next, and say where the fleet is short of charge."""
    charging = _charging(s)
    must: set[VehicleId] = set()
    short = []
    for name in s.plant.classes:
        mine = [v for v in s.model.vehicles.values() if v.vehicle_class == name and v.state]
        needs = [_need(s, v, now) for v in mine if v.id not in charging]
        chargers = [p for p in s.plant.places_of(PlaceKind.CHARGER) if name in p.classes]
        begins = book(needs, len(chargers))
        must |= {v for v, begin in begins.items() if begin <= now + AHEAD}
        short += [v.id for v in mine if v.charge < FLOOR and v.id not in charging]
    must |= {v.id for v in s.model.vehicles.values() if _is_low(s, v) and v.id not in charging}
    s.desk.must_charge = must
    s.desk.notices = _notices(s, must, short)


def _is_low(s: Situation, vehicle: Vehicle) -> bool:
    """Return whether a vehicle is below its reserve or what the settings say."""
    if vehicle.state is None or not s.on_floor(vehicle.id):
        return False
    reserve = s.desk.reserve(vehicle.id, vehicle.vehicle_class, s.end_of_way(vehicle))
    return vehicle.charge < max(reserve, _reserve(s, vehicle))


def _reserve(s: Situation, vehicle: Vehicle) -> float:
    """Return the charge at which a vehicle goes and charges, wherever it is."""
    below = s.settings.charge_below
    return min(below, PEAK_RESERVE) if vehicle.vehicle_class in s.desk.peak else below


def _need(s: Situation, vehicle: Vehicle, now: float) -> Need:
    one = s.plant.classes[vehicle.vehicle_class].battery
    power = one.charge_power / max(one.capacity_wh * 3600.0, 1.0)
    rate = s.desk.drain.rate(vehicle.id, str(vehicle.vehicle_class))
    reserve = _reserve(s, vehicle)
    duration = (s.settings.charge_until - reserve) / power if power > 0.0 else inf
    return Need(vehicle.id, latest_begin(vehicle.charge, reserve, rate, now), duration)


def _notices(s: Situation, must: set[VehicleId], short: list[VehicleId]) -> tuple[str, ...]:
    found = []
    chargers = len(_free_chargers(s))
    if len(must) > chargers:
        found.append(f'{len(must)} vehicles must charge and {chargers} chargers are free')
    found += _cannot_work(s)
    if short:
        found.append(f'{", ".join(sorted(short))}: charge below {FLOOR:.0%}')
    late = sum(1 for d in s.model.open.values() if d.slack < 0.0)
    if late > 0:
        found.append(f'{late} of {len(s.model.open)} open deliveries are going to be late')
    return tuple(found)


def _cannot_work(s: Situation) -> list[str]:
    """Return who is missing from the fleet, and who has no way to a charger."""
    found = []
    lost = {v for v, t in s.troubles.items() if t.lost(s.clock, s.settings.lose_after)}
    missing = sorted(lost | s.model.control.aside.keys())
    if missing:
        names = ', '.join(missing[:5]) + (' and others' if len(missing) > 5 else '')
        found.append(f'{len(missing)} of {len(s.model.vehicles)} vehicles cannot work: {names}')
    stuck = [v.id for v in s.model.vehicles.values() if _cut_off(s, v)]
    if stuck:
        found.append(f'{", ".join(sorted(stuck)[:5])}: no way leads to a charger')
    return found


def _cut_off(s: Situation, v: Vehicle) -> bool:
    if v.state is None or not s.on_floor(v.id) or not s.desk.has_charger(v.vehicle_class):
        return False
    return not isfinite(s.desk.to_charger(v.vehicle_class)[s.end_of_way(v)])


def _without_work(s: Situation, now: float) -> list[Vehicle]:
    """Return the vehicles that stand, or drive home, with nothing to do."""
    found = []
    for vehicle in s.model.vehicles.values():
        job = vehicle.job
        idle = job is None or job.kind is JobKind.PARK
        if idle and not vehicle.loads and s.usable(vehicle, now):
            found.append(vehicle)
    return found


def _free_chargers(s: Situation) -> dict[PlaceId, Place]:
    taken = {v.job.target for v in s.model.vehicles.values() if v.job}
    taken |= {v.leg.place_id for v in s.model.vehicles.values() if v.leg}
    rest = {s.end_of_way(v) for v in s.model.vehicles.values() if s.on_floor(v.id)}
    return {
        p.id: p
        for p in s.plant.places_of(PlaceKind.CHARGER)
        if p.id not in taken and p.node not in rest
    }


def _nearest(s: Situation, vehicle: Vehicle, free: dict[PlaceId, Place]) -> Place | None:
    at = s.end_of_way(vehicle)
    open_to = [p for p in free.values() if vehicle.vehicle_class in p.classes]
    return min(
        open_to,
        key=lambda p: (s.desk.travel.time(vehicle.vehicle_class, at, p.node), p.id),
        default=None,
    )


def _send(
    s: Situation, vehicle: Vehicle, charger: Place, free: dict[PlaceId, Place], now: float
) -> None:
    job = Job(JobKind.CHARGE, target=charger.id)
    if not turn(s, {vehicle.id: job}, now):
        return
    del free[charger.id]
    if vehicle.job is not None:
        s.note(JobEnded(vehicle.id, 'takes charge'), now)
    s.note(JobGiven(vehicle.id, job), now)
