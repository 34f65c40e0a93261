# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501 (tables of one case a line)
"""Each check finds its fault and names it; the plants of the project have none."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_floor.checks import check_plant
from linehaul_floor.strong import strong_articulations

from linehaul_floor import parse_plant


def test_plants_have_neither_errors_nor_warnings(plant, tmp_path):
    report = check_plant(plant, tmp_path)
    assert [str(problem) for problem in report.errors + report.warnings] == []


def found(data, text, tmp_path):
    report = check_plant(parse_plant(text(data)), tmp_path)
    assert all(p.where and p.found and p.remedy for p in report.errors + report.warnings)
    return {p.code for p in report.errors}, report


def test_tiny_is_right(tiny, text, tmp_path):
    assert found(tiny, text, tmp_path)[0] == set()


@pytest.mark.parametrize(
    ('change', 'code'),
    [
        (lambda d: d['lanes'].append({'id': 'x', 'path': [[7.0, 3.0], [7.0, 9.0]], 'pitch': 6.0, 'direction': 'two_way', 'speed': 1.0}), 'crossing_without_node'),
        (lambda d: d['lanes'].append({'id': 'x', 'path': [[6.0, 6.0], [10.0, 6.0]], 'pitch': 4.0, 'direction': 'two_way', 'speed': 1.0}), 'node_on_edge'),
        (lambda d: d.update(size=[20.0, 13.0]), 'outside_building'),
        (lambda d: d['lanes'].append({'id': 'x', 'path': [[6.0, 14.0], [2.0, 14.0]], 'direction': 'one_way', 'speed': 1.0}), 'not_strongly_connected'),
        (lambda d: d['lanes'].append({'id': 'x', 'path': [[6.0, 14.0], [2.0, 14.0]], 'direction': 'one_way', 'speed': 1.0}), 'edge_on_no_cycle'),
        (lambda d: d['warehouse_ports'][0].update(spur=[0.0, 1.2]), 'place_blocks'),
        (lambda d: d.update(solids=[{'id': 's', 'kind': 'machine', 'height': 1.0, 'rect': [9.0, 6.4, 11.0, 9.0]}]), 'too_narrow'),
        (lambda d: d.update(zones=[{'id': 'z', 'kind': 'no_go', 'rect': [9.5, 14.5, 10.5, 15.0]}]), 'cannot_reach'),
        (lambda d: d.update(zones=[{'id': 'z', 'kind': 'no_go', 'rect': [0.0, 0.0, 20.0, 20.0]}]), 'class_without_lanes'),
    ],
)  # fmt: skip
def test_a_fault_is_found(tiny, text, tmp_path, change, code):
    change(tiny)
    codes, report = found(tiny, text, tmp_path)
    assert code in codes, [str(p) for p in report.errors]


def test_item_without_supply(tiny, text, tmp_path):
    tiny['warehouse_ports'][0].update(flow='in')
    tiny['lines'] = [
        {
            'id': 'l', 'name': 'L', 'kind': 'other', 'order': 1, 'takt': 1.0, 'width': 1.0,
            'path': [[8.0, 10.0], [12.0, 10.0]],
            'stations': [{'id': 's', 'side': 'south', 'at': [8.0, 14.0], 'spur': [0.0, -2.0], 'uses': {'part': 1}}],
        }
    ]  # fmt: skip
    assert found(tiny, text, tmp_path)[0] == {'no_supply'}


def test_one_way_loop_warns_of_articulations(tiny, text, tmp_path):
    tiny['lanes'][0]['direction'] = 'one_way'
    codes, report = found(tiny, text, tmp_path)
    assert codes == set()
    assert {p.code for p in report.warnings} == {'strong_articulation'}


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_strong_articulations_agree_with_deleting_each_node(data):
    count = data.draw(st.integers(3, 7))
    pairs = [(i, j) for i in range(count) for j in range(count) if i != j]
    chosen = data.draw(st.lists(st.sampled_from(pairs), min_size=3, max_size=24, unique=True))
    start, end = np.array(chosen, np.int32).T
    used = sorted(set(start.tolist()) | set(end.tolist()))
    wanted = (
        []
        if len(used) < 3
        else [u for u in used if not strongly_connected(set(used) - {u}, chosen)]
    )
    assert strong_articulations(count, start, end).tolist() == wanted


def strongly_connected(nodes, edges):
    reach = {(a, b) for a, b in edges if a in nodes and b in nodes} | {(n, n) for n in nodes}
    for middle, a, b in itertools.product(nodes, repeat=3):
        if (a, middle) in reach and (middle, b) in reach:
            reach.add((a, b))
    return len(reach) == len(nodes) ** 2
