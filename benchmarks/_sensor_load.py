# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A load of Sparkplug edges, run as a process of its own: `python _sensor_load.py HOST PORT …`.

Each edge has some hundred metrics with aliases and sends a message with a part of them many times
a second. Now and then one channel goes beyond its alarm limit and comes back. At the end the
process prints how many readings it sent.
"""

import sys
import time

import numpy as np
import paho.mqtt.client as paho
from linehaul_sensors.sparkplug_codec import Payload

GROUP = 'bench'
METRICS = 500
NORMAL, BEYOND = 50.0, 100.0


def main() -> int:
    host, port, edges, rate, seconds, seed = sys.argv[1], *map(int, sys.argv[2:7])
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(1000)
    client.connect(host, port)
    client.loop_start()
    for edge in range(edges):
        client.publish(f'spBv1.0/{GROUP}/NBIRTH/e{edge}', birth(), qos=1).wait_for_publish(10)
    sent = run(client, edges, rate, seconds, np.random.default_rng(seed))
    time.sleep(2.0)
    client.disconnect()
    client.loop_stop()
    print(sent + edges * METRICS, flush=True)
    return 0


def birth() -> bytes:
    now = time.time_ns() // 1_000_000
    payload = Payload(timestamp=now, seq=0)
    payload.metrics.add(name='bdSeq', datatype=4, long_value=0, timestamp=now)
    for k in range(METRICS):
        payload.metrics.add(
            name=f'c{k}', alias=k + 1, datatype=10, double_value=NORMAL, timestamp=now
        )
    return payload.SerializeToString()


def run(client: paho.Client, edges: int, rate: int, seconds: int, rng: np.random.Generator) -> int:
    """Send about `rate` readings a second; return how many."""
    part = 100
    pause = part / rate
    seq, sent, message = [0] * edges, 0, 0
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        edge = message % edges
        offset = message // edges * part % METRICS
        seq[edge] = (seq[edge] + 1) % 256
        now = time.time_ns() // 1_000_000
        payload = Payload(timestamp=now, seq=seq[edge])
        values = np.round(NORMAL + rng.standard_normal(part), 2)
        if message % 47 == 0:
            values[0] = BEYOND
        for k, value in enumerate(values.tolist()):
            payload.metrics.add(alias=offset + k + 1, double_value=value, timestamp=now)
        client.publish(f'spBv1.0/{GROUP}/NDATA/e{edge}', payload.SerializeToString(), qos=0)
        message += 1
        sent += part
        ahead = begin + message * pause - time.monotonic()
        if ahead > 0.002:
            time.sleep(ahead)
    return sent


if __name__ == '__main__':
    sys.exit(main())
