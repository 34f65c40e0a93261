# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Plants for the tests: the two of the project, and a small one that tests bend as they like."""

from pathlib import Path

import pytest
import yaml

from linehaul_floor import load_plant

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope='session')
def root():
    return ROOT


@pytest.fixture(scope='session')
def cell():
    return load_plant(ROOT / 'config' / 'plants' / 'cell.yaml')


@pytest.fixture(scope='session')
def jiaozhou():
    return load_plant(ROOT / 'config' / 'plants' / 'jiaozhou.yaml')


@pytest.fixture(scope='session', params=['cell', 'jiaozhou'])
def plant(request, cell, jiaozhou):
    return {'cell': cell, 'jiaozhou': jiaozhou}[request.param]


@pytest.fixture
def tiny():
    """A plant file as Python data: a two-way ring with two bays."""
    return yaml.safe_load(
        """
        format: 1
        name: tiny
        title: Tiny
        size: [20.0, 20.0]
        outer_wall: {thickness: 0.2, height: 3.0}
        classes:
          - id: agv
            name: AGV
            footprint: [1.2, 0.8]
            height: 0.4
            max_speed: 1.5
            acceleration: 0.6
            deceleration: 0.8
            turn_rate: 1.0
            turn_acceleration: 1.5
            margin: 0.1
            load_mass_max: 500.0
            battery: {capacity_wh: 1000, idle_power: 40, drive_power: 200, charge_power: 2000}
        items:
          - {id: part, name: Part, unit_mass: 1.0, container_units: 10, container_mass: 20.0}
        lanes:
          - id: ring
            path: [[6.0, 6.0], [14.0, 6.0], [14.0, 14.0], [6.0, 14.0], [6.0, 6.0]]
            direction: two_way
            speed: 1.5
        warehouse_ports:
          - {id: port_1, flow: out, at: [10.0, 14.0], spur: [0.0, 2.0]}
        parking:
          - {id: 'park_{n}', n: [1, 2], at: [8.0, 6.0], step: [4.0, 0.0], spur: [0.0, -2.0]}
        fleet:
          - {id: agv_1, class: agv, home: park_1}
        """
    )


@pytest.fixture
def text():
    """Turn plant data back into the text of a file."""
    return lambda data: yaml.safe_dump(data, sort_keys=False)
