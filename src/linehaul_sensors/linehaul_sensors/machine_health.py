# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Health of all machines, from the readings of their channels.

Readings are averaged over intervals (8 h on a plant), after what the operating state and the time
of day usually add has been taken off. The first `learn` intervals of a channel are its reference.
A machine's indicator is the root mean square of its channels' deviations from their references,
in spreads of a reference interval. At the end of each interval the machines with a deviation that
lasts are looked at: the trend of each of their worst channels to its alarm limit, and the trend of
the indicator to the failure level (see `health`). What ends soonest counts.

After maintenance a machine's reference is learnt anew; until then nothing is said of its health.
A rejected warning makes the present level the reference and the machine's tolerance wider.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite, nan
from typing import Any

import numpy as np

from linehaul_sensors.arrays import FloatArray, IndexArray, IntArray
from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.health import Prognosis, outlook
from linehaul_sensors.ids import EquipmentId

KEPT = 90  # intervals
WORST = 3  # channels of a machine whose trends are looked at
_WIDEST = 4.0


@dataclass(frozen=True, slots=True)
class HealthRules:
    """What holds for all machines.

    Attributes:
        interval: [s] of one average.
        learn: intervals of the reference.
        deviation: spreads of a channel's lasting deviation that call for a look.
        failure: level of the indicator, and of a channel without limits, that is a failure.
        horizon: [s] a remaining life whose lower end is below it is worth a proposal.
    """

    interval: float = 8 * 3600.0
    learn: int = 60
    deviation: float = 4.0
    failure: float = 25.0
    horizon: float = 14 * 86_400.0


@dataclass(frozen=True, slots=True)
class MachineState:
    """How a machine is.

    Attributes:
        equipment: which.
        health: 1 as new, 0 failed; NaN: its reference is being learnt.
        prognosis: what its soonest trend says; None: none is sure.
        channels: numbers of its channels, the strongest evidence first.
        shares: of them in the indicator, 0 to 1.
        since: [s] begin of the interval in which the deviation that lasts began; NaN: none.
        wears: the remaining life calls for a proposal.
    """

    equipment: EquipmentId
    health: float
    prognosis: Prognosis | None
    channels: tuple[int, ...]
    shares: tuple[float, ...]
    since: float
    wears: bool


@dataclass(slots=True)
class _Ring:
    """The last intervals of all channels: (KEPT, C) means, oldest first, and their ends [s]."""

    mean: FloatArray
    end: FloatArray


@dataclass(slots=True)
class _Sums:
    """The interval that runs: (C,) sums and counts, and when it began [s]."""

    total: FloatArray
    count: FloatArray
    begin: float = nan


