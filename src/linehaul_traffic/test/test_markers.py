# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Shapes for RViz: everything of the floor is there, and what moves is where the states say."""

from math import nan

import numpy as np
import pytest
from linehaul_traffic.markers import Kind, fan, rgba, roadmap_shapes, split_way, traffic_shapes
from linehaul_traffic.replay.frames import Frame, Reason, Vehicle, Wait, Way, Work

from linehaul_floor import load_plant

PLANT = load_plant('cell')
ROADMAP = PLANT.roadmap


def layers(shapes):
    found = {}
    for shape in shapes:
        assert shape.points.shape[1] == 3
        assert np.isfinite(shape.points).all()
        if shape.kind is Kind.LINES:
            assert len(shape.points) % 2 == 0
        if shape.kind is Kind.TRIANGLES:
            assert len(shape.points) % 3 == 0
        assert len(shape.colors) in (0, len(shape.points))
        found.setdefault(shape.layer, []).append(shape)
    return found


def test_the_roadmap_is_shown_whole():
    found = layers(roadmap_shapes(PLANT))
    lines = sum(
        len(found[name][0].points) for name in ('lanes', 'crossovers', 'spurs') if name in found
    )
    assert lines == 2 * ROADMAP.edge_count
    assert {shape.text for shape in found['place_names']} == set(PLANT.places)
    assert len(found['zones']) == len(PLANT.zones)
    assert len(found['directions'][0].points) == 3 * len(found['lanes'][0].points) // 2


def frame(**changes):
    nodes = [0]
    for _ in range(4):
        nodes.append(int(ROADMAP.edge_end[ROADMAP.edges_from(nodes[-1])[0]]))
    x, y = ROADMAP.xy[0]
    fields = {
        'vehicles': {
            'a': Vehicle('agv', float(x), float(y), 0.0, work=Work.DELIVERY, loads=('l',)),
            'b': Vehicle('agv', 1.0, 2.0, 0.0, work=Work.IDLE),
            'lost': Vehicle('agv', nan, nan, nan),
            'strange': Vehicle('truck', 3.0, 3.0, 0.0),
        },
        'ways': {
            'a': Way('fa1_01', tuple(ROADMAP.node_ids[n] for n in nodes), 3),
            'lost': Way('fa1_02', (ROADMAP.node_ids[0],), 1),
        },
        'waits': {'b': Wait('a', 'n1', Reason.QUEUE), 'a': Wait('a', 'n2', Reason.CLOSED)},
        'closed': (ROADMAP.edge_ids[3], ROADMAP.node_ids[5], 'unknown'),
    }
    return Frame(1.0, **(fields | changes)), nodes


def test_the_traffic_is_shown_where_the_states_say():
    state, nodes = frame()
    found = layers(traffic_shapes(PLANT, state))
    assert {shape.text for shape in found['vehicle_names']} == {'a', 'b', 'strange'}
    body = found['vehicles'][0]
    assert len(body.points) == 3 * 2 * 3
    released, planned = found['released'][0].points, found['planned'][0].points
    assert len(released) + len(planned) == 2 * (len(nodes) - 1)
    assert released[-1, :2] == pytest.approx(ROADMAP.xy[nodes[2]])
    assert planned[-1, :2] == pytest.approx(ROADMAP.xy[nodes[4]])
    assert {shape.text for shape in found['wait_reasons']} == {
        'waits for a at n1: queue',
        'waits at n2: closed',
    }
    assert len(found['waits'][0].points) == 2
    assert [shape.kind for shape in found['closed']] == [Kind.LINES, Kind.BALLS]


def test_an_empty_floor_shows_nothing():
    assert traffic_shapes(PLANT, Frame(1.0)) == []


def test_a_way_of_unknown_nodes_is_left_out():
    state, _ = frame(ways={'a': Way('nowhere', ('x', 'y'), 2)})
    assert 'released' not in layers(traffic_shapes(PLANT, state))


def test_small_things():
    assert rgba('#ff0080') == (1.0, 0.0, 128 / 255, 1.0)
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=float)
    assert fan(square).tolist() == [[0, 0], [1, 0], [1, 1], [0, 0], [1, 1], [0, 1]]
    ahead, planned = split_way(Vehicle('agv', 9.0, 9.0, 0.0), square, 4)
    assert len(ahead) == 4
    assert len(planned) == 1
