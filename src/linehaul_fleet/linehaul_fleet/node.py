# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The fleet node: requests, vehicle states and containers in; orders, feedback and states out."""

import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from linehaul_ros.actions import PersistentGoal, action_client, action_server
from linehaul_ros.journal import Journal, JournalError
from linehaul_ros.parameters import declare, setting
from linehaul_ros.run import run
from linehaul_ros.time import from_time, now_of
from linehaul_vda5050.convert import connection_from_msg, order_to_msg, state_from_msg
from rclpy.action import ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future

from linehaul_fleet.codes import Refusal
from linehaul_fleet.convert import (
    delivery_result,
    delivery_state,
    fleet_event,
    fleet_state,
    refusal_result,
    retrieve_goal,
    to_request,
    traffic_state,
)
from linehaul_fleet.delivery import LoadId, RequestId
from linehaul_fleet.errors import EventError
from linehaul_fleet.events import from_record, to_record
from linehaul_fleet.fleet import Fleet, class_pairs
from linehaul_fleet.situation import Settings
from linehaul_fleet.warm import warm_up
from linehaul_floor import PlaceId, PlantError, VehicleId, conflict_table, load_plant
from linehaul_interfaces.action import DeliverMaterial, RetrieveLoad
from linehaul_interfaces.msg import VehicleConnection, VehicleState
from linehaul_ros import names
from linehaul_vda5050 import Header, Order, serious, validate_order, validate_state


@dataclass(frozen=True, slots=True)
class Config:
    """Parameters of the fleet node."""

    plant: str = setting('cell', doc='Plant file, or the name of a plant that is installed.')
    state_dir: str = setting('', doc='Folder of the journal. Empty: nothing survives a restart.')
    cycle: float = setting(
        0.25, doc='Time between two rounds of decisions.', unit='s', low=0.02, high=5.0
    )
    lookahead: float = setting(
        30.0, doc='How far ahead of a vehicle its way is released.', unit='m', low=1.0, high=500.0
    )
    charge_below: float = setting(
        0.3, doc='Charge at which a vehicle goes to a charger.', low=0.0, high=1.0
    )
    charge_until: float = setting(
        0.9, doc='Charge at which it may leave the charger for work.', low=0.0, high=1.0
    )
    plan_share: float = setting(
        0.2, doc='Share of wall time spent on better ways.', low=0.0, high=0.9
    )
    plan_most: float = setting(
        0.1, doc='Most time spent on better ways in one round.', unit='s', low=0.0, high=5.0
    )
    state_timeout: float = setting(
        10.0, doc='Silence after which a vehicle gets no more work.', unit='s', low=1.0, high=600.0
    )


