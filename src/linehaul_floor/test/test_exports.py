# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Nav2 graph, occupancy map, Gazebo world and pictures say what the plant says."""

import io
import shutil
import subprocess
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
import shapely
import yaml
from linehaul_floor.draw import draw_plant
from linehaul_floor.geojson import geojson_document
from linehaul_floor.occupancy import FREE, OCCUPIED, map_yaml, occupancy_grid, pgm
from linehaul_floor.png import paint
from linehaul_floor.sdf import sdf_world
from linehaul_floor.svg import svg
from PIL import Image

from linehaul_floor import FloorError, parse_plant


def test_geojson_is_a_nav2_graph(plant):
    features = geojson_document(plant.roadmap)['features']
    ids = [f['properties']['id'] for f in features]
    assert len(set(ids)) == len(ids)
    nodes = {f['properties']['id']: f for f in features if f['geometry']['type'] == 'Point'}
    edges = [f for f in features if f['geometry']['type'] == 'MultiLineString']
    assert (len(nodes), len(edges)) == (plant.roadmap.node_count, plant.roadmap.edge_count)
    for edge in edges:
        line = edge['geometry']['coordinates'][0]
        for end, key in zip(line, ('startid', 'endid'), strict=True):
            assert nodes[edge['properties'][key]]['geometry']['coordinates'] == end


def test_geojson_refuses_more_than_nav2_can_name(cell, monkeypatch):
    monkeypatch.setattr('linehaul_floor.geojson._ID_LIMIT', 100)
    with pytest.raises(FloorError, match='266 nodes and edges'):
        geojson_document(cell.roadmap)


def test_map_is_occupied_where_something_stands(cell):
    grid = occupancy_grid(cell, 0.1)
    image = np.array(Image.open(io.BytesIO(pgm(grid))))
    assert image.shape == (220, 340)
    assert set(np.unique(image)) == {FREE, OCCUPIED}
    solids = shapely.union_all([shapely.Polygon(s.outline) for s in cell.solids])
    rng = np.random.default_rng(5)
    for x, y in rng.uniform([0.0, 0.0], cell.size, size=(2000, 2)):
        row, column = image.shape[0] - 1 - int(y / 0.1), int(x / 0.1)
        distance = solids.distance(shapely.Point(x, y))
        if distance == 0.0:
            assert image[row, column] == OCCUPIED
        elif distance > 0.15:
            assert image[row, column] == FREE


def test_vehicles_stand_and_drive_on_free_cells(plant):
    resolution = 0.25
    image = occupancy_grid(plant, resolution).image[::-1]
    columns, rows = (plant.roadmap.xy.T / resolution).astype(int)
    assert (image[rows, columns] == FREE).all()


def test_map_yaml_is_what_nav2_reads(cell):
    content = yaml.safe_load(map_yaml(occupancy_grid(cell, 0.1)))
    assert content == {
        'image': 'map.pgm', 'mode': 'trinary', 'resolution': 0.1, 'origin': [0.0, 0.0, 0.0],
        'negate': 0, 'occupied_thresh': 0.65, 'free_thresh': 0.25,
    }  # fmt: skip


def test_world_has_every_solid_and_vehicle_once(plant):
    world = Xml.fromstring(sdf_world(plant)).find('world')
    names = [model.get('name') for model in world.findall('model')]
    assert len(set(names)) == len(names)
    assert {s.id for s in plant.solids} | {v.id for v in plant.fleet} <= set(names)
    marks = {v.get('name') for v in world.findall("model[@name='bays']/link/visual")}
    assert marks == set(plant.places)
    for spawn in plant.fleet:
        model = world.find(f"model[@name='{spawn.id}']")
        x, y, *_, yaw = map(float, model.findtext('pose').split())
        place = plant.places[spawn.place]
        assert [x, y] == pytest.approx(plant.roadmap.xy[place.node].tolist())
        assert yaw == pytest.approx(place.heading, abs=1e-5)
        drive = model.find('plugin')
        assert drive.get('name') == 'gz::sim::systems::DiffDrive'
        assert drive.findtext('topic') == f'agv/{spawn.id}/cmd_vel'
        joints = {j.get('name') for j in model.findall('joint')}
        assert {drive.findtext('left_joint'), drive.findtext('right_joint')} <= joints
        links = {link.get('name') for link in model.findall('link')}
        for joint in model.findall('joint'):
            assert {joint.findtext('parent'), joint.findtext('child')} <= links
        assert all(float(m.text) > 0 for m in model.iter('mass'))


def test_world_draws_solids_that_are_no_boxes(tiny, text):
    shape = {
        'id': 'ramp',
        'kind': 'obstacle',
        'height': 0.5,
        'outline': [[9, 9], [11, 9], [10, 11]],
    }
    tiny['solids'] = [shape]
    world = Xml.fromstring(sdf_world(parse_plant(text(tiny))))
    points = world.findall(".//model[@name='ramp']//collision//polyline/point")
    assert len(points) == 3


@pytest.mark.skipif(shutil.which('ign') is None, reason='ignition-tools is not installed')
def test_world_passes_ign_sdf(plant, tmp_path):
    path = tmp_path / 'world.sdf'
    path.write_text(sdf_world(plant))
    done = subprocess.run(
        ['ign', 'sdf', '-k', str(path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert 'Valid.' in done.stdout, done.stdout + done.stderr


def test_picture_names_what_has_room_and_is_well_formed(plant):
    scene = draw_plant(plant)
    root = Xml.fromstring(svg(scene))
    texts = {node.text for node in root.iter('{http://www.w3.org/2000/svg}text')}
    assert plant.title in texts
    for line in plant.lines.values():
        assert set(line.stations) <= texts
    assert {area.name for area in plant.areas} <= texts


def test_picture_is_painted_in_the_colours_of_the_places(cell):
    image = np.array(paint(draw_plant(cell)).convert('RGB'))
    colours = {tuple(c) for c in image.reshape(-1, 3)[::7].tolist()}
    assert {(0x15, 0x80, 0x3D), (0x1D, 0x4E, 0xD8), (0xD9, 0x77, 0x06)} <= colours
