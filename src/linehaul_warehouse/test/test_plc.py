# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Cranes behind real OPC UA and Modbus TCP servers on loopback, whose link and controller die."""

import asyncio
import contextlib
import logging
import socket
import threading
import time
from dataclasses import replace

import pytest
from linehaul_warehouse.crane_end import Report
from linehaul_warehouse.crane_sim import SimFloor
from linehaul_warehouse.errors import SettingError
from linehaul_warehouse.model import (
    Outcome,
    Packml,
    Place,
    PlaceKind,
    RetrievalPhase,
    RetrieveRequest,
    Step,
    StepKind,
    StoreRequest,
)
from linehaul_warehouse.plc.clients import from_registers, parse_register, to_registers
from linehaul_warehouse.plc.cranes_file import parse_cranes
from linehaul_warehouse.plc.tag_end import TagEnd
from linehaul_warehouse.plc.tags import STATUS, STEP
from linehaul_warehouse.rack import uniform_rack
from linehaul_warehouse.stocking import first_stock
from linehaul_warehouse.store import Store
from linehaul_warehouse.travel import Drive
from linehaul_warehouse.warehouse import Warehouse

RACK = uniform_rack('wh', 1, 6, 4, Drive(3.0, 0.75, 0.5, 0.5), conveyor_time=1.0)
SPEED = 40.0
TEXT = ('place', 'load_id', 'task_id', 'running', 'last_task')
REAL = ('x', 'y')
REGISTERS = {'step': 100, 'status': 300}


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def register(part, k, name):
    first = REGISTERS[part] + 16 * k
    if name in TEXT:
        return f'{first} text 16'
    return f'{first} float32' if name in REAL else f'{first} int16'


class Plc:
    """A crane's own controller: begins a step when the task id changes, once for each id."""

    def __init__(self):
        self.floor = SimFloor(RACK)
        self.begun = []
        self.told = dict.fromkeys(STEP, '')

    def cycle(self, now):
        task = self.told['task_id']
        crane = self.floor.cranes['a1']
        last = crane.last.task_id if crane.last else ''
        if task and task not in self.begun and crane.step is None and task != last:
            kind = StepKind(int(self.told['kind']))
            place = str(self.told['place'])
            where = PlaceKind.CELL if place in RACK.index else PlaceKind.PORT
            if kind is StepKind.MOVE:
                where = PlaceKind.UNKNOWN
            x, y = float(self.told['x']), float(self.told['y'])
            step = Step(task, kind, Place(where, place), str(self.told['load_id']), x, y)
            self.begun.append(task)
            self.floor.send('a1', step, now)
        self.floor.advance(now)

    def status(self):
        """Return the status in the order of writing: the last task id is last."""
        crane = self.floor.cranes['a1']
        last = crane.last or Report('a1', '', Outcome.UNKNOWN, crane.x, crane.y)
        return {
            'ready': True,
            'load_id': crane.load_id,
            'running': crane.step.task_id if crane.step else '',
            'last_outcome': int(last.outcome),
            'x': float(last.x),
            'y': float(last.y),
            'last_task': last.task_id,
        }


class OpcUa:
    """The PLC's tags on a server of asyncua."""

    def __init__(self, plc):
        self.plc, self.port = plc, free_port()
        self.row = {
            'aisle': 'a1',
            'opcua': {'url': f'opc.tcp://127.0.0.1:{self.port}/crane'},
            'period': 0.02,
            'step': {name: f'ns=2;s=Step.{name}' for name in STEP},
            'status': {name: f'ns=2;s=Status.{name}' for name in STATUS},
        }

    async def start(self):
        from asyncua import Server

        logging.getLogger('asyncua').setLevel(logging.CRITICAL)
        self.server = Server()
        await self.server.init()
        self.server.set_endpoint(self.row['opcua']['url'])
        space = await self.server.register_namespace('linehaul')
        assert space == 2
        self.nodes = {}
        told = {name: value for name, value in self.plc.told.items() if value != ''}
        begin = dict.fromkeys(STEP, '') | {'kind': 0, 'x': 0.0, 'y': 0.0} | told
        for part, values in (('Step', begin), ('Status', self.plc.status())):
            folder = await self.server.nodes.objects.add_object(space, part)
            for name, value in values.items():
                node = await folder.add_variable(f'ns=2;s={part}.{name}', name, value)
                await node.set_writable()
                self.nodes[part, name] = node
        await self.server.start()

    async def cycle(self, now):
        for name in STEP:
            self.plc.told[name] = await self.nodes['Step', name].read_value()
        self.plc.cycle(now)
        for name, value in self.plc.status().items():
            await self.nodes['Status', name].write_value(value)

    async def stop(self):
        await self.server.stop()


