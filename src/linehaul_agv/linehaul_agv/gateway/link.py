# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The MQTT broker: messages in and out, and whether it is there.

The network runs in paho's own thread, which does nothing but put what comes into a queue that
`drain` empties. paho connects again by itself, with waits that double. The queue is bounded: the
oldest messages go first, which for states is harmless.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

QUEUE = 50_000
"""Most messages that wait."""
KEEPALIVE = 15
"""[s] of silence after which the broker is asked whether it is still there."""


@dataclass(frozen=True, slots=True)
class Broker:
    """How to reach a broker. user, ca_file '': none. most_wait: [s] before connecting again."""

    host: str = 'localhost'
    port: int = 1883
    user: str = ''
    password: str = ''
    ca_file: str = ''
    most_wait: int = 10


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Changed:
    """The broker is there, or not any more."""

    connected: bool
    text: str = ''


class MqttLink:
    """One broker.

    Args:
        broker: how to reach it.
        filters: what to subscribe to, with the quality of service.
    """

    def __init__(self, broker: Broker, filters: tuple[tuple[str, int], ...]) -> None:
        self._filters = list(filters)
        self._queue: deque[Arrived | Changed] = deque(maxlen=QUEUE)
        self.connected = False
        self._broker = broker
        self._client = client = paho.Client(CallbackAPIVersion.VERSION2, clean_session=True)
        if broker.user:
            client.username_pw_set(broker.user, broker.password)
        if broker.ca_file:
            client.tls_set(broker.ca_file)
        client.reconnect_delay_set(1, broker.most_wait)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message

    def start(self) -> None:
        """Begin to connect; a broker that is not there yet is no error."""
        self._client.connect_async(self._broker.host, self._broker.port, keepalive=KEEPALIVE)
        self._client.loop_start()

    def stop(self) -> None:
        """End the thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: str) -> bool:
        """Send a message once, if the broker is there; nothing is kept for later."""
        return self.connected and self._client.publish(topic, payload, qos=0).rc == 0

    def drain(self) -> list[Arrived | Changed]:
        """Return what came since the last call, in its order."""
        found = []
        for _ in range(len(self._queue)):
            try:
                found.append(self._queue.popleft())
            except IndexError:
                break  # the bounded queue let some go meanwhile
        return found

    # In paho's thread: nothing but handing over.

    def _on_connect(self, client: paho.Client, _: Any, __: Any, reason: Any, *___: Any) -> None:
        if reason.is_failure:
            self._queue.append(Changed(False, str(reason)))
            return
        client.subscribe(self._filters)
        self.connected = True
        self._queue.append(Changed(True))

    def _on_disconnect(self, *_: Any) -> None:
        self.connected = False
        self._queue.append(Changed(False))

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        self._queue.append(Arrived(message.topic, bytes(message.payload)))
