# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The topics of all vehicles: what they say is checked here, what they are told is stamped here.

Vehicles that are not in the plant file are found by their topics and join with their factsheet.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from linehaul_ros.time import now_of
from linehaul_vda5050.convert import (
    connection_from_msg,
    factsheet_from_msg,
    instant_actions_to_msg,
    order_to_msg,
    state_from_msg,
)
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from linehaul_fleet.codes import Refusal
from linehaul_fleet.fleet import Fleet
from linehaul_fleet.joining import take_factsheet
from linehaul_fleet.validating import check_connection, check_state
from linehaul_floor import VehicleId
from linehaul_interfaces.msg import VehicleConnection, VehicleFactsheet, VehicleState
from linehaul_ros import names
from linehaul_vda5050 import (
    Action,
    Header,
    InstantActions,
    Order,
    serious,
    validate_instant_actions,
    validate_order,
)

LOOK = 5.0
"""[s] of wall time between two looks for new vehicles."""
_FACTSHEET = re.compile(r'.*/?agv/([A-Za-z0-9_]+)/factsheet')


class VehicleLinks:
    """Subscriptions and publishers for each vehicle.

    Args:
        node: who speaks.
        fleet: who decides.
        refused: called with a vehicle and why what it said was refused; empty: its state is fine.
    """

    def __init__(
        self, node: Node, fleet: Fleet, refused: Callable[[VehicleId, str], None]
    ) -> None:
        self._node, self._fleet, self._refused = node, fleet, refused
        self._header = 0
        self._orders: dict[VehicleId, Any] = {}
        self._actions: dict[VehicleId, Any] = {}
        self._known: set[VehicleId] = set()
        for vehicle_id in fleet.model.vehicles:
            self._listen(vehicle_id)
        node.create_timer(LOOK, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _listen(self, vehicle_id: VehicleId) -> None:
        """Open the topics of a vehicle."""
        self._known.add(vehicle_id)
        self._orders[vehicle_id] = self._publisher(names.VEHICLE_ORDER.of(vehicle_id))
        self._actions[vehicle_id] = self._publisher(names.VEHICLE_INSTANT_ACTIONS.of(vehicle_id))
        for topic, callback in (
            (names.VEHICLE_STATE, self._state),
            (names.VEHICLE_CONNECTION, self._connection),
            (names.VEHICLE_FACTSHEET, self._factsheet),
        ):
            one = topic.of(vehicle_id)
            self._node.create_subscription(
                one.type, one.name, partial(callback, vehicle_id), one.qos
            )

    def _publisher(self, topic: names.Topic) -> Any:
        return self._node.create_publisher(topic.type, topic.name, topic.qos)

    def _look(self) -> None:
        """Find vehicles that nobody has announced."""
        for topic, _ in self._node.get_topic_names_and_types():
            found = _FACTSHEET.fullmatch(topic)
            if found is None or VehicleId(found[1]) in self._known:
                continue
            wanted = self._node.resolve_topic_name(names.VEHICLE_FACTSHEET.of(found[1]).name)
            if topic == wanted:
                self._node.get_logger().info(f'vehicle={found[1]} is there')
                self._listen(VehicleId(found[1]))

    # What vehicles say.

    def _state(self, vehicle_id: VehicleId, message: VehicleState) -> None:
        state = state_from_msg(message)
        findings = check_state(self._fleet.situation, vehicle_id, state)
        if findings:
            self._refused(vehicle_id, f'state refused: {findings[0]}')
        else:
            self._refused(vehicle_id, '')
            self._fleet.vehicle_state(vehicle_id, state, now_of(self._node))

    def _connection(self, vehicle_id: VehicleId, message: VehicleConnection) -> None:
        connection = connection_from_msg(message)
        wrong = check_connection(vehicle_id, connection)
        if wrong:
            self._refused(vehicle_id, f'connection refused: {wrong}')
        else:
            self._fleet.connection(vehicle_id, connection)

    def _factsheet(self, vehicle_id: VehicleId, message: VehicleFactsheet) -> None:
        sheet = factsheet_from_msg(message)
        answer = take_factsheet(self._fleet.situation, vehicle_id, sheet, now_of(self._node))
        if isinstance(answer, Refusal):
            self._refused(vehicle_id, answer.text)

    # What vehicles are told.

    def send(self, vehicle_id: VehicleId, order: Order, now: float) -> None:
        """Send an order."""
        stamped = replace(order, header=self._stamp(vehicle_id, now))
        findings = serious(validate_order(stamped))
        if findings:
            text = f'vehicle={vehicle_id} own order is wrong: {findings[0]}'
            self._node.get_logger().error(text)
            return
        self._orders[vehicle_id].publish(order_to_msg(stamped))

    def act(self, vehicle_id: VehicleId, actions: tuple[Action, ...], now: float) -> None:
        """Send instant actions."""
        message = InstantActions(self._stamp(vehicle_id, now), actions)
        findings = serious(validate_instant_actions(message))
        if findings:
            text = f'vehicle={vehicle_id} own instant actions are wrong: {findings[0]}'
            self._node.get_logger().error(text)
            return
        self._actions[vehicle_id].publish(instant_actions_to_msg(message))

    def _stamp(self, vehicle_id: VehicleId, now: float) -> Header:
        self._header = (self._header + 1) % 2**32
        return Header(header_id=self._header, timestamp=now, serial_number=vehicle_id)
