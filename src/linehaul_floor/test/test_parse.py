# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501 (tables of one case a line)
"""A plant file is taken as a whole or refused with every problem in it."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from linehaul_floor import PlaceKind, PlantError, load_plant, parse_plant


def codes(text):
    with pytest.raises(PlantError) as caught:
        parse_plant(text)
    assert all(p.where and p.found and p.remedy for p in caught.value.problems)
    return {(p.code, p.where) for p in caught.value.problems}


def test_tiny_is_right(tiny, text):
    plant = parse_plant(text(tiny))
    assert plant.roadmap.node_count == 16 + 3
    assert plant.roadmap.edge_count == 2 * 16 + 2 * 3
    assert [p.id for p in plant.places_of(PlaceKind.PARKING)] == ['park_1', 'park_2']


def test_every_problem_is_listed_at_once(tiny, text):
    tiny['classes'][0]['max_speed'] = 'fast'
    tiny['lanes'][0]['colour'] = 'blue'
    del tiny['size']
    tiny['parking'][0]['spur'] = [0.0, float('nan')]
    tiny['fleet'][0]['home'] = 'nowhere'
    found = codes(text(tiny))
    assert ('wrong_type', 'classes[agv].max_speed') in found
    assert ('unknown_key', 'lanes[ring].colour') in found
    assert ('missing_key', 'size') in found
    assert ('wrong_type', 'parking[park_{n}](n=1).spur') in found
    assert ('unknown_home', 'fleet[agv_1].home') in found


@pytest.mark.parametrize(
    ('change', 'code'),
    [
        (lambda d: d['warehouse_ports'][0].update(at=[9.0, 14.0]), 'bay_off_lane'),
        (lambda d: d['warehouse_ports'][0].update(spur=[0.0, 0.0]), 'bay_taken'),
        (lambda d: d['warehouse_ports'][0].update(id='park_1'), 'duplicate_id'),
        (lambda d: d['warehouse_ports'][0].update(items=['bolt']), 'unknown_item'),
        (lambda d: d['warehouse_ports'][0].update(classes=['truck']), 'unknown_class'),
        (lambda d: d['warehouse_ports'][0].update(flow='up'), 'bad_choice'),
        (lambda d: d['warehouse_ports'][0].update(id='Port 1'), 'bad_id'),
        (lambda d: d['lanes'].append(dict(d['lanes'][0], id='again')), 'duplicate_lane'),
        (lambda d: d['lanes'].append(dict(d['lanes'][0])), 'duplicate_id'),
        (lambda d: d['lanes'][0].update(path=[[6.0, 6.0], [6.0, 6.0]]), 'empty_lane'),
        (lambda d: d['classes'].append(dict(d['classes'][0])), 'duplicate_id'),
        (lambda d: d['classes'][0].update(footprint=[[0, 0], [0, 1], [1, 0]]), 'bad_outline'),
        (lambda d: d['classes'][0].update(margin=-0.1), 'out_of_range'),
        (lambda d: d['classes'][0].update(max_speed_loaded=9.0), 'out_of_range'),
        (lambda d: d['items'].append(dict(d['items'][0])), 'duplicate_id'),
        (lambda d: d['fleet'].append({'id': 'agv_2', 'class': 'agv', 'home': 'park_1'}), 'home_taken'),
        (lambda d: d['fleet'].append({'id': 'agv_1', 'class': 'agv', 'home': 'park_2'}), 'duplicate_id'),
        (lambda d: d['fleet'][0].update({'class': 'truck'}), 'unknown_class'),
        (lambda d: d['fleet'][0].update(home='port_1'), 'unknown_home'),
        (lambda d: d.update(lanes=[]), 'no_lanes'),
        (lambda d: d.update(format=2), 'bad_format'),
        (lambda d: d['parking'][0].update(n=[2, 1]), 'wrong_type'),
        (lambda d: d.update(zones=[{'id': 'z', 'kind': 'speed', 'speed': 0, 'rect': [0, 0, 1, 1]}]), 'wrong_type'),
        (lambda d: d.update(zones=[{'id': 'z', 'kind': 'release'}]), 'missing_key'),
        (lambda d: d.update(solids=[{'id': 's', 'kind': 'rack', 'height': 1, 'rect': [1, 0, 0, 1]}]), 'bad_outline'),
    ],
)  # fmt: skip
def test_one_wrong_thing_has_its_code(tiny, text, change, code):
    change(tiny)
    assert code in {found for found, _ in codes(text(tiny))}


def test_duplicate_yaml_key_is_refused(tiny, text):
    assert 'duplicate_key' in {c for c, _ in codes(text(tiny) + 'title: Again\n')}


@pytest.mark.parametrize(
    'wrong', ['', 'a: [', '- 1', '\x00', 'a: !!python/object:os.system x', '{']
)
def test_what_is_no_plant_at_all_is_refused(wrong):
    assert codes(wrong)


def test_unknown_name_and_file(tmp_path):
    with pytest.raises(PlantError, match='known plants'):
        load_plant('atlantis')
    with pytest.raises(PlantError, match='unreadable'):
        load_plant(tmp_path / 'none.yaml')


def test_load_refuses_a_roadmap_with_errors(tiny, text, tmp_path):
    tiny['lanes'][0].update(path=[[6.0, 6.0], [14.0, 6.0]], direction='one_way')
    tiny['warehouse_ports'] = []
    path = tmp_path / 'tiny.yaml'
    path.write_text(text(tiny))
    with pytest.raises(PlantError, match='not_strongly_connected'):
        load_plant(path)
    assert load_plant(path, checked=False).name == 'tiny'


def paths(data, prefix=()):
    yield prefix
    if isinstance(data, dict | list):
        for key in data if isinstance(data, dict) else range(len(data)):
            yield from paths(data[key], (*prefix, key))


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.text(max_size=4),
    st.lists(st.integers(), max_size=3), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_broken_value_gives_a_plant_or_a_plant_error(data):
    base = yaml.safe_load(TINY)
    where = data.draw(st.sampled_from([p for p in paths(base) if p]))
    inner = base
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = data.draw(JUNK)
    problems = outcome(yaml.safe_dump(base))
    assert problems is None or problems


def outcome(text):
    """Return None for a plant, else the problems; any other exception is a fault."""
    try:
        parse_plant(text)
    except PlantError as error:
        return error.problems
    return None


TINY = """
format: 1
name: tiny
title: Tiny
size: [20.0, 20.0]
outer_wall: {thickness: 0.2, height: 3.0}
classes:
  - {id: agv, name: AGV, footprint: [1.2, 0.8], height: 0.4, max_speed: 1.5, acceleration: 0.6,
     deceleration: 0.8, turn_rate: 1.0, turn_acceleration: 1.5, margin: 0.1, load_mass_max: 500.0,
     battery: {capacity_wh: 1000.0, idle_power: 40.0, drive_power: 200.0, charge_power: 2000.0}}
