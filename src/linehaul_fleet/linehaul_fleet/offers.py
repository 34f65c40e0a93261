# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Where and when each vehicle could begin with another mission.

Not only the idle: who parks or drives to a charger can turn round, who fetches something can be
sent elsewhere until the pick is released to it, and who delivers competes for its next mission
with the time and place of its drop, so that drops are paired with picks near them.
"""

from dataclasses import dataclass
from enum import IntEnum
from math import isnan

from linehaul_traffic.redirect import behind_base, can_redirect

from linehaul_fleet.acts import Mode
from linehaul_fleet.charging import LEAVE
from linehaul_fleet.delivery import Phase
from linehaul_fleet.desk import tired
from linehaul_fleet.missions import is_firm, key_of
from linehaul_fleet.model import Vehicle
from linehaul_fleet.situation import Situation
from linehaul_fleet.work import JobKind
from linehaul_floor import VehicleId


class Standing(IntEnum):
    """What a vehicle can do with a mission it gets: begin, turn round, or begin after its drop."""

    UNKNOWN = 0
    IDLE = 1
    UNDER_WAY = 2
    BUSY = 3


@dataclass(frozen=True, slots=True)
class Offer:
    """A vehicle, the node from which it could go to a pick, and when [s].

    charge: 0..1 there. mission: the key of what it fetches now, if that is open to change. place:
    whether it stands, or will stand, in the bay of that mission's source.
    """

    vehicle: VehicleId
    vehicle_class: str
    node: int
    time: float
    charge: float
    standing: Standing
    mission: str | None = None
    in_bay: bool = False
    charging: bool = False


def offers(s: Situation, now: float) -> list[Offer]:
    """Return one offer for each vehicle that can take a mission now or soon."""
    found = (_offer(s, v, now) for v in s.model.vehicles.values() if may_work(s, v, now))
    return [one for one in found if one is not None]


def may_work(s: Situation, v: Vehicle, now: float) -> bool:
    """Return whether a vehicle may get missions, now or when it is done with what it has."""
    control = s.model.control
    if v.id in control.held and v.job is None:
        return False  # a person has it stand
    return s.usable(v, now) and control.mode is Mode.RUNNING and v.id not in control.aside


def _offer(s: Situation, v: Vehicle, now: float) -> Offer | None:
    job = v.job
    if job is not None and job.kind in (JobKind.DELIVERY, JobKind.RETURN):
        if v.loads and v.id in s.desk.must_charge:
            return None
        return _after_drop(s, v, now) if v.loads or is_firm(s, v) else _open(s, v, now)
    if v.loads or (job is not None and job.kind is JobKind.MOVE):
        return None
    charges = job is not None and job.kind is JobKind.CHARGE
    if charges and v.charge < LEAVE and v.id not in s.desk.may_leave:
        return None
    if tired(s.desk, v.id, v.vehicle_class, v.charge, s.end_of_way(v)):
        return None
    return _open(s, v, now)


def _open(s: Situation, v: Vehicle, now: float) -> Offer | None:
    """Return the offer of a vehicle that stands, or that can turn round behind its base."""
    node, time, standing = s.end_of_way(v), now, Standing.IDLE
    if v.leg is not None:
        standing = Standing.UNDER_WAY
        node, time = behind_base(s.planner, v.id)
        if not can_redirect(s.planner, v.id) and v.leg.task.action_type:
            standing = Standing.BUSY  # it is released what it does there
    job = v.job
    fetches = job is not None and job.kind in (JobKind.DELIVERY, JobKind.RETURN)
    source = s.plant.places[job.source] if fetches and job and job.source else None
    return Offer(
        v.id,
        str(v.vehicle_class),
        node,
        max(time, now),
        v.charge,
        standing,
        str(key_of(job)) if fetches and job else None,
        source is not None and node == source.node,
        job is not None and job.kind is JobKind.CHARGE,
    )


def _after_drop(s: Situation, v: Vehicle, now: float) -> Offer | None:
    """Return the offer of a vehicle that has its load, or cannot give it up any more."""
    job = v.job
    if job is None or not s.on_floor(v.id):
        return None
    delivery = s.delivery_of(v)
    if delivery is not None and delivery.hold:
        return None
    if delivery is not None and delivery.phase is Phase.WAITING_FOR_PERSON:
        return None
    target = s.plant.places[job.target]
    time = drop_time(s, v, now)
    drain = s.desk.drain.use(v.id, str(v.vehicle_class), time - now)
    return Offer(
        v.id,
        str(v.vehicle_class),
        target.node,
        time,
        max(v.charge - drain, 0.0),
        Standing.BUSY,
    )


def drop_time(s: Situation, v: Vehicle, now: float) -> float:
    """Return when a vehicle is expected to have dropped the load it has or fetches [s]."""
    job = v.job
    if job is None:
        return now
    transfer, able = s.settings.transfer_time, s.desk.able(v.id)
    time = now if v.leg is None else max(s.graph.arrival(v.id), now)
    node = s.end_of_way(v)
    if not v.loads and job.source is not None:
        port = s.plant.places[job.source].node
        time += able.slower * s.desk.travel.time(v.vehicle_class, node, port)
        delivery = s.delivery_of(v)
        if delivery is not None and not delivery.at_port and not isnan(delivery.expected):
            time = max(time, delivery.expected)
        time += transfer
        node = port
    drive = s.desk.travel.time(v.vehicle_class, node, s.plant.places[job.target].node)
    pace = able.slower_loaded * s.desk.pace_loaded(str(v.vehicle_class))
    return time + pace * drive + transfer
