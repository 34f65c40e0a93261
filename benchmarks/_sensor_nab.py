# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The scoring of the Numenta Anomaly Benchmark, written anew from its published rules.

A detector's file score adds, for each labelled window, the worth of the earliest detection in it,
or the cost of a miss; each detection outside costs, the less the closer it follows a window.
Scores are normalised so that a detector that says nothing has 0 and a perfect one 100.

Source: Lavin & Ahmad, Evaluating Real-time Anomaly Detection Algorithms, ICMLA 2015, and the
benchmark's v1.1 rules: the first min(15 % of N, 750) rows are not counted.
"""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

PROFILES = ('standard', 'reward_low_FP_rate', 'reward_low_FN_rate')


@dataclass(frozen=True, slots=True)
class Series:
    """A labelled series: (N,) times [s], (N,) values, windows as (first, last) row."""

    name: str
    time: np.ndarray
    value: np.ndarray
    windows: tuple[tuple[int, int], ...]

    @property
    def probation(self) -> int:
        """Rows at the start that are not counted."""
        return min(int(0.15 * self.time.size), 750)


@dataclass(frozen=True, slots=True)
class Weights:
    """What a hit, a miss and a false detection are worth."""

    hit: float = 1.0
    miss: float = 1.0
    false: float = 0.11


def sigmoid(p: float) -> float:
    """Return the worth of a detection at relative position p; -1 long after a window."""
    return -1.0 if p > 3.0 else 2.0 / (1.0 + math.exp(5.0 * p)) - 1.0


def file_score(detections: np.ndarray, series: Series, weights: Weights) -> tuple[float, int, int]:
    """Score one series.

    Args:
        detections: row numbers.
        series: labelled series.
        weights: of the profile.

    Returns:
        Score, windows found, detections outside all windows.
    """
    rows = np.sort(detections[detections >= series.probation])
    windows = [w for w in series.windows if w[1] >= series.probation]
    score, found, inside = 0.0, 0, np.zeros(rows.size, dtype=bool)
    for first, last in windows:
        within = (rows >= first) & (rows <= last)
        inside |= within
        if not within.any():
            score -= weights.miss
            continue
        found += 1
        position = -(last - int(rows[within][0]) + 1) / (last - first + 1)
        score += weights.hit * sigmoid(position) / sigmoid(-1.0)
    outside = rows[~inside]
    score += sum(weights.false * _cost(int(row), windows) for row in outside)
    return score, found, outside.size


def _cost(row: int, windows: Sequence[tuple[int, int]]) -> float:
    before = [w for w in windows if w[1] < row]
    if not before:
        return -1.0
    first, last = before[-1]
    return sigmoid((row - last) / max(last - first, 1))


def normalised(scores: Sequence[float], windows: int, weights: Weights) -> float:
    """Return 100 for the perfect detector and 0 for one that says nothing."""
    null = -weights.miss * windows
    return 100.0 * (sum(scores) - null) / (weights.hit * windows - null)


def counted_windows(series: Series) -> int:
    """Return how many windows of a series are counted."""
    return sum(last >= series.probation for _, last in series.windows)


# -- the data


def read_weights(folder: Path) -> dict[str, Weights]:
    """Read the weights of each profile."""
    profiles = json.loads((folder / 'config' / 'profiles.json').read_text())
    costs = {name: profiles[name]['CostMatrix'] for name in PROFILES}
    return {
        name: Weights(cost['tpWeight'], cost['fnWeight'], cost['fpWeight'])
        for name, cost in costs.items()
    }


def read_series(folder: Path) -> list[Series]:
    """Read every labelled series of a folder in the benchmark's layout."""
    labels = json.loads((folder / 'windows.json').read_text())
    return [_read_one(folder, name, windows) for name, windows in labels.items()]


def _read_one(folder: Path, name: str, windows: Sequence[Sequence[str]]) -> Series:
    with (folder / name).open(newline='') as file:
        rows = list(csv.DictReader(file))
    time = np.array([_seconds(row['timestamp']) for row in rows])
    value = np.array([float(row['value']) for row in rows])
    spans = []
    for begin, end in windows:
        inside = np.flatnonzero((time >= _seconds(begin)) & (time <= _seconds(end)))
        spans.append((int(inside[0]), int(inside[-1])))
    return Series(Path(name).name, time, value, tuple(spans))


def _seconds(stamp: str) -> float:
    text = stamp.split('.', maxsplit=1)[0]
    when = datetime.strptime(text, '%Y-%m-%d %H:%M:%S').replace(tzinfo=timezone.utc)
    return when.timestamp()


def read_published(folder: Path) -> Mapping[str, Mapping[str, float]]:
    """Read the published scores: detector, file, score in the standard profile."""
    return json.loads((folder / 'scores' / 'published_standard.json').read_text())


# -- a published detector, to check the scoring against its published file scores


def windowed_gaussian(value: np.ndarray) -> np.ndarray:
    """Return (N,) scores of the benchmark's windowed Gaussian: one minus the tail probability.

    The window has 6,400 values and moves by 100; its square root of two has four decimals.
    """
    size, step, scores = 6400, 100, np.zeros(value.size)
    window = list(value[:1])
    waiting: list[float] = []
    mean, std = float(value[0]), 1e-6
    for row in range(1, value.size):
        x = float(value[row])
        scores[row] = 1.0 - 0.5 * math.erfc(abs(x - mean) / std / 1.4142)
        if len(window) < size:
            window.append(x)
        else:
            waiting.append(x)
            if len(waiting) < step:
                continue
            window, waiting = window[step:] + waiting, []
        mean, std = float(np.mean(window)), float(np.std(window)) or 1e-6
    return scores
