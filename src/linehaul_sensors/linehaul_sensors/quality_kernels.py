# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The quality checks of one batch, reading by reading, over the state of all channels.

A reading passes, in this order: what its source said, finiteness, range, clock, duplicate and
order; if it is the newest of its channel also gap, rate of change and stuck. Checks add flags; the
quality is the worst that any of them asks for.

Clock. A source time too far ahead of its receipt, or behind it, is a clock error; the reading is
then dated by its receipt. An old time can also be a late message. It is taken for a clock error of
a living source only when source time and receipt went on by the same amount since the channel's
reading before; otherwise it is out of order and only history gets it.

Rate. The reference is the last plausible value, and the allowed change grows with the time since.
So a spike is suspect and the return from it is not, and a step is believed once it was possible.
"""

import numpy as np
from numba import njit

from linehaul_sensors.arrays import (
    BoolArray,
    ByteArray,
    FlagArray,
    FloatArray,
    IndexArray,
    IntArray,
)

GOOD, UNCERTAIN, BAD = 1, 2, 3
SOURCE, NOT_FINITE, RANGE, RATE, STUCK, GAP = 1, 2, 4, 8, 16, 32
CLOCK, DUPLICATE, ORDER, HISTORICAL = 64, 128, 256, 512
NEVER = -(2**62)
SECOND = 1_000_000_000
PACE = 5 * SECOND  # [ns] how far source time and receipt may differ in going on


@njit(cache=True)
def check(
    channel: IndexArray,
    time: IntArray,
    value: FloatArray,
    quality: ByteArray,
    flags: FlagArray,
    received: int,
    limits: FloatArray,
    spans: IntArray,
    rules: IntArray,
    state_time: IntArray,
    state_value: FloatArray,
    live: BoolArray,
    used: IntArray,
    keep: BoolArray,
) -> None:
    """Check N readings in their order; writes value, quality, flags, live, used and keep.

    Args:
        channel: (N,) channel number.
        time: (N,) source time [ns].
        value: (N,) values; what is not finite becomes NaN.
        quality: (N,) in: what the source said; out: `Quality`.
        flags: (N,) in: SOURCE and HISTORICAL where they apply; out: `Flag`.
        received: time of receipt of the batch [ns].
        limits: (C, 4) minimum, maximum, rate [unit/s], resolution; NaN: not stated.
        spans: (C, 2) longest gap [ns] and longest time without change [ns]; 0: not stated.
        rules: (2,) how far a source time may be ahead of and behind its receipt [ns].
        state_time: (C, 5) newest used time, last source time, last receipt, time of the plausible
            value, time since which the value has not changed [ns]; NEVER where there is none.
        state_value: (C, 2) last plausible value, value that has not changed; NaN: none.
        live: (N,) out: newest of its channel, so alarms and detectors want it.
        used: (N,) out: time to use for live readings [ns], increasing for each channel.
        keep: (N,) out: to be stored; false for exact duplicates.
    """
    for i in range(channel.size):
        c = channel[i]
        t = min(max(time[i], 0), -NEVER)
        v = value[i]
        f = flags[i]
        q = quality[i]
        if q != GOOD:
            f |= SOURCE
            q = UNCERTAIN if q == 0 else min(q, BAD)
        if not np.isfinite(v):
            v = np.nan
            f |= NOT_FINITE
            q = BAD
        elif v < limits[c, 0] or v > limits[c, 1]:
            f |= RANGE
            q = BAD
        newest, raw, heard = state_time[c, 0], state_time[c, 1], state_time[c, 2]
        stored = (f & HISTORICAL) != 0
        late = received - t > rules[1] and not stored
        early = t - received > rules[0]
        keep[i] = True
        live[i] = True
        used[i] = t
        if t == raw:
            f |= DUPLICATE
            live[i] = False
            same = v == state_value[c, 0] or np.isnan(v) or f & RANGE
            keep[i] = not same
            q = max(q, UNCERTAIN)
        elif early or late:
            f |= CLOCK
            q = max(q, UNCERTAIN)
            used[i] = received
            if late and newest != NEVER:
                paced = raw != NEVER and abs((t - raw) - (received - heard)) <= PACE and t > raw
                if not paced:
                    f |= ORDER
                    live[i] = False
            if used[i] <= newest:
                live[i] = False
        elif t <= newest:
            f |= ORDER
            live[i] = False
        if stored:
            live[i] = False
        else:
            state_time[c, 1] = t
            state_time[c, 2] = received
        if live[i]:
            now = used[i]
            if newest != NEVER and spans[c, 0] > 0 and now - newest > spans[c, 0]:
                f |= GAP
            state_time[c, 0] = now
            if q != BAD:
                if state_time[c, 3] != NEVER:
                    dt = (now - state_time[c, 3]) / SECOND
                    allowed = limits[c, 2] * dt + limits[c, 3]
                    if abs(v - state_value[c, 0]) > allowed:
                        f |= RATE
                        q = max(q, UNCERTAIN)
                if not f & RATE:
                    state_value[c, 0] = v
                    state_time[c, 3] = now
                if abs(v - state_value[c, 1]) <= limits[c, 3]:
                    if spans[c, 1] > 0 and now - state_time[c, 4] >= spans[c, 1]:
                        f |= STUCK
                        q = max(q, UNCERTAIN)
                else:
                    state_value[c, 1] = v
                    state_time[c, 4] = now
        value[i] = v
        quality[i] = q
        flags[i] = f
