# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Makes an assignment when something has changed, and carries it out.

A vehicle is given a mission when it is time to go, not before; until the pick is released to it
the next assignment may give the mission to another. Vehicles that exchange missions turn round
together, or not at all. Every change says in one line what changed and why.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import nan

from linehaul_traffic.redirect import congestion

from linehaul_fleet.assign import Pairing
from linehaul_fleet.delivery import Phase
from linehaul_fleet.desk import Plan
from linehaul_fleet.events import (
    DeliveryReassigned,
    JobEnded,
    JobGiven,
    LoadAbandoned,
    PhaseReached,
)
from linehaul_fleet.explain import explain
from linehaul_fleet.missions import Mission, is_firm, open_missions, slack_of
from linehaul_fleet.model import Vehicle
from linehaul_fleet.offers import Offer, Standing, offers
from linehaul_fleet.situation import Situation
from linehaul_fleet.turning import turn
from linehaul_fleet.waiting import look_at_ports
from linehaul_fleet.work import Job, JobKind
from linehaul_floor import VehicleId

PERIOD = 1.0
"""[s] between two assignments when nothing has happened."""
EARLY = 10.0
"""[s] by which a vehicle may be at a port before the load."""
MEASURE = 5.0
"""[s] between two looks at the congestion."""
ROWS = 2
"""Rows of driving times that are made anew in a round."""


Pair = Callable[[Situation, Sequence[Mission], Sequence[Offer], float], list[Pairing]]
"""What pairs missions and vehicles: `assign`, or what is compared with it."""


@dataclass(frozen=True, slots=True)
class Move:
    """A mission that changes hands: from whom (None: nobody) to whom (None: nobody yet)."""

    mission: Mission
    old: VehicleId | None
    new: VehicleId | None
    pairing: Pairing


def dispatch(s: Situation, pair: Pair, now: float) -> None:
    """Assign anew with `pair` if it is time, and carry it out."""
    _watch_roads(s, now)
    look_at_ports(s, now)
    if s.desk.seen == s.desk.noted and 0.0 <= now - s.desk.solved < PERIOD:
        return
    missions = open_missions(s, now)
    _let_go(s, {m.key for m in missions}, now)
    _forget_changes(s, missions)
    able = offers(s, now)
    loose = [m for m in missions if not m.firm]
    pairings = pair(s, loose, able, now)
    s.desk.solved, s.desk.rounds = now, s.desk.rounds + 1
    before = s.desk.plans
    s.desk.plans = {
        p.mission.key: Plan(p.offer.vehicle if p.offer else None, p.start, p.arrival)
        for p in pairings
    }
    for group in _groups(_moves(pairings)):
        _carry_out(s, group, before, now)
    s.desk.seen = s.desk.noted


def _let_go(s: Situation, wanted: set[str], now: float) -> None:
    """Call vehicles back that are on their way to a load that is held."""
    for vehicle in s.model.vehicles.values():
        delivery = s.delivery_of(vehicle)
        if delivery is None or not delivery.hold or delivery.phase is not Phase.FETCHING:
            continue
        request_id, home = delivery.request.request_id, Job(JobKind.PARK, target=vehicle.home)
        if request_id in wanted or is_firm(s, vehicle) or not turn(s, {vehicle.id: home}, now):
            continue
        reason = f'{request_id}: {vehicle.id} -> later, {delivery.station_id} wants it later'
        s.note(JobEnded(vehicle.id, reason), now)
        s.note(PhaseReached(request_id, Phase.ACCEPTED), now)
        s.note(JobGiven(vehicle.id, home), now)
        s.note(DeliveryReassigned(request_id, vehicle.id, None, delivery.slack, nan, reason), now)


def _forget_changes(s: Situation, missions: Sequence[Mission]) -> None:
    """Who has a load has not been sent to and fro; a load that was brought is gone."""
    known, vehicles = {m.key for m in missions}, s.model.vehicles
    s.desk.turned = {v: n for v, n in s.desk.turned.items() if not vehicles[v].loads}
    s.desk.changes = {key: n for key, n in s.desk.changes.items() if key in known}


def _watch_roads(s: Situation, now: float) -> None:
    s.desk.travel.close(s.graph.closed)
    s.desk.travel.refresh(ROWS)
    if not 0.0 <= now - s.desk.measured < MEASURE:
        s.desk.measured = now
        s.desk.travel.measure(*congestion(s.planner))


