# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Path following on a base that obeys late, slips and measures with noise."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_agv.base_bench import Base, Flaws
from linehaul_agv.follower import Fix, Motion, approach, beside, cut, drive_of, follow
from linehaul_agv.legs import Leg, Place, locate, room_to_stand, stands_between
from linehaul_floor.geometry import wrap_angle
from linehaul_vda5050.reach import Pose

from linehaul_floor import load_plant, shortest_route

PLANT = load_plant('cell')
CLASS = PLANT.classes['agv']
PLACES = sorted(PLANT.places)
CORRIDOR = 0.1
TICK = 0.05

# What the follower must cope with: the README states these figures.
FLAWS = st.builds(
    Flaws,
    delay=st.floats(0.0, 0.2),
    slip=st.tuples(st.floats(-0.06, 0.06), st.floats(-0.06, 0.06)),
    noise=st.floats(0.0, 0.003),
    turn_noise=st.floats(0.0, 0.003),
)


def way_between(a, b):
    start, goal, r = PLANT.places[a], PLANT.places[b], PLANT.roadmap
    route = shortest_route(r, start.node, goal.node, heading=start.heading, vehicle_class=CLASS)
    return tuple(
        Leg(
            2 * k + 2,
            *r.xy[r.edge_start[e]].tolist(),
            float(r.travel_heading[e]),
            float(r.vehicle_heading[e]),
            float(r.length[e]),
            float(r.speed[e]),
        )
        for k, e in enumerate(route.edges)
    )


class Drive:
    """A base that is driven along a way."""

    def __init__(self, way, flaws=None, seed=0, offset=(0.0, 0.0, 0.0), loaded=False):
        first, flaws = way[0], flaws or Flaws()
        x, y, turn = offset
        pose = Pose(first.x + x, first.y + y, wrap_angle(first.heading + turn))
        self.way = way
        self.base = Base(CLASS, pose, flaws, np.random.default_rng(seed))
        self.drive = drive_of(CLASS, loaded=loaded, latency=0.2, corridor=CORRIDOR)
        self.motion = Motion()
        self.hold = False
        self.fix = None

    def tick(self):
        seen = self.base.reading()
        self.fix = Fix(Pose(seen.x, seen.y, wrap_angle(seen.theta)), seen.speed, seen.omega)
        self.motion = follow(self.drive, self.motion, self.way, self.fix, TICK, hold=self.hold)
        self.way = self.way[self.motion.passed :]
        self.base.command(self.motion.speed, self.motion.omega)
        for _ in range(5):
            self.base.step(TICK / 5)

    def run(self, watch=lambda: None, most=300.0):
        """Tick until the way is done and the base stands."""
        while self.way or self.base.speed or self.base.omega:
            self.tick()
            watch()
            assert not self.motion.off, self.motion.off
            assert self.base.time < most, 'it does not arrive'
        return self.base.time


@settings(max_examples=20)
@given(st.data(), FLAWS, st.integers(0, 9))
def test_it_stays_in_the_corridor_and_never_beyond_the_end(data, flaws, seed):
    start, goal = data.draw(st.lists(st.sampled_from(PLACES), min_size=2, max_size=2, unique=True))
    whole = way_between(start, goal)
    run = Drive(whole, flaws, seed)
    worst = [0.0, -math.inf]

    def watch():
        if run.way:
            place = locate(run.way[0], run.base.pose)
            worst[0] = max(worst[0], abs(place.across))
            worst[1] = max(worst[1], -room_to_stand(run.way, place.along))
        for leg in whole[-len(run.way) - run.motion.passed :][: run.motion.passed]:
            # each node is passed within a hand's breadth of where it is
            assert abs(locate(leg, run.base.pose).along - leg.length) < 0.2
            assert abs(locate(leg, run.base.pose).across) < 0.05

    run.run(watch)
    assert worst[0] < 0.05
    assert worst[1] < 0.0
    end = locate(whole[-1], run.base.pose)
    assert -0.06 < end.along - whole[-1].length < 0.0
    assert abs(end.turned) < math.radians(3.0)


@settings(max_examples=10)
@given(FLAWS, st.integers(1, 6), st.integers(0, 9))
def test_it_stands_at_the_end_of_what_is_released_and_goes_on(flaws, released, seed):
    whole = way_between('wh_out_1', 'fa1_04')
    run = Drive(whole[:released], flaws, seed)
    run.run()
    left = locate(whole[released - 1], run.base.pose).along - whole[released - 1].length
    assert -0.06 < left < 0.0
    run.way = whole[released:]
    run.run()


def test_without_flaws_it_is_nearly_as_quick_as_can_be():
    start, goal = PLANT.places['wh_out_1'], PLANT.places['fa1_04']
    route = shortest_route(
        PLANT.roadmap, start.node, goal.node, heading=start.heading, vehicle_class=CLASS
    )
    assert Drive(way_between('wh_out_1', 'fa1_04')).run() < 1.2 * route.time


def test_limits_of_edges_and_class_are_kept():
    whole = way_between('park_1', 'chain_1')
    for loaded, top in ((False, CLASS.max_speed), (True, CLASS.max_speed_loaded)):
        run, reached = Drive(whole, loaded=loaded), 0.0

        def watch(run=run, top=top):
            limit = run.way[0].speed if run.way else 0.0
            assert abs(run.motion.speed) <= min(limit, top) + 1e-9 or run.motion.passed
            assert abs(run.motion.omega) <= CLASS.turn_rate + 1e-9

        while run.way:
            run.tick()
            watch()
            reached = max(reached, run.base.speed)
        assert 0.9 * top < reached <= top + 1e-9


