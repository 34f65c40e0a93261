# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The memory of simulated cranes: after any end of the process they are where they were."""

import pytest
from linehaul_warehouse.crane_end import SendStep
from linehaul_warehouse.errors import StoreError
from linehaul_warehouse.model import Place, PlaceKind, Step, StepKind
from linehaul_warehouse.rack import uniform_rack
from linehaul_warehouse.sim_end import SimEnd
from linehaul_warehouse.state import State
from linehaul_warehouse.travel import Drive

from linehaul_warehouse import sim_end

RACK = uniform_rack('wh', 2, 4, 4, Drive(3.0, 0.75, 0.5, 0.5))


def step(number, kind, place, load='l'):
    return SendStep('a1', Step(f'a1:{number}', kind, place, load, 1.0, 1.0))


@pytest.mark.parametrize('most', [1, 3, 2000])
def test_what_was_done_is_there_again(tmp_path, monkeypatch, most):
    monkeypatch.setattr(sim_end, 'MOST_LINES', most)
    path = tmp_path / 'cranes.json'
    end = SimEnd(RACK, path)
    assert end.new
    end.begin(State(RACK))
    end.set_down('a1_in_1', 'l')
    cell, port = Place(PlaceKind.CELL, RACK.ids[0]), Place(PlaceKind.PORT, 'a1_in_1')
    out = Place(PlaceKind.PORT, 'a1_out_1')
    moves = [(StepKind.PICK, port), (StepKind.DROP, cell), (StepKind.PICK, cell)]
    for number, (kind, place) in enumerate([*moves, (StepKind.DROP, out)], 1):
        end.obey(step(number, kind, place), 100.0 * number)
        again = SimEnd(RACK, path)
        assert not again.new
        assert again.floor == end.floor
        (report,) = end.advance(100.0 * number + 50.0)
        again = SimEnd(RACK, path)
        assert again.floor == end.floor
        assert again.floor.send('a1', step(number, kind, place).step, 0.0) == report
    assert end.at(RACK.ports['a1_out_1'].flow) == [('a1_out_1', 'l')]
    end.taken('a1_out_1', 'l')
    assert SimEnd(RACK, path).floor == end.floor


def test_a_line_that_was_torn_was_never_heard_of(tmp_path):
    path = tmp_path / 'cranes.json'
    end = SimEnd(RACK, path)
    end.begin(State(RACK))
    end.set_down('a1_in_1', 'first')
    log = tmp_path / 'cranes.log'
    with log.open('ab') as file:
        file.write(b'{"ports":{"a1_in_1":["first","sec')
    again = SimEnd(RACK, path)
    assert again.floor == end.floor
    again.set_down('a1_in_1', 'third')
    assert SimEnd(RACK, path).floor.ports['a1_in_1'] == ['first', 'third']


def test_a_damaged_file_is_told(tmp_path):
    path = tmp_path / 'cranes.json'
    SimEnd(RACK, path).begin(State(RACK))
    path.write_bytes(b'{"cells": 7}')
    with pytest.raises(StoreError, match='damaged'):
        SimEnd(RACK, path)
