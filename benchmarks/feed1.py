# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Feed-1: how long a line stands for want of parts, by the rule that sends the vehicles.

Twenty stations at 40 + 12 i m (i from 0) from the depot, takt 30 s, a part is used each takt with
probability 0.3, 0.5, 0.7 or 1, boxes of 8 to 30 parts that hold at least 1.2 times the demand
over the unloaded lead time, two places, two boxes at the start, one box a vehicle, 1 m/s, 25 s
for each transfer, drive times times U(0.9, 1.3), 16 h, 20 seeds, 10 to 13 vehicles. FCFS, nearest
station, random and least slack ask for a box at one box. `linehaul` is the code of linehaul_line:
it asks by look-ahead over the measured response and chooses by slack from the known sequence;
`linehaul, at one box` only chooses, so that the two effects can be told apart. All rules see the
same random numbers.

The draw of 20 instances moves the load by 3 % (one standard error), and stops grow about
exponentially with it. So beside each number of vehicles stops are given at the published loads,
interpolated in their logarithm between the numbers of vehicles on both sides (linearly where the
line never stood with one of them).

    python benchmarks/feed1.py [--quick] [--seeds 20] [--out FILE.json] [--plot FILE.svg]
"""

import argparse
import itertools
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from math import nan
from pathlib import Path
from typing import Any

import common
import numpy as np
from _feed_rules import Linehaul, fcfs, least_slack, nearest, random
from _feed_world import SHIFT, Feeder, Instance, World, draw, run
from linehaul_line.lookahead import Policy

FLEETS = (9, 10, 11, 12, 13)
#: Vehicles at which the load is 89 % in the published experiment.
AT_89 = 12
OURS, CHOICE = 'linehaul', 'linehaul, at one box'
#: Published vehicles, and the load that they had there.
LOADS = {10: 1.07, 11: 0.97, 12: 0.89, 13: 0.82}
#: Published shares of the shift [%] that the line stands: 10, 11, 12, 13 vehicles.
PUBLISHED = {
    'fcfs': (8.6, 4.4, 2.0, 1.05),
    'nearest': (11.9, 6.7, 3.4, 1.65),
    'random': (10.3, 5.5, 2.6, 1.39),
    'least slack': (7.4, 3.6, 1.7, 0.93),
}
#: Least stops first.
PUBLISHED_ORDER = ('least slack', 'fcfs', 'random', 'nearest')
#: A box should stand in its place five minutes before the line needs it.
POLICY = Policy(cover=300.0, open_limit=2)

Rules = dict[str, Callable[[Instance, int], Feeder]]
RULES: Rules = {
    'fcfs': lambda _, __: fcfs(),
    'nearest': lambda _, __: nearest(),
    'random': lambda _, seed: random(seed),
    'least slack': lambda _, __: least_slack(),
    CHOICE: lambda instance, _: Linehaul(instance, POLICY, look_ahead=False),
    OURS: lambda instance, _: Linehaul(instance, POLICY),
}


def main(arguments: list[str] | None = None) -> int:
    parser = common.argument_parser(__doc__)
    parser.add_argument('--seeds', type=int, default=20, help='number of seeds, from --seed on')
    parser.add_argument('--plot', type=Path, metavar='FILE', help='default: beside --out, .svg')
    parser.add_argument(
        '--fleets', type=int, nargs='+', default=FLEETS, choices=FLEETS, help='vehicles'
    )
    args = parser.parse_args(arguments)
    count = min(args.seeds, 4) if args.quick else args.seeds
    instances = {seed: draw(seed) for seed in range(args.seed, args.seed + count)}
    rows = []
    tasks = [
        (instances, vehicles, name) for vehicles, name in itertools.product(args.fleets, RULES)
    ]
    with ProcessPoolExecutor() as pool:
        for row in pool.map(measure, *zip(*tasks, strict=True)):
            rows.append(row)
            tell(row)
    common.finish('feed1', args, figures(rows), detail=detail(rows, instances))
    plot(rows, args)
    return 0


def tell(row: dict[str, Any]) -> None:
    """Print one row as soon as it is there."""
    print(
        f'{row["vehicles"]:3d} vehicles  {row["rule"]:22s} {100 * row["stop"]:6.2f} % stands'
        f'  ± {100 * row["standard_error"]:.2f}  stock {row["stock"]:4.0f}'
        f'  {100 * row["blocked"]:.2f} % blocked',
        flush=True,
    )


def measure(instances: dict[int, Instance], vehicles: int, name: str) -> dict[str, Any]:
    """Return what all seeds together show of one rule with so many vehicles."""
    runs = [
        run(instance, vehicles, RULES[name](instance, seed))
        for seed, instance in instances.items()
    ]
    stops = np.array([one.stood for one in runs]) / SHIFT
    return {
        'rule': name,
        'vehicles': vehicles,
        'load': float(np.mean([one.load(vehicles) for one in instances.values()])),
        'stop': float(stops.mean()),
        'standard_error': float(stops.std(ddof=1) / np.sqrt(len(stops))) if len(stops) > 1 else 0,
        'stop_by_seed': stops,
        'busy': _mean(runs, lambda w: w.driving / vehicles / SHIFT),
        'blocked': _mean(runs, lambda w: w.blocked / vehicles / SHIFT),
        'stock': _mean(runs, lambda w: w.stock_time / SHIFT),
        'delivered': _mean(runs, lambda w: w.delivered),
    }


def _mean(runs: list[World], of: Callable[[World], float]) -> float:
    return float(np.mean([of(one) for one in runs]))


def figures(rows: list[dict[str, Any]]) -> list[common.Figure]:
    """Return the figures against their targets."""
    stop = {(row['rule'], row['vehicles']): row['stop'] for row in rows}
    fleets = [n for n in FLEETS if (OURS, n) in stop]
    at_89 = {name: stop.get((name, AT_89), nan) for name in RULES}
    ratio = _ratio(stop, AT_89)
    less = at_89['least slack'] - at_89[OURS]
    ordered = [n for n in fleets if _ordered([stop[name, n] for name in PUBLISHED_ORDER])]
    away = [
        100 * at_load(rows, name, load) / value - 1.0
        for name, values in PUBLISHED.items()
        for load, value in zip(LOADS.values(), values, strict=True)
        if name != 'least slack'
    ]
    away = [one for one in away if not np.isnan(one)]
    exact = {name: at_load(rows, name, LOADS[AT_89]) for name in RULES}
    stock = {row['rule']: row['stock'] for row in rows}
    return [
        common.figure('stop at 89 % load, of FCFS', ratio, 'x', target=0.8),
        common.figure(
            'least slack minus ours', 100 * less, '% of shift', target=0.0, better='higher'
        ),
        common.figure(
            'published order at 89 %', AT_89 in ordered, '', target=1.0, better='higher'
        ),
        common.figure('pairs surely against it, all fleets', _against(rows), '', target=0.0),
        common.figure('fleets with exactly that order', len(ordered), f'of {len(fleets)}'),
        common.figure('one vehicle fewer, of FCFS', _ratio(stop, AT_89 - 1), 'x', target=0.8),
        common.figure('stop at 89 %, ours', 100 * at_89[OURS], '% of shift'),
        common.figure('stop at 89 %, only the choice ours', 100 * at_89[CHOICE], '% of shift'),
        common.figure('stop at 89 %, FCFS', 100 * at_89['fcfs'], '% of shift'),
        common.figure('at load 0.89: ours', 100 * exact[OURS], '% of shift'),
        common.figure('at load 0.89: ours, of FCFS', exact[OURS] / exact['fcfs'], 'x', target=0.8),
        common.figure('at load 0.89: least slack', 100 * exact['least slack'], '% of shift'),
        *(
            common.figure(
                f'at load 0.89: {name}, from published',
                100 * exact[name] / PUBLISHED[name][tuple(LOADS).index(AT_89)] - 1.0,
                'relative',
            )
            for name in PUBLISHED
        ),
        common.figure(
            'FCFS, nearest, random at all loads, worst from published',
            float(np.max(np.abs(away))) if away else nan,
            'relative',
            target=0.15,
        ),
        common.figure('line-side stock, of FCFS', stock[OURS] / stock['fcfs'], 'x'),
    ]


def at_load(rows: list[dict[str, Any]], rule: str, load: float) -> float:
    """Return a rule's share of stops at a load, between the fleets on both sides; NaN: outside."""
    mine = sorted((row['load'], row['stop']) for row in rows if row['rule'] == rule)
    loads, stops = np.array(mine).T
    if not loads[0] <= load <= loads[-1]:
        return nan
    upper = max(int(np.searchsorted(loads, load)), 1)
    near = slice(upper - 1, upper + 1)
    if stops[near].min() <= 0.0:
        return float(np.interp(load, loads[near], stops[near]))
    return float(np.exp(np.interp(load, loads[near], np.log(stops[near]))))


