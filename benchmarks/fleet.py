# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The fleet at work: a large fleet at full rate, and a shift under three ways to assign.

    python benchmarks/fleet.py [--part live shift] [--vehicles 200] [--rate 600] [--hours 2]
                               [--picture shift.svg]

live: so many simulated vehicles with a state a second each, and so many deliveries an hour on the
plant. The fleet's core is fed the same dataclasses that the node makes of its messages, in the
node's rhythm (a round every 0.25 s); `core CPU` is all that the core does: taking states in,
rounds, orders. What the node adds, messages to dataclasses and back and their (de)serialisation,
is measured by itself on real messages and added in `node CPU`; DDS transport is not in it.

shift: the lines of the plant run at 1.2 of their takt (--load), which brings its fleet near its
limit, with stops, speed changes and due times that move (_fleet_demand.py), for two hours; the
same demand and seed for the fleet's assignment, for nearest idle and for first come, first
served. Lateness is what a station waited after it had run out; a delivery that is still out when
the shift ends counts with what it is late then.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import common
import numpy as np
from _fleet_demand import Shift, shift_of
from _fleet_picture import picture
from _fleet_rivals import FirstComeFirstServed, nearest_idle
from _fleet_run import FactoryRun
from linehaul_fleet.assign import assign
from linehaul_fleet.fleet import class_pairs
from linehaul_fleet.warm import warm_up

from linehaul_floor import PlaceKind, Plant, VehicleId, VehicleSpawn, conflict_table, load_plant

RUNS = [['--part', 'live', 'shift']]


def main() -> int:
    """Run the parts."""
    parser = common.argument_parser(__doc__)
    parser.add_argument('--plant', default='jiaozhou')
    parser.add_argument('--part', nargs='+', choices=['live', 'shift'], default=['live', 'shift'])
    parser.add_argument('--vehicles', type=int, default=200)
    parser.add_argument('--rate', type=float, default=600.0, help='deliveries an hour, live')
    parser.add_argument('--minutes', type=float, default=15.0, help='measured, of the live part')
    parser.add_argument('--warm', type=float, default=10.0, help='minutes before, not measured')
    parser.add_argument('--hours', type=float, default=2.0, help='of the shift')
    parser.add_argument('--load', type=float, default=1.2, help='speed of the lines in the shift')
    parser.add_argument('--policy', nargs='+', choices=list(POLICIES), default=list(POLICIES))
    parser.add_argument('--picture', type=Path, metavar='FILE', help='of the shift, .svg or .png')
    args = parser.parse_args()
    if args.quick:
        args.vehicles, args.rate = min(args.vehicles, 60), min(args.rate, 180.0)
        args.minutes, args.hours = min(args.minutes, 2.0), min(args.hours, 0.1)
        args.warm = min(args.warm, 4.0)
    plant = load_plant(args.plant)
    detail: dict[str, Any] = {}
    figures: list[common.Figure] = []
    if 'live' in args.part:
        detail['live'] = live(plant, args)
        figures += live_figures(detail['live'], args)
    if 'shift' in args.part:
        detail['shift'] = shift(plant, args)
        figures += shift_figures(detail['shift'])
        if args.picture is not None:
            picture(detail['shift']['policies'], args.picture)
    common.finish('fleet', args, figures, detail=detail)
    return 0


# A large fleet at full rate.


