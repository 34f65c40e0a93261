# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_sim.bench import Dispatcher
from linehaul_sim.checker import Checker, find_overlaps
from linehaul_sim.settings import Settings
from linehaul_sim.world import World
from shapely import affinity
from shapely.geometry import Polygon

from linehaul_floor import load_plant

BOX = np.array([[-0.6, -0.4], [0.6, -0.4], [0.6, 0.4], [-0.6, 0.4]])


def overlaps(a0, a1, b0, b1, shape=BOX, sample=0.02):
    corners = np.array([[shape, shape]] * 2)
    count = np.full((2, 2), len(shape), np.int32)
    reach = np.full((2, 2), np.hypot(*shape.T).max())
    before, after = np.array([a0, b0], float), np.array([a1, b1], float)
    loaded = np.zeros(2, bool)
    return len(find_overlaps(before, after, corners, count, reach, loaded, sample)) > 0


def placed(pose, shape=BOX):
    turned = affinity.rotate(Polygon(shape), pose[2], origin=(0, 0), use_radians=True)
    return affinity.translate(turned, pose[0], pose[1])


poses = st.tuples(st.floats(-2, 2), st.floats(-2, 2), st.floats(-math.pi, math.pi))


@settings(max_examples=300, deadline=None)
@given(poses, poses)
def test_agrees_with_shapely_at_rest(a, b):
    area = placed(a).intersection(placed(b)).area
    distance = placed(a).distance(placed(b))
    found = overlaps(a, a, b, b)
    if area > 1e-6:
        assert found
    if distance > 1e-6:
        assert not found


def test_sees_what_happens_between_two_steps():
    assert overlaps((-2, 0, 0), (2, 0, 0), (0, 0.5, 0), (0, 0.5, 0))
    assert not overlaps((-2, 0, 0), (2, 0, 0), (0, 0.81, 0), (0, 0.81, 0))
    assert overlaps((0, 0, 0), (0, 0, math.pi / 2), (1.0, 0.55, 0), (1.0, 0.55, 0))


def test_turns_over_the_seam_the_short_way():
    a, b = (0, 0, math.pi - 0.05), (0, 0, -math.pi + 0.05)
    assert not overlaps(a, b, (0, 1.0, 0), (0, 1.0, 0))


@pytest.fixture
def world():
    return World(load_plant('cell'), Settings(report=False))


def test_counts_episodes_and_names_both(world):
    pose = world.data.bodies.pose.copy()
    checker = Checker(world.plant, pose)
    loaded = np.zeros(3, bool)
    pose[1] = pose[0]
    for time in (1.0, 1.1):
        checker.watch(time, pose, loaded)
    assert checker.verdict.overlaps == 1
    assert 'agv_001 and agv_002' in checker.verdict.texts[0]
    pose[1, 1] += 30.0
    for time in (1.2, 1.3):
        checker.watch(time, pose, loaded)
    pose[1, 1] -= 30.0
    checker.watch(1.4, pose, loaded)
    assert checker.verdict.overlaps == 2
    assert not checker.verdict.clean


def test_sees_a_vehicle_outside_its_base(world):
    dispatcher = Dispatcher(world)
    route = dispatcher.route('agv_001', 'wh_out_1')
    world.send_order('agv_001', dispatcher.order('agv_001', route, 'o', base=3))
    dispatcher.run(lambda: not world.data.bodies.busy[0])
    assert world.verdict.clean
    world.drives.append(0, [int(route.edges[2])], [1.0])  # a vehicle that does not obey
    for _ in range(50):
        world.step()
    assert world.verdict.beyond_base == 1
    assert 'agv_001 is outside its base' in world.verdict.texts[0]


def test_sees_an_order_that_is_no_lane(world):
    dispatcher = Dispatcher(world)
    order = dispatcher.order('agv_001', dispatcher.route('agv_001', 'wh_out_1'), 'o')
    nodes = (order.nodes[0], *order.nodes[2:])
    world.data.checker.released(0, replace(order, nodes=nodes), is_new=True)
    assert world.verdict.off_lane == 1


def test_forgets_what_was_driven(world):
    checker = Checker(world.plant, world.data.bodies.pose)
    dispatcher = Dispatcher(world)
    route = dispatcher.route('agv_001', 'wh_out_1')
    whole = dispatcher.order('agv_001', route, 'o')
    checker.released(0, whole, is_new=True)
    path = world.plant.roadmap.xy[list(route.nodes)]
    pose, loaded = world.data.bodies.pose.copy(), np.zeros(3, bool)
    for lap in range(12):
        for point in path:
            pose[0, :2] = point
            checker.watch(float(lap), pose, loaded)
        pose[0, :2] = path[-1]
        checker.released(0, whole, is_new=False)
        checker._base_from[0] = checker._base_count[0] - len(path)
    assert checker._base.shape[1] < 12 * len(path)
