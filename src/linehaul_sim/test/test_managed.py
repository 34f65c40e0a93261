# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Ports behind which a warehouse node works: its words are levels, whatever gets lost."""

from dataclasses import replace

import pytest
from linehaul_sim.bench import Dispatcher
from linehaul_sim.inputs import WarehouseTold
from linehaul_sim.loads import HolderKind
from linehaul_sim.managed.ports import Heard, managed_ports
from linehaul_sim.settings import Settings
from linehaul_sim.world import World

from linehaul_floor import load_plant

PLANT = load_plant('cell')
OUT = WarehouseTold('l1', 'casing', 'lot', 20, 'o', int(HolderKind.PORT), 'wh_out_1', 0.0)
THEIRS = replace(OUT, holder=int(HolderKind.CRANE), holder_id='wh')


@pytest.fixture
def world():
    return World(PLANT, Settings(seed=1, managed_ports=managed_ports(PLANT, 'wh*')))


def said(world, told, seconds=0.0):
    return world.hear_warehouse(replace(told, since=world.now + seconds))


def drive(world, *stops):
    """Let agv_001 pick or drop at places, one after the other."""
    fleet = Dispatcher(world)
    for number, (place, what) in enumerate(stops):
        fleet.go('agv_001', place, f'{what}-{number}-{place}', what, loadId='l1')
        fleet.arrive('agv_001')
    return fleet


def test_the_patterns_name_warehouse_ports_only():
    assert managed_ports(PLANT, 'wh*') == ('wh_out_1', 'wh_in_1')
    assert managed_ports(PLANT, 'wh_in*, chain*,fa1_01') == ('wh_in_1',)
    assert managed_ports(PLANT, '') == ()


def test_a_load_is_set_down_once_however_often_it_is_told(world):
    told = replace(OUT, since=world.now)
    assert world.hear_warehouse(told) is Heard.TAKEN
    assert world.hear_warehouse(told) is Heard.NOTHING
    load = world.data.ledger.loads['l1']
    assert (load.holder_id, load.quantity, load.mass, load.lot) == ('wh_out_1', 20, 100.0, 'lot')
    assert world.data.ledger.ports['wh_out_1'].loads == ['l1']
    assert [one.id for one in world.take_outputs().loads] == ['l1']


def test_a_load_that_went_on_is_not_set_down_again_by_an_old_word(world):
    told = replace(OUT, since=world.now)
    world.hear_warehouse(told)
    drive(world, ('wh_out_1', 'pick'))
    assert world.hear_warehouse(told) is Heard.ELSEWHERE
    drive(world, ('fa1_01', 'drop'))
    world.data.ledger.give('l1', HolderKind.GONE, '', world.now)
    del world.data.ledger.loads['l1']  # as when it is long gone
    assert world.hear_warehouse(told) is Heard.ELSEWHERE
    assert world.data.ledger.faults() == []


def test_a_load_comes_back_is_taken_in_by_the_warehouse_and_may_come_again(world):
    said(world, OUT)
    fleet = drive(world, ('wh_out_1', 'pick'), ('wh_in_1', 'drop'))
    fleet.run(lambda: world.data.steps % 1000 == 0)  # no stand-in takes it in
    assert world.data.ledger.ports['wh_in_1'].loads == ['l1']
    assert said(world, THEIRS, -1e4) is Heard.NOTHING  # of when it was theirs before
    assert said(world, THEIRS) is Heard.TAKEN
    assert said(world, THEIRS) is Heard.NOTHING
    assert 'l1' not in world.data.ledger.loads
    assert world.data.ledger.ports['wh_in_1'].loads == []
    assert said(world, OUT, 60.0) is Heard.TAKEN
    assert world.data.ledger.faults() == []


@pytest.mark.parametrize(
    'told',
    [
        replace(OUT, holder_id='wh_in_1'),
        replace(OUT, holder_id='fa1_01'),
        replace(OUT, holder_id='nowhere'),
        replace(OUT, holder=int(HolderKind.VEHICLE), holder_id='agv_001'),
        replace(OUT, holder=99),
        replace(THEIRS, load_id='nobody_knows'),
    ],
)
def test_what_is_not_the_warehouses_to_say_changes_nothing(world, told):
    assert said(world, told) is Heard.NOTHING
    assert not world.data.ledger.loads


def test_a_load_that_a_crane_takes_from_under_a_vehicle_is_no_longer_picked(world):
    said(world, OUT)
    fleet = Dispatcher(world)
    fleet.go('agv_001', 'wh_out_1', 'o', 'pick', loadId='l1')
    fleet.run(lambda: world.data.ledger.ports['wh_out_1'].claimed == 'agv_001')
    assert said(world, THEIRS) is Heard.TAKEN
    fleet.run(lambda: world.data.handling.failures == 1)
    assert not world.data.ledger.carried
    assert world.data.ledger.faults() == []


def test_the_same_words_give_the_same_world_again():
    def story():
        world = World(PLANT, Settings(seed=1, managed_ports=('wh_out_1', 'wh_in_1')))
        world.apply(replace(OUT, since=world.now))
        drive(world, ('wh_out_1', 'pick'), ('wh_in_1', 'drop'))
        world.apply(replace(THEIRS, since=world.now))
        return world.data.steps, world.data.ledger

    assert story() == story()
