# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Signals as ROS messages, and the two links a node holds: `PortLink` and `VehicleLink`.

A link owns one side, its two topics, its services and its record in the node's journal. Numbers in
messages that this version does not know become UNKNOWN; nonsense is ignored by the machines.
"""

from collections.abc import Callable, Mapping
from typing import Any

from linehaul_ros.journal import Journal
from linehaul_ros.time import now_of, to_time
from rclpy.node import Node
from std_srvs.srv import Trigger

from linehaul_interfaces.msg import StationSignals, VehicleSignals
from linehaul_interfaces.srv import ConfirmLoad
from linehaul_ros import names
from linehaul_transfer import signals as core
from linehaul_transfer.events import (
    Confirm,
    HeardPort,
    HeardVehicle,
    Job,
    PortEvent,
    Reset,
    Start,
    VehicleEvent,
)
from linehaul_transfer.model import (
    NO_PORT,
    Code,
    Custody,
    Holder,
    Kind,
    LoadId,
    PortId,
    Position,
    Problem,
    Sensors,
    SessionId,
    Timers,
    VehicleId,
)
from linehaul_transfer.port_state import PortState
from linehaul_transfer.records import restore_port, restore_vehicle
from linehaul_transfer.side import PortSide, VehicleSide, port_side, vehicle_side
from linehaul_transfer.vehicle_state import Phase, VehicleState

TICK = 0.1
"""[s] plant time between two looks at the timers."""
FAREWELL = 60.0
"""[s] for which the end of a session is repeated to a port that does not answer."""


def _known(kind: Any, number: int) -> Any:
    return kind(number) if number in list(kind) else kind(0)


def vehicle_signals_to_msg(signals: core.VehicleSignals, now: float) -> VehicleSignals:
    """Convert; now is plant time [s]."""
    levels = ('cs', 'valid', 'tr_req', 'busy', 'compt', 'cont', 'es')
    return VehicleSignals(
        stamp=to_time(now),
        port_id=signals.port_id,
        vehicle_id=signals.vehicle_id,
        instance_id=signals.position.instance,
        sequence=signals.position.sequence % 2**32,
        session_id=signals.session,
        kind=int(signals.kind),
        load_id=signals.load_id,
        error_code=int(signals.problem.code),
        error_msg=signals.problem.text[: core.TEXT_LENGTH],
        custody=int(signals.custody),
        **{name: getattr(signals, name) for name in levels},
    )


def vehicle_signals_from_msg(msg: VehicleSignals) -> core.VehicleSignals:
    """Convert."""
    levels = ('cs', 'valid', 'tr_req', 'busy', 'compt', 'cont', 'es')
    return core.VehicleSignals(
        port_id=PortId(msg.port_id),
        vehicle_id=VehicleId(msg.vehicle_id),
        position=Position(msg.instance_id, msg.sequence),
        session=SessionId(msg.session_id),
        kind=_known(Kind, msg.kind),
        load_id=LoadId(msg.load_id),
        custody=_known(Custody, msg.custody),
        problem=Problem(msg.error_code, msg.error_msg[: core.TEXT_LENGTH]),
        **{name: getattr(msg, name) for name in levels},
    )


def port_signals_to_msg(signals: core.PortSignals, now: float) -> StationSignals:
    """Convert; now is plant time [s]."""
    levels = ('l_req', 'u_req', 'ready', 'ho_avbl', 'es')
    return StationSignals(
        stamp=to_time(now),
        port_id=signals.port_id,
        instance_id=signals.position.instance,
        sequence=signals.position.sequence % 2**32,
        session_id=signals.session,
        vehicle_id=signals.vehicle_id,
        load_present=signals.sensors.present,
        load_placed=signals.sensors.placed,
        load_id=signals.sensors.load_id,
        error_code=int(signals.problem.code),
        error_msg=signals.problem.text[: core.TEXT_LENGTH],
        custody=int(signals.custody),
        confirmed_holder=int(signals.confirmed),
        **{name: getattr(signals, name) for name in levels},
    )


def port_signals_from_msg(msg: StationSignals) -> core.PortSignals:
    """Convert."""
    levels = ('l_req', 'u_req', 'ready', 'ho_avbl', 'es')
    return core.PortSignals(
        port_id=PortId(msg.port_id),
        position=Position(msg.instance_id, msg.sequence),
        session=SessionId(msg.session_id),
        vehicle_id=VehicleId(msg.vehicle_id),
        sensors=Sensors(msg.load_present, msg.load_placed, LoadId(msg.load_id)),
        custody=_known(Custody, msg.custody),
        confirmed=_known(Holder, msg.confirmed_holder),
        problem=Problem(msg.error_code, msg.error_msg[: core.TEXT_LENGTH]),
        **{name: getattr(msg, name) for name in levels},
    )


class _Kept:
    """The record of one side in a journal, and each change of custody as an event."""

    def __init__(self, node: Node, journal: Journal, name: str) -> None:
        self._node, self._journal, self._name = node, journal, name
        self.record: Mapping[str, Any] | None = journal.kept().get(name)
        self._custody = self.record['custody'] if self.record else None

    def save(self, record: Mapping[str, Any]) -> None:
        changed = record['custody'] != self._custody
        events = [('custody', {'side': self._name, **record})] if changed else []
        self._journal.append(now_of(self._node), events, kept={self._name: dict(record)})
        self._custody = record['custody']


class PortLink:
    """The passive side of one port in a node.

    Args:
        node: Its clock, topics and timers are used.
        port_id: Which port.
        timers: How long everything takes.
        journal: Where the record is kept, by the name transfer/port/ID.
        sensors: What the load sensors see now.
        changed: Is called after the state has changed, with the state before.
        restored: Changes how the state begins, such as what a port holds that has no record.
    """

    def __init__(
        self,
        node: Node,
        port_id: PortId,
        timers: Timers,
        journal: Journal,
        sensors: Sensors,
        changed: Callable[[PortState], None] = lambda _: None,
        restored: Callable[[PortState], PortState] = lambda state: state,
    ) -> None:
        self._node, self._changed = node, changed
        kept = _Kept(node, journal, f'transfer/port/{port_id}')
        state = restored(restore_port(port_id, timers.attempts, kept.record, sensors))
        self.side: PortSide = port_side(state, timers, kept.save, now_of(node))
        said, heard = names.STATION_SIGNALS.of(port_id), names.VEHICLE_SIGNALS.of(port_id)
        self._publisher = node.create_publisher(said.type, said.name, said.qos)
        node.create_subscription(heard.type, heard.name, self._hear, heard.qos)
        word, reset = names.CONFIRM_TRANSFER.of(port_id), names.RESET_PORT.of(port_id)
        node.create_service(word.type, word.name, self._confirm)
        node.create_service(reset.type, reset.name, self._reset)
        node.create_timer(TICK, self.tick)
        self.tick()

    def handle(self, event: PortEvent) -> Problem:
        """Take an event in; return why it does not count."""
        before = self.side.state
        problem = self.side.handle(event, now_of(self._node))
        self.tick()
        if self.side.state is not before:
            self._changed(before)
        return problem

    def tick(self) -> None:
        """Let time pass and say what has to be said."""
        before, now = self.side.state, now_of(self._node)
        message = self.side.tick(now)
        if message is not None:
            self._publisher.publish(port_signals_to_msg(message, now))
        if self.side.state is not before:
            self._changed(before)

    def _hear(self, msg: VehicleSignals) -> None:
        self.handle(HeardVehicle(vehicle_signals_from_msg(msg)))

    def _confirm(
        self, request: ConfirmLoad.Request, response: ConfirmLoad.Response
    ) -> ConfirmLoad.Response:
        holder = _known(Holder, request.holder_kind)
        word = Confirm(SessionId(request.session_id), holder, request.actor)
        problem = self.handle(word)
        self._node.get_logger().info(
            f'confirm port={self.side.state.id} session={request.session_id} '
            f'holder={holder.name} actor={request.actor} code={int(problem.code)}'
        )
        response.error_code, response.error_msg = int(problem.code), problem.text
        return response

    def _reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self.handle(Reset())
        notice = self.side.notice
        response.success = self.side.state.open
        response.message = notice.text if notice else ''
        return response


class VehicleLink:
    """The active side of one vehicle in a node; it opens the topics of the port it is at.

    Args:
        node: Its clock, topics and timers are used.
        vehicle_id: Which vehicle.
        timers: How long everything takes.
        journal: Where the record is kept, by the name transfer/vehicle/ID.
        sensors: What the load sensors see now.
        changed: Is called after the state has changed, with the state before.
        root: Namespace of the ports, with a slash at its end, where it is not the node's own.
    """

    def __init__(
        self,
        node: Node,
        vehicle_id: VehicleId,
        timers: Timers,
        journal: Journal,
        sensors: Sensors,
        changed: Callable[[VehicleState], None] = lambda _: None,
        root: str = '',
    ) -> None:
        self._node, self._changed, self._root = node, changed, root
        kept = _Kept(node, journal, f'transfer/vehicle/{vehicle_id}')
        state = restore_vehicle(vehicle_id, timers.attempts, kept.record, sensors)
        self.side: VehicleSide = vehicle_side(state, timers, kept.save, now_of(node))
        self._port = NO_PORT
        self._publisher: Any = None
        self._subscription: Any = None
        self._until = 0.0
        self._open(state.port)
        node.create_timer(TICK, self.tick)

    @property
    def parted(self) -> bool:
        """The port knows that the last session is over, or did not say so for long."""
        state = self.side.state
        told = state.peer is not None and state.own is None
        return state.phase is Phase.IDLE and (told or now_of(self._node) > self._until)

    def start(self, job: Job) -> Problem:
        """Begin a job. While another port has not heard the end of the last one: NOT_READY."""
        known = self.side.state.result is not None and self.side.state.result.job_id == job.id
        if job.port_id != self._port and not known and self.side.state.phase is Phase.IDLE:
            if self._port and not self.parted:
                text = f'{self._port} has not heard yet that the last hand-off is over'
                return Problem(Code.NOT_READY, text)
            self._open(job.port_id)
        return self.handle(Start(job))

    def handle(self, event: VehicleEvent) -> Problem:
        """Take an event in; return why it does not count."""
        before = self.side.state
        problem = self.side.handle(event, now_of(self._node))
        self.tick()
        if self.side.state is not before:
            self._changed(before)
        return problem

    def tick(self) -> None:
        """Let time pass and say what has to be said; nothing once the port knows the end."""
        before, now = self.side.state, now_of(self._node)
        if before.phase is not Phase.IDLE:
            self._until = now + FAREWELL
        message = self.side.tick(now)
        if message is not None and self._publisher is not None and not self.parted:
            self._publisher.publish(vehicle_signals_to_msg(message, now))
        if self.side.state is not before:
            self._changed(before)

    def _open(self, port_id: PortId) -> None:
        if self._publisher is not None:
            self._node.destroy_publisher(self._publisher)
            self._node.destroy_subscription(self._subscription)
        self._port, self._publisher, self._subscription = port_id, None, None
        if port_id:
            said, heard = names.VEHICLE_SIGNALS.of(port_id), names.STATION_SIGNALS.of(port_id)
            root, node = self._root, self._node
            self._publisher = node.create_publisher(said.type, root + said.name, said.qos)
            self._subscription = node.create_subscription(
                heard.type, root + heard.name, self._hear, heard.qos
            )

    def _hear(self, msg: StationSignals) -> None:
        self.handle(HeardPort(port_signals_from_msg(msg)))
