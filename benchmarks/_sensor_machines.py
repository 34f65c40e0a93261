# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Machines as a whole: false signs of healthy ones, and how soon a broken relation is seen.

Twelve channels follow the load of their machine, each in its own measure, with noise of its own
and what is left of a daily course. One in three machines breaks a relation: from a day on one
channel no longer follows the load, at the same spread, so that it looks usual by itself.
"""

from typing import Any

import common
import numpy as np
from linehaul_sensors.machine_watch import LASTING, REST, RESTING, SAMPLES
from linehaul_sensors.multivariate import BLOCK, fit_machine, judge_machine, limit

CHANNELS, EVERY, MACHINES = 12, 300.0, 1250
BUDGET = 15.0
PER_DAY = int(86_400 / EVERY)


def on_machines(
    machines: int, days: int, seed: int, detail: dict[str, Any]
) -> list[common.Figure]:
    """Learn each machine, then count signs for some days."""
    rng = np.random.default_rng(seed)
    threshold = limit(MACHINES * PER_DAY / BLOCK / BUDGET)
    false, healthy_days, delays, broken = 0, 0.0, [], 0
    for number in range(machines):
        breaks = SAMPLES + days * PER_DAY // 2 if number % 3 == 0 else None
        samples = machine(SAMPLES + days * PER_DAY, breaks, rng)
        model = fit_machine(samples[:SAMPLES])
        found = signs(judge_machine(model, samples[SAMPLES:]).score, threshold)
        until = days * PER_DAY if breaks is None else breaks - SAMPLES
        false += sum(row < until for row in found)
        healthy_days += until / PER_DAY
        if breaks is not None:
            broken += 1
            after = [row - until for row in found if row >= until]
            delays += [after[0] * EVERY / 3600.0] if after else []
    seen = 100.0 * len(delays) / broken
    detail['machines'] = {'threshold': threshold, 'false': false, 'healthy_days': healthy_days}
    return [
        common.figure('machines: false signs a day, 1,250 machines',
                      MACHINES * false / healthy_days, '1/d', target=BUDGET),
        common.figure('machines: broken relations found', seen, '%', better='higher'),
        common.figure('machines: delay, median', float(np.median(delays or [np.inf])), 'h'),
    ]  # fmt: skip


def machine(size: int, breaks: int | None, rng: np.random.Generator) -> np.ndarray:
    """Return (N, C) samples; after row `breaks` one channel follows a load of its own."""
    load = np.repeat(rng.normal(0, 1, size // 18 + 1), 18)[:size]
    own = np.repeat(rng.normal(0, 1, size // 18 + 1), 18)[:size]
    weight = rng.uniform(0.3, 1.5, CHANNELS)
    shared = np.repeat(load[:, None], CHANNELS, axis=1)
    if breaks is not None:
        shared[breaks:, int(np.argmax(weight))] = own[breaks:]
    time = np.arange(size) * EVERY / 86_400.0 * 2.0 * np.pi
    course = rng.uniform(0, 0.5, CHANNELS) * np.sin(
        time[:, None] + rng.uniform(0, 2 * np.pi, CHANNELS)
    )
    return shared * weight + course + 0.5 * rng.standard_normal((size, CHANNELS))


def signs(score: np.ndarray, threshold: float) -> list[int]:
    """Return the rows of signs, by the rules of `machine_watch`."""
    found, run, low, high = [], 0, 0, False
    for row, value in enumerate(score.tolist()):
        run = run + 1 if value > threshold else 0
        low = low + 1 if value < REST * threshold else 0
        high = high and low < RESTING
        if run >= LASTING and not high:
            found.append(row)
            high = True
    return found
