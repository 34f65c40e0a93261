# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Early warning on machines as a whole, on a running plant: sampling, learning, judging.

The last values of a machine's channels, without what operating state and time of day add, are
sampled at even times. The first samples make its model (see `multivariate`); every later one is
judged. All machines are sampled at once and looked at over the next seconds, some at each tick, so
that alarms do not wait. A machine whose score stays beyond the limit for some samples gives a
sign, once until it has come to rest again.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np

from linehaul_sensors.arrays import FloatArray, IndexArray
from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.errors import ReadingsError
from linehaul_sensors.ids import EquipmentId
from linehaul_sensors.multivariate import BLOCK, MachineModel, fit_machine, judge_machine, limit

LEAST, MOST = 3, 60  # channels of a machine that is watched as a whole
SAMPLES = 20 * BLOCK
LASTING = 3
A_TICK = 50
"""Machines looked at in one tick; judging one takes some 0.1 ms, learning one some ms."""
REST, RESTING = 0.85, 24
"""Share of the limit, and samples in a row below it, that bring a machine to rest."""


@dataclass(frozen=True, slots=True)
class JointSign:
    """The channels of a machine no longer go together.

    Attributes:
        equipment: which.
        time: [s].
        score: how unusual; `limit` says what is.
        channels: numbers, the strongest evidence first.
        shares: of them, 0 to 1.
    """

    equipment: EquipmentId
    time: float
    score: float
    channels: tuple[int, ...]
    shares: tuple[float, ...]


@dataclass(slots=True)
class _Machine:
    channels: IndexArray
    samples: FloatArray | None
    count: int = 0
    model: MachineModel | None = None
    run: int = 0
    low: int = 0
    high: bool = False


class MachineWatch:
    """All machines of a plant.

    Args:
        table: the channels.
        every: [s] between two samples.
        budget: false signs a day that are allowed for all machines together.
    """

    def __init__(self, table: ChannelTable, every: float = 300.0, budget: float = 15.0) -> None:
        self.every = every
        self._last = np.full(len(table), nan)
        self._age = np.full(len(table), -1e18)
        period = np.nan_to_num(table.period, nan=1e18)
        self._patience = np.maximum(3.0 * period, 2.0 * every)
        self._due = nan
        self._row = self._last
        self._sampled = nan
        self._left: list[EquipmentId] = []
        self.machines = {
            name: _Machine(np.array(channels), None)
            for name, channels in table.of_equipment().items()
            if LEAST <= len(channels) <= MOST
        }
        a_day = len(self.machines) * 86_400.0 / (every * BLOCK)
        self.threshold = limit(a_day / max(budget, 1e-9))

    def feed(self, channel: IndexArray, time: FloatArray, value: FloatArray) -> None:
        """Take in N usable values, without what state and time of day add to them."""
        self._last[channel] = value
        self._age[channel] = time

    def tick(self, now: float) -> list[JointSign]:
        """Take a sample if one is due; return the signs found; call it about once a second."""
        if np.isnan(self._due) or self._due > now + self.every:
            self._due = now + self.every
        found = []
        if now >= self._due:
            found = self._some(len(self._left))  # plant time may run fast
            self._due = now + self.every
            usable = now - self._age <= self._patience
            self._row, self._sampled = np.where(usable, self._last, nan), now
            self._left = list(self.machines)
        return found + self._some(A_TICK)

    def _some(self, count: int) -> list[JointSign]:
        """Look at some more machines of the last sample; return their signs."""
        names, self._left = self._left[:count], self._left[count:]
        found = []
        for name in names:
            machine = self.machines[name]
            found.append(self._one(name, machine, self._row[machine.channels], self._sampled))
        return [sign for sign in found if sign is not None]

    def _one(
        self, name: EquipmentId, machine: _Machine, row: FloatArray, now: float
    ) -> JointSign | None:
        if np.isnan(row).any():
            return None
        if machine.model is None:
            self._learn(machine, row)
            return None
        judged = judge_machine(machine.model, row[None])
        score = float(judged.score[0])
        machine.run = machine.run + 1 if score > self.threshold else 0
        machine.low = machine.low + 1 if score < REST * self.threshold else 0
        if machine.low >= RESTING:
            machine.high = False
        if machine.run < LASTING or machine.high:
            return None
        machine.high = True
        order = np.argsort(-judged.shares[0], kind='stable')
        return JointSign(
            name,
            now,
            score,
            tuple(machine.channels[order].tolist()),
            tuple(judged.shares[0][order].tolist()),
        )

    def _learn(self, machine: _Machine, row: FloatArray) -> None:
        if machine.samples is None:
            machine.samples = np.empty((SAMPLES, row.size), dtype=np.float32)
        machine.samples[machine.count] = row
        machine.count += 1
        if machine.count < SAMPLES:
            return
        # Nothing to learn from, such as channels that never change: try again.
        with contextlib.suppress(ReadingsError, np.linalg.LinAlgError):
            machine.model = fit_machine(machine.samples.astype(float))
        machine.samples, machine.count = None, 0

    def renew(self, name: EquipmentId) -> None:
        """Learn a machine anew, as after maintenance or a rejected warning."""
        machine = self.machines.get(name)
        if machine is not None:
            self.machines[name] = _Machine(machine.channels, None)

    # -- a restart

    def models(self) -> dict[str, Any]:
        """Return every model as one row of numbers, by the name of its machine."""
        return {n: _pack(m.model) for n, m in self.machines.items() if m.model is not None}

    def restore(self, name: EquipmentId, packed: Sequence[float]) -> None:
        """Take back what `models` returned of a machine whose channels are still the same."""
        machine = self.machines.get(name)
        model = _unpack(np.asarray(packed, dtype=float))
        if machine is not None and model.mean.size == machine.channels.size:
            machine.model, machine.samples = model, None


def _pack(model: MachineModel) -> FloatArray:
    size, axes = model.axes.shape
    parts = (model.mean, model.scale, model.axes.ravel(), model.variance, model.rest)
    return np.concatenate([[size, axes], *parts, model.past.ravel()])


def _unpack(packed: FloatArray) -> MachineModel:
    size, axes = int(packed[0]), int(packed[1])
    lengths = (size, size, size * axes, axes, size, 4)
    mean, scale, flat, variance, rest, past = np.split(packed[2:], np.cumsum(lengths)[:-1])
    return MachineModel(mean, scale, flat.reshape(size, axes), variance, rest, past.reshape(2, 2))
