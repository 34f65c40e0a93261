# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""When the line takes its next steps: takt, speed, breaks, changeovers, and its frozen clock.

A paced line moves all its units by one station at each step. `step_times` foretells the steps
from what is known now; nothing is foretold through a stop of unknown length: a line that stands
shows the steps as if it ran on now, and shows them later the longer it stands, so that its
run-outs keep their distance from now and its deliveries gain no urgency.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linehaul_line.lookahead import FloatArray


@dataclass(frozen=True, slots=True)
class Break:
    """Time [s] in which the line rests by plan."""

    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Pace:
    """How the line moves.

    takt: seconds a step at nominal speed. speed: factor, 1 nominal. next_step: plant time [s] of
    the next step, if nothing keeps the line. breaks: ahead, in order, none inside another.
    """

    takt: float
    speed: float
    next_step: float
    breaks: tuple[Break, ...] = ()


def step_times(pace: Pace, lengths: Sequence[float] | FloatArray, now: float) -> FloatArray:
    """Return the times (N + 1,) [s] of the next step and of the N after it.

    Args:
        pace: how the line moves.
        lengths: seconds at nominal speed between each of the N steps and the one before.
        now: plant time [s]; the next step is not before it.
    """
    times = np.empty(len(lengths) + 1)
    times[0] = after_breaks(pace.breaks, max(pace.next_step, now))
    if not pace.breaks:
        times[1:] = times[0] + np.cumsum(np.asarray(lengths) / pace.speed)
        return times
    for index, length in enumerate(lengths):
        times[index + 1] = work_until(pace.breaks, float(times[index]), length / pace.speed)
    return times


def after_breaks(breaks: Sequence[Break], time: float) -> float:
    """Return the time, or the end of the break that it lies in."""
    for one in breaks:
        if one.begin <= time < one.end:
            time = one.end
    return time


def work_until(breaks: Sequence[Break], begin: float, seconds: float) -> float:
    """Return when so many seconds of work are done that begin at a time; breaks do not count."""
    time = after_breaks(breaks, begin)
    for one in breaks:
        if one.begin < time:
            continue
        if time + seconds < one.begin:
            return time + seconds
        seconds -= one.begin - time
        time = one.end
    return time + seconds


def slowed(pace: Pace, speed: float, now: float) -> Pace:
    """Return the pace after a change of speed: what is left of this step is stretched with it.

    Raises:
        ValueError: a speed outside (0, 2].
    """
    if not 0.0 < speed <= 2.0:
        raise ValueError(f'speed factor {speed} found, wanted above 0 and at most 2')
    left = max(pace.next_step - now, 0.0) * pace.speed / speed
    return Pace(pace.takt, speed, now + left, pace.breaks)
