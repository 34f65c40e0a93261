# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The sensor source: births and batches of readings of simulated machines."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from linehaul_ros.parameters import declare, setting
from linehaul_ros.readings import BatchSender
from linehaul_ros.run import run
from linehaul_ros.time import now_of
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from linehaul_floor import PlantError
from linehaul_interfaces.msg import SensorReadings
from linehaul_ros import names
from linehaul_sim.sensing import Sensed, Sensing, read_channels

NAME = 'sensor_source'
_NS = 1e9


@dataclass(frozen=True, slots=True)
class Config:
    """Parameters of the sensor source."""

    plant: str = setting('cell', doc='Name of the plant.')
    tables: str = setting('', doc='Folder of the sensor layers: TABLES/PLANT/channels.yaml.')
    seed: int = setting(1, doc='Seed of everything random.', low=0, high=2**31 - 1)
    cycle: float = setting(0.2, doc='Wall time between batches.', unit='s', low=0.01, high=10.0)
    troubles: bool = setting(True, doc='Machines get too hot, fall silent and wear.')
    pause: float = setting(
        900.0, doc='Mean plant time between two troubles.', unit='s', low=10.0, high=1e7
    )


class SensorSource(Node):
    """Shell of `Sensing`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(NAME, **kwargs)
        self._config = declare(self, Config)
        folder = Path(self._config.tables) / Path(self._config.plant).stem
        self._channels = read_channels(folder / 'channels.yaml')
        self._sensing: Sensing | None = None
        self._sender = BatchSender(NAME)
        births, readings = names.SENSOR_CHANNELS, names.SENSOR_READINGS
        self._births = self.create_publisher(births.type, f'{NAME}/channels', births.qos)
        self._readings = self.create_publisher(readings.type, f'{NAME}/readings', readings.qos)
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(self._config.cycle, self._step, clock=clock)
        self.get_logger().info(f'channels={len(self._channels)}')

    def _step(self) -> None:
        now = now_of(self)
        if now <= 0.0:
            return
        if self._sensing is None:
            pause = self._config.pause if self._config.troubles else inf
            self._sensing = Sensing(self._channels, self._config.seed, now, pause)
            self._births.publish(self._sender.births(self._channels, now))
        sensed = self._sensing.step(now)
        if sensed.channel.size:
            self._readings.publish(self._batch(sensed, now))

    def _batch(self, sensed: Sensed, now: float) -> SensorReadings:
        good = np.full(sensed.channel.size, SensorReadings.QUALITY_GOOD, dtype=np.uint8)
        time = (sensed.time * _NS).astype(np.int64)
        return self._sender.batch(sensed.channel, time, sensed.value, good, now)


def main(make: Callable[[], Node] = SensorSource) -> int:
    """Run the sensor source."""
    return run(make, (PlantError,))


if __name__ == '__main__':
    sys.exit(main())