def _moves(pairings: Sequence[Pairing]) -> list[Move]:
    """Return the missions that change hands now."""
    gains = {p.mission.key: p for p in pairings if _goes(p)}
    taken = {p.offer.vehicle for p in gains.values() if p.offer}
    moves = []
    for p in pairings:
        new = p.offer.vehicle if p.offer and p.mission.key in gains else None
        old = p.mission.holder
        if new == old:
            continue
        if new is not None or old in taken:
            moves.append(Move(p.mission, old, new, p))
    return moves


def _goes(p: Pairing) -> bool:
    """Return whether a pairing is to be carried out now."""
    if p.offer is None or p.offer.standing is Standing.BUSY:
        return False
    if p.mission.holder is not None:
        return True
    return p.start + EARLY >= p.mission.ready


def _groups(moves: Sequence[Move]) -> list[list[Move]]:
    """Return the moves that have to be made together, because they share vehicles."""
    groups: list[list[Move]] = []
    for move in moves:
        mine = {move.old, move.new} - {None}
        joined = [g for g in groups if any(mine & {m.old, m.new} for m in g)]
        groups = [g for g in groups if g not in joined]
        groups.append([m for g in joined for m in g] + [move])
    return groups


def _carry_out(
    s: Situation,
    group: Sequence[Move],
    before: dict[str, Plan],
    now: float,
) -> None:
    jobs = _new_jobs(s, group)
    if not turn(s, jobs, now):
        return
    for move in group:
        if move.old is not None:
            reason = f'{move.mission.key} goes to {move.new or "another later"}'
            s.note(JobEnded(move.old, reason), now)
            _count(s, move.mission, move.old)
            _back_on_the_list(s, move, now)
    for vehicle_id, job in jobs.items():
        _give(s, s.model.vehicles[vehicle_id], job, now)
    for move in group:
        _tell(s, move, group, before, now)


def _new_jobs(s: Situation, group: Iterable[Move]) -> dict[VehicleId, Job]:
    """Return the jobs of all vehicles of a group; who gets nothing parks."""
    jobs = {m.new: m.mission.job for m in group if m.new is not None}
    for move in group:
        if move.old is not None and move.old not in jobs:
            home = s.model.vehicles[move.old].home
            jobs[move.old] = Job(JobKind.PARK, target=home)
    return jobs


def _count(s: Situation, mission: Mission, old: VehicleId) -> None:
    """Remember a change of mind; deliveries remember their own in the model."""
    s.desk.turned[old] = s.desk.turned.get(old, 0) + 1
    if mission.job.request_id is None:
        s.desk.changes[mission.key] = s.desk.changes.get(mission.key, 0) + 1


def _back_on_the_list(s: Situation, move: Move, now: float) -> None:
    job = move.mission.job
    if job.kind is JobKind.RETURN and move.new is None and job.load_id and job.source:
        s.note(LoadAbandoned(job.load_id, job.source), now)


def _give(s: Situation, vehicle: Vehicle, job: Job, now: float) -> None:
    if vehicle.job is not None:
        s.note(JobEnded(vehicle.id, f'takes {job.kind.name.lower()}'), now)
    s.note(JobGiven(vehicle.id, job), now)
    delivery = s.delivery_of(vehicle)
    if delivery is not None and delivery.phase < Phase.FETCHING:
        s.note(PhaseReached(delivery.request.request_id, Phase.FETCHING), now)


def _tell(
    s: Situation, move: Move, group: Sequence[Move], before: dict[str, Plan], now: float
) -> None:
    """Note a change of mind about a delivery with its reason."""
    mission = move.mission
    request_id = mission.job.request_id
    if request_id is None or move.old is None:
        return
    if move.new is None:
        s.note(PhaseReached(request_id, Phase.ACCEPTED), now)
    old = before.get(mission.key)
    old_slack = slack_of(mission, old.arrival) if old else nan
    new_slack = slack_of(mission, move.pairing.arrival)
    sooner = old.start - move.pairing.start if old else nan
    slack = old_slack, new_slack
    reason = explain(move.old, move.new, mission, slack, _instead(group, move), sooner)
    s.note(DeliveryReassigned(request_id, move.old, move.new, old_slack, new_slack, reason), now)


def _instead(group: Sequence[Move], move: Move) -> tuple[str, float] | None:
    """Return key and slack [s] of the mission that the old vehicle fetches instead."""
    for other in group:
        if other is not move and other.new == move.old:
            return other.mission.key, slack_of(other.mission, other.pairing.arrival)
    return None
