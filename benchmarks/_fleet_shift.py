# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The shift part of fleet.py: the same two hours under three ways to assign, over several seeds.

Each run of one policy over one seed is a piece; with a folder for them a shift goes on where it
was stopped.
"""

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

import common
import numpy as np
from _fleet_demand import Shift, shift_of
from _fleet_pieces import Pieces
from _fleet_rivals import FirstComeFirstServed, nearest_idle
from _fleet_run import FactoryRun
from linehaul_fleet.fleet import class_pairs
from linehaul_fleet.warm import warm_up

from linehaul_floor import Plant, conflict_table

POLICIES: dict[str, Callable[[], Any]] = {
    'linehaul': lambda: None,
    'nearest idle': lambda: nearest_idle,
    'first come, first served': FirstComeFirstServed,
}


def shift(plant: Plant, args: argparse.Namespace, pieces: Pieces) -> dict[str, Any]:
    """Return what each policy makes of the same shifts.

    Raises:
        Unfinished: the wall time of this call was over before.
    """
    conflicts: Any = None
    runs = []
    seeds = args.seeds or [args.seed]
    for seed, name in ((seed, name) for seed in seeds for name in args.policy):
        key = _key(args, seed, name)
        file = None if pieces.folder is None else pieces.folder / f'{key}.json'
        if file is None or not file.exists():
            if conflicts is None:
                conflicts = {(a, b): conflict_table(plant, a, b) for a, b in class_pairs(plant)}  # type: ignore[arg-type]
                warm_up(plant, conflicts)
            found = one_shift(plant, conflicts, seed, name, args, pieces)
            if file is not None:
                file.write_text(json.dumps(found), encoding='utf-8')
        else:
            found = json.loads(file.read_text(encoding='utf-8'))
        runs.append({'seed': seed, 'policy': name, **found})
    policies = {name: together([r for r in runs if r['policy'] == name]) for name in args.policy}
    return {'hours': args.hours, 'load': args.load, 'runs': runs, 'policies': policies}


def _key(args: argparse.Namespace, seed: int, name: str) -> str:
    words = name.replace(',', '').replace(' ', '_')
    return f'{words}-{seed}-{args.hours:g}h-{args.load:g}'


def one_shift(
    plant: Plant,
    conflicts: Any,
    seed: int,
    name: str,
    args: argparse.Namespace,
    pieces: Pieces,
) -> dict[str, Any]:
    """Return what one policy makes of one shift."""
    demand: Shift = shift_of(plant, args.hours, np.random.default_rng(seed), load=args.load)

    def new() -> FactoryRun:
        pair = POLICIES[name]()
        return FactoryRun(plant, conflicts, demand, seed, pair, cycle=1.0, tries=1, reports=2.0)

    key = _key(args, seed, name)
    run = pieces.begin(key, new)
    pieces.go(key, run, 3600.0 * args.hours)
    pieces.done(key)
    result = run.result()
    result.pop('core_cpu_share')
    result['wall_s'] = run.wall
    result['line_events'] = len(demand.events)
    print(
        f'seed {seed} {name:>24}: {result["phases"].get("DELIVERED", 0)} of '
        f'{result["deliveries"]} delivered, {result["late"]} late, '
        f'mean lateness {result["mean_lateness_s"]:.2f} s, {result["wall_s"]:.0f} s',
        file=sys.stderr,
        flush=True,
    )
    return result


def together(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of a policy over all seeds."""
    late = [x for run in runs for x in run['lateness_s']]
    return {
        'deliveries': sum(run['deliveries'] for run in runs),
        'late': sum(run['late'] for run in runs),
        'mean_lateness_s': float(np.mean(late)) if late else 0.0,
        'worst_lateness_s': max(run['worst_lateness_s'] for run in runs),
        'empty_share': float(np.mean([run['empty_share'] for run in runs])),
        'overlaps': sum(run['overlaps'] for run in runs),
        'reassignments_per_hour': float(np.mean([r['reassignments_per_hour'] for r in runs])),
        'lateness_s': late,
    }


def shift_figures(found: dict[str, Any]) -> list[common.Figure]:
    """Return the figures of the shift, and how the assignment compares with the best rival."""
    policies = found['policies']
    figures = []
    for name, one in policies.items():
        figures.append(common.figure(f'{name}: mean lateness', one['mean_lateness_s'], 's'))
        figures.append(common.figure(f'{name}: late', one['late'], 'deliveries'))
        figures.append(common.figure(f'{name}: empty travel', one['empty_share'], 'share'))
        figures.append(common.figure(f'{name}: overlaps', one['overlaps'], '1', target=0.0))
    rivals = [one for name, one in policies.items() if name != 'linehaul']
    if 'linehaul' in policies and rivals:
        ours = policies['linehaul']
        for key, name in (('mean_lateness_s', 'mean lateness'), ('late', 'late deliveries')):
            best = min(one[key] for one in rivals)
            ratio = ours[key] / best if best > 0.0 else float('inf') if ours[key] else 1.0
            figures.append(common.figure(f'{name} to the better rival', ratio, 'x', target=1.0))
        changes = ours['reassignments_per_hour']
        figures.append(common.figure('linehaul: re-assignments', changes, '1/h'))
    return figures
