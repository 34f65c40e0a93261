# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The MQTT bridge: one broker, Sparkplug B and plain JSON topics, in; readings and faults out.

The network runs in paho's own thread, which does nothing but put messages into a queue; `drain`
does all the work in the caller's thread. paho connects again by itself, with waits that double.
The queue is bounded: when the caller cannot follow, the oldest messages go and are counted, and
the Sparkplug sequence numbers tell which nodes must be born again. Nothing but rebirth requests
and the host's state is ever sent.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.errors import PayloadError
from linehaul_sensors.ids import ChannelId
from linehaul_sensors.json_topics import JsonTopics, Rule
from linehaul_sensors.readings import NS, Readings, concatenate
from linehaul_sensors.sparkplug_codec import NAMESPACE
from linehaul_sensors.sparkplug_host import (
    Arrived,
    AskRebirth,
    Fault,
    Lost,
    Outcome,
    SparkplugHost,
)


@dataclass(frozen=True, slots=True)
class MqttConfig:
    """How to reach a broker and what to take from it.

    Attributes:
        host, port: of the broker.
        user, password: '' for none.
        ca_file: for TLS; '' for none.
        host_id: of this Sparkplug host application; '' for no Sparkplug.
        groups: Sparkplug groups to take; empty means all.
        queue: most messages that wait.
        first_wait, most_wait: [s] before connecting again.
    """

    host: str = 'localhost'
    port: int = 1883
    user: str = ''
    password: str = ''
    ca_file: str = ''
    host_id: str = 'linehaul'
    groups: tuple[str, ...] = ()
    queue: int = 200_000
    first_wait: int = 1
    most_wait: int = 60


@dataclass(frozen=True, slots=True)
class Drained:
    """What came since the last call.

    Attributes:
        readings: in the order they came, before any quality check.
        lost: channels whose source is gone.
        faults: what could not be used, the first hundred.
        dropped: messages that the queue could not hold.
    """

    readings: Readings
    lost: tuple[int, ...] = ()
    faults: tuple[Fault, ...] = ()
    dropped: int = 0


@dataclass(slots=True)
class _Queue:
    """What paho's thread hands over; appending and popping a deque is atomic."""

    items: deque[tuple[str, bytes, int]]
    dropped: int = 0
    disconnects: int = 0
    connects: int = 0
    connected: bool = False


@dataclass(slots=True)
class _Found:
    readings: list[Readings] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


class MqttBridge:
    """One broker.

    Args:
        config: how to reach it.
        table: the channels.
        clock: [ns] since 1970, to stamp messages as they come.
        mapping: Sparkplug metric path to channel id.
        rules: of plain JSON topics.
    """

    def __init__(
        self,
        config: MqttConfig,
        table: ChannelTable,
        clock: Callable[[], int],
        mapping: Mapping[str, ChannelId] | None = None,
        rules: tuple[Rule, ...] = (),
    ) -> None:
        self.config = config
        self._clock = clock
        self._sparkplug = SparkplugHost(table, mapping or {}) if config.host_id else None
        self._json = JsonTopics(table, rules)
        self._queue = _Queue(deque(maxlen=config.queue))
        self._seen = 0
        self._client = self._make_client()

    def _make_client(self) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, clean_session=True)
        if self.config.user:
            client.username_pw_set(self.config.user, self.config.password)
        if self.config.ca_file:
            client.tls_set(self.config.ca_file)
        client.reconnect_delay_set(self.config.first_wait, self.config.most_wait)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        if self._sparkplug is not None:
            client.will_set(*self._state(False), qos=1, retain=True)
        return client

    def start(self) -> None:
        """Begin to connect; a broker that is not there yet is no error."""
        self._client.connect_async(self.config.host, self.config.port, keepalive=15)
        self._client.loop_start()

    def stop(self) -> None:
        """Say goodbye and end the thread."""
        if self._sparkplug is not None and self._queue.connected:
            self._client.publish(*self._state(False), qos=1, retain=True).wait_for_publish(2.0)
        client = self._client
        client.disconnect()
        client.loop_stop()
        # No circle is left, so that paho closes its sockets as soon as the bridge is gone.
        client.on_connect = client.on_disconnect = client.on_message = None

    @property
    def connected(self) -> bool:
        """The broker answers."""
        return self._queue.connected

    def drain(self) -> Drained:
        """Return what came since the last call, and send what it asks for."""
        queue, found = self._queue, _Found()
        if queue.disconnects != self._seen:
            self._seen = queue.disconnects
            self._take(self._sparkplug.disconnected() if self._sparkplug else [], found)
        for _ in range(len(queue.items)):
            try:
                topic, data, received = queue.items.popleft()
            except IndexError:
                break  # the bounded queue let some go meanwhile
            self._one(topic, data, received, found)
        if self._sparkplug is not None:
            self._take(self._sparkplug.tick(self._clock() / NS), found)
        dropped, queue.dropped = queue.dropped, 0
        readings = concatenate(found.readings)
        return Drained(readings, tuple(found.lost), tuple(found.faults[:100]), dropped)

    def _one(self, topic: str, data: bytes, received: int, found: _Found) -> None:
        if self._sparkplug is not None and topic.startswith(f'{NAMESPACE}/'):
            if not topic.startswith(f'{NAMESPACE}/STATE/'):
                self._take(self._sparkplug.receive(topic, data, received / NS), found)
            return
        try:
            found.readings.append(self._json.receive(topic, data, received))
        except PayloadError as error:
            found.faults.append(Fault(topic, str(error)))

    def _take(self, outcomes: list[Outcome], found: _Found) -> None:
        for outcome in outcomes:
            match outcome:
                case Arrived(readings):
                    found.readings.append(readings)
                case Lost(channels):
                    found.lost.extend(channels)
                case Fault():
                    found.faults.append(outcome)
                case AskRebirth():
                    topic, data = outcome.message(self._clock() // 1_000_000)
                    self._client.publish(topic, data, qos=0)

    def _state(self, online: bool) -> tuple[str, bytes]:
        time = self._clock() // 1_000_000
        text = f'{{"online":{"true" if online else "false"},"timestamp":{time}}}'
        return f'{NAMESPACE}/STATE/{self.config.host_id}', text.encode()

    # -- in paho's thread: nothing but handing over

    def _on_connect(self, client: paho.Client, *_: Any) -> None:
        filters = list(self._json.filters())
        if self._sparkplug is not None:
            groups = self.config.groups or ('+',)
            filters += [f'{NAMESPACE}/{group}/#' for group in groups]
        if filters:
            client.subscribe([(topic, 1) for topic in filters])
        if self._sparkplug is not None:
            client.publish(*self._state(True), qos=1, retain=True)
        self._queue.connected = True
        self._queue.connects += 1

    def _on_disconnect(self, *_: Any) -> None:
        self._queue.connected = False
        self._queue.disconnects += 1

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        queue = self._queue
        if len(queue.items) == queue.items.maxlen:
            queue.dropped += 1
        queue.items.append((message.topic, bytes(message.payload), self._clock()))
