# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A load of OPC UA servers, and how many processes of linehaul take it.

Run as `python _sensor_opcua.py PORT ITEMS RATE SECONDS SEED` it is one asyncua server whose items
change `RATE` times a second in all; at the end it prints how many values it wrote.
"""

import asyncio
import socket
import subprocess
import sys
import time
from typing import Any

import common
import numpy as np
from linehaul_sensors.channels import Channel, make_table
from linehaul_sensors.fieldbus import OpcUaApart
from linehaul_sensors.opcua_map import parse_server
from linehaul_sensors.pipeline import Pipeline

SERVERS, ITEMS, RATE = 2, 1000, 4_630


def main() -> int:
    port, items, rate, seconds, seed = map(int, sys.argv[1:6])
    print(asyncio.run(serve(port, items, rate, seconds, np.random.default_rng(seed))), flush=True)
    return 0


async def serve(port: int, items: int, rate: int, seconds: int, rng: np.random.Generator) -> int:
    """Serve items; once somebody has subscribed, change them for some seconds."""
    from asyncua import Server, ua

    server = Server()
    await server.init()
    server.set_endpoint(f'opc.tcp://127.0.0.1:{port}')
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    await server.register_namespace('linehaul')
    nodes = [
        await server.nodes.objects.add_variable(f'ns=2;s=c{k}', f'c{k}', -1.0)
        for k in range(items)
    ]
    start = await server.nodes.objects.add_variable('ns=2;s=start', 'start', 0.0)
    await start.set_writable()
    written = 0
    async with server:
        print('ready', flush=True)
        while await start.read_value() == 0.0:
            await asyncio.sleep(0.1)
        begin, k = time.monotonic(), 0
        while time.monotonic() - begin < seconds:
            for _ in range(max(rate // 50, 1)):
                now = ua.uatypes.datetime.now(ua.uatypes.timezone.utc)
                value = ua.DataValue(
                    ua.Variant(float(rng.normal(50, 1)), ua.VariantType.Double),
                    SourceTimestamp=now,
                )
                await server.write_attribute_value(nodes[k % items].nodeid, value)
                k += 1
                written += 1
            ahead = begin + written / rate - time.monotonic()
            await asyncio.sleep(max(ahead, 0.0))
        await asyncio.sleep(3.0)
    return written


def through_opcua(
    seconds: int, processes: int, seed: int, detail: dict[str, Any], cpu_of: Any
) -> list[common.Figure]:
    """Take the load in with so many processes a server; return what it showed."""
    names = [f's{s}/c{k}' for s in range(SERVERS) for k in range(ITEMS)]
    table = make_table([Channel(n, 'state', '1', 'hall', n) for n in names])
    pipeline = Pipeline(table, [])
    ports = [free_port() for _ in range(SERVERS)]
    rate = RATE // SERVERS
    loads = [
        subprocess.Popen(
            [sys.executable, __file__, *map(str, (port, ITEMS, rate, seconds, seed + k))],
            stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL,
        )
        for k, port in enumerate(ports)
    ]  # fmt: skip
    for load in loads:
        assert load.stdout is not None
        load.stdout.readline()
    bridges = [
        OpcUaApart(parse_server(mapping(s, port), table), processes, s)
        for s, port in enumerate(ports)
    ]
    for bridge in bridges:
        bridge.start()
    taken, begin, cpu = 0, 0.0, 0.0
    first = set()
    latency: list[float] = []
    while len(first) < len(names):  # the first value of each item: all are subscribed
        for bridge in bridges:
            first |= set(bridge.drain().readings.channel.tolist())
        time.sleep(0.1)
    pids = [pid for bridge in bridges for pid in bridge.pids]
    before, begin, cpu = [cpu_of(pid) for pid in pids], time.monotonic(), time.process_time()
    asyncio.run(say_start(ports))
    ended = 0.0
    while not ended or time.monotonic() < ended:
        for bridge in bridges:
            found = bridge.drain()
            if len(found.readings):
                now = time.time_ns()
                pipeline.step(found.readings, found.lost, now)
                taken += len(found.readings)
                latency += ((now - found.readings.time) * 1e-9).tolist()
        if not ended and time.monotonic() - begin > seconds + 2.5:
            ended = time.monotonic() + 1.0
        time.sleep(0.05)
    used = [cpu_of(pid) - was for pid, was in zip(pids, before, strict=True)]
    own = time.process_time() - cpu
    for bridge in bridges:
        bridge.stop()
    written = sum(int((load.communicate()[0] or '0').split()[-1]) for load in loads)
    detail['opcua'] = {'processes': len(pids), 'taken': taken, 'written': written,
                       'bridge_cpu_s': used, 'pipeline_cpu_s': own}  # fmt: skip
    return [
        common.figure('opcua: values/s written', written / seconds, '1/s', target=0.99 * RATE,
                      better='higher'),
        common.figure('opcua: values lost', written - taken, '1', target=0),
        common.figure('opcua: bridge processes', len(pids), '1'),
        common.figure('opcua: CPU of bridges and pipeline', 100 * (sum(used) + own) / seconds,
                      '%'),
        common.figure('opcua: value to pipeline p50', 1000 * float(np.percentile(latency, 50)),
                      'ms'),
        common.figure('opcua: value to pipeline p99', 1000 * float(np.percentile(latency, 99)),
                      'ms', target=2000),
    ]  # fmt: skip


async def say_start(ports: list[int]) -> None:
    """Let the servers begin; only the bench writes, never a bridge."""
    from asyncua import Client

    for port in ports:
        async with Client(f'opc.tcp://127.0.0.1:{port}') as client:
            await client.get_node('ns=2;s=start').write_value(1.0)


def mapping(server: int, port: int) -> str:
    """Return the mapping of one server's items."""
    rows = ''.join(
        f"    - {{channel: s{server}/c{k}, node: 'ns=2;s=c{k}'}}\n" for k in range(ITEMS)
    )
    head = f'server:\n  url: opc.tcp://127.0.0.1:{port}\n  publishing: 200\n  nodes:\n'
    return head + rows


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return int(one.getsockname()[1])


if __name__ == '__main__':
    sys.exit(main())
