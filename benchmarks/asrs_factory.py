# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The factory fed from the warehouse with cranes, beside the stand-in that has everything at once.

Fleet, traffic, lines, simulated plant and the warehouse's controller run in one process on plant
time, without ROS. Two parts, each with the stand-in (`simulated`) and the controller (`managed`):

deliveries: what the demo asks of the reference plant: 40 at once, 20 vehicles.
lines: all lines at their takt with the plant's own fleet.

    python benchmarks/asrs_factory.py [--quick] [--part deliveries lines] [--minutes 30]
        [--seeds 1] [--run-dir DIR] [--out FILE.json]

With --run-dir runs that are finished are kept there and not repeated.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from math import isfinite
from pathlib import Path
from typing import Any

import common
import numpy as np
from _asrs_factory import ManagedFactory, ManagedSupply
from _fleet_demand import Shift
from _fleet_run import FactoryRun
from _supply_run import SupplyRun
from linehaul_bringup.demo_goals import choose_deliveries
from linehaul_fleet.delivery import Phase, Request, RequestId
from linehaul_fleet.fleet import class_pairs
from linehaul_fleet.warm import warm_up

from linehaul_floor import Plant, conflict_table, load_plant

PLANT, DELIVERIES, VEHICLES = 'jiaozhou', 40, 20
WARM = 600.0
"""[s] before lines are measured."""
LONGEST = 5400.0
"""[s] after which deliveries that are still open count as never done."""
WAYS = ('simulated', 'managed')


def main() -> int:
    parser = common.argument_parser(__doc__)
    parts = ['deliveries', 'lines']
    parser.add_argument('--part', nargs='+', choices=parts, default=parts)
    parser.add_argument('--warehouse', nargs='+', choices=WAYS, default=list(WAYS))
    parser.add_argument('--seeds', type=int, default=1, help='number of seeds, from --seed on')
    parser.add_argument('--minutes', type=float, default=30.0, help='of lines that are measured')
    parser.add_argument('--run-dir', type=Path, metavar='DIR', help='finished runs are kept here')
    args = parser.parse_args()
    if args.quick:
        args.part = ['deliveries']
    factory = Factory(args)
    detail: dict[str, Any] = {}
    figures: list[common.Figure] = []
    for part in args.part:
        runs = {
            way: [factory.run(part, way, seed) for seed in factory.seeds] for way in args.warehouse
        }
        detail[part] = runs
        figures += (delivery_figures if part == 'deliveries' else line_figures)(runs)
    common.finish('asrs_factory', args, figures, detail=detail)
    return 0


