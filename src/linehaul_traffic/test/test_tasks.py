# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Task rules, problem files and the checker of action strings."""

import json

import numpy as np
import pytest
from linehaul_traffic.errors import InstanceError, MapError
from linehaul_traffic.grid import grid_from_cells
from linehaul_traffic.lifelong_checker import check, count, drive, main
from linehaul_traffic.tasks import (
    IN_ORDER,
    ROUND_ROBIN,
    ROUND_ROBIN_ONCE,
    DealtTasks,
    OwnTasks,
    TaskPool,
    largest_part,
    random_starts,
    read_problem,
)

OPEN = np.ones((3, 4), dtype=np.bool_)
NOWHERE = np.zeros(2, dtype=np.int32)


def write_problem(folder, **changes):
    (folder / 'm.map').write_text('type octile\nheight 2\nwidth 3\nmap\n...\n.@.\n')
    (folder / 'a.agents').write_text('# starts\n2\n0\n2\n')
    (folder / 't.tasks').write_text('3\n5\n3\n1\n')
    fields = {
        'mapFile': 'm.map', 'agentFile': 'a.agents', 'taskFile': 't.tasks',
        'teamSize': 2, 'numTasksReveal': 1, 'taskAssignmentStrategy': 'roundrobin',
    }  # fmt: skip
    fields |= changes
    path = folder / 'p.json'
    path.write_text(json.dumps({key: v for key, v in fields.items() if v is not None}))
    return path


def test_round_robin_gives_vehicle_v_task_kn_plus_v_for_ever():
    tasks = DealtTasks(np.array([10, 11, 12]), 2, ROUND_ROBIN)
    assert list(tasks.first(NOWHERE)) == [10, 11]
    assert tasks.arrive(1, NOWHERE) == (10, True)
    assert tasks.arrive(1, NOWHERE) == (12, True)
    assert tasks.arrive(0, NOWHERE) == (12, True)
    assert tasks.dealt == [[0, 2], [1, 3, 5]]


def test_round_robin_once_and_in_order_end():
    once = DealtTasks(np.array([10, 11, 12]), 2, ROUND_ROBIN_ONCE)
    once.first(NOWHERE)
    assert once.arrive(1, NOWHERE) == (-1, True)
    assert once.arrive(0, NOWHERE) == (12, True)
    order = DealtTasks(np.array([10, 11, 12]), 2, IN_ORDER)
    order.first(NOWHERE)
    assert order.arrive(1, NOWHERE) == (12, True)
    assert order.arrive(0, NOWHERE) == (-1, True)


def test_a_pool_gives_the_nearest_revealed_task_and_its_errands_in_turn():
    grid = grid_from_cells(np.ones((1, 9), dtype=np.bool_))
    tasks = TaskPool(grid, ((8, 1), (3, 0), (4,)), 1, 2.0)
    place = np.array([0], dtype=np.int32)
    assert list(tasks.first(place)) == [3]
    assert tasks.arrive(0, place) == (0, False)
    assert tasks.arrive(0, place) == (4, True)
    assert tasks.arrive(0, place) == (8, True)
    assert tasks.dealt == [[1, 2, 0]]


def test_own_goals_depend_on_the_seed_alone_and_never_repeat_at_once():
    places, starts = np.arange(3), np.array([0, 1])
    one, two = OwnTasks(places, starts, 7), OwnTasks(places, starts, 7)
    one.first(starts)
    two.first(starts)
    for v in (0, 1, 1, 0, 0):
        one.arrive(v, starts)
    for v in (0, 0, 0, 1, 1):
        two.arrive(v, starts)
    assert one.dealt == two.dealt
    for start, row in zip(starts, one.dealt, strict=True):
        assert all(a != b for a, b in zip([start, *row], row, strict=False))


def test_starts_lie_in_the_largest_part():
    cells = np.ones((3, 8), dtype=np.bool_)
    cells[:, 2] = False
    grid = grid_from_cells(cells)
    starts, part = random_starts(grid, 15, 1)
    assert len(part) == 15
    assert set(starts) == set(part) == set(largest_part(grid))
    with pytest.raises(InstanceError, match='16 vehicles'):
        random_starts(grid, 16, 1)


def test_a_problem_is_read(tmp_path):
    problem = read_problem(write_problem(tmp_path))
    assert list(problem.starts) == [0, 2]
    assert problem.errands == ((4,), (3,), (1,))
    assert list(problem.tasks().first(NOWHERE)) == [4, 3]


