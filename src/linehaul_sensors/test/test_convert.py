# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Messages say what the core says: round trips, and alarms as they are shown."""

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')

from linehaul_ros.readings import BatchSender
from linehaul_ros.time import from_time
from linehaul_sensors.alarm_states import Event, State
from linehaul_sensors.alarm_table import AlarmDef, Kind, Priority
from linehaul_sensors.alarms import Alarms
from linehaul_sensors.channels import Channel, make_table
from linehaul_sensors.errors import ReadingsError
from linehaul_sensors.readings import Quality, make_readings
from rclpy.serialization import serialize_message

from linehaul_interfaces.msg import Alarm, SensorReadings
from linehaul_sensors import convert

TABLE = make_table(
    [
        Channel('a', 'temperature', 'Cel', 'hall', 'm', minimum=0.0, maximum=9.0, period=1.0),
        Channel('b', 'state', '1', 'hall', 'm'),
    ]
)
NOW = 1_800_000_000.5


def send(sender, batch):
    return sender.batch(batch.channel, batch.time, batch.value, batch.quality, NOW)


def test_readings_come_back_as_they_were():
    batch = make_readings([1, 0, 1], [5, -6, 2**62], [1.5, np.nan, -0.0], [1, 3, 4])
    sender = BatchSender('b1')
    message = send(sender, batch)
    again = convert.from_readings(message)
    for name in ('channel', 'time', 'value', 'quality'):
        assert np.array_equal(
            getattr(again, name), getattr(batch, name), equal_nan=name == 'value'
        )
    assert (message.bridge_id, message.instance_id, message.sequence) == (
        'b1',
        sender.instance,
        0,
    )
    assert from_time(message.received) == NOW
    assert send(sender, batch).sequence == 1


def test_no_number_goes_out_only_as_bad():
    message = send(BatchSender('b'), make_readings([0], [1], [np.nan], [4]))
    assert list(message.quality) == [Quality.BAD]


def test_arrays_of_different_length_are_refused():
    with pytest.raises(ReadingsError):
        convert.from_readings(SensorReadings(channel=[1, 2], value=[1.0]))


def test_channels_come_back_as_they_were():
    message = BatchSender('b1').births(TABLE.channels, NOW)
    assert {k: repr(v) for k, v in convert.from_channels(message).items()} == {
        k: repr(v) for k, v in enumerate(TABLE.channels)
    }
    message.channels[1].index = 0
    with pytest.raises(ReadingsError, match='twice'):
        convert.from_channels(message)


def test_numbers_of_states_priorities_and_qualities_are_the_messages():
    for state in State:
        assert getattr(Alarm, f'STATE_{state.name}') == state
    for priority in Priority:
        assert getattr(Alarm, f'PRIORITY_{priority.name}') == priority
    for quality in Quality:
        assert getattr(SensorReadings, f'QUALITY_{quality.name}') == quality


def test_a_flood_of_alarms_fits_its_bandwidth_on_the_wire():
    texts = ('a pump of the coolant has stopped', 'the machine runs hot', 'start the other pump')
    alarms = Alarms(
        [
            AlarmDef(f'pump_{k}', Kind.EXTERNAL, None, f'machine_{k}', Priority.HIGH, *texts)
            for k in range(5000)
        ],
        TABLE,
    )
    for k in range(5000):
        alarms.set_condition(f'pump_{k}', True, NOW)
    alarms.command(
        Event.SHELVE, ['pump_7'], actor='kim', reason='works', duration=60.0, now=NOW + 1
    )
    rate = alarms.book.rate
    message = convert.to_alarms(alarms.views(), rate.flood, len(rate.times), NOW)
    assert (message.total, message.flood, message.raised_last_10_minutes) == (5000, True, 5000)
    assert 200 < len(message.alarms) < 5000
    assert 8 * len(serialize_message(message)) < 1_000_000
    assert message.alarms[0].state == Alarm.STATE_UNACKNOWLEDGED
    assert from_time(message.alarms[0].raised) == NOW