class Factory:
    """The plant, prepared once for each fleet, and its runs."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self.seeds = range(args.seed, args.seed + args.seeds)
        self._ready: dict[int, tuple[Plant, Any]] = {}

    def _plant(self, vehicles: int) -> tuple[Plant, Any]:
        if vehicles not in self._ready:
            plant = load_plant(PLANT)
            plant = replace(plant, fleet=plant.fleet[:vehicles]) if vehicles else plant
            pairs = class_pairs(plant)
            conflicts = {(a, b): conflict_table(plant, a, b) for a, b in pairs}  # type: ignore[arg-type]
            warm_up(plant, conflicts)
            self._ready[vehicles] = plant, conflicts
        return self._ready[vehicles]

    def run(self, part: str, way: str, seed: int) -> dict[str, Any]:
        """Return a run, from the folder where it is there already."""
        folder = self._args.run_dir
        file = folder / f'{part}-{way}-{seed}.json' if folder else None
        if file is not None and file.exists():
            return dict(json.loads(file.read_text(encoding='utf-8')))
        make: dict[str, Callable[[bool, int], dict[str, Any]]]
        make = {'deliveries': self.deliveries, 'lines': self.lines}
        begin = time.perf_counter()
        result = make[part](way == 'managed', seed)
        result['wall_s'] = time.perf_counter() - begin
        brief = {k: v for k, v in result.items() if not isinstance(v, (list, dict))}
        print(f'{part} {way} seed {seed}: {json.dumps(brief)}', file=sys.stderr, flush=True)
        if file is not None:
            common.write_json(file, result)
        return result

    def deliveries(self, managed: bool, seed: int) -> dict[str, Any]:
        """Ask for many deliveries at once, as the demo does."""
        plant, conflicts = self._plant(VEHICLES)
        make = ManagedFactory if managed else FactoryRun
        run: Any = make(plant, conflicts, Shift((), (), {}), seed, cycle=1.0, charge=(0.9, 0.9))
        run.go(10.0)
        nan, now = float('nan'), run.world.now
        wishes = choose_deliveries(plant, DELIVERIES, np.random.default_rng(seed), 'demo')
        for wish in wishes:
            name = RequestId(wish.request_id)
            wanted = Request(name, '', wish.item, wish.quantity, wish.station, nan, nan, 100)
            run.fleet.request(wanted, now)
        run.go(LONGEST, lambda: not run.fleet.model.open)
        done = [d for d in run.fleet.model.deliveries.values() if d.phase is Phase.DELIVERED]
        took = [d.ended - d.requested for d in done]
        return {
            'asked': len(wishes),
            'delivered': len(done),
            'mean_s': float(np.mean(took or [nan])),
            'worst_s': float(np.max(took, initial=0.0)),
            **_floor(run),
            'stages_s': run.result()['stages_s'],
            **_stores(run),
        }

    def lines(self, managed: bool, seed: int) -> dict[str, Any]:
        """Run all lines at their takt."""
        plant, conflicts = self._plant(0)
        make = ManagedSupply if managed else SupplyRun
        run: Any = make(plant, conflicts, seed, cycle=1.0, tries=1, reports=2.0)
        until = WARM + 60.0 * self._args.minutes
        run.go(until)
        found = run.supply(WARM, until)
        seconds = (until - WARM) * len(found['lines'])
        return {
            'stop_share': sum(one['stood_s'] for one in found['lines'].values()) / seconds,
            'delivered': found['delivered'],
            'late': found['late'],
            'refused_handovers': len(found['handovers_refused']),
            'apart': len(found['line_and_floor_apart']),
            'reassignments': run.result()['reassignments'],
            **_floor(run),
            'stages_s': run.result()['stages_s'],
            'stops': found['stops'],
            'failed': found['failed'],
            **_stores(run),
        }


def _floor(run: FactoryRun) -> dict[str, Any]:
    """Return what must never be."""
    return {
        'overlaps': run.world.verdict.overlaps,
        'custody_errors': run.world.data.custody_errors,
    }


def _stores(run: Any) -> dict[str, Any]:
    """Return what the retrievals of a warehouse with cranes waited for."""
    stores = getattr(run, 'stores', None)
    if stores is None:
        return {}
    moments = list(stores.moments.values())
    spans = {
        'until_crane': [m.began - m.asked for m in moments],
        'until_told': [m.told - m.asked for m in moments],
        'until_ready': [m.ready - m.asked for m in moments],
        'at_port': [m.gone - m.ready for m in moments],
        'after_due': [m.ready - m.due for m in moments],
    }
    facts = stores.books.state.facts
    busy = [crane.busy for crane in facts.cranes.values()]
    return {
        'retrievals': len(moments),
        **{f'{name}_s': _mean(values) for name, values in spans.items()},
        'late_at_port': sum(m.ready > m.due for m in moments),
        'crane_use': float(np.mean(busy)) / run.seconds,
        'duals': sum(crane.duals for crane in facts.cranes.values()),
        'singles': sum(crane.singles for crane in facts.cranes.values()),
        'refused_by_stores': dict(stores.refused),
        'moments': [asdict(m) for m in moments],
    }


def _mean(values: list[float]) -> float:
    known = [v for v in values if isfinite(v)]
    return float(np.mean(known)) if known else float('nan')


def delivery_figures(runs: dict[str, list[dict[str, Any]]]) -> list[common.Figure]:
    """Return how long deliveries took."""
    found = []
    for way, mine in runs.items():
        asked, done = (sum(run[k] for run in mine) for k in ('asked', 'delivered'))
        found += [
            common.figure(f'{way}: delivered', done, '1', target=asked, better='higher'),
            common.figure(f'{way}: mean', np.mean([run['mean_s'] for run in mine]), 's'),
            common.figure(f'{way}: worst', np.max([run['worst_s'] for run in mine]), 's'),
            *_never(way, mine),
        ]
    return found


def line_figures(runs: dict[str, list[dict[str, Any]]]) -> list[common.Figure]:
    """Return how long lines stood."""
    found = []
    for way, mine in runs.items():
        stood = 100.0 * np.mean([run['stop_share'] for run in mine])
        late = np.mean([run['late'] for run in mine])
        found += [
            common.figure(f'{way}: lines stand', stood, '% of line time', target=1.0),
            common.figure(f'{way}: after the run-out', late, '1'),
            common.figure(f'{way}: delivered', np.mean([run['delivered'] for run in mine]), '1'),
            *_never(way, mine),
        ]
    return found


def _never(way: str, runs: list[dict[str, Any]]) -> list[common.Figure]:
    return [
        common.figure(f'{way}: {name}', sum(run[key] for run in runs), '1', target=0)
        for name, key in (('overlaps', 'overlaps'), ('custody errors', 'custody_errors'))
    ]


if __name__ == '__main__':
    sys.exit(main())
