# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Wired stations behind real Modbus TCP and OPC UA servers, with a vehicle before them."""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from linehaul_transfer.mapping import Flow
from linehaul_transfer.wire import events, told
from linehaul_transfer.wired import StationLost, open_station, serve

from linehaul_transfer import (
    CLEAR,
    Custody,
    HeardPort,
    HeardVehicle,
    Job,
    Kind,
    Moved,
    PortState,
    Reset,
    Sensors,
    Start,
    Timers,
    Transfer,
    VehicleState,
    port_side,
    port_state,
    vehicle_side,
    vehicle_state,
)

_SPEC = spec_from_file_location('wired_plc', Path(__file__).with_name('wired_plc.py'))
_MODULE = module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
ModbusServer, OpcUaServer, Plc = _MODULE.ModbusServer, _MODULE.OpcUaServer, _MODULE.Plc

FULL = Sensors(True, True)
V, P = vehicle_state.Phase, port_state.Phase
QUICK = Timers(td0=0.02, peer=1.0, heartbeat=0.2, backoff=0.1)


class Meeting:
    """A vehicle before a wired port; messages between them take no time."""

    def __init__(self, station, carries):
        self.station, self.loop = station, asyncio.get_running_loop()
        now = self.loop.time()
        v = VehicleState('agv_001', sensors=FULL if carries else CLEAR)
        self.vehicle = vehicle_side(v, QUICK, lambda _: None, now)
        p = PortState('fa1_07', sensors=CLEAR if carries else FULL)
        self.port = port_side(p, QUICK, lambda _: None, now)
        self.stop, self.moves, self.jobs = False, True, 0

    def step(self, bits):
        now = self.loop.time()
        for event in events(self.port.state, bits, Flow.BOTH):
            self.port.handle(event, now)
        for _ in range(2):
            said = self.vehicle.tick(now)
            if said:
                self.port.handle(HeardVehicle(said), now)
            answer = self.port.tick(now)
            if answer:
                self.vehicle.handle(HeardPort(answer), now)
        if self.vehicle.may_move and self.port.state.phase is P.MOVED and self.moves:
            left = self.vehicle.state.kind is Kind.LOAD
            self.vehicle.handle(Moved(CLEAR if left else FULL), now)
        return told(self.port.state)

    def start(self, kind, load=''):
        self.jobs += 1
        self.vehicle.handle(
            Start(Job(f'j{self.jobs}', 'fa1_07', (Transfer(kind, load),))), self.loop.time()
        )

    async def until(self, condition, seconds=10.0):
        task = asyncio.create_task(serve(self.station, self.step, lambda: self.stop))
        try:
            end = self.loop.time() + seconds
            while not condition():
                assert not task.done(), task.result()
                assert self.loop.time() < end, (self.vehicle.state, self.port.state)
                await asyncio.sleep(0.01)
        finally:
            self.stop = True
            await task
            self.stop = False


SERVERS = pytest.mark.parametrize('make', [ModbusServer, OpcUaServer])


async def hand_off(plc, meeting, kind):
    """Give a box or take one; both sides book it."""
    meeting.start(kind, 'box-7' if kind is Kind.LOAD else '')
    await meeting.until(lambda: meeting.vehicle.state.result and not plc.hears['valid'])
    assert not meeting.vehicle.state.result.problem
    assert plc.full is (kind is Kind.LOAD)
    has = Custody.MINE if kind is Kind.UNLOAD else Custody.NONE
    assert meeting.vehicle.state.custody is has
    assert meeting.port.state.phase is P.IDLE


async def stop_and_release(plc, meeting):
    """An emergency stop is heard; its release alone lets nothing begin."""
    plc.stopped = True
    await meeting.until(lambda: not meeting.port.state.healthy)
    plc.stopped = False
    await meeting.until(lambda: meeting.port.state.healthy)
    assert meeting.port.notice.ask
    meeting.port.handle(Reset(), meeting.loop.time())
    assert meeting.port.state.open


@SERVERS
def test_a_wired_station_is_served_stops_and_goes_away(make):
    async def play():
        plc = Plc()
        server = make(plc)
        async with server:
            meeting = Meeting(server.map(), carries=True)
            await hand_off(plc, meeting, Kind.LOAD)
            await stop_and_release(plc, meeting)
            await hand_off(plc, meeting, Kind.UNLOAD)
            meeting.moves = False
            plc.slow = True
            meeting.start(Kind.LOAD, 'box-8')
            await meeting.until(lambda: plc.hears['busy'])
        await meeting.until(lambda: meeting.port.state.phase is P.FROZEN)
        assert 'no connection to the station' in meeting.port.notice.text
        assert meeting.vehicle.state.phase is V.FROZEN
        assert meeting.vehicle.state.custody is Custody.IN_TRANSFER

    asyncio.run(play())