class Modbus:
    """The PLC's tags in holding registers of a server of pymodbus."""

    def __init__(self, plc):
        self.plc, self.port = plc, free_port()
        self.parts = {
            part: {name: register(part, k, name) for k, name in enumerate(names)}
            for part, names in (('step', STEP), ('status', STATUS))
        }
        where = {'host': '127.0.0.1', 'port': self.port, 'unit': 1}
        self.row = {'aisle': 'a1', 'modbus': where, 'period': 0.02, **self.parts}

    async def start(self):
        from pymodbus.server import ModbusTcpServer
        from pymodbus.simulator import DataType, SimData, SimDevice

        bits = [SimData(0, values=[False], datatype=DataType.BITS)]
        words = [SimData(0, values=[0] * 500, datatype=DataType.REGISTERS)]
        device = SimDevice(1, (bits, bits, words, words))
        self.server = ModbusTcpServer(device, address=('127.0.0.1', self.port))
        await self.server.serve_forever(background=True)
        for name, address in self.parts['step'].items():
            await self.put(address, self.plc.told[name] or (0 if name not in TEXT else ''))
        await self.tell()

    async def put(self, address, value):
        words = to_registers(address, value)
        await self.server.async_setValues(1, 16, parse_register(address)[0], words)

    async def tell(self):
        for name, value in self.plc.status().items():
            await self.put(self.parts['status'][name], value)

    async def cycle(self, now):
        for name, address in self.parts['step'].items():
            first, _, count = parse_register(address)
            words = await self.server.async_getValues(1, 3, first, count)
            self.plc.told[name] = from_registers(address, words)
        self.plc.cycle(now)
        await self.tell()

    async def stop(self):
        await self.server.shutdown()


class Plant:
    """A warehouse with its file, its cranes' tags, and what really stands there."""

    def __init__(self, kind, folder):
        self.plc = Plc()
        self.server = kind(self.plc)
        self.folder, self.online, self.begun = folder, True, time.monotonic()
        self.open()
        state = self.warehouse.state
        self.warehouse.act(first_stock(RACK, [('motor', 5)], 0.5, 0.0), 0.0)
        self.plc.floor.cells.update(state.in_cell)

    def open(self):
        self.store = Store(self.folder / 'wh.db')
        state = self.store.load(RACK)
        self.warehouse = Warehouse(RACK, None, state, self.store.known)
        self.end = TagEnd(RACK, parse_cranes({'cranes': [self.server.row]}, RACK))

    @property
    def now(self):
        return 100.0 + (time.monotonic() - self.begun) * SPEED

    def kill(self):
        """Lose the controller with all that is not in its file, and open it again."""
        self.store.close()
        self.open()

    def do(self):
        while True:
            out = self.warehouse.take()
            self.store.append(out.events)
            for command in out.commands:
                assert self.end.obey(command, self.now) is None
            if not out.commands:
                return

    def tick(self):
        for answer in self.end.advance(self.now):
            if isinstance(answer, Report):
                self.warehouse.crane_report(answer, self.now)
            else:
                self.warehouse.crane_status(answer, self.now)
            self.do()
        self.warehouse.tick(self.now)
        self.do()

    async def until(self, done, patience=60.0):
        end = time.monotonic() + patience
        while not done():
            assert time.monotonic() < end, self.warehouse.state.facts.cranes
            if self.online:
                await self.server.cycle(self.now)
            else:
                self.plc.cycle(self.now)  # it goes on without its link
            self.tick()
            await asyncio.sleep(0.005)

    def phase(self, name):
        return self.warehouse.state.facts.retrievals[name].phase

    @property
    def crane(self):
        return self.warehouse.state.facts.cranes['a1']


