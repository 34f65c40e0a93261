# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The gateway node: vehicles that speak VDA 5050 over MQTT behind the vehicle contract."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from linehaul_ros.parameters import declare, setting
from linehaul_ros.run import run
from linehaul_ros.time import now_of
from linehaul_vda5050.convert import (
    connection_to_msg,
    factsheet_to_msg,
    instant_actions_from_msg,
    order_from_msg,
    state_to_msg,
)
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from linehaul_agv.errors import SettingError
from linehaul_agv.gateway.core import Fault, Gateway, Publish, Said
from linehaul_agv.gateway.link import Arrived, Broker, Changed, MqttLink
from linehaul_agv.gateway.peers import Peers, read_peers
from linehaul_floor import PlantError, VehicleId, load_plant
from linehaul_ros import names
from linehaul_vda5050 import Connection, State

PERIOD = 0.02
"""[s] of wall time between two looks at what the broker has sent."""


@dataclass(frozen=True, slots=True)
class Config:
    """Parameters of the gateway node."""

    plant: str = setting('cell', doc='Plant file, or the name of a plant that is installed.')
    broker: str = setting('localhost', doc='Host of the MQTT broker.')
    port: int = setting(1883, doc='Port of the MQTT broker.', low=1, high=65535)
    user: str = setting('', doc='User at the broker. Empty: none.')
    password_file: str = setting('', doc='File with the password of that user.')
    ca_file: str = setting('', doc='Certificates to trust, for TLS. Empty: no TLS.')
    interface: str = setting('vda5050', doc='First level of all topics.')
    vehicles: str = setting(
        '', doc='File that lists the vehicles. Empty: the serial number is the vehicle id.'
    )

    def reach(self) -> Broker:
        """Return how to reach the broker."""
        try:
            file = Path(self.password_file)
            password = file.read_text(encoding='utf-8').strip() if self.password_file else ''
        except OSError as error:
            raise SettingError(f'password_file: {error}') from error
        return Broker(self.broker, self.port, self.user, password, self.ca_file)


class GatewayNode(Node):
    """Shell of `Gateway`: converts, hands on, and logs."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('gateway', **kwargs)
        config = declare(self, Config)
        plant = load_plant(config.plant)
        peers = Peers(read_peers(Path(config.vehicles)) if config.vehicles else ())
        for spawn in plant.fleet:
            peers.expect(spawn.id)
        self._gateway = Gateway(peers, config.interface, frozenset(map(str, plant.classes)))
        self._link = MqttLink(config.reach(), self._gateway.filters())
        self._out: dict[VehicleId, dict[type, tuple[Any, Any]]] = {}
        for vehicle_id in peers.by_id:
            self._open(vehicle_id)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(PERIOD, self._drain, clock=steady)
        self.create_timer(0.5, self._tick, clock=steady)
        self._link.start()
        self.get_logger().info(
            f'broker={config.broker}:{config.port} vehicles={len(peers.by_id)} '
            f'listed={bool(config.vehicles)}'
        )

    def _open(self, vehicle_id: VehicleId) -> None:
        """Make the topics of a vehicle."""

        def out(topic: names.Topic, convert: Any) -> tuple[Any, Any]:
            one = topic.of(vehicle_id)
            return self.create_publisher(one.type, one.name, one.qos), convert

        self._out[vehicle_id] = {
            State: out(names.VEHICLE_STATE, state_to_msg),
            Connection: out(names.VEHICLE_CONNECTION, connection_to_msg),
        }
        for topic, callback in (
            (names.VEHICLE_ORDER, self._order),
            (names.VEHICLE_INSTANT_ACTIONS, self._instant),
        ):
            one = topic.of(vehicle_id)
            call = partial(callback, vehicle_id)
            self.create_subscription(one.type, one.name, call, one.qos)

    def _publisher_of(self, said: Said) -> tuple[Any, Any]:
        """Return what publishes a message; the factsheet's topic is made when there is one."""
        if said.vehicle_id not in self._out:
            self._open(said.vehicle_id)
        known, kind = self._out[said.vehicle_id], type(said.message)
        if kind not in known:
            one = names.VEHICLE_FACTSHEET.of(said.vehicle_id)
            known[kind] = self.create_publisher(one.type, one.name, one.qos), factsheet_to_msg
        return known[kind]

    # Both ways.

    def _order(self, vehicle_id: VehicleId, message: Any) -> None:
        now = now_of(self)
        self._apply([self._gateway.send(vehicle_id, order_from_msg(message), now)])

    def _instant(self, vehicle_id: VehicleId, message: Any) -> None:
        now = now_of(self)
        self._apply([self._gateway.act(vehicle_id, instant_actions_from_msg(message), now)])

    def _drain(self) -> None:
        now = now_of(self)
        for item in self._link.drain():
            match item:
                case Arrived(topic, payload):
                    self._apply(self._gateway.hear(topic, payload, now))
                case Changed(connected, text):
                    self.get_logger().info(f'broker={"there" if connected else "gone"} {text}')
                    if not connected:
                        self._apply(self._gateway.broker_lost(now))

    def _tick(self) -> None:
        self._apply(self._gateway.tick(now_of(self)))

    def _apply(self, outcomes: Iterable[Said | Publish | Fault]) -> None:
        for outcome in outcomes:
            match outcome:
                case Said(vehicle_id, message):
                    publisher, convert = self._publisher_of(outcome)
                    publisher.publish(convert(message))
                    if isinstance(message, Connection):
                        word = message.connection_state.name
                        self.get_logger().info(f'vehicle={vehicle_id} connection={word}')
                case Publish(topic, payload):
                    self._link.publish(topic, payload)
                case Fault(where, text):
                    self.get_logger().warning(f'message={where} {text}', throttle_duration_sec=0.2)

    def close(self) -> int:
        """Leave the broker; its vehicles count as cut off."""
        if self.context.ok():
            self._apply(self._gateway.broker_lost(now_of(self)))
        self._link.stop()
        return 0


def main() -> int:
    """Run the node."""
    return run(GatewayNode, broken=(PlantError, SettingError))


if __name__ == '__main__':
    sys.exit(main())
