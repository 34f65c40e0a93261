# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Traffic under faults: many moves, everything goes wrong, nothing may touch and nobody may stick.

    python benchmarks/roadmap_faults.py --moves 1000000 --vehicles 60 --segments faults.jsonl

The work is that of roadmap.py. Meanwhile, at random: vehicles stall (1 s to 5 min), reports of
nodes reached and grants are lost or come late, vehicles break down, stand for ten minutes, and go
on or are carried away by people, lanes close and open again, and the planner is killed and made
anew from what it had kept: paths, order, and what the vehicles say. The same work with the same
seed and without faults is run beside it for the loss of throughput.

A long run is made of segments of --segment moves, each from a fresh floor and with a seed of its
own (--seed, --seed + 1, ...). With --segments FILE each is written to the file when it is done,
and those that the file already holds (of the same plant, vehicles and length) are not run again.

It shows: overlaps by the independent checker, rings of waiting, vehicles that have not moved for
an hour, the age of the oldest task, the loss of throughput.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import common
import numpy as np
from _fault_run import FaultRun, Faults
from _road_run import Run
from _road_world import RoadWorld, Stalls, with_fleet

from linehaul_floor import conflict_table, load_plant

RUNS = [['--moves', '100000']]
STEP = 0.2
OLDEST = 3600.0
"""[s] bound on the age of a task: 5 min stalls and 10 min breakdowns add up along a way."""
CALM = 600.0
"""[s] of plant time for the run without faults."""


def main() -> int:
    parser = common.argument_parser(__doc__)
    parser.add_argument('--plant', default='jiaozhou')
    parser.add_argument('--vehicles', type=int, default=60)
    parser.add_argument('--moves', type=int, default=1_000_000, help='nodes reached by vehicles')
    parser.add_argument('--segment', type=int, default=100_000, help='moves of one segment')
    parser.add_argument('--segments', type=Path, metavar='FILE.jsonl', help='finished segments')
    parser.add_argument('--new', type=int, default=10**6, help='segments to run at most now')
    args = parser.parse_args()
    if args.quick:
        args.moves = args.segment = min(args.moves, 10_000)
    rows = _finished(args)
    seed = args.seed
    for _ in range(args.new):
        if sum(row['moves'] for row in rows) >= args.moves:
            break
        while any(row['seed'] == seed for row in rows):
            seed += 1
        rows.append(segment(seed, args))
        if args.segments is not None:
            with args.segments.open('a') as file:
                file.write(json.dumps(rows[-1]) + '\n')
    result = common.finish('roadmap_faults', args, _figures(rows), detail={'segments': rows})
    return 0 if all(one['met'] for one in result['figures']) else 1


def segment(seed: int, args: argparse.Namespace) -> dict[str, Any]:
    """Run one segment; return what came of it."""
    begin = time.process_time()
    run = fault_run(args.plant, args.vehicles, seed)
    while run.world.moves < args.segment:
        run.go(60.0)
        if round(run.world.now) % 3600 == 0:
            _progress(seed, run)
    calm = calm_run(args.plant, args.vehicles, seed)
    calm.go(min(run.world.now, CALM))
    open_tasks = run.world.now - run.asked[run.under_way]
    row = {
        'plant': args.plant,
        'vehicles': args.vehicles,
        'segment': args.segment,
        'seed': seed,
        'commit': common.commit(),
        'moves': run.world.moves,
        'hours': run.world.now / 3600.0,
        'tasks': run.result.tasks,
        'overlaps': run.world.overlaps,
        'deadlocks': run.result.deadlocks,
        'still': run.still,
        'oldest_task_s': max([run.result.oldest, *open_tasks.tolist()]),
        'tasks_per_hour': 3600.0 * run.result.tasks / run.world.now,
        'calm_tasks_per_hour': 3600.0 * calm.result.tasks / calm.world.now,
        'stalled_s': run.world.stalled_for,
        'lost': run.reports.lost + run.grants.lost,
        'late': run.reports.late + run.grants.late,
        **run.counts,
        'watchdog': asdict(run.watchdog.counts),
        'cpu_s': time.process_time() - begin,
    }
    _progress(seed, run)
    return row


def fault_run(plant: str, vehicles: int, seed: int, faults: Faults | None = None) -> FaultRun:
    """Return a run with faults that has not begun."""
    faults = faults or Faults()
    full, conflicts, rng = _floor(plant, vehicles, seed)
    stalls = Stalls(faults.stall, 1.0, faults.longest_stall)
    world = RoadWorld(full, np.random.default_rng([seed, 1]), STEP, stalls)
    return FaultRun(full, conflicts, world, rng, 'lns', faults=faults)


def calm_run(plant: str, vehicles: int, seed: int) -> FaultRun:
    """Return the same run without faults."""
    return fault_run(plant, vehicles, seed, Faults.none())


def _floor(plant: str, vehicles: int, seed: int) -> tuple[Any, Any, np.random.Generator]:
    full = with_fleet(load_plant(plant), vehicles, np.random.default_rng([seed, 0]))
    conflicts = {(a, b): conflict_table(full, a, b) for a in full.classes for b in full.classes}
    return full, conflicts, np.random.default_rng([seed, 2])


def _finished(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the segments that are done; a line that was cut off by a crash does not count."""
    if args.segments is None or not args.segments.exists():
        return []
    rows = []
    for line in args.segments.read_text().splitlines():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        same = all(row[name] == getattr(args, name) for name in ('plant', 'vehicles', 'segment'))
        if same and row['seed'] >= args.seed:
            rows.append(row)
    return rows


def _progress(seed: int, run: Run) -> None:
    print(
        f'seed {seed}: {run.world.now / 3600.0:.1f} h, {run.world.moves} moves, '
        f'{run.result.tasks} tasks, {run.world.overlaps} overlaps, '
        f'{run.result.deadlocks} rings, {getattr(run, "counts", {})}',
        file=sys.stderr,
        flush=True,
    )


def _figures(rows: list[dict[str, Any]]) -> list[common.Figure]:
    def total(name: str) -> float:
        return float(sum(row[name] for row in rows))

    rate = total('tasks') / total('hours')
    calm = float(np.mean([row['calm_tasks_per_hour'] for row in rows]))
    calls = sum(row['watchdog']['calls'] for row in rows)
    oldest = max(row['oldest_task_s'] for row in rows)
    return [
        common.figure('moves', total('moves'), '1'),
        common.figure('overlaps', total('overlaps'), '1', target=0),
        common.figure('deadlocks', total('deadlocks'), '1', target=0),
        common.figure('vehicles without a move for an hour', total('still'), '1', target=0),
        common.figure('oldest task', oldest, 's', target=OLDEST),
        common.figure('restarts of the planner', total('restarts'), '1'),
        common.figure('breakdowns', total('breakdowns'), '1'),
        common.figure('calls of the complete search', calls, '1'),
        common.figure('throughput lost to faults', 100.0 * (1.0 - rate / calm), '%'),
    ]


if __name__ == '__main__':
    sys.exit(main())
