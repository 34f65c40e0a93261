# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The fleet at work: a large fleet at full rate, and a shift under three ways to assign.

    python benchmarks/fleet.py [--part live shift] [--vehicles 200] [--rate 600] [--hours 2]
                               [--seeds 11 12 13] [--run-dir D --budget 500]
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
the shift ends counts with what it is late then. The weights of the assignment were chosen on seed
1; other seeds tell how good they are.

With --run-dir and --budget a run is made in pieces: call it again until it prints its figures.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import common
from _fleet_live import live, live_figures
from _fleet_picture import picture
from _fleet_pieces import Pieces, Unfinished
from _fleet_shift import POLICIES, shift, shift_figures

from linehaul_floor import load_plant

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
    parser.add_argument('--seeds', type=int, nargs='+', help='of the shift, instead of --seed')
    parser.add_argument('--run-dir', type=Path, help='keep runs here, and go on with them')
    parser.add_argument('--budget', type=float, default=0.0, help='wall seconds of this piece')
    parser.add_argument('--picture', type=Path, metavar='FILE', help='of the shift, .svg or .png')
    args = parser.parse_args()
    if args.quick:
        args.vehicles, args.rate = min(args.vehicles, 60), min(args.rate, 180.0)
        args.minutes, args.hours = min(args.minutes, 2.0), min(args.hours, 0.1)
        args.warm = min(args.warm, 4.0)
    try:
        detail, figures = run_parts(args, Pieces(args.run_dir, args.budget))
    except Unfinished as left:
        print(f'part of a run: {left}')
        return 0
    common.finish('fleet', args, figures, detail=detail)
    return 0


def run_parts(
    args: argparse.Namespace, pieces: Pieces
) -> tuple[dict[str, Any], list[common.Figure]]:
    """Return the detail and the figures of the parts that are wanted."""
    plant = load_plant(args.plant)
    detail: dict[str, Any] = {}
    figures: list[common.Figure] = []
    if 'live' in args.part:
        detail['live'] = live(plant, args, pieces)
        figures += live_figures(detail['live'], args)
    if 'shift' in args.part:
        detail['shift'] = shift(plant, args, pieces)
        figures += shift_figures(detail['shift'])
        if args.picture is not None:
            picture(detail['shift']['policies'], args.picture)
    return detail, figures


if __name__ == '__main__':
    sys.exit(main())
