# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Routes on request: ways that hang together, and refusals with their codes."""

from dataclasses import replace
from math import inf, nan, pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_floor.zones import zone_elements
from linehaul_traffic.road_state import blocked_edges, speed_limits, unknown_ids
from linehaul_traffic.route_query import (
    Answer,
    AtNode,
    AtPlace,
    AtPose,
    Code,
    Query,
    Refusal,
    Router,
)

from linehaul_floor import load_plant

PLANT = load_plant('cell')
ROADMAP = PLANT.roadmap
ROUTER = Router(PLANT)
PLACES = list(PLANT.places)


def ask(start, goal, *, closed=(), limits=None, router=ROUTER, **changes):
    return router.answer(replace(Query('', False, start, goal), **changes), closed, limits)


def assert_hangs_together(answer):
    assert len(answer.nodes) == len(answer.edges) + 1
    for edge, start, end in zip(answer.edges, answer.nodes[:-1], answer.nodes[1:], strict=True):
        assert (ROADMAP.edge_start[edge], ROADMAP.edge_end[edge]) == (start, end)


@settings(max_examples=40)
@given(st.sampled_from(PLACES), st.sampled_from(PLACES), st.booleans())
def test_every_place_is_reached_from_every_place(start, goal, loaded):
    answer = ask(AtPlace(start), AtPlace(goal), loaded=loaded)
    assert isinstance(answer, Answer)
    assert_hangs_together(answer)
    assert answer.nodes[0] == PLANT.places[start].node
    assert answer.nodes[-1] == PLANT.places[goal].node
    assert answer.length == pytest.approx(ROADMAP.length[list(answer.edges)].sum())
    fastest = PLANT.classes['agv'].max_speed_loaded if loaded else PLANT.classes['agv'].max_speed
    assert answer.time >= answer.length / fastest
    assert (answer.xy[0] == ROADMAP.xy[answer.nodes[0]]).all()
    assert np.isfinite(answer.yaw).all()


def test_loaded_takes_longer_and_staying_takes_no_time():
    start, goal = AtPlace('park_1'), AtPlace('fa1_02')
    assert ask(start, goal, loaded=True).time > ask(start, goal).time
    stay = ask(start, start)
    assert (stay.time, stay.length, stay.edges) == (0.0, 0.0, ())
    assert stay.yaw.tolist() == [PLANT.places['park_1'].heading]


def test_a_path_has_points_as_near_as_wanted_and_the_yaw_of_the_vehicle():
    fine = Router(PLANT, spacing=0.25)
    start, goal = AtPlace('park_1'), AtPlace('fa1_02')
    coarse, answer = ask(start, goal), ask(start, goal, router=fine)
    assert answer.nodes == coarse.nodes
    assert np.hypot(*np.diff(answer.xy, axis=0).T).max() <= 0.25 + 1e-9
    # It backs out of its bay: the body looks against the way.
    way = answer.xy[1] - answer.xy[0]
    assert np.cos(answer.yaw[0] - np.arctan2(way[1], way[0])) == pytest.approx(-1.0)


def lane_edge():
    """Return a lane edge of some length that is not at a turn."""
    bay = ROADMAP.node_bay[ROADMAP.edge_start] | ROADMAP.node_bay[ROADMAP.edge_end]
    return int(np.flatnonzero(~bay & (ROADMAP.length > 1.5))[0])


def test_a_pose_on_a_lane_goes_on_to_its_end():
    edge = lane_edge()
    a, b = ROADMAP.xy[ROADMAP.edge_start[edge]], ROADMAP.xy[ROADMAP.edge_end[edge]]
    yaw = float(ROADMAP.vehicle_heading[edge])
    middle = (a + b) / 2 + 0.1
    answer = ask(AtPose(*middle, yaw + 0.2), AtPlace('fa1_02'))
    assert answer.nodes[0] == ROADMAP.edge_end[edge]
    assert answer.xy[0] == pytest.approx(middle)
    assert_hangs_together(answer)
    assert answer.length == pytest.approx(
        ROADMAP.length[list(answer.edges)].sum() + np.hypot(*(b - middle))
    )
    near = ask(AtPose(*(a + 0.05), None), AtPlace('fa1_02'))
    assert near.nodes[0] == ROADMAP.edge_start[edge]


def test_a_goal_pose_means_the_nearest_node():
    x, y = ROADMAP.xy[PLANT.places['fa1_02'].node]
    answer = ask(AtPlace('park_1'), AtPose(x + 0.2, y, pi))
    assert answer.nodes[-1] == PLANT.places['fa1_02'].node


