# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Early warning: the statistics of all channels, reading by reading.

Each reading is compared with what its channel usually does. Three expectations compete: the level
in the present operating state; that plus the usual course of a day; that plus what the course of a
week adds. The one with the smallest error of the last days is used, the plain one unless another
is clearly better. What is left is the residual r, and its unforeseen part is e = r - phi r'. From
them come the statistics:

- SPIKE: |e| over its scale;
- SHIFT_4 to SHIFT_256: EWMA of r over its scale, with memories of 4, 16, 64 and 256 readings;
- CUSUM: two-sided cumulative sum of r over its scale, which with a level that follows is the
  Page-Hinkley test;
- VARIANCE: EWMA of the logarithm of e², against its own usual value.

Scales say nothing of how often a statistic is high by chance, because residuals are neither
independent nor Gaussian. So each statistic is judged by its own past: the maximum of its square
root over blocks of readings is followed by mean and spread, and a value becomes y, the
Gumbel-reduced value, whose chance in a block is about exp(-y). The score of a reading is the
greatest y and half of each of the two next, because a fault mostly moves several statistics.

Sources: Roberts 1959 (EWMA), Page 1954 (CUSUM), Gumbel 1958 (block maxima, by moments).
"""

import numpy as np
from numba import njit

from linehaul_sensors.arrays import ByteArray, FloatArray, IndexArray, IntArray

DAY = 86_400.0
SLOT = 1_800.0  # [s]
SLOTS_DAY = 48
SLOTS_WEEK = 336
STATISTICS = 7
SPIKE, SHIFT_4, SHIFT_16, SHIFT_64, SHIFT_256, CUSUM, VARIANCE = range(7)
MEMORIES = (1.0 / 4.0, 1.0 / 16.0, 1.0 / 64.0, 1.0 / 256.0)
# Columns of the state of a channel.
(COUNT, BEGIN, LAST, PERIOD, CONTEXT, SETTLE, R, SCALE_R, SCALE_E, COV, VAR, M0, M1, M2, M3, UP,
 DOWN, LOGVAR, LOGMEAN, ERR0, ERR1, ERR2, BLOCK, SILENT, HIGH, BASE) = range(26)  # fmt: skip
STATE = 26
# Columns of the seasons: course of a day, its width, and after them what a week adds.
WIDTH = SLOTS_DAY
WEEK = 2 * SLOTS_DAY
SEASON = WEEK + SLOTS_WEEK
HUGE = 1e300
REARM = 0.85  # share of the threshold below which a channel comes to rest
OFFSET_MEMORY = 14.0  # times the memory of the base that all operating states share
BINS = 400
PER_UNIT = 8.0  # bins of the tail for one unit of score


@njit(cache=True)
def watch(
    channel: IndexArray,
    time: FloatArray,
    value: FloatArray,
    context: ByteArray,
    rules: FloatArray,
    state: FloatArray,
    level: FloatArray,
    season: FloatArray,
    past: FloatArray,
    tail: FloatArray,
    out_score: FloatArray,
    out_kind: ByteArray,
    out_residual: FloatArray,
) -> None:
    """Pass N readings of any channels.

    Args:
        channel: (N,) channel number.
        time: (N,) [s], increasing for each channel.
        value: (N,) finite.
        context: (N,) operating state of the channel's machine, below K.
        rules: readings in a block, blocks before a score counts, memory of the level [s], share of
            the plain error that a season must come below, readings left out after a change of
            operating state.
        state: (C, STATE) columns above; zeros at first.
        level: (C, K, 2) in each operating state, what it adds to the base that follows all of
            them, and number of readings.
        season: (C, SEASON) usual course of day and week.
        past: (C, 3, S + 1) of each statistic: maximum of the block that runs, mean and variance
            of the maxima; the last column is the score, of which only the maximum is kept. The
            number of complete blocks stands in its mean.
        tail: (BINS,) how many blocks had a greatest score in each bin, of all channels.
        out_score: (N,) 0 while a channel warms up.
        out_kind: (N,) the statistic with the greatest y.
        out_residual: (N,) residual over its scale.
    """
    stat = np.zeros(STATISTICS)
    for i in range(channel.size):
        c = channel[i]
        s = state[c]
        n = s[COUNT]
        out_score[i] = 0.0
        out_kind[i] = 0
        dt = _step(s, time[i])
        settling = _settle(s, float(context[i]), rules[4])
        gap = n > 10 and dt > 8.0 * s[PERIOD]
        previous = s[R]
        z, local = _expect(s, level[c, context[i]], season[c], time[i], value[i], dt, rules)
        out_residual[i] = z
        if settling or gap or n < 20:
            continue
        if not _statistics(s, previous, z, local, stat):
            continue
        score, kind = _judge(stat, past[c], rules[1])
        out_score[i] = score
        out_kind[i] = kind
        s[BLOCK] += 1
        if s[BLOCK] >= rules[0]:
            s[BLOCK] = 0
            _close_block(past[c], rules[1], tail)


@njit(cache=True)
def _step(s: FloatArray, t: float) -> float:
    """Count a reading; return the time since the one before [s] and follow the usual period."""
    n = s[COUNT]
    s[COUNT] = n + 1
    if n == 0:
        s[BEGIN] = t
        s[LAST] = t
        return 0.0
    dt: float = t - s[LAST]
    s[LAST] = t
    if n == 1:
        s[PERIOD] = dt
    else:
        s[PERIOD] += (min(dt, 3.0 * s[PERIOD] + 1e-3) - s[PERIOD]) * max(1.0 / n, 0.01)
    return dt


@njit(cache=True)
def _settle(s: FloatArray, context: float, settle: float) -> bool:
    """Return whether the machine has changed its operating state too short a time ago."""
    if s[COUNT] == 1:
        s[CONTEXT] = context
    if context != s[CONTEXT]:
        s[CONTEXT] = context
        s[SETTLE] = settle
    elif s[SETTLE] > 0:
        s[SETTLE] -= 1
    settling: bool = s[SETTLE] > 0
    return settling


@njit(cache=True)
def _expect(
    s: FloatArray,
    level: FloatArray,
    season: FloatArray,
    t: float,
    x: float,
    dt: float,
    rules: FloatArray,
) -> tuple[float, float]:
    """Return the residual over its scale, and that scale over the channel's mean one; learn."""
    n = s[COUNT] - 1
    if level[1] == 0:
        level[0] = x - s[BASE]
    slot = int(t / SLOT) % SLOTS_WEEK
    d = slot % SLOTS_DAY
    r0 = x - level[0] - s[BASE]
    r1 = r0 - season[d]
    r2 = r1 - season[WEEK + slot]
    age = (t - s[BEGIN]) / DAY
    save = rules[3]
    r = r0
    if age > 1.5 and s[ERR1] < save * s[ERR0]:
        r = r1
    if age > 8.0 and s[ERR2] < save * min(s[ERR0], s[ERR1]):
        r = r2
    scale = s[SCALE_R]
    cut = 4.0 * scale if n > 50 else HUGE
    samples = max(SLOT / max(s[PERIOD], 1e-3), 1.0)
    level[1] += 1
    passed = min(dt, 4 * s[PERIOD])
    news = _cut(r if n > 50 else r0, cut)
    level[0] += max(1.0 / level[1], passed / (OFFSET_MEMORY * rules[2])) * news
    s[BASE] += min(passed / rules[2], 1.0) * news
    by_day = max(min(2.0 / (1.0 + age * samples), 1.0), 1.0 / (10.0 * samples))
    season[d] += by_day * _cut(r1, cut)
    by_week = max(0.7 / (1.0 + age / 7.0 * samples), 1.0 / (5.0 * samples))
    season[WEEK + slot] += by_week * _cut(r2, cut)
    g = max(1.0 / (n + 1.0), s[PERIOD] / (4.0 * DAY))
    s[ERR0] += g * (min(abs(r0), 2 * cut) - s[ERR0])
    s[ERR1] += g * (min(abs(r1), 2 * cut) - s[ERR1])
    s[ERR2] += g * (min(abs(r2), 2 * cut) - s[ERR2])
    local = 1.0
    if age > 2.0 and scale > 0:
        local = max(0.5 * season[WIDTH + d] / scale + 0.5, 0.3)
    season[WIDTH + d] += by_day * (min(abs(r), cut) - season[WIDTH + d])
    s[SCALE_R] += max(1.0 / (n + 1.0), 1.0 / 2000.0) * (min(abs(r), cut) - scale)
    s[R] = r
    return r / (1.2533 * s[SCALE_R] * local + 1e-9 * (abs(x) + 1e-9)), local


