# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Deliveries with vehicles behind a real MQTT broker that were written from the standard alone.

Needs Debian's mosquitto; where it is missing the tests are skipped and say so.
"""

import contextlib
import math
import os
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

pytest.importorskip('linehaul_interfaces.msg', reason='the ROS interfaces are not built')

from linehaul_agv.gateway.node import GatewayNode
from linehaul_bringup.arguments import resolve
from linehaul_bringup.readers import plan_processes, read_table
from linehaul_fleet.node import FleetNode
from linehaul_line.request import RequestClient
from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_ros.time import from_time
from linehaul_sim.node import SimNode
from rclpy.node import Node
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock as ClockMsg

from linehaul_floor import load_plant
from linehaul_interfaces.action import DeliverMaterial
from linehaul_interfaces.msg import VehicleConnection
from linehaul_ros import names

_SPEC = spec_from_file_location('vda_vehicle', Path(__file__).with_name('vda_vehicle.py'))
_MODULE = module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
VdaVehicle = _MODULE.VdaVehicle

PLANT = load_plant('cell')
CLASS = PLANT.classes['agv']
MAKER = 'independent'
SPEED = 30.0
"""Plant time per wall time."""


def sheet():
    """Return the factsheet of a vehicle of the plant's class, as its maker would write it."""
    corners = [{'x': float(x), 'y': float(y)} for x, y in CLASS.footprint]
    return {
        'typeSpecification': {
            'seriesName': 'agv',
            'mobileRobotKinematics': 'DIFFERENTIAL',
            'mobileRobotClass': 'CARRIER',
            'maximumLoadMass': 600.0,
        },
        'physicalParameters': {'maximumDeceleration': CLASS.deceleration, 'maximumSpeed': 1.5},
        'protocolLimits': {'maximumArrayLengths': {'order.nodes': 40}},
        'mobileRobotGeometry': {'envelopes2d': [{'envelope2dId': 'one', 'vertices': corners}]},
    }


class Yard(Node):
    """The vehicles' side: makes them go on with the plant's clock; hears who is connected."""

    def __init__(self, context, port):
        super().__init__('yard', context=context)
        self.vehicles, self.links = {}, {}
        for spawn in PLANT.fleet:
            place = PLANT.places[spawn.place]
            x, y = PLANT.roadmap.xy[place.node]
            pose = (float(x), float(y), float(place.heading))
            node = PLANT.roadmap.node_ids[place.node]
            self.vehicles[spawn.id] = VdaVehicle(port, MAKER, spawn.id, node, pose, 1.2, sheet())
            topic = names.VEHICLE_CONNECTION.of(spawn.id)
            self.create_subscription(
                topic.type,
                topic.name,
                lambda m, v=spawn.id: self.links.__setitem__(v, m.connection_state),
                topic.qos,
            )
        self.create_subscription(ClockMsg, '/clock', self.hear, names.CLOCK.qos)

    def hear(self, message):
        for vehicle in self.vehicles.values():
            vehicle.step(from_time(message.clock))

    def all_are(self, word):
        return len(self.links) == len(self.vehicles) and set(self.links.values()) == {word}

    def destroy_node(self):
        for vehicle in self.vehicles.values():
            if vehicle.client is not None:
                vehicle.leave()
        super().destroy_node()


def node(kind, context, **parameters):
    overrides = [Parameter(name, value=value) for name, value in parameters.items()]
    return kind(context=context, parameter_overrides=overrides)


def test_deliveries_over_mqtt_with_a_vehicle_that_vanishes_and_a_broker_that_dies(mosquitto):
    port = mosquitto.port
    with contextlib.ExitStack() as stack:
        context = stack.enter_context(ros_context())
        common = {'plant': 'cell', 'use_sim_time': True}
        sim = node(SimNode, context, plant='cell', vehicles='vda5050', speed=SPEED)
        gateway = node(GatewayNode, context, broker='127.0.0.1', port=port, **common)
        fleet = node(FleetNode, context, **common)
        yard = Yard(context, port)
        executor = stack.enter_context(spinning(context, sim, gateway, fleet, yard))
        client, results = RequestClient(yard), {}
        spin_until(executor, lambda: client.ready() and yard.all_are(VehicleConnection.ONLINE))

        def ask(name, station):
            item = PLANT.places[station].items[0]
            goal = DeliverMaterial.Goal(
                request_id=name, item_id=item, quantity=1, station_id=station, priority=100
            )
            client.deliver(goal, lambda result: results.__setitem__(name, result))

        ask('r1', 'fa1_01')
        carries = lambda: [v for v in yard.vehicles.values() if v.loads]  # noqa: E731
        spin_until(executor, carries)
        victim = carries()[0]
        victim.die()
        broken = VehicleConnection.CONNECTION_BROKEN
        spin_until(executor, lambda: yard.links[victim.serial] == broken)
        victim.connect()
        spin_until(executor, lambda: 'r1' in results)
        assert (results['r1'].error_code, results['r1'].vehicle_id) == (0, victim.serial)

        mosquitto.kill()
        spin_until(executor, lambda: yard.all_are(broken))
        mosquitto.start()
        spin_until(executor, lambda: yard.all_are(VehicleConnection.ONLINE))
        ask('r2', 'fa1_03')
        spin_until(executor, lambda: 'r2' in results)
        assert results['r2'].error_code == 0
        assert [v.complaints for v in yard.vehicles.values()] == [[]] * len(yard.vehicles)
        assert sum(map(len, (v.loads for v in yard.vehicles.values()))) == 0
        assert sim.world.data.custody_errors == 0
        for vehicle in yard.vehicles.values():
            asked = [(o['orderId'], o['orderUpdateId']) for o in vehicle.orders_seen]
            assert len(asked) <= 2 * len(set(asked))  # repeats are few
            assert math.isfinite(vehicle.x)


def test_the_table_starts_the_gateway_and_no_simulated_vehicle(tmp_path):
    given = [('plant', 'cell'), ('run_dir', str(tmp_path)), ('vehicles', 'vda5050')]
    table = read_table(os.environ, None)
    processes = {p.label: p for p in plan_processes(resolve(table.arguments, given), os.environ)}
    assert {'sim', 'fleet', 'gateway'} <= set(processes)
    assert not any(label.startswith('agv') for label in processes)
    assert dict(processes['sim'].parameters)['vehicles'] == 'vda5050'
    assert dict(processes['gateway'].parameters)['broker'] == 'localhost'
