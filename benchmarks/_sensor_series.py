# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Labelled series of our own, on which the detectors were designed.

Six families, each with many seeds: counts with a weekly rhythm, machine temperature, processor
load, room temperature, latency with heavy tails, and drives with a wear trend. Faults are placed
at random and labelled the way the public benchmark labels: 10 % of a series are windows, shared
equally and centred on the faults. Nothing here is fitted to a published series.
"""

from collections.abc import Callable

import numpy as np
from _sensor_nab import Series

DAY = 86_400.0
START = 1_700_000_000.0 - 1_700_000_000.0 % (7 * DAY)


def corpus(per_family: int, seed: int) -> list[Series]:
    """Return `per_family` series of each family."""
    return [
        make(f'{name}_{k}', np.random.default_rng([seed, number, k]))
        for number, (name, make) in enumerate(FAMILIES.items())
        for k in range(per_family)
    ]


def label(
    name: str, period: float, value: np.ndarray, faults: np.ndarray, rng: np.random.Generator
) -> Series:
    half = int(0.05 * value.size / faults.size)
    windows = tuple((max(int(f) - half, 0), min(int(f) + half, value.size - 1)) for f in faults)
    start = START + rng.integers(0, 7 * 48) * 1800.0
    return Series(name, start + period * np.arange(value.size), value, windows)


def places(rng: np.random.Generator, size: int, count: int) -> np.ndarray:
    """Return rows for faults: after the first fifth, and apart from each other."""
    slots = np.linspace(0.22, 0.95, count + 1) * size
    room = np.diff(slots)
    return np.sort((slots[:-1] + room * rng.uniform(0.2, 0.8, count)).astype(int))


def red(rng: np.random.Generator, size: int, memory: float) -> np.ndarray:
    """Return an AR(1) series of unit variance with the given memory in rows."""
    from scipy.signal import lfilter

    a = np.exp(-1.0 / memory)
    return lfilter([np.sqrt(1.0 - a * a)], [1.0, -a], rng.normal(size=size))


def _bump(size: int, begin: int, length: int) -> np.ndarray:
    shape = np.zeros(size)
    end = min(begin + length, size)
    shape[begin:end] = np.hanning(length + 2)[1:-1][: end - begin]
    return shape


def _hill(hour: np.ndarray, middle: float, width: float) -> np.ndarray:
    return np.exp(-0.5 * ((hour - middle) / width) ** 2)


def _weekly_counts(name: str, rng: np.random.Generator) -> Series:
    size, period = 9000, 1800.0
    hour = np.arange(size) * 0.5 % 24
    day = (np.arange(size) // 48) % 7
    peak, evening = rng.uniform(7, 10), rng.uniform(16, 20)
    work = np.exp(-0.5 * ((hour - peak) / 1.5) ** 2) + 1.2 * np.exp(
        -0.5 * ((hour - evening) / 2.5) ** 2
    )
    rest = 1.3 * np.exp(-0.5 * ((hour - 14) / 4) ** 2) + 0.5 * np.exp(
        -0.5 * ((hour - 23) / 2) ** 2
    )
    shape = np.where(day < 5, work, rest * rng.uniform(0.6, 1.1)) + 0.25
    faults = places(rng, size, int(rng.integers(3, 6)))
    factor = 1.0 + 0.05 * red(rng, size, 48 * 5) + rng.uniform(0.02, 0.05) * red(rng, size, 3)
    for row in faults:
        length = int(rng.integers(16, 72))
        begin = row - length // 2
        match rng.integers(4):
            case 0:  # a day that runs as another kind of day
                span = slice(begin, begin + 48)
                shape[span] = np.where(day[span] < 5, rest[span], work[span]) + 0.2
            case 1:
                factor += rng.uniform(0.4, 1.2) * _bump(size, begin, length // 3 + 3)
            case 2:
                factor -= rng.uniform(0.4, 0.8) * _bump(size, begin, length)
            case _:
                factor[begin : begin + length] *= rng.uniform(0.4, 0.7)
    value = np.maximum(20_000 * shape * factor, 0.0)
    return label(name, period, np.round(value), faults, rng)


def _machine_temperature(name: str, rng: np.random.Generator) -> Series:
    size, period = 20_000, 300.0
    value = 85 + 6 * red(rng, size, 600) + 2.0 * red(rng, size, 30) + rng.normal(0, 0.6, size)
    value += rng.uniform(0, 2) * np.sin(2 * np.pi * np.arange(size) / 288)
    faults = places(rng, size, int(rng.integers(2, 5)))
    for row in faults:
        match rng.integers(4):
            case 0:  # stands still and cools down
                length = int(rng.integers(60, 300))
                value[row : row + length] -= (
                    45 * (1 - np.exp(-np.arange(length) / 20))[: size - row]
                )
            case 1:  # the cooling fails slowly, then it trips
                ramp = np.clip((np.arange(size) - row + 200) / 200, 0, 1)
                ramp[row + 60 :] = 0
                value += rng.uniform(14, 24) * ramp
            case 2:
                span = slice(row - 150, row + 150)
                value[span] += rng.uniform(6, 12) * red(rng, 300, 5)
            case _:
                value -= rng.uniform(18, 35) * _bump(size, row - 60, 240)
    return label(name, period, value, faults, rng)


def _processor_load(name: str, rng: np.random.Generator) -> Series:
    size, period = 16_000, 300.0
    level, noise = rng.uniform(30, 85), rng.uniform(1.5, 5)
    value = level + noise * red(rng, size, 2) + rng.uniform(0, 4) * red(rng, size, 200)
    value += rng.uniform(0, 6) * np.sin(2 * np.pi * np.arange(size) / 288)
    jobs = rng.uniform(size=size) < 0.004
    value += np.convolve(jobs, [1, 0.6, 0.3])[:size] * rng.uniform(5, 25) * rng.choice([-1, 1])
    faults = places(rng, size, int(rng.integers(1, 3)))
    for row in faults:
        length = int(rng.integers(300, 1200))
        span = slice(row, row + length)
        part = value[span]
        match rng.integers(4):
            case 0:
                part += rng.choice([-1, 1]) * rng.uniform(3, 8) * noise
            case 1:
                part[:] = level + (part - level) * rng.uniform(3, 6)
            case 2:  # a periodic saw instead of the usual noise
                part[:] = level * rng.uniform(0.2, 0.8) + 20 * (np.arange(part.size) % 24) / 24
            case _:
                part[:] = part.mean() + 0.15 * (part - part.mean())
    return label(name, period, np.clip(value, 0, 100), faults, rng)


def _room_temperature(name: str, rng: np.random.Generator) -> Series:
    size, period = 7000, 3600.0
    t = np.arange(size)
    value = 70 + 4 * red(rng, size, 400) + 1.2 * red(rng, size, 12) + rng.normal(0, 0.5, size)
    value += rng.uniform(1, 3) * np.sin(2 * np.pi * t / 24) * (1 + 0.3 * red(rng, size, 300))
    faults = places(rng, size, 2)
    for row in faults:
        match rng.integers(3):
            case 0:
                value += rng.choice([-1, 1]) * rng.uniform(8, 14) * _bump(size, row, 48)
            case 1:
                length = int(rng.integers(72, 240))
                value[row : row + length] += rng.choice([-1, 1]) * rng.uniform(7, 12)
            case _:
                value += (
                    rng.choice([-1, 1]) * 12 * np.clip((t - row) / 100, 0, 1) * (t < row + 150)
                )
    return label(name, period, value, faults, rng)


def _latency(name: str, rng: np.random.Generator) -> Series:
    size, period = 6000, 300.0
    value = 45 + 2 * rng.normal(size=size) + rng.exponential(2.0, size)
    value += (rng.uniform(size=size) < 0.004) * rng.pareto(2.0, size) * 6
    faults = places(rng, size, int(rng.integers(2, 4)))
    for row in faults:
        length = int(rng.integers(6, 60))
        span = slice(row, row + length)
        if rng.uniform() < 0.5:
            value[span] += (rng.uniform(size=length) < 0.4) * rng.uniform(15, 60, length)
        else:
            value[span] += rng.uniform(8, 25)
    return label(name, period, value, faults, rng)


def _drive(name: str, rng: np.random.Generator) -> Series:
    size, period = 12_000, 600.0
    t = np.arange(size)
    hour, day = t * period / 3600 % 24, t * period // DAY % 7
    busy = (hour > 6) & (hour < 22) & (day < 6)
    value = np.where(busy, 1.0 + 0.06 * red(rng, size, 4), 0.15 + 0.02 * rng.normal(size=size))
    value += 0.05 * red(rng, size, 300)
    faults = places(rng, size, int(rng.integers(1, 4)))
    for row in faults:
        match rng.integers(3):
            case 0:  # wear until it is mended
                value += (
                    busy * rng.uniform(0.4, 0.7) * np.clip((t - row) / 500, 0, 1) * (t < row + 600)
                )
            case 1:  # runs on when it should rest
                value[row : row + 144] = 1.0 + 0.06 * red(rng, value[row : row + 144].size, 4)
            case _:
                value[row : row + 200] *= rng.uniform(1.3, 1.6)
    return label(name, period, value, faults, rng)


FAMILIES: dict[str, Callable[[str, np.random.Generator], Series]] = {
    'weekly_counts': _weekly_counts,
    'machine_temperature': _machine_temperature,
    'processor_load': _processor_load,
    'room_temperature': _room_temperature,
    'latency': _latency,
    'drive': _drive,
}
