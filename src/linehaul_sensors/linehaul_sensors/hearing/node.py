# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The ears of bridges that live in ROS: topics of sensors and machines, batches of processes."""

from collections.abc import Callable
from typing import Any

from linehaul_ros.parameters import ParameterError
from linehaul_ros.qos import SENSOR
from rclpy.node import Node

from linehaul_interfaces.msg import SensorChannels, SensorReadings
from linehaul_ros import names
from linehaul_sensors import convert
from linehaul_sensors.errors import ReadingsError
from linehaul_sensors.sources import BatchBridge, RosBridge, Sources


class Hearing:
    """The subscriptions of a node for its bridges.

    Args:
        node: who listens.
        sources: the bridges.
        clock: [ns] of receipts.

    Raises:
        ParameterError: the type of a topic's messages is not installed.
    """

    def __init__(self, node: Node, sources: Sources, clock: Callable[[], int]) -> None:
        self._node = node
        self._clock = clock
        for one in sources.running:
            if isinstance(one.bridge, RosBridge):
                self._hear_topics(one.bridge)
        for source, topic in sources.batch_topics():
            self._hear_batches(source, topic)

    def _hear_topics(self, bridge: RosBridge) -> None:
        for (topic, package, kind), rules in bridge.topics.topics().items():
            found = convert.message_class(f'{package}/msg/{kind}')
            if found is None:
                raise ParameterError(f'{topic}: message type {package}/{kind} is not installed')

            def hear(message: Any, rules: Any = rules) -> None:
                bridge.topics.receive(rules, message, self._clock())

            self._node.create_subscription(found, topic, hear, SENSOR)

    def _hear_batches(self, bridge: BatchBridge, topic: str) -> None:
        births = names.SENSOR_CHANNELS

        def born(message: SensorChannels) -> None:
            try:
                channels = convert.from_channels(message)
            except ReadingsError as error:
                self._node.get_logger().warning(f'{topic}: {error}')
                return
            gone = bridge.remote.born(message.bridge_id, message.instance_id, channels)
            bridge.lost += gone

        def hear(message: SensorReadings) -> None:
            try:
                batch = convert.from_readings(message)
            except ReadingsError as error:
                self._node.get_logger().warning(f'{topic}: {error}', throttle_duration_sec=30.0)
                return
            found = bridge.remote.receive(
                message.bridge_id, message.instance_id, message.sequence, batch
            )
            if found is not None:
                bridge.readings.append(found)

        self._node.create_subscription(births.type, f'{topic}/channels', born, births.qos)
        readings = names.SENSOR_READINGS
        self._node.create_subscription(readings.type, f'{topic}/readings', hear, readings.qos)