@pytest.mark.parametrize(
    ('changes', 'code', 'says'),
    [
        ({'start': AtPlace('nowhere')}, Code.ROUTE_UNKNOWN_START, 'no place'),
        ({'start': AtNode('nowhere')}, Code.ROUTE_UNKNOWN_START, 'no node'),
        ({'start': AtPlace('')}, Code.ROUTE_UNKNOWN_START, 'start_id'),
        ({'goal': AtPlace('x' * 900)}, Code.ROUTE_UNKNOWN_GOAL, 'goal_id'),
        ({'goal': AtNode('nowhere')}, Code.ROUTE_UNKNOWN_GOAL, 'no node'),
        ({'start': AtPose(-50.0, 0.0, None)}, Code.ROUTE_OFF_THE_ROADMAP, 'start_pose'),
        ({'goal': AtPose(17.0, 11.0, None)}, Code.ROUTE_OFF_THE_ROADMAP, 'at most 2 m'),
        ({'goal': AtPose(nan, 0.0, None)}, Code.INVALID_ARGUMENT, 'finite'),
        ({'start': AtPose(0.0, 0.0, inf)}, Code.INVALID_ARGUMENT, 'finite'),
        ({'vehicle_class': 'truck'}, Code.ROUTE_UNKNOWN_CLASS, 'the plant has agv'),
    ],
)
def test_what_cannot_be_answered_is_refused_with_its_code(changes, code, says):
    refusal = ask(
        changes.pop('start', AtPlace('park_1')), changes.pop('goal', AtPlace('fa1_02')), **changes
    )
    assert isinstance(refusal, Refusal)
    assert refusal.code is code
    assert says in refusal.text
    assert len(refusal.text) < 300


def test_closed_edges_are_driven_round_and_named_where_no_way_is_left():
    start, goal = AtPlace('park_1'), AtPlace('fa1_02')
    free = ask(start, goal)
    on_the_way = ROADMAP.edge_ids[free.edges[len(free.edges) // 2]]
    detour = ask(start, goal, closed=[on_the_way])
    assert isinstance(detour, Answer)
    assert ROADMAP.edge_index[on_the_way] not in detour.edges
    assert detour.time > free.time
    last = ROADMAP.node_ids[free.nodes[-1]]
    refusal = ask(start, goal, closed=[last, 'unknown'])
    assert refusal.code is Code.ROUTE_NONE
    assert last in refusal.text
    assert ask(AtNode(last), start, closed=[last]).nodes[0] == free.nodes[-1]


def test_a_closed_zone_closes_what_touches_it():
    zone = next(iter(PLANT.zones.values()))
    touched = zone_elements(ROADMAP, zone)
    blocked = blocked_edges(PLANT, [zone.id])
    assert blocked.any()
    assert (
        np.flatnonzero(blocked) + ROADMAP.node_count == touched[touched >= ROADMAP.node_count]
    ).all()
    assert unknown_ids(PLANT, [zone.id, 'x', ROADMAP.node_ids[0], ROADMAP.edge_ids[0]]) == ['x']


def test_a_vehicle_across_its_bay_that_cannot_turn_is_refused_in_words():
    place = PLANT.places['park_1']
    assert not ROADMAP.node_turn[place.node]
    refusal = ask(AtPose(*ROADMAP.xy[place.node], place.heading + pi / 2), AtPlace('fa1_02'))
    assert refusal.code is Code.ROUTE_NONE
    assert 'cannot turn' in refusal.text


def test_a_slowed_lane_takes_longer_or_is_driven_round():
    start, goal = AtPlace('park_1'), AtPlace('fa1_02')
    free = ask(start, goal)
    middle = free.edges[len(free.edges) // 2]
    slow = ask(start, goal, limits={ROADMAP.edge_ids[middle]: 0.05})
    assert slow.time > free.time
    kind = PLANT.classes['agv']
    length, speed = ROADMAP.length[middle], min(ROADMAP.speed[middle], kind.max_speed)
    if middle in slow.edges:
        assert slow.edges == free.edges
        assert slow.time - free.time == pytest.approx(length / 0.05 - length / speed)
    crawl = ask(start, goal, limits={ROADMAP.edge_ids[middle]: 1e-4})
    assert middle not in crawl.edges, 'hours on one lane are worth any way round'


def test_a_limit_of_zero_closes_and_the_refusal_names_it():
    start, goal = AtPlace('park_1'), AtPlace('fa1_02')
    node = ROADMAP.node_ids[PLANT.places['fa1_02'].node]
    refusal = ask(start, goal, limits={node: 0.0})
    assert refusal.code is Code.ROUTE_NONE
    assert node in refusal.text


def test_limits_only_slow_and_what_is_no_limit_counts_for_nothing():
    zone = next(iter(PLANT.zones))
    edges = [e for e in zone_elements(ROADMAP, PLANT.zones[zone]) - ROADMAP.node_count if e >= 0]
    allowed = speed_limits(PLANT, {zone: 0.2, 'nowhere': 0.1, ROADMAP.edge_ids[0]: nan})
    assert (allowed[edges] <= 0.2).all()
    assert (allowed <= ROADMAP.speed).all()
    others = np.setdiff1d(np.arange(ROADMAP.edge_count), edges)
    assert (allowed[others] == ROADMAP.speed[others]).all()
    assert speed_limits(PLANT, {ROADMAP.edge_ids[0]: inf})[0] == ROADMAP.speed[0]
