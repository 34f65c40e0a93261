# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Fields of messages as channels, and batches of other processes by their own numbers."""

from math import isnan
from pathlib import Path
from types import SimpleNamespace as Message

import numpy as np
import pytest
from linehaul_sensors.channels import Channel, make_table
from linehaul_sensors.errors import MappingError, PayloadError
from linehaul_sensors.message_types import definition
from linehaul_sensors.readings import Quality, make_readings
from linehaul_sensors.remote_batches import RemoteBatches
from linehaul_sensors.ros_topics import RosTopics, parse_topics, value_at
from linehaul_sensors.sensors_file import read_sensors

TABLES = Path(__file__).resolve().parents[3] / 'config' / 'sensors'
TABLE = make_table(
    [
        Channel('t', 'temperature', 'Cel', 'p', 'm'),
        Channel('level', 'state', '1', 'p', 'm'),
        Channel('charge', 'state_of_charge', '%', 'p', 'm'),
    ]
)


def rules(*rows):
    return parse_topics('topics:\n' + ''.join(f'  - {row}\n' for row in rows), TABLE)


def one(row):
    return rules(row)[0]


def receive(rule, message, received=9_000):
    topics = RosTopics([rule])
    topics.receive([rule], message, received)
    readings, faults = topics.drain()
    return readings, faults


def test_the_usual_field_and_unit_of_a_type():
    rule = one('{topic: b, type: sensor_msgs/BatteryState, channel: charge}')
    stamp = Message(stamp=Message(sec=5, nanosec=7))
    readings, _ = receive(rule, Message(percentage=0.5, header=stamp))
    assert readings.value.tolist() == [50.0]
    assert readings.time.tolist() == [5_000_000_007]
    readings, _ = receive(rule, Message(percentage=float('nan')))
    assert isnan(readings.value[0])
    assert readings.time.tolist() == [9_000]


@pytest.mark.parametrize(
    ('field', 'wanted'),
    [
        ('position[1]', 2.0),
        ('position[name=elbow]', 2.0),
        ('status[name=motor].values[key=t.max].value', 71.5),
        ('status[name=motor].level', 2.0),
        ('axis.x', 4.0),
    ],
)
def test_a_path_finds_its_value(field, wanted):
    rule = one(f"{{topic: a, type: x_msgs/Y, channel: level, field: '{field}'}}")
    values = [Message(key='t.max', value='71.5')]
    message = Message(
        name=['base', 'elbow'],
        position=[1.0, 2.0],
        status=[Message(name='motor', level=b'\x02', values=values)],
        axis=Message(x=4),
    )
    assert value_at(message, rule.path) == wanted


@pytest.mark.parametrize(
    'field',
    ['none', 'position[9]', 'position[name=wrist]', 'status[name=x].level', 'name', 'axis'],
)
def test_what_is_not_there_is_bad_and_told(field):
    rule = one(f"{{topic: a, type: x_msgs/Y, channel: level, field: '{field}'}}")
    message = Message(name=['a'], position=[1.0], status=[], axis=Message())
    with pytest.raises(PayloadError):
        value_at(message, rule.path)
    readings, faults = receive(rule, message)
    assert readings.quality.tolist() == [Quality.BAD]
    assert [topic for topic, _ in faults] == ['a']


@pytest.mark.parametrize(
    ('row', 'code'),
    [
        ('{topic: a, type: Temperature, channel: t}', 'bad_type'),
        ('{topic: a, type: sensor_msgs/Imu, channel: level}', 'missing_key'),
        ('{topic: a, type: sensor_msgs/Temperature, channel: x}', 'unknown_channel'),
        ('{topic: a, type: sensor_msgs/Range, channel: t}', 'wrong_unit'),
        ("{topic: a, type: x_msgs/Y, channel: level, field: 'a[b'}", 'bad_field'),
    ],
)
def test_a_wrong_mapping_is_refused(row, code):
    with pytest.raises(MappingError) as error:
        rules(row)
    assert code in {p.code for p in error.value.problems}


# -- batches