def test_an_offset_at_the_start_is_steered_back():
    straight = way_between('park_1', 'park_6')[1:6]
    assert not any(stands_between(a, b) for a, b in pairwise(straight[1:]))
    run = Drive(straight[1:], offset=(0.0, 0.06, math.radians(-2.0)))
    run.run()
    assert abs(locate(straight[-1], run.base.pose).across) < 0.01


def test_reverse_legs_are_driven_in_reverse_and_steered():
    leg = Leg(2, 0.0, 0.0, math.pi, 0.0, 3.0, 0.5)
    run = Drive((leg,), offset=(0.0, 0.05, 0.0))
    run.run(lambda: run.motion.speed <= 0.0 or pytest.fail('forwards'))
    assert run.base.pose.x == pytest.approx(-3.0, abs=0.04)
    assert abs(run.base.pose.y) < 0.02


def test_hold_brakes_where_it_is_and_goes_on():
    run = Drive(way_between('wh_out_1', 'fa1_04')[1:])
    while run.base.speed < 1.0:
        run.tick()
    run.hold = True
    for _ in range(60):
        run.tick()
    stood = run.base.pose
    assert run.base.speed == 0.0
    assert run.way
    for _ in range(20):
        run.tick()
    assert run.base.pose == stood
    run.hold = False
    run.run()


def test_halt_keeps_the_way_up_to_the_first_node_it_can_stand_at():
    run = Drive(way_between('wh_out_1', 'fa1_04')[1:])
    assert cut(run.drive, run.motion, run.way, Fix(run.base.pose, 0.0, 0.0)) == ()
    while run.base.speed < 1.49:
        run.tick()
    left = cut(run.drive, run.motion, run.way, run.fix)
    assert 1 <= len(left) <= 2
    run.way = left
    run.run()
    assert cut(run.drive, Motion(), run.way, None) == ()
    whole = way_between('wh_out_1', 'fa1_04')
    assert cut(run.drive, Motion(), whole, None) == whole[:1]  # nobody knows where it is


@settings(max_examples=15)
@given(FLAWS, st.integers(0, 9), st.integers(0, 40))
def test_silenced_while_it_brakes_it_creeps_back_to_the_end_of_its_way(flaws, seed, silent):
    leg = Leg(2, 0.0, 0.0, 0.0, 0.0, 4.0, 1.5)
    run = Drive((leg,), flaws, seed)
    while run.base.pose.x < 2.0 + 0.05 * silent and run.way:
        run.tick()
    for _ in range(100):  # its process is dead: the base drives on until its patience ends
        run.base.step(TICK)
    assert run.base.speed == run.base.omega == 0.0
    before, run.motion, furthest = run.base.pose.x, Motion(), [0.0]
    run.run(lambda: furthest.append(run.base.pose.x))
    assert max(furthest) <= max(before, 4.0) + 0.01
    assert run.base.pose.x < 4.0 + CORRIDOR


def test_one_that_cannot_reverse_or_ran_far_over_stands():
    leg = Leg(2, 0.0, 0.0, 0.0, 0.0, 2.0, 1.0)
    drive = drive_of(CLASS, loaded=False, latency=0.1, corridor=CORRIDOR)
    for able, x in ((replace(drive, reverses=False), 2.3), (drive, 3.1)):
        fix = Fix(Pose(x, 0.0, 0.0), 0.0, 0.0)
        assert 'beyond' in follow(able, Motion(), (leg,), fix, TICK, hold=False).off
    fix = Fix(Pose(2.3, 0.0, 0.0), 0.0, 0.0)
    assert follow(drive, Motion(), (leg,), fix, TICK, hold=False).speed < 0.0
    assert follow(drive, Motion(), (leg,), fix, TICK, hold=True) == Motion()


@pytest.mark.parametrize(
    ('place', 'text'),
    [
        (Place(1.0, 0.11, 0.0), 'beside'),
        (Place(1.0, -0.11, 0.0), 'beside'),
        (Place(-0.2, 0.0, 0.0), 'before'),
        (Place(3.2, 0.0, 0.0), 'beyond'),
        (Place(1.0, 0.0, 1.0), 'turned'),
        (Place(math.nan, 0.0, 0.0), 'before'),
        (Place(1.0, math.nan, 0.0), 'beside'),
        (Place(1.0, 0.0, math.nan), 'turned'),
    ],
)
def test_off_the_way_it_stands_and_says_so(place, text):
    drive, leg = (
        drive_of(CLASS, loaded=False, latency=0.1, corridor=CORRIDOR),
        way_between('park_1', 'park_2')[0],
    )
    assert text in beside(drive, leg, place)
    x = leg.x + place.along * math.cos(leg.travel) - place.across * math.sin(leg.heading)
    y = leg.y + place.along * math.sin(leg.travel) + place.across * math.cos(leg.heading)
    fix = Fix(Pose(x, y, leg.heading + place.turned), 0.3, 0.0)
    motion = follow(drive, Motion(speed=0.3), (leg,), fix, TICK, hold=False)
    assert motion.off
    assert (motion.speed, motion.omega) == (0.0, 0.0)


@given(st.floats(0.001, 20.0), st.floats(0.0, 2.0), st.floats(0.1, 2.0), st.floats(0.0, 0.5))
def test_the_approach_leaves_room_to_react_and_brake(room, limit, rate, react):
    speed = approach(room, limit, rate, react)
    assert speed >= limit
    if speed > limit:
        assert speed * react + (speed**2 - limit**2) / (2 * rate) <= room * (1 + 1e-9)
