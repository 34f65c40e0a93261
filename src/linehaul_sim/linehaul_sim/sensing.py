# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated machines and their sensors: what channels read, healthy, worn and in trouble.

Each channel has a level inside its range, red noise, a daily course and the load of its machine.
Troubles come to machines by turns: heat that passes a limit and goes again, a sensor that falls
silent, a bearing that wears for some time until it is mended. It is a far end to see alarms and
warnings by, not a model of a plant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import exp, inf, isnan, nan, pi
from pathlib import Path

import numpy as np
from linehaul_floor.errors import PlantError, Problem
from linehaul_floor.fields import as_fields

from linehaul_floor import strict_yaml

DAY = 86_400.0


class Trouble(IntEnum):
    """What can be wrong with a machine."""

    NONE = 0
    HEAT = 1
    SILENCE = 2
    WEAR = 3
    LEAK = 4


@dataclass(frozen=True, slots=True)
class SimChannel:
    """What of the channel table is simulated; numbers as there, NaN: not stated."""

    id: str
    quantity: str
    unit: str
    place: str
    equipment: str
    minimum: float
    maximum: float
    period: float
    low: float = nan
    high: float = nan


@dataclass(frozen=True, slots=True)
class Sensed:
    """(N,) channel number, source time [s], value."""

    channel: np.ndarray
    time: np.ndarray
    value: np.ndarray


# Quantity: level, noise and what full load adds, as shares of the range.
_USUAL = {
    'vibration': (0.04, 0.002, 0.01),
    'temperature': (0.38, 0.002, 0.05),
    'current': (0.25, 0.006, 0.1),
    'torque': (0.3, 0.006, 0.1),
    'pressure': (0.45, 0.002, -0.02),
    'flow': (0.4, 0.01, 0.1),
    'relative_humidity': (0.45, 0.003, 0.0),
}
# Trouble: shift of each quantity when it is fully there, as a share of the range.
_EFFECTS = {
    Trouble.HEAT: {'temperature': 0.25},
    Trouble.WEAR: {'vibration': 0.16, 'temperature': 0.1, 'current': 0.08},
    Trouble.LEAK: {'pressure': -0.16, 'flow': 0.2, 'current': 0.15},
}
_DRIVES = (Trouble.HEAT, Trouble.WEAR, Trouble.SILENCE)


