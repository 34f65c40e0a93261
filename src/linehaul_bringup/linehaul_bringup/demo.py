# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m linehaul_bringup.demo`: a whole factory at work, from its start to a report.

Starts the factory, asks for seeded deliveries through the public action, shows them come, and
ends with a report. Exit codes: 0 when every delivery is done or refused in words, something was
delivered, and the checker saw no overlap, no drive beyond a release and no load in two hands;
1 otherwise; 2 for wrong use.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import yaml

from .demo_factory import Factory
from .demo_goals import choose_deliveries, cut_fleet
from .demo_report import Facts, failures, report_lines, summary
from .demo_view import open_view
from .errors import BringupError, EnvironmentMissing
from .paths import make_run_dir, prefixes, run_dir_path

#: number of deliveries and of vehicles (0: all) where none is given
USUAL = {'cell': (6, 0), 'jiaozhou': (40, 20)}


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog='python -m linehaul_bringup.demo',
        description='Run a factory, have it deliver, and report.',
        epilog='Exit code: 0 all went well, 1 it did not, 2 wrong use.',
    )
    parser.add_argument('--plant', default='cell', help='plant name or file (default: cell)')
    parser.add_argument('--deliveries', type=_positive, help='how many (cell: 6, jiaozhou: 40)')
    parser.add_argument(
        '--vehicles', type=_positive, help='first vehicles only (cell: all, jiaozhou: 20)'
    )
    parser.add_argument(
        '--speed', type=float, default=10.0, help='plant seconds in a second (default: 10)'
    )
    parser.add_argument('--seed', type=int, default=1, help='of plant and demand (default: 1)')
    parser.add_argument(
        '--timeout', type=float, default=600.0, help='seconds until it counts as failed'
    )
    parser.add_argument('--run-dir', default='', help='directory of the run (default: run/<time>)')
    parser.add_argument(
        'arguments', nargs='*', metavar='NAME:=VALUE', help='arguments of config/system.yaml'
    )
    parser.add_argument('--json', action='store_true', help='print the report as JSON')
    return parser.parse_args(argv)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError('at least 1')
    return value


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; return its exit code."""
    options = parse(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        facts = run(options)
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)  # noqa: T201
        return 1
    except (BringupError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)  # noqa: T201
        return 2
    text = json.dumps(summary(facts)) if options.json else '\n'.join(['', *report_lines(facts)])
    print(text)  # noqa: T201
    return 1 if failures(facts) else 0


def run(options: argparse.Namespace) -> Facts:
    """Run the factory and its deliveries.

    Raises:
        BringupError: the environment is not there.
        ValueError: the plant cannot be used, or not with these numbers.
    """
    if not prefixes(os.environ):
        raise EnvironmentMissing('run it through `tools/env python -m linehaul_bringup.demo`')
    run_dir = run_dir_path(options.run_dir, datetime.now(), Path.cwd())
    make_run_dir(run_dir)
    usual_count, usual_vehicles = USUAL.get(Path(options.plant).stem, (6, 0))
    plant_file = prepare_plant(options.plant, options.vehicles or usual_vehicles, run_dir)
    words = [f'plant={plant_file}', f'speed={options.speed}', f'seed={options.seed}']
    words += [word.replace(':=', '=', 1) for word in options.arguments]
    with Factory(run_dir, words) as factory:
        from linehaul_floor import load_plant

        from .demo_watch import watch

        plant = load_plant(plant_file)
        wishes = choose_deliveries(
            plant,
            options.deliveries or usual_count,
            np.random.default_rng(options.seed),
            f'demo-{os.getpid()}-{time.time_ns()}',
        )
        view = open_view(wishes, as_json=options.json)
        view.say(f'plant {plant.name}, {len(plant.fleet)} vehicles, run directory {run_dir}')
        try:
            return watch(factory, plant, wishes, view, options.timeout)
        finally:
            view.close()


def prepare_plant(name: str, vehicles: int, run_dir: Path) -> str:
    """Return the plant to run: the one named, or a copy with fewer vehicles in the run directory.

    Raises:
        ValueError: there is no such plant, or it has fewer vehicles.
    """
    from linehaul_floor.find import plant_path

    from linehaul_floor import PlantError, load_plant

    try:
        plant = load_plant(name)
        if not vehicles or vehicles == len(plant.fleet):
            return name
        raw = yaml.safe_load(plant_path(name).read_text(encoding='utf-8'))
    except PlantError as error:
        raise ValueError(str(error)) from error
    file = run_dir / f'{plant.name}.yaml'
    text = yaml.safe_dump(cut_fleet(raw, vehicles), sort_keys=False, allow_unicode=True)
    file.write_text(text, encoding='utf-8')
    return str(file)


if __name__ == '__main__':
    sys.exit(main())
