# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Travel of a crane: along the aisle and up at the same time, so the slower axis counts.

With acceleration equal to deceleration, an axis needs d/v + v/a where it reaches its speed, else
2 sqrt(d/a). The closed forms are those of a continuous rack with random storage and the
input/output point at the lower corner, without acceleration: T = max(L/vx, H/vy) and
b = min(L/vx, H/vy)/T.

Source: Bozer, White (1984) "Travel-time models for automated storage/retrieval systems".
"""

from dataclasses import dataclass
from math import inf, isfinite, isinf, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from linehaul_warehouse.errors import RackError

Floats = npt.NDArray[np.float64]


@njit(cache=True)
def axis_time(distance: float, speed: float, acceleration: float) -> float:
    """Return the time [s] for a distance [m] from stand to stand; acceleration may be inf."""
    distance = abs(distance)
    if acceleration == inf:
        return distance / speed
    if distance * acceleration >= speed * speed:
        return distance / speed + speed / acceleration
    return 2.0 * sqrt(distance / acceleration)


@njit(cache=True)
def leg_times(start: Any, end: Any, drive: Any) -> Any:
    """Return (n,) times [s] from start to end.

    Args:
        start: (n, 2) or (1, 2) positions x, y [m].
        end: (n, 2) positions.
        drive: (4,) speed x, speed y [m/s], acceleration x, acceleration y [m/s²].
    """
    count = end.shape[0]
    out = np.empty(count)
    one = start.shape[0] == 1
    for i in range(count):
        k = 0 if one else i
        x = axis_time(end[i, 0] - start[k, 0], drive[0], drive[2])
        y = axis_time(end[i, 1] - start[k, 1], drive[1], drive[3])
        out[i] = max(x, y)
    return out


@njit(cache=True)
def leg_matrix(start: Any, end: Any, drive: Any) -> Any:
    """Return (n, m) times [s] from each of (n, 2) starts to each of (m, 2) ends."""
    out = np.empty((start.shape[0], end.shape[0]))
    for i in range(start.shape[0]):
        for j in range(end.shape[0]):
            x = axis_time(end[j, 0] - start[i, 0], drive[0], drive[2])
            y = axis_time(end[j, 1] - start[i, 1], drive[1], drive[3])
            out[i, j] = max(x, y)
    return out


@dataclass(frozen=True, slots=True)
class Drive:
    """How a crane moves: speeds [m/s], accelerations [m/s²] (inf: none), fork cycle [s].

    fork_time is one pick or one drop with its position check.
    """

    speed_x: float
    speed_y: float
    acceleration_x: float = inf
    acceleration_y: float = inf
    fork_time: float = 8.0

    def __post_init__(self) -> None:
        speeds = (self.speed_x, self.speed_y)
        if not all(isfinite(v) and v > 0.0 for v in speeds):
            raise RackError(f'speeds: found {speeds}, wanted numbers above 0 m/s')
        if not (self.acceleration_x > 0.0 and self.acceleration_y > 0.0):
            found = (self.acceleration_x, self.acceleration_y)
            raise RackError(f'accelerations: found {found}, wanted above 0 m/s²')
        if not (isfinite(self.fork_time) and self.fork_time >= 0.0):
            raise RackError(f'fork_time: found {self.fork_time}, wanted at least 0 s')

    @property
    def array(self) -> Floats:
        """(4,) for the kernels."""
        return np.array(
            [self.speed_x, self.speed_y, self.acceleration_x, self.acceleration_y], float
        )

    def leg(self, start: tuple[float, float], end: tuple[float, float]) -> float:
        """Return the travel time [s] between two positions x, y [m]."""
        x = axis_time(end[0] - start[0], self.speed_x, self.acceleration_x)
        y = axis_time(end[1] - start[1], self.speed_y, self.acceleration_y)
        return float(max(x, y))

    @property
    def accelerates(self) -> bool:
        """Acceleration is limited."""
        return not (isinf(self.acceleration_x) and isinf(self.acceleration_y))


def shape(length: float, height: float, drive: Drive) -> tuple[float, float]:
    """Return T [s] and b of a rack face of length and height [m]."""
    x, y = length / drive.speed_x, height / drive.speed_y
    longest = max(x, y)
    return longest, min(x, y) / longest


def single_command(longest: float, b: float) -> float:
    """Return the mean single command travel E(SC) [s] = T (1 + b²/3)."""
    return longest * (1.0 + b * b / 3.0)


def travel_between(longest: float, b: float) -> float:
    """Return the mean travel between two cells E(TB) [s] = T (1/3 + b²/6 - b³/30)."""
    return longest * (1.0 / 3.0 + b * b / 6.0 - b**3 / 30.0)


def dual_command(longest: float, b: float) -> float:
    """Return the mean dual command travel E(DC) [s] = E(SC) + E(TB)."""
    return single_command(longest, b) + travel_between(longest, b)


def multi_stop(longest: float, b: float, stops: int) -> float:
    """Return the mean travel [s] of a cycle with n stops taken first come, first served."""
    return single_command(longest, b) + (stops - 1) * travel_between(longest, b)


def fem_points(length: float, height: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the two reference points P1, P2 of an acceptance run after FEM 9.851."""
    return (length / 5.0, height * 2.0 / 3.0), (length * 2.0 / 3.0, height / 5.0)


def mean_cycles(
    stores: Floats, retrieves: Floats, drive: Drive, port: tuple[float, float] = (0.0, 0.0)
) -> tuple[Floats, Floats]:
    """Return (n,) single and (n,) dual command travel times [s] of pairs of cells.

    Args:
        stores: (n, 2) cells to store to; single commands go there and back.
        retrieves: (n, 2) cells to retrieve from.
        drive: how the crane moves.
        port: where every cycle begins and ends.
    """
    home = np.array([port], float)
    array = drive.array
    out, back = leg_times(home, stores, array), leg_times(home, retrieves, array)
    return 2.0 * out, out + leg_times(stores, retrieves, array) + back