def test_a_problem_without_a_rule_is_a_pool_of_errands(tmp_path):
    path = write_problem(tmp_path, taskAssignmentStrategy=None, numTasksReveal=1.5)
    (tmp_path / 't.tasks').write_text('# of 2024\n2\n5,3\n1\n')
    problem = read_problem(path)
    assert problem.errands == ((4, 3), (1,))
    assert isinstance(problem.tasks(), TaskPool)


@pytest.mark.parametrize(
    ('file', 'text', 'message'),
    [
        ('a.agents', '2\n0\n4\n', 'cell 4 is blocked'),
        ('a.agents', '2\n0\n6\n', 'cell 6 is off'),
        ('a.agents', '2\n0\n0\n', 'teamSize'),
        ('a.agents', '1\n0\n', 'teamSize'),
        ('t.tasks', '3\n5\n', 'says 3 lines, has 1'),
        ('t.tasks', 'x', 'wanted a count'),
        ('t.tasks', '1\n5,3\n', 'several errands'),
        ('p.json', '{"mapFile": 3}', 'wanted mapFile'),
        ('p.json', 'no json', 'wanted mapFile'),
    ],
)
def test_wrong_problem_files_are_refused(tmp_path, file, text, message):
    path = write_problem(tmp_path)
    (tmp_path / file).write_text(text)
    with pytest.raises(InstanceError, match=message):
        read_problem(path)


def test_missing_files_and_unknown_rules_are_refused(tmp_path):
    with pytest.raises(InstanceError, match='unknown taskAssignmentStrategy'):
        read_problem(write_problem(tmp_path, taskAssignmentStrategy='best'))
    with pytest.raises(MapError, match='cannot be read'):
        read_problem(write_problem(tmp_path, mapFile='none.map'))


@pytest.mark.parametrize(
    ('starts', 'actions', 'fault'),
    [
        ([(0, 0), (2, 0)], ['FW', 'WF'], None),
        ([(0, 0), (1, 0)], ['F', 'W'], 'share a cell'),
        ([(0, 0), (1, 0)], ['F', 'F'], None),
        ([(3, 0), (0, 0)], ['F', 'W'], 'enters blocked'),
        ([(0, 0), (2, 2)], ['CF', 'WW'], 'enters blocked'),
        ([(0, 0), (1, 0)], ['WWF', 'RRF'], 'change cells'),
        ([(0, 0), (1, 0)], ['F', 'X'], 'unknown actions'),
        ([(0, 0), (1, 0)], ['F', 'FF'], 'lengths'),
        ([(0, 0), (1, 0)], ['F'], '1 action strings'),
    ],
)
def test_the_checker_finds_planted_faults(starts, actions, fault):
    faults = drive(OPEN, np.array(starts), actions, turning=True)[1]
    assert (faults == []) if fault is None else any(fault in found for found in faults)


def test_the_checker_finds_sliding_swaps_and_rings_are_allowed():
    assert drive(OPEN, np.array([(0, 0), (1, 0)]), ['R', 'L'], turning=False)[1]
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    assert drive(OPEN, square, ['R', 'D', 'L', 'U'], turning=False)[1] == []


def test_the_checker_counts_tasks_and_ages():
    trail = np.array([[(0, 0)], [(1, 0)], [(1, 0)], [(2, 0)], [(2, 0)], [(2, 0)]])
    assert count(trail, [[[(1, 0)], [(2, 0)], [(0, 0)]]]) == (2, 2)
    assert count(trail, [[[(1, 0), (2, 0)], [(0, 0)]]]) == (1, 3)
    assert count(trail, [[[(3, 0)]]]) == (0, 5)


def test_the_checker_reads_results_and_finds_false_counts(tmp_path, capsys):
    problem = write_problem(tmp_path)
    result = {
        'steps': 3, 'turning': True, 'actions': ['FFR', 'RRW'],
        'tasks_finished': 0, 'longest_task_age': 3,
    }  # fmt: skip
    assert any('share a cell' in fault for fault in check(result, problem, None).faults)
    result['actions'] = ['WWW', 'RFW']
    assert check(result, problem, None).faults == ()
    result['tasks_finished'] = 1
    path = tmp_path / 'r.json'
    path.write_text(json.dumps(result))
    assert main([str(path), '--problem', str(problem)]) == 1
    assert 'tasks_finished is given as 1, found 0' in capsys.readouterr().out
    assert main([str(path)]) == 2
