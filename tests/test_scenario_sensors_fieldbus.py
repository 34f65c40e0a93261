# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The Modbus and OPC UA bridges against real servers on loopback that go and come back."""

import asyncio
import contextlib
import os
import signal
import socket
import time

import numpy as np
import pytest
from linehaul_sensors.backoff import Backoff
from linehaul_sensors.channels import Channel, make_table
from linehaul_sensors.modbus import ModbusBridge
from linehaul_sensors.modbus_map import parse_devices
from linehaul_sensors.opcua import OpcUaBridge
from linehaul_sensors.opcua_map import parse_server
from linehaul_sensors.readings import Quality
from linehaul_sensors.sensors_file import ModbusSource, OpcUaSource
from linehaul_sensors.sources import Sources

TABLE = make_table(
    [Channel(name, 'temperature', 'Cel', 'p', 'm') for name in 'abcd']
    + [Channel('bit', 'state', '1', 'p', 'm')]
)
FAST = Backoff(0.05, 0.2)


class Taken:
    """What a bridge delivered."""

    def __init__(self):
        self.rows, self.lost = [], []

    def __call__(self, readings, lost):
        self.rows += zip(readings.channel.tolist(), readings.value.tolist(),
                         readings.quality.tolist(), strict=True)  # fmt: skip
        self.lost += lost

    async def until(self, done, timeout=10.0):
        end = time.monotonic() + timeout
        while not done():
            assert time.monotonic() < end, (self.rows[-9:], self.lost[-9:])
            await asyncio.sleep(0.01)


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


@contextlib.asynccontextmanager
async def task(coroutine):
    one = asyncio.ensure_future(coroutine)
    try:
        yield
    finally:
        one.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await one


def modbus_text(port):
    return f"""
devices:
  - host: 127.0.0.1
    port: {port}
    period: 0.05
    registers:
      - {{channel: a, address: 10, type: int16, scale: 0.1}}
      - {{channel: b, address: 12, type: float32, unit: K}}
      - {{channel: c, address: 5000}}
      - {{channel: bit, kind: coil, address: 3}}
"""


@contextlib.asynccontextmanager
async def modbus_server(port):
    from pymodbus.server import ModbusTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    device = SimDevice(
        1,
        (
            [SimData(3, values=[True, False], datatype=DataType.BITS)],
            [SimData(0, values=[False], datatype=DataType.BITS)],
            [SimData(10, values=[215, 0, 0x4396, 0x8000], datatype=DataType.REGISTERS)],
            [SimData(0, values=[0], datatype=DataType.REGISTERS)],
        ),
    )
    server = ModbusTcpServer(device, address=('127.0.0.1', port))
    await server.serve_forever(background=True)
    try:
        yield
    finally:
        await server.shutdown()


def test_a_real_modbus_server_that_goes_and_comes():
    port = free_port()
    (device,) = parse_devices(modbus_text(port), TABLE)

    async def story():
        taken = Taken()
        bridge = ModbusBridge(device, time.time_ns, taken, np.random.default_rng(0), FAST)
        async with task(bridge.run()):
            await taken.until(lambda: taken.lost)
            async with modbus_server(port):
                await taken.until(lambda: len({c for c, *_ in taken.rows}) == 4)
            taken.lost.clear()
            await taken.until(lambda: taken.lost)
            taken.rows.clear()
            async with modbus_server(port):
                await taken.until(lambda: taken.rows)
        return {c: (v, q) for c, v, q in taken.rows}

    found = asyncio.run(story())
    assert found[0] == (pytest.approx(21.5), Quality.GOOD)
    assert found[1] == (pytest.approx(301.0 - 273.15), Quality.GOOD)
    assert found[2][1] == Quality.BAD  # the device has no such register
    assert found[4] == (1.0, Quality.GOOD)


def opcua_text(port):
    return f"""
server:
  url: opc.tcp://127.0.0.1:{port}
  publishing: 50
  nodes:
    - {{channel: a, node: 'ns=2;s=a'}}
    - {{channel: b, node: 'ns=2;s=b', unit: '[degF]'}}
    - {{channel: c, node: 'ns=2;s=c', deadband: 1.0}}
    - {{channel: d, node: 'ns=2;s=nobody'}}
"""


@contextlib.asynccontextmanager
async def opcua_server(port):
    from asyncua import Server, ua

    server = Server()
    await server.init()
    server.set_endpoint(f'opc.tcp://127.0.0.1:{port}')
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    await server.register_namespace('linehaul')
    nodes = {
        name: await server.nodes.objects.add_variable(f'ns=2;s={name}', name, value)
        for name, value in (('a', 1.0), ('b', 212.0), ('c', 10.0))
    }
    async with server:
        yield nodes


