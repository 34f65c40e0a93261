# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The fleet node: requests, vehicle states and containers in; orders, feedback and states out."""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from linehaul_ros.actions import PersistentGoal, action_client, action_server
from linehaul_ros.diagnostics import DIAGNOSTICS, to_diagnostics
from linehaul_ros.journal import JournalError
from linehaul_ros.parameters import declare, setting
from linehaul_ros.run import run
from linehaul_ros.time import from_time, now_of
from rclpy.action import ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future

from linehaul_fleet.acts import Holder
from linehaul_fleet.codes import Code, Refusal
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
from linehaul_fleet.diagnostics import diagnose
from linehaul_fleet.errors import EventError
from linehaul_fleet.events import DeliveryReassigned
from linehaul_fleet.fleet import Fleet, class_pairs
from linehaul_fleet.history import History
from linehaul_fleet.links.node import VehicleLinks
from linehaul_fleet.services.convert import refusal_to_msg
from linehaul_fleet.services.node import Services
from linehaul_fleet.situation import Settings
from linehaul_fleet.store.node import Store
from linehaul_fleet.strength import Strength
from linehaul_fleet.warm import warm_up
from linehaul_floor import PlaceId, PlantError, VehicleId, conflict_table, load_plant
from linehaul_interfaces.action import DeliverMaterial, RetrieveLoad
from linehaul_interfaces.msg import LoadCustody
from linehaul_ros import names

SILENT = 2.0
"""[s] of wall time without a round after which one is made whatever the node's clock says."""

UNANSWERED = 5
"""[s] of wall time without an answer after which the warehouse counts as not there."""


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
    lose_after: float = setting(
        20.0, doc='Silence after which others get its work.', unit='s', low=1.0, high=3600.0
    )
    person_patience: float = setting(
        300.0,
        doc='How long a failed handover waits for a person.',
        unit='s',
        low=0.0,
        high=86_400.0,
    )


