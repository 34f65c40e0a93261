# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Lifelong traffic on a real roadmap, with kinematics.

    python benchmarks/roadmap.py --plant jiaozhou --vehicles 200 --hours 2 --speed max [--delays P]

N vehicles, in the proportions of the plant's fleet, drive for H hours: each to a place drawn
uniformly from those that nobody has or wants, empty and loaded in turn, with a transfer at each.
They accelerate, brake and turn in place as their class does. --delays P: each driven second a
vehicle stalls with chance P, for 1 to 30 s.

Planners, on the same floor, conflicts and seed: `linehaul` (safe-interval ways, made better by
large-neighbourhood search in every cycle), `sipp` (prioritised safe-interval planning: the same
ways, never changed), `pibt` (plain priority inheritance, edge by edge). With --curve more numbers
of vehicles are run. Overlaps come from true poses and outlines, checked every 2 cm.
"""

import argparse
import sys
import time
from typing import Any

import common
import numpy as np
from _road_run import PushRun, Result, Run
from _road_world import RoadWorld, Stalls, with_fleet

from linehaul_floor import Plant, conflict_table, load_plant

RUNS = [['--vehicles', '200', '--hours', '0.5', '--curve']]
STEP = 0.2
WARM_UP = 0.2
"""Share of the time that does not count for throughput."""
WAYS = {'linehaul': 'lns', 'sipp': 'sipp', 'pibt': 'pibt'}


def main() -> int:
    parser = common.argument_parser(__doc__)
    parser.add_argument('--plant', default='jiaozhou')
    parser.add_argument('--vehicles', type=int, default=200)
    parser.add_argument('--hours', type=float, default=2.0)
    parser.add_argument('--speed', choices=['max'], default='max', help='as fast as it computes')
    parser.add_argument('--delays', type=float, default=0.0, metavar='P')
    parser.add_argument(
        '--budget', type=float, default=0.1, help='CPU s of improving per cycle of 1 s'
    )
    parser.add_argument('--only', nargs='+', choices=list(WAYS), default=list(WAYS))
    parser.add_argument('--curve', action='store_true', help='also 30, 60, 100 and 400 vehicles')
    args = parser.parse_args()
    if args.quick:
        args.vehicles, args.hours, args.curve = min(args.vehicles, 60), 0.08, False
        args.budget = min(args.budget, 0.02)
    plant = load_plant(args.plant)
    counts = sorted({args.vehicles, *([30, 60, 100, 400] if args.curve else [])})
    rows = [one(plant, count, name, args) for count in counts for name in args.only]
    common.finish(
        'roadmap', args, figures(rows, args), detail={'runs': rows, 'delays': args.delays}
    )
    return 0


def one(plant: Plant, count: int, name: str, args: argparse.Namespace) -> dict[str, Any]:
    """Return what one planner does with one number of vehicles."""
    begin = time.perf_counter()
    full = with_fleet(plant, count, np.random.default_rng(args.seed))
    conflicts = {(a, b): conflict_table(full, a, b) for a in full.classes for b in full.classes}
    stalls = Stalls(args.delays)
    world = RoadWorld(full, np.random.default_rng([args.seed, 1]), STEP, stalls)
    rng = np.random.default_rng([args.seed, 2])
    kind = PushRun if name == 'pibt' else Run
    run = kind(full, conflicts, world, rng, WAYS[name], budget=args.budget)
    result = run.go(3600.0 * args.hours * WARM_UP)
    result = run.go(3600.0 * args.hours * (1.0 - WARM_UP))
    row = summary(result, run, count, name, args)
    row['wall_s'] = time.perf_counter() - begin
    print(
        f'{name:>9} {count:4d} vehicles: {row["tasks_per_hour"]:7.0f} tasks/h, '
        f'{row["detour"]:.2f}x free flow, {row["overlaps"]} overlaps, '
        f'{row["deadlocks"]} deadlocks, {row["wall_s"]:.0f} s',
        file=sys.stderr,
        flush=True,
    )
    return row


def summary(
    result: Result, run: Run, count: int, name: str, args: argparse.Namespace
) -> dict[str, Any]:
    """Return one run as a row of the result."""
    cycle = np.array(result.cycle[1:]) * 1e3
    free = float(np.mean(result.free_trip))
    begin = 3600.0 * args.hours * WARM_UP
    counted = sum(one > begin for one in result.ended)
    return {
        'planner': name,
        'vehicles': count,
        'hours': args.hours,
        'tasks': result.tasks,
        'tasks_per_hour': counted / (args.hours * (1.0 - WARM_UP)),
        'bound_per_hour': count * 3600.0 / (free + run.transfer),
        'detour': float(np.mean(result.trip)) / free if result.trip else float('inf'),
        'cycle_ms': {
            'p50': float(np.percentile(cycle, 50)),
            'p99': float(np.percentile(cycle, 99)),
            'max': float(cycle.max()),
        },
        'plan_ms': {
            'p50': float(np.percentile(result.step, 50)) * 1e3 if result.step else 0.0,
            'p99': float(np.percentile(result.step, 99)) * 1e3 if result.step else 0.0,
        },
        'overlaps': run.world.overlaps,
        'deadlocks': result.deadlocks,
        'stuck': result.still,
        'watchdog_calls': result.watchdog,
        'oldest_task_s': result.oldest,
        'moves': run.world.moves,
        'tried': result.tried,
        'improved': result.improved,
        'stalled_s': run.world.stalled_for,
    }


def figures(rows: list[dict[str, Any]], args: argparse.Namespace) -> list[common.Figure]:
    """Return the figures that count."""
    found = []
    for row in rows:
        what = f'{row["planner"]} {row["vehicles"]}'
        found.append(common.figure(f'{what}: throughput', row['tasks_per_hour'], 'tasks/h'))
        found.append(common.figure(f'{what}: detour', row['detour'], 'x free flow'))
        if row['planner'] == 'linehaul':
            goal = {'target': 0, 'better': 'lower'}
            found.append(common.figure(f'{what}: overlaps', row['overlaps'], '1', **goal))
            found.append(common.figure(f'{what}: deadlocks', row['deadlocks'], '1', **goal))
            target = 10.0 if row['vehicles'] <= 100 else 100.0
            step = row['plan_ms']['p50']
            found.append(common.figure(f'{what}: planning step', step, 'ms', target=target))
    by = {row['planner']: row for row in rows if row['vehicles'] == args.vehicles}
    if 'linehaul' in by and 'sipp' in by:
        ratio = by['linehaul']['tasks_per_hour'] / max(by['sipp']['tasks_per_hour'], 1.0)
        name = f'throughput over sipp at {args.vehicles}'
        found.append(common.figure(name, ratio, 'x', target=1.3, better='higher'))
    return found


if __name__ == '__main__':
    sys.exit(main())