@njit(cache=True)
def _cut(x: float, limit: float) -> float:
    return min(max(x, -limit), limit)


@njit(cache=True)
def _statistics(s: FloatArray, previous: float, z: float, local: float, stat: FloatArray) -> bool:
    """Fill `stat` (S,); return False while the scales are not known."""
    n = s[COUNT] - 1
    cut = 4.0 * s[SCALE_R] if n > 50 else HUGE
    g = max(1.0 / (n + 1.0), 1.0 / 2000.0)
    w, p = _cut(s[R], cut), _cut(previous, cut)
    s[COV] += g * (w * p - s[COV])
    s[VAR] += g * (p * p - s[VAR])
    phi = _cut(max(s[COV] / s[VAR], 0.0), 0.99) if s[VAR] > 0 else 0.0
    e = abs(s[R] - phi * previous)
    tiny = 1e-9 * s[SCALE_R] + 1e-300
    u = e / (1.2533 * s[SCALE_E] * local + tiny)
    s[SCALE_E] += g * (min(e, 4.0 * s[SCALE_E] if n > 50 else HUGE) - s[SCALE_E])
    if n < 50:
        return False
    zc = _cut(z, 8.0)
    stat[SPIKE] = min(u, 1e6)
    for j in range(4):
        s[M0 + j] += MEMORIES[j] * (zc - s[M0 + j])
        stat[SHIFT_4 + j] = abs(s[M0 + j])
    s[UP] = max(0.0, s[UP] + zc - 0.5)
    s[DOWN] = max(0.0, s[DOWN] - zc - 0.5)
    stat[CUSUM] = np.log1p(max(s[UP], s[DOWN])) ** 2
    noise = np.log(min(u, 8.0) ** 2 + 0.01)
    s[LOGVAR] += (noise - s[LOGVAR]) / 32.0
    s[LOGMEAN] += max(1.0 / (n - 49.0), 1.0 / 5000.0) * (noise - s[LOGMEAN])
    stat[VARIANCE] = abs(s[LOGVAR] - s[LOGMEAN])
    return True


