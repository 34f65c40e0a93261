# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The sensors node as a process: killed with -9 it comes back as it was."""

import array
import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')

from linehaul_ros.qos import EVENTS, LATCHED
from linehaul_ros.testing import ros_context, spinning
from linehaul_sensors.early_warnings import WarningRecord, WarningStatus, to_record
from linehaul_sensors.history_query import Question, query
from linehaul_sensors.readings import NS
from rclpy.node import Node

from linehaul_interfaces.msg import SensorChannel, SensorChannels, SensorReadings
from linehaul_sensors import operator_cli

PATIENCE = 60.0
FILES = {
    'sensors': 'channels: channels.yaml\nbridges: [{id: gateway, kind: batches, topic: gate}]\n',
    'channels': "channels: [{n: [1, 3], id: 't{n}', quantity: state, unit: '1', place: p, "
    "equipment: 'm{n}', high: 80}]\n",
}


@contextlib.contextmanager
def sensors(folder):
    """Run the node; it is killed at the end."""
    given = {
        'sensors': f'{folder}/sensors.yaml',
        'state_dir': f'{folder}/state',
        'incidents': 'false',
        'cycle': '0.02',
    }
    words = ['--ros-args', *(word for k, v in given.items() for word in ('-p', f'{k}:={v}'))]
    environment = {**os.environ, 'ROS_DOMAIN_ID': str(domain())}
    process = subprocess.Popen(
        [sys.executable, '-m', 'linehaul_sensors.node', *words], env=environment
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)


def domain():
    return int(os.environ.get('ROS_DOMAIN_ID', '0')) or 1 + os.getpid() % 100


class Gateway:
    """Sends the value of each of three channels, and reads what the operator is shown."""

    def __init__(self, context, executor, node, capfd):
        self.context, self.executor, self.node, self.capfd = context, executor, node, capfd
        self.births = node.create_publisher(SensorChannels, 'gate/channels', LATCHED)
        self.readings = node.create_publisher(SensorReadings, 'gate/readings', EVENTS)
        channels = [SensorChannel(index=k, channel_id=f't{k + 1}', unit='1') for k in range(3)]
        self.births.publish(SensorChannels(bridge_id='g', instance_id='i', channels=channels))
        self.sequence = 0

    def send(self, values):
        now = time.time_ns()
        message = SensorReadings(
            bridge_id='g',
            instance_id='i',
            sequence=self.sequence,
            channel=array.array('I', range(3)),
            source_time=array.array('q', [now] * 3),
            value=array.array('d', values),
            quality=[1, 1, 1],
        )
        self.sequence += 1
        self.readings.publish(message)

    def operate(self, *words):
        """Run `linehaul …` and return its exit code and what it printed."""
        code = operator_cli.main(words, self.context)
        return code, self.capfd.readouterr().out

    def states(self):
        code, out = self.operate('alarms', 'list', '--all', '--json', '--wait', str(PATIENCE))
        assert code == 0
        return {one['alarm']: one for one in json.loads(out)['alarms']}

    def until(self, values, wanted):
        """Send values until alarms are in the states that are wanted; return them."""
        end = time.monotonic() + PATIENCE
        while True:
            self.send(values)
            states = self.states()
            if {name: one['state'] for name, one in states.items()} == wanted:
                return states
            assert time.monotonic() < end, states


def test_acknowledged_and_shelved_alarms_and_warnings_survive_kill_9(tmp_path, capfd):
    for name, text in FILES.items():
        (tmp_path / f'{name}.yaml').write_text(text)
    raised = {f't{k}#high': 'UNACKNOWLEDGED' for k in (1, 2, 3)}
    with ros_context() as context:
        node = Node('gateway', context=context)
        with spinning(context, node) as executor:
            gate = Gateway(context, executor, node, capfd)
            with sensors(tmp_path) as process:
                gate.until([95.0, 95.0, 95.0], raised)
                assert gate.operate('alarms', 'ack', 't1#high', '--actor', 'ada')[0] == 0
                words = ('--for', '2h', '--reason', 'being mended', '--actor', 'bob')
                assert gate.operate('alarms', 'shelve', 't2#high', *words)[0] == 0
                wanted = {**raised, 't1#high': 'ACKNOWLEDGED', 't2#high': 'SHELVED'}
                before = gate.until([95.0, 95.0, 95.0], wanted)
                process.send_signal(signal.SIGKILL)
                process.wait(PATIENCE)
            put_warning(tmp_path)
            with sensors(tmp_path):
                after = gate.until([95.0, 95.0, 95.0], wanted)
                assert after == before
                assert (after['t1#high']['actor'], after['t2#high']['actor']) == ('ada', 'bob')
                _, out = gate.operate('warnings', '--json')
                (warning,) = json.loads(out)
                assert (warning['warning'], warning['status']) == ('m3#7', 'OPEN')
                # What comes back into view is announced anew; what went, goes.
                assert gate.operate('alarms', 'unshelve', 't2#high', '--actor', 'bob')[0] == 0
                gate.until([10.0, 95.0, 95.0], {k: v for k, v in raised.items() if 't1' not in k})
    end = time.time_ns()
    rows = query(tmp_path / 'state' / 'history', Question(end - 3600 * NS, end, (), 0.0))
    assert rows.num_rows >= 9  # of both lives
    assert set(rows.column('channel').to_pylist()) == {'t1', 't2', 't3'}


def put_warning(folder):
    """Write a warning as the node does, so that the test need not wait for weeks of wear."""
    from linehaul_ros.journal import Journal

    now, unknown = time.time(), float('nan')
    record = WarningRecord(
        'm3#7', 'm3', WarningStatus.OPEN, (('t3', 1.0),), 0.5, unknown, unknown, unknown, now, now,
        now, 'it wears', 'look at m3',
    )  # fmt: skip
    with Journal(folder / 'state' / 'sensors.db') as journal:
        journal.append(now, [('warning', to_record(record))])
