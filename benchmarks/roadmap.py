# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Lifelong traffic on a real roadmap, with kinematics.

    python benchmarks/roadmap.py --plant jiaozhou --vehicles 200 --hours 2 --speed max [--delays P]

N vehicles, in the proportions of the plant's fleet, drive for H hours: each to a place drawn
uniformly from those that nobody has or wants, empty and loaded in turn, with a transfer at each.
They accelerate, brake and turn in place as their class does. --delays P: each driven second a
vehicle stalls with chance P, for 1 to 30 s.

Planners, on the same floor, conflicts and seed: `linehaul` (safe-interval ways that keep clear of
busy places, made better by large-neighbourhood search in every cycle), `sipp` (prioritised
safe-interval planning: each way the earliest arrival between all claims, never changed), `pibt`
(plain priority inheritance, edge by edge). With --curve more numbers of vehicles are run.
Overlaps come from true poses and outlines, checked every 2 cm.

`linehaul` tries --tries plans in each cycle of 1 s, whatever the machine: the same seed gives the
same run. What that costs is in `cycle_ms`. The first fifth of the time does not count. The form
of the result is in docs/traffic.md.
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
GOAL = {200: 1.3}
"""Vehicles on the reference plant, and throughput over that of `sipp` to be reached."""
WAYS = {'linehaul': 'lns', 'sipp': 'sipp', 'pibt': 'pibt'}


def main() -> int:
    parser = common.argument_parser(__doc__)
    parser.add_argument('--plant', default='jiaozhou', help='name, or plant file')
    parser.add_argument('--vehicles', type=int, default=200)
    parser.add_argument('--hours', type=float, default=2.0)
    parser.add_argument('--speed', choices=['max'], default='max', help='as fast as it computes')
    parser.add_argument('--delays', type=float, default=0.0, metavar='P')
    parser.add_argument('--tries', type=int, default=24, help='plans to try per cycle of 1 s')
    parser.add_argument('--seeds', type=int, default=1, metavar='K', help='runs, from --seed on')
    parser.add_argument('--only', nargs='+', choices=list(WAYS), default=list(WAYS))
    parser.add_argument('--curve', action='store_true', help='also 30, 60, 100 and 400 vehicles')
    args = parser.parse_args()
    if args.quick:
        args.vehicles, args.hours, args.curve = min(args.vehicles, 60), 0.08, False
        args.seeds = 1
    plant = load_plant(args.plant)
    counts = sorted({args.vehicles, *([30, 60, 100, 400] if args.curve else [])})
    seeds = range(args.seed, args.seed + args.seeds)
    rows = [
        one(plant, count, name, seed, args)
        for count in counts
        for seed in seeds
        for name in args.only
    ]
    common.finish(
        'roadmap', args, figures(rows, args), detail={'runs': rows, 'delays': args.delays}
    )
    return 0


def one(
    plant: Plant, count: int, name: str, seed: int, args: argparse.Namespace
) -> dict[str, Any]:
    """Return what one planner does with one number of vehicles."""
    begin, busy = time.perf_counter(), time.process_time()
    full = with_fleet(plant, count, np.random.default_rng(seed))
    conflicts = {(a, b): conflict_table(full, a, b) for a in full.classes for b in full.classes}
    stalls = Stalls(args.delays)
    world = RoadWorld(full, np.random.default_rng([seed, 1]), STEP, stalls)
    rng = np.random.default_rng([seed, 2])
    kind = PushRun if name == 'pibt' else Run
    run = kind(full, conflicts, world, rng, WAYS[name], budget=np.inf, tries=args.tries)
    result = run.go(3600.0 * args.hours * WARM_UP)
    result = run.go(3600.0 * args.hours * (1.0 - WARM_UP))
    row = {'planner': name, 'vehicles': count, 'seed': seed, **summary(result, run, count, args)}
    row['wall_s'], row['cpu_s'] = time.perf_counter() - begin, time.process_time() - busy
    print(
        f'{name:>9} {count:4d} vehicles, seed {seed}: {row["tasks_per_hour"]:7.0f} tasks/h, '
        f'{row["detour"]:.2f}x free flow, {row["overlaps"]} overlaps, '
        f'{row["deadlocks"]} deadlocks, {row["wall_s"]:.0f} s',
        file=sys.stderr,
        flush=True,
    )
    return row


def summary(result: Result, run: Run, count: int, args: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of one run."""
    cycle, step = np.array(result.cycle[1:]) * 1e3, np.array(result.step[1:]) * 1e3
    free = float(np.mean(result.free_trip))
    begin = 3600.0 * args.hours * WARM_UP
    counted = sum(one > begin for one in result.ended)
    return {
        'hours': args.hours,
        'tasks': result.tasks,
        'tasks_by_class': result.by_class,
        'tasks_per_hour': counted / (args.hours * (1.0 - WARM_UP)),
        'bound_per_hour': count * 3600.0 / (free + run.transfer),
        'detour': float(np.mean(result.trip)) / free if result.trip else float('inf'),
        'cycle_ms': _spread(cycle),
        'plan_ms': _spread(step),
        'overlaps': run.world.overlaps,
        'deadlocks': result.deadlocks,
        'stuck': result.still,
        'watchdog_calls': result.watchdog,
        'promoted': result.promoted,
        'overtaken': result.overtaken,
        'oldest_task_s': result.oldest,
        'moves': run.world.moves,
        'tried': result.tried,
        'improved': result.improved,
        'stalled_s': run.world.stalled_for,
    }


def _spread(values: np.ndarray) -> dict[str, float]:
    p50, p99 = np.percentile(values, (50, 99))
    return {'p50': float(p50), 'p99': float(p99), 'max': float(values.max())}


def figures(rows: list[dict[str, Any]], args: argparse.Namespace) -> list[common.Figure]:
    """Return the figures that count; over several seeds the mean, or the worst."""
    found = []
    for name, count in dict.fromkeys((row['planner'], row['vehicles']) for row in rows):
        same = [r for r in rows if (r['planner'], r['vehicles']) == (name, count)]
        what = f'{name} {count}'
        rate = float(np.mean([r['tasks_per_hour'] for r in same]))
        found.append(common.figure(f'{what}: throughput', rate, 'tasks/h'))
        detour = float(np.mean([r['detour'] for r in same]))
        found.append(common.figure(f'{what}: detour', detour, 'x free flow'))
        oldest = max(r['oldest_task_s'] for r in same)
        found.append(common.figure(f'{what}: oldest task', oldest, 's'))
        if name == 'linehaul':
            for key in ('overlaps', 'deadlocks'):
                worst = max(r[key] for r in same)
                found.append(common.figure(f'{what}: {key}', worst, '1', target=0))
            target = 10.0 if count <= 100 else 100.0
            step = float(np.median([r['plan_ms']['p50'] for r in same]))
            found.append(common.figure(f'{what}: planning step', step, 'ms', target=target))
    mean = {
        name: np.mean([r['tasks_per_hour'] for r in at_count])
        for name in args.only
        if (
            at_count := [r for r in rows if (r['planner'], r['vehicles']) == (name, args.vehicles)]
        )
    }
    if 'linehaul' in mean and 'sipp' in mean:
        ratio = mean['linehaul'] / max(mean['sipp'], 1.0)
        name = f'throughput over sipp at {args.vehicles}'
        goal = GOAL.get(args.vehicles)
        found.append(common.figure(name, ratio, 'x', target=goal, better='higher'))
    return found


if __name__ == '__main__':
    sys.exit(main())
