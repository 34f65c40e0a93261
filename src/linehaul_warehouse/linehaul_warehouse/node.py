# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The warehouse node: retrievals and storages in; custody, states and stock out.

Whatever is decided is in the journal before a crane, a client or anybody else hears of it.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linehaul_ros.actions import action_server
from linehaul_ros.parameters import declare, setting
from linehaul_ros.run import run
from linehaul_ros.time import now_of
from rclpy.action import CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future

from linehaul_floor import PlantError, load_plant
from linehaul_interfaces.action import RetrieveLoad, StoreLoad
from linehaul_interfaces.msg import LoadCustody
from linehaul_ros import names
from linehaul_warehouse import events as ev
from linehaul_warehouse import people
from linehaul_warehouse.codes import Code, Refused
from linehaul_warehouse.convert import (
    custody,
    retrieve_feedback,
    retrieve_result,
    stock_record,
    store_feedback,
    store_result,
    to_retrieve,
    to_store,
    warehouse_state,
)
from linehaul_warehouse.crane_end import Report
from linehaul_warehouse.errors import WarehouseError
from linehaul_warehouse.exchange import read_stock
from linehaul_warehouse.ids import AisleId, CellId, ItemId, LoadId, PortId, RequestId
from linehaul_warehouse.lookup import look_up
from linehaul_warehouse.model import Count, Packml, Quality
from linehaul_warehouse.rack import Flow, Rack
from linehaul_warehouse.rack_file import load_rack, rack_of_plant
from linehaul_warehouse.settings import Settings
from linehaul_warehouse.sim_end import SimEnd
from linehaul_warehouse.stock import Rotation
from linehaul_warehouse.stocking import first_stock
from linehaul_warehouse.store import Store
from linehaul_warehouse.warehouse import Warehouse

SNAPSHOT = 5000
"""Events between two snapshots."""
COMMANDS = {1: Packml.HELD, 2: Packml.IDLE, 3: Packml.STOPPED, 4: Packml.ABORTED}


@dataclass(frozen=True, slots=True)
class Config:
    """Parameters of the warehouse node."""

    plant: str = setting('cell', doc='Plant file, or the name of a plant that is installed.')
    rack: str = setting('', doc='Rack file. Empty: a standard rack behind the ports of the plant.')
    ports: str = setting('wh', doc='Without a rack file: what the names of its ports begin with.')
    state_dir: str = setting('', doc='Folder of the journal. Empty: nothing survives a restart.')
    stock: str = setting('', doc='CSV or Parquet file taken in when the journal is new.')
    fill: float = setting(
        0.6,
        doc='Share of cells filled when the journal is new, without a file.',
        low=0.0,
        high=0.9,
    )
    rotation: str = setting('fifo', doc='Which lot is used first.', choices=('fifo', 'fefo'))
    cycle: float = setting(
        0.25, doc='Time between two rounds of decisions.', unit='s', low=0.02, high=5.0
    )
    hold: float = setting(
        180.0, doc='How long before its due time a load may wait.', unit='s', low=0.0, high=7200.0
    )
    pair_hold: float = setting(
        420.0, doc='The same where that makes a dual cycle.', unit='s', low=0.0, high=7200.0
    )
    patience: float = setting(
        600.0, doc='Due time of a request without one.', unit='s', low=1.0, high=86400.0
    )


