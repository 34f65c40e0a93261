# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The MQTT bridge against a real broker and an independent Sparkplug edge, on loopback.

Needs Debian's mosquitto; where it is missing the tests are skipped and say so.
"""

import contextlib
import time

import paho.mqtt.client as paho
import pytest
from linehaul_sensors.channels import Channel, make_table
from linehaul_sensors.json_topics import parse_mapping
from linehaul_sensors.mqtt import MqttBridge, MqttConfig
from linehaul_sensors.quality import QualityCheck
from linehaul_sensors.readings import Quality

TABLE = make_table(
    [
        Channel('g/edge/dev/temperature', 'temperature', 'Cel', 'p', 'm', period=1.0),
        Channel('plain', 'state', '1', 'p', 'm'),
        Channel('g/edge/temperature', 'temperature', 'Cel', 'p', 'm', period=1.0),
    ]
)
RULES = "topics: [{topic: 'plant/#', channel: plain, value: /v}]"


def until(done, timeout=15.0):
    """Wait for a real peer: poll until `done()` is true, and return it."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        found = done()
        if found:
            return found
        time.sleep(0.02)
    raise TimeoutError(f'not done after {timeout} s')


class Bridge:
    """A bridge and everything that came through it."""

    def __init__(self, port):
        config = MqttConfig(host='127.0.0.1', port=port, most_wait=1)
        self.bridge = MqttBridge(config, TABLE, time.time_ns, rules=parse_mapping(RULES))
        self.values, self.lost, self.faults = [], [], []
        self.bridge.start()

    def drain(self):
        found = self.bridge.drain()
        pairs = zip(found.readings.channel.tolist(), found.readings.value.tolist(), strict=True)
        self.values += pairs
        self.lost += found.lost
        self.faults += found.faults
        return self

    def has(self, *pairs):
        until(lambda: set(pairs) <= set(self.drain().values))


@contextlib.contextmanager
def running(port):
    one = Bridge(port)
    try:
        until(lambda: one.bridge.connected)
        yield one
    finally:
        one.bridge.stop()


@contextlib.contextmanager
def publisher(port):
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.connect('127.0.0.1', port)
    client.loop_start()
    try:
        yield lambda topic, data: client.publish(topic, data, qos=1).wait_for_publish(5)
    finally:
        client.disconnect()
        client.loop_stop()


def test_json_topics_and_garbage(mosquitto):
    port = mosquitto.port
    with running(port) as one, publisher(port) as send:
        until(lambda: send('plant/a', b'{"v": 4}') or one.drain().values)
        send('plant/a', b'\xff\x00 garbage')
        send('spBv1.0/g/NDATA/x', b'\xff\xff\xff garbage')
        send('plant/b', b'{"v": 5}')
        one.has((1, 4.0), (1, 5.0))
        assert {f.where for f in one.faults} == {'plant/a', 'spBv1.0/g/NDATA/x'}


def test_a_broker_that_dies_and_comes_back(mosquitto):
    with running(mosquitto.port) as one:
        with publisher(mosquitto.port) as send:
            until(lambda: send('plant/a', b'{"v": 1}') or one.drain().values)
        mosquitto.kill()
        until(lambda: not one.bridge.connected)
        one.drain()
        mosquitto.start()
        until(lambda: one.bridge.connected)
        with publisher(mosquitto.port) as send:
            until(lambda: send('plant/a', b'{"v": 2}') or (1, 2.0) in one.drain().values)


@pytest.mark.filterwarnings('ignore:Callback API version 1')  # of pysparkplug
def test_an_independent_sparkplug_edge(mosquitto, monkeypatch):
    sparkplug = pytest.importorskip('pysparkplug', reason='pysparkplug is not installed')

    # It was written for paho 1, whose client had one more setting.
    monkeypatch.setattr(paho.Client, 'message_retry_set', lambda *_, **__: None, raising=False)

    def metric(value):
        now = sparkplug.get_current_timestamp()
        return sparkplug.Metric(
            timestamp=now, name='temperature', datatype=sparkplug.DataType.DOUBLE, value=value
        )

    with running(mosquitto.port) as one:
        device = sparkplug.Device('dev', (metric(20.0),))
        edge = sparkplug.EdgeNode('g', 'edge', (metric(1.0),))
        edge.register(device)
        edge.connect('127.0.0.1', port=mosquitto.port)
        try:
            one.has((0, 20.0), (2, 1.0))
            for value in (21.0, 22.0, 23.0):
                edge.update((metric(value),))
            one.has((2, 21.0), (2, 22.0), (2, 23.0))
            assert one.faults == []
            edge.deregister('dev')
            until(lambda: 0 in one.drain().lost)
        finally:
            edge.disconnect()
            edge._client._client.loop_stop()
        stale = QualityCheck(TABLE).lost(one.lost, time.time_ns())
        assert stale.quality.tolist() == [Quality.STALE]
