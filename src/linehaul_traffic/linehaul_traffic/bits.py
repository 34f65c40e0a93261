# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Timelines as bit rows: which steps a node is taken, 64 steps to a word.

Bit t of row r of rows (R, W) uint64 is set when node r is taken at step t. Safe intervals are
runs of clear bits, found by counting zeros of a word instead of walking step by step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

WORD = 64
ALL_ONES = np.uint64(0xFFFFFFFFFFFFFFFF)


def _lowest_bit(typingctx: Any, word: Any) -> Any:  # noqa: ARG001
    """Return the place of the lowest set bit of a uint64; 64 when none is set."""

    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), codegen


def _high_zeros(typingctx: Any, word: Any) -> Any:  # noqa: ARG001
    """Return how many bits above the highest set bit of a uint64 are clear; 64 when none is."""

    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.ctlz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), codegen


lowest_bit: Any = intrinsic(_lowest_bit)
high_zeros: Any = intrinsic(_high_zeros)


@njit(cache=True, inline='always')
def next_one(rows: Any, r: int, t: int) -> Any:
    """Return the first step at or after `t` that is taken; the length of a row when none is."""
    w = t >> 6
    n = rows.shape[1]
    if w >= n:
        return n << 6
    word = rows[r, w] & (ALL_ONES << np.uint64(t & 63))
    while word == np.uint64(0):
        w += 1
        if w == n:
            return n << 6
        word = rows[r, w]
    return (w << 6) + lowest_bit(word)


@njit(cache=True, inline='always')
def next_zero(rows: Any, r: int, t: int) -> Any:
    """Return the first step at or after `t` that is free; the length of a row when none is."""
    w = t >> 6
    n = rows.shape[1]
    if w >= n:
        return n << 6
    word = ~rows[r, w] & (ALL_ONES << np.uint64(t & 63))
    while word == np.uint64(0):
        w += 1
        if w == n:
            return n << 6
        word = ~rows[r, w]
    return (w << 6) + lowest_bit(word)


@njit(cache=True, inline='always')
def last_one(rows: Any, r: int, t: int) -> Any:
    """Return the last step at or before `t` that is taken; -1 when none is."""
    if t < 0:
        return -1
    w = t >> 6
    word = rows[r, w] & (ALL_ONES >> np.uint64(63 - (t & 63)))
    while word == np.uint64(0):
        w -= 1
        if w < 0:
            return -1
        word = rows[r, w]
    return (w << 6) + 63 - high_zeros(word)


@njit(cache=True, inline='always')
def is_taken(rows: Any, r: int, t: int) -> Any:
    """Return whether step `t` is taken."""
    return (rows[r, t >> 6] >> np.uint64(t & 63)) & np.uint64(1) != np.uint64(0)


@njit(cache=True, inline='always')
def take(rows: Any, r: int, t: int) -> None:
    """Take step `t`."""
    rows[r, t >> 6] |= np.uint64(1) << np.uint64(t & 63)


@njit(cache=True, inline='always')
def free(rows: Any, r: int, t: int) -> None:
    """Free step `t`."""
    rows[r, t >> 6] &= ~(np.uint64(1) << np.uint64(t & 63))


@njit(cache=True, inline='always')
def take_from(rows: Any, r: int, t: int) -> None:
    """Take step `t` and all after it."""
    w = t >> 6
    rows[r, w] |= ALL_ONES << np.uint64(t & 63)
    rows[r, w + 1 :] = ALL_ONES


@njit(cache=True, inline='always')
def free_from(rows: Any, r: int, t: int) -> None:
    """Free step `t` and all after it."""
    w = t >> 6
    rows[r, w] &= ~(ALL_ONES << np.uint64(t & 63))
    rows[r, w + 1 :] = np.uint64(0)


@njit(cache=True, inline='always')
def last_zero(rows: Any, r: int, t: int) -> Any:
    """Return the last step at or before `t` that is free; -1 when none is."""
    if t < 0:
        return -1
    w = t >> 6
    word = ~rows[r, w] & (ALL_ONES >> np.uint64(63 - (t & 63)))
    while word == np.uint64(0):
        w -= 1
        if w < 0:
            return -1
        word = ~rows[r, w]
    return (w << 6) + 63 - high_zeros(word)
