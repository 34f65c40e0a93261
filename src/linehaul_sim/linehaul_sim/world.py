# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated plant: every vehicle, port and load, moved on by one step at a time.

Inputs (orders, instant actions, requests, faults) are taken between steps; `step` moves the world
on and `take_outputs` says what the outside gets to know. Everything that evolves is in
`WorldData`, which pickles; the same data and the same inputs give the same world again.
"""

import numpy as np
from linehaul_vda5050.reach import Pose

from linehaul_agv import (
    CancelAction,
    Command,
    Drive,
    ErrorRaised,
    Event,
    Halt,
    Hold,
    InstantActionsReceived,
    NodeReached,
    OrderReceived,
    SendFactsheet,
    SendState,
    StartAction,
    Stopped,
    Vehicle,
    advance,
)
from linehaul_floor import EdgeId, PlaceId, PlaceKind, Plant, VehicleId
from linehaul_floor import NodeId as FloorNodeId
from linehaul_sim.bodies import Drives
from linehaul_sim.checker import Verdict
from linehaul_sim.devices import Devices
from linehaul_sim.errors import UnknownIdError
from linehaul_sim.external import see_loads
from linehaul_sim.faults import Fault, FaultKind
from linehaul_sim.handling import Job
from linehaul_sim.inputs import (
    FaultInjected,
    Input,
    InstantActionsSent,
    LoadsSeen,
    LoadUsed,
    OrderSent,
    PortReset,
    RetrievalAsked,
    RetrievalCancelled,
    StationHeard,
    TransferConfirmed,
    VehicleHeard,
    WarehouseTold,
)
from linehaul_sim.loads import HolderKind
from linehaul_sim.managed.ports import Heard, hear_warehouse
from linehaul_sim.settings import Settings
from linehaul_sim.telling import Outputs, Teller
from linehaul_sim.warehouse import (
    Refused,
    Retrieval,
    RetrieveRequest,
    cancel_retrieval,
    draw_duration,
    retrieve,
    step_stations,
    step_warehouse,
)
from linehaul_sim.world_data import WorldData, new_world
from linehaul_transfer import PortSignals, Problem, VehicleSignals
from linehaul_vda5050 import (
    Connection,
    ConnectionState,
    Error,
    ErrorLevel,
    InstantActions,
    LoadId,
    MapId,
    NodeId,
    Order,
    State,
    error_types,
)

BATTERY = Error(error_types.BATTERY_EMPTY, ErrorLevel.FATAL, 'battery is empty', 'tow it')
MOST_GONE = 2000
"""Loads that are gone and still remembered."""


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
        self.teller = Teller(self.vehicles, self.drives, self.data)
        self.index = {vehicle.id: i for i, vehicle in enumerate(self.vehicles)}
        self.devices = Devices(plant, settings, self.vehicles, self.data)

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
            case LoadsSeen():
                self.see_loads(item)
            case LoadUsed(load_id):
                self.use_load(load_id)
            case TransferConfirmed():
                self.confirm_transfer(item)
            case StationHeard(signals):
                self.hear_station(signals)
            case VehicleHeard(vehicle):
                self.hear_vehicle(vehicle)
            case PortReset(port_id):
                self.reset_port(port_id)
            case WarehouseTold():
                self.hear_warehouse(item)

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

    def see_loads(self, seen: LoadsSeen) -> str:
        """Let a vehicle that is not simulated say what it carries; return what does not fit."""
        node = self.plant.roadmap.node_index.get(FloorNodeId(seen.node_id))
        place = None if node is None else self.plant.place_of_node(node)
        vehicle = VehicleId(seen.vehicle_id)
        problem = see_loads(self.data.ledger, place, vehicle, seen.load_ids, self.now)
        if self.devices.transfers is not None and place is not None and not problem:
            self.devices.transfers.sense(place.id, vehicle, seen.load_ids, self.now)
        return problem

    def use_load(self, load_id: str) -> bool:
        """Let a line say that a container is empty; False: it does not stand at a station."""
        ledger, name = self.data.ledger, LoadId(load_id)
        load = ledger.loads.get(name)
        if load is None or load.holder is not HolderKind.PORT:
            return False
        place = self.plant.places[PlaceId(load.holder_id)]
        if place.kind is not PlaceKind.STATION or load.quantity == 0:
            return False
        ledger.consume(name, self.now, keep=self.settings.keep_empties)
        return True

    def hear_warehouse(self, told: WarehouseTold) -> Heard:
        """Let a warehouse node say what it set down at its ports, or took from them."""
        managed = self.settings.managed_ports
        return hear_warehouse(self.plant, self.data.ledger, managed, told, self.now)

    def confirm_transfer(self, word: TransferConfirmed) -> Problem:
        """Let a person end a hand-off that stopped; return why nobody listens."""
        if self.devices.transfers is None:
            return Problem(6, 'hand-offs are done without a handshake here')
        place = PlaceId(word.port_id)
        return self.devices.transfers.confirm(
            place, word.session_id, word.holder, word.actor, self.now
        )

    def hear_station(self, signals: PortSignals) -> None:
        """Let vehicles hear a port that is not simulated here."""
        if self.devices.transfers is not None:
            self.devices.transfers.hear(signals, self.now)

    def hear_vehicle(self, signals: VehicleSignals) -> None:
        """Let a port hear a vehicle that is not simulated here."""
        if self.devices.transfers is not None:
            self.devices.transfers.hear_vehicle(signals, self.now)

    def reset_port(self, port_id: str) -> str:
        """Let a person reset a port; return what still keeps it shut.

        Raises:
            UnknownIdError: no such port.
        """
        if PlaceId(port_id) not in self.data.ledger.ports:
            raise UnknownIdError(f'no port {port_id!r} in plant {self.plant.name!r}')
        if self.devices.transfers is None:
            return ''
        return self.devices.transfers.reset(PlaceId(port_id), self.now)

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
            if self.devices.transfers is not None:
                self.devices.transfers.revive(i, self.now)
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
        if self.devices.transfers is not None:
            for i, event in self.devices.transfers.step(self.now):
                self._advance(i, event)
                d.dirty[i] = None
        self._step_ports()
        self._watch_batteries()
        for i in d.radio.expired(self.now):
            self._revive(i)
        if d.checker:
            d.checker.watch(self.now, d.bodies.pose, d.bodies.loaded)

    def _step_ports(self) -> None:
        d, s = self.data, self.settings
        d.ended += step_warehouse(
            self.plant, d.warehouse, d.ledger, self.now, s.store_time, s.managed_ports
        )
        if not s.told_use:
            empty_time, keep = s.station_empty_time, s.keep_empties
            step_stations(self.plant, d.ledger, self.now, empty_time, keep_empties=keep)
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
                self.devices.start(i, action, self.now)
            case CancelAction():
                pass  # the only actions that can be cancelled end in the executor
            case SendState():
                self.data.dirty[i] = None
            case SendFactsheet():
                self.data.sheets[i] = None

    def _finish_job(self, job: Job) -> None:
        answer = self.devices.result(job, self.now)
        self._advance(job.vehicle, answer)
        self.data.dirty[job.vehicle] = None

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
            out.factsheets = [self.teller.factsheet(i, self.now) for i in d.sheets]
            links = d.links.items()
            out.connections = [self.teller.connection(i, link, self.now) for i, link in links]
        names = dict.fromkeys(d.ledger.changed)
        out.loads = [d.ledger.loads[name] for name in names if name in d.ledger.loads]
        found = (d.warehouse.retrievals.get(name) for name in d.ended)
        out.retrievals = [item for item in found if item is not None]
        out.signals, d.hand_offs.said = d.hand_offs.said, []
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

    def announce_load(self, load_id: str) -> None:
        """Let the next outputs tell where a load is."""
        self.data.ledger.changed.append(LoadId(load_id))

    def farewell(self) -> list[Connection]:
        """Return the last word of every vehicle that can still say one."""
        alive = np.flatnonzero(~self.data.bodies.dead).tolist()
        return [self.teller.connection(i, ConnectionState.OFFLINE, self.now) for i in alive]

    def state(self, i: int) -> State:
        """Return the state a vehicle reports now."""
        return self.teller.state(i, self.now)

    def _pose(self, i: int) -> Pose:
        b = self.data.bodies
        x, y, yaw = b.pose[i].tolist()
        at_node = b.along[i] == 0.0
        name = self.plant.roadmap.node_ids[int(b.node[i])]
        return Pose(x, y, yaw, NodeId(name) if at_node else None)
