# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Racks from files and plants, the first stock, simulated cranes that remember, and look-ups."""

import pytest
from linehaul_warehouse.crane_end import SendStep
from linehaul_warehouse.errors import RackError, SettingError, StoreError
from linehaul_warehouse.lookup import look_up
from linehaul_warehouse.model import Job, JobKind, Outcome, Place, PlaceKind, Step, StepKind
from linehaul_warehouse.rack import Flow
from linehaul_warehouse.rack_file import load_rack, rack_of_plant
from linehaul_warehouse.settings import Settings
from linehaul_warehouse.sim_end import SimEnd
from linehaul_warehouse.state import State
from linehaul_warehouse.stocking import first_stock

from linehaul_floor import load_plant
from linehaul_warehouse import events as ev

GOOD = """
id: components
aisles:
  - {id: wh1, bays: 5, levels: 4, bay: 1.6, level: 1.2, depth: 2}
drive: {speed_x: 3.0, speed_y: 0.75, acceleration_x: 0.5, acceleration_y: 0.5, fork_time: 8.0}
limits: [[2, 1000.0, 2.0], [4, 500.0, 1.5]]
ports:
  - {id: wh1_in_1, flow: in, aisles: [wh1], capacity: 2, conveyor_time: 10.0}
  - {id: wh1_out_1, flow: out, aisles: [wh1], x: 0.0, y: 1.0}
"""


def written(folder, text):
    path = folder / 'rack.yaml'
    path.write_text(text)
    return path


def test_a_rack_file(tmp_path):
    rack = load_rack(written(tmp_path, GOOD))
    assert (rack.id, len(rack.ids)) == ('components', 80)
    assert rack.ports['wh1_out_1'].y == 1.0
    assert rack.heaviest[rack.index['wh1-l001-02-1']] == 1000.0
    assert rack.heaviest[rack.index['wh1-l001-03-1']] == 500.0
    assert rack.ids[int(rack.mate[rack.index['wh1-r003-01-1']])] == 'wh1-r003-01-2'


@pytest.mark.parametrize(
    ('old', 'new', 'problem'),
    [
        ('bays: 5', 'bays: 0', 'bays'),
        ('bays: 5', 'bays: 5.5', 'bays'),
        ('bay: 1.6', 'bay: .nan', 'bay'),
        ('flow: in,', 'flow: up,', 'flow'),
        ('aisles: [wh1], capacity', 'aisles: [wh9], capacity', 'wh9'),
        ('speed_x: 3.0', 'speed: 3.0', 'speed'),
        ('id: components', 'id: components\nid: again', 'twice'),
        ('wh1_out_1', 'wh1_in_1', 'twice'),
        ('speed_y: 0.75, ', '', 'speed_y'),
        ('[2, 1000.0, 2.0]', '[2, 1000.0]', 'limits'),
        ('aisles:\n', 'aisles: [\n', 'rack'),
    ],
)
def test_a_wrong_rack_file_is_told(tmp_path, old, new, problem):
    with pytest.raises(RackError, match=problem):
        load_rack(written(tmp_path, GOOD.replace(old, new, 1)))


def test_a_rack_file_that_is_not_there(tmp_path):
    with pytest.raises(RackError, match='cannot read'):
        load_rack(tmp_path / 'none.yaml')


def test_the_ports_of_the_plants_make_racks():
    rack = rack_of_plant(load_plant('jiaozhou'), 'wh')
    assert [a.id for a in rack.aisles] == [f'wh{k}' for k in range(1, 7)]
    assert len(rack.ports_of('wh3', Flow.OUT)) == 2
    with pytest.raises(RackError, match='zz'):
        rack_of_plant(load_plant('cell'), 'zz')


def test_the_first_stock_fills_rear_cells_first_and_can_be_looked_up(tmp_path):
    rack = load_rack(written(tmp_path, GOOD))
    state = State(rack)
    for event in first_stock(rack, [('fan', 20), ('', 0)], 0.3, 5.0):
        state.apply(5.0, event)
    assert len(state.in_cell) == 24
    assert {rack.depth[rack.index[c]] for c in state.in_cell} == {2}
    loads, more = look_up(state, 'fan', '', '', '', 5)
    assert (len(loads), more) == (5, True)
    assert look_up(state, '', '', loads[0].id, 'other', 5) == ([], False)
    assert len(look_up(state, '', '', '', '', 100)[0]) == 24


def test_simulated_cranes_remember(tmp_path):
    rack = load_rack(written(tmp_path, GOOD))
    path = tmp_path / 'cranes.json'
    end = SimEnd(rack, path)
    end.set_down('wh1_in_1', 'l')
    step = Step('wh1:1', StepKind.PICK, Place(PlaceKind.PORT, 'wh1_in_1'), 'l', 0.0, 0.0)
    assert end.obey(SendStep('wh1', step), 1.0) is None
    assert SimEnd(rack, path).floor.status('wh1').running == 'wh1:1'
    (report,) = end.advance(50.0)
    again = SimEnd(rack, path)
    assert (report.outcome, again.floor.cranes['wh1'].load_id) == (Outcome.DONE, 'l')
    assert again.obey(SendStep('wh1', step), 60.0) == report  # known: not done twice
    path.write_text('{"cells": 3}')
    with pytest.raises(StoreError, match='damaged'):
        SimEnd(rack, path)


@pytest.mark.parametrize('bad', [{'hold': 9e9}, {'window': 0}, {'patience': 0.0}])
def test_settings_that_contradict_are_refused(bad):
    with pytest.raises(SettingError):
        Settings(**bad)


def test_an_event_survives_its_record():
    event = ev.CyclePlanned('a', (Job(JobKind.MOVE, x=1.0, y=2.0),))
    name, body = ev.to_record(event)
    assert ev.from_record(name, body) == event
