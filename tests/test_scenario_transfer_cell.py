# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Rows of the fault table on the cell plant: the simulated plant as a process, killed and asked.

Each ends with both sides, the custody, and the text that a person reads.
"""

import os
import signal
import subprocess
import sys
from collections import defaultdict

import pytest

pytest.importorskip('linehaul_interfaces.msg', reason='the ROS interfaces are not built')

from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_sim.bench import Dispatcher
from linehaul_sim.settings import Settings
from linehaul_sim.world import World
from linehaul_vda5050.convert import order_to_msg
from rclpy.action import ActionClient
from rclpy.node import Node

from linehaul_floor import load_plant
from linehaul_interfaces.action import RetrieveLoad
from linehaul_interfaces.msg import LoadCustody, VehicleActionState
from linehaul_interfaces.srv import ConfirmLoad, InjectFault
from linehaul_ros import names

PLANT = load_plant('cell')
AGV, PORT, STATION = 'agv_001', 'wh_out_1', 'fa1_04'
FINISHED, FAILED = VehicleActionState.FINISHED, VehicleActionState.FAILED


class Plant:
    """The plant as a process, and a client that gives one vehicle orders and hears everything."""

    def __init__(self, context, folder):
        self.node, self.domain = Node('client', context=context), context.get_domain_id()
        self.folder, self.orders_sent, self.process = folder, 0, None
        self.map = World(PLANT, Settings(check=False))
        self.fleet = Dispatcher(self.map)
        self.said, self.held = defaultdict(list), {}
        self.state = None
        self.hear(names.VEHICLE_STATE.of(AGV), lambda m: setattr(self, 'state', m))
        self.hear(names.CUSTODY, lambda m: self.held.update({m.load_id: m}))
        for port in (PORT, STATION):
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
        words = [word for value in values for word in ('-p', value)]
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'linehaul_sim.node', '--ros-args', *words],
            env={**os.environ, 'ROS_DOMAIN_ID': str(self.domain)},
        )

    def hear(self, topic, callback):
        self.node.create_subscription(topic.type, topic.name, callback, topic.qos)

    def until(self, condition, seconds=60.0):
        spin_until(self.executor, condition, seconds)

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

    def last(self, side):
        return self.said[side][-1] if self.said[side] else None


@pytest.fixture
def plant(tmp_path):
    with ros_context() as context:
        made = Plant(context, tmp_path)
        with spinning(context, made.node) as executor:
            made.executor = executor
            try:
                yield made
            finally:
                made.process.terminate()
                code = made.process.wait(20)
        assert code == 0


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
