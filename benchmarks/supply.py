# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The lines of the reference plant fed by its fleet: line stops, full places, line-side stock.

The cores of lines, fleet, traffic and simulation run together on plant time, without ROS, with the
plant file's own fleet. Two parts, each for some seeds:

hour: all lines at their takt for an hour, after 15 minutes of warm-up.
changes: one line is held for 10 minutes, then another runs at double speed for 10, then a third
changes over to a model that takes twice the motors and propellers; once with what lines tell the
fleet, and once with the adjustment switched off: requests stay as they were asked.

    python benchmarks/supply.py [--quick] [--part hour changes] [--seeds 3] [--run-dir DIR]
        [--out FILE.json] [--plot FILE.svg]

The fleet tries 8 better plans in each second of plant time; at real time its
node has time for more.

With --run-dir runs that are finished are kept there and not repeated.
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import common
import numpy as np
from _supply_picture import picture
from _supply_run import Happening, SupplyRun
from linehaul_fleet.fleet import class_pairs
from linehaul_fleet.warm import warm_up
from linehaul_line.ids import LineId, ModelId
from linehaul_line.product import Model, standard_model

from linehaul_floor import Plant, conflict_table, load_plant

TRIES = 8
"""Better plans that the fleet tries in each second."""
WARM = 900.0
HOUR = 3600.0
STOP, SPEED, CHANGE = (900.0, 1500.0), (1800.0, 2400.0), 2700.0
"""When one line stands, another runs at double speed, and a third changes over [s]."""
END = 3900.0
HELD, FAST, CHANGED = LineId('fa1'), LineId('fa2'), LineId('fa3')
TWIN = ModelId('fa3_twin')
VARIANTS = {'adjusted': True, 'not adjusted': False}


def main() -> int:
    parser = common.argument_parser(__doc__)
    parser.add_argument('--plant', default='jiaozhou')
    parser.add_argument(
        '--part', nargs='+', choices=['hour', 'changes'], default=['hour', 'changes']
    )
    parser.add_argument('--seeds', type=int, default=3, help='number of seeds, from --seed on')
    parser.add_argument('--vehicles', type=int, help='that feed lines; default: all of the plant')
    parser.add_argument('--run-dir', type=Path, metavar='DIR', help='finished runs are kept here')
    parser.add_argument('--plot', type=Path, metavar='FILE', help='default: beside --out, .svg')
    args = parser.parse_args()
    if args.quick:
        args.seeds, args.part = 1, ['hour']
    factory = Factory(load_plant(args.plant), args)
    seeds = range(args.seed, args.seed + args.seeds)
    detail: dict[str, Any] = {'plant': args.plant, 'seeds': list(seeds)}
    detail['vehicles'] = len(factory.plant.fleet)
    figures: list[common.Figure] = []
    if 'hour' in args.part:
        detail['hour'] = [factory.hour(seed) for seed in seeds]
        figures += hour_figures(detail['hour'])
    if 'changes' in args.part:
        detail['changes'] = {
            name: [factory.changes(seed, name) for seed in seeds] for name in VARIANTS
        }
        figures += change_figures(detail['changes'])
    common.finish('supply', args, figures, detail=detail)
    file = args.plot or (args.out.with_suffix('.svg') if args.out else None)
    if file is not None:
        picture(detail, file)
    return 0


class Factory:
    """The plant, prepared once, and its runs."""

    def __init__(self, plant: Plant, args: argparse.Namespace) -> None:
        self.plant = plant if args.vehicles is None else fewer(plant, args.vehicles)
        self._conflicts: Any = None
        self._args = args

    def conflicts(self) -> Any:
        """Return the tables of all pairs of classes, with the planner warm."""
        if self._conflicts is None:
            pairs = class_pairs(self.plant)
            self._conflicts = {(a, b): conflict_table(self.plant, a, b) for a, b in pairs}  # type: ignore[arg-type]
            warm_up(self.plant, self._conflicts)
        return self._conflicts

    def hour(self, seed: int) -> dict[str, Any]:
        """Return an hour at the reference rate."""
        until = WARM + (300.0 if self._args.quick else HOUR)
        warm = 300.0 if self._args.quick else WARM
        return self._run(f'hour-{seed}', seed, warm, until, {})

    def changes(self, seed: int, variant: str) -> dict[str, Any]:
        """Return a run in which lines stop, speed up and change over."""
        about = {
            'adjust': VARIANTS[variant],
            'happenings': happenings(),
            'models': {CHANGED: [twin(self.plant)]},
        }
        return self._run(f'changes-{variant.replace(" ", "-")}-{seed}', seed, STOP[0], END, about)

    def _run(
        self, name: str, seed: int, since: float, until: float, about: dict[str, Any]
    ) -> dict[str, Any]:
        folder = self._args.run_dir
        file = folder / f'{name}.json' if folder else None
        if file is not None and file.exists():
            return dict(json.loads(file.read_text(encoding='utf-8')))
        begin = time.perf_counter()
        run = SupplyRun(
            self.plant, self.conflicts(), seed, cycle=1.0, tries=TRIES, reports=2.0, **about
        )
        run.go(until)
        whole = run.result()
        result = run.supply(since, until) | {
            'seed': seed,
            'seconds': until - since,
            'reassignments': whole['reassignments'],
            'empty_share': whole['empty_share'],
            'overlaps': whole['overlaps'],
            'custody_errors': run.world.data.custody_errors,
            'lowest_charge': whole['lowest_charge'],
            'wall_s': time.perf_counter() - begin,
        }
        tell(name, result)
        if file is not None:
            common.write_json(file, result)
        return result


