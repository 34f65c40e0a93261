# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What all decisions of the fleet share: what is known, who is where, how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from linehaul_fleet.acts import Holder
from linehaul_fleet.delivery import Delivery, LoadId
from linehaul_fleet.desk import Desk
from linehaul_fleet.events import Event, LegReplanned
from linehaul_fleet.model import FleetModel, Vehicle
from linehaul_fleet.orders import Sending
from linehaul_floor import ConflictTable, Place, Plant, RouteTable, VehicleId
from linehaul_traffic import ExecutionGraph, ExplainedWait, TrafficPlanner, Wait, Watchdog
from linehaul_vda5050 import ConnectionState, ErrorLevel, OperatingMode

CLOCK_STEP = 5.0
"""[s] by which the fleet's own clock goes on at most in one round, whatever plant time does."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be tuned: times in seconds, distances in metres, charge 0..1.

    lose_after: how long a vehicle may be silent before others get its work. order_attempts: how
    often an order is sent that the vehicle refuses. transfer_retries, retry_pause: how often and
    how soon a handover that failed is tried again. person_patience: how long a vehicle then waits
    for a person before it gives the handover up.
    """

    lookahead: float = 30.0
    charge_below: float = 0.3
    charge_until: float = 0.9
    transfer_time: float = 15.0
    retrieve_early: float = 300.0
    state_timeout: float = 10.0
    open_deliveries: int = 10_000
    lose_after: float = 20.0
    order_attempts: int = 5
    transfer_retries: int = 2
    retry_pause: float = 5.0
    person_patience: float = 300.0


@dataclass(frozen=True, slots=True)
class Asking:
    """An instant action that was sent: when, on the fleet's own clock [s], and how often."""

    sent: float
    times: int


@dataclass(frozen=True, slots=True)
class Failing:
    """A handover that waits for its next try: tries so far, last and first failure [s]."""

    tried: int
    since: float
    first: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a vehicle, and since when on the fleet's own clock [s].

    grave: others get its work at once.
    """

    reason: str
    since: float
    grave: bool

    def lost(self, clock: float, lose_after: float) -> bool:
        """Return whether others get the vehicle's work by now, on the fleet's own clock [s]."""
        return self.grave or clock - self.since >= lose_after


@dataclass(slots=True)
class Situation:
    """The fleet's knowledge and the events that have not been taken out of it yet."""

    plant: Plant
    conflicts: Mapping[tuple[str, str], ConflictTable]
    settings: Settings
    model: FleetModel = field(init=False)
    graph: ExecutionGraph = field(init=False)
    planner: TrafficPlanner = field(init=False)
    routes: dict[str, RouteTable] = field(init=False)
    waits: dict[VehicleId, Wait] = field(default_factory=dict)
    explained: dict[VehicleId, ExplainedWait] = field(default_factory=dict)
    sending: dict[VehicleId, Sending] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)
    replanned: bool = False
    clock: float = 0.0
    _last: float = inf
    asking: dict[str, Asking] = field(default_factory=dict)
    troubles: dict[VehicleId, Trouble] = field(default_factory=dict)
    slow: dict[int, float] = field(default_factory=dict)
    failing: dict[str, Failing] = field(default_factory=dict)
    adopted: dict[VehicleId, tuple[str, int, int]] = field(default_factory=dict)
    custody: dict[LoadId, tuple[Holder, str]] = field(default_factory=dict)
    desk: Desk = field(init=False)
    watchdog: Watchdog = field(init=False)
    watched: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with an empty floor."""
        self.model = FleetModel(self.plant)
        self.desk = Desk(self.plant)
        classes = {str(name): c for name, c in self.plant.classes.items()}
        self.graph = ExecutionGraph(self.plant.roadmap, self.conflicts, classes)
        self.planner = TrafficPlanner(self.graph)
        self.watchdog = Watchdog(self.planner)
        self.routes = {
            class_id: RouteTable(self.plant.roadmap, vehicle_class)
            for class_id, vehicle_class in self.plant.classes.items()
        }

    def run_clock(self, now: float) -> None:
        """Let the fleet's own clock run on: with plant time, but never back and never in leaps."""
        self.clock += min(max(now - self._last, 0.0), CLOCK_STEP)
        self._last = now

    def note(self, event: Event, now: float) -> None:
        """Take an event in; it waits here for the journal."""
        self.model.apply(event, now)
        self.events.append(event)
        self.desk.noted += not isinstance(event, LegReplanned)

    def on_floor(self, vehicle_id: VehicleId) -> bool:
        """Return whether a vehicle has a place in the execution graph."""
        try:
            self.graph.slot(vehicle_id)
        except KeyError:
            return False
        return True

    def end_of_way(self, vehicle: Vehicle) -> int:
        """Return the node where a vehicle without a leg rests, else where its leg ends."""
        path, _, _ = self.graph.path(vehicle.id)
        return path.nodes[-1]

    def time(self, vehicle: Vehicle, node: int, place: Place) -> float:
        """Return the driving time [s] of a vehicle from a node to a place; inf: no way."""
        return self.routes[vehicle.vehicle_class].time(node, place.node)

    def usable(self, vehicle: Vehicle, now: float) -> bool:  # noqa: ARG002 (asked with it)
        """Return whether a vehicle can be given something to do."""
        state = vehicle.state
        return (
            state is not None
            and self.on_floor(vehicle.id)
            and vehicle.connection in (ConnectionState.ONLINE, ConnectionState.UNKNOWN)
            and self.clock - vehicle.fresh < self.settings.state_timeout
            and state.operating_mode is OperatingMode.AUTOMATIC
            and not any(e.error_level is ErrorLevel.FATAL for e in state.errors)
            and self._obeys(vehicle.id)
            and vehicle.id not in self.adopted
        )

    def _obeys(self, vehicle_id: VehicleId) -> bool:
        """Return whether a vehicle may be given orders; one taken out still brings what it has."""
        aside = self.model.control.aside.get(vehicle_id)
        return (aside is None or aside.by_person) and vehicle_id not in self.model.control.gone

    def can(self, vehicle: Vehicle, place: Place, mass: float) -> bool:
        """Return whether a vehicle may enter a place and can carry a mass [kg]."""
        vehicle_class = self.plant.classes[vehicle.vehicle_class]
        return vehicle_class.id in place.classes and mass <= vehicle_class.load_mass_max

    def delivery_of(self, vehicle: Vehicle) -> Delivery | None:
        """Return the open delivery that a vehicle works for."""
        job = vehicle.job
        return self.model.open.get(job.request_id) if job and job.request_id else None
