# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Conditions of alarms over a batch of readings: limits with deadband, on and off delay.

Each alarm has its condition (there or not) and the time since which the opposite has been seen
without a break. Once that has lasted for the delay the condition changes. A bad or stale reading
holds the conditions of its channel and breaks a delay that runs; it makes the condition of alarms
of kind QUALITY.
"""

import numpy as np
from numba import njit

from linehaul_sensors.arrays import BoolArray, ByteArray, FloatArray, IndexArray, IntArray

HIGH, LOW, EQUAL, QUALITY = 1, 2, 3, 4
BAD = 3
NEVER = -(2**62)


@njit(cache=True)
def evaluate(
    channel: IndexArray,
    time: IntArray,
    value: FloatArray,
    quality: ByteArray,
    first: IntArray,
    alarm_of: IntArray,
    kind: ByteArray,
    limit: FloatArray,
    delay: IntArray,
    there: BoolArray,
    since: IntArray,
    last: FloatArray,
    out_alarm: IntArray,
    out_time: IntArray,
    out_value: FloatArray,
) -> int:
    """Pass N readings and note every change of a condition.

    Args:
        channel: (N,) channel numbers.
        time: (N,) [ns].
        value: (N,).
        quality: (N,) `Quality`.
        first: (C + 1,) alarms of channel c are alarm_of[first[c]:first[c + 1]].
        alarm_of: (L,) alarm numbers.
        kind: (A,) `Kind`.
        limit: (A, 2) limit and deadband.
        delay: (A, 2) on and off delay [ns].
        there: (A,) condition; changed.
        since: (A,) the opposite has been seen since [ns]; NEVER: it is not seen; changed.
        last: (A,) value that ran the delay last; changed.
        out_alarm: room for the changes: alarm number.
        out_time: room: when [ns].
        out_value: room: the value that made it; NaN for QUALITY.

    Returns:
        How many changes were noted. Changes of one alarm alternate, so each is the opposite of
        the one before.
    """
    count = 0
    for i in range(channel.size):
        c = channel[i]
        usable = quality[i] < BAD
        v = value[i]
        for j in range(first[c], first[c + 1]):
            a = alarm_of[j]
            k = kind[a]
            bound, band = limit[a, 0], limit[a, 1]
            if k == QUALITY:
                beyond = not usable
                back = usable
            elif not usable:
                since[a] = NEVER
                continue
            elif k == HIGH:
                beyond = v > bound
                back = v <= bound - band
            elif k == LOW:
                beyond = v < bound
                back = v >= bound + band
            else:
                beyond = abs(v - bound) <= band
                back = not beyond
            opposite = back if there[a] else beyond
            if not opposite:
                since[a] = NEVER
                continue
            if since[a] == NEVER:
                since[a] = time[i]
            last[a] = v
            if time[i] - since[a] >= delay[a, 1 if there[a] else 0]:
                there[a] = not there[a]
                since[a] = NEVER
                out_alarm[count] = a
                out_time[count] = time[i]
                out_value[count] = np.nan if k == QUALITY else v
                count += 1
    return count
