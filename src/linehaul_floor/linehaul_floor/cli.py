# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Command line of the floor: check, show, draw and export a plant.

Exit codes: 0 all well; 1 the plant is refused or has errors; 2 wrong use; 3 a file could not be
written.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from linehaul_floor.checks import CheckReport, check_plant
from linehaul_floor.errors import FloorError, LifError, PlantError, Problem
from linehaul_floor.find import load_plant, plant_names
from linehaul_floor.plain import to_plain
from linehaul_floor.plant import PlaceKind, Plant

_OK, _REFUSED, _UNWRITTEN = 0, 1, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    args = _parser().parse_args(arguments)
    command: Callable[[Plant, argparse.Namespace], int] = args.command
    try:
        return command(load_plant(args.plant, checked=command is not _check), args)
    except (PlantError, LifError) as error:
        _print_problems('error', error.problems, args.json, error.source)
        return _REFUSED
    except FloorError as error:
        print(f'error: {error}', file=sys.stderr)  # noqa: T201
        return _REFUSED
    except OSError as error:
        print(f'error: cannot write {error.filename}: {error.strerror}', file=sys.stderr)  # noqa: T201
        return _UNWRITTEN


def _parser() -> argparse.ArgumentParser:
    known = ', '.join(sorted(plant_names())) or 'none found'
    parser = argparse.ArgumentParser(
        prog='linehaul-floor',
        description='Check, show, draw and export a factory floor.',
        epilog='Exit codes: 0 all well, 1 plant refused or wrong, 2 wrong use, 3 not written.',
    )
    commands = parser.add_subparsers(required=True, metavar='COMMAND')
    for name, command, text in (
        ('check', _check, 'check everything: reach, clearance, bays that block lanes'),
        ('show', _show, 'say what the plant consists of'),
        ('draw', _draw, 'write plant.svg and plant.png'),
        ('export', _export, 'write maps/PLANT/… and worlds/PLANT.sdf below a folder'),
    ):
        sub = commands.add_parser(name, help=text, description=f'{text[0].upper()}{text[1:]}.')
        sub.set_defaults(command=command)
        sub.add_argument('plant', metavar='PLANT', help=f'plant file, or a name: {known}')
        sub.add_argument('--json', action='store_true', help='print JSON instead of text')
        if name in {'draw', 'export'}:
            sub.add_argument(
                '--out', type=Path, default=Path(), metavar='DIR', help='folder (default: here)'
            )
    return parser


def _check(plant: Plant, args: argparse.Namespace) -> int:
    report = check_plant(plant)
    if args.json:
        _say(to_plain(report))
    else:
        _print_report(plant, report)
    return _REFUSED if report.errors else _OK


def _print_report(plant: Plant, report: CheckReport) -> None:
    _print_problems('error', report.errors, False)
    _print_problems('warning', report.warnings, False)
    print(f'{plant.name}: {len(report.errors)} errors, {len(report.warnings)} warnings')  # noqa: T201


def _show(plant: Plant, args: argparse.Namespace) -> int:
    facts = summary(plant)
    if args.json:
        _say(facts)
    else:
        for name, value in facts.items():
            text = (
                ', '.join(f'{k} {v}' for k, v in value.items())
                if isinstance(value, dict)
                else value
            )
            print(f'{name:10} {text}')  # noqa: T201
    return _OK


def summary(plant: Plant) -> dict[str, Any]:
    """Return what a plant consists of, in numbers."""
    roadmap = plant.roadmap
    classes = dict.fromkeys(plant.classes, 0)
    for spawn in plant.fleet:
        classes[spawn.vehicle_class] += 1
    kinds = {kind.name.lower(): len(plant.places_of(kind)) for kind in PlaceKind if kind}
    return {
        'plant': f'{plant.name}: {plant.title}',
        'size': f'{plant.size[0]:g} x {plant.size[1]:g} m',
        'roadmap': {
            'nodes': roadmap.node_count,
            'edges': roadmap.edge_count,
            'metres': round(float(roadmap.length.sum())),
        },
        'places': {kind: count for kind, count in kinds.items() if count},
        'vehicles': classes,
        'lines': {line.id: f'({len(line.stations)} stations)' for line in plant.lines.values()},
        'items': len(plant.items),
        'zones': {zone.id: zone.kind.name.lower() for zone in plant.zones.values()},
    }


def _draw(plant: Plant, args: argparse.Namespace) -> int:
    from linehaul_floor.export import pictures

    return _write({Path(name): data for name, data in pictures(plant).items()}, args)


def _export(plant: Plant, args: argparse.Namespace) -> int:
    from linehaul_floor.export import all_files

    return _write(all_files(plant), args)


def _write(files: Mapping[Path, bytes], args: argparse.Namespace) -> int:
    written = {}
    for name, data in files.items():
        path = args.out / name
        write_file(path, data)
        written[str(path)] = len(data)
    if args.json:
        _say(written)
    else:
        for path_name, size in written.items():
            print(f'{size:>9,} bytes  {path_name}')  # noqa: T201
    return _OK


def write_file(path: Path, data: bytes) -> None:
    """Write a file in one step, so that nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix='.part', delete=False) as file:
        file.write(data)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def _print_problems(
    level: str, problems: Sequence[Problem], as_json: bool, source: str = ''
) -> None:
    if as_json:
        _say({'source': source, 'errors': [to_plain(problem) for problem in problems]})
        return
    if source:
        count = len(problems)
        print(f'{source} is refused: {count} problem{"s" * (count != 1)}', file=sys.stderr)  # noqa: T201
    for problem in problems:
        print(f'{level}: {problem}', file=sys.stderr)  # noqa: T201


def _say(value: Any) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False))  # noqa: T201


if __name__ == '__main__':
    sys.exit(main())
