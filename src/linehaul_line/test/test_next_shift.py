# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The order of the next shift, from file to file."""

import csv
import random

import numpy as np
import pytest
import yaml
from linehaul_line.next_shift import FIELDS, in_order, main, read_units, shift_mix
from linehaul_line.shift import parse_shift

from linehaul_floor import load_plant

PLANT = load_plant('cell')

SHIFT = {
    'format': 1,
    'lines': {
        'fa1': {
            'models': {
                'small': {'bill': {'fa1_01': {'casing': 1}}},
                'large': {'bill': {'fa1_01': {'casing': 3}}, 'options': ['big']},
            },
            'spacing': {'big': [1, 3]},
        }
    },
}


def write(folder, kinds, due=''):
    """Return the arguments for a shift of these kinds, in files."""
    (folder / 'shift.yaml').write_text(yaml.safe_dump(SHIFT), encoding='utf-8')
    with (folder / 'units.csv').open('w', encoding='utf-8', newline='') as file:
        rows = csv.writer(file)
        rows.writerow(FIELDS)
        rows.writerows([f'u{k}', f'o{k}', 'me', kind, due] for k, kind in enumerate(kinds))
    files = {'--shift': 'shift.yaml', '--units': 'units.csv', '--out': 'out.csv'}
    found = [word for key, name in files.items() for word in (key, str(folder / name))]
    return [*found, '--plant', 'cell', '--line', 'fa1', '--seconds', '0']


def test_the_next_shift_is_spaced_behind_its_frozen_units_and_never_worse(tmp_path):
    kinds = ['small', 'small'] + ['large'] * 7 + ['small'] * 14
    write(tmp_path, kinds)
    units = read_units(tmp_path / 'units.csv')
    mix = shift_mix(units, parse_shift(SHIFT, PLANT)['fa1'], 30.0, 2)
    looks = iter([True, False, True, False])
    plan = in_order(units, mix, np.random.default_rng(1), lambda _: next(looks))
    assert sorted(unit.id for unit in plan.units) == sorted(unit.id for unit in units)
    assert list(plan.units[:2]) == units[:2]
    assert plan.quality.over == 0 < plan.chased.over
    models = [unit.model for unit in plan.units]
    assert all(models[k : k + 3].count('large') <= 1 for k in range(len(models) - 2))


def test_what_is_written_are_the_units_that_were_read(tmp_path, capsys):
    kinds = ['large'] * 3 + ['small'] * 6
    random.Random(1).shuffle(kinds)
    assert main([*write(tmp_path, kinds, '120'), '--frozen', '2']) == 0
    before, after = read_units(tmp_path / 'units.csv'), read_units(tmp_path / 'out.csv')
    assert sorted(before, key=lambda unit: unit.id) == sorted(after, key=lambda unit: unit.id)
    assert after[:2] == before[:2]
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(':')[0] for line in said] == ['goal chasing', 'written']


@pytest.mark.parametrize(
    ('kinds', 'due', 'text'),
    [(['gold'], '', "models ['gold'] found"), (['small'], 'noon', "row 1: due 'noon' found")],
)
def test_what_cannot_be_put_in_order_is_told(tmp_path, capsys, kinds, due, text):
    assert main(write(tmp_path, kinds, due)) == 1
    assert text in capsys.readouterr().err


def test_a_column_that_is_missing_is_told(tmp_path, capsys):
    arguments = write(tmp_path, ['small'])
    (tmp_path / 'units.csv').write_text('unit_id\nu1\n', encoding='utf-8')
    assert main(arguments) == 1
    assert 'no column due, model_id, order_id, owner' in capsys.readouterr().err
