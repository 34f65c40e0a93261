# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Plane geometry shared by the floor: angles, rectangles, outlines moved to a pose.

Metres and radians, x east, y north, yaw in (-pi, pi].
"""

import math

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

STRAIGHT = math.radians(0.5)  # headings closer than this need no turn


def wrap_angle(angle: float) -> float:
    """Return the angle [rad] in (-pi, pi]."""
    wrapped = math.remainder(angle, math.tau)
    return math.pi if wrapped == -math.pi else wrapped


def wrap_angles(angles: FloatArray) -> FloatArray:
    """Return angles [rad] of any shape in (-pi, pi]."""
    wrapped = np.pi - np.mod(np.pi - angles, 2.0 * np.pi)
    return np.where(wrapped <= -np.pi, np.pi, wrapped)


def rectangle(x_min: float, y_min: float, x_max: float, y_max: float) -> FloatArray:
    """Return the corners (4, 2) [m] of an axis-parallel rectangle, counter-clockwise."""
    return np.array([[x_min, y_min], [x_max, y_min], [x_max, y_max], [x_min, y_max]])


def at_poses(outline: FloatArray, xy: FloatArray, heading: FloatArray) -> FloatArray:
    """Return an outline (K, 2) moved to M poses: (M, K, 2) [m].

    Args:
        outline: corners in the vehicle frame, x forward.
        xy: (M, 2) [m].
        heading: (M,) [rad].
    """
    cos, sin = np.cos(heading)[:, None], np.sin(heading)[:, None]
    x, y = outline[None, :, 0], outline[None, :, 1]
    turned = np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)
    return np.asarray(turned + xy[:, None, :])


def circumradius(outline: FloatArray) -> float:
    """Return the largest distance [m] of an outline (K, 2) from the vehicle origin."""
    return float(np.hypot(outline[:, 0], outline[:, 1]).max())


def freeze(array: np.ndarray) -> np.ndarray:
    """Return a C-ordered copy that cannot be written to."""
    copy = np.array(array, order='C', copy=True)
    copy.setflags(write=False)
    return copy
