# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The checker finds every planted fault and recomputes the figures."""

import numpy as np
import pytest
from linehaul_traffic.checker import Rule, check_plan

OPEN = np.ones((3, 4), bool)
STARTS = [(0, 0), (3, 2)]
GOALS = [(2, 0), (3, 0)]
PATHS = [[(0, 0), (1, 0), (2, 0)], [(3, 2), (3, 2), (3, 1), (3, 0), (3, 0)]]


def rules(verdict):
    return [fault.rule for fault in verdict.faults]


def test_a_good_plan_passes_with_its_figures():
    verdict = check_plan(OPEN, STARTS, GOALS, PATHS)
    assert verdict.valid
    assert (verdict.sum_of_costs, verdict.makespan, verdict.lower_bound) == (5, 3, 4)


def test_leaving_the_goal_again_counts_until_the_last_return():
    paths = [[(0, 0), (1, 0), (0, 0), (0, 0)]]
    verdict = check_plan(OPEN, [(0, 0)], [(0, 0)], paths)
    assert verdict.valid
    assert (verdict.sum_of_costs, verdict.lower_bound) == (2, 0)


@pytest.mark.parametrize(
    ('agent', 'path', 'rule'),
    [
        (0, [(1, 0), (2, 0)], Rule.START),
        (0, [(0, 0), (1, 0)], Rule.GOAL),
        (0, [(0, 0), (2, 0)], Rule.ARC),
        (0, [(0, 0), (1, 1), (1, 0), (2, 0)], Rule.ARC),
        (0, [(0, 0), (0, -1), (0, 0), (1, 0), (2, 0)], Rule.FREE),
        (0, [], Rule.SHAPE),
        (1, [(3, 2), (2, 2), (2, 1), (2, 0), (3, 0)], Rule.VERTEX),
    ],
)
def test_a_planted_fault_is_found(agent, path, rule):
    paths = [list(p) for p in PATHS]
    paths[agent] = path
    assert rule in rules(check_plan(OPEN, STARTS, GOALS, paths))


def test_a_blocked_cell_is_found():
    free = OPEN.copy()
    free[0, 1] = False
    assert rules(check_plan(free, STARTS, GOALS, PATHS)) == [Rule.FREE]


def test_a_swap_is_found_once():
    verdict = check_plan(
        OPEN, [(0, 0), (1, 0)], [(1, 0), (0, 0)], [[(0, 0), (1, 0)], [(1, 0), (0, 0)]]
    )
    assert rules(verdict) == [Rule.SWAP]
    assert verdict.faults[0].agents == (0, 1)


def test_a_parked_agent_still_occupies_its_cell():
    paths = [[(0, 0), (1, 0)], [(0, 1), (0, 1), (1, 1), (1, 0), (2, 0)]]
    verdict = check_plan(OPEN, [(0, 0), (0, 1)], [(1, 0), (2, 0)], paths)
    assert [(f.rule, f.step, f.cell) for f in verdict.faults] == [(Rule.VERTEX, 3, (1, 0))]


def test_following_and_rings_are_faults_only_when_forbidden():
    cells = [(0, 0), (1, 0), (1, 1), (0, 1)]
    paths = [[cells[k], cells[(k + 1) % 4]] for k in range(4)]
    goals = [path[-1] for path in paths]
    assert check_plan(OPEN, cells, goals, paths).valid
    verdict = check_plan(OPEN, cells, goals, paths, forbid_following=True, forbid_rings=True)
    assert (verdict.followings, verdict.rings) == (4, 1)
    assert rules(verdict) == [Rule.FOLLOWING] * 4 + [Rule.RING]


def test_a_missing_path_is_found():
    assert rules(check_plan(OPEN, STARTS, GOALS, PATHS[:1])) == [Rule.SHAPE]


def test_an_unreachable_goal_has_no_bound():
    free = OPEN.copy()
    free[:, 1] = False
    assert check_plan(free, [(0, 0)], [(2, 0)], [[(0, 0)]]).lower_bound == -1
