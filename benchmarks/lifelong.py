# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Lifelong planning on grids: tasks finished in a number of steps at a planning time per step.

One instance (League of Robot Runners problem file, or a map with random goals):

    python benchmarks/lifelong.py --problem PROBLEM.json --steps K --ms-per-step M --out OUT.json
    python benchmarks/lifelong.py --map FILE.map --agents N --steps K --ms-per-step M --seed S …

`--no-turning` lets vehicles slide to any neighbour (letters R D L U W). `--plain` runs plain PIBT
instead. The result holds every action, so that `linehaul_traffic.lifelong_checker` can check it;
this script runs that checker itself and fails on any fault. Compiling and reading come before
the clock (`compile_s`). A step that takes longer than M ms is counted in `timeouts` and its
answer still used. `--cpu-clock` measures steps by the thread's own processor time instead of the
wall clock, for machines that do other work as well; the result says so.

Without an instance: all reference rows of the public instances beside their targets, plain PIBT
on `warehouse_small` in the same run, and the time of a planning step without search.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import common
import numpy as np
from linehaul_traffic.errors import InputError
from linehaul_traffic.grid import Grid, grid_from_cells, read_map
from linehaul_traffic.lifelong import Budget, Planner
from linehaul_traffic.lifelong_checker import check
from linehaul_traffic.lifelong_run import Record, run
from linehaul_traffic.plain import PlainPlanner
from linehaul_traffic.posegraph import grid_poses
from linehaul_traffic.tasks import OwnTasks, Tasks, random_starts, read_problem

DATA = common.ROOT.parent / 'shared' / 'data' / 'mapf'
ROWS = [
    ('random-32-32-20', 100, 2.98), ('random-32-32-20', 200, 5.02),
    ('random-32-32-20', 400, 6.25), ('warehouse-10-20-10-2-1', 100, 1.06),
    ('warehouse-10-20-10-2-1', 200, 2.01), ('warehouse-10-20-10-2-1', 500, 4.57),
    ('warehouse-10-20-10-2-1', 1000, 7.29),
]  # fmt: skip
"""Map, robots, tasks a step of the best published planner at 50 ms a step."""
LEAGUE = [('MR23-I-04', 500, 1741), ('MR23-I-03', 500, 3042), ('MR23-I-05', 1000, 7432)]
"""Problem, steps, most tasks known (32 cores, 1 s a step); the target is 85 % at 200 ms."""
CURVE = (10, 50, 100, 200, 400, 800)
SLACK_MS = 1.5
"""The planner is asked to answer this much earlier."""
clock = time.perf_counter
"""What steps are measured by."""


def main() -> int:
    parser = common.argument_parser(__doc__)
    instance = parser.add_mutually_exclusive_group()
    instance.add_argument('--problem', type=Path, help='League of Robot Runners problem file')
    instance.add_argument('--map', type=Path, help='MovingAI map, with --agents')
    parser.add_argument('--agents', type=int, help='number of vehicles on --map')
    parser.add_argument('--steps', type=int, default=1000)
    parser.add_argument('--ms-per-step', type=float, default=50.0)
    parser.add_argument('--no-turning', action='store_true', help='vehicles slide')
    parser.add_argument('--plain', action='store_true', help='plain PIBT instead')
    parser.add_argument('--cpu-clock', action='store_true', help='steps by processor time')
    args = parser.parse_args()
    global clock  # noqa: PLW0603
    clock = time.thread_time if args.cpu_clock else time.perf_counter
    if args.map and args.agents is None:
        parser.error('--map needs --agents')
    if args.steps < 1 or not args.ms_per_step > 0:
        parser.error('--steps and --ms-per-step must be positive')
    if not args.problem and not args.map:
        return suite(args)
    result = one(
        args.problem, args.map, args.agents, args.steps, args.ms_per_step, args.seed,
        turning=not args.no_turning, plain=args.plain,
    )  # fmt: skip
    figures = [
        common.figure('tasks per step', result['tasks_per_step'], '1/step', better='higher'),
        common.figure('step p50', result['step_ms']['p50'], 'ms'),
        common.figure('timeouts', result['timeouts'], 'steps'),
        common.figure('longest task age', result['longest_task_age'], 'steps'),
        common.figure('faults found by the checker', len(result['faults']), '1', target=0),
    ]
    common.finish('lifelong', args, figures, detail=result)
    return 1 if result['faults'] else 0


def one(
    problem: Path | None,
    map_file: Path | None,
    agents: int | None,
    steps: int,
    ms: float,
    seed: int,
    *,
    turning: bool = True,
    plain: bool = False,
) -> dict[str, Any]:
    """Run and check one instance; return its result."""
    begin = time.perf_counter()
    tasks: Tasks
    if problem:
        read = read_problem(problem)
        grid, starts, tasks = read.grid, read.starts, read.tasks()
    else:
        grid = read_map(map_file or '')
        starts, part = random_starts(grid, agents or 0, seed)
        tasks = OwnTasks(part, starts, seed)
    planner = make_planner(grid, len(starts), seed, turning=turning, plain=plain)
    warm_up(turning=turning, plain=plain)
    compile_s = time.perf_counter() - begin
    record = run(planner, tasks, starts, steps, timed(ms), clock)
    result = describe(record, steps, ms)
    result |= {
        'problem': str(problem or map_file), 'turning': turning, 'plain': plain,
        'agents': len(starts), 'compile_s': compile_s,
        'memory_mb': getattr(planner, 'memory', 0) / 1e6, 'dealt': tasks.dealt,
    }  # fmt: skip
    if map_file:
        result['starts'] = grid.xy[starts].tolist()
        result['goals'] = [grid.xy[list(goals)].tolist() for goals in tasks.dealt]
    result['faults'] = list(check(result, problem, map_file).faults)
    return result


