# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Early warning on a machine as a whole: channels that no longer go together.

Principal components of the machine's channels when it was sound hold how they move together. Of a
later sample, T² says how far it is from the middle along these components, and Q how far it is off
their plane: a broken relation between channels, which no single channel shows. Each channel's part
of Q is weighed by its usual size, so that a channel which goes its own way anyhow hides nothing.
Both are judged by their own past, as single channels are: by the mean and spread of block maxima
of their square root.

Sources: Hotelling 1947 (T²), Jackson & Mudholkar 1979 (Q), Gumbel 1958 (block maxima, by moments).
"""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np

from linehaul_sensors.arrays import BoolArray, FloatArray
from linehaul_sensors.errors import ReadingsError

KEPT = 0.95
"""Share of the variance that the components hold; those above the mean are kept in any case."""
BLOCK = 48
_EULER = 0.5772
_GUMBEL = 1.2825


@dataclass(frozen=True, slots=True)
class MachineModel:
    """A sound machine.

    Attributes:
        mean: (C,) of the channels.
        scale: (C,) their standard deviation.
        axes: (C, K) components.
        variance: (K,) along them.
        rest: (C,) usual distance of each channel from the plane, in its scale.
        past: (2, 2) mean and standard deviation of the block maxima of sqrt(T²) and sqrt(Q).
    """

    mean: FloatArray
    scale: FloatArray
    axes: FloatArray
    variance: FloatArray
    rest: FloatArray
    past: FloatArray


@dataclass(frozen=True, slots=True)
class Judged:
    """N samples of a machine.

    Attributes:
        t2: (N,) Hotelling's T².
        q: (N,) squared distance from the plane of the components, over what is usual.
        score: (N,) the greater Gumbel-reduced value; its chance in a block is about exp(-score).
        shares: (N, C) share of each channel in Q (or in T², where that gave the score).
    """

    t2: FloatArray
    q: FloatArray
    score: FloatArray
    shares: FloatArray


def fit_machine(samples: FloatArray) -> MachineModel:
    """Learn a sound machine from (N, C) samples in the order of time; rows with NaN are left out.

    The components come from the first half and the block maxima from the second, so that the model
    is not judged by what it was fitted to.

    Raises:
        ReadingsError: fewer than 8 blocks of samples, or fewer than two channels.
    """
    known = samples[~np.isnan(samples).any(axis=1)]
    if known.ndim != 2 or known.shape[1] < 2 or known.shape[0] < 16 * BLOCK:
        raise ReadingsError(f'{known.shape} samples: wanted at least {16 * BLOCK} of two channels')
    half = known.shape[0] // 2
    mean = known[:half].mean(axis=0)
    scale = np.maximum(known[:half].std(axis=0), 1e-9 * (np.abs(mean) + 1.0))
    z = (known[:half] - mean) / scale
    values, vectors = np.linalg.eigh(np.cov(z, rowvar=False))
    values, vectors = np.maximum(values[::-1], 1e-9), vectors[:, ::-1]
    share = np.cumsum(values) / values.sum()
    wanted = max(int(np.searchsorted(share, KEPT)) + 1, int((values > values.mean()).sum()))
    count = min(wanted, values.size - 1)
    axes = vectors[:, :count]
    rest = np.maximum((z - z @ axes @ axes.T).std(axis=0), 1e-3)
    model = MachineModel(mean, scale, axes, values[:count], rest, np.zeros((2, 2)))
    t2, q, _, _ = _distances(model, known[half:])
    blocks = t2.size // BLOCK
    past = []
    for statistic in (t2, q):
        tops = np.sqrt(statistic[: blocks * BLOCK]).reshape(blocks, BLOCK).max(axis=1)
        past.append((tops.mean(), max(tops.std() * (1.0 + 2.0 / sqrt(blocks)), 1e-9)))
    return MachineModel(mean, scale, axes, model.variance, rest, np.array(past))


def judge_machine(model: MachineModel, samples: FloatArray) -> Judged:
    """Return T², Q, score and evidence of (N, C) samples; a row with NaN has the score NaN."""
    t2, q, along, off = _distances(model, samples)
    mean, spread = model.past[:, :1], model.past[:, 1:]
    y = _EULER + _GUMBEL * (np.sqrt(np.stack([t2, q])) - mean) / spread
    parts = np.where((y[0] > y[1])[:, None], along, off)
    total = np.maximum(parts.sum(axis=1, keepdims=True), 1e-300)
    return Judged(t2, q, y.max(axis=0), parts / total)


def _distances(
    model: MachineModel, samples: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return T² (N,), Q (N,), and the channels' parts in each (N, C)."""
    z = (samples - model.mean) / model.scale
    scores = z @ model.axes
    inside = scores @ model.axes.T
    off = ((z - inside) / model.rest) ** 2
    weighted = (scores / model.variance) @ model.axes.T
    along = np.maximum(z * weighted, 0.0)
    t2 = (scores**2 / model.variance).sum(axis=1)
    return t2, off.sum(axis=1), along, off


def limit(blocks_between: float) -> float:
    """Return the score that chance passes about once in so many blocks, for both statistics."""
    return log(2.0 * max(blocks_between, 1.0))


def passes(judged: Judged, threshold: float, lasting: int = 3) -> BoolArray:
    """Tell where a score has been above a threshold for so many samples in a row (N,)."""
    above = judged.score > threshold
    run = above.copy()
    for shift in range(1, lasting):
        run[shift:] &= above[:-shift]
        run[:shift] = False
    return run
