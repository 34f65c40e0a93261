# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Map and scenario readers, bit rows, the plan command and its pictures."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_traffic.bits import last_one, last_zero, next_one, next_zero, take
from linehaul_traffic.checker import check_plan
from linehaul_traffic.errors import InstanceError, MapError, ScenarioError
from linehaul_traffic.grid import UNREACHABLE, goal_rows, read_map, read_scen

from linehaul_traffic import plan as command

MAP = 'type octile\nheight 3\nwidth 5\nmap\n.....\n.@@@.\n..G.@\n'
SCEN = 'version 1\n0\tm.map\t5\t3\t0\t0\t3\t2\t5\n0\tm.map\t5\t3\t3\t2\t0\t0\t5\n'


@pytest.fixture
def files(tmp_path):
    (tmp_path / 'm.map').write_text(MAP)
    (tmp_path / 'm.scen').write_text(SCEN)
    return tmp_path / 'm.map', tmp_path / 'm.scen'


def test_map_and_scenario_are_read(files):
    grid = read_map(files[0])
    starts, goals = read_scen(files[1])
    assert (grid.width, grid.height, grid.size) == (5, 3, 11)
    assert starts.tolist() == goals[::-1].tolist() == [[0, 0], [3, 2]]
    row = goal_rows(grid, grid.nodes_at([(0, 0)]))[0]
    assert row[grid.nodes_at([(3, 2), (4, 1)])].tolist() == [5, 5]


def test_what_cannot_be_reached_says_so(tmp_path):
    (tmp_path / 'm.map').write_text('type octile\nheight 1\nwidth 3\nmap\n.@.\n')
    assert goal_rows(read_map(tmp_path / 'm.map'), [0]).tolist() == [[0, UNREACHABLE]]


@pytest.mark.parametrize(
    ('text', 'wanted'),
    [
        ('type octile\nheight 3\nmap\n', 'wanted the lines'),
        (MAP.replace('height 3', 'height 4'), 'header says 4 rows, found 3'),
        (MAP.replace('.@@@.', '.@@@'), 'row 1 has 4 cells'),
        (MAP.replace('.@@@.', '.@x@.'), 'unknown cells'),
        (MAP.replace('width 5', 'width five'), 'wanted the lines'),
    ],
)
def test_a_broken_map_is_named(tmp_path, text, wanted):
    (tmp_path / 'm.map').write_text(text)
    with pytest.raises(MapError, match=wanted):
        read_map(tmp_path / 'm.map')


@pytest.mark.parametrize('text', ['', 'version 1\n1\t2\n', SCEN.replace('\t3\t2\t', '\tx\t2\t')])
def test_a_broken_scenario_is_named(tmp_path, text):
    (tmp_path / 'm.scen').write_text(text)
    with pytest.raises(ScenarioError, match=r'm\.scen'):
        read_scen(tmp_path / 'm.scen')


def test_cells_off_the_map_or_blocked_are_refused(files):
    grid = read_map(files[0])
    with pytest.raises(InstanceError, match='off the'):
        grid.nodes_at([(5, 0)])
    with pytest.raises(InstanceError, match='blocked'):
        grid.nodes_at([(1, 1)])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3), st.sets(st.integers(0, 191)), st.integers(0, 191))
def test_bit_rows_find_what_a_walk_finds(words, taken, t):
    end = 64 * words
    taken = {step for step in taken if step < end}
    t %= end
    rows = np.zeros((2, words), np.uint64)
    for step in taken:
        take(rows, 1, step)
    later, earlier = range(t, end), range(t, -1, -1)
    assert next_one(rows, 1, t) == next((s for s in later if s in taken), end)
    assert next_zero(rows, 1, t) == next((s for s in later if s not in taken), end)
    assert last_one(rows, 1, t) == next((s for s in earlier if s in taken), -1)
    assert last_zero(rows, 1, t) == next((s for s in earlier if s not in taken), -1)


@pytest.mark.parametrize('ending', ['html', 'svg'])
def test_the_command_writes_a_valid_plan_and_a_picture(files, tmp_path, ending):
    out, picture = tmp_path / 'out.json', tmp_path / f'plan.{ending}'
    arguments = ['--map', files[0], '--scen', files[1], '--agents', 1, '--seconds', 0.2]
    arguments += ['--out', out, '--picture', picture]
    assert command.main([str(argument) for argument in arguments]) == 0
    paths = json.loads(out.read_text())['paths']
    assert check_plan(read_map(files[0]).free, [(0, 0)], [(3, 2)], paths).valid
    assert '#555' in picture.read_text()


@pytest.mark.parametrize('extra', [['--agents', '3'], ['--agents', '1', '--picture', 'p.gif']])
def test_the_command_refuses_wrong_input(files, capsys, extra):
    assert command.main(['--map', str(files[0]), '--scen', str(files[1]), *extra]) == 2
    assert 'error:' in capsys.readouterr().err
