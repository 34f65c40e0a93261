# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The sending end of batches of sensor readings: births of channels, then arrays of readings."""

import array
import uuid
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from linehaul_interfaces.msg import SensorChannel, SensorChannels, SensorReadings
from linehaul_ros.time import to_time


class Described(Protocol):
    """A channel as a table describes it; numbers may be NaN: not stated."""

    @property
    def id(self) -> str:
        """Of the whole plant."""

    @property
    def equipment(self) -> str:
        """What it measures."""

    @property
    def place(self) -> str:
        """Where it is."""

    @property
    def quantity(self) -> str:
        """Such as temperature."""

    @property
    def unit(self) -> str:
        """By UCUM."""

    @property
    def minimum(self) -> float:
        """Of its range, in its unit."""

    @property
    def maximum(self) -> float:
        """Of its range, in its unit."""

    @property
    def period(self) -> float:
        """[s] between readings."""


class BatchSender:
    """Makes the messages of one bridge: who hears a gap in `sequence` knows that a batch is lost.

    Args:
        bridge: its id. Each sender is an instance of its own, whose births are told first.
    """

    def __init__(self, bridge: str) -> None:
        self.bridge = bridge
        self.instance = uuid.uuid4().hex
        self.sequence = 0

    def births(self, channels: Sequence[Described], now: float) -> SensorChannels:
        """Return the births of all channels; a channel's index is its row. `now` in s."""
        born = [
            SensorChannel(
                index=index,
                channel_id=one.id,
                equipment_id=one.equipment,
                place=one.place,
                quantity=one.quantity,
                unit=one.unit,
                minimum=one.minimum,
                maximum=one.maximum,
                period=one.period,
            )
            for index, one in enumerate(channels)
        ]
        return SensorChannels(
            bridge_id=self.bridge, instance_id=self.instance, stamp=to_time(now), channels=born
        )

    def batch(
        self,
        channel: npt.NDArray[np.integer],
        time: npt.NDArray[np.int64],
        value: npt.NDArray[np.float64],
        quality: npt.NDArray[np.uint8],
        received: float,
    ) -> SensorReadings:
        """Return the next batch; a value that is no number goes out as bad.

        Args:
            channel: (N,) index of the births.
            time: (N,) [ns] of the source.
            value: (N,) in the channel's unit.
            quality: (N,) of the message's constants.
            received: [s].
        """
        sound = np.where(np.isnan(value), SensorReadings.QUALITY_BAD, quality)
        message = SensorReadings(
            bridge_id=self.bridge,
            instance_id=self.instance,
            sequence=self.sequence,
            received=to_time(received),
            channel=array.array('I', channel.astype(np.uint32).tobytes()),
            source_time=array.array('q', time.astype(np.int64).tobytes()),
            value=array.array('d', value.astype(np.float64).tobytes()),
            quality=sound.astype(np.uint8),
        )
        self.sequence += 1
        return message
