# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The channel table: what each sensor is, where it is, and what its values may be.

One row is one channel. A channel's number is its row; readings carry that number. Everything the
quality checks and alarms need of a channel stands in arrays, one entry per row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import nan

import numpy as np

from linehaul_sensors.arrays import FloatArray
from linehaul_sensors.ids import ChannelId, EquipmentId


@dataclass(frozen=True, slots=True)
class Channel:
    """One sensor. Values are in `unit`; NaN means 'not stated' and switches the check off.

    Attributes:
        id: unique in the plant.
        quantity: temperature, relative_humidity, pressure, position, ...
        unit: UCUM symbol.
        place: station, machine or area.
        equipment: what it watches; channels of one machine share it.
        minimum: lowest value the sensor can measure.
        maximum: highest value the sensor can measure.
        period: [s] expected between readings; NaN: on change.
        rate: fastest change that is possible [unit/s].
        stuck: [s] after which an unchanged value is suspect.
        resolution: smallest step of the sensor; changes up to it count as none.
        low_low, low, high, high_high: alarm limits.
    """

    id: ChannelId
    quantity: str
    unit: str
    place: str
    equipment: EquipmentId
    minimum: float = nan
    maximum: float = nan
    period: float = nan
    rate: float = nan
    stuck: float = nan
    resolution: float = 0.0
    low_low: float = nan
    low: float = nan
    high: float = nan
    high_high: float = nan


@dataclass(frozen=True, slots=True)
class ChannelTable:
    """All channels of the plant; every array is (C,) and row i is channel i."""

    channels: tuple[Channel, ...]
    index: dict[ChannelId, int] = field(repr=False)
    minimum: FloatArray = field(repr=False)
    maximum: FloatArray = field(repr=False)
    period: FloatArray = field(repr=False)
    rate: FloatArray = field(repr=False)
    stuck: FloatArray = field(repr=False)
    resolution: FloatArray = field(repr=False)

    def __len__(self) -> int:
        return len(self.channels)

    def of_equipment(self) -> dict[EquipmentId, tuple[int, ...]]:
        """Return the channel numbers of each piece of equipment, in the table's order."""
        groups: dict[EquipmentId, list[int]] = {}
        for number, channel in enumerate(self.channels):
            groups.setdefault(channel.equipment, []).append(number)
        return {name: tuple(numbers) for name, numbers in groups.items()}


def make_table(channels: Sequence[Channel]) -> ChannelTable:
    """Return the table of channels that are already checked (see `channel_file`).

    Raises:
        ValueError: an id stands there twice.
    """
    index = {channel.id: number for number, channel in enumerate(channels)}
    if len(index) != len(channels):
        raise ValueError('a channel id stands in the table twice')

    def column(name: str) -> FloatArray:
        values = np.array([getattr(channel, name) for channel in channels], dtype=float)
        values.flags.writeable = False
        return values

    return ChannelTable(
        channels=tuple(channels),
        index=index,
        minimum=column('minimum'),
        maximum=column('maximum'),
        period=column('period'),
        rate=column('rate'),
        stuck=column('stuck'),
        resolution=column('resolution'),
    )
