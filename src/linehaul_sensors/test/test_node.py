# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The sensors node with a gateway and an operator: readings, alarms, warnings, incidents."""

import array
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')

from diagnostic_msgs.msg import DiagnosticArray
from linehaul_ros.qos import EVENTS, LATCHED, SENSOR
from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_sensors.early_warnings import WarningStatus
from linehaul_sensors.errors import SensorsError
from linehaul_sensors.node import SensorsNode
from linehaul_sensors.watch import Sign, Statistic
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import JointState, Temperature

from linehaul_interfaces.msg import (
    Alarm,
    Alarms,
    EarlyWarnings,
    SensorChannel,
    SensorChannels,
    SensorReadings,
)
from linehaul_interfaces.srv import CommandAlarm
from linehaul_ros import names
from linehaul_sensors import cli, node

SENSORS = """
channels: channels.yaml
alarms: alarms.yaml
bridges:
  - {id: gateway, kind: batches, topic: gate}
  - {id: robots, kind: ros, file: topics.yaml}
"""
CHANNELS = """
channels:
  - {id: press/t, quantity: temperature, unit: Cel, place: hall, equipment: press, minimum: -50,
     maximum: 300, high: 80}
  - {id: press/state, quantity: packml_state, unit: '1', place: hall, equipment: press}
  - {id: arm/effort, quantity: torque, unit: N.m, place: hall, equipment: arm}
  - {id: oven/t, quantity: temperature, unit: Cel, place: hall, equipment: oven, minimum: -50,
     maximum: 300}
"""
MANY = """
  - {n: [1, 5000], id: 'many/{n}', quantity: state, unit: '1', place: hall,
     equipment: 'tank_{n}', high: 80}
"""
ALARMS = """
alarms:
  - {id: press/t#high, kind: high, channel: press/t, priority: high, limit: 80, message: too hot,
     consequence: it burns, response: stop it}
  - {id: oven/t#low, kind: low, channel: oven/t, priority: low, limit: 10, message: cold,
     consequence: bad paint, response: heat it}
  - {id: press/t#low, kind: low, channel: press/t, priority: low, limit: 0, message: cold press,
     consequence: stiff oil, response: heat it, only_in: [execute]}
"""
TOPICS = """
topics:
  - {topic: oven/temperature, type: sensor_msgs/Temperature, channel: oven/t}
  - {topic: joint_states, type: sensor_msgs/JointState, channel: arm/effort,
     field: 'effort[name=elbow]'}
"""


class Bench:
    """A sensors node, and a tester that is gateway, robot and operator."""

    def __init__(self, context, folder, channels=CHANNELS, **more):
        for name, text in (('sensors', SENSORS), ('channels', channels), ('alarms', ALARMS),
                           ('topics', TOPICS)):  # fmt: skip
            (folder / f'{name}.yaml').write_text(text)
        values = {
            'sensors': str(folder / 'sensors.yaml'),
            'state_dir': str(folder / 'state'),
            'cycle': 0.02,
            'incident_after': 0.2,
            'incident_before': 60.0,
            **more,
        }
        self.folder, self.context = folder, context
        parameters = [Parameter(k, value=v) for k, v in values.items()]
        self.node = SensorsNode(context=context, parameter_overrides=parameters)
        self.tester = Node('tester', context=context)
        self.births = self.tester.create_publisher(SensorChannels, 'gate/channels', LATCHED)
        self.gate = self.tester.create_publisher(SensorReadings, 'gate/readings', EVENTS)
        self.told = {}
        for topic in (names.ALARMS, names.EARLY_WARNINGS, names.SENSOR_CHANNELS):
            self.hear(topic.name, topic.type, topic.qos)
        self.hear('/diagnostics', DiagnosticArray, EVENTS)
        self.readings = []
        self.tester.create_subscription(
            SensorReadings, 'sensors/readings', self.readings.append, EVENTS
        )
        self.sequence = 0

    def hear(self, name, kind, qos):
        self.tester.create_subscription(kind, name, lambda m: self.told.update({name: m}), qos)

    def born(self, *ids, unit='Cel'):
        channels = [
            SensorChannel(index=k, channel_id=name, unit=unit, minimum=np.nan, maximum=np.nan,
                          period=np.nan)
            for k, name in enumerate(ids)
        ]  # fmt: skip
        self.births.publish(SensorChannels(bridge_id='gate', instance_id='i', channels=channels))

    def send(self, *pairs):
        now = self.node.get_clock().now().nanoseconds
        channel, value = zip(*pairs, strict=True)
        self.gate.publish(
            SensorReadings(
                bridge_id='gate',
                instance_id='i',
                sequence=self.sequence,
                channel=array.array('I', channel),
                source_time=array.array('q', [now] * len(value)),
                value=array.array('d', value),
                quality=[SensorReadings.QUALITY_GOOD] * len(value),
            )
        )
        self.sequence += 1

    def states(self):
        message = self.told.get('alarms', Alarms())
        return {one.alarm_id: one.state for one in message.alarms}

    def command(self, executor, command, *alarms, **fields):
        endpoint = names.COMMAND_ALARM
        client = self.tester.create_client(endpoint.type, endpoint.name)
        spin_until(executor, client.service_is_ready)
        fields = {'actor': 'ada', **fields}
        future = client.call_async(
            CommandAlarm.Request(command=command, alarm_ids=list(alarms), **fields)
        )
        spin_until(executor, future.done)
        return future.result()

    def ready(self, executor):
        """Wait until the gateway's births are known."""
        remote = self.node._sources.batch_topics()[0][0].remote
        spin_until(executor, lambda: self.gate.get_subscription_count() > 0)
        spin_until(executor, lambda: 'gate' in remote._senders)


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.setattr(node, 'TELL', 0.1)
    with ros_context() as context:

        def made(**more):
            return Bench(context, tmp_path, **more)

        yield made


