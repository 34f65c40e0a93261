# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The node in its own context: topics, action, service, parameters, restart."""

import pytest

pytest.importorskip('linehaul_interfaces.msg', reason='the ROS interfaces are not built')

from linehaul_ros.parameters import ParameterError
from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_sim.bench import Dispatcher
from linehaul_sim.errors import SnapshotError
from linehaul_sim.node import SimNode
from linehaul_vda5050.convert import order_to_msg
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.parameter import Parameter

from linehaul_interfaces.action import RetrieveLoad
from linehaul_interfaces.msg import VehicleConnection
from linehaul_interfaces.srv import InjectFault
from linehaul_ros import names


class Client(Node):
    """Hears everything and can ask for everything."""

    def __init__(self, context):
        super().__init__('client', context=context)
        self.heard = {}
        topics = [names.CLOCK, names.SIM_REPORT, names.CUSTODY]
        kinds = (names.VEHICLE_STATE, names.VEHICLE_CONNECTION, names.VEHICLE_FACTSHEET)
        topics += [kind.of('agv_001') for kind in kinds]
        for topic in topics:
            heard = self.heard.setdefault(topic.name, [])
            self.create_subscription(topic.type, topic.name, heard.append, topic.qos)
        order = names.VEHICLE_ORDER.of('agv_001')
        self.orders = self.create_publisher(order.type, order.name, order.qos)
        self.retrieve = ActionClient(self, RetrieveLoad, names.RETRIEVE_LOAD.name)
        self.inject = self.create_client(InjectFault, names.INJECT_FAULT.name)


def make(context, **parameters):
    values = {'plant': 'cell', 'speed': 20.0, **parameters}
    overrides = [Parameter(name, value=value) for name, value in values.items()]
    return SimNode(context=context, parameter_overrides=overrides)


def test_a_vehicle_drives_and_survives_a_restart(tmp_path):
    state = 'agv/agv_001/state'
    with ros_context() as context:
        sim, client = make(context, state_dir=str(tmp_path)), Client(context)
        with spinning(context, sim, client) as executor:
            spin_until(executor, lambda: client.heard[state] and client.heard['/clock'])
            spin_until(executor, lambda: client.orders.get_subscription_count() > 0)
            fleet = Dispatcher(sim.world)
            route = fleet.route('agv_001', 'wh_out_1')
            client.orders.publish(order_to_msg(fleet.order('agv_001', route, 'o')))
            spin_until(executor, lambda: client.heard[state][-1].order_id == 'o')
            spin_until(executor, lambda: client.heard[state][-1].last_node_sequence_id >= 4)
            link = client.heard['agv/agv_001/connection'][-1]
            assert link.connection_state == VehicleConnection.ONLINE
            assert client.heard['agv/agv_001/factsheet'][-1].vehicle_class == 'agv'
            before, clock = client.heard[state][-1], client.heard['/clock'][-1].clock
        # The process is gone without a word; a new one takes its place.
        again, client = make(context, state_dir=str(tmp_path)), Client(context)
        with spinning(context, again, client) as executor:
            assert again.world.now >= clock.sec + clock.nanosec * 1e-9 - 1e-6
            spin_until(executor, lambda: client.heard[state] and client.heard['/clock'])
            first = client.heard[state][0]
            assert first.order_id == 'o'
            assert first.last_node_sequence_id >= before.last_node_sequence_id
            assert first.header.header_id > before.header.header_id
            end = 2 * (len(route.nodes) - 1)
            spin_until(executor, lambda: client.heard[state][-1].last_node_sequence_id == end)
            spin_until(executor, lambda: client.heard['sim/report'])
            assert client.heard['sim/report'][-1].overlaps == 0
            assert again.close() == 0
            links = client.heard['agv/agv_001/connection']
            spin_until(
                executor,
                lambda: links[-1].connection_state == VehicleConnection.OFFLINE,
            )


def test_retrievals_and_faults():
    with ros_context() as context:
        sim, client = make(context, speed=50.0), Client(context)
        with spinning(context, sim, client) as executor:
            spin_until(executor, client.retrieve.server_is_ready)
            results = []

            def ask(**goal):
                future = client.retrieve.send_goal_async(RetrieveLoad.Goal(**goal))
                future.add_done_callback(
                    lambda f: (
                        f.result()
                        .get_result_async()
                        .add_done_callback(lambda r: results.append(r.result().result))
                    )
                )
                spin_until(executor, lambda: len(results) > 0)
                return results.pop()

            good = {'request_id': 'r', 'item_id': 'casing', 'quantity': 2}
            first = ask(**good)
            assert (first.error_code, first.port_id, first.quantity) == (0, 'wh_out_1', 20)
            assert ask(**good).load_id == first.load_id
            assert ask(request_id='q', item_id='gold', quantity=1).error_code == 200
            assert ask(request_id='r', item_id='casing', quantity=3).error_code == 205
            spin_until(executor, lambda: client.heard['custody'])
            spin_until(executor, client.inject.service_is_ready)
            answers = [
                client.inject.call_async(InjectFault.Request(**request))
                for request in (
                    {'fault': InjectFault.Request.FAULT_STALL, 'target_id': 'agv_001'},
                    {'fault': InjectFault.Request.FAULT_STALL, 'target_id': 'nobody'},
                    {'fault': 77, 'target_id': 'agv_001'},
                    {'fault': 1, 'target_id': 'agv_001', 'duration': float('nan')},
                )
            ]
            spin_until(executor, lambda: all(answer.done() for answer in answers))
            assert [answer.result().error_code for answer in answers] == [0, 4, 3, 3]
            assert sim.world.data.bodies.stalled[0] == float('inf')


def test_violations_end_the_run_with_1():
    with ros_context() as context:
        sim = make(context)
        with spinning(context, sim):
            sim.world.data.bodies.pose[1] = sim.world.data.bodies.pose[0]
            sim.step()
            assert sim.world.verdict.overlaps == 1
            assert sim.close() == 1


@pytest.mark.parametrize(
    ('parameters', 'text'),
    [
        ({'speed': -1.0}, 'speed'),
        ({'step': 5.0}, 'step'),
        ({'colour': 'red'}, 'colour'),
        ({'seed': 1.5}, 'seed'),
        ({'clock': 'follow'}, 'use_sim_time'),
    ],
)
def test_wrong_parameters_are_told(parameters, text):
    with ros_context() as context, pytest.raises(ParameterError, match=text):
        make(context, **parameters)


def test_state_of_another_run_is_refused(tmp_path):
    with ros_context() as context:
        make(context, state_dir=str(tmp_path)).destroy_node()
        with pytest.raises(SnapshotError, match='settings'):
            make(context, state_dir=str(tmp_path), seed=5)
