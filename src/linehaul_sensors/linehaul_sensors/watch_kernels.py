# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Early warning: the statistics of all channels, reading by reading.

Each reading is compared with what its channel usually does: the level in the present operating
state, and the usual course of a day and what the course of a week adds to it, each as far as it
has made the error of the last days smaller. What is left is the residual r, and its unforeseen
part is e = r - phi r'. From them come the statistics:

- SPIKE: |e| over its scale;
- SHIFT_4 to SHIFT_256: EWMA of r over its scale, with memories of 4, 16, 64 and 256 readings;
- CUSUM: two-sided cumulative sum of r over its scale, which with a level that follows is the
  Page-Hinkley test;
- LOUDER, QUIETER: EWMA of the logarithm of e², above and below its own usual value.

Scales say nothing of how often a statistic is high by chance, because residuals are neither
independent nor Gaussian. So each statistic is judged by its own past: its maxima over blocks of
readings are followed, on a scale on which they are about Gumbel (the logarithm for spikes, whose
tails are often heavy), by mean and spread, and a value becomes y, the Gumbel-reduced value, whose
chance in a block is about exp(-y). The fewer blocks were seen, the wider the spread is taken;
blocks that are forgotten are not counted, else scores would rise with a channel's age. A fault
mostly moves several statistics: the raw score is the greatest y and 0.4 of each of the two next.
How much they move together by chance differs from channel to channel, so the raw score is
judged once more by its own past, in the same way.

