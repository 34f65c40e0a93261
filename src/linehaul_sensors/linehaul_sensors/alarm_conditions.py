# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""From readings to changes of alarm conditions, for all alarms at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from linehaul_sensors.alarm_kernels import NEVER, evaluate
from linehaul_sensors.alarm_table import AlarmDef
from linehaul_sensors.arrays import FloatArray
from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.errors import ReadingsError
from linehaul_sensors.readings import NS, Readings


@dataclass(frozen=True, slots=True)
class Change:
    """The condition of an alarm came or went.

    Attributes:
        alarm: number in the table of alarms.
        active: it is there now.
        time: [s] when.
        value: that made it; NaN: none.
    """

    alarm: int
    active: bool
    time: float
    value: float


class Conditions:
    """The conditions of all alarms that watch a channel.

    Args:
        alarms: all alarms of the plant; an alarm's number is its place here.
        table: the channels they watch.
    """

    def __init__(self, alarms: Sequence[AlarmDef], table: ChannelTable) -> None:
        count = len(alarms)
        self._kind = np.array([a.kind for a in alarms], dtype=np.uint8)
        self._limit = np.array([(a.limit, a.deadband) for a in alarms]).reshape(count, 2)
        delays = np.array([(a.on_delay, a.off_delay) for a in alarms]).reshape(count, 2)
        self._delay = (delays * NS).astype(np.int64)
        watched = np.array(
            [-1 if a.channel is None else table.index[a.channel] for a in alarms], dtype=np.int64
        )
        order = np.argsort(watched, kind='stable')
        self._alarm_of = order[watched[order] >= 0].astype(np.int64)
        per_channel = np.bincount(watched[watched >= 0], minlength=len(table))
        self._first = np.concatenate([[0], np.cumsum(per_channel)]).astype(np.int64)
        self._there = np.zeros(count, dtype=bool)
        self._since = np.full(count, NEVER, dtype=np.int64)
        self._last: FloatArray = np.full(count, np.nan)

    def evaluate(self, readings: Readings, used: np.ndarray) -> list[Change]:
        """Return the changes a batch makes, in the order of its readings.

        Args:
            readings: (N,) live readings.
            used: (N,) [ns] their times, increasing for each channel.

        Raises:
            ReadingsError: a channel number is not in the table.
        """
        if not len(readings):
            return []
        if int(readings.channel.max()) >= self._first.size - 1:
            raise ReadingsError(f'channel {int(readings.channel.max())} is not known')
        room = int((self._first[readings.channel + 1] - self._first[readings.channel]).sum())
        alarm, time = np.empty(room, np.int64), np.empty(room, np.int64)
        value = np.empty(room)
        before = self._there.copy()
        count = evaluate(
            readings.channel, used, readings.value, readings.quality, self._first, self._alarm_of,
            self._kind, self._limit, self._delay, self._there, self._since, self._last,
            alarm, time, value,
        )  # fmt: skip
        return self._changes(before, alarm[:count], time[:count], value[:count])

    def tick(self, now: float) -> list[Change]:
        """Return the changes that delays make when they run out without a new reading.

        Args:
            now: [s]; from the clock that readings without a clock error keep to.
        """
        running = np.flatnonzero(self._since != NEVER)
        delay = self._delay[running, self._there[running].astype(np.int64)]
        due = running[int(now * NS) - self._since[running] >= delay]
        before = self._there.copy()
        times = self._since[due] + self._delay[due, self._there[due].astype(np.int64)]
        self._there[due] = ~self._there[due]
        self._since[due] = NEVER
        order = np.argsort(times, kind='stable')
        return self._changes(before, due[order], times[order], self._last[due[order]])

    def _changes(
        self, there: np.ndarray, alarm: np.ndarray, time: np.ndarray, value: np.ndarray
    ) -> list[Change]:
        found = []
        for a, t, v in zip(alarm.tolist(), time.tolist(), value.tolist(), strict=True):
            there[a] = not there[a]
            found.append(Change(a, bool(there[a]), t / NS, v))
        return found

    def restore(self, active: Iterable[int]) -> None:
        """Take over which conditions were there before a restart; delays begin anew."""
        self._there[:] = False
        self._since[:] = NEVER
        self._there[list(active)] = True