def _ratio(stop: dict[tuple[str, int], float], vehicles: int) -> float:
    """Return our stop over that of FCFS, NaN where either was not played or FCFS never stood."""
    ours, first = stop.get((OURS, vehicles), nan), stop.get(('fcfs', vehicles), nan)
    return ours / first if first else nan


def _against(rows: list[dict[str, Any]]) -> int:
    """Return the neighbours in the published order that are the other way by two errors."""
    found = 0
    seeds = {(row['rule'], row['vehicles']): row['stop_by_seed'] for row in rows}
    for vehicles in {row['vehicles'] for row in rows}:
        for better, worse in itertools.pairwise(PUBLISHED_ORDER):
            more = seeds[worse, vehicles] - seeds[better, vehicles]
            error = more.std(ddof=1) / np.sqrt(len(more)) if len(more) > 1 else np.inf
            found += bool(more.mean() < -2.0 * error)
    return found


def _ordered(values: list[float]) -> bool:
    return all(a < b for a, b in itertools.pairwise(values))


def detail(rows: list[dict[str, Any]], instances: dict[int, Instance]) -> dict[str, Any]:
    """Return the whole table, beside what was published."""
    about = {'published_percent': PUBLISHED, 'published_loads': LOADS}
    at = {name: {load: at_load(rows, name, load) for load in LOADS.values()} for name in RULES}
    return {'rows': rows, 'seeds': sorted(instances), 'at_published_loads': at} | about


def plot(rows: list[dict[str, Any]], args: argparse.Namespace) -> None:
    """Draw the stops over the number of vehicles, where a file for it is named."""
    file = args.plot or (args.out.with_suffix('.svg') if args.out else None)
    if file is None:
        return
    import matplotlib as mpl

    mpl.use('svg')
    from matplotlib import pyplot as plt

    picture, axes = plt.subplots(figsize=(7.0, 4.2))
    for name in RULES:
        mine = [row for row in rows if row['rule'] == name]
        x = [100 * row['load'] for row in mine]
        y = [100 * row['stop'] for row in mine]
        error = [100 * row['standard_error'] for row in mine]
        axes.errorbar(x, y, yerr=error, marker='o', capsize=2, label=name)
    axes.set(xlabel='load of the vehicles [%]', ylabel='the line stands [% of the shift]')
    axes.set_title('Feed-1: line stop by the rule that sends the vehicles')
    axes.grid(alpha=0.3)
    axes.legend()
    file.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(file, bbox_inches='tight', metadata={'Date': None})
    plt.close(picture)


if __name__ == '__main__':
    sys.exit(main())
