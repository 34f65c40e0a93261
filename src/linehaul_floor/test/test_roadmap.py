# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Lanes, pairs, bays and zones become the right nodes and edges."""

import numpy as np
import pytest
from linehaul_floor.geometry import wrap_angle, wrap_angles

from linehaul_floor import parse_plant


def named(plant):
    roadmap = plant.roadmap
    return {name: k for k, name in enumerate(roadmap.edge_ids)}


def test_bays_are_entered_forward_and_left_backward(cell):
    roadmap, edges = cell.roadmap, named(cell)
    for place in cell.places.values():
        lane = roadmap.node_ids[place.junction]
        into, out = edges[f'{lane}-{place.id}'], edges[f'{place.id}-{lane}']
        assert roadmap.vehicle_heading[into] == roadmap.travel_heading[into] == place.heading
        assert roadmap.vehicle_heading[out] == pytest.approx(place.heading)
        turned = wrap_angle(roadmap.travel_heading[out] - place.heading)
        assert abs(turned) == pytest.approx(np.pi)
        assert not roadmap.node_turn[place.node]
        assert roadmap.node_turn[place.junction]
        assert roadmap.node_bay[place.node]


def test_bay_that_is_left_forward_is_a_turning_place(tiny, text):
    tiny['parking'][0]['leave'] = 'forward'
    plant = parse_plant(text(tiny))
    roadmap = plant.roadmap
    assert roadmap.node_turn[plant.places['park_1'].node]
    assert np.allclose(roadmap.vehicle_heading, roadmap.travel_heading) is False
    assert not roadmap.node_turn[plant.places['port_1'].node]


def test_straight_two_way_lane_is_no_turning_place(tiny, text):
    plant = parse_plant(text(tiny))
    turn = {plant.roadmap.node_ids[k] for k in np.flatnonzero(plant.roadmap.node_turn)}
    assert turn == {
        'ring_000',
        'ring_004',
        'ring_008',
        'ring_012',
        'ring_001',
        'ring_003',
        'ring_010',
    }


def test_adjacency_lists_agree_with_edges(plant):
    roadmap = plant.roadmap
    for node in range(roadmap.node_count):
        assert (roadmap.edge_start[roadmap.edges_from(node)] == node).all()
        assert (roadmap.edge_end[roadmap.edges_into(node)] == node).all()
    assert roadmap.out_indptr[-1] == roadmap.in_indptr[-1] == roadmap.edge_count
    gap = roadmap.xy[roadmap.edge_end] - roadmap.xy[roadmap.edge_start]
    assert np.allclose(np.hypot(*gap.T), roadmap.length)
    assert (roadmap.length > 0).all()
    assert not roadmap.xy.flags.writeable


def test_one_way_zone_drops_what_runs_against_it(tiny, text):
    zone = {'id': 'east_only', 'kind': 'one_way', 'heading': 0.0, 'rect': [5.0, 5.5, 15.0, 6.5]}
    tiny['zones'] = [zone]
    edges = named(parse_plant(text(tiny)))
    assert 'ring_000-ring_001' in edges
    assert 'ring_001-ring_000' not in edges


def test_speed_zone_slows_and_no_go_zone_closes(tiny, text):
    tiny['zones'] = [
        {'id': 'slow', 'kind': 'speed', 'speed': 0.3, 'rect': [5.0, 5.5, 7.0, 6.5]},
        {'id': 'closed', 'kind': 'no_go', 'rect': [13.5, 9.0, 14.5, 9.5]},
    ]
    plant = parse_plant(text(tiny))
    edges = named(plant)
    assert plant.roadmap.speed[edges['ring_000-ring_001']] == 0.3
    assert plant.roadmap.speed[edges['ring_002-ring_003']] == 1.5
    assert not plant.roadmap.edges_for('agv')[edges['ring_005-ring_006']]


def test_pair_is_right_hand_traffic_with_crossovers(cell):
    edges = named(cell)
    roadmap = cell.roadmap
    assert roadmap.xy[roadmap.node_index['south_003']].tolist() == [10.0, 4.0]
    assert roadmap.xy[roadmap.node_index['south_r_003']].tolist() == [10.0, 6.0]
    assert 'south_003-south_004' in edges
    assert 'south_004-south_003' not in edges
    assert 'south_r_004-south_r_003' in edges
    assert {'south_003-south_r_003', 'south_r_003-south_003'} <= set(edges)


def test_angles_are_wrapped_to_one_turn():
    angles = np.array([0.0, np.pi, -np.pi, 3 * np.pi, -7.0, 100.0])
    wrapped = wrap_angles(angles)
    assert ((wrapped > -np.pi) & (wrapped <= np.pi)).all()
    assert np.allclose(np.exp(1j * angles), np.exp(1j * wrapped))
    assert [wrap_angle(a) for a in angles] == pytest.approx(wrapped.tolist())


def test_reference_plant_is_as_described(jiaozhou):
    assert jiaozhou.size == (400.0, 250.0)
    assert 1900 <= jiaozhou.roadmap.node_count <= 2600
    kinds = [line.kind for line in jiaozhou.lines.values()]
    assert kinds.count('final_assembly') == kinds.count('heat_exchanger') == 4
    assert all(
        len(line.stations) == 10
        for line in jiaozhou.lines.values()
        if line.kind == 'final_assembly'
    )
    assert len(jiaozhou.fleet) == 60
    assert len(jiaozhou.places) >= 400
    assert sum(aisle.warehouse == 'components' for aisle in jiaozhou.crane_aisles) == 6
