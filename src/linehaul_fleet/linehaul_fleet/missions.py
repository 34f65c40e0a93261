# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The missions that want a vehicle: deliveries whose container is known, and loads to bring back.

Charging, parking and moves begin with a vehicle and not with a load; they are in charging.py and
giving.py.
"""

from dataclasses import dataclass, replace
from math import inf, isnan, nan

from linehaul_fleet.delivery import Delivery, LoadId, Phase, RequestId
from linehaul_fleet.lateness import PATIENCE
from linehaul_fleet.model import Vehicle
from linehaul_fleet.situation import Situation
from linehaul_fleet.work import Job, JobKind
from linehaul_floor import Flow, Place, PlaceId, PlaceKind, VehicleId

RETURN_PRIORITY = 60
"""Priority of bringing a load back, below that of a normal delivery."""
RETURN_WITHIN = 900.0
"""[s] within which a load that nobody waits for is to be gone from its place."""
NEXT = 90.0
"""[s] that a load should be gone from its place before the next is needed there."""
TURN = 40.0
"""[s] between two picks at a port."""
OVERDUE = 5.0
"""[s] until a container comes that should be there already."""
READY_GUESS = 60.0
"""[s] until a promised container comes, where the warehouse does not say."""


@dataclass(frozen=True, slots=True)
class Mission:
    """A load to bring from a place to a place; times in seconds of the plant's clock.

    key: request id or load id. ready: when the load stands at the source. due: NaN if none;
    press: by when the load must be delivered so that what comes behind it at the source is not
    late; behind: how many those are. asked: when it could have been brought first. holder: who
    fetches it now; firm: that cannot be changed any more. changes: how often it changed vehicles;
    turned: how many missions its holder has lost to others since it had a load. hold: its line
    stands, and it is fetched only if it keeps others from the port.
    """

    key: str
    job: Job
    mass: float
    ready: float
    due: float
    priority: int
    asked: float
    holder: VehicleId | None = None
    firm: bool = False
    changes: int = 0
    turned: int = 0
    press: float = inf
    behind: int = 0
    hold: bool = False

    @property
    def source(self) -> PlaceId:
        """Where the load is fetched."""
        assert self.job.source is not None
        return self.job.source


def open_missions(s: Situation, now: float) -> list[Mission]:
    """Return all missions whose load is not on a vehicle yet, most urgent first."""
    busy = ((v.job, v) for v in s.model.vehicles.values() if v.job)
    fetching = {str(job.request_id or job.load_id): v for job, v in busy}
    found = [
        _delivery(s, d, fetching.get(d.request.request_id), now)
        for d in s.model.open.values()
        if d.port_id is not None and d.phase < Phase.LOADED
    ]
    found += _returns(s, fetching, now)
    wanted = (m for m in _in_line(found, now) if m.behind > 0 or m.firm or not m.hold)
    return sorted(wanted, key=_urgency)


def _urgency(mission: Mission) -> tuple[float, int, str]:
    return due_of(mission), -mission.priority, mission.key


def due_of(mission: Mission) -> float:
    """Return when a mission counts as late [s], also for what stands behind it."""
    own = mission.asked + PATIENCE if isnan(mission.due) else mission.due
    return min(own, mission.press)


def _in_line(missions: list[Mission], now: float) -> list[Mission]:
    """Let missions know who else is at their source.

    Loads come to a port one after the other: a load that is not there yet comes when those before
    it have been fetched, and the first is as urgent as any behind it.
    """
    lines: dict[PlaceId, list[Mission]] = {}
    for mission in missions:
        lines.setdefault(mission.source, []).append(mission)
    found = []
    for line in lines.values():
        line.sort(key=lambda m: (m.ready, m.key))
        press, priority, behind = inf, 0, 0
        for k in reversed(range(len(line))):
            m = line[k]
            comes = m.ready > now
            ready = max(m.ready, now + TURN * k) if comes and k > 0 else m.ready
            priority = max(priority, m.priority)
            found.append(replace(m, ready=ready, press=press, priority=priority, behind=behind))
            if comes:  # what stands there already can be fetched before those in front
                press, behind = min(press, due_of(m)) - TURN, behind + 1
            else:
                priority = 0 if behind == 0 else priority
    return found


def _delivery(s: Situation, d: Delivery, vehicle: Vehicle | None, now: float) -> Mission:
    job = Job(
        JobKind.DELIVERY,
        target=d.station_id,
        source=d.port_id,
        request_id=d.request.request_id,
        load_id=d.load_id,
    )
    expected = now + READY_GUESS if isnan(d.expected) else max(d.expected, now + OVERDUE)
    earliest = d.requested if isnan(d.earliest) else d.earliest
    return Mission(
        key=d.request.request_id,
        job=job,
        mass=s.plant.items[d.request.item_id].load_mass,
        ready=max(-inf if d.at_port else expected, not_before(s, d)),
        due=nan if d.hold else d.due,
        priority=0 if d.hold else d.priority,
        asked=max(d.requested, earliest),
        holder=vehicle.id if vehicle else None,
        firm=vehicle is not None and is_firm(s, vehicle),
        changes=d.reassignments,
        turned=s.desk.turned.get(vehicle.id, 0) if vehicle else 0,
        hold=d.hold,
    )


def not_before(s: Situation, d: Delivery) -> float:
    """Return the plant time [s] before which a pick would bring the load too early."""
    if isnan(d.earliest) or d.port_id is None:
        return -inf
    port, station = s.plant.places[d.port_id], s.plant.places[d.station_id]
    drive = min(s.desk.travel.time(c, port.node, station.node) for c in s.plant.classes)
    return d.earliest - drive - s.settings.transfer_time


def is_firm(s: Situation, vehicle: Vehicle) -> bool:
    """Return whether what a vehicle fetches is its own for good: the pick is released to it."""
    if vehicle.loads:
        return True
    leg = vehicle.leg
    if leg is None or leg.task.action_type != 'pick':
        return False
    if not s.on_floor(vehicle.id):
        return False
    path, _, granted = s.graph.path(vehicle.id)
    return granted >= len(path.nodes) - 1


def _returns(s: Situation, fetching: dict[str, Vehicle], now: float) -> list[Mission]:
    found = []
    for load_id, port_id in s.model.abandoned.items():
        found.append(_return(s, load_id, port_id, None, now))
    for vehicle in fetching.values():
        job = vehicle.job
        if job is not None and job.kind is JobKind.RETURN and job.source and not vehicle.loads:
            found.append(_return(s, job.load_id or LoadId(''), job.source, vehicle, now))
    return [mission for mission in found if mission is not None]


def _return(
    s: Situation, load_id: LoadId, port_id: PlaceId, vehicle: Vehicle | None, now: float
) -> Mission | None:
    place = s.plant.places.get(port_id)
    if place is None:
        return None
    target = vehicle.job.target if vehicle and vehicle.job else _best_in_port(s, place)
    if target is None:
        return None
    since = s.model.abandoned_at.get(load_id, now)
    return Mission(
        key=load_id,
        job=Job(JobKind.RETURN, target=target, source=port_id, load_id=load_id),
        mass=0.0,
        ready=-inf,
        due=min(since + RETURN_WITHIN, _place_needed(s, port_id)),
        priority=RETURN_PRIORITY,
        asked=since,
        holder=vehicle.id if vehicle else None,
        firm=vehicle is not None and is_firm(s, vehicle),
        changes=s.desk.changes.get(load_id, 0),
        turned=s.desk.turned.get(vehicle.id, 0) if vehicle else 0,
    )


def _place_needed(s: Situation, place_id: PlaceId) -> float:
    """Return when the next delivery needs a place where a load stands [s]; inf: none comes."""
    dues = (d.due for d in s.model.open.values() if d.station_id == place_id and not d.hold)
    return min((due for due in dues if not isnan(due)), default=inf) - NEXT


def _best_in_port(s: Situation, source: Place) -> PlaceId | None:
    """Return the port that takes loads in and is nearest, counting who is on the way there."""
    return best_in_port(s, source.node, source.classes)


def best_in_port(s: Situation, node: int, classes: frozenset[object]) -> PlaceId | None:
    """Return the best port for a load that is at a node, among those that its vehicles may enter.

    Each vehicle that is on its way to a port counts like a minute of driving.
    """
    promised = [v.job.target for v in s.model.vehicles.values() if v.job]
    best, least = None, inf
    for port in s.plant.places_of(PlaceKind.WAREHOUSE_PORT):
        common = port.classes & classes
        if port.flow not in (Flow.IN, Flow.BOTH) or not common or port.node == node:
            continue
        drive = min(s.desk.travel.time(c, node, port.node) for c in common)  # type: ignore[arg-type]
        cost = drive + 60.0 * promised.count(port.id)
        if cost < least:
            best, least = port.id, cost
    return best


def slack_of(mission: Mission, arrival: float) -> float:
    """Return the seconds between due and arrival; NaN without a due time."""
    return mission.due - arrival if not isnan(mission.due) else nan


def key_of(job: Job) -> RequestId | LoadId | None:
    """Return the key of the mission that a job is for."""
    return job.request_id or job.load_id
