# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated plant: every vehicle, port and load, moved on by one step at a time.

Inputs (orders, instant actions, requests, faults) are taken between steps; `step` moves the world
on and `take_outputs` says what the outside gets to know. Everything that evolves is in
`WorldData`, which pickles; the same data and the same inputs give the same world again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from linehaul_vda5050.reach import Pose

from linehaul_agv import (
    ActionReported,
    AgvState,
    CancelAction,
    Command,
    Drive,
    Elements,
    ErrorRaised,
    Event,
    Halt,
    Hold,
    InstantActionsReceived,
    NodeReached,
    Observation,
    OrderReceived,
    SendFactsheet,
    SendState,
    StartAction,
    Stopped,
    Vehicle,
    advance,
    factsheet,
    report,
)
from linehaul_floor import EdgeId, Place, Plant, VehicleId
from linehaul_sim.bodies import Bodies, Drives, bodies_at
from linehaul_sim.checker import Checker, Verdict
from linehaul_sim.errors import UnknownIdError
from linehaul_sim.faults import Fault, FaultKind, Radio
from linehaul_sim.handling import (
    FAIL_TIME,
    Handling,
    Job,
    charge_problem,
    done,
    drop_problem,
    failed,
    finish_transfer,
    pick_problem,
)
from linehaul_sim.inputs import (
    FaultInjected,
    Input,
    InstantActionsSent,
    OrderSent,
    RetrievalAsked,
    RetrievalCancelled,
)
from linehaul_sim.loads import Ledger, Load, new_ledger
from linehaul_sim.settings import Settings
from linehaul_sim.warehouse import (
    Refused,
    Retrieval,
    RetrieveRequest,
    Warehouse,
    cancel_retrieval,
    draw_duration,
    retrieve,
    step_stations,
    step_warehouse,
)
from linehaul_vda5050 import (
    Action,
    ActionStatus,
    Connection,
    ConnectionState,
    Error,
    ErrorLevel,
    Factsheet,
    Header,
    InstantActions,
    MapId,
    NodeId,
    Order,
    PowerSupply,
    State,
    error_types,
)
from linehaul_vda5050 import Load as VdaLoad

BATTERY = Error(error_types.BATTERY_EMPTY, ErrorLevel.FATAL, 'battery is empty', 'tow it')
MOST_GONE = 2000
"""Loads that are gone and still remembered."""


@dataclass(slots=True)
class Outputs:
    """What the outside gets to know after a step."""

    states: list[State] = field(default_factory=list)
    factsheets: list[Factsheet] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    retrievals: list[Retrieval] = field(default_factory=list)


@dataclass(slots=True)
class WorldData:
    """Everything of the world that evolves. numbers: header ids sent, by topic and vehicle."""

    steps: int
    rng: np.random.Generator
    bodies: Bodies
    agvs: list[AgvState]
    ledger: Ledger
    warehouse: Warehouse
    handling: Handling
    radio: Radio
    checker: Checker | None
    next_state: np.ndarray
    dirty: dict[int, None]
    sheets: dict[int, None]
    links: dict[int, ConnectionState]
    ended: list[str]
    numbers: dict[tuple[str, int], int]
    empty_battery: np.ndarray
    custody_errors: int = 0
    custody_texts: list[str] = field(default_factory=list)