@dataclass(slots=True)
class MachineHealth:
    """The health of all machines of a plant.

    Args:
        table: the channels; a machine is what they name as their equipment.
        limits: (C, 2) lower and upper value at which a channel's machine fails; NaN: none.
        rules: what holds for all.
    """

    table: ChannelTable
    limits: FloatArray
    rules: HealthRules = field(default_factory=HealthRules)
    machines: dict[EquipmentId, tuple[int, ...]] = field(init=False)
    tolerance: dict[EquipmentId, float] = field(init=False, default_factory=dict)
    _ring: _Ring = field(init=False)
    _sums: _Sums = field(init=False)
    _middle: FloatArray = field(init=False)
    _spread: FloatArray = field(init=False)
    _seen: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        size = len(self.table)
        self.machines = self.table.of_equipment()
        self._ring = _Ring(np.full((KEPT, size), nan), np.full(KEPT, nan))
        self._sums = _Sums(np.zeros(size), np.zeros(size))
        self._middle, self._spread = np.full(size, nan), np.full(size, nan)
        self._seen = np.zeros(size)

    def feed(self, channel: IndexArray, value: FloatArray) -> None:
        """Take in N usable values, without what state and time of day add to them."""
        size = self._sums.total.size
        self._sums.total += np.bincount(channel, weights=value, minlength=size)
        self._sums.count += np.bincount(channel, minlength=size)

    def tick(self, now: float) -> list[MachineState]:
        """Return the machines to be told of, if an interval ends; call it about once a second.

        Args:
            now: [s].
        """
        sums = self._sums
        if not now >= sums.begin:  # the first call, or the clock jumped back
            sums.begin = now
        if now - sums.begin < self.rules.interval:
            return []
        with np.errstate(invalid='ignore', divide='ignore'):
            mean = np.where(sums.count > 0, sums.total / sums.count, nan)
        sums.total[:], sums.count[:], sums.begin = 0.0, 0.0, now
        return self.close(mean, now)

    def close(self, mean: FloatArray, now: float) -> list[MachineState]:
        """Take in the (C,) means of an interval that ended; NaN: nothing came."""
        ring = self._ring
        ring.mean[:-1], ring.end[:-1] = ring.mean[1:], ring.end[1:]
        ring.mean[-1], ring.end[-1] = mean, now
        self._seen += ~np.isnan(mean)
        fresh = np.flatnonzero((self._seen >= self.rules.learn) & np.isnan(self._middle))
        if fresh.size:
            self._refer(fresh, self.rules.learn)
        return [self._look(name) for name in self._worth_a_look()]

    def _refer(self, channels: IntArray, intervals: int) -> None:
        """Make the last intervals the reference of channels; robust against a few wild ones."""
        part = self._ring.mean[-intervals:, channels]
        self._middle[channels] = middle = np.nanmedian(part, axis=0)
        spread = 1.4826 * np.nanmedian(np.abs(part - middle), axis=0)
        least = 1e-6 * (np.abs(middle) + 1e-3)
        self._spread[channels] = np.maximum(spread, least)

    def deviations(self) -> FloatArray:
        """Return (C,) how far each channel has been from its reference of late, in spreads."""
        # The median of three: one wild interval says nothing.
        low, middle, high = np.sort(self._ring.mean[-3:], axis=0)
        del low, high  # NaN sort last, so a missing interval makes it NaN
        away: FloatArray = (middle - self._middle) / self._spread
        return away

    def _worth_a_look(self) -> list[EquipmentId]:
        away = np.abs(np.nan_to_num(self.deviations())) > self.rules.deviation
        found = {self.table.channels[k].equipment for k in np.flatnonzero(away).tolist()}
        return sorted(name for name in found if self._exceeds(name))

    def _exceeds(self, name: EquipmentId) -> bool:
        z = np.abs(np.nan_to_num(self.deviations()[list(self.machines[name])]))
        return bool(z.max() > self.rules.deviation * self.tolerance.get(name, 1.0))

    def state(self, name: EquipmentId) -> MachineState:
        """Return how a machine is."""
        return self._look(name)

    def _look(self, name: EquipmentId) -> MachineState:
        channels = np.array(self.machines[name])
        z = np.nan_to_num(self.deviations()[channels])
        if np.isnan(self._middle[channels]).all():
            return MachineState(name, nan, None, (), (), nan, False)
        series = self.series(name)
        order = np.argsort(-np.abs(z), kind='stable')
        share = z**2 / max(float((z**2).sum()), 1e-300)
        worst = [k for k in order[:WORST].tolist() if abs(z[k]) > self.rules.deviation]
        found = self._prognoses(channels, series, z, worst)
        soonest = min(found, key=lambda one: one.low, default=None)
        level = float(np.sqrt((z**2).mean()))
        health = min([max(1.0 - level / self.rules.failure, 0.0), *(one.health for one in found)])
        wide = self.tolerance.get(name, 1.0)
        near = soonest is not None and soonest.low * wide < self.rules.horizon
        return MachineState(
            equipment=name,
            health=health,
            prognosis=soonest,
            channels=tuple(channels[order].tolist()),
            shares=tuple(share[order].tolist()),
            since=self._since(series[:, worst[0]] * np.sign(z[worst[0]])) if worst else nan,
            wears=near and self._exceeds(name),
        )

    def _prognoses(
        self, channels: IndexArray, series: FloatArray, z: FloatArray, worst: Sequence[int]
    ) -> list[Prognosis]:
        end = self._ring.end
        # One spread is noise: with it added in squares, a logarithm of what is sound makes sense.
        found = [
            outlook(
                end,
                np.hypot(np.maximum(series[:, k] * np.sign(z[k]), 0.0), 1.0),
                float(np.hypot(self._reach(int(channels[k]), z[k]), 1.0)),
            )
            for k in worst
        ]
        if worst:
            square = np.nan_to_num(series) ** 2
            level = np.where(np.isnan(series).all(axis=1), nan, np.sqrt(square.mean(axis=1)))
            found.append(outlook(end, level, self.rules.failure))
        return [one for one in found if one.sure]

    def _reach(self, channel: int, z: float) -> float:
        """Return how many spreads from its reference a channel's failure is, in z's direction."""
        limit = self.limits[channel, 1 if z > 0 else 0]
        reach = abs(limit - self._middle[channel]) / self._spread[channel]
        return float(reach) if isfinite(reach) and reach > 0 else self.rules.failure

    def series(self, name: EquipmentId) -> FloatArray:
        """Return (KEPT, C) deviations of a machine's channels, oldest first; NaN: not known."""
        channels = list(self.machines[name])
        result: FloatArray = (self._ring.mean[:, channels] - self._middle[channels]) / (
            self._spread[channels]
        )
        return result

    @property
    def ends(self) -> FloatArray:
        """(KEPT,) ends of the intervals [s]; NaN: not yet."""
        return self._ring.end

    def _since(self, away: FloatArray) -> float:
        """Return when the run of intervals beyond half the limit that lasts till now began."""
        below = np.flatnonzero(~(away > self.rules.deviation / 2.0))
        first = int(below[-1]) + 1 if below.size else 0
        if first >= KEPT:
            return float(self._ring.end[-1])
        return float(self._ring.end[first]) - self.rules.interval

    # -- learning

    def renew(self, name: EquipmentId) -> None:
        """Learn a machine anew, as after maintenance: its channels may be elsewhere now."""
        channels = list(self.machines[name])
        self._ring.mean[:, channels] = nan
        self._sums.total[channels], self._sums.count[channels] = 0.0, 0.0
        self._seen[channels] = 0.0
        self._middle[channels] = self._spread[channels] = nan
        self.tolerance.pop(name, None)

    def accept(self, name: EquipmentId) -> None:
        """Take the present for usual, and be slower to warn: a warning was rejected."""
        channels = list(self.machines[name])
        spread = self._spread[channels].copy()
        known = ~np.isnan(self._middle[channels])
        rows = np.array(channels)[known]
        if rows.size:
            self._refer(rows, min(12, self.rules.learn))
            self._spread[rows] = np.fmax(spread[known], self._spread[rows])
        self.tolerance[name] = min(self.tolerance.get(name, 1.0) * 1.5, _WIDEST)

    def trust(self, name: EquipmentId) -> None:
        """Be as quick to warn as before: a warning was confirmed."""
        left = self.tolerance.pop(name, 1.0) / 1.5
        if left > 1.0:
            self.tolerance[name] = left

    # -- a restart

    def snapshot(self) -> Mapping[str, Any]:
        """Return arrays with one column or entry a channel, in the table's order."""
        return {
            'mean': self._ring.mean,
            'middle': self._middle,
            'spread': self._spread,
            'seen': self._seen,
            'total': self._sums.total,
            'count': self._sums.count,
        }

    def times(self) -> Mapping[str, Any]:
        """Return what else a snapshot needs: ends of the intervals, begin of the one that runs."""
        return {'end': self._ring.end, 'begin': np.array([self._sums.begin])}

    def restore(
        self, columns: Mapping[str, Any], times: Mapping[str, Any], here: Any, there: Any
    ) -> None:
        """Take a snapshot in.

        Args:
            columns: what `snapshot` returned.
            times: what `times` returned.
            here: (K,) numbers of the channels now.
            there: (K,) and then.
        """
        self._ring.mean[:, here] = columns['mean'][:, there]
        self._ring.end[:] = times['end']
        self._sums.begin = float(times['begin'][0])
        for name, array in (
            ('middle', self._middle),
            ('spread', self._spread),
            ('seen', self._seen),
            ('total', self._sums.total),
            ('count', self._sums.count),
        ):
            array[here] = columns[name][there]


def remaining(state: MachineState) -> tuple[float, float, float]:
    """Return remaining life, its 5 % and 95 % ends [s]; NaN and infinite: not known."""
    one = state.prognosis
    return (nan, nan, inf) if one is None else (one.remaining, one.low, one.high)