items:
  - {id: part, name: Part, unit_mass: 1.0, container_units: 10, container_mass: 20.0}
lanes:
  - {id: ring, path: [[6, 6], [14, 6], [14, 14], [6, 14], [6, 6]], direction: two_way, speed: 1.5}
pairs:
  - {id: street, path: [[2.0, 2.0], [4.0, 2.0]], speed: 1.0}
lines:
  - id: line_1
    name: Line
    kind: other
    order: 1
    takt: 10.0
    width: 2.0
    path: [[8, 10], [12, 10]]
    stations:
      - {id: s_1, side: north, at: [10, 14], spur: [0, -2], uses: {part: 2}}
warehouse_ports:
  - {id: port_1, flow: out, at: [12, 14], spur: [0, 2], items: [part]}
parking:
  - {id: 'park_{n}', n: [1, 2], at: [8, 6], step: [4, 0], spur: [0, -2]}
fleet:
  - {id: agv_1, class: agv, home: park_1}
zones:
  - {id: slow, kind: speed, speed: 0.5, rect: [5, 5, 7, 7]}
  - {id: keepout, kind: no_go, classes: [agv], outline: [[1, 1], [2, 1], [2, 2]]}
walls:
  - {id: wall_1, path: [[1, 17], [5, 17]], thickness: 0.2, height: 2}
solids:
  - {id: box_1, kind: rack, rect: [8, 9, 12, 11], height: 1}
chains:
  - {id: chain_1, path: [[1, 1], [2, 2]], height: 4}
crane_aisles:
  - {id: aisle_1, warehouse: w, path: [[1, 1], [2, 2]]}
areas:
  - {name: All, rect: [0, 0, 20, 20], use: other, label: [1, 1]}
"""


def test_everything_a_file_can_hold_is_read():
    plant = parse_plant(TINY)
    assert plant.places['s_1'].uses == {'part': 2.0}
    assert plant.lines['line_1'].stations == ('s_1',)
    assert [s.id for s in plant.solids][-2:] == ['wall_1', 'box_1']
    slow = plant.roadmap.edge_index['ring_000-ring_001']
    assert plant.roadmap.speed[slow] == 0.5