def make_planner(
    grid: Grid, vehicles: int, seed: int, *, turning: bool, plain: bool
) -> Planner | PlainPlanner:
    if plain and turning:
        return PlainPlanner(grid, vehicles)
    from linehaul_traffic.lifelong import PLAIN

    graph = grid_poses(grid, turning=turning)
    settings = PLAIN if plain else None
    return Planner(graph, vehicles, settings, seed)


def warm_up(*, turning: bool, plain: bool) -> None:
    """Compile every kernel, or load it from the cache, on a tiny map."""
    grid = grid_from_cells(np.ones((4, 4), dtype=np.bool_))
    planner = make_planner(grid, 3, 0, turning=turning, plain=plain)
    starts = np.arange(3, dtype=np.int32)
    run(planner, OwnTasks(np.arange(16), starts, 0), starts, 3, timed(20.0), clock)


def timed(ms: float) -> Any:
    """Return a maker of budgets that end `ms` from when it is called."""

    def budget() -> Budget:
        end = clock() + max(ms - SLACK_MS, 0.2 * ms) / 1e3
        return Budget(clock=clock, deadline=end)

    return budget


def describe(record: Record, steps: int, ms: float) -> dict[str, Any]:
    took = record.seconds * 1e3
    return {
        'steps': steps,
        'ms_per_step': ms,
        'clock': 'processor' if clock is time.thread_time else 'wall',
        'tasks_finished': int(record.finished.sum()),
        'tasks_per_step': float(record.finished.mean()),
        'tasks_per_step_after_warm_up': float(record.finished[steps // 5 :].mean()),
        'step_ms': {
            'p50': float(np.median(took)),
            'p99': float(np.quantile(took, 0.99)),
            'max': float(took.max()),
        },
        'timeouts': int((took > ms).sum()),
        'longest_task_age': record.longest_age,
        'work_per_step': dict(
            zip(('rows', 'renewed', 'chains', 'kept'), record.work.mean(axis=0), strict=True)
        ),
        'actions': record.actions,
    }


def suite(args: argparse.Namespace) -> int:
    """Run all reference rows; skip with a printed reason where the instances are not there."""
    if not DATA.is_dir():
        sys.stderr.write(f'skipped: no instances in {DATA}\n')
        common.finish('lifelong', args, [], detail={'skipped': 'no instances'})
        return 0
    figures, results = [], []

    def add(name: str, target: float | None, result: dict[str, Any], value: float) -> None:
        unit = 'tasks' if target and target > 20 else 'tasks/step'
        figures.append(common.figure(name, value, unit, target=target, better='higher'))
        results.append({key: result[key] for key in result if key not in BULKY} | {'name': name})
        print(f'{name}: {value:.3f} (target {target}) faults={len(result["faults"])}', flush=True)

    for name, robots, target in ROWS[1:4:2] if args.quick else ROWS:
        path = DATA / 'movingai' / 'maps' / f'{name}.map'
        result = one(None, path, robots, 150 if args.quick else 1000, 50.0, args.seed)
        # the way to the first goals is a large part of a short run: no target there
        goal = None if args.quick else target
        add(f'{name} {robots} robots 50 ms', goal, result, result['tasks_per_step'])
    for name, steps, best in [] if args.quick else LEAGUE:
        result = one(DATA / 'lorr2023' / 'random' / f'{name}.json', None, None, steps, 200.0, 0)
        robots = result['agents']
        add(f'{name} {robots} robots 200 ms', 0.85 * best, result, result['tasks_finished'])
    curve = (50, 200) if args.quick else CURVE
    for robots in curve:
        path = DATA / 'lorr2023' / 'warehouse_small' / f'EI23-warehouse_small_{robots}.json'
        steps = 100 if args.quick else 300
        plain = one(path, None, None, steps, 50.0, 0, plain=True)
        add(f'warehouse_small {robots} plain PIBT', None, plain, plain['tasks_per_step'])
        result = one(path, None, None, steps, 50.0, 0)
        low = plain['tasks_per_step']
        add(f'warehouse_small {robots}', low, result, result['tasks_per_step'])
    figures += pass_times(args.seed, 40 if args.quick else 200)
    faults = sum(len(result['faults']) for result in results)
    late = sum(result['timeouts'] for result in results)
    figures.append(common.figure('faults found by the checker', faults, '1', target=0))
    figures.append(common.figure('timeouts', late, 'steps'))
    common.finish('lifelong', args, figures, detail={'runs': results})
    return 1 if faults else 0


BULKY = ('actions', 'dealt', 'starts', 'goals')


def pass_times(seed: int, steps: int) -> list[common.Figure]:
    """Return the median time of a step without search or renewal of old rows."""
    figures = []
    grid = read_map(DATA / 'movingai' / 'maps' / 'warehouse-10-20-10-2-1.map')
    for robots, target in ((100, 10.0), (1000, 100.0)):
        starts, part = random_starts(grid, robots, seed)
        planner = make_planner(grid, robots, seed, turning=True, plain=False)
        tasks = OwnTasks(part, starts, seed)
        record = run(planner, tasks, starts, steps, lambda: Budget(0, 0), clock)
        ms = float(np.median(record.seconds) * 1e3)
        figures.append(common.figure(f'pass alone, {robots} robots', ms, 'ms', target=target))
        memory = getattr(planner, 'memory', 0) / 1e6
        figures.append(common.figure(f'memory, {robots} robots', memory, 'MB'))
    return figures


if __name__ == '__main__':
    try:
        sys.exit(main())
    except InputError as error:
        sys.stderr.write(f'lifelong: {error}\n')
        sys.exit(2)
