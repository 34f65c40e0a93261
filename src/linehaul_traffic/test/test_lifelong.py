# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The lifelong planner: what must always hold, watched by the independent checker."""

import itertools

import numpy as np
import pytest
from linehaul_traffic.errors import InstanceError
from linehaul_traffic.grid import grid_from_cells
from linehaul_traffic.guidance import (
    UNIT,
    UNREACHED,
    Prices,
    fill_row,
    make_flow,
    make_queue,
    make_rows,
    recount,
    renew_rows,
)
from linehaul_traffic.lifelong import PLAIN, Budget, Planner, Settings
from linehaul_traffic.lifelong_checker import count, drive
from linehaul_traffic.lifelong_run import run
from linehaul_traffic.operations import build_operations
from linehaul_traffic.plain import PlainPlanner
from linehaul_traffic.posegraph import grid_poses
from linehaul_traffic.tasks import OwnTasks, random_starts

from linehaul_traffic import epibt

EXACT = Budget(rows=4, chains=40)


def random_grid(seed, width=9, height=7, blocked=0.2):
    return grid_from_cells(np.random.default_rng(seed).random((height, width)) >= blocked)


def drive_randomly(grid, vehicles, steps, seed, *, turning=True, settings=None, plain=False):
    starts, part = random_starts(grid, vehicles, seed)
    tasks = OwnTasks(part, starts, seed)
    if plain:
        planner = PlainPlanner(grid, vehicles)
    else:
        planner = Planner(grid_poses(grid, turning=turning), vehicles, settings, seed)
    record = run(planner, tasks, starts, steps, lambda: EXACT, lambda: 0.0)
    trail, faults = drive(grid.free, grid.xy[starts].astype(int), record.actions, turning=turning)
    lists = [[[tuple(grid.xy[place])] for place in row] for row in tasks.dealt]
    return record, trail, faults, count(trail, lists)


@pytest.mark.parametrize('seed', range(8))
@pytest.mark.parametrize('turning', [True, False])
def test_every_rule_is_kept_on_random_maps(seed, turning):
    grid = random_grid(seed)
    vehicles = [1, 4, 12, 25][seed % 4]
    settings = Settings(depth=3)
    record, _, faults, counted = drive_randomly(
        grid, vehicles, 60, seed, turning=turning, settings=settings
    )
    assert faults == []
    assert counted == (record.finished.sum(), record.longest_age)
    assert record.finished.sum() > 0


def test_plain_pibt_keeps_every_rule():
    record, _, faults, counted = drive_randomly(random_grid(3), 12, 60, 3, plain=True)
    assert faults == []
    assert counted == (record.finished.sum(), record.longest_age)


def test_equal_seeds_and_counts_give_equal_actions():
    first, second = (drive_randomly(random_grid(5), 20, 40, 5)[0] for _ in range(2))
    assert first.actions == second.actions
    assert (first.work == second.work).all()


def test_search_and_guidance_earn_their_keep():
    grid = random_grid(1, 14, 14, 0.15)
    guided = drive_randomly(grid, 60, 150, 1)[0].finished.sum()
    bare = drive_randomly(grid, 60, 150, 1, plain=True)[0].finished.sum()
    assert guided > 1.5 * bare


@pytest.mark.parametrize('vehicles', [10, 45])
def test_nobody_starves_on_a_biconnected_map(vehicles):
    cells = np.ones((8, 8), dtype=np.bool_)
    cells[2:4, 2:6] = cells[5, 3] = False
    settings = Settings(depth=3, patience=10, rescue=20)
    record, _, faults, (_, longest) = drive_randomly(
        grid_from_cells(cells), vehicles, 400, 2, settings=settings
    )
    assert faults == []
    assert longest == record.longest_age
    assert longest <= 20 + vehicles * 3 * 28
    assert longest < 150


def test_the_leader_of_a_full_floor_still_gets_through():
    grid = grid_from_cells(np.ones((4, 4), dtype=np.bool_))
    settings = Settings(depth=3, patience=5, rescue=10)
    record, _, faults, _ = drive_randomly(grid, 15, 400, 1, settings=settings)
    assert faults == []
    assert record.finished[200:].sum() > 0


def test_operations_of_open_space():
    graph = grid_poses(grid_from_cells(np.ones((9, 9), dtype=np.bool_)))
    for depth, expected in ((3, 17), (4, 48)):
        assert build_operations(graph, depth).widest == expected