def test_a_station_that_comes_back_is_found_again():
    async def play():
        plc = Plc()
        server = ModbusServer(plc)
        meeting = Meeting(server.map(), carries=True)
        await meeting.until(lambda: not meeting.port.state.available)
        async with server:
            await meeting.until(lambda: meeting.port.state.available, 20.0)
            await hand_off(plc, meeting, Kind.LOAD)

    asyncio.run(play())


@SERVERS
def test_a_station_that_is_not_there_is_an_event(make):
    async def play():
        way = open_station(make(Plc()).map())
        with pytest.raises(StationLost):
            await way.connect()
        with pytest.raises(StationLost):
            await way.exchange({})
        await way.close()

    asyncio.run(play())


def test_a_server_that_is_given_up_is_left():
    """A server that accepts and says nothing: each attempt ends with its connection."""

    async def play():
        left = asyncio.Queue()

        async def take(reader, writer):
            await reader.read()
            writer.close()
            left.put_nowait(True)

        silent = await asyncio.start_server(take, '127.0.0.1', 0)
        async with silent:
            url = f'opc.tcp://127.0.0.1:{silent.sockets[0].getsockname()[1]}'
            way = open_station(replace(OpcUaServer(Plc()).map(), target=url, timeout=60.0))
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(way.connect(), 0.2)
            await asyncio.wait_for(left.get(), 10.0)

    asyncio.run(play())


# -- the gateway as a process


async def spin(executor, condition, vehicle=None, seconds=40.0):
    end = asyncio.get_running_loop().time() + seconds
    while not condition():
        said = vehicle and (vehicle.side.state, vehicle.side.notice)
        assert asyncio.get_running_loop().time() < end, f'not in time: {said}'
        executor.spin_once(timeout_sec=0.0)
        await asyncio.sleep(0.005)


def gateway(tmp_path, domain):
    words = ['mapping', tmp_path / 'station.yaml', 'state_dir', tmp_path / 'ports']
    # Patience: how long a process takes to come back is not what is tested.
    words += [word for name in ('tp1', 'tp2', 'tp5', 'peer') for word in (name, 30.0)]
    pairs = [f'{name}:={value}' for name, value in zip(words[::2], words[1::2], strict=True)]
    return subprocess.Popen(
        [
            *(sys.executable, '-m', 'linehaul_transfer.node', '--ros-args'),
            *[word for pair in pairs for word in ('-p', pair)],
        ],
        env={**os.environ, 'ROS_DOMAIN_ID': domain},
        text=True,
        stderr=subprocess.PIPE,
    )


def test_a_gateway_that_is_killed_while_the_load_moves_goes_on(tmp_path):
    pytest.importorskip('linehaul_interfaces.msg', reason='the ROS interfaces are not built')
    from linehaul_ros.journal import Journal
    from linehaul_ros.testing import ros_context, spinning
    from linehaul_transfer.convert import VehicleLink
    from rclpy.node import Node

    async def play(context, executor, vehicle):
        plc = Plc(slow=True)
        async with ModbusServer(plc) as server:
            (tmp_path / 'station.yaml').write_text(server.text(), encoding='utf-8')
            domain = str(context.get_domain_id())
            process = gateway(tmp_path, domain)
            try:
                assert not vehicle.start(Job('j', 'fa1_07', (Transfer(Kind.LOAD, 'box-7'),)))
                await spin(executor, lambda: plc.hears['busy'])
                process.kill()
                process.communicate()
                process = gateway(tmp_path, domain)
                plc.slow, plc.busy_cycles = False, -100
                await spin(executor, lambda: plc.full and vehicle.side.may_move, vehicle)
                vehicle.handle(Moved(CLEAR))
                await spin(executor, lambda: vehicle.parted, vehicle)
                assert vehicle.side.state.result.problem.text == ''
                assert vehicle.side.state.custody is Custody.NONE
            finally:
                process.terminate()
                _, errors = process.communicate(timeout=20)
            assert process.returncode == 0, errors

    with ros_context() as context:
        node = Node('vehicle', context=context)
        with Journal(tmp_path / 'v.db') as journal, spinning(context, node) as executor:
            patient = Timers(ta1=20.0, peer=30.0, heartbeat=0.2)
            vehicle = VehicleLink(node, 'agv_001', patient, journal, FULL)
            asyncio.run(play(context, executor, vehicle))
