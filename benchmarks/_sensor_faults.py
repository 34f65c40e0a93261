# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Labelled series by design of experiment: every kind of fault on every kind of background.

Backgrounds: coloured noise, a daily course, a weekly course, a machine that cycles, heavy tails,
counts, and a smooth temperature. Faults: drift, step, spikes, stuck, variance up, variance down,
and a wrong shape of what usually repeats. Sizes are drawn around what is just worth a warning.
Labelled as the public benchmark labels; nothing here is fitted to a published series.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from _sensor_nab import Series
from _sensor_series import DAY, label, places, red

FAULTS = ('drift', 'step', 'spikes', 'stuck', 'louder', 'quieter', 'shape')


@dataclass(slots=True)
class Base:
    """A healthy series: what repeats, what is random, in rows; `day` is rows in a day."""

    course: np.ndarray
    noise: np.ndarray
    period: float

    @property
    def day(self) -> int:
        return int(DAY / self.period)

    @property
    def sigma(self) -> float:
        return float(self.noise.std())


def coloured(rng: np.random.Generator) -> Base:
    size = int(rng.integers(5_000, 14_000))
    noise = red(rng, size, rng.uniform(1, 40)) + rng.uniform(0.2, 1) * rng.normal(size=size)
    return Base(rng.uniform(1, 3) * red(rng, size, 1500), noise, 300.0)


def daily(rng: np.random.Generator) -> Base:
    size, period = int(rng.integers(6_000, 14_000)), float(rng.choice([300.0, 600.0, 900.0]))
    t = 2 * np.pi * np.arange(size) * period / DAY
    phase = rng.uniform(0, 2 * np.pi, 2)
    course = np.sin(t + phase[0]) + 0.5 * np.sin(2 * t + phase[1])
    noise = red(rng, size, rng.uniform(1, 20)) + 0.5 * rng.normal(size=size)
    return Base(rng.uniform(2, 8) * course, noise, period)


def weekly(rng: np.random.Generator) -> Base:
    size, period = int(rng.integers(6_000, 12_000)), 1800.0
    hour, day = np.arange(size) * 0.5 % 24, np.arange(size) // 48 % 7
    peaks = rng.uniform(7, 20, 2)
    work = sum(np.exp(-0.5 * ((hour - p) / 2.0) ** 2) for p in peaks)
    rest = rng.uniform(0.3, 1.0) * np.exp(-0.5 * ((hour - 14.0) / 4.0) ** 2)
    course = np.where(day < 5, work, rest)
    noise = red(rng, size, 6) * (0.4 + course) + 0.3 * rng.normal(size=size)
    return Base(rng.uniform(8, 20) * course, noise, period)


def cycling(rng: np.random.Generator) -> Base:
    size = int(rng.integers(6_000, 14_000))
    rows, course = 0, np.zeros(size)
    length = rng.uniform(10, 60, 2)
    levels = rng.uniform(6, 15) * np.array([0.0, 1.0])
    state = 0
    while rows < size:
        run = max(int(length[state] * rng.lognormal(0, 0.15)), 2)
        course[rows : rows + run] = levels[state]
        rows, state = rows + run, 1 - state
    return Base(course, red(rng, size, 3) + 0.5 * rng.normal(size=size), 300.0)


def heavy(rng: np.random.Generator) -> Base:
    size = int(rng.integers(5_000, 12_000))
    noise = rng.standard_t(3, size) + rng.exponential(1.0, size)
    return Base(red(rng, size, 800), noise, 300.0)


def counts(rng: np.random.Generator) -> Base:
    size, period = int(rng.integers(5_000, 12_000)), 900.0
    mean = rng.uniform(2, 40) * np.exp(
        0.7 * np.sin(2 * np.pi * np.arange(size) * period / DAY + rng.uniform(0, 6))
    )
    return Base(mean, rng.poisson(mean) - mean, period)


def smooth(rng: np.random.Generator) -> Base:
    size = int(rng.integers(5_000, 20_000))
    slow = 3 * red(rng, size, 500)
    noise = np.convolve(red(rng, size + 8, 12), np.ones(9) / 9, 'valid')
    return Base(slow, noise + 0.1 * rng.normal(size=size), 300.0)


BACKGROUNDS: dict[str, Callable[[np.random.Generator], Base]] = {
    'coloured': coloured,
    'daily': daily,
    'weekly': weekly,
    'cycling': cycling,
    'heavy': heavy,
    'counts': counts,
    'smooth': smooth,
}


def factorial(each: int, seed: int) -> list[Series]:
    """Return `each` series of every background with every fault; their names tell both."""
    return [
        one(background, fault, k, np.random.default_rng([seed, b, f, k]))
        for b, background in enumerate(BACKGROUNDS)
        for f, fault in enumerate(FAULTS)
        for k in range(each)
    ]


def one(background: str, fault: str, number: int, rng: np.random.Generator) -> Series:
    """Return one series: 1 to 4 faults of one kind."""
    base = BACKGROUNDS[background](rng)
    size = base.noise.size
    faults = places(rng, size, int(rng.integers(1, 5)))
    course, noise = base.course.copy(), base.noise.copy()
    for row in faults.tolist():
        _break(fault, base, course, noise, row, rng)
    value = rng.normal(0, 50) + rng.lognormal(0, 1) * (course + noise)
    return label(f'{background}.{fault}_{number}', base.period, value, faults, rng)


def _break(
    fault: str,
    base: Base,
    course: np.ndarray,
    noise: np.ndarray,
    row: int,
    rng: np.random.Generator,
) -> None:
    size, sigma, sign = noise.size, base.sigma, rng.choice([-1.0, 1.0])
    length = int(rng.uniform(0.008, 0.03) * size)
    span = slice(row, min(row + length, size))
    n = span.stop - span.start
    match fault:
        case 'drift':
            noise[span] += sign * sigma * rng.uniform(6, 12) * np.linspace(0, 1, n)
        case 'step':
            noise[span] += sign * sigma * rng.uniform(3, 7)
        case 'spikes':
            few = rng.uniform(size=n) < rng.uniform(0.02, 0.2)
            few[0] = True
            noise[span] += few * sign * sigma * rng.uniform(6, 14, n)
        case 'stuck':
            course[span], noise[span] = course[row], noise[row]
        case 'louder':
            noise[span] = noise[span] * rng.uniform(2.5, 5)
        case 'quieter':
            noise[span] *= rng.uniform(0.05, 0.25)
        case _:
            shift = int(rng.uniform(0.2, 0.6) * min(base.day, 200))
            moved = np.roll(course + noise, shift)[span]
            part = rng.uniform() < 0.5
            course[span] = moved if part else (course + noise)[span].mean() + 0.2 * moved
            noise[span] = 0.0