def test_a_real_opcua_server_that_goes_and_comes():
    from asyncua import ua

    port = free_port()
    server = parse_server(opcua_text(port), TABLE)

    async def story():
        taken = Taken()
        bridge = OpcUaBridge(server, time.time_ns, taken, np.random.default_rng(0), FAST)
        async with task(bridge.run()):
            await taken.until(lambda: taken.lost)
            async with opcua_server(port) as nodes:
                await taken.until(lambda: len({c for c, *_ in taken.rows}) == 4)
                for value in (2.0, 3.0):
                    await nodes['a'].write_value(value)
                    await nodes['c'].write_value(8.5 + value / 2)
                bad = ua.DataValue(ua.Variant(4.0), ua.StatusCode(ua.StatusCodes.BadSensorFailure))
                await nodes['a'].write_value(bad)
                await taken.until(lambda: (0, Quality.BAD) in [(c, q) for c, _, q in taken.rows])
                first, taken.rows = taken.rows, []
            taken.lost.clear()
            await taken.until(lambda: taken.lost)
            async with opcua_server(port):
                await taken.until(lambda: (0, 1.0, Quality.GOOD) in taken.rows)
        return first, bridge.refused

    first, refused = asyncio.run(story())
    assert {(0, 1.0, 1), (0, 3.0, 1)} <= set(first)
    assert (1, pytest.approx(100.0), 1) in [(c, v, q) for c, v, q in first if c == 1]
    assert [(v, q) for c, v, q in first if c == 2] == [(10.0, 1)]  # within its deadband
    assert [q for c, _, q in first if c == 3] == [Quality.BAD]
    assert [text.partition(':')[0] for text in refused] == ['ns=2;s=nobody']


def test_an_opcua_bridge_that_is_stopped_while_it_leaves_its_server_ends(monkeypatch):
    """Leaving takes many turns of the loop; asyncua swallows a cancellation in most of them."""
    from asyncua.client.client import Client

    port = free_port()
    server = parse_server(opcua_text(port), TABLE)
    disconnect = Client.disconnect

    async def story():
        leaving = asyncio.Event()

        async def watched(client):
            leaving.set()
            await disconnect(client)

        monkeypatch.setattr(Client, 'disconnect', watched)
        async with opcua_server(port):
            for turns in range(14):
                leaving.clear()
                taken = Taken()
                bridge = OpcUaBridge(server, time.time_ns, taken, np.random.default_rng(0), FAST)
                work = asyncio.ensure_future(bridge.run())
                await taken.until(lambda taken=taken: taken.rows)
                bridge.status_change_notification(None)  # as when the server ends a subscription
                await leaving.wait()
                for _ in range(turns):
                    await asyncio.sleep(0)
                work.cancel()
                await asyncio.wait([work], timeout=10.0)
                assert work.done(), f'stopped {turns} turns after it began to leave, it goes on'
                assert work.cancelled()

    asyncio.run(story())


def test_a_modbus_bridge_that_is_stopped_as_an_answer_comes_ends(monkeypatch):
    """Before Python 3.12 `asyncio.wait_for`, by which pymodbus waits, then lost the stop."""
    from linehaul_sensors import modbus

    (device,) = parse_devices(modbus_text(1), TABLE)

    class Answering:
        connected = True

        def __init__(self, *_, **__):
            clients.append(self)

        async def connect(self):
            return True

        async def read(self, *_, **__):
            self.answer = asyncio.get_running_loop().create_future()
            asked.set()
            return await asyncio.wait_for(self.answer, 60.0)

        read_holding_registers = read_input_registers = read_coils = read_discrete_inputs = read

        def close(self):
            self.connected = False

    clients, asked = [], asyncio.Event()
    monkeypatch.setattr(modbus, 'AsyncModbusTcpClient', Answering)

    async def story():
        bridge = ModbusBridge(device, time.time_ns, Taken(), np.random.default_rng(0), FAST)
        work = asyncio.ensure_future(bridge.run())
        await asyncio.wait_for(asked.wait(), 10.0)
        clients[0].answer.set_exception(OSError('no answer'))
        await asyncio.sleep(0)
        work.cancel()
        await asyncio.wait([work], timeout=10.0)
        assert work.done(), 'it goes on'
        assert work.cancelled()
        assert not clients[0].connected

    asyncio.run(story())


def test_bridges_in_the_loop_and_in_processes_and_one_process_dies():
    """All bridges of a plant as one: Modbus in the node's loop, OPC UA in two processes."""
    opc, mod = free_port(), free_port()
    sources = (
        ModbusSource('ovens', parse_devices(modbus_text(mod), TABLE)),
        OpcUaSource('press', parse_server(opcua_text(opc), TABLE), 2),
    )

    async def story():
        one = Sources(sources, TABLE, time.time_ns)
        seen = {'ovens': {}, 'press': {}}
        lost = []

        def look(done):
            for running, brought in one.drain():
                pairs = zip(
                    brought.readings.channel.tolist(), brought.readings.value.tolist(), strict=True
                )
                seen[running.id] |= dict(pairs)
                lost.extend(brought.lost)
            return done()

        async def until(done):
            end = time.monotonic() + 60.0
            while not look(done):
                assert time.monotonic() < end, (seen, lost)
                await asyncio.sleep(0.02)

        try:
            async with opcua_server(opc), modbus_server(mod):
                one.start()
                press = one.running[1].bridge
                await until(lambda: len(seen['press']) == 4 and len(seen['ovens']) == 4)
                await until(lambda: all(running.bridge.connected for running in one.running))
                first, second = press.pids
                os.kill(first, signal.SIGKILL)
                await until(lambda: {0, 2} <= set(lost))
                seen['press'].clear()
                seen['ovens'].clear()
                await until(lambda: seen['press'].get(0) == 1.0 and seen['ovens'])
                assert press.pids[0] != first
                assert press.pids[1] == second
        finally:
            one.stop()
        return one

    one = asyncio.run(story())
    assert 'died' in one.running[1].last_fault or 'nobody' in one.running[1].last_fault
    assert one.running[1].faults > 0
