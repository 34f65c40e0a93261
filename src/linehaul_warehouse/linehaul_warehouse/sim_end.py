# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated cranes as a node has them: they remember, on disk, as a PLC does.

What was done is in the file before anybody hears of it, so a killed process finds its cranes and
cells where they were. The file holds everything as it once was; lines in a second file, each
written in one piece, hold what has changed since: levels, so that a line may be read twice.
"""

import os
from math import inf
from pathlib import Path
from typing import Any

import orjson

from linehaul_warehouse.codec import build, dump
from linehaul_warehouse.crane_end import AskStatus, Command, Report, Status
from linehaul_warehouse.crane_sim import SimCrane, SimFloor
from linehaul_warehouse.errors import StoreError
from linehaul_warehouse.ids import AisleId, CellId, LoadId, PortId
from linehaul_warehouse.model import Place, PlaceKind, Step
from linehaul_warehouse.rack import Flow, Rack
from linehaul_warehouse.state import State

MOST_LINES = 2000
"""Changes after which everything is written anew."""


class SimEnd:
    """Cranes, cells and port conveyors of a simulated warehouse.

    Args:
        rack: as it is built.
        path: the file of its memory; None forgets.

    Raises:
        StoreError: the file is damaged.
    """

    def __init__(self, rack: Rack, path: Path | None) -> None:
        self._path = path
        self._log = path.with_suffix('.log') if path is not None else None
        self._lines = 0
        self.floor = SimFloor(rack)
        self.new = path is None or not path.exists()
        if path is not None and path.exists():
            self._load(path)

    def begin(self, state: State) -> None:
        """Put into the cells what the books say, at the very beginning."""
        self.floor.cells.update(state.in_cell)
        for port_id, loads in state.at_port.items():
            self.floor.ports[port_id] = list(loads)
        self._save_all()

    def obey(self, command: Command, now: float) -> Report | Status | None:
        """Take a command; returns what the crane answers at once."""
        if isinstance(command, AskStatus):
            return self.floor.status(command.aisle_id)
        answer = self.floor.send(command.aisle_id, command.step, now)
        if answer is None:
            self._save(command.aisle_id)
        return answer

    def advance(self, now: float) -> list[Report]:
        """Finish what is over, write it, and return the reports."""
        if self.floor.next_time() > now:
            return []
        ending = {
            name: crane.step.place
            for name, crane in self.floor.cranes.items()
            if crane.step is not None and crane.ready and crane.end <= now
        }
        reports = self.floor.advance(now)
        for aisle_id, place in ending.items():
            self._save(aisle_id, place)
        return reports

    def set_down(self, port_id: PortId, load_id: LoadId) -> None:
        """Note a load that was put on an in-port."""
        if load_id not in self.floor.ports[port_id]:
            self.floor.ports[port_id].append(load_id)
            self._save(place=Place(PlaceKind.PORT, port_id))

    def taken(self, port_id: PortId, load_id: LoadId) -> None:
        """Note a load that was taken from an out-port."""
        if load_id in self.floor.ports[port_id]:
            self.floor.ports[port_id].remove(load_id)
            self._save(place=Place(PlaceKind.PORT, port_id))

    def at(self, flow: Flow) -> list[tuple[PortId, LoadId]]:
        """Return the loads that stand at the ports of a flow."""
        ports = self.floor.rack.ports.values()
        return [(p.id, n) for p in ports if p.flow is flow for n in self.floor.ports[p.id]]

    def gone(self, state: State) -> list[tuple[PortId, LoadId]]:
        """Return loads that the books have at an out-port and that are not there.

        And the other way round: a vehicle took it, the books know, and the memory does not yet.
        """
        for port in self.floor.rack.ports.values():
            for load_id in [n for n in self.floor.ports[port.id] if port.flow is Flow.OUT]:
                if load_id not in state.facts.loads:
                    self.taken(port.id, load_id)
        ports = self.floor.rack.ports.values()
        booked = [(p.id, n) for p in ports if p.flow is Flow.OUT for n in state.at_port[p.id]]
        return [(port_id, n) for port_id, n in booked if n not in self.floor.ports[port_id]]

    def close(self) -> None:
        """Nothing: all is in the file."""

    def _save(self, aisle_id: AisleId | None = None, place: Place | None = None) -> None:
        """Write what has changed: a crane, and a cell or port."""
        if self._path is None or self._log is None:
            return
        if not self._path.exists() or self._lines >= MOST_LINES:
            self._save_all()
            return
        line: dict[str, object] = {}
        if aisle_id is not None:
            line['cranes'] = {aisle_id: _of_crane(self.floor.cranes[aisle_id])}
        if place is not None and place.kind is PlaceKind.CELL:
            line['cells'] = {place.id: self.floor.cells.get(CellId(place.id))}
        elif place is not None and place.kind is PlaceKind.PORT:
            line['ports'] = {place.id: self.floor.ports[PortId(place.id)]}
        try:
            with self._log.open('ab', buffering=0) as file:
                file.write(dump(line) + b'\n')
        except OSError as error:
            raise StoreError(f'simulated cranes {self._log}: cannot write: {error}') from error
        self._lines += 1

    def _save_all(self) -> None:
        if self._path is None or self._log is None:
            return
        cranes = {name: _of_crane(crane) for name, crane in self.floor.cranes.items()}
        body = {'cells': self.floor.cells, 'ports': self.floor.ports, 'cranes': cranes}
        part = self._path.with_suffix('.part')
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(dump(body))
            os.replace(part, self._path)
            self._log.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f'simulated cranes {self._path}: cannot write: {error}') from error
        self._lines = 0

    def _load(self, path: Path) -> None:
        try:
            self._take(orjson.loads(path.read_bytes()))
            lines = self._log.read_bytes() if self._log is not None and self._log.exists() else b''
            whole = lines[: lines.rfind(b'\n') + 1]  # the last one may be torn
            for line in whole.splitlines():
                self._take(orjson.loads(line))
            self._lines = whole.count(b'\n')
            if len(whole) < len(lines):
                self._save_all()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(f'simulated cranes {path}: damaged: {error!r}') from error

    def _take(self, body: dict[str, Any]) -> None:
        """Take in what a file or a line holds."""
        for cell, load in body.get('cells', {}).items():
            if load is None:
                self.floor.cells.pop(CellId(cell), None)
            else:
                self.floor.cells[CellId(cell)] = LoadId(load)
        ports = body.get('ports', {})
        self.floor.ports.update({PortId(k): list(v) for k, v in ports.items()})
        for name, fields in body.get('cranes', {}).items():
            crane = self.floor.cranes[name]
            crane.x, crane.y, crane.load_id = fields['x'], fields['y'], fields['load_id']
            crane.step = build(Step, fields['step']) if fields['step'] else None
            crane.last = build(Report, fields['last']) if fields['last'] else None
            crane.end = float(fields['end']) if crane.step is not None else inf


def _of_crane(crane: SimCrane) -> dict[str, object]:
    return {
        'x': crane.x,
        'y': crane.y,
        'load_id': crane.load_id,
        'step': crane.step,
        'end': crane.end if crane.step else None,
        'last': crane.last,
    }
