# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the fleet knows: a fold of its events, plus what vehicles say of themselves.

The fold is what must survive a crash; vehicle states and connections come anew by themselves.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import inf, nan
from typing import get_args

from linehaul_fleet.acts import (
    Act,
    Command,
    Holder,
    LoadFound,
    LoadStranded,
    VehicleCommanded,
    VehicleJoined,
)
from linehaul_fleet.control import Control
from linehaul_fleet.delivery import Delivery, LoadId, Phase, RequestId
from linehaul_fleet.events import (
    ContainerPromised,
    ContainerReady,
    DeliveryChanged,
    DeliveryReassigned,
    DeliveryRequested,
    Event,
    JobEnded,
    JobGiven,
    LegCommitted,
    LegEnded,
    LegRedirected,
    LegReplanned,
    LoadAbandoned,
    LoadsExchanged,
    PhaseReached,
    VehicleRelocated,
)
from linehaul_fleet.work import Job, JobKind, Leg
from linehaul_floor import ClassId, PlaceId, Plant, VehicleId
from linehaul_traffic import Path
from linehaul_vda5050 import ConnectionState, State

MOST_ABANDONED = 10_000
"""Loads of which is remembered since when nobody waits for them."""

MOST_RECENT = 1000
"""Deliveries that ended lately and are remembered as such."""


@dataclass(slots=True)
class Vehicle:
    """One vehicle of the plant file.

    path and commit are those of its last leg, also after the leg has ended: it rests at the end of
    path. heard is the plant time [s] of its last state, fresh the same on the fleet's own clock
    that does not jump. orders counts the legs it ever had.
    """

    id: VehicleId
    vehicle_class: ClassId
    home: PlaceId
    state: State | None = None
    heard: float = -inf
    fresh: float = -inf
    connection: ConnectionState = ConnectionState.UNKNOWN
    job: Job | None = None
    leg: Leg | None = None
    path: Path | None = None
    commit: int = 0
    orders: int = 0
    note: str = ''

    @property
    def loads(self) -> tuple[LoadId, ...]:
        """Ids of the loads it says it carries."""
        if self.state is None or self.state.loads is None:
            return ()
        return tuple(LoadId(str(load.load_id)) for load in self.state.loads)

    @property
    def charge(self) -> float:
        """State of charge 0..1; 0 until it has said so."""
        return self.state.power_supply.state_of_charge if self.state else 0.0


