# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Travel times, classes and dwell points against published figures."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from linehaul_warehouse.classes import best_radii, class_travel, fit_skewness, skewness
from linehaul_warehouse.dwell import dwell_point, threshold
from linehaul_warehouse.errors import RackError
from linehaul_warehouse.travel import (
    Drive,
    dual_command,
    fem_points,
    mean_cycles,
    multi_stop,
    single_command,
    travel_between,
)

DRIVE = Drive(3.0, 0.75, 0.5, 0.5)
metres = st.floats(0.0, 100.0)


@pytest.mark.parametrize(
    ('b', 'single', 'between', 'dual'),
    [
        (1.0, 1.333333, 0.466667, 1.8),
        (0.8, 1.213333, 0.422933, 1.636267),
        (0.5, 1.083333, 0.370833, 1.454167),
        (0.25, 1.020833, 0.343229, 1.364063),
    ],
)
def test_closed_forms_are_the_published_table(b, single, between, dual):
    assert single_command(1.0, b) == pytest.approx(single, abs=1e-6)
    assert travel_between(1.0, b) == pytest.approx(between, abs=1e-6)
    assert dual_command(1.0, b) == pytest.approx(dual, abs=1e-6)
    assert multi_stop(1.0, b, 2) == pytest.approx(dual, abs=1e-6)


def test_the_reference_rack_with_acceleration():
    rng = np.random.default_rng(3)
    size = np.array([80.0, 24.0])
    cells = rng.random((2, 100_000, 2)) * size
    single, dual = (t.mean() for t in mean_cycles(cells[0], cells[1], DRIVE))
    assert single == pytest.approx(46.73, rel=0.005)
    assert dual == pytest.approx(64.28, rel=0.005)


def test_fem_points_at_b_1_give_the_mean():
    one, two = (np.array([p]) for p in fem_points(1.0, 1.0))
    single, dual = mean_cycles(one, two, Drive(1.0, 1.0))
    assert (single[0] + mean_cycles(two, one, Drive(1.0, 1.0))[0][0]) / 2 == pytest.approx(4 / 3)
    assert dual[0] == pytest.approx(1.8)


@given(metres, metres, metres, metres)
def test_a_leg_is_symmetric_never_faster_than_top_speed_and_grows(x, y, u, v):
    there, back = DRIVE.leg((x, y), (u, v)), DRIVE.leg((u, v), (x, y))
    assert there == back
    assert there >= max(abs(x - u) / 3.0, abs(y - v) / 0.75) - 1e-9
    assert DRIVE.leg((x, y), (u + (u >= x) - (u < x), v)) >= there


def test_an_axis_that_does_not_reach_its_speed():
    assert DRIVE.leg((0.0, 0.0), (2.0, 0.0)) == pytest.approx(4.0)
    assert DRIVE.leg((0.0, 0.0), (18.0, 0.0)) == pytest.approx(12.0)
    assert Drive(1.0, 1.0, inf, inf).leg((0.0, 0.0), (3.0, 4.0)) == 4.0


@pytest.mark.parametrize('bad', [(0.0, 1.0), (1.0, nan), (inf, 1.0), (1.0, 1.0, 0.0)])
def test_a_drive_that_cannot_be_is_refused(bad):
    with pytest.raises(RackError, match='wanted'):
        Drive(*bad)


@pytest.mark.parametrize(
    ('share', 'two', 'three'),
    [(0.6, 0.5459, 0.5176), (0.7, 0.4966, 0.4573), (0.8, 0.4273, 0.3750), (0.9, 0.3143, 0.2500)],
)
def test_best_classes_are_the_published_ones(share, two, three):
    s = skewness(share)
    assert class_travel(best_radii(2, s), s) == pytest.approx(two, abs=2e-4)
    assert class_travel(best_radii(3, s), s) == pytest.approx(three, abs=2e-4)
    assert class_travel((), s) == pytest.approx(2 / 3)


@given(st.floats(0.05, 0.9))
def test_the_skewness_of_a_curve_is_found_again(s):
    edges = (np.arange(2001) / 2000.0) ** (2.0 * s / (s + 1.0))
    assert fit_skewness(np.diff(edges)) == pytest.approx(s, rel=0.02)
    assert fit_skewness(np.zeros(5)) == 1.0


@pytest.mark.parametrize(('b', 'p'), [(1.0, 0.400), (0.8, 0.378), (0.6, 0.359)])
def test_the_dwell_point_changes_at_the_published_chance(b, p):
    assert threshold(b) == pytest.approx(p, abs=1e-3)
    axis = (np.arange(60) + 0.5) / 60
    cells = np.stack(np.meshgrid(axis, axis * b), axis=-1).reshape(-1, 2)
    drive = Drive(1.0, 1.0)
    assert dwell_point((0.0, 0.0), cells, p + 0.01, drive) == (0.0, 0.0)
    x, y = dwell_point((0.0, 0.0), cells, p - 0.01, drive)
    assert (x, y) == pytest.approx((0.5, 0.5 * b))