Sources: Roberts 1959 (EWMA), Page 1954 (CUSUM), Gumbel 1958 (block maxima, by moments).
"""

import numpy as np
from numba import njit

from linehaul_sensors.arrays import ByteArray, FloatArray, IndexArray, IntArray

DAY = 86_400.0
SLOT = 1_800.0  # [s]
SLOTS_DAY = 48
SLOTS_WEEK = 336
STATISTICS = 8
SPIKE, SHIFT_4, SHIFT_16, SHIFT_64, SHIFT_256, CUSUM, LOUDER, QUIETER = range(8)
MEMORIES = (1.0 / 4.0, 1.0 / 16.0, 1.0 / 64.0, 1.0 / 256.0)
# Columns of the state of a channel.
(COUNT, BEGIN, LAST, PERIOD, CONTEXT, SETTLE, R, SCALE_R, SCALE_E, COV, VAR, M0, M1, M2, M3, UP,
 DOWN, LOGVAR, LOGMEAN, ERR0, ERR1, ERR2, BLOCK, SILENT, HIGH, BASE) = range(26)  # fmt: skip
STATE = 26
RAW, BLOCKS = STATISTICS, STATISTICS + 1  # columns of the past, after the statistics
# Columns of the seasons: course of a day, its width, and after them what a week adds.
WIDTH = SLOTS_DAY
WEEK = 2 * SLOTS_DAY
SEASON = WEEK + SLOTS_WEEK
HUGE = 1e300
REARM = 0.85  # share of the threshold below which a channel comes to rest
OFFSET_MEMORY = 14.0  # times the memory of the base that all operating states share
BINS = 2000
FULL_DAY, FULL_WEEK = 1.5, 8.0  # [d] of age before a season may be trusted
HALF = 0.15  # of the shares of error between which a season comes to be used
SURE, MEAN, VARIANCE = 60.0, 2.3, 2.0
"""What block maxima of the raw score are before any is seen, and how many blocks that is worth."""
DOUBT = 4.0  # over the root of the number of blocks: how much wider a spread might be
REMEMBERED = 300.0  # blocks in the moments; more were never seen at once
WILD = 5.0  # spreads above the mean beyond which a block maximum teaches no more
PER_UNIT = 40.0  # bins of the tail for one unit of score


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
            the plain error at which a season is half trusted, readings left out after a change of
            operating state.
        state: (C, STATE) columns above; zeros at first.
        level: (C, K, 2) in each operating state, what it adds to the base that follows all of
            them, and number of readings.
        season: (C, SEASON) usual course of day and week.
        past: (C, 3, S + 2) of each statistic and of the raw score: maximum of the block that
            runs, mean and variance of the maxima; in the last column the number of complete
            blocks stands in the place of the mean.
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
    w1 = _trust(s[ERR1], s[ERR0], save) if age > FULL_DAY else 0.0
    w2 = _trust(s[ERR2], min(s[ERR0], s[ERR1]), save) if age > FULL_WEEK else 0.0
    r = r0 + w1 * (r1 - r0)
    r += w2 * (r2 - r)
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
def _trust(error: float, plain: float, save: float) -> float:
    """Return how much of an expectation is used: none until its error is below a share."""
    return min(max((save + HALF - error / plain) / (2 * HALF), 0.0), 1.0) if plain > 0 else 0.0


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
    stat[LOUDER] = s[LOGVAR] - s[LOGMEAN]
    stat[QUIETER] = s[LOGMEAN] - s[LOGVAR]
    return True


@njit(cache=True)
def _judge(stat: FloatArray, past: FloatArray, least: float) -> tuple[float, int]:
    """Return score and statistic; note the maxima of the block."""
    done = past[1, BLOCKS]
    first, second, third, kind = 0.0, 0.0, 0.0, 0
    doubt = 1.0 + DOUBT / np.sqrt(min(max(done, 1.0), REMEMBERED))
    for j in range(STATISTICS):
        q = _scaled(stat[j], j)
        past[0, j] = max(past[0, j], q)
        if done < least:
            continue
        y = _reduced(q, past[1, j], np.sqrt(past[2, j]) * doubt + 0.02)
        if y > first:
            first, second, third, kind = y, first, second, j
        elif y > second:
            second, third = y, second
        elif y > third:
            third = y
    raw = first + 0.4 * (second + third)
    past[0, RAW] = max(past[0, RAW], raw)
    return _usual(raw, past, done - least), kind


@njit(cache=True)
def _scaled(x: float, j: int) -> float:
    """Return a statistic on the scale on which its block maxima are about Gumbel."""
    if j == SPIKE:
        return float(np.log(x + 0.1))
    return float(np.sqrt(x)) if j < LOUDER else x


@njit(cache=True)
def _reduced(x: float, mean: float, spread: float) -> float:
    return 0.5772 + 1.2825 * (x - mean) / spread


@njit(cache=True)
def _usual(raw: float, past: FloatArray, blocks: float) -> float:
    """Return the score: the raw one, judged by the channel's own past of some blocks."""
    n = min(max(blocks, 0.0), REMEMBERED)
    mean = (SURE * MEAN + n * past[1, RAW]) / (SURE + n)
    var = (SURE * VARIANCE + n * past[2, RAW]) / (SURE + n)
    return max(_reduced(raw, mean, np.sqrt(var)), 0.0)


@njit(cache=True)
def _close_block(past: FloatArray, least: float, tail: FloatArray) -> None:
    """Learn from the maxima of a complete block and begin a new one."""
    done = past[1, BLOCKS]
    if done >= least:
        score = _usual(past[0, RAW], past, done - least)
        tail[min(int(score * PER_UNIT), BINS - 1)] += 1
        _learn(past, RAW, done - least, 3.0, done > least + 5)
    past[1, BLOCKS] = done + 1
    for j in range(STATISTICS):
        _learn(past, j, done, WILD, done >= least)
    past[0, :] = -HUGE
    past[0, RAW] = 0.0


@njit(cache=True)
def _learn(past: FloatArray, j: int, done: float, wild: float, cut: bool) -> None:
    """Let the maximum of a block count in mean and variance of those before it."""
    q = past[0, j]
    if cut:
        q = min(q, past[1, j] + wild * np.sqrt(past[2, j]) + 0.02)
    g = max(1.0 / (done + 1.0), 1.0 / REMEMBERED)
    delta = q - past[1, j]
    past[1, j] += g * delta
    past[2, j] = (1.0 - g) * (past[2, j] + g * delta * delta)


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
