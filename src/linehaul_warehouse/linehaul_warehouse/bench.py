# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A warehouse with simulated cranes and vehicles, in one process: for tests and benchmarks.

The controller and what is really there are kept apart: they meet in commands, reports and scans
only. `crash` throws the controller away, with all that was not written, and opens it again.
"""

from math import inf

from linehaul_warehouse.crane_end import AskStatus, SendStep
from linehaul_warehouse.crane_sim import SimFloor
from linehaul_warehouse.errors import EventError
from linehaul_warehouse.ids import AisleId, CellId, LoadId, PortId
from linehaul_warehouse.model import PlaceKind, RetrievalPhase
from linehaul_warehouse.rack import Flow, Rack
from linehaul_warehouse.settings import Settings
from linehaul_warehouse.state import State
from linehaul_warehouse.store import Store
from linehaul_warehouse.warehouse import Warehouse


class Bench:
    """Time, a controller, its file and the floor.

    Args:
        rack: as it is built.
        settings: how the controller decides.
        store: its file; None keeps nothing, and cannot crash.
        collect: a retrieved load is taken away after this long at its port [s]; inf: never.
    """

    def __init__(
        self,
        rack: Rack,
        settings: Settings | None = None,
        store: Store | None = None,
        collect: float = 0.0,
    ) -> None:
        self.rack = rack
        self.settings = settings or Settings()
        self.file = store
        self.collect = collect
        self.floor = SimFloor(rack)
        self.now = 0.0
        self.out: list[LoadId] = []
        self.refused: list[LoadId] = []
        self.delivered: list[LoadId] = []
        self.removed: set[LoadId] = set()
        state = store.load(rack) if store else State(rack)
        self.warehouse = self._controller(state)
        self.crash_before_write = False
        self.crash_after_write = False
        self.crashes = 0
        self.disturbed: set[CellId] = set()

    def _controller(self, state: State) -> Warehouse:
        if self.file is None:
            return Warehouse(self.rack, self.settings, state)
        return Warehouse(self.rack, self.settings, state, self.file.known)

    @property
    def state(self) -> State:
        """What the controller knows."""
        return self.warehouse.state

    # The floor's side.

    def fill(self, cells: dict[CellId, LoadId]) -> None:
        """Put loads into cells, beside the books."""
        self.floor.cells.update(cells)

    def deliver(self, port_id: PortId, load_id: LoadId, scan: LoadId | None = None) -> bool:
        """Set a load down at an in-port, where its id is read; False: there is no room.

        Args:
            port_id: where.
            load_id: what is really there.
            scan: what the reader reads; None: the truth, '' unreadable.
        """
        port = self.rack.ports[port_id]
        if len(self.floor.ports[port_id]) >= port.capacity:
            return False
        self.floor.ports[port_id].append(load_id)
        read = load_id if scan is None else scan
        refused = self.warehouse.load_arrived(port_id, read, self.now)
        if refused is not None or read != load_id:
            self.floor.ports[port_id].remove(load_id)  # the conveyor sends it to clarification
            self.refused.append(load_id)
        else:
            self.delivered.append(load_id)
        self.flush()
        return True

    def take_away(self) -> None:
        """Let vehicles take what has stood at its port long enough."""
        state = self.state
        for port in self.rack.ports.values():
            if port.flow is not Flow.OUT:
                continue
            for load_id in list(state.at_port[port.id]):
                load = state.facts.loads[load_id]
                retrieval = state.facts.retrievals.get(load.held_by)
                if retrieval is None or retrieval.phase is not RetrievalPhase.AT_PORT:
                    continue
                if self.now - retrieval.done >= self.collect:
                    self.take(port.id, load_id)

    def take(self, port_id: PortId, load_id: LoadId) -> None:
        """Let a vehicle take a load from an out-port."""
        self.floor.ports[port_id].remove(load_id)
        self.out.append(load_id)
        self.warehouse.load_taken(port_id, load_id, self.now)
        self.flush()

    # Time.

    def flush(self) -> None:
        """Write what was decided, then do it; crash in between where that is wanted."""
        while True:
            out = self.warehouse.take()
            if self.crash_before_write and out.events:
                self.crash_before_write = False
                return self.crash()
            if self.file is not None:
                self.file.append(out.events)
            if self.crash_after_write and out.events:
                self.crash_after_write = False
                return self.crash()
            for command in out.commands:
                self._command(command)
            if not out.commands:
                return None

    def _command(self, command: AskStatus | SendStep) -> None:
        aisle = command.aisle_id
        if isinstance(command, AskStatus):
            self.warehouse.crane_status(self.floor.status(aisle), self.now)
            return
        report = self.floor.send(aisle, command.step, self.now)
        if report is not None:
            self.warehouse.crane_report(report, self.now)

    def crash(self) -> None:
        """Lose the controller and all that it has not written; open it from its file."""
        if self.file is None:
            raise EventError('a bench without a file cannot crash')
        self.crashes += 1
        self.warehouse = self._controller(self.file.load(self.rack))
        self._read_ports()

    def _read_ports(self) -> None:
        """Read the ids at the in-ports again, as a port's reader does when it is asked."""
        for port in self.rack.ports.values():
            if port.flow is Flow.IN:
                for load_id in self.floor.ports[port.id]:
                    self.warehouse.load_arrived(port.id, load_id, self.now)
        # a load that a vehicle took while nobody wrote is gone from the port's sensor
        for port_id, loads in self.state.at_port.items():
            if self.rack.ports[port_id].flow is Flow.OUT:
                for load_id in [name for name in loads if name not in self.floor.ports[port_id]]:
                    self.warehouse.load_taken(port_id, load_id, self.now)

    def run(self, until: float, step: float = 1.0) -> None:
        """Let time pass [s]; the controller decides after every report, and each step."""
        while self.now < until:
            self.now = min(until, self.now + step, max(self.floor.next_time(), self.now))
            for report in self.floor.advance(self.now):
                self.warehouse.crane_report(report, self.now)
                self.flush()
            if self.collect < inf:
                self.take_away()
            self.warehouse.tick(self.now)
            self.flush()

    def settle(self, limit: float = 3600.0) -> None:
        """Let time pass until nothing moves, at most limit [s]."""
        end = self.now + limit
        while self.now < end and not self.still:
            self.run(self.now + 5.0)

    @property
    def still(self) -> bool:
        """No crane has anything to do, and no request can go on."""
        facts = self.state.facts
        busy = any(c.jobs or c.step for c in facts.cranes.values())
        going = any(
            facts.retrievals[name].phase is not RetrievalPhase.QUEUED
            for name in self.state.open_retrievals
        )
        waiting = any(
            load.place.kind is PlaceKind.PORT
            and (self.rack.ports[PortId(load.place.id)].flow is Flow.IN or self.collect < inf)
            for load in facts.loads.values()
        )
        return not (busy or going or waiting)

    # What must always hold.

    def check(self) -> None:
        """Compare the books with the floor and with themselves.

        Raises:
            EventError: what must never be.
        """
        facts, state = self.state.facts, self.state
        stored = sum(load.place.kind is not PlaceKind.GONE for load in facts.loads.values())
        if facts.received != facts.gone + stored:
            raise EventError(f'in {facts.received}, out {facts.gone}, here {stored}')
        places = [
            (load.place.kind, load.place.id)
            for load in facts.loads.values()
            if load.place.kind in (PlaceKind.CELL, PlaceKind.CRANE)
        ]
        if len(places) != len(set(places)):
            raise EventError('two loads in one place')
        held = [load.held_by for load in facts.loads.values() if load.held_by in facts.retrievals]
        if len(held) != len(set(held)):
            raise EventError('one retrieval has two loads')
        for aisle, crane in facts.cranes.items():
            self._check_crane(aisle, crane.load_id)
        for cell, load_id in state.in_cell.items():
            real = self.floor.cells.get(cell)
            unsure = cell in self.disturbed or self._touched(cell)
            if real != load_id and not unsure:
                raise EventError(f'cell {cell}: books {load_id}, really {real}')

    def _check_crane(self, aisle: AisleId, booked: LoadId) -> None:
        real = self.floor.cranes[aisle].load_id
        step = self.state.facts.cranes[aisle].step
        if real != booked and step is None:
            raise EventError(f'crane {aisle}: books {booked!r}, really {real!r}')

    def _touched(self, cell: CellId) -> bool:
        return any(c.step and c.step.place.id == cell for c in self.state.facts.cranes.values())
