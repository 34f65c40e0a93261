# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Rows of the fault table on the cell plant: the simulated plant as a process, killed and asked.

Each ends with both sides, the custody, and the text that a person reads.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

pytest.importorskip('linehaul_interfaces.msg', reason='the ROS interfaces are not built')

from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_sim.bench import Dispatcher
from linehaul_sim.settings import Settings
from linehaul_sim.world import World
from linehaul_vda5050.convert import order_to_msg
from rclpy.action import ActionClient
from rclpy.node import Node
from std_srvs.srv import Trigger

from linehaul_floor import load_plant
from linehaul_interfaces.action import RetrieveLoad
from linehaul_interfaces.msg import LoadCustody, VehicleActionState
from linehaul_interfaces.srv import ConfirmLoad, InjectFault
from linehaul_ros import names

_SPEC = spec_from_file_location('wired_plc', Path(__file__).with_name('wired_plc.py'))
_MODULE = module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
ModbusServer, Plc = _MODULE.ModbusServer, _MODULE.Plc

PLANT = load_plant('cell')
AGV, PORT, STATION, WIRED = 'agv_001', 'wh_out_1', 'fa1_04', 'fa1_03'
FINISHED, FAILED = VehicleActionState.FINISHED, VehicleActionState.FAILED


class Plant:
    """The plant as a process, and a client that gives one vehicle orders and hears everything."""

    def __init__(self, context, folder, **values):
        self.node, self.domain = Node('client', context=context), context.get_domain_id()
        self.folder, self.orders_sent, self.process = folder, 0, None
        self.map = World(PLANT, Settings(check=False))
        self.fleet = Dispatcher(self.map)
        self.said, self.held = defaultdict(list), {}
        self.state = None
        self.hear(names.VEHICLE_STATE.of(AGV), lambda m: setattr(self, 'state', m))
        self.hear(names.CUSTODY, lambda m: self.held.update({m.load_id: m}))
        self.values = values
        for port in (PORT, STATION, WIRED):
            self.hear(names.STATION_SIGNALS.of(port), self.said['station'].append)
            self.hear(names.VEHICLE_SIGNALS.of(port), self.said['vehicle'].append)
        order = names.VEHICLE_ORDER.of(AGV)
        self.orders = self.node.create_publisher(order.type, order.name, order.qos)
        self.retrieve = ActionClient(self.node, RetrieveLoad, names.RETRIEVE_LOAD.name)
        self.inject = self.node.create_client(InjectFault, names.INJECT_FAULT.name)
        self.start()

    def start(self):
        values = ['plant:=cell', 'speed:=15.0', 'handshake:=true', 'pick_time:=30.0']
        values.append(f'state_dir:={self.folder}')
        values += [f'{name}:={value}' for name, value in self.values.items()]
        self.process = self.node_process('linehaul_sim', *values)

    def node_process(self, package, *values):
        words = [word for value in values for word in ('-p', value)]
        return subprocess.Popen(
            [sys.executable, '-m', f'{package}.node', '--ros-args', *words],
            env={**os.environ, 'ROS_DOMAIN_ID': str(self.domain)},
        )

    def hear(self, topic, callback):
        self.node.create_subscription(topic.type, topic.name, callback, topic.qos)

    def until(self, condition, seconds=60.0):
        try:
            spin_until(self.executor, condition, seconds)
        except TimeoutError as error:
            said = [self.last(side) for side in ('station', 'vehicle')]
            raise TimeoutError(f'{error}: {said} {self.state and self.state.errors}') from error

    def call(self, client, request):
        self.until(client.service_is_ready)
        future = client.call_async(request)
        self.until(future.done)
        return future.result()

    def fault(self, kind, target, **values):
        request = InjectFault.Request(fault=kind, target_id=target, **values)
        assert self.call(self.inject, request).error_code == 0

    def box(self):
        """Have a container brought to the warehouse port; return its id."""
        self.until(self.retrieve.server_is_ready)
        goal = RetrieveLoad.Goal(request_id='r1', item_id='fan_motor', quantity=10)
        sent = self.retrieve.send_goal_async(goal)
        self.until(sent.done)
        result = sent.result().get_result_async()
        self.until(result.done)
        return result.result().result.load_id

    def go(self, place, action, **parameters):
        """Send the vehicle to a place to pick or drop."""
        self.until(lambda: self.state is not None and self.orders.get_subscription_count() > 0)
        i = self.map.vehicle(AGV)
        self.map.data.bodies.node[i] = PLANT.roadmap.node_index[self.state.last_node_id]
        self.map.data.bodies.pose[i, 2] = self.state.theta
        self.orders_sent += 1
        route = self.fleet.route(AGV, place)
        name = f'o{self.orders_sent}'
        order = self.fleet.order(AGV, route, name, action=action, parameters=parameters)
        self.orders.publish(order_to_msg(order))
        self.until(lambda: self.state.order_id == name)

    def ended(self):
        states = [a.status for a in self.state.action_states]
        return bool(states) and states[-1] in (FINISHED, FAILED)

    def text(self):
        return self.state.action_states[-1].result_description

    def last(self, side, port=None):
        """Return what one side said last, of a port where it is named."""
        said = reversed(self.said[side])
        return next((m for m in said if port in (None, m.port_id)), None)


