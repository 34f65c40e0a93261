# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501 (tables of one case a line)
"""LIF: valid for others, identity for ourselves, and foreign files are usable."""

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from linehaul_floor.lif import lif_document, plant_from_lif, read_lif, side_document
from linehaul_floor.plain import same, to_plain

from linehaul_floor import LifError, RouteTable

DATA = Path(__file__).parent / 'data' / 'lif'
TIME = '2026-01-01T00:00:00Z'


def document(plant):
    return lif_document(plant, TIME)


def test_export_meets_the_schema(plant):
    schema = json.loads((DATA / 'lif-schema.json').read_text())
    jsonschema.validate(document(plant), schema)


def test_export_parses_with_vdma_lif(plant):
    parser = pytest.importorskip(
        'vdma_lif.parser', reason='PyPI package vdma-lif is not installed'
    )
    parsed = parser.lif_layout_collection_from_dict(json.loads(json.dumps(document(plant))))
    layout = parsed.layouts[0]
    assert len(layout.nodes) == plant.roadmap.node_count
    assert len(layout.edges) == plant.roadmap.edge_count
    assert {s.station_id for s in layout.stations} == set(plant.places)


def test_export_then_import_is_identity(plant):
    text, side = json.dumps(document(plant)), json.dumps(side_document(plant))
    again = plant_from_lif(text, side)
    assert same(plant, again)
    assert document(again) == document(plant)


def test_layout_alone_carries_the_roadmap(plant):
    layout = read_lif(json.dumps(document(plant)))
    assert same(layout.roadmap, plant.roadmap)
    assert layout.notes == ()
    places = {s.id: s for s in layout.stations}
    for place in plant.places.values():
        assert places[place.id].nodes == (place.node,)
        assert layout.theta[place.node] == pytest.approx(place.heading)


def test_example_gives_a_usable_roadmap():
    layout = read_lif((DATA / 'example.lif.json').read_text())
    roadmap = layout.roadmap
    assert roadmap.node_ids == ('node-001', 'node-002')
    assert roadmap.class_ids == ('vehicle-001', 'vehicle-002')
    assert roadmap.speed.tolist() == [1.5, 2.0]
    assert layout.theta[0] == pytest.approx(np.pi / 2)
    assert any('degrees' in note for note in layout.notes)
    route = RouteTable(roadmap).route(0, 1)
    assert route.time == pytest.approx(np.hypot(1000.0, 1000.0) / 1.5)
    assert read_lif((DATA / 'example.lif.json').read_text(), 'layout-002').roadmap.edge_count == 0


@pytest.mark.parametrize(
    ('change', 'code'),
    [
        (lambda d: d['nodes'].append(d['nodes'][0]), 'duplicate_id'),
        (lambda d: d['edges'].append(d['edges'][0]), 'duplicate_id'),
        (lambda d: d['stations'].append(d['stations'][0]), 'duplicate_id'),
        (lambda d: d['edges'][0].update(endNodeId='nowhere'), 'unknown_node'),
        (lambda d: d['edges'][0].update(endNodeId=d['edges'][0]['startNodeId']), 'empty_edge'),
        (lambda d: d['stations'][0].update(interactionNodeIds=['nowhere']), 'unknown_node'),
        (lambda d: d['nodes'][0]['nodePosition'].update(x='east'), 'wrong_type'),
        (lambda d: d['edges'][0]['vehicleTypeEdgeProperties'][0].update(vehicleOrientation=90.0), 'sideways'),
        (lambda d: d['edges'][0]['vehicleTypeEdgeProperties'][0].update(maxSpeed=-1.0), 'wrong_type'),
        (lambda d: d['nodes'][0].pop('nodeId'), 'missing_key'),
    ],
)  # fmt: skip
def test_wrong_layout_is_refused(cell, change, code):
    wrong = json.loads(json.dumps(document(cell)))
    change(wrong['layouts'][0])
    with pytest.raises(LifError) as caught:
        read_lif(json.dumps(wrong))
    assert code in {p.code for p in caught.value.problems}


@pytest.mark.parametrize('wrong', ['', '[]', '{}', '{"layouts": []}', '{"x": NaN}', '[' * 9999])
def test_what_is_no_lif_is_refused(wrong):
    with pytest.raises(LifError):
        read_lif(wrong)


def test_side_file_that_does_not_fit_is_refused(cell, jiaozhou):
    text = json.dumps(document(cell))
    for wrong in ('{}', '[1]', json.dumps(side_document(jiaozhou))):
        with pytest.raises(LifError):
            plant_from_lif(text, wrong)
    side = side_document(cell)
    side['classes']['agv']['max_speed'] = None
    side['places']['park_1']['kind'] = 'BED'
    del side['fleet'][0]['place']
    with pytest.raises(LifError) as caught:
        plant_from_lif(text, json.dumps(side))
    where = {p.where for p in caught.value.problems}
    assert {'classes.agv.max_speed', 'places.park_1.kind', 'fleet[0]'} <= where


def test_plain_form_is_json(plant):
    assert json.loads(json.dumps(to_plain(plant.fleet), allow_nan=False)) == to_plain(plant.fleet)