def read_channels(path: Path) -> list[SimChannel]:
    """Return the channels of a channel table that machines of this simulation have.

    Raises:
        PlantError: the file cannot be read.
    """
    try:
        document, problems = strict_yaml.read(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem('unreadable', str(path), str(error), 'name a channel table in YAML')
        raise PlantError(str(path), [problem]) from error
    root = as_fields({} if document is None else document, '', problems)
    rows = root.children('channels', optional=False)
    found = [
        SimChannel(
            id=row.text('id'),
            quantity=row.text('quantity'),
            unit=row.text('unit'),
            place=row.text('place'),
            equipment=row.text('equipment'),
            minimum=row.number('minimum') if row.has('minimum') else nan,
            maximum=row.number('maximum') if row.has('maximum') else nan,
            period=row.number('period') if row.has('period') else nan,
            low=row.number('low') if row.has('low') else nan,
            high=row.number('high') if row.has('high') else nan,
        )
        for row in rows
    ]
    if problems:
        raise PlantError(str(path), problems)
    return [one for one in found if one.quantity in _USUAL and not isnan(one.period)]


@dataclass(slots=True)
class _Machine:
    trouble: Trouble = Trouble.NONE
    begin: float = 0.0
    end: float = -inf
    turn: int = 0


class Sensing:
    """The sensors of a plant.

    Args:
        channels: what they are.
        seed: of everything random.
        begin: plant time of the first reading [s].
        pause: mean time between two troubles of the plant [s]; infinite: none come.
    """

    def __init__(
        self, channels: Sequence[SimChannel], seed: int, begin: float, pause: float = 900.0
    ) -> None:
        self.channels = tuple(channels)
        self._rng = rng = np.random.default_rng(seed)
        size = len(self.channels)
        usual = np.array([_USUAL[c.quantity] for c in self.channels]).reshape(size, 3)
        self._low = np.array([c.minimum for c in self.channels])
        self._span = np.array([c.maximum for c in self.channels]) - self._low
        self._level = usual[:, 0] * rng.uniform(0.9, 1.1, size)
        self._noise, self._load = usual[:, 1], usual[:, 2]
        # What has limits on both sides is no drive but a room: between them, without load.
        middle = np.array([(c.low + c.high) / 2.0 for c in self.channels])
        room = ~np.isnan(middle)
        self._level[room] = ((middle - self._low) / self._span)[room]
        self._load[room] = 0.0
        self._period = np.array([c.period for c in self.channels])
        self._next = begin + rng.uniform(0.0, 1.0, size) * self._period
        self._red = rng.standard_normal(size)
        self._phase = rng.uniform(0.0, 2.0 * pi, size)
        names = sorted({c.equipment for c in self.channels})
        self.machines = {name: _Machine(turn=k) for k, name in enumerate(names)}
        self._pause = pause
        self._trouble_at = begin + 0.7 * pause

    def step(self, now: float) -> Sensed:
        """Return the readings that are due up to `now` [s], each channel's in their order."""
        self._come_and_go(now)
        channels, times, values = [], [], []
        while True:
            due = np.flatnonzero(self._next <= now)
            if not due.size:
                break
            heard = due[~self._silent(due)]
            channels.append(heard)
            times.append(self._next[heard])
            values.append(self._values(heard, self._next[heard]))
            self._next[due] += self._period[due]
        if not channels:
            none = np.zeros(0)
            return Sensed(none.astype(np.int64), none, none)
        return Sensed(np.concatenate(channels), np.concatenate(times), np.concatenate(values))

    def _silent(self, channels: np.ndarray) -> np.ndarray:
        found = [
            self.machines[self.channels[k].equipment].trouble is Trouble.SILENCE
            and self.channels[k].quantity == 'vibration'
            for k in channels.tolist()
        ]
        return np.array(found, dtype=bool)

    def _values(self, channels: np.ndarray, times: np.ndarray) -> np.ndarray:
        white = self._rng.standard_normal(channels.size)
        self._red[channels] = 0.8 * self._red[channels] + 0.6 * white
        load = 0.5 + 0.5 * np.sin(2.0 * pi * times / 600.0)
        day = 0.005 * np.sin(2.0 * pi * times / DAY + self._phase[channels])
        share = self._level[channels] + self._load[channels] * load + day
        share = share + self._noise[channels] * self._red[channels]
        share = share + self._shift(channels, times)
        value: np.ndarray = self._low[channels] + self._span[channels] * np.clip(share, 0.0, 1.0)
        return value

    def _shift(self, channels: np.ndarray, times: np.ndarray) -> np.ndarray:
        shift = np.zeros(channels.size)
        for k, (channel, time) in enumerate(zip(channels.tolist(), times.tolist(), strict=True)):
            one = self.channels[channel]
            machine = self.machines[one.equipment]
            effect = _EFFECTS.get(machine.trouble, {}).get(one.quantity, 0.0)
            if effect:
                shift[k] = effect * _extent(machine, time)
        return shift

    def _come_and_go(self, now: float) -> None:
        for machine in self.machines.values():
            if machine.trouble and now >= machine.end:
                machine.trouble = Trouble.NONE
        while now >= self._trouble_at:
            self.bring(self._who(), now)
            self._trouble_at += max(float(self._rng.exponential(self._pause)), 60.0)

    def _who(self) -> str:
        """Return the machine that had no trouble for longest, drives and air by turns."""
        able = [name for name in self.machines if self._kinds(name)]
        return min(able, key=lambda name: (self.machines[name].turn, name))

    def _kinds(self, name: str) -> tuple[Trouble, ...]:
        has = {c.quantity for c in self.channels if c.equipment == name}
        if 'vibration' in has:
            return _DRIVES
        return (Trouble.LEAK,) if 'flow' in has else ()

    def bring(self, name: str, now: float, trouble: Trouble | None = None) -> Trouble:
        """Bring a trouble to a machine, its next one if none is named; return it."""
        machine = self.machines[name]
        kinds = self._kinds(name)
        if trouble is None:
            trouble = kinds[machine.turn % len(kinds)]
        machine.turn += len(self.machines)
        machine.trouble, machine.begin = trouble, now
        long = trouble in (Trouble.WEAR, Trouble.LEAK)
        machine.end = now + (self._pause * 2.0 if long and self._pause < inf else 180.0)
        return trouble


def _extent(machine: _Machine, time: float) -> float:
    """Return how far a trouble has come, 0 to 1."""
    part = min(max((time - machine.begin) / max(machine.end - machine.begin, 1e-9), 0.0), 1.0)
    match machine.trouble:
        case Trouble.HEAT:
            return 1.0 - exp(-part * 6.0)
        case Trouble.LEAK:
            return part
        case _:  # damage that grows by itself: dD/dt = c D^1.5, from 0.04 to 1
            return 1.0 / (5.0 - 4.0 * part) ** 2
