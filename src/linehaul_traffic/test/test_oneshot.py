# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""One-shot planning against exhaustive search, the checker, and broken input."""

import itertools
from collections import deque
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_traffic.checker import check_plan
from linehaul_traffic.errors import InstanceError
from linehaul_traffic.grid import goal_rows, grid_from_cells, read_map, read_scen
from linehaul_traffic.lacam import Outcome
from linehaul_traffic.oneshot import plan_once

DATA = Path(__file__).resolve().parents[4] / 'shared' / 'data' / 'mapf' / 'movingai'
FAR = 60.0


@pytest.fixture(scope='module', autouse=True)
def compiled():
    grid = grid_from_cells(np.ones((3, 3), bool))
    plan_once(grid, [0, 1, 2], [2, 1, 0], 600.0, threads=1, max_rounds=1)


@st.composite
def small_instances(draw):
    height, width = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    cells = draw(st.lists(st.booleans(), min_size=height * width, max_size=height * width))
    free = np.array(cells, bool).reshape(height, width)
    free[0, :2] = True
    grid = grid_from_cells(free)
    agents = draw(st.integers(1, min(3, grid.size)))
    starts = draw(st.permutations(range(grid.size)))[:agents]
    goals = draw(st.permutations(range(grid.size)))[:agents]
    return grid, starts, goals


def neighbours(grid, node):
    return [*grid.nbr[grid.indptr[node] : grid.indptr[node + 1]].tolist(), node]


def is_solvable(grid, starts, goals):
    """Search all configurations breadth first."""
    first, last = tuple(starts), tuple(goals)
    seen = {first}
    queue = deque([first])
    while queue:
        here = queue.popleft()
        if here == last:
            return True
        for there in itertools.product(*(neighbours(grid, node) for node in here)):
            if there in seen or len(set(there)) < len(there):
                continue
            moves = {(a, b) for a, b in zip(here, there, strict=True) if a != b}
            if any((b, a) in moves for a, b in moves):
                continue
            seen.add(there)
            queue.append(there)
    return False


def verdict_of(grid, starts, goals, plan):
    paths = grid.xy[plan.paths].tolist()
    return check_plan(
        grid.free, grid.xy[list(starts)].tolist(), grid.xy[list(goals)].tolist(), paths
    )


