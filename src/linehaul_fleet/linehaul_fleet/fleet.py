# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The fleet: from requests and vehicle states to events, orders and wishes for containers.

`Fleet` decides; it has no ROS, files, clock or threads. Its callers do three things in this order:
feed it what has happened, write the events of `take_events` to the journal, and only then send
what `take_orders` gives. A new Fleet made from the journalled events goes on where the old one
stopped: what vehicles report of themselves wins over what was planned.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import inf, isfinite, isnan

from linehaul_fleet.assign import assign
from linehaul_fleet.codes import Code, Refusal
from linehaul_fleet.delivery import Delivery, LoadId, Phase, Request, RequestId
from linehaul_fleet.events import (
    ContainerPromised,
    ContainerReady,
    DeliveryRequested,
    Event,
    JobEnded,
    JobGiven,
    LegCommitted,
    LegEnded,
    LoadAbandoned,
    PhaseReached,
    VehicleRelocated,
)
from linehaul_fleet.model import FleetModel, Vehicle
from linehaul_fleet.orders import Progress, Sending, make_order, order_id, progress
from linehaul_fleet.request import check
from linehaul_fleet.work import Job, JobKind, Leg, Task
from linehaul_floor import (
    ConflictTable,
    Flow,
    Place,
    PlaceId,
    PlaceKind,
    Plant,
    RouteTable,
    VehicleId,
)
from linehaul_traffic import ExecutionGraph, NoWay, Path, Wait, Wish, find_way
from linehaul_vda5050 import (
    ActionStatus,
    Connection,
    ConnectionState,
    ErrorLevel,
    OperatingMode,
    Order,
    OrderId,
    State,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be tuned: times in seconds, distances in metres, charge 0..1."""

    lookahead: float = 30.0
    charge_below: float = 0.3
    charge_until: float = 0.9
    transfer_time: float = 15.0
    state_timeout: float = 10.0
    open_deliveries: int = 10_000


@dataclass(slots=True)
class Fleet:
    """The fleet of one plant.

    Args:
        plant: the plant.
        conflicts: a conflict table for each ordered pair of vehicle classes.
        settings: see Settings.
        history: (plant time, event) pairs of the journal, oldest first.
    """

    plant: Plant
    conflicts: Mapping[tuple[str, str], ConflictTable]
    settings: Settings = field(default_factory=Settings)
    history: Iterable[tuple[float, Event]] = ()
    model: FleetModel = field(init=False)
    graph: ExecutionGraph = field(init=False)
    waits: dict[VehicleId, Wait] = field(init=False, default_factory=dict)
    refused: int = field(init=False, default=0)
    _routes: dict[str, RouteTable] = field(init=False, default_factory=dict)
    _events: list[Event] = field(init=False, default_factory=list)
    _sending: dict[VehicleId, Sending] = field(init=False, default_factory=dict)
    _resumed: set[VehicleId] = field(init=False, default_factory=set)
    _failures: dict[VehicleId, tuple[Code, str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Fold the history."""
        self.model = FleetModel(self.plant)
        self.graph = ExecutionGraph(self.plant.roadmap, self.conflicts)
        for class_id, vehicle_class in self.plant.classes.items():
            self._routes[class_id] = RouteTable(self.plant.roadmap, vehicle_class)
        for time, event in self.history:
            self.model.apply(event, time)
        for vehicle in self.model.in_commit_order():
            if vehicle.path is not None:
                self.graph.restore(vehicle.id, vehicle.vehicle_class, vehicle.path)

    # What comes in.

    def request(self, request: Request, now: float) -> Delivery | Refusal:
        """Take a request; the same one again gives the same delivery."""
        known = self.model.deliveries.get(request.request_id)
        if known is not None and known.request.same_as(request):
            return known
        refusal = self._refuse(request, now) if known is None else _reused(request)
        if refusal is not None:
            self.refused += 1
            return refusal
        self._note(DeliveryRequested(request), now)
        return self.model.deliveries[request.request_id]

    def _refuse(self, request: Request, now: float) -> Refusal | None:
        refusal = check(request, self.plant, now)
        if refusal is not None:
            return refusal
        if len(self.model.open) >= self.settings.open_deliveries:
            return Refusal(
                Code.TOO_MANY_OPEN, f'{len(self.model.open)} deliveries are open; ask again later'
            )
        item = self.plant.items[request.item_id]
        station = self.plant.places[request.station_id]
        able = [v for v in self.model.vehicles.values() if self._can(v, station, item.load_mass)]
        if not able:
            return Refusal(
                Code.NO_VEHICLE, f'no vehicle can bring {item.load_mass:.0f} kg to {station.id}'
            )
        return None

    def cancel(self, request_id: RequestId, now: float, why: str = 'cancelled') -> bool:
        """Cancel a delivery; False if it is not open. A load on its way goes back."""
        delivery = self.model.open.get(request_id)
        if delivery is None:
            return False
        self._end_delivery(delivery, Phase.CANCELLED, Code.CANCELLED, why, now)
        return True

    def container_promised(
        self, request_id: RequestId, port_id: PlaceId, load_id: LoadId, now: float
    ) -> None:
        """Take note that the warehouse brings a load to a port next."""
        delivery = self.model.open.get(request_id)
        if delivery is not None and delivery.load_id is None and self._is_out_port(port_id):
            self._note(ContainerPromised(request_id, port_id, load_id), now)

    def container_ready(
        self, request_id: RequestId, port_id: PlaceId, load_id: LoadId, now: float
    ) -> None:
        """Take note that the load stands at the port."""
        if not self._is_out_port(port_id):
            return
        delivery = self.model.deliveries.get(request_id)
        if delivery is None or delivery.phase.ended:
            if load_id not in self.model.abandoned:
                self._note(LoadAbandoned(load_id, port_id), now)
        elif not delivery.at_port:
            self._note(ContainerReady(request_id, port_id, load_id), now)

    def container_refused(self, request_id: RequestId, text: str, now: float) -> None:
        """Take note that the warehouse cannot bring the item."""
        delivery = self.model.open.get(request_id)
        if delivery is not None and not delivery.at_port:
            self._end_delivery(delivery, Phase.FAILED, Code.NO_STOCK, text, now)

    def connection(self, vehicle_id: VehicleId, connection: Connection) -> None:
        """Take a vehicle's connection state in."""
        vehicle = self.model.vehicles.get(vehicle_id)
        if vehicle is not None:
            vehicle.connection = connection.connection_state

    def vehicle_state(self, vehicle_id: VehicleId, state: State, now: float) -> None:
        """Take a vehicle's state in. Unknown vehicles are ignored."""
        vehicle = self.model.vehicles.get(vehicle_id)
        if vehicle is None:
            return
        vehicle.state, vehicle.heard = state, now
        node = self.plant.roadmap.node_index.get(state.last_node_id)  # type: ignore[call-overload]
        if node is None:
            vehicle.note = f'is at {state.last_node_id!r}, which is not on the roadmap'
            return
        if vehicle_id not in self.graph.vehicles:
            self.graph.place(vehicle_id, vehicle.vehicle_class, node)
            self._note(VehicleRelocated(vehicle_id, node), now)
        self._follow(vehicle, state, node, now)

    # What goes out.

    def take_events(self) -> list[Event]:
        """Return the events since the last call; journal them before anything is sent."""
        events, self._events = self._events, []
        return events

    def retrievals(self) -> list[Delivery]:
        """Return the deliveries for which the warehouse must still bring a container."""
        return [d for d in self.model.open.values() if not d.at_port and d.phase < Phase.LOADED]

    def tick(self, now: float) -> None:
        """Give out work, commit ways."""
        self._fail_stuck(now)
        self._end_dead_jobs(now)
        self._give_deliveries(now)
        self._give_returns(now)
        self._give_charging(now)
        self._give_parking(now)
        self._commit_legs(now)
        self._estimate(now)

    def take_orders(self, now: float) -> list[tuple[VehicleId, Order]]:
        """Grant ways and return the orders to send now, one at most for a vehicle."""
        orders = []
        for vehicle in self.model.vehicles.values():
            if vehicle.leg is not None and vehicle.state is not None:
                order = self._next_order(vehicle, vehicle.leg, vehicle.state, now)
                if order is not None:
                    orders.append((vehicle.id, order))
        return orders

    # Following the vehicles.

    def _follow(self, vehicle: Vehicle, state: State, node: int, now: float) -> None:
        leg = vehicle.leg
        if leg is None:
            if vehicle.path is not None and node != vehicle.path.nodes[-1]:
                self._relocate(vehicle, node, now)
            return
        done = progress(leg, state)
        if done is None:
            if node != leg.path.nodes[0]:
                self._relocate(vehicle, node, now)
            return
        if leg.path.nodes[done.reached] != node:
            self._relocate(vehicle, node, now)
            return
        sending = self._sending.get(vehicle.id)
        if sending is not None and done.update >= sending.order.order_update_id:
            del self._sending[vehicle.id]
        self.graph.resume(vehicle.id, done.reached, done.base)
        if done.ended and vehicle.id not in self._sending:
            self._end_leg(vehicle, leg, done, now)

    def _relocate(self, vehicle: Vehicle, node: int, now: float) -> None:
        """A person or a fault has put the vehicle elsewhere: forget its leg, keep its job."""
        self._sending.pop(vehicle.id, None)
        self.graph.remove(vehicle.id)
        self.graph.place(vehicle.id, vehicle.vehicle_class, node)
        self._note(VehicleRelocated(vehicle.id, node), now)

    def _end_leg(self, vehicle: Vehicle, leg: Leg, done: Progress, now: float) -> None:
        self._sending.pop(vehicle.id, None)
        self._note(LegEnded(vehicle.id, leg.order_id), now)
        job = vehicle.job
        if job is None or done.task is None:
            return
        if done.task is ActionStatus.FAILED:
            self._task_failed(vehicle, job, leg, done.text, now)
        elif leg.task.action_type == 'pick':
            self._picked(vehicle, job, now)
        elif leg.task.action_type == 'drop':
            self._dropped(vehicle, job, now)

    def _picked(self, vehicle: Vehicle, job: Job, now: float) -> None:
        delivery = self.model.open.get(job.request_id) if job.request_id else None
        if delivery is not None:
            self._note(PhaseReached(delivery.request.request_id, Phase.LOADED), now)
        elif job.kind is JobKind.DELIVERY:  # cancelled meanwhile
            self._give_up(vehicle, 'its delivery was cancelled', now)

    def _dropped(self, vehicle: Vehicle, job: Job, now: float) -> None:
        delivery = self.model.open.get(job.request_id) if job.request_id else None
        if delivery is not None:
            self._note(PhaseReached(delivery.request.request_id, Phase.DELIVERED), now)
        self._note(JobEnded(vehicle.id, 'done'), now)

    def _task_failed(self, vehicle: Vehicle, job: Job, leg: Leg, text: str, now: float) -> None:
        what = f'{vehicle.id} could not {leg.task.action_type} at {leg.place_id}: {text}'
        delivery = self.model.open.get(job.request_id) if job.request_id else None
        if delivery is not None:
            code = Code.PICK_FAILED if leg.task.action_type == 'pick' else Code.DROP_FAILED
            self._note(PhaseReached(delivery.request.request_id, Phase.FAILED, code, what), now)
        self._give_up(vehicle, what, now)

    def _give_up(self, vehicle: Vehicle, why: str, now: float) -> None:
        """End a job; a load that is on the vehicle goes back to the warehouse in a new one."""
        self._note(JobEnded(vehicle.id, why), now)

    def _end_delivery(
        self, delivery: Delivery, phase: Phase, code: Code, text: str, now: float
    ) -> None:
        request_id = delivery.request.request_id
        vehicle = self._vehicle_of(request_id)
        picked = delivery.phase >= Phase.LOADED
        self._note(PhaseReached(request_id, phase, code, text), now)
        stands = delivery.at_port and not picked and vehicle is None
        if stands and delivery.load_id and delivery.port_id:
            self._note(LoadAbandoned(delivery.load_id, delivery.port_id), now)

    def _vehicle_of(self, request_id: RequestId) -> Vehicle | None:
        return next(
            (v for v in self.model.vehicles.values() if v.job and v.job.request_id == request_id),
            None,
        )

    # Giving out work.

    def _usable(self, vehicle: Vehicle, now: float) -> bool:
        state = vehicle.state
        return (
            state is not None
            and vehicle.id in self.graph.vehicles
            and vehicle.connection in (ConnectionState.ONLINE, ConnectionState.UNKNOWN)
            and now - vehicle.heard < self.settings.state_timeout
            and state.operating_mode is OperatingMode.AUTOMATIC
            and not any(e.error_level is ErrorLevel.FATAL for e in state.errors)
        )

    def _free(self, vehicle: Vehicle, now: float) -> bool:
        if vehicle.leg is not None or vehicle.loads or not self._usable(vehicle, now):
            return False
        job = vehicle.job
        if job is None or job.kind is JobKind.PARK:
            return self._charge(vehicle) >= self.settings.charge_below
        return job.kind is JobKind.CHARGE and self._charge(vehicle) >= self.settings.charge_until

    def _can(self, vehicle: Vehicle, place: Place, mass: float) -> bool:
        vehicle_class = self.plant.classes[vehicle.vehicle_class]
        return vehicle_class.id in place.classes and mass <= vehicle_class.load_mass_max

    def _charge(self, vehicle: Vehicle) -> float:
        return vehicle.state.power_supply.state_of_charge if vehicle.state else 0.0

    def _give_deliveries(self, now: float) -> None:
        waiting = [
            d
            for d in self.model.open.values()
            if d.vehicle_id is None
            and d.port_id is not None
            and d.phase < Phase.LOADED
            and not now < d.request.earliest - 600.0
        ]
        free = [v.id for v in self.model.vehicles.values() if self._free(v, now)]
        for vehicle_id, request_id in assign(waiting, free, self._travel, now):
            delivery = self.model.open[request_id]
            job = Job(
                JobKind.DELIVERY,
                target=delivery.request.station_id,
                source=delivery.port_id,
                request_id=request_id,
                load_id=delivery.load_id,
            )
            self._take_job(self.model.vehicles[vehicle_id], job, now)
            self._note(PhaseReached(request_id, Phase.FETCHING), now)

    def _travel(self, vehicle_id: VehicleId, delivery: Delivery) -> float:
        vehicle = self.model.vehicles[vehicle_id]
        item = self.plant.items[delivery.request.item_id]
        port = self.plant.places[delivery.port_id]  # type: ignore[index]
        station = self.plant.places[delivery.request.station_id]
        if not all(self._can(vehicle, place, item.load_mass) for place in (port, station)):
            return inf
        return self._time(vehicle, self._at(vehicle), port)

    def _give_returns(self, now: float) -> None:
        """Loads that nobody waits for go back: those on vehicles, then those at ports."""
        for vehicle in self.model.vehicles.values():
            if vehicle.job is None and vehicle.leg is None and vehicle.loads:
                target = self._return_port(vehicle)
                if target is not None and self._usable(vehicle, now):
                    job = Job(JobKind.RETURN, target=target.id, load_id=vehicle.loads[0])
                    self._take_job(vehicle, job, now)
        for load_id, port_id in list(self.model.abandoned.items()):
            port = self.plant.places[port_id]
            free = [
                v
                for v in self.model.vehicles.values()
                if self._free(v, now) and self._can(v, port, 0.0)
            ]
            target = self._return_port(free[0]) if free else None
            if target is not None:
                vehicle = min(free, key=lambda v: self._time(v, self._at(v), port))
                job = Job(JobKind.RETURN, target=target.id, source=port_id, load_id=load_id)
                self._take_job(vehicle, job, now)

    def _return_port(self, vehicle: Vehicle) -> Place | None:
        ports = [
            p
            for p in self.plant.places_of(PlaceKind.WAREHOUSE_PORT)
            if p.flow in (Flow.IN, Flow.BOTH) and vehicle.vehicle_class in p.classes
        ]
        promised = [v.job.target for v in self.model.vehicles.values() if v.job]
        return min(
            ports,
            key=lambda p: (promised.count(p.id), self._time(vehicle, self._at(vehicle), p)),
            default=None,
        )

    def _give_charging(self, now: float) -> None:
        taken = {v.job.target for v in self.model.vehicles.values() if v.job}
        for vehicle in self.model.vehicles.values():
            low = self._charge(vehicle) < self.settings.charge_below
            busy = vehicle.job is not None and vehicle.job.kind is not JobKind.PARK
            if not low or busy or vehicle.leg is not None or not self._usable(vehicle, now):
                continue
            chargers = [
                p
                for p in self.plant.places_of(PlaceKind.CHARGER)
                if p.id not in taken and vehicle.vehicle_class in p.classes
            ]
            if chargers:
                at = self._at(vehicle)
                best = min(chargers, key=lambda p: self._time(vehicle, at, p))
                taken.add(best.id)
                self._take_job(vehicle, Job(JobKind.CHARGE, target=best.id), now)

    def _give_parking(self, now: float) -> None:
        """A vehicle with nothing to do goes home, so that it is in nobody's way."""
        for vehicle in self.model.vehicles.values():
            if vehicle.leg is not None or not self._usable(vehicle, now):
                continue
            job, home = vehicle.job, self.plant.places[vehicle.home]
            charged = (
                job is not None
                and job.kind is JobKind.CHARGE
                and self._charge(vehicle) >= self.settings.charge_until
            )
            idle = job is None and not vehicle.loads and self._at(vehicle) != home.node
            if charged or idle:
                self._take_job(vehicle, Job(JobKind.PARK, target=home.id), now)
            elif job is not None and job.kind is JobKind.PARK and self._at(vehicle) == home.node:
                self._note(JobEnded(vehicle.id, 'parked'), now)

    def _take_job(self, vehicle: Vehicle, job: Job, now: float) -> None:
        if vehicle.job is not None:
            self._note(JobEnded(vehicle.id, f'takes {job.kind.name.lower()}'), now)
        self._note(JobGiven(vehicle.id, job), now)

    def _fail_stuck(self, now: float) -> None:
        """Deliveries to places that no way leads to fail with a reason."""
        for vehicle_id, (code, text) in list(self._failures.items()):
            del self._failures[vehicle_id]
            vehicle = self.model.vehicles[vehicle_id]
            job = vehicle.job
            delivery = self.model.open.get(job.request_id) if job and job.request_id else None
            if delivery is not None:
                self._end_delivery(delivery, Phase.FAILED, code, text, now)
            elif job is not None:
                self._give_up(vehicle, text, now)

    def _end_dead_jobs(self, now: float) -> None:
        """A delivery that ended before its load was picked leaves a job without a purpose."""
        for vehicle in self.model.vehicles.values():
            job = vehicle.job
            if vehicle.leg is not None or job is None or job.kind is not JobKind.DELIVERY:
                continue
            delivery = self.model.deliveries[job.request_id]  # type: ignore[index]
            if delivery.phase.ended:
                if not vehicle.loads and delivery.at_port and delivery.load_id and job.source:
                    self._note(LoadAbandoned(delivery.load_id, job.source), now)
                self._give_up(vehicle, f'{delivery.request.request_id} has ended', now)
            elif delivery.phase >= Phase.LOADED and not vehicle.loads:
                text = f'{vehicle.id} no longer carries {delivery.load_id}; look where it is'
                self._end_delivery(delivery, Phase.FAILED, Code.VEHICLE_LOST, text, now)

    # Ways.

    def _commit_legs(self, now: float) -> None:
        self.waits = {k: w for k, w in self.waits.items() if self.model.vehicles[k].leg}
        for vehicle in sorted(self.model.vehicles.values(), key=self._rank):
            if vehicle.job is None or vehicle.leg is not None or not self._usable(vehicle, now):
                continue
            step = self._step(vehicle, vehicle.job)
            if step is not None:
                self._commit(vehicle, *step, now)

    def _rank(self, vehicle: Vehicle) -> tuple[float, int, str]:
        delivery = (
            self.model.open.get(vehicle.job.request_id)
            if vehicle.job and vehicle.job.request_id
            else None
        )
        if delivery is None:
            return inf, 0, vehicle.id
        due = delivery.request.due
        return (inf if isnan(due) else due), -delivery.request.priority, vehicle.id

    def _step(self, vehicle: Vehicle, job: Job) -> tuple[Place, Task] | None:
        """Return where the vehicle goes next for its job and what it does there."""
        places = self.plant.places
        if job.kind in (JobKind.DELIVERY, JobKind.RETURN):
            if vehicle.loads:
                return places[job.target], _task('drop', places[job.target], vehicle.loads[0])
            if job.source is None:
                return None
            source = places[job.source]
            ready = job.kind is JobKind.RETURN or self.model.deliveries[job.request_id].at_port  # type: ignore[index]
            return source, _task('pick', source, job.load_id) if ready else Task()
        target = places[job.target]
        if job.kind is JobKind.CHARGE:
            return target, Task('startCharging')
        return target, Task()

    def _commit(self, vehicle: Vehicle, place: Place, task: Task, now: float) -> None:
        here = self._at(vehicle)
        if here == place.node and not self._has_to_act(vehicle, task):
            return
        route = self._way(vehicle, place)
        if isinstance(route, NoWay):
            name = self.plant.roadmap.node_ids[here]
            text = f'no way leads from {name} to {place.id} for a {vehicle.vehicle_class} vehicle'
            self._failures[vehicle.id] = (Code.NO_ROUTE, text)
            return
        if isinstance(route, Wait):
            self.waits[vehicle.id] = route
            self._step_aside(vehicle, now)
            return
        self._commit_leg(vehicle, route, place, task, now)

    def _commit_leg(
        self, vehicle: Vehicle, path: Path, place: Place, task: Task, now: float
    ) -> None:
        self.waits.pop(vehicle.id, None)
        self.graph.commit(vehicle.id, path)
        leg = Leg(OrderId(order_id(vehicle.id, vehicle.orders)), path, place.id, task)
        self._note(LegCommitted(vehicle.id, leg), now)
        job = vehicle.job
        delivery = self.model.open.get(job.request_id) if job and job.request_id else None
        if delivery is not None and task.action_type == 'drop':
            self._note(PhaseReached(delivery.request.request_id, Phase.DELIVERING), now)

    def _has_to_act(self, vehicle: Vehicle, task: Task) -> bool:
        if task.action_type == 'startCharging':
            return vehicle.state is not None and not vehicle.state.power_supply.charging
        return bool(task.action_type)

    def _way(self, vehicle: Vehicle, place: Place) -> Path | Wait | NoWay:
        position = vehicle.state.mobile_robot_position if vehicle.state else None
        wish = Wish(
            vehicle=vehicle.id,
            vehicle_class=self.plant.classes[vehicle.vehicle_class],
            start=self._at(vehicle),
            goal=place.node,
            heading=position.theta if position else None,
        )
        return find_way(wish, self.graph, self._routes, self.plant.roadmap)

    def _step_aside(self, vehicle: Vehicle, now: float) -> None:
        """While its goal is taken a vehicle waits at home, so that no two block each other."""
        here = self.plant.place_of_node(self._at(vehicle))
        if here is None or here.kind is PlaceKind.PARKING:
            return
        wanted = any(
            v.job is not None and here.id in (v.job.target, v.job.source)
            for v in self.model.vehicles.values()
            if v.id != vehicle.id
        )
        home = self.plant.places[vehicle.home]
        route = self._way(vehicle, home) if wanted else None
        if isinstance(route, Path):
            self._commit_leg(vehicle, route, home, Task(), now)

    def _next_order(self, vehicle: Vehicle, leg: Leg, state: State, now: float) -> Order | None:
        """Return the order to send to a vehicle now, None if it has what it may have."""
        sending = self._sending.get(vehicle.id)
        if sending is not None:
            return self._resend(vehicle, sending, now)
        done = progress(leg, state)
        granted, wait = self.graph.grant(vehicle.id, self.settings.lookahead)
        if wait is not None:
            self.waits[vehicle.id] = wait
        else:
            self.waits.pop(vehicle.id, None)
        if done is not None and granted <= done.base:
            return None
        order = make_order(
            leg,
            self.plant.roadmap,
            self.plant.name,
            first=0 if done is None else done.base,
            granted=granted,
            update=0 if done is None else done.update + 1,
            with_task=self._still_wanted(vehicle, leg),
        )
        self._sending[vehicle.id] = Sending(order, now, 1)
        return order

    def _resend(self, vehicle: Vehicle, sending: Sending, now: float) -> Order | None:
        if not sending.due(now):
            return None
        self._sending[vehicle.id] = sending.again(now)
        reason = _rejection(vehicle.state, sending.order)
        vehicle.note = f'does not confirm order {sending.order.order_id}' + reason
        return sending.order

    def _still_wanted(self, vehicle: Vehicle, leg: Leg) -> bool:
        """A pick for a delivery that was cancelled is left out, unless it is already released."""
        job = vehicle.job
        if job is None or job.kind is not JobKind.DELIVERY or leg.task.action_type != 'pick':
            return True
        return job.request_id in self.model.open

    def _at(self, vehicle: Vehicle) -> int:
        """Return the node where a vehicle without a leg rests, else where its leg ends."""
        path, _, _ = self.graph.path(vehicle.id)
        return path.nodes[-1]

    def _time(self, vehicle: Vehicle, node: int, place: Place) -> float:
        return self._routes[vehicle.vehicle_class].time(node, place.node)

    # What people and callers want to know.

    def _estimate(self, now: float) -> None:
        """Say when each open delivery is going to arrive; NaN while nobody can know."""
        for delivery in self.model.open.values():
            vehicle = self._carrier(delivery)
            if vehicle is None or delivery.port_id is None:
                continue
            port = self.plant.places[delivery.port_id]
            station = self.plant.places[delivery.request.station_id]
            left = self._left(vehicle)
            if delivery.phase < Phase.LOADED:
                left += self._time(vehicle, self._at(vehicle), port) + self.settings.transfer_time
                left += self._time(vehicle, port.node, station)
            else:
                left += self._time(vehicle, self._at(vehicle), station)
            if isfinite(left):
                delivery.eta = now + left + self.settings.transfer_time

    def _carrier(self, delivery: Delivery) -> Vehicle | None:
        if delivery.vehicle_id is None:
            return None
        vehicle = self.model.vehicles[delivery.vehicle_id]
        return vehicle if vehicle.id in self.graph.vehicles else None

    def _left(self, vehicle: Vehicle) -> float:
        """Return the driving time [s] to the end of the vehicle's leg."""
        if vehicle.leg is None:
            return 0.0
        path, reached, _ = self.graph.path(vehicle.id)
        table = self._routes[vehicle.vehicle_class]
        return table.time(path.nodes[reached], path.nodes[-1])

    def _is_out_port(self, place_id: PlaceId) -> bool:
        place = self.plant.places.get(place_id)
        return place is not None and place.kind is PlaceKind.WAREHOUSE_PORT

    def _note(self, event: Event, now: float) -> None:
        self.model.apply(event, now)
        self._events.append(event)


def class_pairs(plant: Plant) -> list[tuple[str, str]]:
    """Return the ordered pairs of classes that drive on a plant, for its conflict tables."""
    used = sorted({spawn.vehicle_class for spawn in plant.fleet})
    return list(product(used, used))


def _reused(request: Request) -> Refusal:
    return Refusal(
        Code.REQUEST_ID_REUSED,
        f'request_id {request.request_id} was used for something else; give each request its own',
    )


def _task(kind: str, place: Place, load_id: LoadId | None) -> Task:
    parameters = [('stationName', str(place.id)), ('stationType', place.kind.name.lower())]
    if load_id is not None:
        parameters.append(('loadId', str(load_id)))
    return Task(kind, tuple(parameters))


def _rejection(state: State | None, order: Order) -> str:
    if state is None:
        return ''
    for error in state.errors:
        if error.reference('orderId') == order.order_id:
            return f': {error.error_type} {error.error_description}'.rstrip()
    return ''
