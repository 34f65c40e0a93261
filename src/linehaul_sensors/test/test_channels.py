# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The channel table: what is written is read, and what is wrong is told."""

from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linehaul_sensors.channel_file import parse_csv, parse_yaml, read_channels, write_csv
from linehaul_sensors.channels import Channel, make_table
from linehaul_sensors.errors import ChannelFileError

from linehaul_sensors import units

GOOD = """
channels:
  - {id: 'fa1/{n:02}/temperature', n: [1, 3], quantity: temperature, unit: Cel,
     place: 'fa1_{n:02}', equipment: 'press_{n}', minimum: -20, maximum: 120, period: 10, rate: 2,
     stuck: 3600, resolution: 0.1, low: 5, high: 80, high_high: 95}
  - {id: door, quantity: state, unit: '1', place: gate, equipment: gate}
"""


def test_a_yaml_table_with_repetitions():
    table = parse_yaml(GOOD, 'here')
    assert [c.id for c in table.channels] == [
        'fa1/01/temperature',
        'fa1/02/temperature',
        'fa1/03/temperature',
        'door',
    ]
    assert table.index['fa1/02/temperature'] == 1
    assert table.maximum[:3].tolist() == [120.0] * 3
    assert isnan(table.maximum[3])
    assert isnan(table.period[3])
    assert table.of_equipment() == {
        'press_1': (0,),
        'press_2': (1,),
        'press_3': (2,),
        'gate': (3,),
    }


def test_csv_is_the_same_table(tmp_path):
    table = parse_yaml(GOOD, 'here')
    file = tmp_path / 'channels.csv'
    file.write_text(write_csv(table), encoding='utf-8')
    again = read_channels(file)
    assert write_csv(again) == write_csv(table)
    assert again.index == table.index


NUMBERS = st.floats(-1e12, 1e12)


@given(st.lists(st.tuples(NUMBERS, st.floats(0.001, 1e6)), min_size=1, max_size=8))
def test_reading_what_was_written_is_identity(rows):
    made = [
        Channel(f'c{k}', 'vibration', 'mm/s', 'a, "b"', 'pümp\t1', minimum=low, period=period)
        for k, (low, period) in enumerate(rows)
    ]
    text = write_csv(make_table(made))
    assert write_csv(parse_csv(text, 'here')) == text


@pytest.mark.parametrize(
    ('change', 'code', 'where'),
    [
        ('id: "has space"', 'bad_id', 'id'),
        ('id: ""', 'wrong_type', 'id'),
        ('unit: "°C"', 'bad_unit', 'unit'),
        ('unit: Pa', 'wrong_unit', 'unit'),
        ('minimum: 200', 'order', 'minimum'),
        ('minimum: .nan', 'wrong_type', 'minimum'),
        ('period: 0', 'out_of_range', 'period'),
        ('rate: -1', 'out_of_range', 'rate'),
        ('resolution: -1', 'out_of_range', 'resolution'),
        ('low: 81', 'order', 'low'),
        ('high_high: 130', 'out_of_range', 'high_high'),
        ('hihi: 3', 'unknown_key', 'hihi'),
        ('period: soon', 'wrong_type', 'period'),
    ],
)
def test_each_mistake_has_its_code_and_place(change, code, where):
    row = {
        'id': 'a', 'quantity': 'temperature', 'unit': 'Cel', 'place': 'p', 'equipment': 'e',
        'minimum': 0, 'maximum': 120, 'low': 5, 'high': 80,
    }  # fmt: skip
    key, _, text = change.partition(': ')
    row[key] = text
    lines = '\n    '.join(f'{k}: {v}' for k, v in row.items())
    with pytest.raises(ChannelFileError) as caught:
        parse_yaml(f'channels:\n  - {lines}\n', 'here')
    found = [(p.code, p.where.rpartition('.')[2]) for p in caught.value.problems]
    assert (code, where) in found


def test_all_problems_of_a_file_are_told_at_once():
    text = 'id,quantity,unit,place,equipment,period\na,x,1,p,e,3\na,x,1,p,e,-1\nb,x\n'
    with pytest.raises(ChannelFileError) as caught:
        parse_csv(text, 'c.csv')
    assert sorted(p.code for p in caught.value.problems) == ['duplicate', 'out_of_range', 'ragged']
    assert 'line 4' in str(caught.value)


@pytest.mark.parametrize('text', ['', 'channels: []', 'a: [', 'channels: 3', '\x00', 'id\n'])
def test_broken_files_are_refused(text, tmp_path):
    for name in ('c.yaml', 'c.csv'):
        (tmp_path / name).write_text(text)
        with pytest.raises(ChannelFileError):
            read_channels(tmp_path / name)


def test_a_file_that_is_not_there_or_not_text(tmp_path):
    (tmp_path / 'b.csv').write_bytes(b'\xff\xfe\x00id')
    for name in ('none.yaml', 'b.csv'):
        with pytest.raises(ChannelFileError, match='unreadable'):
            read_channels(tmp_path / name)


@pytest.mark.parametrize(
    ('source', 'target', 'value', 'wanted'),
    [
        ('[degF]', 'Cel', 212.0, 100.0),
        ('K', 'Cel', 0.0, -273.15),
        ('bar', 'kPa', 2.0, 200.0),
        ('%', '1', 50.0, 0.5),
        ('odd', 'odd', 3.0, 3.0),
    ],
)
def test_conversion(source, target, value, wanted):
    factor, offset = units.conversion(source, target)
    assert factor * value + offset == pytest.approx(wanted)
    back = units.conversion(target, source)
    assert back[0] * wanted + back[1] == pytest.approx(value)


@pytest.mark.parametrize(('source', 'target'), [('Cel', 'Pa'), ('odd', 'Pa'), ('Pa', 'odd')])
def test_what_cannot_be_converted(source, target):
    assert units.conversion(source, target) is None