def test_operations_are_chains_of_arcs_and_can_be_continued():
    graph = grid_poses(random_grid(4))
    a = graph.arrays
    table = build_operations(graph, 3)
    ops = table.arrays
    for pose in range(graph.poses):
        seen = set()
        for o in range(ops.ptr[pose], ops.ptr[pose + 1]):
            at, places, poses = pose, [], []
            for arc in ops.arcs[o]:
                if arc >= 0:
                    assert a.out_ptr[at] <= arc < a.out_ptr[at + 1]
                    at = a.arc_to[arc]
                places.append(a.place[at])
                poses.append(at)
            assert list(ops.place[o]) == places
            assert ops.end[o] == at
            rest = ops.after[o]
            assert ops.ptr[poses[0]] <= rest < ops.ptr[poses[0] + 1]
            assert list(ops.place[rest]) == [*places[1:], places[-1]]
            assert ops.end[rest] == at
            claims = ops.claim[ops.claim_ptr[o] : ops.claim_ptr[o + 1]]
            assert {t * table.resources + p for t, p in enumerate(places)} <= set(claims)
            seen.add((*places, at))
        assert len(seen) == ops.ptr[pose + 1] - ops.ptr[pose]
        assert (ops.arcs[ops.ptr[pose]] == -1).all()


def test_opposite_drives_claim_the_same_lane():
    graph = grid_poses(grid_from_cells(np.ones((1, 2), dtype=np.bool_)))
    ops = build_operations(graph, 1).arrays
    east, west = 0, 4 + 2
    claims = []
    for pose in (east, west):
        (forward,) = (
            o for o in range(ops.ptr[pose], ops.ptr[pose + 1]) if ops.place[o, 0] != pose // 4
        )
        claims.append(set(ops.claim[ops.claim_ptr[forward] : ops.claim_ptr[forward + 1]]))
    assert len(claims[0] & claims[1]) == 1


def shortest(graph, toll, goal):
    """Cost-to-go by relaxing all arcs until nothing changes."""
    a = graph.arrays
    cost = np.where(a.place == goal, 0, UNREACHED).astype(np.int64)
    source = np.repeat(np.arange(graph.poses), np.diff(a.out_ptr))
    price = a.arc_time * UNIT + np.where(a.arc_lane >= 0, np.append(toll, 0)[a.arc_lane], 0)
    for _ in range(graph.poses):
        better = cost.copy()
        np.minimum.at(better, source, np.minimum(cost[a.arc_to] + price, UNREACHED))
        if (better == cost).all():
            break
        cost = better
    return cost


@pytest.mark.parametrize('seed', range(6))
def test_rows_are_shortest_costs_and_their_paths_lead_to_the_goal(seed):
    random = np.random.default_rng(seed)
    graph = grid_poses(random_grid(seed, 8, 6), turning=seed % 2 == 0)
    a = graph.arrays
    toll = random.integers(0, 400, len(a.lane_to)).astype(np.int32)
    goal, start = random.integers(graph.places), random.integers(graph.poses)
    cost, via = np.empty(graph.poses, np.int32), np.empty(graph.poses, np.int8)
    wanted = shortest(graph, toll, goal)
    fill_row(a, toll, goal, -1, 0, cost, via, make_queue(a))
    assert (cost == wanted).all()
    bound = fill_row(a, toll, goal, start, 50, cost, via, make_queue(a))
    exact = wanted < bound
    assert (cost[exact] == wanted[exact]).all()
    assert (cost >= wanted).all()
    pose = start
    while wanted[start] < UNREACHED and a.place[pose] != goal:
        pose = a.arc_to[a.out_ptr[pose] + via[pose]]
    assert wanted[start] == UNREACHED or a.place[pose] == goal


def test_flow_and_tolls_kept_step_by_step_equal_those_counted_anew():
    graph = grid_poses(random_grid(2))
    a = graph.arrays
    random = np.random.default_rng(2)
    n, prices = 12, Prices(8, 128, 400)
    flow, rows, queue = make_flow(a), make_rows(a, n), make_queue(a)
    pose = random.choice(graph.poses, n).astype(np.int32)
    recount(a, flow, rows, prices, pose)
    for _ in range(4):
        goal = random.integers(0, graph.places, n).astype(np.int32)
        who = random.permutation(n)
        renew_rows(a, flow, rows, prices, who, goal, pose, 10**6, queue)
    kept = [array.copy() for array in flow]
    recount(a, flow, rows, prices, pose)
    assert all((one == two).all() for one, two in zip(kept, flow, strict=True))


