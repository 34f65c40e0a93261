# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The line node: the plant's lines, what they ask for, and what they tell.

Each line is simulated, or seen through a `StationClient` where a mapping file is given. Requests
go to the fleet by `deliver_material`; they are in the journal before they are sent, so that a
killed node comes back with the same stock and the same open requests.
"""

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from linehaul_ros.journal import Journal, JournalError
from linehaul_ros.parameters import ParameterError, declare, setting
from linehaul_ros.run import run
from linehaul_ros.time import now_of, to_time
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from linehaul_floor import Line, PlantError, load_plant
from linehaul_interfaces.action import DeliverMaterial
from linehaul_interfaces.msg import DeliveryState, ErrorCode, LoadCustody
from linehaul_interfaces.srv import ChangeDelivery, SetLineSequence, SetLineState
from linehaul_line.assembly import Event, Finished, Resumed, Stopped, command, set_speed
from linehaul_line.convert import line_state, station_state, to_goal, to_unit
from linehaul_line.desk import LineDesk
from linehaul_line.errors import LineError
from linehaul_line.feeding import Ask, Change, Feeding, Hold, Intent, Release, Withdraw
from linehaul_line.ids import LineId, LoadId, RequestId
from linehaul_line.line import LineSequence, replace_units
from linehaul_line.lookahead import Policy
from linehaul_line.mapping import apply, parse_mapping
from linehaul_line.packml import Command, Refusal
from linehaul_line.request import RequestClient
from linehaul_line.sizing import check_sizes
from linehaul_line.source import demands, expected_responses, first_side, make_line, more
from linehaul_line.station_client import Silent, StationClient
from linehaul_ros import names

_BEGUN = (
    DeliveryState.PHASE_FETCHING,
    DeliveryState.PHASE_LOADED,
    DeliveryState.PHASE_DELIVERING,
)


@dataclass(frozen=True, slots=True)
class Config:
    """Parameters of the line node."""

    plant: str = setting('cell', doc='Plant file, or the name of a plant that is installed.')
    state_dir: str = setting('', doc='Folder of the journal; empty: none is kept.')
    mappings: str = setting('', doc='Folder of mapping files of real lines; empty: none.')
    cycle: float = setting(1.0, doc='Plant time between two looks.', unit='s', low=0.05, high=60.0)
    known: int = setting(500, doc='Units in a simulated sequence.', low=1, high=10000)
    start: float = setting(
        60.0, doc='Time from the first look until lines run.', unit='s', low=0.0, high=86400.0
    )
    cover: float = setting(
        60.0,
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
        self._saved: dict[LineId, LineSequence] = {}
        self._asks: dict[RequestId, Ask] = {}
        self._goals: dict[RequestId, Any] = {}
        self._requests = RequestClient(self)
        self._change = self.create_client(ChangeDelivery, names.CHANGE_DELIVERY.name)
        self._journal = self._open_journal()
        self._line_states = self._announce(names.LINE_STATE, self._plant.lines)
        stations = [one for line in self._plant.lines.values() for one in line.stations]
        self._station_states = self._announce(names.STATION_STATE, stations)
        used, custody = names.USED_LOADS, names.CUSTODY
        self._used = self.create_publisher(used.type, used.name, used.qos)
        self.create_subscription(custody.type, custody.name, self._custody, custody.qos)
        self._read_mappings()
        self.create_service(SetLineState, names.SET_LINE_STATE.name, self._set_state)
        self.create_service(SetLineSequence, names.SET_LINE_SEQUENCE.name, self._set_sequence)
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

    def _begin(self, now: float) -> None:
        """Make the lines, at the first look: before there is no plant time."""
        kept = self._journal.kept() if self._journal is not None else {}
        for line in self._plant.lines.values():
            self._desks[line.id] = desk = self._make_desk(line, now)
            if line.id in kept:
                desk.restore(kept[line.id])
                desk.units_in(kept[f'{line.id}:sequence'])
                desk.assembly = replace(desk.assembly, sequence=more(desk.assembly, 1))
            for warning in check_sizes(demands(desk.assembly), desk.responses[line.stations[0]]):
                self.get_logger().warning(f'line={line.id} {warning}')
        for body in kept.get('asks', []):
            ask = Ask(**body)
            self._send(ask, now)

    def _make_desk(self, line: Line, now: float) -> LineDesk:
        config = self._config
        made = make_line(
            self._plant,
            line,
            start=now + config.start,
            known=config.known,
            exchange=not config.fetch_empties,
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
            else:
                known = more(desk.assembly, self._config.known // 2)
                desk.assembly = replace(desk.assembly, sequence=known)
            found, events = desk.tick(now, simulated=not real)
            intents += found
            self._log(line, events)
            if any(isinstance(one, Stopped | Resumed) for one in events):
                self._tell_line(line, now)
        self._write(now, intents)
        for one in intents:
            self._act(one, now)

    def _see(self, line: LineId, desk: LineDesk, now: float) -> None:
        read = self._plcs[line].read()
        if isinstance(read, Silent):
            self.get_logger().warning(f'line={line} {read.text}', throttle_duration_sec=30.0)
            return
        desk.assembly = apply(desk.assembly, read, now)

    def _log(self, line: LineId, events: list[Event]) -> None:
        for one in events:
            if isinstance(one, Stopped):
                self.get_logger().warning(f'line={line} stands: {one.cause}')
            elif isinstance(one, Resumed):
                self.get_logger().info(f'line={line} runs again after {one.stood:.0f} s')
            elif isinstance(one, Finished):
                self.get_logger().debug(f'line={line} unit={one.unit} done')

    def _write(self, now: float, intents: list[Intent]) -> None:
        """Keep the lines and their requests on disk, before anything is sent."""
        for one in intents:
            if isinstance(one, Ask):
                self._asks[one.request] = one
        if self._journal is None:
            return
        kept: dict[str, Any] = {line: desk.snapshot() for line, desk in self._desks.items()}
        for line, desk in self._desks.items():
            if self._saved.get(line) is not desk.assembly.sequence:
                kept[f'{line}:sequence'] = desk.units_out()
                self._saved[line] = desk.assembly.sequence
        kept['asks'] = [asdict(one) for one in self._asks.values()]
        self._journal.append(now, [], kept)

    # Requests.

    def _act(self, intent: Intent, now: float) -> None:
        if isinstance(intent, Ask):
            self._send(intent, now)
        elif not self._config.adjust:
            return
        elif isinstance(intent, Withdraw):
            self.get_logger().info(f'request={intent.request} withdrawn: {intent.reason}')
            goal = self._goals.get(intent.request)
            if goal is not None:
                goal.cancel()
        else:
            self._tell_fleet(intent)

    def _send(self, ask: Ask, now: float) -> None:
        self._asks[ask.request] = ask

        def on_result(result: DeliverMaterial.Result) -> None:
            self._ended(ask, result)

        def on_state(state: DeliveryState) -> None:
            if state.phase in _BEGUN:
                self._desk_of(ask).begun(ask.request, now_of(self))
            if state.phase in _BEGUN[1:]:
                self._desk_of(ask).loaded(ask.request)

        self._goals[ask.request] = self._requests.deliver(to_goal(ask, now), on_result, on_state)

    def _desk_of(self, ask: Ask) -> LineDesk:
        return next(
            desk for desk in self._desks.values() if ask.station in desk.assembly.plan.stations
        )

    def _ended(self, ask: Ask, result: DeliverMaterial.Result) -> None:
        """Book what came, or ask anew at the next look."""
        self._asks.pop(ask.request, None)
        self._goals.pop(ask.request, None)
        desk = self._desk_of(ask)
        if result.error_code != ErrorCode.NONE:
            desk.failed(ask.request)
            self.get_logger().warning(
                f'request={ask.request} failed: code={result.error_code} {result.error_msg}'
            )
            return
        load = LoadId(result.load_id)
        refused = desk.placed(ask.request, result.quantity, now_of(self), load)
        if refused is not None and desk.find(ask.request) is None:
            refused = desk.came((ask.station, ask.item), result.quantity, load)
        if refused is not None:
            desk.failed(ask.request)
            self.get_logger().error(f'request={ask.request} {refused.text}')

    def _tell_fleet(self, intent: Change | Hold | Release) -> None:
        """Tell the fleet what changed about an open request."""
        wanted = ChangeDelivery.Request(request_id=intent.request, reason=intent.reason)
        wanted.actor = 'line'
        if isinstance(intent, Change):
            wanted.change = ChangeDelivery.Request.CHANGE_DUE
            wanted.due = to_time(max(intent.due, now_of(self) + 5.0))
        elif isinstance(intent, Hold):
            wanted.change = ChangeDelivery.Request.CHANGE_HOLD
        else:
            wanted.change = ChangeDelivery.Request.CHANGE_RELEASE
        self.get_logger().info(f'request={intent.request} {intent.reason}')
        if self._change.service_is_ready():
            self._change.call_async(wanted)
            if isinstance(intent, Change):
                urgent = ChangeDelivery.Request(request_id=intent.request, actor='line')
                urgent.change = ChangeDelivery.Request.CHANGE_PRIORITY
                urgent.priority, urgent.reason = intent.priority, intent.reason
                self._change.call_async(urgent)

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
        for load in desk.side.to_tell():
            self._used.publish(LoadCustody(load_id=load, holder_kind=LoadCustody.HOLDER_PORT))

    def _custody(self, message: LoadCustody) -> None:
        """Hear that a container which a line has used up is known to be empty, or has left."""
        load, gone = LoadId(message.load_id), message.holder_kind == LoadCustody.HOLDER_GONE
        for desk in self._desks.values():
            if message.quantity == 0 or gone:
                desk.side.heard(load)
            if gone or message.holder_kind == LoadCustody.HOLDER_VEHICLE:
                desk.left(load, now_of(self))

    # Services.

    def _set_state(
        self, request: SetLineState.Request, response: SetLineState.Response
    ) -> SetLineState.Response:
        desk = self._checked(request.line_id, request.actor, response)
        if desk is None:
            return response
        speed = request.command == SetLineState.Request.COMMAND_SET_SPEED
        if speed:
            after = set_speed(desk.assembly, request.speed_factor)
        elif not 0 < request.command < Command.SET_SPEED:
            after = Refusal(f'command {request.command} found, wanted 1 to 10')
        else:
            after = command(desk.assembly, Command(request.command))
        if isinstance(after, Refusal):
            response.error_code = (
                ErrorCode.LINE_SPEED_OUT_OF_RANGE
                if speed
                else ErrorCode.LINE_TRANSITION_NOT_ALLOWED
            )
            response.error_msg = after.text
            return response
        desk.assembly = after
        self.get_logger().info(
            f'line={request.line_id} command={request.command} by={request.actor} {request.reason}'
        )
        self._tell_line(LineId(request.line_id), now_of(self))
        return response

    def _set_sequence(
        self, request: SetLineSequence.Request, response: SetLineSequence.Response
    ) -> SetLineSequence.Response:
        desk = self._checked(request.line_id, request.actor, response)
        if desk is None:
            return response
        line = desk.assembly
        response.frozen_until = line.position + line.plan.frozen
        units = [to_unit(slot) for slot in request.slots]
        strange = sorted({unit.model for unit in units} - set(line.plan.models))
        ids = [unit.id for unit in units]
        if strange or len(set(ids)) < len(ids) or not all(ids):
            response.error_code = ErrorCode.INVALID_ARGUMENT
            response.error_msg = (
                f'models {strange} unknown' if strange else 'unit ids are empty or repeated'
            )
            return response
        after = replace_units(
            line.plan, line.sequence, line.position, request.first_position, units
        )
        if not isinstance(after, LineSequence):
            response.error_code = ErrorCode.NOT_ALLOWED
            response.error_msg = f'position {request.first_position}: frozen until {after}'
            return response
        desk.assembly = replace(line, sequence=after)
        return response

    def _checked(self, line: str, actor: str, response: Any) -> LineDesk | None:
        """Return the desk that a service is about, or None with the reason in the response."""
        desk = self._desks.get(LineId(line))
        if desk is None:
            response.error_code = ErrorCode.LINE_UNKNOWN if self._desks else ErrorCode.NOT_READY
            response.error_msg = f'line {line!r} found, wanted one of {", ".join(self._desks)}'
        elif not actor:
            response.error_code = ErrorCode.INVALID_ARGUMENT
            response.error_msg = 'actor is empty: say who commands'
            return None
        return desk


def main(make: Callable[[], Node] = LineNode) -> int:
    """Run the line node."""
    return run(make, (PlantError, LineError, JournalError))


if __name__ == '__main__':
    sys.exit(main())
