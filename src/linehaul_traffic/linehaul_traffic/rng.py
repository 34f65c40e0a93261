# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Random numbers inside kernels: xorshift64*, its state in an array so that a run can be repeated.

Source: Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

_MULTIPLIER = np.uint64(2685821657736338717)


def new_state(seed: int) -> NDArray[np.uint64]:
    """Return a state (1,) uint64 for `seed`; equal seeds give equal sequences."""
    return np.random.SeedSequence(seed).generate_state(1, np.uint64) | np.uint64(1)


@njit(cache=True, inline='always')
def next_word(state: Any) -> Any:
    """Return the next 64 random bits and advance `state`."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return x * _MULTIPLIER


@njit(cache=True, inline='always')
def below(state: Any, n: int) -> Any:
    """Return an integer in 0..n-1, n at most 2**31."""
    return np.int64(((next_word(state) >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32))


@njit(cache=True, inline='always')
def uniform(state: Any) -> Any:
    """Return a float in [0, 1)."""
    return np.float64(next_word(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(cache=True)
def shuffle(state: Any, row: Any, n: int) -> None:
    """Shuffle the first `n` entries of `row` in place."""
    for i in range(n - 1, 0, -1):
        j = below(state, i + 1)
        row[i], row[j] = row[j], row[i]
