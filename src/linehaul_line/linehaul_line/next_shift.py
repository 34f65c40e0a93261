# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Put the units of a shift in order: units and shift file in, the sequence out.

    python -m linehaul_line.next_shift --plant jiaozhou --line fa1 --shift shift.yaml \
        --units units.csv --out sequence.csv [--frozen 20] [--seconds 30] [--seed 1]

A unit is a row of `unit_id, order_id, owner, model_id, due`; due is a number of seconds after the
shift's beginning, or empty. The first `--frozen` rows stay where they are. The order levels the
use of parts, keeps the spacing of options that the shift file names (`spacing`), and has units
done by their due times; the baseline of what is printed is goal chasing. Without ROS.
`python -m linehaul_line.send_sequence` gives the result to a running line.
"""

import argparse
import csv
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

import numpy as np
import yaml

from linehaul_floor import PlantError, load_plant
from linehaul_line.errors import LineError, SequenceError
from linehaul_line.exact import polish
from linehaul_line.goal_chasing import IntArray
from linehaul_line.ids import ModelId, OrderId, OwnerId, UnitId
from linehaul_line.product import Unit, parts_of
from linehaul_line.sequencing import (
    Mix,
    Quality,
    Search,
    Weights,
    assess,
    baseline,
    improve,
    make_mix,
)
from linehaul_line.shift import LineShift, parse_shift, plain_shift

FIELDS = ('unit_id', 'order_id', 'owner', 'model_id', 'due')
POLISHED = 0.25
"""Share of the time that goes to the exact search over stretches."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An order of units, how good it is, and how good goal chasing would be."""

    units: tuple[Unit, ...]
    quality: Quality
    chased: Quality
    weights: Weights


def shift_mix(units: Sequence[Unit], shift: LineShift, takt: float, frozen: int) -> Mix:
    """Return what is to be put in order.

    Raises:
        SequenceError: a model that the line does not build, or a unit that is listed twice.
    """
    index = {model.id: k for k, model in enumerate(shift.models)}
    strange = sorted({unit.model for unit in units} - set(index))
    if strange:
        raise SequenceError(f'models {strange} found, wanted some of {sorted(index)}')
    if len({unit.id for unit in units}) < len(units):
        raise SequenceError('a unit is listed twice')
    keys = parts_of(shift.models)
    parts = [[model.bill.get(s, {}).get(i, 0) for s, i in keys] for model in shift.models]
    names = sorted(shift.spacing)
    has = [[int(name in model.options) for name in names] for model in shift.models]
    due = [unit.due / takt - 1.0 if unit.due < inf else inf for unit in units]
    return make_mix(
        np.array([index[unit.model] for unit in units], np.int64),
        np.array(parts, np.int64).reshape(len(index), -1),
        options=np.array(has, np.int64).reshape(len(index), -1),
        spacing=np.array([shift.spacing[name] for name in names], np.int64).reshape(-1, 2),
        due=np.array(due, np.float64),
        frozen=frozen,
    )


def in_order(
    units: Sequence[Unit], mix: Mix, rng: np.random.Generator, go_on: Callable[[float], bool]
) -> Plan:
    """Return the best order found.

    Args:
        units: in the order in which they are listed; the frozen ones first.
        mix: of these units.
        rng: of everything random.
        go_on: asked with a share of the time whether that is not used up yet.
    """
    chased = _behind_frozen(mix)
    order = improve(mix, chased, rng, lambda: go_on(1.0 - POLISHED), Search(span=24))
    order = polish(mix, order, lambda: go_on(1.0), seconds=0.5)
    return Plan(
        tuple(units[int(k)] for k in order), assess(mix, order), assess(mix, chased), mix.weights
    )


def _behind_frozen(mix: Mix) -> IntArray:
    """Return goal chasing's order with the frozen units where they are listed."""
    fixed = np.arange(mix.frozen)
    rest = [k for k in baseline(mix).tolist() if k >= mix.frozen]
    return np.concatenate([fixed, np.array(rest, np.int64)])


def read_units(path: Path) -> list[Unit]:
    """Return the units of a file.

    Raises:
        SequenceError: a column is missing, or a due time is no number.
    """
    with path.open(encoding='utf-8', newline='') as file:
        rows = csv.DictReader(file)
        missing = sorted(set(FIELDS) - set(rows.fieldnames or ()))
        if missing:
            raise SequenceError(f'{path}: no column {", ".join(missing)}')
        return [_unit(row, f'{path}, row {number}') for number, row in enumerate(rows, 1)]


def _unit(row: dict[str, str], where: str) -> Unit:
    try:
        due = float(row['due']) if row['due'].strip() else inf
    except ValueError as error:
        raise SequenceError(f'{where}: due {row["due"]!r} found, wanted seconds') from error
    return Unit(
        UnitId(row['unit_id']),
        OrderId(row['order_id']),
        OwnerId(row['owner']),
        ModelId(row['model_id']),
        due,
    )


def write_units(path: Path, units: Sequence[Unit]) -> None:
    """Write units in their order."""
    with path.open('w', encoding='utf-8', newline='') as file:
        rows = csv.writer(file)
        rows.writerow(FIELDS)
        for unit in units:
            due = f'{unit.due:g}' if unit.due < inf else ''
            rows.writerow([unit.id, unit.order, unit.owner, unit.model, due])


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog='python -m linehaul_line.next_shift', description=__doc__.partition('\n')[0]
    )
    parser.add_argument('--plant', required=True, help='plant file, or name of an installed one')
    parser.add_argument('--line', required=True)
    parser.add_argument('--shift', type=Path, help='shift file; none: the plant file says')
    parser.add_argument('--units', type=Path, required=True, help='CSV file')
    parser.add_argument('--out', type=Path, required=True, help='CSV file, in the new order')
    parser.add_argument('--frozen', type=int, default=0, help='first units that stay')
    parser.add_argument('--seconds', type=float, default=30.0, help='time to search')
    parser.add_argument('--seed', type=int, default=1)
    options = parser.parse_args(arguments)
    try:
        print(_run(options))  # noqa: T201
    except (LineError, PlantError, OSError, yaml.YAMLError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _run(options: argparse.Namespace) -> str:
    plant = load_plant(options.plant)
    line = plant.lines.get(options.line)
    if line is None:
        raise SequenceError(f'line {options.line!r} found, wanted one of {", ".join(plant.lines)}')
    shifts = {}
    if options.shift:
        text = options.shift.read_text(encoding='utf-8')
        shifts = parse_shift(yaml.safe_load(text), plant)
    shift = shifts[line.id] if line.id in shifts else plain_shift(plant, line)
    units = read_units(options.units)
    mix = shift_mix(units, shift, line.takt, options.frozen)
    begin = time.monotonic()

    def go_on(share: float) -> bool:
        return bool(time.monotonic() - begin < share * options.seconds)

    plan = in_order(units, mix, np.random.default_rng(options.seed), go_on)
    write_units(options.out, plan.units)
    return '\n'.join(
        f'{name}: {q.over} windows over their spacing, level cost {q.level:.1f}, '
        f'{q.late:.0f} slots late'
        for name, q in (('goal chasing', plan.chased), ('written', plan.quality))
    )


if __name__ == '__main__':
    sys.exit(main())