class FleetNode(Node):
    """Shell of `Fleet`: converts, journals, calls and applies."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('fleet', **kwargs)
        config = declare(self, Config)
        self._plant = load_plant(config.plant)
        self._journal = Journal(Path(config.state_dir) / 'fleet.db') if config.state_dir else None
        pairs = class_pairs(self._plant)
        conflicts = {(a, b): conflict_table(self._plant, a, b) for a, b in pairs}  # type: ignore[arg-type]
        self.get_logger().info('preparing the planner; the very first time takes about a minute')
        warm_up(self._plant, conflicts)
        self.fleet = Fleet(
            self._plant,
            conflicts,
            Settings(
                lookahead=config.lookahead,
                charge_below=config.charge_below,
                charge_until=config.charge_until,
                state_timeout=config.state_timeout,
            ),
            self._history(),
            self._journal.kept() if self._journal else None,
        )
        self._goals: dict[RequestId, list[tuple[ServerGoalHandle, Future]]] = {}
        self._retrievals: dict[RequestId, PersistentGoal] = {}
        self._header = 0
        self._cycles = 0
        self._per_second = max(1, round(1.0 / config.cycle))
        self._server: ActionServer | None = None
        self._warehouse = action_client(self, names.RETRIEVE_LOAD)
        self._fleet_state = self._publisher(names.FLEET_STATE)
        self._traffic_state = self._publisher(names.TRAFFIC_STATE)
        self._events = self._publisher(names.FLEET_EVENTS)
        self._orders = {v: self._publisher(names.VEHICLE_ORDER.of(v)) for v in self._vehicles()}
        for vehicle_id in self._vehicles():
            self._subscribe(names.VEHICLE_STATE.of(vehicle_id), partial(self._state, vehicle_id))
            self._subscribe(
                names.VEHICLE_CONNECTION.of(vehicle_id), partial(self._connection, vehicle_id)
            )
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._last_round = self._steady.now().nanoseconds * 1e-9
        self._plan_share, self._plan_most = config.plan_share, config.plan_most
        self.create_timer(config.cycle, self._cycle)
        self.create_timer(1.0, self._heartbeat, clock=self._steady)
        self.get_logger().info(
            f'plant={self._plant.name} vehicles={len(self._plant.fleet)} '
            f'deliveries={len(self.fleet.model.deliveries)} open={len(self.fleet.model.open)}'
        )

    def close(self) -> int:
        """Close the journal."""
        if self._journal is not None:
            self._journal.close()
        return 0

    def _vehicles(self) -> list[VehicleId]:
        return list(self.fleet.model.vehicles)

    def _history(self) -> list[tuple[float, Any]]:
        if self._journal is None:
            return []
        return [(r.time, from_record(r.kind, r.body)) for r in self._journal.replay()]

    def _publisher(self, topic: names.Topic) -> Any:
        return self.create_publisher(topic.type, topic.name, topic.qos)

    def _subscribe(self, topic: names.Topic, callback: Any) -> None:
        self.create_subscription(topic.type, topic.name, callback, topic.qos)

    # Vehicles.

    def _state(self, vehicle_id: VehicleId, message: VehicleState) -> None:
        state = state_from_msg(message)
        findings = serious(validate_state(state))
        if findings:
            self.get_logger().warning(
                f'vehicle={vehicle_id} state refused: {findings[0]}', throttle_duration_sec=5.0
            )
            return
        self.fleet.vehicle_state(vehicle_id, state, now_of(self))

    def _connection(self, vehicle_id: VehicleId, message: VehicleConnection) -> None:
        self.fleet.connection(vehicle_id, connection_from_msg(message))

    def _send(self, vehicle_id: VehicleId, order: Order, now: float) -> None:
        self._header += 1
        header = Header(header_id=self._header, timestamp=now, serial_number=vehicle_id)
        stamped = replace(order, header=header)
        findings = serious(validate_order(stamped))
        if findings:
            self.get_logger().error(f'vehicle={vehicle_id} own order is wrong: {findings[0]}')
            return
        self._orders[vehicle_id].publish(order_to_msg(stamped))

    # The round.

    def _cycle(self) -> None:
        now = now_of(self)
        if now <= 0.0:
            return
        if self._server is None:
            self._open_for_requests()
        self.fleet.tick(now, self._time_to_plan())
        orders = self.fleet.take_orders(now)
        self._write(now)
        for vehicle_id, order in orders:
            self._send(vehicle_id, order, now)
        self._ask_warehouse(now)
        self._answer()
        self._cycles += 1
        if self._cycles % self._per_second == 0:
            self._publish(now)

    def _time_to_plan(self) -> float:
        """Return the seconds that this round may spend on better ways: a share of the last."""
        wall = self._steady.now().nanoseconds * 1e-9
        passed, self._last_round = wall - self._last_round, wall
        return min(self._plan_share * passed, self._plan_most)

    def _write(self, now: float) -> None:
        """Journal what has been decided, then tell it."""
        events = self.fleet.take_events()
        if self._journal is not None:
            records = [to_record(e) for e in events]
            self._journal.append(now, records, self.fleet.take_kept())
        for event in events:
            message = fleet_event(event, self.fleet.model, now)
            if message is not None:
                self._events.publish(message)
                if message.kind == message.KIND_DELIVERY:
                    self.get_logger().info(
                        f'delivery={message.request_id} {message.reason} '
                        f'vehicle={message.vehicle_id or "-"}'
                    )

    def _publish(self, now: float) -> None:
        roadmap = self._plant.roadmap
        waits = self.fleet.waits
        notes = {
            v: f'waits for {w.waits_for}'
            + (f' at {roadmap.node_ids[w.element]}' if w.element < roadmap.node_count else '')
            for v, w in waits.items()
        }
        self._fleet_state.publish(
            fleet_state(self.fleet.model, self.fleet.refused, now, notes)  # type: ignore[arg-type]
        )
        self._traffic_state.publish(
            traffic_state(self.fleet.model, self.fleet.graph, waits, now)  # type: ignore[arg-type]
        )

    # Requests.

    def _open_for_requests(self) -> None:
        self._server = action_server(self, names.DELIVER_MATERIAL, self._execute, self._cancel)
        self.get_logger().info('ready for deliveries')

    async def _execute(self, handle: ServerGoalHandle) -> DeliverMaterial.Result:
        goal, now = handle.request, now_of(self)
        answer = self.fleet.request(to_request(goal), now)
        if isinstance(answer, Refusal):
            self.get_logger().warning(f'delivery={goal.request_id[:60]!r} refused: {answer.text}')
            handle.abort()
            return refusal_result(goal, answer)
        self._write(now)
        future: Future = Future()
        future.add_done_callback(lambda _: None)
        self._goals.setdefault(answer.request.request_id, []).append((handle, future))
        handle.publish_feedback(DeliverMaterial.Feedback(state=delivery_state(answer)))
        await future
        if handle.is_cancel_requested:
            handle.canceled()
        elif answer.code:
            handle.abort()
        else:
            handle.succeed()
        return delivery_result(answer)

    def _cancel(self, handle: ServerGoalHandle) -> CancelResponse:
        self.fleet.cancel(RequestId(handle.request.request_id), now_of(self))
        return CancelResponse.ACCEPT

    def _answer(self) -> None:
        """Finish the goals of deliveries that have ended and are in the journal."""
        for request_id in list(self._goals):
            if self.fleet.model.deliveries[request_id].phase.ended:
                for _, future in self._goals.pop(request_id):
                    future.set_result(None)

    def _heartbeat(self) -> None:
        """Give feedback each second of wall time; its absence tells a client that we are gone."""
        for request_id, waiting in self._goals.items():
            feedback = DeliverMaterial.Feedback(
                state=delivery_state(self.fleet.model.deliveries[request_id])
            )
            for handle, _ in waiting:
                handle.publish_feedback(feedback)

    # Containers.

    def _ask_warehouse(self, now: float) -> None:
        wanted = {d.retrieval_id: d for d in self.fleet.retrievals(now)}
        for request_id in set(self._retrievals) - set(wanted):
            self._retrievals[request_id].cancel()
        for request_id, delivery in wanted.items():
            if request_id not in self._retrievals:
                self._retrievals[request_id] = PersistentGoal(
                    self,
                    self._warehouse,
                    retrieve_goal(delivery),
                    partial(self._retrieved, request_id),
                    partial(self._retrieving, request_id),
                )

    def _retrieving(self, request_id: RequestId, feedback: RetrieveLoad.Feedback) -> None:
        if feedback.port_id and feedback.load_id and feedback.queue_position == 0:
            port_id, load_id = PlaceId(feedback.port_id), LoadId(feedback.load_id)
            eta = from_time(feedback.eta)
            self.fleet.container_promised(request_id, port_id, load_id, now_of(self), eta)

    def _retrieved(self, request_id: RequestId, result: RetrieveLoad.Result) -> None:
        self._retrievals.pop(request_id, None)
        if result.error_code == 0:
            self.fleet.container_ready(
                request_id, PlaceId(result.port_id), LoadId(result.load_id), now_of(self)
            )
        else:
            self.fleet.container_refused(request_id, result.error_msg, now_of(self))


def main() -> None:
    """Run the node."""
    sys.exit(run(FleetNode, broken=(PlantError, JournalError, EventError)))


if __name__ == '__main__':
    main()