class FleetNode(Node):
    """Shell of `Fleet`: converts, journals, calls and applies."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('fleet', **kwargs)
        config = declare(self, Config)
        self._plant = load_plant(config.plant)
        self._store = Store(Path(config.state_dir) if config.state_dir else None)
        pairs = class_pairs(self._plant)
        conflicts = {(a, b): conflict_table(self._plant, a, b) for a, b in pairs}  # type: ignore[arg-type]
        self.get_logger().info('preparing the planner; the very first time takes about a minute')
        warm_up(self._plant, conflicts)
        past = self._store.history()
        self.fleet = Fleet(
            self._plant,
            conflicts,
            Settings(
                lookahead=config.lookahead,
                charge_below=config.charge_below,
                charge_until=config.charge_until,
                state_timeout=config.state_timeout,
                lose_after=config.lose_after,
                person_patience=config.person_patience,
            ),
            past,
            self._store.kept(),
        )
        self._history = History(past)
        self._goals: dict[RequestId, list[tuple[ServerGoalHandle, Future]]] = {}
        self._retrievals: dict[RequestId, PersistentGoal] = {}
        self._unanswered = 0
        self._cycles, self._strength = 0, Strength()
        self._shown = 0
        self._per_second = max(1, round(1.0 / config.cycle))
        self._server: ActionServer | None = None
        self._warehouse = action_client(self, names.RETRIEVE_LOAD)
        self._fleet_state = self._publisher(names.FLEET_STATE)
        self._traffic_state = self._publisher(names.TRAFFIC_STATE)
        self._events = self._publisher(names.FLEET_EVENTS)
        self._diagnostics = self._publisher(DIAGNOSTICS)
        self._links = VehicleLinks(self, self.fleet, self._refused)
        self._operators = Services(self, self.fleet, self._write, self._history)
        self._told = ''
        self._said: dict[VehicleId, str] = {}
        custody = names.CUSTODY
        self.create_subscription(custody.type, custody.name, self._custody, custody.qos)
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
        self._store.close()
        return 0

    def _publisher(self, topic: names.Topic) -> Any:
        return self.create_publisher(topic.type, topic.name, topic.qos)

    # Vehicles and loads.

    def _refused(self, vehicle_id: VehicleId, text: str) -> None:
        """Tell once why something that a vehicle says is not obeyed; empty: it is again."""
        said = self._said.get(vehicle_id, '')
        vehicle = self.fleet.model.vehicles.get(vehicle_id)
        if vehicle is not None and (text or vehicle.note == said):
            vehicle.note = text
        self._said[vehicle_id] = text
        if text and said.split(': ')[:2] != text.split(': ')[:2]:  # a field, not only a value
            self.get_logger().warning(f'vehicle={vehicle_id} {text}')
            self._events.publish(refusal_to_msg(vehicle_id, text, now_of(self)))

    def _custody(self, message: LoadCustody) -> None:
        known = message.holder_kind in set(Holder)
        holder = Holder(message.holder_kind) if known else Holder.UNKNOWN
        load = LoadId(message.load_id)
        self.fleet.custody(load, holder, message.holder_id)
        if holder is Holder.PORT and message.quantity == 0 and not message.item_id:
            self.fleet.empty_stands(load, PlaceId(message.holder_id), now_of(self))

    # The round.

    def _cycle(self) -> None:
        now = now_of(self)
        if now <= 0.0:
            return
        if self._server is None:
            self._open_for_requests()
        self.fleet.tick(now, self._time_to_plan())
        orders, actions = self.fleet.take_orders(now), self.fleet.take_actions(now)
        self._write(now)
        for vehicle_id, order in orders:
            self._links.send(vehicle_id, order, now)
        for vehicle_id, asked in actions:
            self._links.act(vehicle_id, asked, now)
        self._ask_warehouse(now)
        self._answer()
        self._cycles += 1
        heard = len(self.fleet.model.vehicles)  # who has just come back is shown at once
        if self._cycles % self._per_second == 0 or heard != self._shown:
            self._shown = heard
            self._publish(now)

    def _time_to_plan(self) -> float:
        """Return the seconds that this round may spend on better ways: a share of the last."""
        wall = self._steady.now().nanoseconds * 1e-9
        passed, self._last_round = wall - self._last_round, wall
        return min(self._plan_share * passed, self._plan_most)

    def _write(self, now: float) -> None:
        """Journal what has been decided, then tell it."""
        for text in self.fleet.take_watched():
            self.get_logger().info(f'watchdog {text}')
        events = self.fleet.take_events()
        self._store.write(now, events, self.fleet.take_kept())
        self._watch_store()
        for event in events:
            self._history.add(now, event)
            message = fleet_event(event, self.fleet.model, now)
            if message is not None:
                self._events.publish(message)
                if message.kind == message.KIND_DELIVERY:
                    self.get_logger().info(
                        f'delivery={message.request_id} {message.reason} '
                        f'vehicle={message.vehicle_id or "-"}'
                    )
                elif isinstance(event, DeliveryReassigned):
                    self.get_logger().info(f'reassigned {event.reason}')

    def _watch_store(self) -> None:
        """Take no new work while it could not be written down."""
        self.fleet.no_new_work = self._store.refusal()
        if self._store.trouble != self._told:
            self._told = self._store.trouble
            text = f'journal={self._told or "well again"}'
            (self.get_logger().error if self._told else self.get_logger().info)(text)

    def _publish(self, now: float) -> None:
        roadmap = self._plant.roadmap
        waits = self.fleet.waits
        notes = {
            v: f'waits for {w.waits_for}'
            + (f' at {roadmap.node_ids[w.element]}' if w.element < roadmap.node_count else '')
            for v, w in waits.items()
        }
        self._fleet_state.publish(
            fleet_state(self.fleet.situation, self.fleet.refused, now, notes)  # type: ignore[arg-type]
        )
        self._traffic_state.publish(
            traffic_state(
                self.fleet.model,
                self.fleet.graph,
                self.fleet.explain_waits(),
                self.fleet.situation.watchdog.counts.calls,
                now,
            )
        )
        news = self._strength.look(self.fleet.situation.desk.notices, now)
        if news:
            self.get_logger().warning(f'fleet {news}')
        health = diagnose(
            self.fleet.situation,
            self._store.trouble,
            now,
            alone=self._unanswered >= UNANSWERED,
        )
        self._diagnostics.publish(to_diagnostics(health, now))

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
        if not self._store.written:
            self.fleet.fail(answer, Code.DISK_FULL, self._store.trouble, now)
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
        """Give feedback each second of wall time; its absence tells a client that we are gone.

        Where the node's clock was set back its timers are silent, so the round is made here.
        """
        if self._steady.now().nanoseconds * 1e-9 - self._last_round > SILENT:
            self._cycle()
        self._watch_warehouse()
        for request_id, waiting in self._goals.items():
            feedback = DeliverMaterial.Feedback(
                state=delivery_state(self.fleet.model.deliveries[request_id])
            )
            for handle, _ in waiting:
                handle.publish_feedback(feedback)

    # Containers.

    def _watch_warehouse(self) -> None:
        """Tell once that deliveries wait for a warehouse that does not answer; each second."""
        silent = [r for r, goal in self._retrievals.items() if goal.unanswered]
        was, self._unanswered = self._unanswered, self._unanswered + 1 if silent else 0
        if self._unanswered == UNANSWERED:
            text = f'warehouse=silent waiting={len(silent)} action={names.RETRIEVE_LOAD.name}'
            self.get_logger().warning(text)
        elif was >= UNANSWERED and not silent:
            self.get_logger().info('warehouse=answers')

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
