# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated cranes as a node has them: they remember, on disk, as a PLC does.

What was done is in the file before anybody hears of it, so a killed process finds its cranes and
cells where they were.
"""

import os
from pathlib import Path

import orjson

from linehaul_warehouse.codec import build, dump
from linehaul_warehouse.crane_end import AskStatus, Command, Report, Status
from linehaul_warehouse.crane_sim import SimCrane, SimFloor
from linehaul_warehouse.errors import StoreError
from linehaul_warehouse.ids import CellId, LoadId, PortId
from linehaul_warehouse.model import Step
from linehaul_warehouse.rack import Flow, Rack
from linehaul_warehouse.state import State


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
        self.floor = SimFloor(rack)
        self.new = path is None or not path.exists()
        if path is not None and path.exists():
            self._load(path)

    def begin(self, state: State) -> None:
        """Put into the cells what the books say, at the very beginning."""
        self.floor.cells.update(state.in_cell)
        for port_id, loads in state.at_port.items():
            self.floor.ports[port_id] = list(loads)
        self._save()

    def obey(self, command: Command, now: float) -> Report | Status | None:
        """Take a command; returns what the crane answers at once."""
        if isinstance(command, AskStatus):
            return self.floor.status(command.aisle_id)
        answer = self.floor.send(command.aisle_id, command.step, now)
        if answer is None:
            self._save()
        return answer

    def advance(self, now: float) -> list[Report]:
        """Finish what is over, write it, and return the reports."""
        if self.floor.next_time() > now:
            return []
        reports = self.floor.advance(now)
        self._save()
        return reports

    def set_down(self, port_id: PortId, load_id: LoadId) -> None:
        """Note a load that was put on an in-port."""
        if load_id not in self.floor.ports[port_id]:
            self.floor.ports[port_id].append(load_id)
            self._save()

    def taken(self, port_id: PortId, load_id: LoadId) -> None:
        """Note a load that was taken from an out-port."""
        if load_id in self.floor.ports[port_id]:
            self.floor.ports[port_id].remove(load_id)
            self._save()

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

    def _save(self) -> None:
        if self._path is None:
            return
        cranes = {
            name: {
                'x': c.x,
                'y': c.y,
                'load_id': c.load_id,
                'step': c.step,
                'end': c.end if c.step else None,
                'last': c.last,
            }
            for name, c in self.floor.cranes.items()
        }
        body = {'cells': self.floor.cells, 'ports': self.floor.ports, 'cranes': cranes}
        part = self._path.with_suffix('.part')
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(dump(body))
            os.replace(part, self._path)
        except OSError as error:
            raise StoreError(f'simulated cranes {self._path}: cannot write: {error}') from error

    def _load(self, path: Path) -> None:
        try:
            body = orjson.loads(path.read_bytes())
            self.floor.cells = {CellId(k): LoadId(v) for k, v in body['cells'].items()}
            self.floor.ports.update({PortId(k): list(v) for k, v in body['ports'].items()})
            for name, fields in body['cranes'].items():
                crane: SimCrane = self.floor.cranes[name]
                crane.x, crane.y, crane.load_id = fields['x'], fields['y'], fields['load_id']
                crane.step = build(Step, fields['step']) if fields['step'] else None
                crane.last = build(Report, fields['last']) if fields['last'] else None
                if crane.step is not None:
                    crane.end = float(fields['end'])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(f'simulated cranes {path}: damaged: {error!r}') from error