@dataclass(slots=True)
class FleetModel:
    """All deliveries and vehicles of one plant."""

    plant: Plant
    deliveries: dict[RequestId, Delivery] = field(default_factory=dict)
    open: dict[RequestId, Delivery] = field(default_factory=dict)
    vehicles: dict[VehicleId, Vehicle] = field(default_factory=dict)
    abandoned: dict[LoadId, PlaceId] = field(default_factory=dict)
    abandoned_at: dict[LoadId, float] = field(default_factory=dict)
    retrievals: dict[RequestId, RequestId] = field(default_factory=dict)
    control: Control = field(default_factory=Control)
    commits: int = 0
    ended: Counter[Phase] = field(default_factory=Counter)
    late: int = 0
    reassigned: int = 0
    recent: deque[Delivery] = field(default_factory=lambda: deque(maxlen=MOST_RECENT))

    def __post_init__(self) -> None:
        """Begin with the plant file's vehicles."""
        for spawn in self.plant.fleet:
            self.vehicles[spawn.id] = Vehicle(spawn.id, spawn.vehicle_class, spawn.place)

    def of_retrieval(self, retrieval_id: RequestId) -> Delivery | None:
        """Return the delivery for which the warehouse was asked under this id."""
        return self.deliveries.get(self.retrievals.get(retrieval_id, retrieval_id))

    def in_commit_order(self) -> Iterator[Vehicle]:
        """Yield the vehicles that ever had a leg, earliest commit first."""
        known = (v for v in self.vehicles.values() if v.path is not None)
        yield from sorted(known, key=lambda v: v.commit)

    def apply(self, event: Event, time: float) -> None:
        """Take an event in. Never refuses: an event is something that has happened."""
        match event:
            case DeliveryRequested(request):
                delivery = Delivery(request, time)
                self.deliveries[request.request_id] = delivery
                self.open[request.request_id] = delivery
            case ContainerPromised(request_id, port_id, load_id, eta):
                delivery = self.deliveries[request_id]
                delivery.port_id, delivery.load_id, delivery.expected = port_id, load_id, eta
            case ContainerReady(request_id, port_id, load_id):
                delivery = self.deliveries[request_id]
                delivery.port_id, delivery.load_id, delivery.at_port = port_id, load_id, True
            case DeliveryChanged():
                delivery = self.deliveries[event.request_id]
                delivery.earliest, delivery.due = event.earliest, event.due
                delivery.priority = event.priority
                if event.hold != delivery.hold:
                    delivery.held_since = time if event.hold else nan
                delivery.station_id, delivery.hold = event.station_id, event.hold
                self._retarget(delivery, event.request_id)
            case DeliveryReassigned(request_id):
                self.deliveries[request_id].reassignments += 1
                self.reassigned += 1
            case LoadsExchanged():
                self._exchange(event)
            case PhaseReached():
                self._phase(event, time)
            case LoadAbandoned(load_id, port_id):
                self.abandoned[load_id] = port_id
                self.abandoned_at.setdefault(load_id, time)
                if len(self.abandoned_at) > MOST_ABANDONED:
                    del self.abandoned_at[next(iter(self.abandoned_at))]
            case _ if isinstance(event, get_args(Act)):
                self._act(event)
            case _:
                self._vehicle(event)

    def _act(self, event: Act) -> None:
        match event:
            case VehicleJoined(vehicle_id, class_id, home):
                self.vehicles[vehicle_id] = Vehicle(vehicle_id, class_id, home)
            case VehicleCommanded(vehicle_id, Command.REMOVE):
                vehicle = self.vehicles[vehicle_id]
                vehicle.leg, vehicle.path, vehicle.state = None, None, None
            case LoadFound(load_id, Holder.PORT, port_id) if load_id in self.control.lost:
                self._found_at_port(self.control.lost[load_id], PlaceId(port_id))
        self.control.apply(event, list(self.vehicles))

    def _found_at_port(self, lost: LoadStranded, port_id: PlaceId) -> None:
        delivery = self.open.get(lost.request_id) if lost.request_id else None
        if delivery is not None:
            delivery.port_id, delivery.at_port, delivery.vehicle_id = port_id, True, None

    def _phase(self, event: PhaseReached, time: float) -> None:
        delivery = self.deliveries[event.request_id]
        delivery.phase = event.phase
        if event.phase.ended:
            delivery.ended, delivery.code, delivery.text = time, event.code, event.text
            self.open.pop(event.request_id, None)
            self.ended[event.phase] += 1
            self.late += delivery.lateness > 0.0
            self.recent.append(delivery)

    def _exchange(self, event: LoadsExchanged) -> None:
        """Let two deliveries change places behind everything that is done for them."""
        a, b = self.deliveries[event.request_id], self.deliveries[event.other_id]
        a.given_up += 1
        untouched = b.retrieval_id == b.request.request_id and b.load_id is None
        for name in ('phase', 'port_id', 'load_id', 'at_port', 'expected', 'vehicle_id', 'eta'):
            old = getattr(a, name)
            setattr(a, name, getattr(b, name))
            setattr(b, name, old)
        a.retrieval_id, b.retrieval_id = b.retrieval_id, a.retrieval_id
        if untouched:
            a.retrieval_id = event.retrieval_id
        for delivery in (a, b):
            self.retrievals[delivery.retrieval_id] = delivery.request.request_id
        self._retarget(a, event.other_id)
        self._retarget(b, event.request_id)

    def _retarget(self, delivery: Delivery, of: RequestId) -> None:
        """Let the vehicle that a delivery has now, and that worked for `of`, work for it."""
        vehicle = self.vehicles.get(delivery.vehicle_id) if delivery.vehicle_id else None
        if vehicle is not None and vehicle.job is not None and vehicle.job.request_id == of:
            vehicle.job = replace(
                vehicle.job, request_id=delivery.request.request_id, target=delivery.station_id
            )

    def _vehicle(self, event: Event) -> None:
        match event:
            case JobGiven(vehicle_id, job):
                self.vehicles[vehicle_id].job = job
                self._note_vehicle(job, vehicle_id)
                if job.kind is JobKind.RETURN and job.load_id is not None:
                    self.abandoned.pop(job.load_id, None)
            case JobEnded(vehicle_id):
                vehicle = self.vehicles[vehicle_id]
                if vehicle.job is not None:
                    self._note_vehicle(vehicle.job, None)
                vehicle.job = None
            case LegCommitted(vehicle_id, leg):
                vehicle = self.vehicles[vehicle_id]
                self.commits += 1
                vehicle.leg, vehicle.path, vehicle.commit = leg, leg.path, self.commits
                vehicle.orders += 1
            case LegReplanned(vehicle_id, path):
                vehicle = self.vehicles[vehicle_id]
                if vehicle.leg is not None:
                    vehicle.leg, vehicle.path = replace(vehicle.leg, path=path), path
            case LegRedirected(vehicle_id, leg):
                vehicle = self.vehicles[vehicle_id]
                vehicle.leg, vehicle.path = leg, leg.path
            case LegEnded(vehicle_id):
                vehicle = self.vehicles[vehicle_id]
                vehicle.leg = None
                if vehicle.path is not None:
                    vehicle.path = Path(vehicle.path.nodes[-1:], ())
            case VehicleRelocated(vehicle_id, node):
                vehicle = self.vehicles[vehicle_id]
                vehicle.leg, vehicle.path = None, Path((node,), ())

    def _note_vehicle(self, job: Job, vehicle_id: VehicleId | None) -> None:
        delivery = self.open.get(job.request_id) if job.request_id else None
        if delivery is None:
            return
        if vehicle_id is not None and delivery.vehicle_id not in (None, vehicle_id):
            delivery.reassignments += 1
        if vehicle_id is not None or delivery.phase < Phase.LOADED:
            delivery.vehicle_id = vehicle_id
