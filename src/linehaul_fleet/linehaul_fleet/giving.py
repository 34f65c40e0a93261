# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Which vehicle gets which job: missions by assignment, then charging and parking."""

from linehaul_fleet.assign import assign
from linehaul_fleet.codes import Code
from linehaul_fleet.delivery import Phase
from linehaul_fleet.dispatch import dispatch
from linehaul_fleet.energy import give_charging
from linehaul_fleet.events import JobEnded, JobGiven, LoadAbandoned
from linehaul_fleet.following import end_delivery, give_up
from linehaul_fleet.lines import serve_others
from linehaul_fleet.missions import best_in_port
from linehaul_fleet.model import Vehicle
from linehaul_fleet.situation import Situation
from linehaul_fleet.turning import turn_where_wanted
from linehaul_fleet.turns import look_who_wants
from linehaul_fleet.work import Job, JobKind


def give_work(s: Situation, now: float) -> None:
    """End jobs that have lost their purpose, then give every vehicle the best new one."""
    _end_dead_jobs(s, now)
    serve_others(s, now)
    _bring_back(s, now)
    dispatch(s, s.desk.pair or assign, now)
    give_charging(s, now)
    _give_parking(s, now)
    look_who_wants(s, now)
    turn_where_wanted(s, now)


def _bring_back(s: Situation, now: float) -> None:
    """A load that is on a vehicle and that nobody waits for goes back."""
    for vehicle in s.model.vehicles.values():
        if vehicle.job is not None or vehicle.leg is not None or not vehicle.loads:
            continue
        if not s.usable(vehicle, now):
            continue
        target = best_in_port(s, s.end_of_way(vehicle), frozenset({vehicle.vehicle_class}))
        if target is not None:
            job = Job(JobKind.RETURN, target=target, load_id=vehicle.loads[0])
            s.note(JobGiven(vehicle.id, job), now)


def _give_parking(s: Situation, now: float) -> None:
    """A vehicle with nothing to do goes home, so that it is in nobody's way."""
    for vehicle in s.model.vehicles.values():
        if vehicle.leg is not None or not s.usable(vehicle, now):
            continue
        job, home = vehicle.job, s.plant.places[vehicle.home]
        at_home = s.end_of_way(vehicle) == home.node
        if job is None and not vehicle.loads and not at_home:
            s.note(JobGiven(vehicle.id, Job(JobKind.PARK, target=home.id)), now)
        elif job is not None and job.kind is JobKind.PARK and at_home:
            s.note(JobEnded(vehicle.id, 'parked'), now)


def _end_dead_jobs(s: Situation, now: float) -> None:
    """A delivery that ended before its load was picked leaves a job without a purpose.

    After a start, who has not yet said what it carries may carry what it carried before.
    """
    for vehicle in s.model.vehicles.values():
        job = vehicle.job
        if vehicle.state is None:
            continue
        if vehicle.leg is not None or job is None or job.kind is not JobKind.DELIVERY:
            continue
        delivery = s.model.deliveries[job.request_id]  # type: ignore[index]
        if delivery.phase.ended:
            _give_up_ended(s, vehicle, job, now)
        elif Phase.LOADED <= delivery.phase <= Phase.DELIVERING and not vehicle.loads:
            text = f'{vehicle.id} no longer carries {delivery.load_id}; look where it is'
            end_delivery(s, delivery, Phase.FAILED, Code.VEHICLE_LOST, text, now)


def _give_up_ended(s: Situation, vehicle: Vehicle, job: Job, now: float) -> None:
    delivery = s.model.deliveries[job.request_id]  # type: ignore[index]
    if not vehicle.loads and delivery.at_port and delivery.load_id and job.source:
        s.note(LoadAbandoned(delivery.load_id, job.source), now)
    give_up(s, vehicle, f'{delivery.request.request_id} has ended', now)
