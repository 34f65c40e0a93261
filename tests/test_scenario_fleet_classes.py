# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles of three classes on one floor: containers, pallets, and equipment between stands."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from linehaul_fleet.codes import Code
from linehaul_fleet.delivery import Phase, Request, RequestId

_SPEC = spec_from_file_location('fleet_world', Path(__file__).with_name('fleet_world.py'))
_MODULE = module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
FleetWorld = _MODULE.FleetWorld

BATTERY = '{capacity_wh: 6000.0, idle_power: 40.0, drive_power: 220.0, charge_power: 2000.0}'
PLANT = f"""
format: 1
name: mixed
title: Three classes
size: [60.0, 40.0]
outer_wall: {{thickness: 0.3, height: 3.0}}
classes:
  - id: agv
    name: agv
    height: 1.0
    margin: 0.1
    footprint: [1.2, 0.8]
    max_speed: 1.5
    max_speed_loaded: 1.2
    acceleration: 0.6
    deceleration: 0.8
    turn_rate: 1.0
    turn_acceleration: 1.5
    load_mass_max: 600.0
    battery: {BATTERY}
  - id: fork
    name: fork
    height: 1.0
    margin: 0.1
    footprint: [[-0.9, -0.5], [1.3, -0.5], [1.3, 0.5], [-0.9, 0.5]]
    loaded_footprint: [[-0.9, -0.6], [1.5, -0.6], [1.5, 0.6], [-0.9, 0.6]]
    max_speed: 1.5
    max_speed_loaded: 1.2
    acceleration: 0.5
    deceleration: 0.7
    turn_rate: 0.7
    turn_acceleration: 1.0
    load_mass_max: 1500.0
    battery: {BATTERY}
  - id: carrier
    name: carrier
    height: 1.0
    margin: 0.1
    footprint: [3.0, 1.4]
    max_speed: 0.8
    max_speed_loaded: 0.6
    acceleration: 0.3
    deceleration: 0.4
    turn_rate: 0.4
    turn_acceleration: 0.5
    load_mass_max: 8000.0
    battery: {BATTERY}
items:
  - {{id: casing, name: casing, unit_mass: 3.0, container_units: 20, container_mass: 40.0}}
  - {{id: unit, name: unit, unit_mass: 20.0, container_units: 12, container_mass: 25.0}}
  - {{id: tooling, name: tooling, unit_mass: 900.0, container_units: 1, container_mass: 60.0}}
pairs:
  - {{id: south, path: [[4.0, 6.0], [56.0, 6.0]], speed: 1.5}}
  - {{id: east, path: [[56.0, 6.0], [56.0, 30.0]], speed: 1.5}}
  - {{id: north, path: [[56.0, 30.0], [4.0, 30.0]], speed: 1.5}}
  - {{id: west, path: [[4.0, 30.0], [4.0, 6.0]], speed: 1.5}}
lines:
  - id: fa1
    name: Final assembly 1
    kind: final_assembly
    order: 1
    takt: 30.0
    width: 2.0
    path: [[12.0, 18.0], [44.0, 18.0]]
    stations:
      - id: fa1_01
        side: south
        at: [16.0, 8.0]
        spur: [0.0, 2.5]
        classes: [agv]
        capacity: 2
        uses: {{casing: 1}}
warehouse_ports:
  - {{id: wh_out, flow: out, at: [4.0, 22.0], spur: [-2.5, 0.0], classes: [agv], capacity: 1}}
  - {{id: wh_in, flow: in, at: [4.0, 14.0], spur: [-2.5, 0.0], classes: [agv], capacity: 2}}
  - {{id: fg_out, flow: out, at: [56.0, 14.0], spur: [2.5, 0.0], classes: [fork], items: [unit]}}
  - {{id: dock, flow: in, at: [56.0, 22.0], spur: [2.5, 0.0], classes: [fork], items: [unit]}}
  - id: stand_1
    flow: both
    at: [16.0, 30.0]
    spur: [0.0, 4.0]
    classes: [carrier]
    items: [tooling]
  - id: stand_2
    flow: both
    at: [44.0, 30.0]
    spur: [0.0, 4.0]
    classes: [carrier]
    items: [tooling]
parking:
  - {{id: 'park_{{n}}', n: [1, 6], at: [12.0, 6.0], step: [6.0, 0.0], spur: [0.0, -4.0]}}
fleet:
  - {{id: agv_1, class: agv, home: park_1}}
  - {{id: agv_2, class: agv, home: park_2}}
  - {{id: fork_1, class: fork, home: park_3}}
  - {{id: carrier_1, class: carrier, home: park_4}}
"""


@pytest.fixture(scope='module')
def world(tmp_path_factory):
    path = tmp_path_factory.mktemp('plant') / 'mixed.yaml'
    path.write_text(PLANT)
    world = FleetWorld(plant_name=str(path))
    world.run(2.0)
    return world


def ask(world, name, item, place):
    request = Request(RequestId(name), '', item, 1, place, float('nan'), float('nan'), 100)
    return world.fleet.request(request, world.now)


def test_each_class_brings_what_only_it_can_bring(world):
    wishes = [('c1', 'casing', 'fa1_01'), ('p1', 'unit', 'dock'), ('t1', 'tooling', 'stand_2')]
    for name, item, place in [*wishes, ('p2', 'unit', 'dock'), ('c2', 'casing', 'fa1_01')]:
        assert ask(world, name, item, place).phase is Phase.ACCEPTED
    done = world.fleet.model.deliveries
    world.until(lambda: all(d.phase is Phase.DELIVERED for d in done.values()), 900.0)
    by = {name: one.vehicle_id for name, one in done.items()}
    assert (by['p1'], by['p2'], by['t1']) == ('fork_1', 'fork_1', 'carrier_1')
    assert {by['c1'], by['c2']} <= {'agv_1', 'agv_2'}
    load = done['t1'].load_id
    assert world.world.data.ledger.loads[load].holder_id == 'stand_2'


@pytest.mark.parametrize(
    ('item', 'place', 'code'),
    [
        (
            'casing',
            'wh_in',
            Code.UNKNOWN_STATION,
        ),  # where any container goes in, the fleet chooses
        ('unit', 'fg_out', Code.UNKNOWN_STATION),
        ('casing', 'dock', Code.ITEM_NOT_USED_AT_STATION),
        ('unit', 'stand_1', Code.ITEM_NOT_USED_AT_STATION),
    ],
)
def test_what_a_place_does_not_take_is_refused(world, item, place, code):
    assert ask(world, 'x1', item, place).code is code
