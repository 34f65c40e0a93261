# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The distribution centre's node: scans and plans in; answers, calls, proofs and state out."""

import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from linehaul_ros.journal import Journal, JournalError
from linehaul_ros.parameters import ParameterError, declare, setting
from linehaul_ros.run import run
from linehaul_ros.time import now_of
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from linehaul_floor import PlaceKind, PlantError, load_plant
from linehaul_interfaces.msg import OrderEvent
from linehaul_interfaces.srv import TraceOrder
from linehaul_ros import names
from linehaul_warehouse.centre.convert import (
    answer_to_msg,
    call_to_msg,
    proof_to_msg,
    state_to_msg,
    to_told,
    traced_to_msgs,
)
from linehaul_warehouse.centre.desk import Desk, reply_name
from linehaul_warehouse.centre.told import Call, Reply, Told, Verdict
from linehaul_warehouse.codec import plain
from linehaul_warehouse.distribution_model import Centre, DockId, Happening, LaneId, happening_of
from linehaul_warehouse.errors import EventError
from linehaul_warehouse.ids import OrderId

SNAPSHOT = 2000
"""Events between two snapshots; what was shipped until then is set aside with one."""
UNKNOWN_ID = 4
"""ErrorCode.UNKNOWN_ID."""


@dataclass(frozen=True, slots=True)
class Config:
    """Parameters of the distribution centre."""

    centre: str = setting('dc', doc='Name of the centre, as in its topic.')
    plant: str = setting('jiaozhou', doc='Plant file, or the name of a plant that is installed.')
    docks: str = setting('dock_*', doc='Ports of the plant that are dock doors: a pattern.')
    entrances: str = setting('fg_*', doc='Ports of the plant where units come in: a pattern.')
    lanes: int = setting(
        24, doc='Staging lanes; they are named lane_01 and so on.', low=1, high=99
    )
    lane_room: int = setting(40, doc='Units that a lane holds.', low=1, high=1000)
    window: float = setting(
        3600.0, doc='Time a truck has its dock and lane.', unit='s', low=60.0, high=86400.0
    )
    state_dir: str = setting('', doc='Folder of the journal. Empty: nothing survives a restart.')


