# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Early warning on single channels: what is unusual, judged by each channel's own past.

`Watch` needs no labels and no setting per channel: it learns level, daily and weekly course, noise
and how high its statistics go by chance. One threshold holds for all channels. It is set from a
false-alarm budget: the greatest scores of all blocks of all channels are counted, and the
threshold is where as many of them lie above as the budget allows. Until enough is counted a start
value holds.

Readings that are bad never get here; a change of the machine's operating state is no surprise,
since each state has its own level, and readings right after a change are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from linehaul_sensors import watch_kernels as kernels
from linehaul_sensors.arrays import ByteArray, FloatArray, IndexArray, IntArray
from linehaul_sensors.errors import ReadingsError

START_THRESHOLD = 3.25
"""Score that counts before the tail is known; found on series of our own (docs/sensors.md)."""
_ENOUGH = 2_000  # blocks in the tail before it sets the threshold
_USED = 2.0 / 3.0  # of the budget; the rest is in reserve for an error of the tail
_FORGET = (
    0.97  # of the tail stays each hour: more than a day counts, but not the first ones for ever
)


class Statistic(IntEnum):
    """What a warning was seen by."""

    SPIKE = 0
    SHIFT_4 = 1
    SHIFT_16 = 2
    SHIFT_64 = 3
    SHIFT_256 = 4
    CUSUM = 5
    LOUDER = 6
    QUIETER = 7


