# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The incident recorder's ears: every topic of the graph, as it is on the wire.

New topics are looked for every few seconds. A subscription takes what its publishers offer, so it
asks nothing of them; a latched topic's present value is in the ring from the beginning.
"""

import os
import re
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from linehaul_ros.qos import EVENTS, SENSOR
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from linehaul_sensors.convert import message_class
from linehaul_sensors.errors import HistoryError
from linehaul_sensors.message_types import definition
from linehaul_sensors.recorder import Incident, Message, Recorder, Schema, write


class IncidentTopics:
    """Keeps the last minutes of all topics, and writes them when something happens.

    Args:
        node: who listens.
        recorder: where messages go.
        leave_out: pattern of topics that are not recorded.
        aside: who writes the files.
    """

    def __init__(self, node: Node, recorder: Recorder, leave_out: str, aside: Executor) -> None:
        self._node = node
        self._aside = aside
        self._writing: list[Future[Path]] = []
        self._recorder = recorder
        self._leave_out = re.compile(leave_out) if leave_out else None
        self._heard: dict[str, Any] = {}
        listed = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
        self._prefixes = [Path(one) for one in listed if one]

    def look(self) -> None:
        """Subscribe to topics that are new; call it every few seconds."""
        for topic, kinds in self._node.get_topic_names_and_types():
            if topic in self._heard or '/_action/' in topic:
                continue
            if self._leave_out and self._leave_out.search(topic):
                continue
            offers = self._node.get_publishers_info_by_topic(topic)
            if offers:
                self._heard[topic] = self._hear(topic, kinds[0], [o.qos_profile for o in offers])

    def _hear(self, topic: str, kind: str, offers: list[QoSProfile]) -> Any:
        text = definition(kind, self._prefixes)
        message_type = message_class(kind)
        if text is None or message_type is None:
            self._node.get_logger().warning(f'incidents leave out {topic}: {kind} unknown')
            return None
        self._recorder.add_type(Schema(kind, text))

        def keep(data: bytes) -> None:
            now = self._node.get_clock().now().nanoseconds
            self._ended(self._recorder.add(Message(topic, kind, now, data)))

        return self._node.create_subscription(message_type, topic, keep, _qos(offers), raw=True)

    def trigger(self, name: str, now: int) -> None:
        """Begin an incident, or make the one that is recorded longer; `now` in ns."""
        if self._recorder.trigger(name, now):
            self._node.get_logger().info(f'incident={name} is recorded')

    def tick(self, now: int) -> None:
        """Forget what is too old, or have an incident written; call it about once a second."""
        self._ended(self._recorder.tick(now))
        for done in [one for one in self._writing if one.done()]:
            self._writing.remove(done)
            try:
                self._node.get_logger().info(f'incident written to {done.result()}')
            except HistoryError as error:
                self._node.get_logger().error(str(error))

    def close(self) -> None:
        """Have an incident that is being recorded written as far as it came."""
        self._ended(self._recorder.end())

    def _ended(self, incident: Incident | None) -> None:
        if incident is not None:
            self._writing.append(self._aside.submit(write, incident))


def _qos(offers: list[QoSProfile]) -> QoSProfile:
    """Return what every publisher can give: reliable and latched only where all are."""
    reliable = all(o.reliability == ReliabilityPolicy.RELIABLE for o in offers)
    latched = all(o.durability == DurabilityPolicy.TRANSIENT_LOCAL for o in offers)
    base = EVENTS if reliable else SENSOR
    return QoSProfile(
        history=base.history,
        depth=base.depth,
        reliability=base.reliability,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched and reliable else base.durability,
    )