class World:
    """A simulated plant.

    Args:
        plant: The floor and its fleet.
        settings: Times, seed, step.
        data: A world to go on with; left out, a new one begins.
    """

    def __init__(self, plant: Plant, settings: Settings, data: WorldData | None = None) -> None:
        self.plant = plant
        self.settings = settings
        self.data = new_world(plant, settings) if data is None else data
        self.drives = Drives(plant, self.data.bodies)
        self.vehicles = [
            Vehicle(s.id, plant.classes[s.vehicle_class], plant.roadmap, MapId(plant.name))
            for s in plant.fleet
        ]
        self._elements = [Elements() for _ in self.vehicles]
        self.index = {vehicle.id: i for i, vehicle in enumerate(self.vehicles)}
        self._place_of_node: dict[int, Place] = {p.node: p for p in plant.places.values()}

    @property
    def now(self) -> float:
        """Plant time [s]."""
        return self.settings.start_time + self.data.steps * self.settings.step

    @property
    def verdict(self) -> Verdict:
        """What the checker has found."""
        return self.data.checker.verdict if self.data.checker else Verdict()

    # --- inputs ----------------------------------------------------------------------------------

    def apply(self, item: Input) -> None:
        """Take an input in, as when it came the first time.

        Raises:
            UnknownIdError: it names a vehicle or port that the plant does not have.
        """
        match item:
            case OrderSent(vehicle_id, order):
                self.send_order(vehicle_id, order)
            case InstantActionsSent(vehicle_id, message):
                self.send_instant_actions(vehicle_id, message)
            case RetrievalAsked(request):
                self.retrieve(request)
            case RetrievalCancelled(request_id):
                self.cancel_retrieval(request_id)
            case FaultInjected(fault):
                self.inject(fault)

    def vehicle(self, vehicle_id: str) -> int:
        """Return the row of a vehicle.

        Raises:
            UnknownIdError: the plant has no such vehicle.
        """
        row = self.index.get(VehicleId(vehicle_id))
        if row is None:
            raise UnknownIdError(f'no vehicle {vehicle_id!r} in plant {self.plant.name!r}')
        return row

    def send_order(self, vehicle_id: str, order: Order) -> None:
        """Let a vehicle receive an order."""
        i = self.vehicle(vehicle_id)
        if self.data.radio.lost(i, self.data.rng) or self.data.bodies.dead[i]:
            return
        before = self.data.agvs[i].memory.last
        self._advance(i, OrderReceived(order, self._pose(i)))
        self.data.dirty[i] = None  # a repeat is answered with a state, so that its sender hears
        after = self.data.agvs[i].memory.last
        if after is not before and self.data.checker:
            is_new = before is None or before.order_id != order.order_id
            self.data.checker.released(i, order, is_new=is_new)

    def send_instant_actions(self, vehicle_id: str, message: InstantActions) -> None:
        """Let a vehicle receive instant actions."""
        i = self.vehicle(vehicle_id)
        if self.data.radio.lost(i, self.data.rng) or self.data.bodies.dead[i]:
            return
        self._advance(i, InstantActionsReceived(message))
        self.data.dirty[i] = None

    def retrieve(self, request: RetrieveRequest) -> Retrieval | Refused:
        """Ask the warehouse for a container."""
        d = self.data

        def draw() -> float:
            return draw_duration(d.rng, self.settings.retrieve_time)

        return retrieve(self.plant, d.warehouse, d.ledger, request, self.now, draw)

    def cancel_retrieval(self, request_id: str) -> bool:
        """Give a retrieval up; False if it is too late."""
        d = self.data
        if not cancel_retrieval(d.warehouse, d.ledger, request_id, self.now):
            return False
        d.ended.append(request_id)
        return True

    def inject(self, fault: Fault) -> None:
        """Make something go wrong.

        Raises:
            UnknownIdError: no such vehicle or port.
        """
        d = self.data
        if fault.kind in (FaultKind.EMPTY_PICK, FaultKind.OCCUPIED_DROP):
            port = next((p for k, p in d.ledger.ports.items() if k == fault.target), None)
            if port is None:
                raise UnknownIdError(f'no port {fault.target!r} in plant {self.plant.name!r}')
            port.empty_picks += fault.kind is FaultKind.EMPTY_PICK
            port.occupied_drops += fault.kind is FaultKind.OCCUPIED_DROP
            return
        i = self.vehicle(fault.target)
        until = self.now + fault.duration if fault.duration > 0 else float('inf')
        match fault.kind:
            case FaultKind.STALL:
                d.bodies.stalled[i] = until
            case FaultKind.DIE:
                d.bodies.dead[i] = True
                d.radio.revive[i] = until
                d.links[i] = ConnectionState.CONNECTION_BROKEN
            case FaultKind.REVIVE:
                self._revive(i)
            case FaultKind.LOSE_MESSAGES:
                d.radio.loss[i], d.radio.until[i] = fault.probability, until

    def _revive(self, i: int) -> None:
        d = self.data
        d.bodies.stalled[i] = 0.0
        d.radio.loss.pop(i, None)
        d.radio.revive.pop(i, None)
        if d.bodies.dead[i]:
            d.bodies.dead[i] = False
            d.links[i] = ConnectionState.ONLINE
            d.dirty[i] = None

    # --- the step --------------------------------------------------------------------------------

    def step(self) -> None:
        """Move the world on by one step."""
        d, dt = self.data, self.settings.step
        d.steps += 1
        passed, stopped = self.drives.step(dt, self.now)
        for i in np.flatnonzero((passed > 0) | stopped).tolist():
            self._moved(i, int(passed[i]), stopped=bool(stopped[i]))
        for job in d.handling.due(self.now):
            if d.bodies.dead[job.vehicle]:
                d.handling.put_off(job, self.now + 1.0)
            else:
                self._finish_job(job)
        self._step_ports()
        self._watch_batteries()
        for i in d.radio.expired(self.now):
            self._revive(i)
        if d.checker:
            d.checker.watch(self.now, d.bodies.pose, d.bodies.loaded)

    def _step_ports(self) -> None:
        d, s = self.data, self.settings
        d.ended += step_warehouse(self.plant, d.warehouse, d.ledger, self.now, s.store_time)
        empty_time = s.station_empty_time
        step_stations(self.plant, d.ledger, self.now, empty_time, keep_empties=s.keep_empties)
        if d.ledger.changed:
            faults = d.ledger.faults()
            d.custody_errors += len(faults)
            d.custody_texts = (d.custody_texts + faults)[:20]
            d.ledger.forget(MOST_GONE)

    def _moved(self, i: int, passed: int, *, stopped: bool) -> None:
        agv, b = self.data.agvs[i], self.data.bodies
        reached = agv.nodes[:passed]
        if reached:
            index = self.plant.roadmap.node_index
            b.node[i] = index[reached[-1].node_id]  # type: ignore[index]
        for node in reached:
            self._advance(i, NodeReached(node.sequence_id))
        if stopped:
            self._advance(i, Stopped())

    def _watch_batteries(self) -> None:
        d = self.data
        empty = d.bodies.energy <= 0.0
        for i in np.flatnonzero(empty != d.empty_battery).tolist():
            self._advance(i, ErrorRaised(BATTERY, active=bool(empty[i])))
        d.empty_battery = empty

    def _advance(self, i: int, event: Event) -> None:
        d = self.data
        d.agvs[i], commands = advance(self.vehicles[i], d.agvs[i], event, self.now)
        for command in commands:
            self._do(i, command)

    def _do(self, i: int, command: Command) -> None:
        b = self.data.bodies
        match command:
            case Drive(edges):
                index, r = self.plant.roadmap.edge_index, self.plant.roadmap
                rows = [index[EdgeId(edge.edge_id)] for edge in edges]
                limits = [
                    min(float(r.speed[row]), edge.maximum_speed or np.inf)
                    for row, edge in zip(rows, edges, strict=True)
                ]
                self.drives.append(i, rows, limits)
            case Halt():
                self.drives.halt(i)
            case Hold(hold):
                b.paused[i] = hold
            case StartAction(action):
                self._start_action(i, action)
            case CancelAction():
                pass  # the only actions that can be cancelled end in the executor
            case SendState():
                self.data.dirty[i] = None
            case SendFactsheet():
                self.data.sheets[i] = None

    # --- devices ---------------------------------------------------------------------------------

    def _place(self, i: int) -> Place | None:
        return self._place_of_node.get(int(self.data.bodies.node[i]))

    def _start_action(self, i: int, action: Action) -> None:
        d, s = self.data, self.settings
        place, vehicle = self._place(i), self.vehicles[i]
        problem, load, time = '', None, s.charge_time
        match action.action_type:
            case 'pick':
                mass = vehicle.vehicle_class.load_mass_max
                problem, load = pick_problem(place, d.ledger, vehicle.id, action, mass)
                time = draw_duration(d.rng, s.pick_time)
            case 'drop':
                problem, load = drop_problem(place, d.ledger, vehicle.id, action)
                time = draw_duration(d.rng, s.drop_time)
            case 'startCharging':
                problem = charge_problem(place)
        if load is not None and place is not None:
            d.ledger.ports[place.id].claimed = vehicle.id
        due = self.now + (FAIL_TIME if problem else time)
        d.handling.add(due, i, action, place, load, problem)

    def _finish_job(self, job: Job) -> None:
        answer = self._result_of(job)
        self._advance(job.vehicle, answer)
        self.data.dirty[job.vehicle] = None

    def _result_of(self, job: Job) -> ActionReported:
        d, i, kind = self.data, job.vehicle, job.action.action_type
        if kind in ('pick', 'drop'):
            answer = finish_transfer(job, d.ledger, self.vehicles[i].id, self.now)
            good = answer.status is ActionStatus.FINISHED
            d.handling.picks += good and kind == 'pick'
            d.handling.drops += good and kind == 'drop'
            d.handling.failures += not good
            d.bodies.loaded[i] = self.vehicles[i].id in d.ledger.carried
            port = next((p for k, p in d.ledger.ports.items() if k == job.place), None)
            if port is not None and port.claimed == self.vehicles[i].id:
                port.claimed = None
            return answer
        if kind == 'startCharging':
            if job.problem:
                return failed(job.action, job.problem, error_types.CHARGING_FAILED)
            place = self._place(i)
            own = self.vehicles[i].vehicle_class.battery.charge_power
            d.bodies.charging[i] = min(own, place.charge_power if place else own)
            return done(job.action)
        d.bodies.charging[i] = 0.0
        return done(job.action)

    # --- outputs ---------------------------------------------------------------------------------

    def take_outputs(self) -> Outputs:
        """Return what has to be said since the last call; says it once."""
        d, out = self.data, Outputs()
        if self.settings.report:
            late = np.flatnonzero(d.next_state <= self.now).tolist()
            rows = sorted({*d.dirty, *late})
            for i in rows:
                d.next_state[i] = self.now + self.settings.state_interval
            heard = [i for i in rows if not d.bodies.dead[i]]
            out.states = [self.state(i) for i in heard if not d.radio.lost(i, d.rng)]
            out.factsheets = [self.factsheet(i) for i in d.sheets]
            out.connections = [self.connection(i, link) for i, link in d.links.items()]
        names = dict.fromkeys(d.ledger.changed)
        out.loads = [d.ledger.loads[name] for name in names if name in d.ledger.loads]
        found = (d.warehouse.retrievals.get(name) for name in d.ended)
        out.retrievals = [item for item in found if item is not None]
        d.dirty, d.sheets, d.links, d.ended, d.ledger.changed = {}, {}, {}, [], []
        return out

    def announce(self) -> None:
        """Let the next outputs tell everything: after a start, nobody knows anything."""
        d = self.data
        every = range(len(self.vehicles))
        d.dirty = dict.fromkeys(every)
        d.sheets = dict.fromkeys(every)
        broken, online = ConnectionState.CONNECTION_BROKEN, ConnectionState.ONLINE
        d.links = {i: broken if d.bodies.dead[i] else online for i in every}
        d.ledger.changed = list(d.ledger.loads)

    def _header(self, topic: str, i: int) -> Header:
        number = self.data.numbers.get((topic, i), -1) + 1
        self.data.numbers[topic, i] = number % 2**32
        return Header(number % 2**32, self.now, serial_number=str(self.vehicles[i].id))

    def connection(self, i: int, link: ConnectionState) -> Connection:
        """Return a connection message of a vehicle."""
        return Connection(self._header('connection', i), link)

    def factsheet(self, i: int) -> Factsheet:
        """Return the factsheet of a vehicle."""
        return factsheet(self.vehicles[i], self._header('factsheet', i))

    def state(self, i: int) -> State:
        """Return the state a vehicle reports now."""
        return report(
            self.vehicles[i],
            self.data.agvs[i],
            self.observe(i),
            self._header('state', i),
            self._elements[i],
        )

    def observe(self, i: int) -> Observation:
        """Return what a vehicle measures now."""
        b = self.data.bodies
        x, y, yaw = b.pose[i].tolist()
        charge = float(b.energy[i] / self.drives.capacity[i])
        carried = self.data.ledger.carried.get(self.vehicles[i].id)
        loads: Sequence[VdaLoad] = ()
        if carried is not None:
            loads = (VdaLoad(carried, 'container', '', self.data.ledger.loads[carried].mass),)
        return Observation(
            x=x,
            y=y,
            theta=yaw,
            speed=self.drives.forward_speed(i),
            omega=float(b.omega[i]),
            moving=self.drives.moving(i),
            distance=float(b.along[i]) if b.way_at[i] < b.way_end[i] else 0.0,
            power=PowerSupply(charge, bool(b.charging[i] > 0.0)),
            loads=tuple(loads),
        )

    def _pose(self, i: int) -> Pose:
        b = self.data.bodies
        x, y, yaw = b.pose[i].tolist()
        at_node = b.along[i] == 0.0
        name = self.plant.roadmap.node_ids[int(b.node[i])]
        return Pose(x, y, yaw, NodeId(name) if at_node else None)


def new_world(plant: Plant, settings: Settings) -> WorldData:
    """Begin: every vehicle at home, every port empty."""
    rng = np.random.default_rng(settings.seed)
    count = len(plant.fleet)
    spread = np.clip(settings.charge + rng.uniform(-0.05, 0.05, count), 0.05, 1.0)
    bodies = bodies_at(plant, spread)
    homes = [plant.roadmap.node_ids[int(node)] for node in bodies.node]
    step = settings.state_interval / max(count, 1)
    return WorldData(
        steps=0,
        rng=rng,
        bodies=bodies,
        agvs=[AgvState(last_node_id=NodeId(home)) for home in homes],
        ledger=new_ledger(plant),
        warehouse=Warehouse(),
        handling=Handling(),
        radio=Radio(),
        checker=Checker(plant, bodies.pose) if settings.check else None,
        next_state=settings.start_time + step * np.arange(count),
        dirty={},
        sheets={},
        links={},
        ended=[],
        numbers={},
        empty_battery=np.zeros(count, bool),
    )