@dataclass(frozen=True, slots=True)
class WatchRules:
    """What holds for all channels alike.

    Attributes:
        block: readings in a block.
        least: blocks before a channel's score counts.
        memory: [s] of the level; slower changes are usual.
        save: a season is half trusted when its error is this share of the plain one.
        settle: readings left out after a change of operating state.
        quiet: [s] of low scores before a channel may raise another warning.
        budget: false warnings a day that are allowed for all channels together.
    """

    block: int = 48
    least: int = 6
    memory: float = 86_400.0
    save: float = 0.8
    settle: int = 3
    quiet: float = 43_200.0
    budget: float = 150.0


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign that a channel does something unusual.

    Attributes:
        channel: its number.
        time: [s].
        value: the reading.
        score: how unusual; the threshold is `Watch.threshold`.
        residual: deviation from what was expected, over its usual size.
        statistic: what it was seen by.
    """

    channel: int
    time: float
    value: float
    score: float
    residual: float
    statistic: Statistic


@dataclass(frozen=True, slots=True)
class Scores:
    """(N,) score, statistic and residual of N readings."""

    score: FloatArray
    kind: ByteArray
    residual: FloatArray


class Watch:
    """The early warning of many channels.

    Args:
        channels: how many.
        contexts: how many operating states a machine can be in.
        rules: what holds for all of them.
    """

    def __init__(self, channels: int, contexts: int = 1, rules: WatchRules | None = None) -> None:
        self.rules = rules or WatchRules()
        r = self.rules
        self._rules = np.array([r.block, r.least, r.memory, r.save, r.settle], dtype=float)
        self._state = np.zeros((channels, kernels.STATE))
        self._level = np.zeros((channels, contexts, 2))
        self._season = np.zeros((channels, kernels.SEASON))
        self._past = np.zeros((channels, 3, kernels.STATISTICS + 2))
        self._tail = np.zeros(kernels.BINS)
        self.threshold = START_THRESHOLD
        self.residual: FloatArray = np.zeros(channels)

    def scores(
        self, channel: IndexArray, time: FloatArray, value: FloatArray, context: ByteArray
    ) -> Scores:
        """Learn from N readings and return how unusual each was.

        Args:
            channel: (N,) channel number.
            time: (N,) [s], increasing for each channel.
            value: (N,) finite.
            context: (N,) operating state of the channel's machine.

        Raises:
            ReadingsError: a channel or an operating state is not known, or a value not finite.
        """
        size = channel.size
        channels, contexts = self._level.shape[:2]
        if size and (int(channel.max()) >= channels or int(context.max()) >= contexts):
            text = f'channels are below {channels}, operating states below {contexts}'
            raise ReadingsError(text)
        if not np.isfinite(value).all():
            raise ReadingsError('a value to watch must be finite')
        score, kind, residual = np.empty(size), np.empty(size, np.uint8), np.empty(size)
        kernels.watch(
            channel, time, value, context, self._rules, self._state, self._level, self._season,
            self._past, self._tail, score, kind, residual,
        )  # fmt: skip
        self.residual[channel] = residual
        return Scores(score, kind, residual)

    def feed(
        self, channel: IndexArray, time: FloatArray, value: FloatArray, context: ByteArray
    ) -> list[Sign]:
        """Learn from N readings and return the signs among them; arguments as `scores`."""
        found = self.scores(channel, time, value, context)
        rows = np.empty(channel.size, dtype=np.int64)
        count = kernels.raise_warnings(
            channel, time, found.score, self.threshold, self.rules.quiet, self._state, rows
        )
        return [
            Sign(
                int(channel[row]),
                float(time[row]),
                float(value[row]),
                float(found.score[row]),
                float(found.residual[row]),
                Statistic(int(found.kind[row])),
            )
            for row in rows[:count].tolist()
        ]

    def usual(self, channel: IndexArray, time: FloatArray, context: ByteArray) -> FloatArray:
        """Return (N,) what operating state and time of day add; arguments as `scores`.

        What is left without it moves with the machine's condition alone.
        """
        added: FloatArray = self._level[channel, context, 0].copy()
        slot = (time / kernels.SLOT).astype(np.int64) % kernels.SLOTS_WEEK
        plain, daily = self._state[channel, kernels.ERR0], self._state[channel, kernels.ERR1]
        age = (time - self._state[channel, kernels.BEGIN]) / kernels.DAY
        known = (age > kernels.FULL_DAY) & (plain > 0.0)
        share = np.divide(daily, plain, out=np.ones_like(plain), where=known)
        half = kernels.HALF
        trust = np.clip((self.rules.save + half - share) / (2.0 * half), 0.0, 1.0)
        added += trust * self._season[channel, slot % kernels.SLOTS_DAY]
        return added

    def set_threshold(self) -> float:
        """Set the threshold from the budget and the scores so far, and return it; call it hourly.

        A warning is raised once for an excursion that may last several blocks, so counting blocks
        is on the safe side. Where the budget asks for more than was ever seen, the tail's slope
        over its last tenth is continued (exponential excess).
        """
        blocks = float(self._tail.sum())
        if blocks < _ENOUGH:
            return self.threshold
        self._tail *= _FORGET
        blocks *= _FORGET
        allowed = _USED * self.rules.budget / max(self._blocks_a_day(), 1e-9)
        above = np.cumsum(self._tail[::-1])[::-1] / blocks
        inside = np.flatnonzero(above <= allowed)
        enough = np.flatnonzero(above >= max(0.02, allowed))
        if inside.size and above[inside[0]] > 0:
            self.threshold = max(inside[0] / kernels.PER_UNIT, START_THRESHOLD)
            return self.threshold
        base = int(enough[-1])
        bins = np.arange(kernels.BINS)
        excess = float((self._tail * np.maximum(bins - base, 0)).sum()) / max(
            float(self._tail[base:].sum()), 1.0
        )
        reach = base + max(excess, 0.5) * float(np.log(above[base] / allowed))
        self.threshold = max(reach / kernels.PER_UNIT, START_THRESHOLD)
        return self.threshold

    def _blocks_a_day(self) -> float:
        period = self._state[:, kernels.PERIOD]
        known = period > 0
        return float((kernels.DAY / (period[known] * self.rules.block)).sum())

    def snapshot(self) -> dict[str, np.ndarray]:
        """Return arrays with one row a channel: everything that was learnt of it."""
        return {
            'state': self._state,
            'level': self._level,
            'season': self._season,
            'past': self._past,
        }

    @property
    def tail(self) -> FloatArray:
        """(BINS + 1,) the tail of all channels' scores, and the threshold it gave."""
        return np.concatenate([self._tail, [self.threshold]])

    def restore(
        self, rows: Mapping[str, np.ndarray], tail: FloatArray, here: IntArray, there: IntArray
    ) -> None:
        """Take a snapshot in.

        Args:
            rows: what `snapshot` returned.
            tail: what `tail` was.
            here: (K,) numbers of the channels now.
            there: (K,) and then.
        """
        for name, array in self.snapshot().items():
            known = rows[name][there]
            if name == 'level':  # another number of products makes it wider or narrower
                both = min(known.shape[1], array.shape[1])
                array[here, :both] = known[:, :both]
            else:
                array[here] = known
        self._tail[:], self.threshold = tail[:-1], float(tail[-1])

    def forget(self, channels: Sequence[int]) -> None:
        """Begin anew on channels, as after maintenance or with another sensor."""
        rows = np.asarray(channels, dtype=np.int64)
        for array in (self._state, self._level, self._season, self._past):
            array[rows] = 0.0
