# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m linehaul_traffic.replay`: record a running factory, draw a recording or a plan.

    python -m linehaul_traffic.replay record run.jsonl --seconds 600
    python -m linehaul_traffic.replay draw run.jsonl --out run.html
    python -m linehaul_traffic.replay draw plan.json --map FILE.map --out plan.mp4

Exit codes: 0 done, 1 no factory was heard, 2 input that cannot be used.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from math import inf
from pathlib import Path
from typing import Any

from linehaul_floor import PlantError, load_plant
from linehaul_traffic.errors import InputError
from linehaul_traffic.replay.film import save_film
from linehaul_traffic.replay.from_grid import grid_run
from linehaul_traffic.replay.from_plant import plant_run
from linehaul_traffic.replay.page import page
from linehaul_traffic.replay.picture import SHORTEST, moving_svg, still_png, still_svg
from linehaul_traffic.replay.recording import is_recording, read_recording
from linehaul_traffic.replay.run import Run, Unit

ENDINGS = ('.html', '.svg', '.png', '.mp4')


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (InputError, PlantError, OSError) as error:
        _say(f'error: {error}')
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python -m linehaul_traffic.replay',
        description='Record a running factory; draw a recording or a plan.',
        epilog='Exit code: 0 done, 1 no factory was heard, 2 input that cannot be used.',
    )
    commands = parser.add_subparsers(required=True)
    record = commands.add_parser('record', help='record the factory that runs, until Ctrl-C')
    record.set_defaults(run=_record)
    record.add_argument('file', type=Path, help='.jsonl, or .jsonl.gz to have it compressed')
    record.add_argument('--seconds', type=_positive, default=inf, help='of plant time')
    record.add_argument('--wait', type=_positive, default=15.0, help='for a factory [s]')
    draw = commands.add_parser('draw', help='draw a recording or a plan')
    draw.set_defaults(run=_draw)
    draw.add_argument('file', type=Path, help='recording, or JSON of a plan or a lifelong run')
    draw.add_argument('--out', type=Path, required=True, help='.html, .svg, .png or .mp4 file')
    draw.add_argument('--at', type=float, help='s or steps after the beginning: one moment')
    draw.add_argument('--speed', type=_positive, help='for .svg and .mp4 (default: 60 s in all)')
    draw.add_argument('--plant', default='', help='plant file, where its name is not enough')
    draw.add_argument('--map', type=Path, help='MovingAI map of a plan')
    draw.add_argument('--problem', type=Path, help='League of Robot Runners problem of a run')
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if not 0.0 < value < inf:
        raise argparse.ArgumentTypeError('a number above 0')
    return value


def _record(options: argparse.Namespace) -> int:
    from linehaul_traffic.replay.node import record

    moments = record(options.file, _say, options.seconds, options.wait)
    if not moments:
        _say('no factory was heard; start one with `make run`')
        return 1
    _say(f'{moments} moments in {options.file}; draw it with: draw {options.file} --out run.html')
    return 0


def _draw(options: argparse.Namespace) -> int:
    ending = options.out.suffix.lower()
    if ending not in ENDINGS:
        raise InputError(f'{options.out}: wanted a file that ends in {", ".join(ENDINGS)}')
    run = load_run(options.file, options.plant, options.map, options.problem)
    speed = options.speed or _usual_speed(run)
    moment = run.begin + (options.at or 0.0)
    if not run.begin <= moment <= run.end:
        raise InputError(f'--at {options.at:g}: the run lasts {run.end - run.begin:g}')
    if ending == '.html':
        options.out.write_text(page(run), encoding='utf-8')
    elif ending == '.png':
        options.out.write_bytes(still_png(run, moment))
    elif ending == '.svg':
        moving = options.at is None
        text = moving_svg(run, speed) if moving else still_svg(run, moment)
        options.out.write_text(text, encoding='utf-8')
    else:
        save_film(run, options.out, speed, _progress)
    _say(f'{options.out}: {len(run.actors)} vehicles, {_span(run)}')
    return 0


def load_run(file: Path, plant: str = '', map_file: Path | None = None,
             problem: Path | None = None) -> Run:  # fmt: skip
    """Read what a file holds: a recording, or the JSON of a plan or of a lifelong run.

    Raises:
        InputError: it cannot be used; the message says why.
        PlantError: the plant of a recording cannot be used.
    """
    if file.suffix == '.gz' or is_recording(_first_line(file)):
        recording = read_recording(file)
        return plant_run(load_plant(plant or recording.plant), recording.frames)
    try:
        plan: Any = json.loads(file.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise InputError(f'{file}: is neither a recording nor JSON: {error}') from error
    if not isinstance(plan, dict):
        raise InputError(f'{file}: wanted a JSON object')
    try:
        return grid_run(plan, map_file, problem)
    except InputError as error:
        raise InputError(f'{file}: {error}') from error


def _first_line(file: Path) -> str:
    try:
        with file.open(encoding='utf-8') as lines:
            return lines.readline(500)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f'{file}: cannot be read: {error}') from error


def _usual_speed(run: Run) -> float:
    """Return the speed at which a run lasts a minute, or what is near it and not too slow."""
    span = max(run.end - run.begin, 1.0)
    return min(max(span / 60.0, 2.0 if run.unit is Unit.STEPS else 1.0), span / SHORTEST + 1.0)


def _span(run: Run) -> str:
    words = 'steps' if run.unit is Unit.STEPS else 's of plant time'
    return f'{run.end - run.begin:,.0f} {words}'


def _progress(done: int, count: int) -> None:
    if sys.stderr.isatty() or done == count:
        sys.stderr.write(f'\r{done} of {count} pictures' + ('\n' if done == count else ''))
        sys.stderr.flush()


def _say(text: str) -> None:
    sys.stderr.write(text + '\n')