@contextlib.contextmanager
def running(folder, **values):
    with ros_context() as context:
        made = Plant(context, folder, **values)
        with spinning(context, made.node) as executor:
            made.executor = executor
            try:
                yield made
            finally:
                made.process.terminate()
                code = made.process.wait(20)
        assert code == 0


@pytest.fixture
def plant(tmp_path):
    with running(tmp_path) as made:
        yield made


def busy(plant):
    found = plant.last('vehicle')
    return found is not None and found.busy and plant.last('station').ready


def test_a_delivery_also_when_the_plant_is_killed_while_the_load_moves(plant):
    load = plant.box()
    plant.go(PORT, 'pick', loadId=load)
    plant.until(lambda: busy(plant))
    plant.process.send_signal(signal.SIGKILL)
    plant.process.wait(20)
    plant.start()
    plant.until(plant.ended)
    assert plant.state.action_states[-1].status == FINISHED
    plant.until(lambda: plant.held[load].holder_kind == LoadCustody.HOLDER_VEHICLE)
    plant.go(STATION, 'drop', loadId=load, stationName=STATION)
    plant.until(plant.ended)
    assert plant.state.action_states[-1].status == FINISHED
    plant.until(lambda: plant.held[load].holder_id == STATION)


def test_a_vehicle_that_falls_silent_half_way_stops_both_until_a_person_speaks(plant):
    load = plant.box()
    plant.go(PORT, 'pick', loadId=load)
    plant.until(lambda: busy(plant))
    plant.fault(InjectFault.Request.FAULT_DIE, AGV)
    plant.until(lambda: plant.last('station').error_code == 500)
    frozen = plant.last('station')
    assert frozen.ready
    assert not frozen.ho_avbl
    assert plant.held[load].holder_kind == LoadCustody.HOLDER_PORT
    confirm = plant.node.create_client(ConfirmLoad, names.CONFIRM_TRANSFER.of(PORT).name)
    word = ConfirmLoad.Request(
        port_id=PORT,
        session_id=frozen.session_id,
        load_id=load,
        holder_kind=LoadCustody.HOLDER_PORT,
        actor='shift leader',
    )
    assert plant.call(confirm, word).error_code == 509
    plant.fault(InjectFault.Request.FAULT_REVIVE, AGV)
    plant.until(lambda: any('stopped half-way' in e.description for e in plant.state.errors))
    (error,) = plant.state.errors
    assert 'Look where the load is' in error.description
    plant.until(lambda: plant.call(confirm, word).error_code == 0)
    plant.until(plant.ended)
    assert plant.state.action_states[-1].status == FAILED
    assert plant.held[load].holder_id == PORT
    assert not any('half-way' in e.description for e in plant.state.errors)


