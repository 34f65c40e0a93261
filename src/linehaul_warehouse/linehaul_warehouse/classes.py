# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Storage classes: which loads may lie near the input/output point.

Loads are ranked by turnover (moves a day). Rack shares of classes come from the one-way travel
they save: with demand G(i) = i^s over items and order quantities after the EOQ formula, the
activity of the best fraction R² of a square-in-time rack is R^q with q = 4s/(s+1).

Source: Hausman, Schwarz, Graves (1976) "Optimal storage assignment in automatic warehousing
systems".
"""

from collections.abc import Sequence
from itertools import pairwise
from math import log

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def skewness(share: float, top: float = 0.2) -> float:
    """Return s such that the top fraction of the items carries this share of the demand."""
    return log(share) / log(top)


def full_turnover(s: float) -> float:
    """Return the mean one-way travel, rack radius 1, with every load at its own best place."""
    return 4.0 * s / (5.0 * s + 1.0)


def class_travel(radii: Sequence[float], s: float) -> float:
    """Return the mean one-way travel with classes that end at these radii (the last is 1)."""
    q = 4.0 * s / (s + 1.0)
    total, inner = 0.0, 0.0
    for outer in (*radii, 1.0):
        if outer > inner:
            mean = 2.0 / 3.0 * (outer**3 - inner**3) / (outer**2 - inner**2)
            total += (outer**q - inner**q) * mean
            inner = outer
    return total


def best_radii(count: int, s: float) -> tuple[float, ...]:
    """Return the count - 1 inner radii, in 0..1, that make the mean travel least."""
    if count <= 1:
        return ()

    def radii(steps: Floats) -> Floats:
        weights = np.exp(np.append(steps, 0.0))
        return np.asarray(np.cumsum(weights)[:-1] / weights.sum())

    from scipy.optimize import minimize  # slow to import, and a node starts without it

    start = np.linspace(-1.5, 0.0, count - 1)
    found = minimize(
        lambda x: class_travel(tuple(radii(x)), s),
        start,
        method='Nelder-Mead',
        options={'xatol': 1e-6, 'fatol': 1e-10, 'maxiter': 4000},
    )
    return tuple(float(r) for r in radii(found.x))


def fit_skewness(turnover: Floats) -> float:
    """Return the s that fits measured turnovers of loads best (least squares on the curve).

    Args:
        turnover: (n,) moves a day of each load, none negative; all zero counts as no skew.

    Returns:
        s in 0.01..1; 1 is no skew at all.
    """
    total = float(turnover.sum())
    if turnover.size == 0 or total <= 0.0:
        return 1.0
    activity = np.cumsum(np.sort(turnover)[::-1]) / total
    rank = np.arange(1, turnover.size + 1) / turnover.size
    inside = (activity < 1.0) & (rank < 1.0)
    if not inside.any():
        return 1.0
    power = float(np.sum(np.log(activity[inside])) / np.sum(np.log(rank[inside])))
    power = min(max(power, 0.02), 1.0)  # power = q/2 = 2s/(s+1)
    return min(max(power / (2.0 - power), 0.01), 1.0)


def rank_classes(turnover: Floats, shares: Sequence[float]) -> Ints:
    """Return (n,) the class of each load, 0 turning over fastest.

    Args:
        turnover: (n,) moves a day.
        shares: rack share of each class; they sum to 1.
    """
    order = np.argsort(-turnover, kind='stable')
    edges = np.round(np.cumsum(shares) * turnover.size).astype(np.int64)
    classes = np.empty(turnover.size, np.int64)
    classes[order] = np.searchsorted(edges[:-1], np.arange(turnover.size), side='right')
    return classes


def rack_shares(radii: Sequence[float]) -> tuple[float, ...]:
    """Return the rack share of each class: the area between neighbouring radii."""
    edges = [0.0, *(r * r for r in radii), 1.0]
    return tuple(b - a for a, b in pairwise(edges))