async def story(kind, folder):
    plant = Plant(kind, folder)
    await plant.server.start()
    with contextlib.closing(plant.end):
        asked = plant.warehouse.retrieve(RetrieveRequest('r1', 'motor', 1), plant.now)
        await plant.until(lambda: plant.crane.load_id == asked.load_id)
        plant.online = False  # the link dies while the load is on the fork
        await plant.server.stop()
        await plant.until(lambda: plant.crane.state is Packml.STOPPED)
        await plant.until(lambda: plant.plc.floor.cranes['a1'].step is None)
        await plant.server.start()
        plant.online = True
        await plant.until(lambda: plant.phase('r1') is RetrievalPhase.AT_PORT)
        goal = StoreRequest('s1', 'new', 'motor', 'lot', 5, port_id='a1_in_1')
        plant.warehouse.store(goal, plant.now)
        plant.plc.floor.ports['a1_in_1'].append('new')
        assert plant.warehouse.load_arrived('a1_in_1', 'new', plant.now) is None
        await plant.until(lambda: plant.plc.floor.cranes['a1'].load_id == 'new')
    plant.kill()  # the controller dies while the load is on the fork
    with contextlib.closing(plant.end):
        await plant.until(lambda: not plant.warehouse.state.open_storages)
        await plant.until(lambda: plant.crane.step is None and not plant.crane.jobs)
        assert plant.plc.floor.cells == plant.warehouse.state.in_cell
        assert plant.plc.floor.ports['a1_out_1'] == [asked.load_id]
        assert 'new' in plant.plc.floor.cells.values()
        assert len(plant.plc.begun) == len(set(plant.plc.begun))
        await plant.server.stop()


@pytest.mark.parametrize('kind', [OpcUa, Modbus])
def test_loads_move_once_although_link_and_controller_die(kind, tmp_path):
    asyncio.run(story(kind, tmp_path))


class Lingering:
    """A client without connection that, as asyncua's, swallows a stop while it closes."""

    def __init__(self):
        self.closing = threading.Event()

    async def open(self):
        raise ConnectionError('no connection')

    async def close(self):
        self.closing.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60.0)


def test_cranes_end_although_a_client_swallows_the_stop():
    client = Lingering()
    (crane,) = parse_cranes({'cranes': [Modbus(Plc()).row]}, RACK)
    end = TagEnd(RACK, [replace(crane, connect=lambda: client)])
    assert client.closing.wait(10.0)
    closing = threading.Thread(target=end.close, daemon=True)
    closing.start()
    closing.join(10.0)
    assert not closing.is_alive()


@pytest.mark.parametrize(
    ('address', 'value'),
    [('7 int16', -3), ('7 float32', 1.5), ('7 text 4', ''), ('7 text 4', 'abcdefgh')],
)
def test_a_value_comes_back_from_its_registers(address, value):
    assert from_registers(address, to_registers(address, value)) == value


@pytest.mark.parametrize(
    ('address', 'value'),
    [('7 int16', 40000), ('7 text 1', 'abc'), ('7 text 4', 'ä'), ('7 int16', 'x')],
)
def test_a_value_that_does_not_fit_is_never_written(address, value):
    with pytest.raises(SettingError, match=r'does not fit|too long'):
        to_registers(address, value)


def changed(**changes):
    row = Modbus(Plc()).row | changes
    return {'cranes': [{name: value for name, value in row.items() if value is not None}]}


@pytest.mark.parametrize(
    ('content', 'text'),
    [
        ({}, 'wanted cranes'),
        ({'cranes': []}, 'found aisles'),
        (changed(aisle='b7'), 'found aisles'),
        (changed(modbus=None), 'opcua or modbus'),
        (changed(opcua={'url': 'opc.tcp://x'}), 'opcua or modbus'),
        (changed(modbus={'port': 5}), 'wanted host'),
        (changed(period=0), 'period'),
        (changed(modbus=None, opcua={'url': 'http://x'}), 'opc.tcp'),
        (changed(modbus=None, opcua={'url': 'opc.tcp://x'}), 'node id'),
        (changed(step={n: f'{k} int16' for k, n in enumerate(STEP, 316)}), 'overlap'),
        (changed(step={n: f'r{k}' for k, n in enumerate(STEP)}), 'wanted such as'),
    ],
)
def test_every_fault_of_the_file_is_told(content, text):
    with pytest.raises(SettingError, match=text):
        parse_cranes(content, RACK)
