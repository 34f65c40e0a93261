# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A batch of readings: arrays of channel number, source time, value and quality.

Numbers of `Quality` are those of `linehaul_interfaces/SensorReadings`. `Flag` tells why a quality
is not good; a reading may carry several.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag

import numpy as np
from numpy.typing import ArrayLike

from linehaul_sensors.arrays import ByteArray, FlagArray, FloatArray, IndexArray, IntArray
from linehaul_sensors.errors import ReadingsError

NS = 1_000_000_000
"""Nanoseconds in a second."""


class Quality(IntEnum):
    """How far a value may be trusted. A higher number is worse."""

    UNKNOWN = 0
    GOOD = 1
    UNCERTAIN = 2
    BAD = 3
    STALE = 4


class Flag(IntFlag):
    """Why a reading is not good, or what is to be known about it."""

    SOURCE = 1  # the source itself said uncertain or bad
    NOT_FINITE = 2  # NaN or infinite
    RANGE = 4  # outside what the sensor can measure
    RATE = 8  # changed faster than is possible
    STUCK = 16  # has not changed for too long
    GAP = 32  # readings before this one are missing
    CLOCK = 64  # source time far from the time of receipt
    DUPLICATE = 128  # same channel and time again
    ORDER = 256  # older than one that was there before
    HISTORICAL = 512  # stored by the source and sent later, on purpose
    STALE = 1024  # nothing came for too long; the value is the last one


@dataclass(frozen=True, slots=True)
class Readings:
    """N readings; row i is one reading.

    Attributes:
        channel: (N,) channel number.
        time: (N,) source time [ns] since 1970-01-01 UTC.
        value: (N,) in the channel's unit.
        quality: (N,) `Quality`.
        flags: (N,) uint16 of `Flag`.
    """

    channel: IndexArray
    time: IntArray
    value: FloatArray
    quality: ByteArray
    flags: FlagArray

    def __len__(self) -> int:
        return self.channel.size

    def take(self, rows: np.ndarray) -> 'Readings':
        """Return the readings of a mask or of an index array."""
        return Readings(
            self.channel[rows],
            self.time[rows],
            self.value[rows],
            self.quality[rows],
            self.flags[rows],
        )


def make_readings(
    channel: ArrayLike,
    time: ArrayLike,
    value: ArrayLike,
    quality: ArrayLike | None = None,
    flags: ArrayLike | None = None,
) -> Readings:
    """Return a batch of arrays or lists; a missing quality means good.

    Raises:
        ReadingsError: the arrays have different lengths.
    """
    numbers = np.atleast_1d(np.asarray(channel, dtype=np.uint32))
    size = numbers.size
    times = np.atleast_1d(np.asarray(time, dtype=np.int64))
    values = np.atleast_1d(np.asarray(value, dtype=np.float64))
    qualities = np.ones(size, np.uint8) if quality is None else np.asarray(quality, np.uint8)
    bits = np.zeros(size, np.uint16) if flags is None else np.asarray(flags, np.uint16)
    found = (size, times.size, values.size, qualities.size, bits.size)
    if len(set(found)) != 1:
        raise ReadingsError(f'arrays of one batch have lengths {found}; they must be the same')
    return Readings(numbers, times, values, np.atleast_1d(qualities), np.atleast_1d(bits))


def concatenate(batches: Sequence[Readings]) -> Readings:
    """Return all readings of the batches, in their order."""
    if len(batches) == 1:
        return batches[0]
    if not batches:
        return make_readings([], [], [])
    return Readings(
        np.concatenate([b.channel for b in batches]),
        np.concatenate([b.time for b in batches]),
        np.concatenate([b.value for b in batches]),
        np.concatenate([b.quality for b in batches]),
        np.concatenate([b.flags for b in batches]),
    )
