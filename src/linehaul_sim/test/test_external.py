# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A plant some of whose vehicles are not simulated."""

import pytest
from linehaul_sim.bench import Dispatcher
from linehaul_sim.errors import UnknownIdError
from linehaul_sim.external import split_fleet
from linehaul_sim.inputs import LoadsSeen
from linehaul_sim.loads import HolderKind
from linehaul_sim.pacing import MOST_STEPS, steps_behind
from linehaul_sim.settings import Settings
from linehaul_sim.snapshot import Store, restore
from linehaul_sim.warehouse import RetrieveRequest
from linehaul_sim.world import World

from linehaul_floor import load_plant

PLANT = load_plant('cell')
PORT, STATION, LANE = (
    PLANT.roadmap.node_ids[node]
    for node in (PLANT.places['wh_out_1'].node, PLANT.places['fa1_01'].node, 0)
)


@pytest.mark.parametrize(
    ('text', 'simulated'),
    [
        ('simulated', ['agv_001', 'agv_002', 'agv_003']),
        ('ros', []),
        ('agv_002', ['agv_002']),
        ('agv_003, agv_001', ['agv_001', 'agv_003']),
    ],
)
def test_the_fleet_is_split(text, simulated):
    plant, external = split_fleet(PLANT, text)
    assert [spawn.id for spawn in plant.fleet] == simulated
    assert sorted([*simulated, *external]) == ['agv_001', 'agv_002', 'agv_003']


@pytest.mark.parametrize('text', ['', 'agv_9', 'agv_001,', 'Simulated'])
def test_a_vehicle_that_is_not_there_is_refused(text):
    with pytest.raises(UnknownIdError, match="ids of plant 'cell'"):
        split_fleet(PLANT, text)


@pytest.fixture
def world():
    """A world without vehicles, and a container at its port."""
    world = World(split_fleet(PLANT, 'ros')[0], Settings())
    world.retrieve(RetrieveRequest('r', 'casing', 10))
    while not world.data.ledger.ports['wh_out_1'].loads:
        world.step()
    return world


def say(world, node, *loads):
    return world.see_loads(LoadsSeen('agv_001', node, loads))


def holder(world, load):
    found = world.data.ledger.loads[load]
    return found.holder, found.holder_id


def test_loads_go_where_an_external_vehicle_says(world):
    (load,) = world.data.ledger.ports['wh_out_1'].loads
    assert say(world, PORT) == ''
    assert say(world, PORT, load) == ''
    assert holder(world, load) == (HolderKind.VEHICLE, 'agv_001')
    revision = world.data.ledger.loads[load].revision
    for node in (PORT, LANE, STATION):
        assert say(world, node, load) == ''
    assert world.data.ledger.loads[load].revision == revision
    assert say(world, STATION) == ''
    assert holder(world, load) == (HolderKind.PORT, 'fa1_01')
    while holder(world, load)[0] is not HolderKind.GONE:  # the station uses it up
        world.step()
    assert world.data.custody_errors == 0


def test_what_cannot_be_moves_nothing(world):
    (load,) = world.data.ledger.ports['wh_out_1'].loads
    assert 'nobody knows' in say(world, PORT, 'ghost')
    assert 'is with PORT wh_out_1' in say(world, STATION, load)
    assert holder(world, load) == (HolderKind.PORT, 'wh_out_1')
    say(world, PORT, load)
    assert 'a person must look' in say(world, LANE)
    assert 'a person must look' in say(world, 'nowhere')
    assert holder(world, load) == (HolderKind.VEHICLE, 'agv_001')
    assert world.data.ledger.faults() == []


def test_what_was_seen_survives_a_restart(tmp_path, world):
    plant, settings = world.plant, world.settings
    store = Store(tmp_path, plant, settings)
    store.save(world.data)
    (load,) = world.data.ledger.ports['wh_out_1'].loads
    seen = LoadsSeen('agv_001', PORT, (load,))
    store.write_inputs(world.data.steps, [seen])
    again = restore(plant, settings, Store(tmp_path, plant, settings))
    assert holder(again, load) == (HolderKind.VEHICLE, 'agv_001')


def test_the_simulated_rest_drives(tmp_path):
    world = World(split_fleet(PLANT, 'agv_002')[0], Settings())
    fleet = Dispatcher(world)
    fleet.go('agv_002', 'fa1_01', 'o')
    fleet.arrive('agv_002')
    with pytest.raises(UnknownIdError):
        world.vehicle('agv_001')
    assert world.verdict.clean


def test_another_clock_is_followed_and_never_overtaken():
    assert steps_behind(10.0, 10.3, 0.1) == 3
    assert steps_behind(10.0, 10.09, 0.1) == 0
    assert steps_behind(10.0, 5.0, 0.1) == 0
    assert steps_behind(0.0, 1e9, 0.1) == MOST_STEPS