@settings(max_examples=80, deadline=None)
@given(small_instances(), st.integers(0, 3))
def test_it_finds_a_plan_exactly_when_there_is_one(instance, seed):
    grid, starts, goals = instance
    plan = plan_once(grid, starts, goals, FAR, seed, threads=1, max_rounds=1)
    if plan.outcome is Outcome.OUT_OF_TIME:
        plan = plan_once(grid, starts, goals, FAR, seed, threads=1, max_rounds=200)
    assert plan.solved == is_solvable(grid, starts, goals)
    if plan.solved:
        verdict = verdict_of(grid, starts, goals, plan)
        assert verdict.faults == ()
        assert verdict.sum_of_costs == plan.sum_of_costs
        assert verdict.makespan == plan.makespan
        assert verdict.lower_bound == plan.lower_bound
    else:
        assert plan.outcome is Outcome.UNSOLVABLE


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 30), st.integers(1, 2))
def test_plans_of_random_teams_are_valid(seed, agents, threads):
    rng = np.random.default_rng(seed)
    grid = grid_from_cells(rng.random((9, 9)) > 0.15)
    rows = goal_rows(grid, [0])
    nodes = np.nonzero(rows[0] < grid.size)[0]
    agents = min(agents, len(nodes) // 2)
    starts = rng.permutation(nodes)[:agents]
    goals = rng.permutation(nodes)[:agents]
    plan = plan_once(grid, starts, goals, FAR, seed, threads=threads, max_rounds=2)
    if plan.outcome is not Outcome.FOUND:
        return
    verdict = verdict_of(grid, starts, goals, plan)
    assert verdict.faults == ()
    assert verdict.sum_of_costs == plan.sum_of_costs


def test_two_in_a_one_lane_aisle_change_places_in_a_bay():
    free = np.zeros((2, 7), bool)
    free[0] = True
    free[1, 3] = True
    grid = grid_from_cells(free)
    plan = plan_once(grid, [0, 6], [6, 0], FAR, threads=1, max_rounds=5)
    assert plan.solved
    assert verdict_of(grid, [0, 6], [6, 0], plan).valid
    assert plan.sum_of_costs <= 12 + 6


def test_a_swap_without_a_bay_is_proved_unsolvable():
    grid = grid_from_cells(np.ones((1, 5), bool))
    plan = plan_once(grid, [0, 4], [4, 0], FAR, threads=1, max_rounds=200)
    assert plan.outcome is Outcome.UNSOLVABLE


def test_one_way_arcs_are_respected():
    class Ring:
        indptr = np.arange(6, dtype=np.int32)
        nbr = np.array([1, 2, 3, 4, 0], np.int32)

    plan = plan_once(Ring(), [0, 1], [4, 0], FAR, threads=1, max_rounds=3)
    assert plan.solved
    steps = np.diff(plan.paths, axis=1) % 5
    assert set(np.unique(steps)) <= {0, 1}
    assert plan.sum_of_costs == plan.lower_bound == 8


def test_equal_seeds_give_equal_plans():
    rng = np.random.default_rng(3)
    grid = grid_from_cells(np.ones((8, 8), bool))
    starts, goals = rng.permutation(64)[:30], rng.permutation(64)[:30]
    one, two = (
        plan_once(grid, starts, goals, FAR, 5, threads=threads, max_rounds=2) for threads in (1, 2)
    )
    assert np.array_equal(one.paths, two.paths)


def test_refinement_comes_close_to_the_bound_on_an_open_floor():
    rng = np.random.default_rng(4)
    grid = grid_from_cells(np.ones((12, 12), bool))
    starts, goals = rng.permutation(144)[:30], rng.permutation(144)[:30]
    plan = plan_once(grid, starts, goals, FAR, 0, threads=1, max_rounds=4)
    assert plan.sum_of_costs <= 1.05 * plan.lower_bound


def test_no_agents_and_agents_at_home_need_no_steps():
    grid = grid_from_cells(np.ones((2, 2), bool))
    assert plan_once(grid, [], [], FAR).sum_of_costs == 0
    plan = plan_once(grid, [1, 2], [1, 2], FAR)
    assert (plan.sum_of_costs, plan.makespan, plan.paths.shape) == (0, 0, (2, 1))


def test_an_unreachable_goal_is_refused():
    grid = grid_from_cells(np.array([[1, 0, 1]], bool))
    plan = plan_once(grid, [0], [1], FAR)
    assert plan.outcome is Outcome.UNSOLVABLE
    assert plan.lower_bound == -1


@pytest.mark.parametrize(
    ('starts', 'goals', 'wanted'),
    [
        ([0, 0], [1, 2], 'share node 0'),
        ([0, 1], [2, 2], 'share node 2'),
        ([0], [1, 2], '1 starts but 2 goals'),
        ([0, 9], [1, 2], r'starts\[1\] = 9 is not a node'),
        ([-1], [1], 'is not a node'),
        ([0.5], [1], 'must be a row of node numbers'),
    ],
)
def test_broken_input_is_named(starts, goals, wanted):
    grid = grid_from_cells(np.ones((2, 2), bool))
    with pytest.raises(InstanceError, match=wanted):
        plan_once(grid, starts, goals, FAR)


@pytest.mark.parametrize(
    ('name', 'agents'),
    [('room-32-32-4', 100), ('random-32-32-20', 200), ('warehouse-10-20-10-2-1', 200)],
)
def test_public_instances(name, agents):
    if not DATA.exists():
        pytest.skip(f'public instances are not at {DATA}')
    grid = read_map(DATA / 'maps' / f'{name}.map')
    starts, goals = (
        grid.nodes_at(xy[:agents]) for xy in read_scen(DATA / 'scen' / f'{name}-random-1.scen')
    )
    plan = plan_once(grid, starts, goals, FAR, 0, threads=1, max_rounds=4)
    assert plan.solved
    assert verdict_of(grid, starts, goals, plan).faults == ()
    assert plan.sum_of_costs < 1.6 * plan.lower_bound
