# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The voice of the sensor layer: readings as they come, alarms and warnings when they change."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from linehaul_ros.diagnostics import DIAGNOSTICS, to_diagnostics
from linehaul_ros.names import Topic
from linehaul_ros.readings import BatchSender
from rclpy.node import Node

from linehaul_ros import names
from linehaul_sensors import convert
from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.diagnostics import diagnose
from linehaul_sensors.pipeline import Pipeline
from linehaul_sensors.readings import Readings
from linehaul_sensors.sources import Running

LEAST = 1.0
"""[s] of wall time between two lists of alarms: in a flood the topic stays below 1 Mbit/s."""


class Telling:
    """The publishers of the sensors node.

    Args:
        node: who speaks.
        table: the channels; told once, as soon as there is plant time.
        pictures: folder of the warnings' pictures.
    """

    def __init__(self, node: Node, table: ChannelTable, pictures: Path) -> None:
        self._node = node
        self._table = table
        self._pictures = pictures
        self._sender = BatchSender('sensors')
        self._born = False
        self._told = -LEAST
        self._changed = {'alarms': True, 'warnings': True}
        self._readings = self._publisher(names.SENSOR_READINGS)
        self._channels = self._publisher(names.SENSOR_CHANNELS)
        self._alarms = self._publisher(names.ALARMS)
        self._warnings = self._publisher(names.EARLY_WARNINGS)
        self._diagnostics = self._publisher(DIAGNOSTICS)

    def _publisher(self, topic: Topic) -> Any:
        return self._node.create_publisher(topic.type, topic.name, topic.qos)

    def changed(self, *, alarms: bool = False, warnings: bool = False) -> None:
        """Note that lists are to be told anew."""
        self._changed['alarms'] |= alarms
        self._changed['warnings'] |= warnings

    def readings(self, batch: Readings, now: float) -> None:
        """Tell a batch of checked readings; `now` in s."""
        if not len(batch):
            return
        message = self._sender.batch(batch.channel, batch.time, batch.value, batch.quality, now)
        self._readings.publish(message)

    def lists(self, pipeline: Pipeline, now: float, *, drawing: bool) -> None:
        """Tell the channels once, and the warnings if they changed; call it each second.

        Args:
            pipeline: that knows them.
            now: [s].
            drawing: pictures are being drawn, so that warnings are told once more.
        """
        if not self._born:
            self._born = True
            self._channels.publish(self._sender.births(self._table.channels, now))
        if self._changed['warnings']:
            records = pipeline.maintenance.book.views()
            self._warnings.publish(convert.to_warnings(records, self._pictures, now))
        rate = pipeline.alarms.book.rate
        # The ten-minute count goes down by itself.
        self.changed(alarms=rate.flood or bool(rate.times))
        self._changed['warnings'] = drawing

    def alarms(self, pipeline: Pipeline, now: float) -> None:
        """Tell the alarms at once if they changed, but never twice within `LEAST`; `now` in s."""
        since = time.monotonic() - self._told
        if not self._changed['alarms'] or since < LEAST:
            return
        self._told += since
        self._changed['alarms'] = False
        rate = pipeline.alarms.book.rate
        views = pipeline.alarms.views()
        self._alarms.publish(convert.to_alarms(views, rate.flood, len(rate.times), now))

    def health(
        self, pipeline: Pipeline, running: Sequence[Running], troubles: Sequence[str], now: float
    ) -> None:
        """Tell how everything is; `now` in s."""
        health = diagnose(pipeline, running, troubles, now)
        self._diagnostics.publish(to_diagnostics(health, now))