def fewer(plant: Plant, count: int) -> Plant:
    """Return the plant with so many vehicles of the class that feeds lines."""
    feeding = [spawn for spawn in plant.fleet if spawn.vehicle_class == 'agv'][:count]
    others = [spawn for spawn in plant.fleet if spawn.vehicle_class != 'agv']
    return replace(plant, fleet=(*feeding, *others))


def happenings() -> list[Happening]:
    """Return what happens to the lines in the second part."""
    return [
        Happening(STOP[0], f'{HELD} is held', lambda run: run.hold(HELD)),
        Happening(STOP[1], f'{HELD} goes on', lambda run: run.unhold(HELD)),
        Happening(SPEED[0], f'{FAST} doubles its speed', lambda run: run.set_speed(FAST, 2.0)),
        Happening(SPEED[1], f'{FAST} runs by its takt', lambda run: run.set_speed(FAST, 1.0)),
        Happening(CHANGE, f'{CHANGED} changes over', lambda run: run.change_over(CHANGED, TWIN)),
    ]


def twin(plant: Plant) -> Model:
    """Return an outdoor unit with two fans: twice the motors and propellers."""
    standard = standard_model(plant, plant.lines[CHANGED])
    double = ('fan_motor_outdoor', 'propeller')
    bill = {
        station: {item: parts * (2 if item in double else 1) for item, parts in items.items()}
        for station, items in standard.bill.items()
    }
    return Model(TWIN, bill)


def tell(name: str, result: dict[str, Any]) -> None:
    """Print a run as soon as it is there."""
    stood = {line: round(one['stood_s']) for line, one in result['lines'].items()}
    refused = len(result['handovers_refused'])
    print(
        f'{name:>24}: lines stood {stood} s, {refused} handovers refused, '
        f'{result["delivered"]} delivered, {result["late"]} late, {result["wall_s"]:.0f} s',
        file=sys.stderr,
        flush=True,
    )


def hour_figures(runs: list[dict[str, Any]]) -> list[common.Figure]:
    """Return the figures of the hour, over all seeds."""
    shares = [one['stood_s'] / run['seconds'] for run in runs for one in run['lines'].values()]
    stock = [one['mean_stock_parts'] for run in runs for one in run['lines'].values()]
    share = [one['stock_share'] for run in runs for one in run['lines'].values()]
    figure = common.figure
    return [
        figure('hour: lines stand', 100.0 * np.mean(shares), '% of line time', target=1.0),
        figure('hour: worst line', 100.0 * np.max(shares), '% of its time', target=1.0),
        figure(
            'hour: into a full place',
            sum(len(run['handovers_refused']) for run in runs),
            '1',
            target=0.0,
        ),
        figure(
            'hour: line and floor count differently',
            sum(len(run['line_and_floor_apart']) for run in runs),
            '1',
            target=0.0,
        ),
        figure('hour: after the run-out', sum(run['late'] for run in runs), '1'),
        figure('hour: deliveries', np.mean([run['delivered'] for run in runs]), '1'),
        figure('hour: line-side stock of a line', np.mean(stock), 'parts'),
        figure('hour: line-side stock, of all places full', np.mean(share), 'share'),
        figure('hour: re-assignments', np.mean([run['reassignments'] for run in runs]), '1'),
        figure('hour: overlaps', _total(runs, 'overlaps'), '1', target=0.0),
        figure('hour: custody errors', _total(runs, 'custody_errors'), '1', target=0.0),
    ]


def change_figures(runs: dict[str, list[dict[str, Any]]]) -> list[common.Figure]:
    """Return the figures of the changes, with and without adjustment."""
    figure, found = common.figure, []
    stood = {name: np.array([_starved(run) for run in runs[name]]) for name in runs}
    others = {name: np.array([_others_starved(run) for run in runs[name]]) for name in runs}
    for name, mine in runs.items():
        is_ours = VARIANTS[name]
        goal = 0.0 if is_ours else None
        refused = sum(len(run['handovers_refused']) for run in mine)
        found += [
            figure(f'{name}: lines stand starved', stood[name].mean(), 's'),
            figure(f'{name}: the others while one is held', others[name].mean(), 's', target=goal),
            figure(f'{name}: into a full place', refused, '1', target=goal),
            figure(f'{name}: after the run-out', np.mean([r['late'] for r in mine]), '1'),
            figure(f'{name}: re-assignments', np.mean([r['reassignments'] for r in mine]), '1'),
            figure(f'{name}: overlaps', _total(mine, 'overlaps'), '1', target=0.0),
        ]
    if set(runs) == set(VARIANTS):
        on, off = stood['adjusted'], stood['not adjusted']
        gain = off - on
        found.append(
            figure('stands less by the adjustment', gain.mean(), 's', target=0.0, better='higher')
        )
        found.append(figure('seeds in which it gains', int((gain > 0).sum()), f'of {len(gain)}'))
    return found


def _total(runs: list[dict[str, Any]], key: str) -> int:
    return sum(run[key] for run in runs)


def _starved(run: dict[str, Any]) -> float:
    return float(sum(one['stood_s'] for one in run['lines'].values()))


def _others_starved(run: dict[str, Any]) -> float:
    """Return how long lines stood that began to starve while one was held."""
    return float(
        sum(
            seconds or 0.0
            for line, begin, seconds, _ in run['stops']
            if line != HELD and STOP[0] <= begin < STOP[1]
        )
    )


if __name__ == '__main__':
    sys.exit(main())
