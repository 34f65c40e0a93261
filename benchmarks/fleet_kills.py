# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Kills of the fleet and of the simulation over many deliveries, in one process on plant time.

    python benchmarks/fleet_kills.py --deliveries 200 --fleet-kills 50 --sim-kills 20

The same as fleet_recovery.py without processes: a killed fleet is made anew from its journal, a
killed simulation from its stored world, at random moments. What counts is what is lost, doubled or
touched, not how long it takes; the simulation's independent checker watches every step.
"""

import pickle
import random
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import common
from linehaul_fleet.delivery import Phase
from linehaul_sim.world import World

RUNS = [['--deliveries', '200']]
MOST = 500.0
"""[s] of plant time for a delivery on average, after which a run has failed."""


def fleet_world() -> Any:
    """Return the class of the tests' plant with a fleet in one process."""
    path = Path(__file__).resolve().parents[1] / 'tests/fleet_world.py'
    spec = spec_from_file_location('fleet_world', path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.FleetWorld


def revive(world: Any) -> None:
    """Kill the simulation: a new one goes on from the stored world."""
    world.world.data = pickle.loads(pickle.dumps(world.world.data))
    world.world = World(world.plant, world.world.settings, world.world.data)
    world.world.announce()


def main() -> int:
    """Run, print, and write the result."""
    parser = common.argument_parser(__doc__)
    parser.add_argument('--plant', default='cell')
    parser.add_argument('--deliveries', type=int, default=200)
    parser.add_argument('--fleet-kills', type=int, default=50)
    parser.add_argument('--sim-kills', type=int, default=20)
    args = parser.parse_args()
    if args.quick:
        args.deliveries, args.fleet_kills, args.sim_kills = 20, 10, 4
    rng, last = random.Random(args.seed), args.deliveries - 1.0
    kinds = ['fleet'] * args.fleet_kills + ['sim'] * args.sim_kills
    points = sorted((rng.uniform(0.5, last), kind) for kind in kinds)
    world, asked, begin = fleet_world()(plant_name=args.plant, seed=args.seed), 0, time.monotonic()
    end = world.now + MOST * args.deliveries
    while sum(world.fleet.model.ended.values()) < args.deliveries and world.now < end:
        while asked < args.deliveries and len(world.fleet.model.open) < 6:
            world.request(f'r{asked:04}' + 'x' * (asked % 4))
            asked += 1
        world.step()
        done = sum(world.fleet.model.ended.values())
        if points and done >= points[0][0] - 1.0 and rng.random() < 0.01:
            kind = points.pop(0)[1]
            world.restart() if kind == 'fleet' else revive(world)
    world.run(2.0)
    delivered, data = world.fleet.model.ended[Phase.DELIVERED], world.world.data
    verdict = world.world.verdict
    figures = [
        common.figure('deliveries lost', args.deliveries - delivered, '', target=0),
        common.figure('deliveries doubled', data.handling.drops - delivered, '', target=0),
        common.figure('overlaps and beyond base', len(verdict.texts), '', target=0),
        common.figure('custody errors', data.custody_errors, '', target=0),
        common.figure('kills', len(kinds) - len(points), '', target=len(kinds), better='higher'),
        common.figure('plant time', world.now - end + MOST * args.deliveries, 's'),
        common.figure('wall time', time.monotonic() - begin, 's'),
    ]
    common.finish('fleet_kills', args, figures)
    return 0 if all(one['met'] for one in figures) else 1


if __name__ == '__main__':
    sys.exit(main())
