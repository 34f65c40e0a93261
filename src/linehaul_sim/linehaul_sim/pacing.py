# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps plant time in step with the wall clock.

Says how many steps are due. A simulation that falls behind catches up by at most a few steps at a
time; if it stays behind it gives the lost time up instead of storing it, so that the clock never
jumps. Where another simulator makes the clock, it is followed instead.
"""

from dataclasses import dataclass

MOST_STEPS = 20
"""Steps done at once while catching up."""
PATIENCE = 0.5
"""Wall time [s] that may be caught up; what is beyond is given up."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Where the wall clock was when a step was due.

    Attributes:
        due: Wall time [s] of the next step.
        interval: Wall time of one step [s]; 0: as fast as possible.
    """

    due: float
    interval: float


def start(now: float, step: float, speed: float) -> Pace:
    """Begin to pace steps of `step` plant seconds at `speed` plant seconds a second; inf: max."""
    return Pace(now, 0.0 if speed == float('inf') else step / speed)


def steps_due(pace: Pace, now: float) -> tuple[int, Pace]:
    """Return how many steps to do now, and the pace after them."""
    if pace.interval == 0.0:
        return MOST_STEPS, pace
    behind = now - pace.due
    if behind < 0.0:
        return 0, pace
    due = pace.due
    if behind > max(PATIENCE, MOST_STEPS * pace.interval):
        due = now - MOST_STEPS * pace.interval
    count = min(int((now - due) / pace.interval) + 1, MOST_STEPS)
    return count, Pace(due + count * pace.interval, pace.interval)


def steps_behind(plant_time: float, clock: float, step: float) -> int:
    """Return how many steps to do now to follow a clock that somebody else makes.

    Args:
        plant_time: Of the world [s].
        clock: What the clock says [s]; where it has gone back, the world waits for it.
        step: Length of a step [s].
    """
    return min(max(int((clock - plant_time) / step + 1e-6), 0), MOST_STEPS)
