# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A healthy plant of many channels, sweep by sweep, with faults put into some of them.

Channels have a noise of their own colour, a daily course, a level in each operating state of their
machine, and machines change state as production does. Everything is seeded.
"""

from dataclasses import dataclass

import numpy as np

DAY = 86_400.0
FAULTS = ('drift', 'step', 'spikes', 'stuck', 'variance')
STATES = 3


@dataclass(slots=True)
class Plant:
    """Channels and their machines; `sweep` gives one reading of each."""

    rng: np.random.Generator
    size: int
    period: float
    machine: np.ndarray
    state: np.ndarray
    level: np.ndarray
    day: np.ndarray
    phase: np.ndarray
    memory: np.ndarray
    noise: np.ndarray
    red: np.ndarray
    held: np.ndarray

    def sweep(self, time: float, fault: np.ndarray, since: float) -> np.ndarray:
        """Return (C,) values.

        Args:
            time: [s].
            fault: (C,) 0 none, else 1 + its place in `FAULTS`.
            since: [s] when the faults began.
        """
        change = self.rng.uniform(size=self.state.size) < self.period / 5400.0
        self.state[change] = self.rng.integers(0, STATES, int(change.sum()))
        white = self.rng.standard_normal(self.size)
        gain = np.where(fault == 5, 3.0, 1.0) if time >= since else 1.0
        self.red = self.memory * self.red + np.sqrt(1 - self.memory**2) * white * gain
        course = self.day * np.sin(2 * np.pi * time / DAY + self.phase)
        value = self.level[np.arange(self.size), self.context()] + course + self.noise * self.red
        if time >= since:
            hours = (time - since) / 3600.0
            value = value + self.noise * np.where(fault == 1, 0.5 * hours, 0.0)
            value = value + self.noise * np.where(fault == 2, 4.0, 0.0)
            spike = (fault == 3) & (self.rng.uniform(size=self.size) < 0.01)
            value = value + self.noise * np.where(spike, 12.0, 0.0)
            value = np.where(fault == 4, self.held, value)
        self.held = np.where((fault == 4) & (time >= since), self.held, value)
        return value

    def context(self) -> np.ndarray:
        """Return (C,) the operating state of each channel's machine."""
        return self.state[self.machine]


def make_plant(size: int, period: float, seed: int) -> Plant:
    """Return a plant with about 12 channels a machine."""
    rng = np.random.default_rng(seed)
    machines = max(size // 12, 1)
    noise = rng.uniform(0.2, 2.0, size)
    return Plant(
        rng=rng,
        size=size,
        period=period,
        machine=np.arange(size) % machines,
        state=rng.integers(0, STATES, machines),
        level=50.0 + rng.uniform(0, 30, (size, 1)) + rng.normal(0, 6, (size, STATES)),
        day=noise * rng.uniform(0, 6, size),
        phase=rng.uniform(0, 2 * np.pi, size),
        memory=rng.uniform(0.0, 0.9, size),
        noise=noise,
        red=rng.standard_normal(size),
        held=np.zeros(size),
    )
