# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Trapezoidal motion against the textbook and against its own promises."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_sim.motion import step_motion, wrapped

DT = 0.1


class Track:
    """One vehicle on a chain of edges with given headings and lengths."""

    def __init__(self, lengths, headings=None, limits=None, reverse=None, top=1.5):
        count = len(lengths)
        self.travel = np.array(headings if headings is not None else [0.0] * count, float)
        self.body = np.array([wrapped(h) for h in self.travel])
        if reverse is not None:
            self.body = np.array(
                [wrapped(h + math.pi) if r else h for h, r in zip(self.body, reverse, strict=True)]
            )
        self.length = np.array(lengths, float)
        steps = self.length[:, None] * np.column_stack([np.cos(self.travel), np.sin(self.travel)])
        self.xy = np.concatenate([[[0.0, 0.0]], np.cumsum(steps, 0)])
        self.start = np.arange(count, dtype=np.int32)
        self.end = self.start + np.int32(1)
        self.way = np.arange(count, dtype=np.int32)[None, :]
        self.limit = np.array([limits or [9.0] * count], float)
        self.way_end = np.array([count], np.int32)
        self.way_at = np.zeros(1, np.int32)
        self.along, self.speed, self.omega = np.zeros(1), np.zeros(1), np.zeros(1)
        self.pose = np.array([[0.0, 0.0, self.body[0]]])
        self.held = np.zeros(1, bool)
        self.kinematics = np.array([[top, 0.6, 0.8, 1.0, 1.5]])
        for fixed in (self.xy, self.start, self.end, self.length, self.travel, self.body):
            fixed.flags.writeable = False  # as in a plant, so that one compiled kernel serves both
        self.passed, self.distance = np.zeros(1, np.int32), np.zeros(1)

    def step(self):
        step_motion(
            DT,
            self.way,
            self.limit,
            self.way_end,
            self.way_at,
            self.along,
            self.speed,
            self.omega,
            self.pose,
            self.held,
            self.kinematics,
            self.xy,
            self.start,
            self.end,
            self.length,
            self.travel,
            self.body,
            self.passed,
            self.distance,
        )

    @property
    def arrived(self):
        return self.way_at[0] == self.way_end[0]

    def drive(self, most=5000):
        for count in range(most):
            if self.arrived:
                return count * DT
            self.step()
        raise AssertionError('never arrives')


def trapezoid(length, top, gain, brake):
    ramp = top * top / 2 / gain + top * top / 2 / brake
    if length >= ramp:
        return top / gain + top / brake + (length - ramp) / top
    peak = math.sqrt(2 * length * gain * brake / (gain + brake))
    return peak / gain + peak / brake


@pytest.mark.parametrize('length', [0.3, 2.0, 5.0, 40.0])
def test_time_is_that_of_the_textbook(length):
    time = Track([length]).drive()
    assert trapezoid(length, 1.5, 0.6, 0.8) - 1e-9 <= time
    assert time <= trapezoid(length, 1.5, 0.6, 0.8) + 0.35


def test_many_short_edges_take_as_long_as_one_long():
    assert Track([0.25] * 80).drive() == pytest.approx(Track([20.0]).drive(), abs=DT)


def test_turns_in_place_and_takes_its_time():
    track = Track([2.0, 2.0], headings=[0.0, math.pi / 2])
    straight = Track([2.0]).drive()
    turn = (math.pi / 2) / 1.0 + 1.0 / 1.5
    assert track.drive() == pytest.approx(2 * straight + turn, abs=0.6)
    assert track.pose[0].tolist() == pytest.approx([2.0, 2.0, math.pi / 2])


def test_turns_the_shorter_way():
    track = Track([1.0, 1.0], headings=[math.radians(170), math.radians(-170)])
    turned = 0.0
    while not track.arrived:
        track.step()
        turned += abs(track.omega[0]) * DT
    assert turned < math.radians(40)


def test_backs_out_without_turning():
    track = Track([3.0, 3.0], headings=[0.0, math.pi], reverse=[False, True])
    while not track.arrived:
        track.step()
        assert track.pose[0, 2] == 0.0
    assert track.pose[0].tolist() == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)


def test_keeps_the_limit_from_the_first_metre_on():
    track = Track([10.0, 4.0, 10.0], limits=[1.5, 0.4, 1.5])
    while not track.arrived:
        track.step()
        if track.way_at[0] == 1:
            assert track.speed[0] <= 0.4 + 1e-9


def test_held_vehicle_stops_and_goes_on():
    track = Track([20.0])
    for _ in range(40):
        track.step()
    track.held[0] = True
    for _ in range(40):
        track.step()
    assert track.speed[0] == 0.0
    here = track.along[0]
    track.step()
    assert track.along[0] == here
    track.held[0] = False
    track.drive()
    assert track.pose[0, 0] == 20.0


def test_way_that_grows_is_driven_without_a_stop():
    track = Track([4.0] * 5)
    track.way_end[0] = 3
    lowest = math.inf
    while not track.arrived:
        track.step()
        if track.way_at[0] >= 1:
            track.way_end[0] = 5
        if 1 <= track.way_at[0] < 4:
            lowest = min(lowest, track.speed[0])
    assert lowest > 1.0


lengths = st.lists(st.floats(0.05, 8.0), min_size=1, max_size=8)


@settings(max_examples=120, deadline=None)
@given(lengths, st.data())
def test_promises_hold_on_any_way(sizes, data):
    count = len(sizes)
    headings = data.draw(
        st.lists(st.sampled_from([0.0, 0.0, 1.0, -2.0, 3.1]), min_size=count, max_size=count)
    )
    limits = data.draw(st.lists(st.floats(0.1, 2.0), min_size=count, max_size=count))
    track = Track(sizes, headings, limits)
    holds = data.draw(st.lists(st.integers(0, 200), max_size=3))
    before, passed = 0.0, 0
    for count_steps in range(20_000):
        if track.arrived:
            break
        track.held[0] = any(h <= count_steps < h + 15 for h in holds)
        driven, edge = track.distance[0], track.way_at[0]
        track.step()
        passed += int(track.passed[0])
        now = track.speed[0]
        assert now <= 1.5 + 1e-9
        assert track.distance[0] - driven <= 1.5 * DT + 1e-9
        assert now - before <= 0.6 * DT + 1e-9
        assert track.distance[0] <= track.length.sum() + 1e-6
        if not track.arrived and track.way_at[0] == edge and track.along[0] > 0:
            assert now <= max(limits[edge], before) + 1e-9
        before = now
    assert track.arrived
    assert passed == count
    assert track.speed[0] == 0.0
    assert track.distance[0] == pytest.approx(track.length.sum(), abs=1e-4)
    assert track.pose[0, :2].tolist() == track.xy[-1].tolist()
