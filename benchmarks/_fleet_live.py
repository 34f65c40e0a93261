# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The live part of fleet.py: a large fleet at full rate, and what it takes."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import common
import numpy as np
from _fleet_demand import shift_of
from _fleet_pieces import Pieces
from _fleet_run import FactoryRun
from linehaul_fleet.assign import assign
from linehaul_fleet.fleet import class_pairs
from linehaul_fleet.warm import warm_up

from linehaul_floor import PlaceKind, Plant, VehicleId, VehicleSpawn, conflict_table

WARM_TRIES, MEASURED_TRIES = 20, 5
"""Better plans tried in a round: one a second while it warms up, four a second then. The node has
a fifth of the wall time for them, which is more."""


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


def live(plant: Plant, args: argparse.Namespace, pieces: Pieces) -> dict[str, Any]:
    """Return what a large fleet at full rate takes.

    Raises:
        Unfinished: the wall time of this call was over before.
    """
    large = with_vehicles(plant, args.vehicles)
    warm, seconds = 60.0 * args.warm, 60.0 * (args.warm + args.minutes)
    rng = np.random.default_rng([args.seed, 3])
    wants = shift_of(large, seconds / 3600.0, rng, load=speed_for(plant, args.rate), stops=False)

    def new() -> FactoryRun:
        conflicts = {(a, b): conflict_table(large, a, b) for a, b in class_pairs(large)}  # type: ignore[arg-type]
        warm_up(large, conflicts)
        return FactoryRun(
            large,
            conflicts,
            wants,
            args.seed,
            pair=Timed(),
            charge=(0.5, 0.95),
            cycle=1.0,
            tries=WARM_TRIES,
        )

    key = f'live-{args.vehicles}-{args.rate:g}-{args.seed}'
    run = pieces.begin(key, new)
    timed = run.fleet.situation.desk.pair
    assert isinstance(timed, Timed)
    if run.measured_from == run.begin:
        pieces.go(key, run, warm)
        run.set_rhythm(0.25, MEASURED_TRIES)
        run.start_measuring()
        timed.seconds.clear()
    pieces.go(key, run, seconds)
    pieces.done(key)
    result = run.result()
    measured = seconds - warm
    return {
        'vehicles': args.vehicles,
        'warm_min': args.warm,
        'measured_min': args.minutes,
        'asked_per_hour': 3600.0 * len(wants.wants) / seconds,
        'delivered_per_hour': 3600.0 * run.delivered_since_measuring() / measured,
        'assignment_ms': _spread(np.array(timed.seconds) * 1e3),
        'assignments_per_s': len(timed.seconds) / measured,
        'core_cpu_share': result.pop('core_cpu_share'),
        'node_cpu_share': node_seconds(run),
        'wall_s': run.wall,
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
        figure('deliveries', found['delivered_per_hour'], '1/h', target=600.0, better='higher')
        if full
        else figure('deliveries', found['delivered_per_hour'], '1/h', better='higher'),
        figure('delivery latency p50', latency['p50'], 's'),
        figure('delivery latency p95', latency['p95'], 's'),
        figure('delivery latency p99', latency['p99'], 's'),
        figure('empty travel', found['empty_share'], 'share'),
        figure('re-assignments', found['reassignments_per_hour'], '1/h'),
        figure('overlaps', found['overlaps'], '1', target=0.0),
    ]


def _spread(values: Sequence[float] | np.ndarray) -> dict[str, float]:
    found = np.asarray(values) if len(values) else np.zeros(1)
    p50, p95, p99 = np.percentile(found, [50, 95, 99])
    return {'p50': float(p50), 'p95': float(p95), 'p99': float(p99), 'max': float(found.max())}
