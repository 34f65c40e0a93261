# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The hand-off under everything: a random walk of a million steps, and all states of a small one.

    python benchmarks/handshake.py [--steps 1000000] [--states 2000000]

The walk drives two real sides with their timers: messages are lost, repeated, late and mixed,
either side is killed, stopped, runs out of disk or has its clock moved at any step. After every
step the promises are checked; every few hundred steps the rest of the world behaves, and the
session must end as done, undone, or with a person called, and by that person's word.
The search visits every joint state of both machines, one message in the air each way, and counts
them.
"""

import random
import sys
import time
from collections import Counter
from typing import Any

import common
from linehaul_transfer.bench import Rig, walk
from linehaul_transfer.explore import Bounds, Explorer

from linehaul_transfer import Holder, Kind

ROUND = 250


def walks(steps: int, seed: int) -> dict[str, Any]:
    """Walk; return counts and every broken promise."""
    rng = random.Random(seed)
    ends: Counter[str] = Counter()
    faults: list[str] = []
    done = 0
    begin = time.perf_counter()
    while done < steps and not faults:
        rig = Rig(rng.choice((Kind.LOAD, Kind.UNLOAD)))
        rig.start()
        try:
            for _ in range(8):
                done += one_round(rig, rng, ends)
        except AssertionError as error:
            faults.append(str(error))
    seconds = time.perf_counter() - begin
    return {'steps': done, 'seconds': seconds, 'ends': dict(ends), 'faults': faults}


def one_round(rig: Rig, rng: random.Random, ends: Counter[str]) -> int:
    """Walk a round and bring it to an end; return the steps."""
    for step in range(ROUND):
        name = walk(rig, rng)
        fault = rig.fault()
        assert not fault, f'after {name}, step {step}: {fault}'
    if rig.vehicle.state.job is None and rig.vehicle.state.result is None:
        rig.reset()
        rig.start()
    ends[rig.settle().outcome] += 1
    rig.attend(rng.choice((Holder.VEHICLE, Holder.PORT)))
    return ROUND


SEARCHES = {
    'load': Bounds(Kind.LOAD, vehicle_deaths=0, port_deaths=0),
    'unload': Bounds(Kind.UNLOAD, vehicle_deaths=0, port_deaths=0),
    'load, one emergency stop': Bounds(Kind.LOAD, vehicle_deaths=0, port_deaths=0, stops=1),
    'load, vehicle dies': Bounds(Kind.LOAD, vehicle_deaths=1, port_deaths=0),
    'unload, vehicle dies': Bounds(Kind.UNLOAD, vehicle_deaths=1, port_deaths=0),
    'load, port dies': Bounds(Kind.LOAD, vehicle_deaths=0, port_deaths=1),
    'unload, port dies': Bounds(Kind.UNLOAD, vehicle_deaths=0, port_deaths=1),
}
QUICK = ('load', 'unload')


def searches(names: tuple[str, ...], most: int) -> dict[str, dict[str, Any]]:
    """Search within each set of bounds."""
    found = {}
    for name in names:
        begin = time.perf_counter()
        bounds = SEARCHES[name]
        out = Explorer(
            Bounds(
                bounds.kind,
                vehicle_deaths=bounds.vehicle_deaths,
                port_deaths=bounds.port_deaths,
                stops=bounds.stops,
                most=most,
            )
        ).run()
        seconds = time.perf_counter() - begin
        print(
            f'{name}: {out.states:,} states, {out.steps:,} steps, depth {out.depth}, '
            f'ends {out.ends}, stuck {out.stuck}, faults {len(out.faults)}, '
            f'{"all" if out.complete else "not all"} visited in {seconds:.0f} s',
            flush=True,
        )
        found[name] = {
            'states': out.states,
            'steps': out.steps,
            'ends': out.ends,
            'stuck': out.stuck,
            'faults': out.faults,
            'complete': out.complete,
            'seconds': seconds,
        }
    return found


def main() -> int:
    """Walk, search, and say what was found."""
    parser = common.argument_parser(__doc__)
    parser.add_argument('--steps', type=int, default=0, help='of the walk; 0: a million')
    parser.add_argument('--states', type=int, default=2_000_000, help='most of each search')
    parser.add_argument('--only', choices=('walk', 'search'), help='one half alone')
    parser.add_argument('--search', choices=sorted(SEARCHES), help='one search alone')
    args = parser.parse_args()
    steps = args.steps or (50_000 if args.quick else 1_000_000)
    names = (args.search,) if args.search else QUICK if args.quick else tuple(SEARCHES)
    figures, detail = [], {}
    if args.only != 'search':
        result = walks(steps, args.seed)
        detail['walk'] = result
        print(result, flush=True)
        figures += [
            common.figure('steps walked', result['steps'], 'steps', target=steps, better='higher'),
            common.figure('broken promises, walk', len(result['faults']), '', target=0),
        ]
    if args.only != 'walk':
        found = searches(names, args.states)
        detail['search'] = found
        total = sum(one['states'] for one in found.values())
        broken = sum(len(one['faults']) for one in found.values())
        stuck = sum(max(one['stuck'], 0) for one in found.values())
        complete = sum(one['complete'] for one in found.values())
        figures += [
            common.figure('states visited', total, 'states', better='higher'),
            common.figure(
                'searches that saw all', complete, '', target=len(names), better='higher'
            ),
            common.figure('broken promises, search', broken, '', target=0),
            common.figure('states without an end', stuck, '', target=0),
        ]
    common.finish('handshake', args, figures, detail=detail)
    return 0


if __name__ == '__main__':
    sys.exit(main())