def test_silence_before_busy_leaves_load_and_booking(plant):
    load = plant.box()
    plant.go(PORT, 'pick', loadId=load)
    kind = InjectFault.Request.FAULT_LOSE_MESSAGES
    plant.until(lambda: plant.state.last_node_sequence_id >= 2)
    plant.fault(kind, AGV, duration=60.0, probability=0.999)
    plant.until(plant.ended, 90.0)
    assert plant.state.action_states[-1].status == FAILED
    assert 'port' in plant.text()
    assert plant.held[load].holder_id == PORT


def test_an_empty_pick_a_wrong_load_and_an_occupied_drop_are_told(plant):
    load = plant.box()
    plant.fault(InjectFault.Request.FAULT_EMPTY_PICK, PORT)
    plant.go(PORT, 'pick', loadId=load)
    plant.until(plant.ended)
    assert plant.text() == f'{PORT} should hold {load} but is empty: supply it again'
    plant.go(PORT, 'pick', loadId='box-of-another')
    plant.until(plant.ended)
    assert plant.text() == f'{PORT} holds {load}, not box-of-another'
    plant.go(PORT, 'pick', loadId=load)
    plant.until(plant.ended)
    assert plant.state.action_states[-1].status == FINISHED
    plant.fault(InjectFault.Request.FAULT_OCCUPIED_DROP, STATION)
    plant.go(STATION, 'drop', loadId=load)
    plant.until(plant.ended)
    assert 'is occupied by a load: go elsewhere' in plant.text()
    assert plant.held[load].holder_kind == LoadCustody.HOLDER_VEHICLE


@contextlib.contextmanager
def served(server):
    """Run a PLC's server beside the test."""
    ready, inside = threading.Event(), {}

    async def serve():
        inside['loop'], inside['stop'] = asyncio.get_running_loop(), asyncio.Event()
        async with server:
            ready.set()
            await inside['stop'].wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(20.0)
        yield
    finally:
        inside['loop'].call_soon_threadsafe(inside['stop'].set)
        thread.join(20.0)


@pytest.fixture
def wired(tmp_path):
    """The plant, with a station behind a PLC and its gateway, both real; the PLC can fail."""
    plc = Plc()
    server = ModbusServer(plc, WIRED)
    (tmp_path / 'station.yaml').write_text(server.text(), encoding='utf-8')
    slow = {'foreign_ports': WIRED, 'drop_time': 45.0, 'pick_time': 8.0}
    with served(server), running(tmp_path / 'sim', **slow) as plant:
        words = {'mapping': tmp_path / 'station.yaml', 'state_dir': tmp_path / 'ports', 'tp3': 8.0}
        words = [f'{name}:={value}' for name, value in words.items()]
        gateway = plant.node_process('linehaul_transfer', *words)
        plant.plc = plc
        try:
            yield plant
        finally:
            gateway.terminate()
            assert gateway.wait(20) == 0


def reset(plant):
    client = plant.node.create_client(Trigger, names.RESET_PORT.of(WIRED).name)
    return plant.call(client, Trigger.Request())


def confirm(plant, load, holder):
    """Say where a load is that was stopped on its way, when the vehicle stands."""
    client = plant.node.create_client(ConfirmLoad, names.CONFIRM_TRANSFER.of(WIRED).name)
    word = ConfirmLoad.Request(port_id=WIRED, load_id=load, holder_kind=holder, actor='leader')
    word.session_id = plant.last('station', WIRED).session_id
    plant.until(lambda: plant.call(client, word).error_code == 0)
    plant.until(plant.ended)


def errors(plant):
    return [e.description for e in plant.state.errors]