@njit(cache=True)
def _judge(stat: FloatArray, past: FloatArray, least: float) -> tuple[float, int]:
    """Return score and statistic; note the maxima of the block."""
    done = past[1, STATISTICS]
    first, second, third, kind = 0.0, 0.0, 0.0, 0
    doubt = 1.0 + 2.0 / np.sqrt(max(done, 1.0))
    for j in range(STATISTICS):
        q = np.sqrt(stat[j])
        past[0, j] = max(past[0, j], q)
        if done < least:
            continue
        y = 0.5772 + 1.2825 * (q - past[1, j]) / (np.sqrt(past[2, j]) * doubt + 0.02)
        if y > first:
            first, second, third, kind = y, first, second, j
        elif y > second:
            second, third = y, second
        elif y > third:
            third = y
    score = first + 0.5 * second + 0.5 * third
    past[0, STATISTICS] = max(past[0, STATISTICS], score)
    return score, kind


@njit(cache=True)
def _close_block(past: FloatArray, least: float, tail: FloatArray) -> None:
    """Learn from the maxima of a complete block and begin a new one."""
    done = past[1, STATISTICS]
    if done >= least:
        tail[min(int(past[0, STATISTICS] * PER_UNIT), BINS - 1)] += 1
    past[1, STATISTICS] = done + 1
    g = max(1.0 / (done + 1.0), 1.0 / 300.0)
    for j in range(STATISTICS):
        q = past[0, j]
        if done >= least:
            q = min(q, past[1, j] + 12.0 * np.sqrt(past[2, j]) + 0.02)
        delta = q - past[1, j]
        past[1, j] += g * delta
        past[2, j] = (1.0 - g) * (past[2, j] + g * delta * delta)
    past[0, :] = 0.0


@njit(cache=True)
def raise_warnings(
    channel: IndexArray,
    time: FloatArray,
    score: FloatArray,
    threshold: float,
    quiet: float,
    state: FloatArray,
    out_row: IntArray,
) -> int:
    """Return how many of N scored readings raise a warning; their rows stand in `out_row` (N,).

    A channel that has raised one raises no further until its score has been below REARM times the
    threshold for `quiet` [s].
    """
    count = 0
    for i in range(channel.size):
        s = state[channel[i]]
        if score[i] >= REARM * threshold:
            s[SILENT] = -1.0
        elif s[SILENT] < 0:
            s[SILENT] = time[i]
        if s[HIGH] > 0 and s[SILENT] >= 0 and time[i] - s[SILENT] >= quiet:
            s[HIGH] = 0.0
        if score[i] >= threshold:
            if s[HIGH] == 0:
                out_row[count] = i
                count += 1
            s[HIGH] = 1.0
    return count
