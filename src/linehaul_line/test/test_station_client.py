# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Mappings, and real Modbus TCP and OPC UA servers on this machine that are read by them."""

import asyncio
import contextlib
import socket
import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linehaul_line.errors import MappingError
from linehaul_line.mapping import Seen, Signal, apply, counted_on, parse_mapping, seen
from linehaul_line.packml import State
from linehaul_line.source import make_line
from linehaul_line.station_client import Silent, StationClient, blocks, decode

from linehaul_floor import load_plant

PLANT = load_plant('cell')
KEY = ('fa1_01', 'casing')
MODBUS = {
    'format': 1,
    'line': 'fa1',
    'protocol': 'modbus',
    'address': '127.0.0.1:1',
    'signals': {
        'state': {'register': 0, 'values': {1: 'execute', 2: 'held'}},
        'position': {'register': 1, 'type': 'uint32'},
        'speed': {'register': 3, 'type': 'float32'},
    },
    'stock': [{'station': 'fa1_01', 'item': 'casing', 'register': 20}],
}


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def in_thread(make):
    """Run an async context manager in a loop of its own until the block ends."""
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    problems = []

    async def serve():
        try:
            async with make():
                ready.set()
                await stop.wait()
        except (OSError, RuntimeError, ImportError, TypeError) as error:
            problems.append(error)
            ready.set()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(20.0)
        assert not problems, problems
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20.0)
        loop.close()


@contextlib.asynccontextmanager
async def modbus_server(port, words):
    from pymodbus.datastore import (
        ModbusDeviceContext,
        ModbusSequentialDataBlock,
        ModbusServerContext,
    )
    from pymodbus.server import ModbusTcpServer

    block = ModbusSequentialDataBlock(1, words)
    context = ModbusServerContext(devices=ModbusDeviceContext(hr=block), single=True)
    server = ModbusTcpServer(context, address=('127.0.0.1', port))
    task = asyncio.create_task(server.serve_forever())
    for _ in range(200):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection('127.0.0.1', port)
            writer.close()
            break
        await asyncio.sleep(0.02)
    yield
    await server.shutdown()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@contextlib.asynccontextmanager
async def opcua_server(port):
    from asyncua import Server

    server = Server()
    await server.init()
    server.set_endpoint(f'opc.tcp://127.0.0.1:{port}')
    space = await server.register_namespace('urn:line')
    for name, value in (('state', 2), ('position', 12), ('speed', 0.5), ('casing', 7)):
        await server.nodes.objects.add_variable(f'ns={space};s={name}', name, value)
    async with server:
        yield


@pytest.mark.filterwarnings('ignore')
def test_a_line_is_read_by_modbus():
    port = free_port()
    words = [0] * 40
    words[0] = 1
    words[1:3] = struct.unpack('>2H', struct.pack('>I', 70_000))
    words[3:5] = struct.unpack('>2H', struct.pack('>f', 1.5))
    words[20], words[30], words[31] = 13, 2, 1
    stations = [{'station': f'fa1_0{k}', 'register': 28 + k} for k in (2, 3)]
    about = {'address': f'127.0.0.1:{port}', 'stations': stations}
    client = StationClient(parse_mapping(MODBUS | about), timeout=5.0)
    assert isinstance(client.read(), Silent)
    with in_thread(lambda: modbus_server(port, words)):
        states = {'fa1_02': State.HELD, 'fa1_03': State.EXECUTE}
        assert client.read() == Seen(State.EXECUTE, 70_000, 1.5, {KEY: 13}, states)
        client.close()


@pytest.mark.filterwarnings('ignore')
def test_a_line_is_read_by_opc_ua():
    port = free_port()
    mapping = {
        'format': 1,
        'line': 'fa1',
        'protocol': 'opcua',
        'address': f'opc.tcp://127.0.0.1:{port}',
        'signals': {
            'state': {'node': 'ns=2;s=state', 'values': {2: 'held'}},
            'position': {'node': 'ns=2;s=position'},
            'speed': {'node': 'ns=2;s=speed'},
        },
        'stock': [{'station': 'fa1_01', 'item': 'casing', 'node': 'ns=2;s=casing'}],
    }
    client = StationClient(parse_mapping(mapping), timeout=5.0)
    with in_thread(lambda: opcua_server(port)):
        assert client.read() == Seen(State.HELD, 12, 0.5, {KEY: 7})
        client.close()