def born(remote, **channels):
    found = {
        k: Channel(name, 'q', unit, 'p', 'm') for k, (name, unit) in enumerate(channels.items())
    }
    return remote.born('gate', 'i', found)


def batch(*pairs):
    channel, value = zip(*pairs, strict=True)
    return make_readings(channel, range(len(value)), value)


def test_batches_are_translated_and_unknown_ones_counted():
    remote = RemoteBatches(TABLE)
    assert remote.receive('gate', 'i', 0, batch((0, 1.0))) is None
    born(remote, level='1', nobody='1', t='[degF]')
    found = remote.receive('gate', 'i', 1, batch((2, 212.0), (0, 3.0), (1, 5.0), (7, 6.0)))
    assert found.channel.tolist() == [0, 1]
    assert found.value.tolist() == pytest.approx([100.0, 3.0])
    assert remote.receive('gate', 'other', 2, batch((0, 1.0))) is None
    assert (remote.unmapped, remote.unknown, remote.missing) == (1, 2, 0)
    remote.receive('gate', 'i', 5, batch((0, 1.0)))
    assert remote.missing == 3


def test_a_channel_that_appears_or_changes_its_unit_in_the_middle():
    remote = RemoteBatches(TABLE)
    assert born(remote, level='1') == ()
    assert remote.receive('gate', 'i', 0, batch((0, 1.0), (1, 20.0))).channel.tolist() == [1]
    assert born(remote, level='bar', t='Cel') == ()
    found = remote.receive('gate', 'i', 1, batch((0, 1.0), (1, 20.0)))
    assert found.quality.tolist() == [Quality.BAD, Quality.GOOD]
    assert born(remote, level='1') == (0,)  # t is gone


# -- files


@pytest.mark.parametrize(('name', 'channels'), [('cell', 39), ('jiaozhou', 348)])
def test_the_files_of_the_plants_are_right(name, channels):
    plant = read_sensors(TABLES / name / 'sensors.yaml')
    assert [source.id for source in plant.sources] == ['machines', 'plant']
    assert len(plant.table) == channels
    assert len(plant.alarms) > channels
    low = next(alarm for alarm in plant.alarms if alarm.id.endswith('/pressure#low'))
    assert low.causes == (low.id + '_low',)


def test_a_wrong_file_is_told(tmp_path):
    path = tmp_path / 'sensors.yaml'
    (tmp_path / 'channels.yaml').write_text(
        "channels: [{id: a, quantity: q, unit: '1', place: p, equipment: m}]"
    )
    for text in (
        'channels: channels.yaml\nbridges: [{id: a, kind: telepathy, file: x}]',
        'channels: channels.yaml\nbridges: [{id: a, kind: modbus, file: none.yaml}]',
        'channels: channels.yaml\nbridges: [{id: a, kind: mqtt}, {id: a, kind: mqtt}]',
        'channels: channels.yaml\nbridges: [{id: a, kind: mqtt, metrics: [b]}]',
        'bridges: []',
    ):
        path.write_text(text)
        with pytest.raises(MappingError):
            read_sensors(path)


def test_a_definition_holds_all_that_a_type_is_made_of(tmp_path):
    for name, text in {
        'a_msgs/msg/Outer': 'Inner[] many  # of them\nb_msgs/Other one\nuint8 N=3\nstring<=9 s',
        'a_msgs/msg/Inner': 'float64[3] x\nInner2 y',
        'a_msgs/msg/Inner2': 'bool z',
        'b_msgs/msg/Other': 'string name',
    }.items():
        path = tmp_path / 'share' / f'{name}.msg'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    text = definition('a_msgs/msg/Outer', [tmp_path])
    heads = [line for line in text.splitlines() if line.startswith('MSG: ')]
    assert heads == ['MSG: a_msgs/Inner', 'MSG: b_msgs/Other', 'MSG: a_msgs/Inner2']
    assert definition('a_msgs/msg/None', [tmp_path]) is None
    assert np.all([part in text for part in ('float64[3] x', 'bool z', 'string name')])
