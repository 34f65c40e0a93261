# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Five vehicles on one two-way lane, and four that meet at one crossing, sent by a person.

Each goes to the other side and back again, with real kinematics and footprints; the simulation's
checker watches every step. One of them stalls on its way.
"""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from linehaul_fleet.acts import Command

_SPEC = spec_from_file_location('fleet_world', Path(__file__).with_name('fleet_world.py'))
_MODULE = module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
FleetWorld = _MODULE.FleetWorld

HEAD = """
format: 1
name: jam
title: A jam
size: [60.0, 60.0]
outer_wall: {thickness: 0.3, height: 3.0}
classes:
  - id: agv
    name: Underride AGV
    footprint: [1.2, 0.8]
    height: 0.35
    max_speed: 1.5
    max_speed_loaded: 1.2
    acceleration: 0.6
    deceleration: 0.8
    turn_rate: 1.0
    turn_acceleration: 1.5
    margin: 0.1
    load_mass_max: 600.0
    battery: {capacity_wh: 1200.0, idle_power: 40.0, drive_power: 220.0, charge_power: 2000.0}
items: []
"""
LANE = """
lanes:
  - {id: main, path: [[4.0, 20.0], [40.0, 20.0]], direction: two_way, speed: 1.5}
parking:
  - {id: 'west_{n}', n: [1, 5], at: [6.0, 20.0], step: [2.0, 0.0], spur: [0.0, -2.5]}
  - {id: 'east_{n}', n: [1, 5], at: [30.0, 20.0], step: [2.0, 0.0], spur: [0.0, 2.5]}
fleet:
  - {id: 'agv_{n}', n: [1, 3], class: agv, home: 'west_{n}'}
  - {id: 'agv_{n}', n: [4, 5], class: agv, home: 'east_{n}'}
"""
CROSSING = """
lanes:
  - {id: ew, path: [[4.0, 30.0], [56.0, 30.0]], direction: two_way, speed: 1.5}
  - {id: ns, path: [[30.0, 4.0], [30.0, 56.0]], direction: two_way, speed: 1.5}
parking:
  - {id: 'w_{n}', n: [1, 2], at: [16.0, 30.0], step: [4.0, 0.0], spur: [0.0, 2.5]}
  - {id: 'e_{n}', n: [1, 2], at: [44.0, 30.0], step: [-4.0, 0.0], spur: [0.0, 2.5]}
  - {id: 's_{n}', n: [1, 2], at: [30.0, 16.0], step: [0.0, 4.0], spur: [2.5, 0.0]}
  - {id: 'n_{n}', n: [1, 2], at: [30.0, 44.0], step: [0.0, -4.0], spur: [2.5, 0.0]}
fleet:
  - {id: agv_w, class: agv, home: w_1}
  - {id: agv_e, class: agv, home: e_1}
  - {id: agv_s, class: agv, home: s_1}
  - {id: agv_n, class: agv, home: n_1}
"""
LAPS = {
    'lane': [
        {
            'agv_1': 'east_1',
            'agv_2': 'east_2',
            'agv_3': 'east_3',
            'agv_4': 'west_4',
            'agv_5': 'west_5',
        },
        {
            'agv_1': 'west_3',
            'agv_2': 'west_2',
            'agv_3': 'west_1',
            'agv_4': 'east_5',
            'agv_5': 'east_4',
        },
        {
            'agv_1': 'east_3',
            'agv_2': 'east_1',
            'agv_3': 'east_2',
            'agv_4': 'west_5',
            'agv_5': 'west_4',
        },
    ],
    'crossing': [
        {'agv_w': 'e_2', 'agv_e': 'w_2', 'agv_s': 'n_2', 'agv_n': 's_2'},
        {'agv_w': 's_1', 'agv_e': 'n_1', 'agv_s': 'w_1', 'agv_n': 'e_1'},
        {'agv_w': 'n_2', 'agv_e': 's_2', 'agv_s': 'e_2', 'agv_n': 'w_2'},
    ],
}


@pytest.mark.parametrize(('name', 'text'), [('lane', LANE), ('crossing', CROSSING)])
@pytest.mark.parametrize('stall', [0.0, 40.0])
def test_everybody_gets_to_the_other_side_and_back(tmp_path, name, text, stall):
    plant = tmp_path / f'{name}.yaml'
    plant.write_text(HEAD + text)
    world = FleetWorld(plant_name=str(plant))
    world.run(2.0)
    bodies = world.world.data.bodies

    def at(vehicle_id, place_id):
        row = world.world.vehicle(vehicle_id)
        return bodies.node[row] == world.plant.places[place_id].node

    for goals in LAPS[name]:
        for vehicle_id, place_id in goals.items():
            assert world.command(vehicle_id, Command.SEND, place_id) is None
        if stall:
            world.run(6.0)
            world.fault('STALL', next(iter(goals)), stall)
        world.until(lambda g=goals: all(at(v, p) for v, p in g.items()), 600.0)


def test_a_follower_sets_out_before_the_leader_has_arrived(tmp_path):
    plant = tmp_path / 'lane.yaml'
    plant.write_text(HEAD + LANE)
    world = FleetWorld(plant_name=str(plant))
    world.run(2.0)
    bodies, goals = world.world.data.bodies, {'agv_3': 'east_3', 'agv_2': 'east_1'}
    rows = {v: world.world.vehicle(v) for v in goals}
    for vehicle_id, place_id in goals.items():
        assert world.command(vehicle_id, Command.SEND, place_id) is None
    together = []

    def arrived():
        moving = [v for v, row in rows.items() if bodies.speed[row] > 0.5]
        if len(moving) == 2:
            a, b = (bodies.pose[row, :2] for row in rows.values())
            together.append(float(((a - b) ** 2).sum() ** 0.5))
        ends = {v: world.plant.places[p].node for v, p in goals.items()}
        return all(bodies.node[rows[v]] == node for v, node in ends.items())

    world.until(arrived, 200.0)
    assert len(together) > 30  # both drive at the same time for more than 3 s
    assert min(together) < 18.0  # the leader has left its bay, and the way is 24 m long
