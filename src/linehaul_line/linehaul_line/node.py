# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The line node: the plant's lines, what they ask for, and what they tell.

Each line is simulated, or seen through a `StationClient` where a mapping file is given. Requests
go to the fleet by `deliver_material`; they are in the journal before they are sent, so that a
killed node comes back with the same stock and the same open requests.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from linehaul_ros.journal import Journal, JournalError
from linehaul_ros.parameters import ParameterError, declare, setting
from linehaul_ros.run import run
from linehaul_ros.time import now_of
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from linehaul_floor import Line, PlantError, load_plant
from linehaul_interfaces.msg import LoadCustody
from linehaul_line.asking.node import Asking
from linehaul_line.assembly import Event, Finished, Resumed, Stopped
from linehaul_line.convert import line_state, station_state, swap_events
from linehaul_line.desk import LineDesk
from linehaul_line.errors import LineError
from linehaul_line.feeding import Ask, Feeding, Intent
from linehaul_line.ids import LineId, LoadId
from linehaul_line.keeping import restore, snapshot, units_in, units_out
from linehaul_line.late import WorkedAround
from linehaul_line.line import LineSequence
from linehaul_line.lookahead import Policy
from linehaul_line.mapping import apply, counted_on, parse_mapping
from linehaul_line.packing import OutOfOrder
from linehaul_line.services.node import Services
from linehaul_line.shift import LineShift, parse_shift
from linehaul_line.source import (
    expected_responses,
    first_side,
    make_line,
    more,
    size_warnings,
)
from linehaul_line.station_client import Silent, StationClient
from linehaul_ros import names


@dataclass(frozen=True, slots=True)
class Config:
    """Parameters of the line node."""

    plant: str = setting('cell', doc='Plant file, or the name of a plant that is installed.')
    state_dir: str = setting('', doc='Folder of the journal; empty: none is kept.')
    shift: str = setting(
        '', doc='Shift file: models, breaks, changeovers, parts in line order; empty: none.'
    )
    mappings: str = setting('', doc='Folder of mapping files of real lines; empty: none.')
    cycle: float = setting(1.0, doc='Plant time between two looks.', unit='s', low=0.05, high=60.0)
    known: int = setting(500, doc='Units in a simulated sequence.', low=1, high=10000)
    start: float = setting(
        60.0, doc='Time from the first look until lines run.', unit='s', low=0.0, high=86400.0
    )
    cover: float = setting(
        180.0,
        doc='Time to spare before the run-out, beside what the measured spread asks for.',
        unit='s',
        low=0.0,
        high=36000.0,
    )
    z: float = setting(2.0, doc='Spreads of the response to ask earlier.', low=0.0, high=10.0)
    clearing: float = setting(
        30.0,
        doc='Time from an emptied container until the next should stand before its place.',
        unit='s',
        low=0.0,
        high=3600.0,
    )
    wait: float = setting(
        60.0,
        doc='Wait for a vehicle that is expected before any was measured.',
        unit='s',
        low=0.0,
        high=36000.0,
    )
    transfer: float = setting(
        25.0, doc='Time of one hand-over, expected likewise.', unit='s', low=0.0, high=3600.0
    )
    fetch_empties: bool = setting(
        False,
        doc='Empties stand in places until a vehicle fetches them; else they leave at once, or '
        'with the vehicle that brings the next container.',
    )
    adjust: bool = setting(True, doc='Changes of the line change open requests, too.')