@pytest.fixture
def bench(make):
    one = make()
    with spinning(one.context, one.node, one.tester) as executor:
        yield one, executor
        one.node.close()


def hot(one, executor):
    one.born('press/t')
    one.ready(executor)
    one.send((0, 95.0))
    spin_until(executor, lambda: one.states().get('press/t#high') == Alarm.STATE_UNACKNOWLEDGED)


def test_a_gateways_readings_come_out_judged_and_raise_alarms(bench):
    one, executor = bench
    hot(one, executor)
    one.send((0, 900.0))
    bad = SensorReadings.QUALITY_BAD
    spin_until(executor, lambda: one.readings and one.readings[-1].quality[0] == bad)
    assert [m.sequence for m in one.readings] == list(range(len(one.readings)))
    spin_until(executor, lambda: 'sensors/channels' in one.told)
    births = one.told['sensors/channels']
    assert births.channels[0].channel_id == 'press/t'
    assert one.readings[0].instance_id == births.instance_id
    spin_until(executor, lambda: '/diagnostics' in one.told)
    levels = {s.name: s.level for s in one.told['/diagnostics'].status}
    assert levels['sensors bridge gateway'] == b'\x00'
    assert levels['alarms'] == b'\x02'


def test_people_acknowledge_and_shelve_with_their_name_and_refusals_say_why(bench):
    one, executor = bench
    hot(one, executor)
    alarm = 'press/t#high'
    request = CommandAlarm.Request
    assert one.command(executor, request.COMMAND_ACKNOWLEDGE, alarm, actor='').error_code == 803
    assert one.command(executor, request.COMMAND_ACKNOWLEDGE, 'none').error_code == 800
    assert one.command(executor, 99, alarm).error_code == 3
    assert one.command(executor, request.COMMAND_SHELVE, alarm, duration=60.0).error_code == 804
    assert one.command(executor, request.COMMAND_ACKNOWLEDGE, alarm).error_code == 0
    spin_until(executor, lambda: one.states().get(alarm) == Alarm.STATE_ACKNOWLEDGED)
    told = {'duration': 60.0, 'reason': 'being mended'}
    assert one.command(executor, request.COMMAND_SHELVE, alarm, **told).error_code == 0
    spin_until(executor, lambda: one.states().get(alarm) == Alarm.STATE_SHELVED)
    (shown,) = one.told['alarms'].alarms
    assert (shown.actor, shown.reason) == ('ada', 'being mended')
    assert shown.until.sec > shown.raised.sec
    assert one.command(executor, request.COMMAND_UNSHELVE, alarm).error_code == 0
    spin_until(executor, lambda: one.states().get(alarm) == Alarm.STATE_UNACKNOWLEDGED)


def test_ros_topics_of_robots_are_channels(bench):
    one, executor = bench
    heat = one.tester.create_publisher(Temperature, 'oven/temperature', SENSOR)
    arm = one.tester.create_publisher(JointState, 'joint_states', EVENTS)
    for publisher in (heat, arm):
        spin_until(executor, lambda p=publisher: p.get_subscription_count() > 0)
    heat.publish(Temperature(temperature=5.0))
    arm.publish(JointState(name=['base', 'elbow'], effort=[1.0, 7.5]))
    arm.publish(JointState(name=['base'], effort=[1.0]))
    spin_until(executor, lambda: one.states().get('oven/t#low'))

    def values():
        return [(int(c), v, int(q)) for m in one.readings
                for c, v, q in zip(m.channel, m.value, m.quality, strict=True)]  # fmt: skip

    spin_until(executor, lambda: len([c for c, *_ in values() if c == 2]) == 2)
    assert (3, 5.0, 1) in values()
    assert (2, 7.5, 1) in values()
    assert [q for c, _, q in values() if c == 2] == [1, 3]  # no elbow: bad