def test_a_wired_station_stops_places_badly_and_hears_late_messages(wired):
    """Emergency stop before and after BUSY, part-placed, late messages: one factory."""
    plant, plc = wired, wired.plc
    load = plant.box()
    plant.go(PORT, 'pick', loadId=load)
    plant.until(plant.ended)
    # Emergency stop before BUSY: refused, load and booking unchanged; not again before the reset.
    plant.until(lambda: plant.last('station', WIRED))
    plc.stopped = True
    plant.until(lambda: not plant.last('station', WIRED).es)
    plant.go(WIRED, 'drop', loadId=load)
    plant.until(plant.ended)
    assert plant.state.action_states[-1].status == FAILED
    assert plant.text() == f'emergency stop of {WIRED}'
    refused = f'Port {WIRED}: emergency stop. Release it, then reset the port.'
    assert (reset(plant).success, reset(plant).message) == (False, refused)
    assert plant.held[load].holder_kind == LoadCustody.HOLDER_VEHICLE
    plc.stopped = False
    plant.until(lambda: plant.last('station', WIRED).es)
    assert not plant.last('station', WIRED).ho_avbl
    assert reset(plant).success
    plant.until(lambda: plant.last('station', WIRED).ho_avbl)
    # In BUSY: both stand at once, a person looks; it is still on the vehicle.
    plc.slow = True
    plant.go(WIRED, 'drop', loadId=load)
    plant.until(lambda: plant.last('vehicle', WIRED).busy and plant.last('station', WIRED).ready)
    plc.stopped = True
    plant.until(lambda: any('stopped half-way: emergency stop' in e for e in errors(plant)))
    assert not plant.last('station', WIRED).ho_avbl
    plc.stopped = False
    confirm(plant, load, LoadCustody.HOLDER_VEHICLE)
    plant.until(lambda: not plc.hears['valid'])
    plc.slow = False
    assert plant.state.action_states[-1].status == FAILED
    assert plant.held[load].holder_kind == LoadCustody.HOLDER_VEHICLE
    assert not errors_of_transfer(plant)
    plant.until(lambda: plant.last('station', WIRED).es)
    assert reset(plant).success
    # There, but not in its position: the request stays on, TP3, a person looks and pushes it in.
    plc.askew = True
    plant.go(WIRED, 'drop', loadId=load)
    plant.until(lambda: plant.last('station', WIRED).error_code == 505)
    told = 'the load is there but not in its place (TP3)'
    assert plant.last('station', WIRED).error_msg == told
    plant.until(lambda: any(told in e for e in errors_of_transfer(plant)))
    assert 'Look where the load is' in errors_of_transfer(plant)[0]
    plc.askew = False
    confirm(plant, load, LoadCustody.HOLDER_PORT)
    plant.until(lambda: plant.held[load].holder_id == WIRED)
    assert reset(plant).success
    # Late and doubled messages of all these sessions change nothing.
    plant.until(lambda: not plant.last('station', WIRED).session_id)
    old = [m for m in plant.said['vehicle'] if m.port_id == WIRED]
    topic = names.VEHICLE_SIGNALS.of(WIRED)
    again = plant.node.create_publisher(topic.type, topic.name, topic.qos)
    plant.until(lambda: again.get_subscription_count() >= 2)
    here = [m for m in plant.said['station'] if m.port_id == WIRED]
    for message in (*old[::7], *old[-20:]):
        again.publish(message)
    plant.until(lambda: plant.last('station', WIRED).sequence > here[-1].sequence + 3)
    for said in plant.said['station']:
        if said.port_id != WIRED or said.sequence <= here[-1].sequence:
            continue
        assert (said.session_id, said.l_req, said.ready) == ('', False, False)
    assert plant.held[load].holder_id == WIRED


def errors_of_transfer(plant):
    return [e for e in errors(plant) if 'half-way' in e]