def test_a_plc_that_is_away_is_silent_not_an_exception():
    address = f'127.0.0.1:{free_port()}'
    answer = StationClient(parse_mapping(MODBUS | {'address': address}), timeout=0.2).read()
    assert isinstance(answer, Silent)
    assert address in answer.text


def test_every_problem_of_a_mapping_is_told():
    bad = {
        'format': 2,
        'line': 3,
        'protocol': 'fax',
        'address': 'x',
        'colour': 1,
        'signals': {'speed': {'register': -1, 'type': 'text'}},
        'stock': [{'station': 'a'}],
        'stations': [{'register': 1}],
    }
    with pytest.raises(MappingError) as caught:
        parse_mapping(bad)
    for word in (
        'format',
        'line',
        'protocol',
        'colour',
        'no state',
        'register -1',
        'text',
        'stock, entry 1',
        'stations, entry 1',
    ):
        assert word in str(caught.value)
    wrong_state = MODBUS | {'signals': {'state': {'register': 0, 'values': {1: 'asleep'}}}}
    with pytest.raises(MappingError, match='asleep'):
        parse_mapping(wrong_state)
    with pytest.raises(MappingError, match='wanted a mapping'):
        parse_mapping(None)


@given(st.floats(width=32, allow_nan=False), st.booleans())
def test_words_are_decoded_in_either_order(value, little):
    words = list(struct.unpack('>2H', struct.pack('>f', value)))
    assert decode(words[::-1] if little else words, 'float32', little=little) == value


@given(
    st.lists(st.tuples(st.integers(0, 2000), st.sampled_from(['uint16', 'float32'])), max_size=40)
)
def test_blocks_hold_every_register_and_stay_within_the_limit(rows):
    signals = [Signal(str(register), kind) for register, kind in rows]
    found = blocks(signals)
    held = {first + offset for first, count in found for offset in range(count)}
    for register, kind in rows:
        assert {register, register + (1 if kind == 'float32' else 0)} <= held
    assert all(1 <= count <= 125 for _, count in found)


def test_a_plc_that_counts_anew_goes_on_where_the_line_was():
    """After a restart, or past what its register holds; the line once stood still for it."""
    line = make_line(PLANT, next(iter(PLANT.lines.values())), start=0.0, known=300)
    offset, positions = 0, []
    for count in (7, 8, 150, 0, 1, 2, 90):
        offset = counted_on(line, count, offset)
        seen_now = Seen(State.EXECUTE, count + offset, None, {})
        line = apply(line, seen_now, 1.0)
        positions.append(line.position)
    assert positions == [7, 8, 150, 150, 151, 152, 240]
    assert line.done == 240
    assert line.sequence.first > 0  # what has left the line is not kept for ever


def test_what_was_seen_becomes_the_line():
    line = make_line(PLANT, next(iter(PLANT.lines.values())), start=0.0)
    mapping = parse_mapping(MODBUS)
    read = seen(mapping, {'state': 2.0, 'position': 5.0, 'speed': 0.5}, {KEY: 3.0})
    after = apply(line, read, 100.0)
    assert (after.state, after.position, after.pace.speed) == (State.HELD, 5, 0.5)
    assert after.stock[KEY].contents == (3,)
    assert apply(line, seen(mapping, {'state': 9.0}, {}), 0.0).state == State.UNKNOWN
    broken = apply(line, seen(mapping, {'state': 1.0}, {}, {KEY[0]: 2.0}), 0.0)
    assert (broken.andon, broken.held[KEY[0]]) == ({KEY[0]}, 'a fault, says its PLC')
    assert not apply(broken, seen(mapping, {'state': 1.0}, {}, {KEY[0]: 1.0}), 0.0).andon
    nonsense = seen(mapping, {'state': 1.0, 'speed': float('nan')}, {KEY: 1e6})
    after = apply(line, nonsense, 0.0)
    assert after.pace.speed == 1.0
    assert after.stock[KEY].quantity == after.stock[KEY].places * 20