class WarehouseNode(Node):
    """Shell of `Warehouse`: converts, journals, calls and applies."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('warehouse', **kwargs)
        config = declare(self, Config)
        self._plant = load_plant(config.plant)
        rack = (
            load_rack(Path(config.rack))
            if config.rack
            else rack_of_plant(self._plant, config.ports)
        )
        folder = Path(config.state_dir) if config.state_dir else None
        self._store = Store(folder / f'{rack.id}.db' if folder else ':memory:')
        settings = Settings(
            rotation=Rotation[config.rotation.upper()],
            hold=config.hold,
            pair_hold=config.pair_hold,
            patience=config.patience,
            items=frozenset(self._plant.items),
        )
        state = self._store.load(rack)
        self.warehouse = Warehouse(rack, settings, state, self._store.known)
        self.end = SimEnd(rack, folder / f'{rack.id}_cranes.json' if folder else None)
        self._config, self._saved = config, self._store.last
        self._goals: dict[tuple[str, RequestId], list[tuple[ServerGoalHandle, Future]]] = {}
        self._servers: list[Any] = []
        self._make_topics(rack)
        self.create_timer(config.cycle, self.tick)
        self.create_timer(1.0, self._heartbeat, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.get_logger().info(
            f'warehouse={rack.id} aisles={len(rack.aisles)} cells={len(rack.ids)} '
            f'loads={len(state.facts.loads)} events={self._store.last}'
        )

    def _make_topics(self, rack: Rack) -> None:
        topic = names.WAREHOUSE_STATE.of(rack.id)
        self._state = self.create_publisher(topic.type, topic.name, topic.qos)
        one = names.CUSTODY
        self._custody = self.create_publisher(one.type, one.name, one.qos)
        self.create_subscription(one.type, one.name, self._seen, one.qos)
        for endpoint, callback in (
            (names.LOOK_UP_STOCK, self._look_up),
            (names.COUNT_CELL, self._count),
            (names.SET_AISLE_STATE, self._block),
            (names.ADJUST_STOCK, self._adjust),
            (names.COMMAND_CRANE, self._command_crane),
        ):
            self.create_service(endpoint.type, endpoint.name, callback)

    def close(self) -> int:
        """Close the journal."""
        self._store.save(self.warehouse.state)
        self._store.close()
        return 0

    # The round.

    def tick(self) -> None:
        """Decide, write, then act."""
        now = now_of(self)
        if now <= 0.0:
            return
        if not self._servers:
            self._begin(now)
        for report in self.end.advance(now):
            self.warehouse.crane_report(report, now)
            self._do(now)
        self.warehouse.tick(now)
        self._do(now)
        self._answer()
        if self._store.last - self._saved >= SNAPSHOT:
            self._store.save(self.warehouse.state)
            self._saved = self._store.last

    def _begin(self, now: float) -> None:
        """Stock a new warehouse, read the ports, and open for requests."""
        if self._store.last == 0:
            self.warehouse.act(self._first(now), now)
            self._do(now)
        if self.end.new:
            self.end.begin(self.warehouse.state)
        for port_id, load_id in self.end.at(Flow.IN):
            self.warehouse.load_arrived(port_id, load_id, now)
        for port_id, loads in self.warehouse.state.at_port.items():
            gone = set(loads) - set(self.end.floor.ports[port_id])
            for load_id in gone if self.warehouse.rack.ports[port_id].flow is Flow.OUT else ():
                self.warehouse.load_taken(port_id, load_id, now)
        self._do(now)
        for endpoint, execute, cancel in (
            (names.RETRIEVE_LOAD, self._retrieve, self._cancel_retrieval),
            (names.STORE_LOAD, self._store_load, self._cancel_storage),
        ):
            self._servers.append(action_server(self, endpoint, execute, cancel))
        self.get_logger().info('ready for loads')

    def _first(self, now: float) -> list[ev.Event]:
        if self._config.stock:
            return read_stock(self.warehouse.state, Path(self._config.stock), now)
        items = [(ItemId(i.id), i.container_units) for i in self._plant.items.values()]
        share, rack = self._config.fill, self.warehouse.rack
        return first_stock(rack, [*items, (ItemId(''), 0)], share, now)

    def _do(self, now: float) -> None:
        """Write what was decided, tell it, and send the commands; until nothing new is decided."""
        while True:
            out = self.warehouse.take()
            self._store.append(out.events)
            self._tell([event for _, event in out.events], now)
            for command in out.commands:
                answer = self.end.obey(command, now)
                if isinstance(answer, Report):
                    self.warehouse.crane_report(answer, now)
                elif answer is not None:
                    self.warehouse.crane_status(answer, now)
            if not out.commands:
                return

    def _tell(self, events: list[ev.Event], now: float) -> None:
        facts = self.warehouse.state.facts
        for event in events:
            match event:
                case ev.LoadMoved(load_id) if load_id in facts.loads:
                    message = custody(facts.loads[load_id], self._store.last, now)
                    self._custody.publish(message)
                case ev.RetrievalEnded(request_id, code) | ev.StorageEnded(request_id, _, code):
                    self.get_logger().info(f'request={request_id} ended code={code.name}')
                case ev.CraneChanged(aisle_id, state, actor, reason):
                    text = f'crane={aisle_id} state={state.name} by={actor} reason={reason!r}'
                    self.get_logger().warning(text)
                case ev.CellMarked(cell_id, mark, actor, reason):
                    text = f'cell={cell_id} mark={mark.name} by={actor} reason={reason!r}'
                    self.get_logger().warning(text)

    def _seen(self, message: LoadCustody) -> None:
        """Take what others say of loads at our ports."""
        now, load_id = now_of(self), LoadId(message.load_id)
        if now <= 0.0 or not self._servers:
            return
        load = self.warehouse.state.facts.loads.get(load_id)
        port_id = PortId(message.holder_id)
        port = self.warehouse.rack.ports.get(port_id)
        here = message.holder_kind == LoadCustody.HOLDER_PORT
        if here and port is not None and port.flow is Flow.IN and load is None:
            self.end.set_down(port_id, load_id)
            refused = self.warehouse.load_arrived(port_id, load_id, now)
            if refused is not None:
                self.get_logger().warning(f'load={load_id} port={port_id} refused: {refused.text}')
        elif message.holder_kind == LoadCustody.HOLDER_VEHICLE and load is not None:
            place = PortId(load.place.id)
            if self.warehouse.load_taken(place, load_id, now) is None:
                self._do(now)
                self.end.taken(place, load_id)
        self._do(now)

    # Actions.

    async def _retrieve(self, handle: ServerGoalHandle) -> RetrieveLoad.Result:
        now = now_of(self)
        answer = self.warehouse.retrieve(to_retrieve(handle.request), now)
        self._do(now)
        if not isinstance(answer, Refused) and answer.open:
            answer = await self._wait('retrieve', answer.request.id, handle)
        return self._end(handle, answer, retrieve_result(answer))

    async def _store_load(self, handle: ServerGoalHandle) -> StoreLoad.Result:
        now = now_of(self)
        answer = self.warehouse.store(to_store(handle.request), now)
        self._do(now)
        if not isinstance(answer, Refused) and answer.open:
            for port_id, load_id in self.end.at(Flow.IN):
                if load_id == answer.request.load_id:  # it came before its request
                    self.warehouse.load_arrived(port_id, load_id, now)
                    self._do(now)
            answer = await self._wait('store', answer.request.id, handle)
        return self._end(handle, answer, store_result(answer))

    async def _wait(self, kind: str, request_id: RequestId, handle: ServerGoalHandle) -> Any:
        future: Future = Future()
        self._goals.setdefault((kind, request_id), []).append((handle, future))
        self._feedback(kind, request_id, handle)
        return await future

    def _end(self, handle: ServerGoalHandle, answer: Any, result: Any) -> Any:
        if isinstance(answer, Refused):
            text = f'request={handle.request.request_id[:60]!r} refused: {answer.text}'
            self.get_logger().warning(text)
        if result.error_code == 0:
            handle.succeed()
        elif handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()
        return result

    def _cancel_retrieval(self, handle: ServerGoalHandle) -> CancelResponse:
        return self._cancelled(self.warehouse.cancel_retrieval, handle)

    def _cancel_storage(self, handle: ServerGoalHandle) -> CancelResponse:
        return self._cancelled(self.warehouse.cancel_storage, handle)

    def _cancelled(self, cancel: Any, handle: ServerGoalHandle) -> CancelResponse:
        now = now_of(self)
        refused = cancel(RequestId(handle.request.request_id), now)
        self._do(now)
        return CancelResponse.REJECT if refused else CancelResponse.ACCEPT

    def _requests(self, kind: str) -> Any:
        facts = self.warehouse.state.facts
        return facts.retrievals if kind == 'retrieve' else facts.storages

    def _answer(self) -> None:
        """Finish the goals of requests that have ended and are in the journal."""
        for kind, request_id in list(self._goals):
            request = self._requests(kind)[request_id]
            if not request.open:
                for _, future in self._goals.pop((kind, request_id)):
                    future.set_result(request)

    def _feedback(self, kind: str, request_id: RequestId, handle: ServerGoalHandle) -> None:
        if not handle.is_active:
            return
        state, now = self.warehouse.state, now_of(self)
        request = self._requests(kind)[request_id]
        if kind == 'retrieve':
            message: Any = retrieve_feedback(state, self.warehouse.settings, request, now)
        else:
            message = store_feedback(state, request, now)
        handle.publish_feedback(message)

    def _heartbeat(self) -> None:
        """Give feedback and state each second of wall time; silence tells that we are gone."""
        for (kind, request_id), waiting in self._goals.items():
            for handle, _ in waiting:
                self._feedback(kind, request_id, handle)
        now = now_of(self)
        if now > 0.0:
            self._state.publish(warehouse_state(self.warehouse.state, now))

    # Services.

    def _done(self, answer: people.Answer, response: Any) -> Any:
        now = now_of(self)
        refused = self.warehouse.act(answer, now)
        self._do(now)
        return _refusal(refused, response)

    def _look_up(self, request: Any, response: Any) -> Any:
        state = self.warehouse.state
        wanted = (request.item_id, request.order_id, request.load_id, request.lot)
        loads, response.more = look_up(state, *wanted, request.limit or 1000)
        response.records = [stock_record(load) for load in loads]
        return response

    def _count(self, request: Any, response: Any) -> Any:
        cell = CellId(request.cell_id)
        count = Count(request.actor, request.load_id, request.item_id, request.quantity)
        answer = people.count_cell(self.warehouse.state, cell, count, now_of(self))
        self._done(answer, response)
        response.recount = cell in self.warehouse.state.facts.counts
        return response

    def _block(self, request: Any, response: Any) -> Any:
        aisle = AisleId(request.aisle_id)
        state, blocked = self.warehouse.state, request.blocked
        return self._done(
            people.block_aisle(state, aisle, blocked, request.actor, request.reason), response
        )

    def _adjust(self, request: Any, response: Any) -> Any:
        state, load_id = self.warehouse.state, LoadId(request.load_id)
        who = request.actor, request.reason
        if request.quality not in tuple(Quality):
            text = f'quality: found {request.quality}, wanted 0 to {max(Quality)}'
            return _refusal(Refused(Code.INVALID_ARGUMENT, text), response)
        if request.set_quantity:
            self._done(people.adjust(state, load_id, request.quantity, *who), response)
        if request.quality and not response.error_code:
            quality = Quality(request.quality)
            self._done(people.set_quality(state, load_id, quality, *who), response)
        return response

    def _command_crane(self, request: Any, response: Any) -> Any:
        now, wanted = now_of(self), COMMANDS.get(request.command, Packml.UNKNOWN)
        who = request.actor, request.reason
        if wanted is Packml.ABORTED and not request.aisle_id:
            refused = self.warehouse.emergency_stop(*who, now)
        else:
            refused = self.warehouse.command_crane(AisleId(request.aisle_id), wanted, *who, now)
        self._do(now)
        return _refusal(refused, response)


def _refusal(refused: Refused | None, response: Any) -> Any:
    if refused is not None:
        response.error_code, response.error_msg = int(refused.code), refused.text
    return response


def main() -> int:
    """Run the node."""
    return run(WarehouseNode, broken=(PlantError, WarehouseError))


if __name__ == '__main__':
    sys.exit(main())