class DistributionNode(Node):
    """Shell of `Desk`: converts, journals and answers."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('distribution', **kwargs)
        config = declare(self, Config)
        self._id = config.centre
        ports = [p.id for p in load_plant(config.plant).places_of(PlaceKind.WAREHOUSE_PORT)]
        docks = tuple(DockId(p) for p in ports if fnmatchcase(p, config.docks))
        entrances = frozenset(str(p) for p in ports if fnmatchcase(p, config.entrances))
        if not docks or not entrances:
            text = f'docks {config.docks!r}, entrances {config.entrances!r}'
            raise ParameterError(f'distribution: no ports of plant {config.plant!r} fit {text}')
        lanes = {LaneId(f'lane_{k:02}'): config.lane_room for k in range(1, config.lanes + 1)}
        folder = Path(config.state_dir) if config.state_dir else None
        self._journal = Journal(folder / f'{self._id}.db') if folder else None
        centre = Centre(lanes, docks)
        self.desk = Desk(centre, entrances, config.window, self._write, self._recall)
        self._called: set[Call] = set()
        self._saved = self._open() if self._journal is not None else 0
        topic, state = names.ORDER_EVENTS, names.DISTRIBUTION_STATE.of(self._id)
        self._events = self.create_publisher(topic.type, topic.name, topic.qos)
        self._state = self.create_publisher(state.type, state.name, state.qos)
        self.create_subscription(topic.type, topic.name, self._told, topic.qos)
        trace = names.TRACE_SHIPPING.of(self._id)
        self.create_service(trace.type, trace.name, self._trace)
        self.create_timer(1.0, self._heartbeat, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.get_logger().info(
            f'centre={self._id} docks={len(docks)} lanes={len(lanes)} '
            f'orders={len(self.desk.centre.orders)} shipped={self.desk.centre.shipped}'
        )

    # The file.

    def _open(self) -> int:
        """Take in the snapshot and what came after it; return the last record."""
        assert self._journal is not None
        kept = self._journal.look('snapshot')
        if kept is not None:
            self.desk.restore(kept['body'])
        last = kept['seq'] if kept is not None else 0
        for record in self._journal.replay(last):
            happened = [happening_of(one['kind'], one['body']) for one in record.body['happened']]
            self.desk.apply(record.body['event_id'], happened, record.time)
        return int(last)

    def _write(self, told: Told, happened: list[Happening], reply: Reply) -> None:
        if self._journal is not None:
            rows = [{'kind': type(one).__name__, 'body': plain(one)} for one in happened]
            body = {'event_id': told.event_id, 'happened': rows}
            kept = {reply_name(told.event_id): plain(reply)}
            self._journal.append(told.time, [(told.step.value, body)], kept)

    def _recall(self, name: str) -> Any:
        return self._journal.look(name) if self._journal is not None else None

    def save(self) -> None:
        """Write a snapshot, and set aside what was shipped."""
        if self._journal is not None:
            last, gone = self._journal.last, self.desk.set_aside()
            kept = {'snapshot': {'seq': last, 'body': self.desk.snapshot()}, **gone}
            self._journal.append(now_of(self), [], kept)
            self._saved = last

    # What is told.

    def _told(self, message: OrderEvent) -> None:
        now = now_of(self)
        told = to_told(message, now)
        if told is None or message.source == self._id:
            return
        if not self.desk.concerns(told.step, told.place_id, self._id):
            return
        reply = self.desk.tell(told)
        self._log(told, reply)
        self._events.publish(answer_to_msg(self._id, told, reply, now))
        for proof in reply.proofs:
            self._events.publish(proof_to_msg(self._id, proof))
        if self._journal is not None and self._journal.last - self._saved >= SNAPSHOT:
            self.save()
        self._call(now, again=False)

    def _log(self, told: Told, reply: Reply) -> None:
        if reply.verdict is not Verdict.TAKEN:
            what = f'event={told.event_id[:60]!r} step={told.step.value}'
            self.get_logger().warning(f'{what} {reply.verdict.value}: {reply.text}')
        for proof in reply.proofs:
            text = f'order={proof.order_id} shipped truck={proof.truck_id} stop={proof.stop}'
            self.get_logger().info(text)

    def _trace(
        self, request: TraceOrder.Request, response: TraceOrder.Response
    ) -> TraceOrder.Response:
        """Tell all that is known of an order, or of the order of a unit."""
        traced = self.desk.trace(OrderId(request.order_id), request.unit_id)
        if traced is None:
            response.error_code = UNKNOWN_ID
            response.error_msg = f'no order {request.order_id!r}, no unit {request.unit_id!r}'
            return response
        order, events = traced_to_msgs(self._id, traced)
        response.orders, response.events = [order], events[: request.limit or 1000]
        return response

    def _heartbeat(self) -> None:
        """Tell the state and what is to be done, each second; its absence: we are gone."""
        now = now_of(self)
        self._state.publish(state_to_msg(self._id, self.desk.centre, now))
        self._call(now, again=True)

    def _call(self, now: float, *, again: bool) -> None:
        """Call for units, also for those that were called for before."""
        calls = self.desk.calls(now)
        for call in calls:
            if again or call not in self._called:
                self._events.publish(call_to_msg(self._id, call, now))
        self._called = set(calls)

    def close(self) -> int:
        """Close the journal."""
        if self._journal is not None:
            self.save()
            self._journal.close()
        return 0


def main() -> int:
    """Run the node."""
    return run(DistributionNode, broken=(PlantError, JournalError, EventError))


if __name__ == '__main__':
    sys.exit(main())