class Timed:
    """A pairing that is timed."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, *arguments: Any) -> Any:
        """Pair, and take the time."""
        begin = time.perf_counter()
        found = assign(*arguments)
        self.seconds.append(time.perf_counter() - begin)
        return found


def live(plant: Plant, args: argparse.Namespace) -> dict[str, Any]:
    """Return what a large fleet at full rate takes."""
    large = with_vehicles(plant, args.vehicles)
    conflicts = {(a, b): conflict_table(large, a, b) for a, b in class_pairs(large)}  # type: ignore[arg-type]
    warm_up(large, conflicts)
    warm, seconds = 60.0 * args.warm, 60.0 * (args.warm + args.minutes)
    rng = np.random.default_rng([args.seed, 3])
    wants = shift_of(large, seconds / 3600.0, rng, load=speed_for(plant, args.rate), stops=False)
    timed = Timed()
    run = FactoryRun(
        large, conflicts, wants, args.seed, pair=timed, charge=(0.5, 0.95), cycle=1.0, tries=0
    )
    run.go(warm)
    run.set_rhythm(0.25, 3)
    run.start_measuring()
    timed.seconds.clear()
    begin, cpu = time.perf_counter(), time.process_time()
    run.go(seconds)
    result = run.result()
    measured = seconds - warm
    node = node_seconds(run)
    return {
        'vehicles': args.vehicles,
        'warm_min': args.warm,
        'measured_min': args.minutes,
        'asked_per_hour': 3600.0 * len(wants.wants) / seconds,
        'delivered_per_hour': 3600.0 * run.delivered_since_measuring() / measured,
        'assignment_ms': _spread(np.array(timed.seconds) * 1e3),
        'assignments_per_s': len(timed.seconds) / measured,
        'core_cpu_share': result.pop('core_cpu_share'),
        'node_cpu_share': node,
        'wall_s': time.perf_counter() - begin,
        'process_cpu_s': time.process_time() - cpu,
        **{k: v for k, v in result.items() if k != 'lateness_s'},
    }


def with_vehicles(plant: Plant, count: int) -> Plant:
    """Return the plant with so many vehicles in its fleet's proportions, each with its parking."""
    bays = [p.id for p in plant.places_of(PlaceKind.PARKING)]
    if count > len(bays):
        raise SystemExit(f'{plant.name} has {len(bays)} parking places, not {count}')
    classes = [spawn.vehicle_class for spawn in plant.fleet]
    chosen = [classes[k * len(classes) // count] for k in range(count)]
    fleet = tuple(
        VehicleSpawn(VehicleId(f'agv_{k + 1:03d}'), c, bays[k]) for k, c in enumerate(chosen)
    )
    return replace(plant, fleet=fleet)


def speed_for(plant: Plant, rate: float) -> float:
    """Return how fast the lines must run to ask for so many containers an hour."""
    own = 0.0
    for line in plant.lines.values():
        for station in line.stations:
            for item, uses in plant.places[station].uses.items():
                own += 3600.0 / line.takt * uses / plant.items[item].container_units
    return rate / own


def node_seconds(run: FactoryRun) -> float:
    """Return CPU seconds a second that messages take the node, besides the core; NaN: no ROS."""
    try:
        from _fleet_messages import message_seconds
    except ImportError as error:
        print(f'no figure for messages: {error}', file=sys.stderr)
        return float('nan')
    return message_seconds(run)


def live_figures(found: dict[str, Any], args: argparse.Namespace) -> list[common.Figure]:
    """Return the figures of the live part."""
    full = args.vehicles >= 200 and args.rate >= 600.0
    cpu = found['core_cpu_share']
    both = cpu + found['node_cpu_share']
    latency, cycle = found['latency_s'], found['tick_ms']
    figure, goal = common.figure, None if np.isnan(both) else 1.0
    return [
        figure('core CPU', cpu, 'cores', target=1.0),
        figure('node CPU, core and messages', both, 'cores', target=goal),
        figure('assignment p99', found['assignment_ms']['p99'], 'ms', target=50.0),
        figure('round p50', cycle['p50'], 'ms', target=100.0),
        figure('round p99', cycle['p99'], 'ms'),
        figure('deliveries', found['delivered_per_hour'], '1/h', target=570.0, better='higher')
        if full
        else figure('deliveries', found['delivered_per_hour'], '1/h', better='higher'),
        figure('delivery latency p50', latency['p50'], 's'),
        figure('delivery latency p95', latency['p95'], 's'),
        figure('delivery latency p99', latency['p99'], 's'),
        figure('empty travel', found['empty_share'], 'share'),
        figure('re-assignments', found['reassignments_per_hour'], '1/h'),
        figure('overlaps', found['overlaps'], '1', target=0.0),
    ]


# A shift under three ways to assign.

POLICIES: dict[str, Callable[[], Any]] = {
    'linehaul': lambda: None,
    'nearest idle': lambda: nearest_idle,
    'first come, first served': FirstComeFirstServed,
}


def shift(plant: Plant, args: argparse.Namespace) -> dict[str, Any]:
    """Return what each policy makes of the same shift."""
    conflicts = {(a, b): conflict_table(plant, a, b) for a, b in class_pairs(plant)}  # type: ignore[arg-type]
    warm_up(plant, conflicts)
    demand = shift_of(plant, args.hours, np.random.default_rng(args.seed), load=args.load)
    policies = {name: one_shift(plant, conflicts, demand, name, args) for name in args.policy}
    return {
        'hours': args.hours,
        'load': args.load,
        'asked': len(demand.wants),
        'line_events': len(demand.events),
        'policies': policies,
    }


def one_shift(
    plant: Plant, conflicts: Any, demand: Shift, name: str, args: argparse.Namespace
) -> dict[str, Any]:
    """Return what one policy makes of a shift."""
    begin = time.perf_counter()
    run = FactoryRun(
        plant, conflicts, demand, args.seed, pair=POLICIES[name](), cycle=1.0, tries=1, reports=2.0
    )
    run.go(3600.0 * args.hours)
    result = run.result()
    result.pop('core_cpu_share')
    result['wall_s'] = time.perf_counter() - begin
    print(
        f'{name:>24}: {result["phases"].get("DELIVERED", 0)} of {result["deliveries"]} delivered, '
        f'{result["late"]} late, mean lateness {result["mean_lateness_s"]:.1f} s, '
        f'{result["wall_s"]:.0f} s',
        file=sys.stderr,
        flush=True,
    )
    return result


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


def _spread(values: Sequence[float] | np.ndarray) -> dict[str, float]:
    found = np.asarray(values) if len(values) else np.zeros(1)
    p50, p95, p99 = np.percentile(found, [50, 95, 99])
    return {'p50': float(p50), 'p95': float(p95), 'p99': float(p99), 'max': float(found.max())}


if __name__ == '__main__':
    sys.exit(main())
