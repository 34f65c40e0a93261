# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Which vehicle gets which job: deliveries, returns of loads, charging, parking."""

from functools import partial
from math import inf

from linehaul_fleet.assign import assign
from linehaul_fleet.codes import Code
from linehaul_fleet.delivery import Delivery, Phase
from linehaul_fleet.events import JobEnded, JobGiven, LoadAbandoned, PhaseReached
from linehaul_fleet.following import end_delivery, give_up
from linehaul_fleet.model import Vehicle
from linehaul_fleet.situation import Situation
from linehaul_fleet.work import Job, JobKind
from linehaul_floor import Flow, Place, PlaceKind, VehicleId


def give_work(s: Situation, now: float) -> None:
    """End jobs that have lost their purpose, then give every free vehicle the best new one."""
    _end_dead_jobs(s, now)
    _give_deliveries(s, now)
    _give_returns(s, now)
    _give_charging(s, now)
    _give_parking(s, now)


def _give_deliveries(s: Situation, now: float) -> None:
    """Send vehicles for the containers that stand at a port.

    Not earlier: a vehicle that waited in the bay for its own container would keep out the one
    whose container stands there already.
    """
    waiting = [
        d
        for d in s.model.open.values()
        if d.vehicle_id is None and d.at_port and d.phase < Phase.LOADED and not now < _start(s, d)
    ]
    free = [v.id for v in s.model.vehicles.values() if s.free(v, now)]
    for vehicle_id, request_id in assign(waiting, free, partial(_travel, s), now):
        delivery = s.model.open[request_id]
        job = Job(
            JobKind.DELIVERY,
            target=delivery.station_id,
            source=delivery.port_id,
            request_id=request_id,
            load_id=delivery.load_id,
        )
        _take_job(s, s.model.vehicles[vehicle_id], job, now)
        s.note(PhaseReached(request_id, Phase.FETCHING), now)


def _start(s: Situation, delivery: Delivery) -> float:
    """Return the plant time [s] before which a vehicle at the port would arrive too early."""
    request = delivery.request
    port, station = s.plant.places[delivery.port_id], s.plant.places[request.station_id]  # type: ignore[index]
    drive = min(table.time(port.node, station.node) for table in s.routes.values())
    return request.earliest - drive - s.settings.transfer_time


def _travel(s: Situation, vehicle_id: VehicleId, delivery: Delivery) -> float:
    vehicle = s.model.vehicles[vehicle_id]
    item = s.plant.items[delivery.request.item_id]
    port = s.plant.places[delivery.port_id]  # type: ignore[index]
    station = s.plant.places[delivery.request.station_id]
    if not all(s.can(vehicle, place, item.load_mass) for place in (port, station)):
        return inf
    return s.time(vehicle, s.end_of_way(vehicle), port)


def _give_returns(s: Situation, now: float) -> None:
    """Loads that nobody waits for go back: those on vehicles, then those at ports."""
    for vehicle in s.model.vehicles.values():
        if vehicle.job is None and vehicle.leg is None and vehicle.loads:
            target = _return_port(s, vehicle)
            if target is not None and s.usable(vehicle, now):
                job = Job(JobKind.RETURN, target=target.id, load_id=vehicle.loads[0])
                _take_job(s, vehicle, job, now)
    for load_id, port_id in list(s.model.abandoned.items()):
        port = s.plant.places[port_id]
        free = [v for v in s.model.vehicles.values() if s.free(v, now) and s.can(v, port, 0.0)]
        target = _return_port(s, free[0]) if free else None
        if target is not None:
            vehicle = min(free, key=lambda v: s.time(v, s.end_of_way(v), port))
            job = Job(JobKind.RETURN, target=target.id, source=port_id, load_id=load_id)
            _take_job(s, vehicle, job, now)


def _return_port(s: Situation, vehicle: Vehicle) -> Place | None:
    ports = [
        p
        for p in s.plant.places_of(PlaceKind.WAREHOUSE_PORT)
        if p.flow in (Flow.IN, Flow.BOTH) and vehicle.vehicle_class in p.classes
    ]
    promised = [v.job.target for v in s.model.vehicles.values() if v.job]
    return min(
        ports,
        key=lambda p: (promised.count(p.id), s.time(vehicle, s.end_of_way(vehicle), p)),
        default=None,
    )


def _give_charging(s: Situation, now: float) -> None:
    taken = {v.job.target for v in s.model.vehicles.values() if v.job}
    for vehicle in s.model.vehicles.values():
        low = vehicle.charge < s.settings.charge_below
        busy = vehicle.job is not None and vehicle.job.kind is not JobKind.PARK
        if not low or busy or vehicle.leg is not None or not s.usable(vehicle, now):
            continue
        chargers = [
            p
            for p in s.plant.places_of(PlaceKind.CHARGER)
            if p.id not in taken and vehicle.vehicle_class in p.classes
        ]
        if chargers:
            at = s.end_of_way(vehicle)
            best = min(chargers, key=lambda p: s.time(vehicle, at, p))
            taken.add(best.id)
            _take_job(s, vehicle, Job(JobKind.CHARGE, target=best.id), now)


def _give_parking(s: Situation, now: float) -> None:
    """A vehicle with nothing to do goes home, so that it is in nobody's way."""
    for vehicle in s.model.vehicles.values():
        if vehicle.leg is not None or not s.usable(vehicle, now):
            continue
        job, home = vehicle.job, s.plant.places[vehicle.home]
        charged = (
            job is not None
            and job.kind is JobKind.CHARGE
            and vehicle.charge >= s.settings.charge_until
        )
        idle = job is None and not vehicle.loads and s.end_of_way(vehicle) != home.node
        if charged or idle:
            _take_job(s, vehicle, Job(JobKind.PARK, target=home.id), now)
        elif job is not None and job.kind is JobKind.PARK and s.end_of_way(vehicle) == home.node:
            s.note(JobEnded(vehicle.id, 'parked'), now)


def _take_job(s: Situation, vehicle: Vehicle, job: Job, now: float) -> None:
    if vehicle.job is not None:
        s.note(JobEnded(vehicle.id, f'takes {job.kind.name.lower()}'), now)
    s.note(JobGiven(vehicle.id, job), now)


def _end_dead_jobs(s: Situation, now: float) -> None:
    """A delivery that ended before its load was picked leaves a job without a purpose."""
    for vehicle in s.model.vehicles.values():
        job = vehicle.job
        if vehicle.leg is not None or job is None or job.kind is not JobKind.DELIVERY:
            continue
        delivery = s.model.deliveries[job.request_id]  # type: ignore[index]
        if delivery.phase.ended:
            if not vehicle.loads and delivery.at_port and delivery.load_id and job.source:
                s.note(LoadAbandoned(delivery.load_id, job.source), now)
            give_up(s, vehicle, f'{delivery.request.request_id} has ended', now)
        elif delivery.phase >= Phase.LOADED and not vehicle.loads:
            text = f'{vehicle.id} no longer carries {delivery.load_id}; look where it is'
            end_delivery(s, delivery, Phase.FAILED, Code.VEHICLE_LOST, text, now)
