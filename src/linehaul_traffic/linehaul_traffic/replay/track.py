# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""How a vehicle moved: key poses in time, as few as tell the samples to within a tolerance."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Key poses, straight and even in between.

    Args:
        time: (K,) rising.
        pose: (K, 3) x, y and yaw; yaw is not wrapped, so that it can be interpolated.
    """

    time: FloatArray
    pose: FloatArray

    def at(self, time: float | npt.NDArray[np.float64]) -> FloatArray:
        """Return the poses (…, 3) at times of any shape; before and after it stands still."""
        when = np.asarray(time, np.float64)
        columns = [np.interp(when, self.time, self.pose[:, k]) for k in range(3)]
        return np.stack(columns, axis=-1)


def make_track(time: npt.ArrayLike, pose: npt.ArrayLike, tolerance: float = 0.02) -> Track:
    """Return the track through samples.

    Args:
        time: (T,) rising.
        pose: (T, 3) x, y, yaw in any wrapping; samples that are not finite are left out.
        tolerance: how far a sample may lie from the track, in x, y and yaw alike.
    """
    times, poses = np.asarray(time, np.float64), np.asarray(pose, np.float64).reshape(-1, 3)
    known = np.isfinite(poses).all(axis=1) & np.isfinite(times)
    times, poses = times[known], poses[known].copy()
    poses[:, 2] = np.unwrap(poses[:, 2])
    kept = _key_samples(times, poses, tolerance)
    return Track(times[kept], poses[kept])


def _key_samples(time: FloatArray, pose: FloatArray, tolerance: float) -> npt.NDArray[np.intp]:
    """Return the samples that must stay.

    Source: Douglas and Peucker 1973, with the distance to where the line is at the same time.
    """
    count = len(time)
    keep = np.zeros(count, np.bool_)
    keep[[0, -1] if count else []] = True
    open_spans = [(0, count - 1)]
    while open_spans:
        first, last = open_spans.pop()
        if last - first < 2:
            continue
        part = (time[first : last + 1] - time[first]) / (time[last] - time[first])
        line = pose[first] + part[:, None] * (pose[last] - pose[first])
        gap = np.abs(pose[first : last + 1] - line).max(axis=1)
        worst = first + int(gap.argmax())
        if gap[worst - first] > tolerance:
            keep[worst] = True
            open_spans += [(first, worst), (worst, last)]
    return np.flatnonzero(keep)
