# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest
from linehaul_sim.pacing import MOST_STEPS, start, steps_due


def play(pace, times):
    counts = []
    for now in times:
        count, pace = steps_due(pace, now)
        counts.append(count)
    return counts


@pytest.mark.parametrize('speed', [0.5, 1.0, 10.0, 200.0])
def test_keeps_the_speed(speed):
    times = [0.005 * k for k in range(2001)]
    counts = play(start(0.0, 0.1, speed), times)
    assert sum(counts) * 0.1 == pytest.approx(10.0 * speed, rel=0.02, abs=0.11)


def test_catches_up_in_small_parts():
    counts = play(start(0.0, 0.1, 10.0), [0.0, 0.4, 0.41, 0.425])
    assert counts[0] == 1
    assert max(counts) <= MOST_STEPS
    assert sum(counts) == 43


def test_gives_up_what_was_lost_for_good():
    pace = start(0.0, 0.1, 10.0)
    counts = play(pace, [0.0, 60.0, 60.01, 60.02])
    assert sum(counts) <= 1 + MOST_STEPS + 4


def test_as_fast_as_possible():
    assert play(start(0.0, 0.1, math.inf), [0.0, 0.0]) == [MOST_STEPS, MOST_STEPS]