def test_alarms_of_a_state_are_suppressed_in_others(bench):
    one, executor = bench
    one.born('press/t', 'press/state', unit='1')
    one.born('press/t', 'press/state', unit='Cel')  # a channel that changes its unit
    one.ready(executor)
    one.send((0, -20.0))
    spin_until(executor, lambda: 'press/t#low' in one.states())
    one.born('press/t', 'press/state', unit='1')
    spin_until(executor, lambda: one.told['alarms'])
    before = len(one.readings)
    one.send((1, 4.0))
    spin_until(executor, lambda: len(one.readings) > before)
    suppressed = Alarm.STATE_SUPPRESSED_BY_DESIGN
    spin_until(executor, lambda: one.states().get('press/t#low') == suppressed)
    one.send((1, 6.0))
    spin_until(executor, lambda: one.states().get('press/t#low') == Alarm.STATE_UNACKNOWLEDGED)


def test_a_warning_is_told_with_evidence_and_taught(bench):
    one, executor = bench
    hot(one, executor)
    chores = []
    one.node._chores.ask = chores.append
    maintenance = one.node._pipeline.maintenance
    now = one.node.get_clock().now().nanoseconds * 1e-9
    sign = Sign(0, now - 60.0, 95.0, 9.0, 6.5, Statistic.SHIFT_16)
    records = maintenance.take([sign], now)
    one.node._store.write(now, (), records)
    one.node._note((), records, int(now * 1e9))
    spin_until(executor, lambda: one.told.get('early_warnings', EarlyWarnings()).warnings)

    (words,) = (words for words in chores if words[0] == 'query')
    assert cli.main(words) == 0
    one.node._telling.changed(warnings=True)
    spin_until(executor, lambda: one.told['early_warnings'].warnings[0].picture)
    (warning,) = one.told['early_warnings'].warnings
    assert Path(warning.picture).read_bytes()[1:4] == b'PNG'
    assert warning.channel_ids == ['press/t']
    assert 'cooling' in warning.proposal
    assert '6.5 times its spread above' in warning.message
    word = warning.warning_id
    for status, code in ((2, 0), (1, 806), (4, 0), (3, 806)):
        endpoint = names.REVIEW_WARNING
        client = one.tester.create_client(endpoint.type, endpoint.name)
        spin_until(executor, client.service_is_ready)
        future = client.call_async(
            endpoint.type.Request(warning_id=word, status=status, actor='ada', finding='f')
        )
        spin_until(executor, future.done)
        assert future.result().error_code == code
    spin_until(executor, lambda: not one.told['early_warnings'].warnings)
    assert maintenance.book.records[word].status is WarningStatus.CLOSED


def test_an_incident_is_recorded_with_what_came_before(bench):
    from mcap.reader import make_reader

    one, executor = bench
    one.born('press/t')
    one.ready(executor)
    spin_until(executor, lambda: '/gate/readings' in (one.node._incidents._heard))
    one.send((0, 20.0))
    spin_until(executor, lambda: one.readings)
    hot(one, executor)
    folder = one.folder / 'state' / 'incidents'
    spin_until(executor, lambda: list(folder.glob('*.mcap')))
    (path,) = folder.glob('*.mcap')
    assert path.name.endswith('_press_t_high.mcap')
    values, schemas = [], {}
    with path.open('rb') as file:
        for schema, channel, message in make_reader(file).iter_messages():
            schemas[channel.topic] = schema
            if channel.topic == '/gate/readings':
                values.append(deserialize_message(message.data, SensorReadings).value[0])
    assert values[:2] == [20.0, 95.0]
    text = schemas['/gate/readings'].data.decode()
    assert schemas['/gate/readings'].name == 'linehaul_interfaces/msg/SensorReadings'
    assert 'MSG: builtin_interfaces/Time' in text


def test_a_flood_of_5000_alarms_stays_small_on_the_topic(make):
    one = make(channels=CHANNELS + MANY, incidents=False)
    sizes = []
    with spinning(one.context, one.node, one.tester) as executor:
        one.tester.create_subscription(
            Alarms, 'alarms', lambda m: sizes.append(len(serialize_message(m))), LATCHED
        )
        one.born(*(f'many/{n}' for n in range(1, 5001)), unit='1')
        one.ready(executor)
        for begin in range(0, 5000, 500):
            one.send(*((k, 90.0) for k in range(begin, begin + 500)))
        spin_until(executor, lambda: one.told.get('alarms', Alarms()).total == 5000)
        message = one.told['alarms']
        assert message.flood
        assert 100 < len(message.alarms) < 5000
        spin_until(executor, lambda: sizes)
        assert max(sizes) <= 60_000
        one.node.close()


def test_a_file_that_is_wrong_is_told_whole(tmp_path):
    with ros_context() as context, pytest.raises(SensorsError, match='unreadable'):
        SensorsNode(
            context=context,
            parameter_overrides=[Parameter('sensors', value=str(tmp_path / 'none.yaml'))],
        )
