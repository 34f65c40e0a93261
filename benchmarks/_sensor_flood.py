# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A flood of alarms through the sensors node as a process, seen where the dashboard sees it.

A hundred machines stop, one after the other within ten seconds; each drags 49 consequences along:
5,000 alarms. A gateway in this process sends the readings by ROS; the same process listens to the
latched topic `alarms` as a dashboard does and counts its bytes on the wire.
"""

import array
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import common
from linehaul_ros.journal import Journal
from linehaul_ros.qos import EVENTS, LATCHED
from linehaul_ros.testing import ros_context, spin_until, spinning
from rclpy.node import Node
from rclpy.serialization import serialize_message

from linehaul_interfaces.msg import Alarms, SensorChannel, SensorChannels, SensorReadings

MACHINES, EACH, SECONDS = 100, 50, 10.0
CHANNEL = """  - {{n: [0, 49], id: 'm{m}/c{{n}}', quantity: state, unit: '1', place: hall,
     equipment: 'm{m}', high: 80}}
"""
ALARM = """  - {{n: [1, 49], id: 'm{m}/c{{n}}#high', kind: high, channel: 'm{m}/c{{n}}', limit: 80,
     priority: low, message: starved, consequence: it waits, response: see its cause,
     causes: ['m{m}/c0#high']}}
"""


def flood(folder: Path, detail: dict[str, Any]) -> list[common.Figure]:
    """Run the flood; return what it showed."""
    write_files(folder)
    os.environ.setdefault('ROS_DOMAIN_ID', str(100 + os.getpid() % 100))
    with ros_context() as context:
        node = Node('gateway', context=context)
        seen: list[tuple[float, int, Alarms]] = []

        def hear(message: Alarms) -> None:
            seen.append((time.monotonic(), len(serialize_message(message)), message))

        node.create_subscription(Alarms, 'alarms', hear, LATCHED)
        births = node.create_publisher(SensorChannels, 'gate/channels', LATCHED)
        gate = node.create_publisher(SensorReadings, 'gate/readings', EVENTS)
        names = [f'm{m}/c{k}' for m in range(MACHINES) for k in range(EACH)]
        births.publish(
            SensorChannels(
                bridge_id='g',
                instance_id='i',
                channels=[SensorChannel(index=k, channel_id=n, unit='1')
                          for k, n in enumerate(names)],
            )
        )  # fmt: skip
        words = [f'sensors:={folder}/sensors.yaml', f'state_dir:={folder}/state',
                 'incidents:=false']  # fmt: skip
        given = [word for one in words for word in ('-p', one)]
        process = subprocess.Popen(
            [sys.executable, '-m', 'linehaul_sensors.node', '--ros-args', *given],
            stderr=subprocess.DEVNULL,
        )
        try:
            with spinning(context, node) as executor:
                spin_until(executor, lambda: bool(seen), 60.0)
                spin_until(executor, lambda: gate.get_subscription_count() > 0, 60.0)
                settle = time.monotonic() + 2.0
                spin_until(executor, lambda: time.monotonic() > settle, 10.0)
                begin = time.monotonic()
                for machine in range(MACHINES):
                    due = begin + machine * SECONDS / MACHINES
                    spin_until(executor, lambda due=due: time.monotonic() >= due, 30.0)
                    gate.publish(batch(machine))
                spin_until(executor, lambda: seen[-1][2].total >= MACHINES * EACH, 60.0)
                end = time.monotonic()
        finally:
            process.terminate()
            process.wait(20)
    return judge(folder, [(t - begin, size, m) for t, size, m in seen], end - begin, detail)


def batch(machine: int) -> SensorReadings:
    """Return the readings of a machine that stops, its own first."""
    channels = range(machine * EACH, machine * EACH + EACH)
    now = time.time_ns()
    return SensorReadings(
        bridge_id='g',
        instance_id='i',
        sequence=machine,
        channel=array.array('I', channels),
        source_time=array.array('q', [now] * EACH),
        value=array.array('d', [95.0] * EACH),
        quality=[1] * EACH,
    )


def write_files(folder: Path) -> None:
    """Write the sensor layer of the plant that floods."""
    folder.mkdir(parents=True, exist_ok=True)
    machines = range(MACHINES)
    (folder / 'sensors.yaml').write_text(
        'channels: channels.yaml\nalarms: alarms.yaml\n'
        'bridges: [{id: gateway, kind: batches, topic: gate}]\n'
    )
    (folder / 'channels.yaml').write_text(
        'channels:\n' + ''.join(CHANNEL.format(m=m) for m in machines)
    )
    (folder / 'alarms.yaml').write_text('alarms:\n' + ''.join(ALARM.format(m=m) for m in machines))


def judge(
    folder: Path, seen: list[tuple[float, int, Alarms]], seconds: float, detail: dict[str, Any]
) -> list[common.Figure]:
    """Return bytes on the topic, what was lost, and how many alarms people were shown."""
    during = [(t, size) for t, size, _ in seen if 0.0 <= t <= seconds]
    busiest = max(sum(s for u, s in during if t <= u < t + 1.0) for t, _ in during)
    last = seen[-1][2]
    with Journal(folder / 'state' / 'sensors.db') as journal:
        events = [r.body['event'] for r in journal.replay() if r.kind == 'alarm']
    wanted = MACHINES * EACH
    detail['flood'] = {'messages': len(during), 'seconds': seconds, 'announced_10_min':
                       last.raised_last_10_minutes, 'listed': len(last.alarms)}  # fmt: skip
    return [
        common.figure('flood: alarms not shown', wanted - last.total, '1', target=0),
        common.figure('flood: alarms not in the journal', wanted - events.count('ACTIVE'), '1',
                      target=0),
        common.figure('flood: announced to people', last.raised_last_10_minutes, '1',
                      target=MACHINES),
        common.figure('flood: topic, mean', sum(s for _, s in during) * 8e-6 / seconds, 'Mbit/s',
                      target=1.0),
        common.figure('flood: topic, busiest second', busiest * 8e-6, 'Mbit/s', target=1.0),
    ]  # fmt: skip
