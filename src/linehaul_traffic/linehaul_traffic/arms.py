# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Choosing what pays: each choice keeps fading means of what it gains and what it costs.

Time, not the number of draws, is shared out in proportion to gain for cost, with a small even
share so that no choice is forgotten: a dear choice is drawn more rarely.
Source: the adaptive weights of Ropke and Pisinger's large-neighbourhood search, 2006.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linehaul_traffic.rng import uniform

_GAIN, _COST = 0, 1
_FORGET_GAIN = 0.02
_FORGET_COST = 0.1
_EXPLORE = 0.1


def new_arms(count: int) -> NDArray[np.float64]:
    """Return (2, count) means of `count` choices of which nothing is known."""
    return np.stack([np.ones(count), np.full(count, 1000.0)])


@njit(cache=True, nogil=True)
def draw(arms: Any, rng: Any) -> Any:
    """Return the index of a choice."""
    count = arms.shape[1]
    even = _EXPLORE * (arms[_GAIN] / arms[_COST]).mean() + 1e-12
    total = 0.0
    for k in range(count):
        total += (arms[_GAIN, k] / arms[_COST, k] + even) / arms[_COST, k]
    x = uniform(rng) * total
    for k in range(count):
        x -= (arms[_GAIN, k] / arms[_COST, k] + even) / arms[_COST, k]
        if x < 0.0:
            return k
    return count - 1


@njit(cache=True, nogil=True)
def learn(arms: Any, k: int, gain: float, cost: float) -> None:
    """Let choice `k` have gained `gain` at `cost`."""
    arms[_GAIN, k] += _FORGET_GAIN * (gain - arms[_GAIN, k])
    arms[_COST, k] += _FORGET_COST * (cost - arms[_COST, k])