class LineNode(Node):
    """Shell of `LineDesk`, one for each line of the plant."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('line', **kwargs)
        self._config = declare(self, Config)
        self._plant = load_plant(self._config.plant)
        self._desks: dict[LineId, LineDesk] = {}
        self._plcs: dict[LineId, StationClient] = {}
        self._offsets: dict[LineId, int] = {}
        self._saved: dict[LineId, LineSequence] = {}
        self._shifts = self._read_shift()
        self._asking = Asking(self, self._desks, adjust=self._config.adjust)
        self._journal = self._open_journal()
        self._line_states = self._announce(names.LINE_STATE, self._plant.lines)
        stations = [one for line in self._plant.lines.values() for one in line.stations]
        self._station_states = self._announce(names.STATION_STATE, stations)
        orders, used, custody = names.ORDER_EVENTS, names.USED_LOADS, names.CUSTODY
        self._orders = self.create_publisher(orders.type, orders.name, orders.qos)
        self._used = self.create_publisher(used.type, used.name, used.qos)
        self.create_subscription(custody.type, custody.name, self._custody, custody.qos)
        self._read_mappings()
        self._served = Services(self, self._desks, self._tell_line)
        self.create_timer(self._config.cycle, self._look)
        self.create_timer(1.0, self._tell, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.get_logger().info(f'plant={self._plant.name} lines={len(self._plant.lines)}')

    def close(self) -> int:
        """Close connections and the journal; return the exit code."""
        for client in self._plcs.values():
            client.close()
        if self._journal is not None:
            self._journal.close()
        return 0

    # Set-up.

    def _announce(self, topic: names.Topic, ids: Any) -> dict[str, Any]:
        found = {}
        for one in ids:
            own = topic.of(one)
            found[one] = self.create_publisher(own.type, own.name, own.qos)
        return found

    def _open_journal(self) -> Journal | None:
        folder = self._config.state_dir
        return Journal(Path(folder) / 'line.db') if folder else None

    def _read_mappings(self) -> None:
        folder = self._config.mappings
        for path in sorted(Path(folder).glob('*.yaml')) if folder else []:
            mapping = parse_mapping(yaml.safe_load(path.read_text(encoding='utf-8')))
            if mapping.line not in self._plant.lines:
                raise ParameterError(f'{path}: line {mapping.line} found, the plant has no such')
            self._plcs[mapping.line] = StationClient(mapping)

    def _read_shift(self) -> dict[LineId, LineShift]:
        if not self._config.shift:
            return {}
        text = Path(self._config.shift).read_text(encoding='utf-8')
        return parse_shift(yaml.safe_load(text), self._plant)

    def _begin(self, now: float) -> None:
        """Make the lines, at the first look: before there is no plant time."""
        kept = self._journal.kept() if self._journal is not None else {}
        for line in self._plant.lines.values():
            self._desks[line.id] = desk = self._make_desk(line, now)
            if line.id in kept:
                restore(desk, kept[line.id])
                units_in(desk, kept[f'{line.id}:sequence'])
                desk.assembly = replace(desk.assembly, sequence=more(desk.assembly, 1))
            for warning in size_warnings(desk):
                self.get_logger().warning(f'line={line.id} {warning}')
        for body in kept.get('asks', []):
            self._asking.send(Ask(**body | {'units': tuple(body.get('units', ()))}), now)

    def _make_desk(self, line: Line, now: float) -> LineDesk:
        config = self._config
        made = make_line(
            self._plant,
            line,
            start=now + config.start,
            known=config.known,
            exchange=not config.fetch_empties,
            shift=self._shifts.get(line.id),
        )
        responses = expected_responses(
            self._plant, line, wait=config.wait, transfer=config.transfer
        )
        feeding = Feeding(Policy(z=config.z, cover=config.cover, clearing=config.clearing))
        return LineDesk(made, feeding, responses, side=first_side(self._plant, line))

    # The cycle.

    def _look(self) -> None:
        now = now_of(self)
        if now <= 0.0:
            return
        if not self._desks:
            self._begin(now)
        intents: list[Intent] = []
        for line, desk in self._desks.items():
            real = line in self._plcs
            if real:
                self._see(line, desk, now)
            if not (real and desk.given):  # a real line builds what it was given, and no more
                known = more(desk.assembly, self._config.known // 2)
                desk.assembly = replace(desk.assembly, sequence=known)
            found, events = desk.tick(now, simulated=not real)
            intents += found
            self._log(line, events)
            if any(isinstance(one, Stopped | Resumed) for one in events):
                self._tell_line(line, now)
        self._write(now, intents)
        for one in intents:
            self._asking.act(one, now)

    def _see(self, line: LineId, desk: LineDesk, now: float) -> None:
        read = self._plcs[line].read()
        if isinstance(read, Silent):
            self.get_logger().warning(f'line={line} {read.text}', throttle_duration_sec=30.0)
            return
        if read.position is not None:
            before = self._offsets.get(line, 0)
            offset = self._offsets[line] = counted_on(desk.assembly, read.position, before)
            if offset != before:
                text = f'line={line} counts its units anew from {read.position}'
                self.get_logger().warning(text)
            read = replace(read, position=read.position + offset)
        desk.assembly = apply(desk.assembly, read, now)

    def _log(self, line: LineId, events: list[Event | OutOfOrder | WorkedAround]) -> None:
        for one in events:
            if isinstance(one, Stopped):
                self.get_logger().warning(f'line={line} stands: {one.cause}')
            elif isinstance(one, Resumed):
                self.get_logger().info(f'line={line} runs again after {one.stood:.0f} s')
            elif isinstance(one, OutOfOrder):
                self.get_logger().error(f'line={line} {one}')
            elif isinstance(one, WorkedAround):
                self.get_logger().warning(f'line={line} {one}')
                if one.done:
                    self._tell_swaps(one, now_of(self))
            elif isinstance(one, Finished):
                self.get_logger().debug(f'line={line} unit={one.unit} done')

    def _write(self, now: float, intents: list[Intent]) -> None:
        """Keep the lines and their requests on disk, before anything is sent."""
        self._asking.note(intents)
        if self._journal is None:
            return
        kept: dict[str, Any] = {line: snapshot(desk) for line, desk in self._desks.items()}
        for line, desk in self._desks.items():
            if self._saved.get(line) is not desk.assembly.sequence:
                kept[f'{line}:sequence'] = units_out(desk)
                self._saved[line] = desk.assembly.sequence
        kept['asks'] = self._asking.kept()
        self._journal.append(now, [], kept)

    # Telling.

    def _tell(self) -> None:
        now = now_of(self)
        for line in self._desks:
            self._tell_line(line, now)

    def _tell_line(self, line: LineId, now: float) -> None:
        desk = self._desks[line]
        self._line_states[line].publish(line_state(desk.assembly, desk.times(now), now))
        run_outs = desk.run_outs(now)
        for station in desk.assembly.plan.stations:
            state = station_state(desk.assembly, station, run_outs, now)
            self._station_states[station].publish(state)
        # What stands until it is fetched is told on and on: the floor answers where it is, and
        # whoever was away hears that, too.
        standing = desk.side.empties if self._config.fetch_empties else {}
        for load in dict.fromkeys([*desk.side.to_tell(), *standing]):
            self._used.publish(LoadCustody(load_id=load, holder_kind=LoadCustody.HOLDER_PORT))

    def _tell_swaps(self, told: WorkedAround, now: float) -> None:
        """Let both orders of a swap know that a delivery promise was touched."""
        for swap in told.swaps:
            for event in swap_events(swap, told, now):
                self._orders.publish(event)

    def _custody(self, message: LoadCustody) -> None:
        """Hear that a container which a line has used up is known to be empty, or has left."""
        load, gone = LoadId(message.load_id), message.holder_kind == LoadCustody.HOLDER_GONE
        for desk in self._desks.values():
            if message.quantity == 0 or gone:
                desk.side.heard(load)
            if gone or message.holder_kind == LoadCustody.HOLDER_VEHICLE:
                desk.left(load, now_of(self))


def main(make: Callable[[], Node] = LineNode) -> int:
    """Run the line node."""
    return run(make, (PlantError, LineError, JournalError))


if __name__ == '__main__':
    sys.exit(main())
