# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The report by command, from a plant's file and the node's journal."""

import json

from linehaul_ros.journal import Journal
from linehaul_sensors.alarm_book import to_record
from linehaul_sensors.alarms import Alarms
from linehaul_sensors.sensors_file import read_sensors

from linehaul_sensors import cli

T0 = 1_800_000_000.0
FILES = {
    'sensors.yaml': 'channels: channels.yaml\nalarms: alarms.yaml\nbridges: []\n',
    'channels.yaml': "channels: [{id: t, quantity: temperature, unit: Cel, place: hall, "
    'equipment: m}]\n',
    'alarms.yaml': 'alarms:\n'
    + ''.join(
        f'  - {{id: {name}, kind: external, equipment: m, priority: low, message: m, '
        'consequence: c, response: r}\n'
        for name in ('chain', 'gate')
    ),
}  # fmt: skip


def report(folder, *words):
    return cli.main(
        ['report', str(folder / 'sensors.yaml'), str(folder / 'sensors.db'), *words], now=T0
    )


def test_the_report_of_a_plants_journal(tmp_path, capsys):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    assert report(tmp_path) == 2
    assert 'no journal' in capsys.readouterr().err
    alarms = Alarms(read_sensors(tmp_path / 'sensors.yaml').alarms, read_table(tmp_path))
    with Journal(tmp_path / 'sensors.db') as journal:
        for k in range(8):  # the gate chatters
            events = alarms.set_condition('gate', k % 2 == 0, T0 - 1000 + 5 * k)
            journal.append(T0, [('alarm', to_record(event)) for event in events])
        old = {**to_record(events[0]), 'alarm': 'no_longer_there'}
        journal.append(T0, [('alarm', old), ('warning', {})])
    assert report(tmp_path, '--from', '-1h') == 0
    text = capsys.readouterr().out
    assert 'chattering: gate' in text
    assert 'most frequent: gate (4)' in text
    assert 'NOT MET' in text
    assert report(tmp_path, '--from', '-2h', '--to', '-1h', '--json') == 0
    assert json.loads(capsys.readouterr().out)['most_frequent'] == []
    assert report(tmp_path, '--from', '-1h', '--to', '-2h') == 2


def read_table(folder):
    return read_sensors(folder / 'sensors.yaml').table
