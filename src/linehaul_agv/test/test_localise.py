# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Which odometry is believed."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linehaul_agv.follower import Fix
from linehaul_agv.localise import Localiser, Reading, Trust, combine, invert
from linehaul_vda5050.reach import Pose

ZERO = Pose(0.0, 0.0, 0.0)
poses = st.builds(Pose, st.floats(-50, 50), st.floats(-50, 50), st.floats(-3.1, 3.1))


def alone(correction=ZERO, **more):
    return Localiser(Trust(), correction, True, **more)


def helped():
    return Localiser(Trust(), None, False)


def tell(localiser, *poses, begin=1.0, step=0.05):
    """Tell poses in turn; return when the last one came."""
    for i, (x, y, theta) in enumerate(poses):
        now = begin + i * step
        localiser.measure(Reading(x, y, theta, 0.0, 0.0, now), now)
    return begin + (len(poses) - 1) * step


@given(poses, poses)
def test_frames_go_there_and_back(a, b):
    back = combine(invert(a), combine(a, b))
    assert (back.x, back.y) == pytest.approx((b.x, b.y), abs=1e-9)
    assert math.remainder(back.theta - b.theta, math.tau) == pytest.approx(0.0, abs=1e-9)


def test_the_pose_is_on_the_map():
    there = alone(Pose(8.0, 2.0, -math.pi / 2))
    fix = there.fix(tell(there, (1.0, 0.0, 0.0)))
    assert (fix.pose.x, fix.pose.y, fix.pose.theta) == pytest.approx((8.0, 1.0, -math.pi / 2))


def test_nothing_is_known_before_the_first_reading_and_after_silence():
    it = alone()
    assert it.fix(0.0) == 'no odometry yet'
    now = tell(it, (0, 0, 0))
    assert isinstance(it.fix(now + 0.5), Fix)
    assert it.fix(now + 0.51) == 'no odometry for 0.5 s'
    now = tell(it, (0, 0, 0), begin=now + 3.0)
    assert it.fix(now) == 'no odometry for 0.5 s'  # has to be steady for a while
    now = tell(it, *[(0, 0, 0)] * 22, begin=now + 0.05)
    assert isinstance(it.fix(now), Fix)


@pytest.mark.parametrize('bad', [math.nan, math.inf])
@pytest.mark.parametrize('field', ['x', 'y', 'theta', 'speed', 'omega'])
def test_a_number_that_is_none_is_not_believed(field, bad):
    it = alone()
    now = tell(it, (0, 0, 0))
    reading = Reading(0.0, 0.0, 0.0, 0.0, 0.0, now + 0.05)
    it.measure(replace(reading, **{field: bad}), now + 0.05)
    assert it.fix(now + 0.05) == 'odometry is not finite'
    now = tell(it, *[(0, 0, 0)] * 25, begin=now + 0.1)
    assert isinstance(it.fix(now), Fix)


def test_late_and_repeated_readings_are_passed_over():
    it = alone()
    now = tell(it, (0, 0, 0), (0.05, 0, 0))
    it.measure(Reading(0.0, 0.0, 0.0, 0.0, 0.0, now - 0.05), now + 0.05)
    assert it.fix(now + 0.05).pose.x == 0.05
    for i in range(20):  # a publisher that repeats itself is silent
        it.measure(Reading(0.05, 0.0, 0.0, 0.0, 0.0, now), now + 0.05 * i)
    assert it.fix(now + 0.95) == 'no odometry for 0.5 s'


def test_readings_without_a_stamp_are_taken_as_they_come():
    it = alone()
    for i in range(3):
        it.measure(Reading(0.01 * i, 0.0, 0.0, 0.0, 0.0), 1.0 + 0.05 * i)
    assert it.fix(1.1).pose.x == 0.02


@pytest.mark.parametrize('jump', [(1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)])
def test_odometry_alone_is_not_believed_after_a_jump_until_it_is_back(jump):
    it = alone()
    now = tell(it, (0, 0, 0))
    assert isinstance(it.fix(now), Fix)
    now = tell(it, jump, begin=now + 0.05)
    assert it.fix(now) == 'odometry has jumped'
    now = tell(it, *[jump] * 40, begin=now + 0.05)
    assert it.fix(now) == 'odometry is not where the vehicle was'
    now = tell(it, *[(0, 0, 0)] * 40, begin=now + 0.05)
    assert isinstance(it.fix(now), Fix)


