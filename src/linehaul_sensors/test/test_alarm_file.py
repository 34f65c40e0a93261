# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Alarm definitions from YAML: what is right is taken, what is wrong is told with its place."""

import pytest
from linehaul_sensors.alarm_file import parse_alarms, read_alarms
from linehaul_sensors.alarm_table import Kind, Priority, limit_alarms
from linehaul_sensors.channels import Channel, make_table
from linehaul_sensors.errors import AlarmFileError

TABLE = make_table(
    [
        Channel(f't{k}', 'temperature', 'Cel', 'hall', f'press_{k}', low=1.0, high=80.0)
        for k in (1, 2)
    ]
)
TEXTS = 'message: m, consequence: c, response: r, priority: high'
GOOD = f"""
alarms:
  - {{id: chain_stop, kind: external, equipment: chain_1, {TEXTS}, latching: true}}
  - {{id: 'starved_{{n}}', n: [1, 40], kind: external, equipment: 'station_{{n}}', {TEXTS},
     causes: [chain_stop]}}
  - {{id: 't1#high', kind: high, channel: t1, limit: 75, deadband: 2, on_delay: 5, {TEXTS},
     max_shelve: 0, group: press}}
"""


def test_a_file_adds_and_replaces():
    alarms = {a.id: a for a in parse_alarms(GOOD, TABLE, limit_alarms(TABLE))}
    assert len(alarms) == 4 + 41
    assert alarms['starved_40'].causes == ('chain_stop',)
    assert alarms['chain_stop'].latching
    high = alarms['t1#high']
    assert (high.kind, high.limit, high.priority) == (Kind.HIGH, 75.0, Priority.HIGH)
    assert (high.equipment, high.group) == ('press_1', 'press')
    assert alarms['t2#high'].limit == 80.0


@pytest.mark.parametrize(
    ('line', 'code'),
    [
        (f'{{id: x, kind: high, channel: t9, limit: 1, equipment: e, {TEXTS}}}',
         'unknown_channel'),
        (f'{{id: x, kind: high, channel: t1, {TEXTS}}}', 'missing_key'),
        (f'{{id: x, kind: loud, channel: t1, limit: 1, {TEXTS}}}', 'bad_choice'),
        ('{id: x, kind: quality, channel: t1, message: m, consequence: c, priority: low}',
         'missing_key'),
        (f'{{id: x y, kind: quality, channel: t1, {TEXTS}}}', 'bad_id'),
        (f'{{id: x, kind: external, equipment: e, limit: 3, {TEXTS}}}', 'unknown_key'),
        (f'{{id: x, kind: quality, channel: t1, deadband: -1, {TEXTS}}}', 'out_of_range'),
        (f'{{id: x, kind: quality, channel: t1, causes: [nobody], {TEXTS}}}', 'unknown_alarm'),
        (f'{{id: x, kind: quality, channel: t1, causes: [x], {TEXTS}}}', 'circle'),
    ],
)  # fmt: skip
def test_each_mistake_has_its_code(line, code):
    with pytest.raises(AlarmFileError) as caught:
        parse_alarms(f'alarms:\n  - {line}\n', TABLE)
    assert code in [p.code for p in caught.value.problems]


def test_a_circle_through_several_alarms_and_doubles_are_found():
    rows = [('a', 'c'), ('b', 'a'), ('c', 'b'), ('c', 'b')]
    text = 'alarms:\n' + ''.join(
        f'  - {{id: {one}, kind: external, equipment: e, causes: [{by}], {TEXTS}}}\n'
        for one, by in rows
    )
    with pytest.raises(AlarmFileError) as caught:
        parse_alarms(text, TABLE)
    assert sorted(p.code for p in caught.value.problems) == ['circle', 'duplicate']


@pytest.mark.parametrize('text', ['', 'alarms: 3', '[', 'x: 1'])
def test_broken_files_are_refused(text, tmp_path):
    file = tmp_path / 'a.yaml'
    file.write_text(text)
    with pytest.raises(AlarmFileError):
        read_alarms(file, TABLE, [])
    with pytest.raises(AlarmFileError):
        read_alarms(tmp_path / 'none.yaml', TABLE, [])
