# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The recorder: a client that listens to a running factory and writes what it hears to a file."""

import contextlib
import time
from collections.abc import Callable
from math import isnan
from pathlib import Path
from typing import Any, TextIO

import rclpy
from linehaul_ros.run import make_executor
from linehaul_ros.time import from_time
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from linehaul_interfaces.msg import FleetState, TrafficState
from linehaul_ros import names
from linehaul_traffic.replay.convert import frame
from linehaul_traffic.replay.recording import Encoder, open_for_writing

_APART = 1.5  # [s] between the two states beyond which they no longer belong together


class Recorder(Node):
    """Writes a line for each state of the fleet.

    Args:
        path: the file; it is made when the first state comes.
        say: takes one line for people.
    """

    def __init__(self, path: Path, say: Callable[[str], None], **kwargs: Any) -> None:
        super().__init__('replay_recorder', **kwargs)
        self._path = path
        self._say = say
        self._fleet: FleetState | None = None
        self._first = float('nan')
        self._traffic = TrafficState()
        self._file: TextIO | None = None
        self._encoder = Encoder('')
        self._plant = ''
        self.frames = 0
        self.began = self.time = float('nan')
        self.finished = False
        for topic, take in (
            (names.TRAFFIC_STATE, self._hear_traffic),
            (names.FLEET_STATE, self._hear_fleet),
        ):
            self.create_subscription(topic.type, topic.name, take, topic.qos)

    def close(self) -> None:
        """Finish the file."""
        self.finished = True
        if self._file is not None:
            self._file.close()
            self._file = None

    def _hear_traffic(self, message: TrafficState) -> None:
        self._traffic = message
        self._take()

    def _hear_fleet(self, message: FleetState) -> None:
        if self._fleet is None:
            self._first = from_time(message.stamp)
        self._fleet = message
        fleet, traffic = from_time(message.stamp), from_time(self._traffic.stamp)
        spoken = self._first if isnan(traffic) else traffic
        # Else the state of the traffic of the same moment is still to come.
        if traffic >= fleet or fleet > spoken + _APART:
            self._take()

    def _take(self) -> None:
        """Write the moment that the last two messages tell, if it is a new one."""
        if self.finished or self._fleet is None:
            return
        now = frame(self._fleet, self._traffic)
        if isnan(now.time):
            return  # the plant has no time yet
        if self._file is None:
            self._begin(self._fleet.plant, now.time)
        elif self._fleet.plant != self._plant or now.time < self.time:
            self._say(f'the plant began anew at {now.time:.1f} s: the recording ends')
            self.close()
            return
        elif now.time == self.time:
            return
        self._write(self._encoder.line(now))
        self.time = now.time
        self.frames += 1

    def _begin(self, plant: str, time: float) -> None:
        self._say(f'recording plant {plant} to {self._path}')
        self._file = open_for_writing(self._path)
        self._encoder = Encoder(plant)
        self._plant, self.began = plant, time
        self._write(self._encoder.header)

    def _write(self, line: str) -> None:
        assert self._file is not None
        self._file.write(line + '\n')
        self._file.flush()


def record(
    path: Path, say: Callable[[str], None], seconds: float = float('inf'), patience: float = 15.0
) -> int:
    """Record until it has `seconds` of plant time, the plant begins anew, or Ctrl-C.

    Args:
        path: the file to write.
        say: takes lines for people.
        seconds: plant time to record.
        patience: wall seconds to wait for a factory.

    Returns:
        The number of moments recorded; 0 when no factory was heard.

    Raises:
        OSError: the file cannot be written.
    """
    rclpy.init()
    executor, node = make_executor(), Recorder(path, say)
    executor.add_node(node)
    end = time.monotonic() + patience
    try:
        with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
            while rclpy.ok() and not node.finished and (node.frames or time.monotonic() < end):
                executor.spin_once(timeout_sec=0.2)
                if node.time - node.began >= seconds:
                    break
    finally:
        node.close()
        executor.remove_node(node)
        node.destroy_node()
        rclpy.try_shutdown()
    return node.frames
