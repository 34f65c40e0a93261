# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Plans on grids as runs: paths of a one-shot plan, actions of a lifelong run."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from linehaul_traffic.errors import InputError
from linehaul_traffic.replay import cli
from linehaul_traffic.replay.from_grid import grid_run, rectangles
from linehaul_traffic.replay.run import Mood

MAP = 'type octile\nheight 3\nwidth 5\nmap\n.....\n.@@..\n.....\n'


@pytest.fixture
def map_file(tmp_path):
    path = tmp_path / 'small.map'
    path.write_text(MAP)
    return path


@settings(max_examples=60)
@given(arrays(np.bool_, st.tuples(st.integers(1, 8), st.integers(1, 8))))
def test_rectangles_cover_the_cells_once(cells):
    count = np.zeros(cells.shape, int)
    for x, y, width, height in rectangles(cells):
        count[y : y + height, x : x + width] += 1
    assert (count == cells).all()


def test_a_one_shot_plan(map_file):
    paths = [[[0, 0], [1, 0], [2, 0], [2, 0]], [[4, 2]], [[4, 0], [4, 0], [4, 1]]]
    run = grid_run({'paths': paths, 'sum_of_costs': 4, 'lower_bound': 3}, map_file, None)
    assert (run.begin, run.end, run.ahead) == (0.0, 3.0, True)
    assert 'sum of costs 4, 1.333 of the lower bound' in run.facts
    first, still, late = run.actors
    assert first.track.at(1.5)[:2].tolist() == [1.5, 0.0]
    assert [state.time for state in first.states] == [0.0, 2.0]
    assert first.state(1.9).mood is Mood.EMPTY
    assert first.state(2.0).mood is Mood.IDLE
    assert first.state(0.0).goal_xy == (2.0, 0.0)
    assert still.state(0.0).mood is Mood.IDLE
    assert late.track.at(1.0)[:2].tolist() == [4.0, 0.0]


LIFE = {
    'actions': ['FRFWW', 'WWWWW'],
    'turning': True,
    'starts': [[3, 0], [0, 2]],
    'goals': [[[4, 0], [4, 1], [0, 0]], [[3, 2]]],
    'tasks_finished': 2,
}


def test_a_lifelong_run_with_turning(map_file):
    run = grid_run(LIFE, map_file, None)
    vehicle, waits = run.actors
    assert vehicle.track.at([0.0, 1.0, 2.0, 3.0])[:, :2].tolist() == [
        [3, 0],
        [4, 0],
        [4, 0],
        [4, 1],
    ]
    assert vehicle.track.at(2.0)[2] == pytest.approx(np.pi / 2)
    goals = [(state.time, state.goal_xy) for state in vehicle.states]
    assert goals == [(0, (4, 0)), (1, (4, 1)), (3, (0, 0))]
    assert waits.states[0].goal_xy == (3, 2)
    assert run.delivered == ((1.0, 1), (3.0, 2))
    assert '2 tasks, 0.40 a step' in run.facts


def test_a_lifelong_run_without_turning(map_file):
    sliding = LIFE | {'turning': False, 'actions': ['RDLWW', 'UWWWW']}
    vehicle = grid_run(sliding, map_file, None).actors[0]
    assert vehicle.track.at(2.0)[:2].tolist() == [4.0, 1.0]
    assert (vehicle.track.pose[:, 2] == 0).all()


def write_problem(folder, map_file):
    """Write a League of Robot Runners problem of 2 robots and 3 tasks dealt round robin."""
    (folder / 'a.agents').write_text('2\n3\n10\n')
    (folder / 'a.tasks').write_text('3\n4\n13\n9\n')
    problem = {
        'mapFile': map_file.name, 'agentFile': 'a.agents', 'taskFile': 'a.tasks',
        'teamSize': 2, 'taskAssignmentStrategy': 'roundrobin', 'numTasksReveal': 1,
    }  # fmt: skip
    path = folder / 'small.json'
    path.write_text(json.dumps(problem))
    return path


def test_a_league_problem_gives_starts_and_goals(tmp_path, map_file):
    problem = write_problem(tmp_path, map_file)
    result = {k: LIFE[k] for k in ('actions', 'turning')} | {'dealt': [[0, 2, 4], [1]]}
    run = grid_run(result, None, problem)
    goals = [(state.time, state.goal_xy) for state in run.actors[0].states]
    assert goals == [(0, (4, 0)), (1, (4, 1)), (3, (3, 2))]
    assert run.actors[1].states[0].goal_xy == (3, 2)


@pytest.mark.parametrize(
    ('plan', 'says'),
    [
        ({}, 'nothing to show'),
        ({'paths': [[[0, 0], [9, 9]]]}, 'leaves the 5 x 3 map'),
        ({'paths': [[[-1, 0]]]}, 'leaves'),
        ({'paths': [[]]}, r'paths\[0\]'),
        ({'paths': [[[0, 0]], [[0, 0], [0]]]}, r'paths\[1\]'),
        ({'paths': [[['a', 0]]]}, r'paths\[0\]'),
        (LIFE | {'actions': ['FRF', 'WW']}, 'cannot be driven'),
        (LIFE | {'actions': ['FRX', 'WWW']}, 'unknown actions'),
        (LIFE | {'goals': [[[0, 0]]]}, 'other agents'),
        ({'actions': ['W'], 'turning': True}, 'lifelong run|cannot be read|wanted'),
    ],
)
def test_what_is_no_plan_is_refused(map_file, plan, says):
    with pytest.raises(InputError, match=says):
        grid_run(plan, map_file, None)


def test_paths_need_a_map(tmp_path, capsys):
    path = tmp_path / 'plan.json'
    path.write_text(json.dumps({'paths': [[[0, 0]]]}))
    assert cli.main(['draw', str(path), '--out', str(tmp_path / 'x.html')]) == 2
    assert '--map' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('ending', 'first'), [('.html', b'<!doctype html>'), ('.svg', b'<svg '), ('.png', b'\x89PNG')]
)
def test_the_command_line_draws_a_plan(tmp_path, map_file, ending, first):
    path, out = tmp_path / 'life.json', tmp_path / f'life{ending}'
    path.write_text(json.dumps(LIFE))
    words = ['draw', str(path), '--map', str(map_file), '--out', str(out)]
    assert cli.main(words) == 0
    assert out.read_bytes().startswith(first)
