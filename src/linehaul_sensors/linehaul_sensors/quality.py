# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Quality first: every reading is checked before anything else sees it.

`QualityCheck` holds what must be remembered of all channels, as arrays; `check` judges a batch and
`stale` finds channels that fell silent. What a check found is in the reading's flags.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linehaul_sensors.arrays import BoolArray, IntArray
from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.errors import ReadingsError
from linehaul_sensors.quality_kernels import NEVER, check
from linehaul_sensors.readings import NS, Flag, Quality, Readings, make_readings


@dataclass(frozen=True, slots=True)
class QualityRules:
    """What holds for all channels alike.

    Attributes:
        ahead: [s] a source time may be ahead of its receipt.
        behind: [s] a source time may be behind its receipt.
        gap: periods without a reading that make a gap.
        stale: periods without a reading after which a channel is stale.
        stale_least: [s] shortest time to stale, whatever the period.
    """

    ahead: float = 5.0
    behind: float = 60.0
    gap: float = 3.0
    stale: float = 5.0
    stale_least: float = 10.0


@dataclass(frozen=True, slots=True)
class Checked:
    """A judged batch.

    Attributes:
        readings: (N,) all readings with their quality and flags.
        live: (N,) newest of their channel: alarms and early warning want these.
        used: (N,) [ns] time to use for live readings; the time of receipt on a clock error.
        keep: (N,) to be stored; an exact duplicate is not.
    """

    readings: Readings
    live: BoolArray
    used: IntArray
    keep: BoolArray


class QualityCheck:
    """The checks of all channels, and what they remember.

    Args:
        table: the channels.
        rules: tolerances that hold for all of them.
    """

    def __init__(self, table: ChannelTable, rules: QualityRules | None = None) -> None:
        rules = rules or QualityRules()
        count = len(table)
        self.rules = rules
        limits = [table.minimum, table.maximum, table.rate, table.resolution]
        self._limits = np.stack(limits, axis=1)
        gap, stuck = table.period * rules.gap, table.stuck
        self._spans = (np.nan_to_num(np.stack([gap, stuck], axis=1)) * NS).astype(np.int64)
        self._rules = np.array([rules.ahead * NS, rules.behind * NS], dtype=np.int64)
        self._time = np.full((count, 5), NEVER, dtype=np.int64)
        self._value = np.full((count, 2), np.nan)
        least = np.maximum(table.period * rules.stale, rules.stale_least)
        self._patience = np.nan_to_num(least * NS, nan=2.0**62).astype(np.int64)
        self._stale = np.zeros(count, dtype=bool)
        self.found: dict[Flag, int] = dict.fromkeys(Flag, 0)

    def check(self, batch: Readings, received: int) -> Checked:
        """Judge a batch in the order of its readings.

        Args:
            batch: readings; quality is what the source said, flags SOURCE and HISTORICAL.
            received: [ns] when the batch came in.

        Raises:
            ReadingsError: a channel number is not in the table.
        """
        count = len(self._stale)
        if len(batch) and int(batch.channel.max()) >= count:
            raise ReadingsError(f'channel {int(batch.channel.max())} of {count} is not known')
        value, quality = batch.value.copy(), batch.quality.copy()
        flags = batch.flags & np.uint16(Flag.HISTORICAL | Flag.SOURCE)
        live, keep = np.zeros(len(batch), dtype=bool), np.zeros(len(batch), dtype=bool)
        used = np.zeros(len(batch), dtype=np.int64)
        check(
            batch.channel, batch.time, value, quality, flags, received, self._limits, self._spans,
            self._rules, self._time, self._value, live, used, keep,
        )  # fmt: skip
        fresh = (flags & np.uint16(Flag.HISTORICAL)) == 0
        self._stale[batch.channel[fresh]] = False
        self._count(flags)
        return Checked(
            Readings(batch.channel, batch.time, value, quality, flags), live, used, keep
        )

    @property
    def stale_now(self) -> int:
        """Channels that are stale."""
        return int(np.count_nonzero(self._stale))

    def _count(self, flags: np.ndarray) -> None:
        if flags.any():
            for flag in Flag:
                self.found[flag] += int(np.count_nonzero(flags & np.uint16(flag)))

    def stale(self, now: int) -> Readings:
        """Return one reading of quality STALE for each channel that has just become stale.

        Args:
            now: [ns]; the readings carry it, and the last plausible value or NaN.
        """
        heard = self._time[:, 2]
        # After our own clock jumped back, silence is counted from now on.
        np.minimum(heard, now, out=heard, where=heard != NEVER)
        silent = (heard != NEVER) & (now - np.maximum(heard, 0) > self._patience) & ~self._stale
        return self._became_stale(np.flatnonzero(silent), now)

    def lost(self, channels: Sequence[int] | IntArray, now: int) -> Readings:
        """Mark channels stale because their source is known to be gone; return as `stale` does."""
        numbers = np.asarray(channels, dtype=np.int64)
        return self._became_stale(numbers[~self._stale[numbers]], now)

    def _became_stale(self, numbers: IntArray, now: int) -> Readings:
        self._stale[numbers] = True
        self.found[Flag.STALE] += numbers.size
        return make_readings(
            numbers,
            np.full(numbers.size, now),
            self._value[numbers, 0],
            np.full(numbers.size, Quality.STALE),
            np.full(numbers.size, Flag.STALE),
        )

    def reset(self, channels: Sequence[int] | IntArray) -> None:
        """Forget what was remembered of channels, as when their sensor was exchanged."""
        numbers = np.asarray(channels, dtype=np.int64)
        self._time[numbers] = NEVER
        self._value[numbers] = np.nan
        self._stale[numbers] = False