@pytest.mark.parametrize('seed', range(5))
def test_chains_leave_a_table_without_clashes_and_never_lower_the_sum(seed):
    random = np.random.default_rng(seed)
    graph = grid_poses(random_grid(seed))
    table = build_operations(graph, 3)
    ops = table.arrays
    n = 20
    place = random.permutation(graph.places)[:n]
    pose = (place * 4 + random.integers(0, 4, n)).astype(np.int32)
    team, chain = epibt.make_team(n, table), epibt.make_chain(n)
    team.first[:] = ops.ptr[pose]
    team.options[:] = ops.ptr[pose + 1] - ops.ptr[pose]
    team.gain[:] = random.integers(-50, 50, team.gain.shape)
    team.rank[:] = random.permutation(n)
    team.weight[:] = random.random(n)
    epibt.sort_options(team)
    assert epibt.place_all(ops, team)

    def total():
        return (team.weight * team.gain[np.arange(n), team.choice]).sum()

    def assert_sound():
        claims = [
            ops.claim[ops.claim_ptr[o] : ops.claim_ptr[o + 1]] for o in team.first + team.choice
        ]
        assert sum(map(len, claims)) == (team.owner >= 0).sum()
        for v, mine in enumerate(claims):
            assert (team.owner[mine] == v).all()
        assert not chain.inside.any()

    epibt.run_pass(ops, team, chain, np.argsort(team.rank).astype(np.int32), 10)
    assert_sound()
    state = np.array([seed + 1], dtype=np.uint64)
    before = total()
    for _ in range(30):
        epibt.improve(ops, team, chain, state, 5, 10)
        assert total() >= before - 1e-4
        before = total()
        assert_sound()


def test_the_first_in_rank_is_never_evicted_and_gets_its_best():
    graph = grid_poses(grid_from_cells(np.ones((5, 5), dtype=np.bool_)))
    planner = Planner(graph, 12, Settings(depth=3, crowd=0, counter=0))
    pose = graph.pose_at(np.arange(12, dtype=np.int32))
    goal = np.full(12, 24, dtype=np.int32)
    planner.plan(pose, goal, Budget(0, 0))
    team = planner.team
    top = int(team.rank.argmin())
    assert team.gain[top, team.choice[top]] == team.gain[top].max()


def test_a_vehicle_put_elsewhere_by_hand_is_planned_from_there():
    grid = random_grid(1)
    graph = grid_poses(grid)
    starts, part = random_starts(grid, 10, 1)
    planner = Planner(graph, 10)
    pose = graph.pose_at(starts)
    for t in range(30):
        goal = np.roll(part, t)[:10].astype(np.int32)
        pose = planner.plan(pose, goal, EXACT).pose
        free = np.setdiff1d(part, graph.arrays.place[pose])
        pose[t % 10] = free[t % len(free)] * 4
        assert len(set(graph.arrays.place[pose])) == 10


def test_an_unreachable_goal_hurts_nobody_else():
    cells = np.ones((3, 7), dtype=np.bool_)
    cells[:, 3] = False
    graph = grid_poses(grid_from_cells(cells))
    planner = Planner(graph, 2)
    pose = graph.pose_at(np.array([0, 3], dtype=np.int32))
    for _ in range(12):
        step = planner.plan(pose, np.array([4, 5], dtype=np.int32), EXACT)
        pose = step.pose
        if graph.arrays.place[pose[1]] == 5:
            break
    assert graph.arrays.place[pose[1]] == 5


def test_a_clock_ends_the_cycle():
    ticks = itertools.count()
    graph = grid_poses(random_grid(0))
    planner = Planner(graph, 10, Settings(depth=3))
    starts, part = random_starts(random_grid(0), 10, 0)
    step = planner.plan(
        graph.pose_at(starts), part[:10], Budget(clock=lambda: float(next(ticks)), deadline=60.0)
    )
    assert step.chains > 0
    assert next(ticks) < 80
    late = planner.plan(step.pose, part[:10], Budget(clock=lambda: 100.0, deadline=60.0))
    assert late.chains == late.renewed == 0
    assert len(set(graph.arrays.place[late.pose])) == 10


@pytest.mark.parametrize(
    ('pose', 'goal', 'message'),
    [
        ([0, 1], [3, 4], 'place 0'),
        ([0, 4, 8], [3, 4], 'pose must be 2'),
        ([0, 400], [3, 4], 'pose must be'),
        ([0, 4], [3, -1], 'goal must be'),
    ],
)
def test_wrong_input_is_refused(pose, goal, message):
    planner = Planner(grid_poses(grid_from_cells(np.ones((3, 3), dtype=np.bool_))), 2)
    with pytest.raises(InstanceError, match=message):
        planner.plan(np.array(pose, np.int32), np.array(goal, np.int32), EXACT)


def test_wrong_settings_are_refused():
    with pytest.raises(InstanceError, match='depth is 7'):
        Settings(depth=7)
    with pytest.raises(InstanceError, match='renewal_share is nan'):
        Settings(renewal_share=float('nan'))
    with pytest.raises(InstanceError, match='without a clock'):
        Budget(rows=3)
    with pytest.raises(InstanceError, match='do not fit'):
        Planner(grid_poses(grid_from_cells(np.ones((2, 2), dtype=np.bool_))), 5)
    assert PLAIN.depth == 1


def test_depth_follows_the_branching_of_the_graph():
    grid = random_grid(0)
    assert Planner(grid_poses(grid), 2).operations.depth == 4
    assert Planner(grid_poses(grid, turning=False), 2).operations.depth == 3
