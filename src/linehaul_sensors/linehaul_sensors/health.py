# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The trend of an indicator of wear, and the life that remains.

An indicator is one number an interval (an hour, a shift) that stays where it is while a machine is
sound and grows with wear. Its trend is judged by Kendall's test and measured by Sen's slope, which
a few wild values do not move. Where the trend is sure, the life that remains is the time until the
line through the recent values reaches the failure level; slopes at the ends of Sen's confidence
interval give the interval. No sure trend, no estimate.

Sources: Mann 1945, Kendall 1975 (test), Theil 1950, Sen 1968 (slope and its interval), ISO 13381-1
(prognosis in outline).
"""

from dataclasses import dataclass
from math import inf, nan, sqrt

import numpy as np

from linehaul_sensors.arrays import FloatArray

SURE = 4.0
"""Standard deviations of Kendall's statistic that make a trend sure; values are autocorrelated."""
WINDOWS = (90, 45, 22)
_NORMAL_90 = 1.6449


@dataclass(frozen=True, slots=True)
class Prognosis:
    """What a trend says.

    Attributes:
        health: 1 as new, 0 failed.
        sure: the trend is more than chance.
        slope: growth of the indicator [1/s].
        remaining: [s] until the failure level, median; NaN: no estimate.
        low: [s] 5 % of such machines fail earlier; NaN: no estimate.
        high: [s] 95 %; infinite where the slope may be almost nothing.
    """

    health: float
    sure: bool
    slope: float
    remaining: float = nan
    low: float = nan
    high: float = nan


def prognosis(time: FloatArray, value: FloatArray, failure: float) -> Prognosis:
    """Return the prognosis from recent indicators.

    Args:
        time: (N,) [s], increasing.
        value: (N,) indicators; NaN are left out.
        failure: level at which the machine has failed.
    """
    known = ~np.isnan(value)
    t, x = time[known], value[known]
    if t.size < 8:
        return Prognosis(nan if t.size == 0 else _health(float(np.median(x)), failure), False, 0.0)
    level = float(np.median(x[-max(5, t.size // 8) :]))
    i, j = np.triu_indices(t.size, 1)
    rise = np.sign(x[j] - x[i])
    n = t.size
    deviation = sqrt(n * (n - 1) * (2 * n + 5) / 18.0)
    sure = float(rise.sum()) / deviation > SURE
    slopes = np.sort((x[j] - x[i]) / (t[j] - t[i]))
    slope = float(np.median(slopes))
    health = _health(level, failure)
    if not sure or slope <= 0:
        return Prognosis(health, False, slope)
    half = int(_NORMAL_90 * deviation / 2.0)
    middle = slopes.size // 2
    steep = float(slopes[min(middle + half, slopes.size - 1)])
    flat = float(slopes[max(middle - half, 0)])
    # The line through the middle of the values; their noise widens the interval at its end.
    rest = x - slope * t
    now = float(np.median(rest)) + slope * float(t[-1])
    noise = 1.4826 * float(np.median(np.abs(rest - np.median(rest))))
    doubt = _NORMAL_90 * 1.2533 * noise / sqrt(n)
    return Prognosis(
        health=_health(now, failure),
        sure=True,
        slope=slope,
        remaining=max(failure - now, 0.0) / slope,
        low=max(failure - now - doubt, 0.0) / steep,
        high=max(failure - now + doubt, 0.0) / flat if flat > 0 else inf,
    )


def outlook(time: FloatArray, value: FloatArray, failure: float) -> Prognosis:
    """Return the prognosis of wear whose law is not known.

    Wear grows evenly or ever faster. A straight line through the values is right for the one and
    too late for the other; a straight line through their logarithms is right for exponential
    growth and too early for even wear. So the two bracket the truth: the interval spans both, and
    the median is their geometric mean. Of the last 90, 45 and 22 values the window that ends
    soonest counts. Arguments as `prognosis`.
    """
    even = _soonest(time, value, failure)
    if not even.sure:
        return even
    floor = max(float(np.nanmedian(value)) * 0.1, 1e-12)
    growing = _soonest(time, np.log(np.maximum(value, floor)), float(np.log(failure)))
    if not growing.sure:
        return even
    return Prognosis(
        health=even.health,
        sure=True,
        slope=even.slope,
        remaining=sqrt(even.remaining * growing.remaining),
        low=min(even.low, growing.low),
        high=max(even.high, growing.high),
    )


def _soonest(time: FloatArray, value: FloatArray, failure: float) -> Prognosis:
    found = [prognosis(time[-n:], value[-n:], failure) for n in WINDOWS]
    sure = [one for one in found if one.sure]
    return min(sure, key=lambda one: one.remaining) if sure else found[0]


def _health(level: float, failure: float) -> float:
    return float(min(max(1.0 - level / failure, 0.0), 1.0)) if failure else 0.0