def test_a_base_that_counts_anew_elsewhere_is_not_believed_after_a_restart():
    it = alone(believed=Fix(Pose(20.0, 0.0, 0.0), 0.0, 0.0), slack=5.0)
    assert it.fix(tell(it, (0, 0, 0))) == 'odometry is not where the vehicle was'
    it = alone(
        believed=Fix(Pose(20.0, 0.0, 0.0), 0.0, 0.0), slack=5.0
    )  # drove on a little meanwhile
    assert it.fix(tell(it, (22.0, 0, 0))).pose.x == 22.0
    assert it.slack == 0.0


def test_speed_explains_distance():
    it = alone()
    now = tell(it, *[(0.075 * i, 0, 0.05 * i) for i in range(40)])  # 1.5 m/s, 1 rad/s
    assert isinstance(it.fix(now), Fix)


def test_a_localiser_is_matched_with_the_odometry_of_its_time():
    it = helped()
    now = tell(it, *[(0.1 * i, 0, 0) for i in range(10)])
    assert it.fix(now) == 'no pose on the map yet'
    assert it.correct(Pose(10.3, 5.0, 0.0), 1.15, 0.05, now) == ''  # when odometry said 0.3
    assert it.fix(now).pose.x == pytest.approx(10.9)
    assert it.correct(Pose(10.3, 5.0, 0.0), 9.0, 0.05, now) == 'no odometry within 0.15 s of it'
    assert 'finite' in it.correct(Pose(math.nan, 5.0, 0.0), now, 0.05, now)


@pytest.mark.parametrize('stamp', [0.9, 0.2, math.nan])
def test_a_localiser_that_spoke_before_all_odometry_and_is_silent_is_believed(stamp):
    it = helped()
    assert 'kept' in it.correct(Pose(4.0, 5.0, 1.0), stamp, 0.05, 0.9)
    now = tell(it, (0.3, 0.0, 0.0))
    found = it.fix(now).pose
    assert (found.x, found.y, found.theta) == pytest.approx((4.0, 5.0, 1.0))


def test_one_that_spoke_before_the_vehicle_began_to_move_is_not_believed():
    it = helped()
    it.correct(Pose(4.0, 5.0, 1.0), 0.2, 0.05, 0.9)
    it.measure(Reading(0.3, 0.0, 0.0, 0.5, 0.0, 1.0), 1.0)
    assert it.fix(1.0) == 'no pose on the map yet'


def test_a_localiser_that_is_not_sure_stops_the_vehicle():
    it = helped()
    now = tell(it, (0, 0, 0))
    it.correct(Pose(1.0, 1.0, 0.0), now, 0.05, now)
    assert 'not sure' in it.correct(Pose(1.0, 1.0, 0.0), now, 0.5, now)
    assert 'not sure' in it.fix(now)
    assert 'not sure' in it.correct(Pose(1.0, 1.0, 0.0), now, math.nan, now)
    it.correct(Pose(1.0, 1.0, 0.0), now, 0.1, now)
    assert isinstance(it.fix(now), Fix)


def test_a_localiser_that_jumps_has_to_be_steady_first():
    it = helped()
    now = tell(it, (0, 0, 0))
    it.correct(Pose(1.0, 1.0, 0.0), now, 0.05, now)
    it.correct(Pose(1.1, 1.0, 0.0), now, 0.05, now)
    assert it.fix(now).pose.x == pytest.approx(1.1)
    it.correct(Pose(5.0, 1.0, 0.0), now, 0.05, now)
    assert it.fix(now) == 'pose on the map has jumped'
    now = tell(it, *[(0, 0, 0)] * 25, begin=now + 0.05)
    assert it.fix(now).pose.x == pytest.approx(5.0)


def test_a_clock_that_goes_back_is_not_fresh_odometry():
    it = alone()
    now = tell(it, (0, 0, 0), begin=100.0)
    assert it.fix(now - 50.0) == 'no odometry for 0.5 s'
