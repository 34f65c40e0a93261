# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The node in its own context, before a base that is a node of its own."""

import math
import sys
import types

import pytest

pytest.importorskip('linehaul_interfaces.msg', reason='the ROS interfaces are not built')

from geometry_msgs.msg import PoseWithCovarianceStamped, Twist, TwistStamped
from linehaul_agv.assemble import home_pose, vehicle_of
from linehaul_agv.base_bench import Base, Flaws
from linehaul_agv.errors import MemoryFileError, SettingError
from linehaul_agv.node import AgvNode
from linehaul_ros.parameters import ParameterError
from linehaul_ros.qos import COMMAND, LATCHED, SENSOR
from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_ros.time import to_time
from linehaul_vda5050.convert import instant_actions_to_msg, order_to_msg
from nav_msgs.msg import Odometry
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock as ClockMsg
from sensor_msgs.msg import BatteryState

from linehaul_floor import load_plant, shortest_route
from linehaul_interfaces.msg import VehicleConnection, VehicleError
from linehaul_ros import names
from linehaul_vda5050 import (
    Action,
    ActionParameter,
    BlockingType,
    Edge,
    Header,
    InstantActions,
    MapId,
    NodePosition,
    Order,
)
from linehaul_vda5050 import Node as OrderNode

PLANT = load_plant('cell')
CLASS = PLANT.classes['agv']
SPACE = '/agv/agv_001'
HOME = home_pose(PLANT, vehicle_of(PLANT, 'agv_001', 0.1))
SPEED = 10  # plant seconds in one of the wall clock
STEP = 0.05


class BaseNode(Node):
    """A robot's base and the clock: cmd_vel in, odom out, ten times as fast as real."""

    def __init__(self, context, stamped=False, amcl=False):
        super().__init__('base', context=context, namespace=SPACE)
        self.base = Base(CLASS, HOME, Flaws(delay=0.05), zero=HOME)
        self.base.time = 100.0
        self.mute = False
        self.commands = 0
        kind = TwistStamped if stamped else Twist
        self.create_subscription(kind, 'cmd_vel', self.command, COMMAND)
        self.odom = self.create_publisher(Odometry, 'odom', SENSOR)
        self.clock = self.create_publisher(ClockMsg, '/clock', COMMAND)
        self.amcl = self.create_publisher(PoseWithCovarianceStamped, 'amcl_pose', LATCHED)
        self.power = self.create_publisher(BatteryState, 'battery_state', SENSOR)
        if amcl:
            self.tell_pose()
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(STEP / SPEED, self.step, clock=steady)

    def command(self, message):
        twist = getattr(message, 'twist', message)
        self.commands += 1
        self.base.command(twist.linear.x, twist.angular.z)

    def tell_pose(self):
        message = PoseWithCovarianceStamped()
        message.header.frame_id = 'map'
        message.pose.pose.position.x, message.pose.pose.position.y = HOME.x, HOME.y
        message.pose.pose.orientation.z = math.sin(HOME.theta / 2)
        message.pose.pose.orientation.w = math.cos(HOME.theta / 2)
        self.amcl.publish(message)

    def step(self):
        self.base.step(STEP)
        self.clock.publish(ClockMsg(clock=to_time(self.base.time)))
        if self.mute:
            return
        reading, message = self.base.reading(), Odometry()
        message.header.stamp = to_time(reading.stamp)
        message.header.frame_id, message.child_frame_id = 'odom', 'base_link'
        message.pose.pose.position.x, message.pose.pose.position.y = reading.x, reading.y
        message.pose.pose.orientation.z = math.sin(reading.theta / 2)
        message.pose.pose.orientation.w = math.cos(reading.theta / 2)
        message.twist.twist.linear.x = reading.speed
        message.twist.twist.angular.z = reading.omega
        self.odom.publish(message)


class Client(Node):
    """The fleet's side of one vehicle."""

    def __init__(self, context):
        super().__init__('client', context=context)
        self.states, self.links, self.sheets = [], [], []
        for kind, heard in (
            (names.VEHICLE_STATE, self.states),
            (names.VEHICLE_CONNECTION, self.links),
            (names.VEHICLE_FACTSHEET, self.sheets),
        ):
            topic = kind.of('agv_001')
            self.create_subscription(topic.type, topic.name, heard.append, topic.qos)
        order, instant = (
            kind.of('agv_001') for kind in (names.VEHICLE_ORDER, names.VEHICLE_INSTANT_ACTIONS)
        )
        self.orders = self.create_publisher(order.type, order.name, order.qos)
        self.instants = self.create_publisher(instant.type, instant.name, instant.qos)

    @property
    def state(self):
        return self.states[-1]

    def errors(self):
        return {error.error_type: error.level for error in self.states[-1].errors}

    def ready(self):
        return self.states and self.orders.get_subscription_count() > 0

    def instant(self, kind):
        action = Action(kind, f'{kind}-{len(self.states)}', BlockingType.NONE)
        header = Header(1, 100.0, serial_number='agv_001')
        self.instants.publish(instant_actions_to_msg(InstantActions(header, (action,))))


def make(context, namespace=SPACE, **parameters):
    values = {'plant': 'cell', 'use_sim_time': True, 'pick_time': 1.0, **parameters}
    overrides = [Parameter(name, value=value) for name, value in values.items()]
    return AgvNode(context=context, namespace=namespace, parameter_overrides=overrides)


def order(goal, action='', order_id='o', start='park_1'):
    r, a, b = PLANT.roadmap, PLANT.places[start], PLANT.places[goal]
    way = shortest_route(r, a.node, b.node, heading=a.heading, vehicle_class=CLASS)
    act = Action(action, f'{order_id}-a', BlockingType.HARD, (ActionParameter('loadId', 'c'),))
    nodes = tuple(
        OrderNode(
            r.node_ids[n],
            2 * k,
            True,
            (act,) if action and n == b.node else (),
            NodePosition(*r.xy[n].tolist(), MapId('cell')),
        )
        for k, n in enumerate(way.nodes)
    )
    edges = tuple(Edge(r.edge_ids[e], 2 * k + 1, True) for k, e in enumerate(way.edges))
    return Order(Header(1, 100.0, serial_number='agv_001'), order_id, 0, nodes, edges)


def off(base, place):
    x, y = PLANT.roadmap.xy[PLANT.places[place].node]
    return math.hypot(base.pose.x - x, base.pose.y - y)


def test_an_order_is_driven_and_survives_a_restart(tmp_path):
    with ros_context() as context:
        node, base, client = make(context, state_dir=str(tmp_path)), BaseNode(context), None
        with spinning(context, node, base) as executor:
            spin_until(executor, lambda: base.commands)  # a new process commands a stop first
            client = Client(context)
            executor.add_node(client)
            spin_until(executor, client.ready)
            assert client.links[-1].connection_state == VehicleConnection.ONLINE
            assert client.sheets[-1].vehicle_class == 'agv'
            client.orders.publish(order_to_msg(order('park_5', 'drop')))
            spin_until(executor, lambda: client.state.last_node_sequence_id >= 2)
            header = client.state.header.header_id
            executor.remove_node(node)
            for _ in range(20):  # what was waiting in the executor is still called
                executor.spin_once(timeout_sec=0.0)
            node.destroy_node()  # without a last word
            again = make(context, state_dir=str(tmp_path))
            executor.add_node(again)
            spin_until(executor, lambda: client.state.header.header_id > header)
            assert client.state.order_id == 'o'
            spin_until(executor, lambda: client.state.node_states == [])
            spin_until(executor, lambda: not client.state.driving and client.state.errors)
            assert client.errors() == {'LOAD_HANDLING_FAILED': VehicleError.LEVEL_CRITICAL}
            assert off(base.base, 'park_5') < 0.06
            assert again.close() == 0
            spin_until(
                executor,
                lambda: client.links[-1].connection_state == VehicleConnection.OFFLINE,
            )
            executor.remove_node(again)
            again.destroy_node()
            executor.remove_node(client)
            client.destroy_node()


def test_silence_stops_it_pause_stops_it_and_an_idle_vehicle_is_silent():
    with ros_context() as context:
        node, base, client = make(context, stamped=True), BaseNode(context, stamped=True), None
        client = Client(context)
        with spinning(context, node, base, client) as executor:
            spin_until(executor, client.ready)
            client.orders.publish(order_to_msg(order('park_5')))
            spin_until(executor, lambda: base.base.speed > 1.0)
            base.mute = True
            spin_until(executor, lambda: 'LOCALIZATION_LOST' in client.errors())
            assert not client.state.localized
            spin_until(executor, lambda: base.base.speed == 0.0)
            base.mute = False
            spin_until(executor, lambda: base.base.speed > 0.5)
            client.instant('startPause')
            spin_until(executor, lambda: client.state.paused and base.base.speed == 0.0)
            client.instant('stopPause')
            spin_until(executor, lambda: not client.state.node_states and not client.state.driving)
            assert not client.errors()
            stood = base.base.time + 2.0
            spin_until(executor, lambda: base.base.time > stood)
            count = base.commands
            spin_until(executor, lambda: base.base.time > stood + 2.0)
            assert base.commands == count


def test_a_localiser_and_a_battery_are_heard():
    with ros_context() as context:
        base, client = BaseNode(context, amcl=True), Client(context)
        node = make(context, localisation='amcl_pose')
        with spinning(context, node, base, client) as executor:
            spin_until(executor, client.ready)
            spin_until(executor, lambda: client.state.localized)
            assert (client.state.x, client.state.y) == pytest.approx((HOME.x, HOME.y))
            spin_until(executor, base.power.get_subscription_count)
            base.power.publish(BatteryState(percentage=0.42, voltage=25.0))
            spin_until(executor, lambda: client.state.battery_voltage == 25.0)
            assert client.state.state_of_charge == pytest.approx(0.42)


class Handler(Node):
    """A robot's load handler."""

    def __init__(self, context, trigger, answers):
        super().__init__('handler', context=context, namespace=SPACE)
        self.answers = answers
        self.asked = []
        for name in ('pick', 'drop'):
            self.create_service(trigger, name, lambda q, a, n=name: self.answer(n, a))

    def answer(self, name, response):
        self.asked.append(name)
        response.success, response.message = self.answers[name]
        return response


def test_the_load_handler_is_called():
    srv = pytest.importorskip(
        'std_srvs.srv', reason='std_srvs is not installed: load_handling service is not tried'
    )
    with ros_context() as context:
        base, client = BaseNode(context), Client(context)
        handler = Handler(context, srv.Trigger, {'pick': (True, ''), 'drop': (False, 'jammed')})
        node = make(context, load_handling='service')
        with spinning(context, node, base, client, handler) as executor:
            spin_until(executor, client.ready)
            client.orders.publish(order_to_msg(order('fa1_01', 'pick')))
            spin_until(executor, lambda: handler.asked)
            spin_until(executor, lambda: client.state.loads)
            assert client.state.loads[0].load_id == 'c'
            back = order('fa1_03', 'drop', 'p', 'fa1_01')
            client.orders.publish(order_to_msg(back))
            spin_until(executor, client.errors)
            assert client.state.errors[0].description == 'jammed'
            assert handler.asked == ['pick', 'drop']
            assert client.state.loads


def test_without_a_load_handler_a_pick_fails_with_a_reason():
    pytest.importorskip(
        'std_srvs.srv', reason='std_srvs is not installed: load_handling service is not tried'
    )
    with ros_context() as context:
        base, client = BaseNode(context), Client(context)
        node = make(context, load_handling='service')
        with spinning(context, node, base, client) as executor:
            spin_until(executor, client.ready)
            client.orders.publish(order_to_msg(order('fa1_01', 'pick')))
            spin_until(executor, client.errors)
            assert client.state.errors[0].description == f'there is no service {SPACE}/pick'


@pytest.mark.parametrize(
    ('namespace', 'parameters', 'error', 'text'),
    [
        (SPACE, {'colour': 'red'}, ParameterError, 'colour'),
        (SPACE, {'localisation': 'gps'}, ParameterError, 'odom, amcl_pose, tf'),
        (SPACE, {'corridor': 0.2}, SettingError, 'corridor'),
        (SPACE, {'vehicle': 'agv_9'}, SettingError, 'agv_9'),
        ('/', {}, SettingError, 'give the parameter vehicle'),
    ],
)
def test_what_cannot_run_is_told(namespace, parameters, error, text):
    with ros_context() as context, pytest.raises(error, match=text):
        make(context, namespace, **parameters)


@pytest.mark.parametrize(
    ('package', 'parameters'),
    [('tf2_ros', {'localisation': 'tf'}), ('std_srvs', {'load_handling': 'service'})],
)
def test_a_ros_package_that_is_not_installed_is_named(package, parameters, monkeypatch):
    for name in (package, f'{package}.srv'):
        monkeypatch.setitem(sys.modules, name, None)  # importing it fails, installed or not
    with ros_context() as context, pytest.raises(SettingError, match=f'package {package}, which'):
        make(context, **parameters)


def test_state_of_another_plant_is_refused(tmp_path):
    with ros_context() as context:
        make(context, state_dir=str(tmp_path)).robot.take_outputs(1.0)
        node = make(context, state_dir=str(tmp_path))
        node._store.save(node.robot.memory)
        with pytest.raises(MemoryFileError, match='differs in map'):
            make(context, plant='jiaozhou', state_dir=str(tmp_path))


class Buffer:
    """As much of a tf2 buffer as the node uses."""

    def __init__(self, error):
        self.error, self.found = error, None

    def lookup_transform(self, target, source, _time):
        assert (target, source) == ('map', 'odom')
        if self.found is None:
            raise self.error('no such frame')
        return self.found


def test_tf_gives_the_pose_of_the_odometry(monkeypatch):
    """With a stand-in for tf2_ros, which has no wheels."""
    from geometry_msgs.msg import TransformStamped

    class TransformException(Exception):  # noqa: N818 - tf2's name
        pass

    buffer = Buffer(TransformException)
    stand_in = types.ModuleType('tf2_ros')
    stand_in.TransformException = TransformException
    stand_in.Buffer = lambda node: buffer
    stand_in.TransformListener = lambda *_: None
    monkeypatch.setitem(__import__('sys').modules, 'tf2_ros', stand_in)
    with ros_context() as context:
        base, client = BaseNode(context), Client(context)
        node = make(context, localisation='tf')
        with spinning(context, node, base, client) as executor:
            spin_until(executor, client.ready)
            spin_until(executor, lambda: 'LOCALIZATION_LOST' in client.errors())
            found = TransformStamped()
            found.transform.translation.x, found.transform.translation.y = HOME.x, HOME.y
            found.transform.rotation.z = math.sin(HOME.theta / 2)
            found.transform.rotation.w = math.cos(HOME.theta / 2)
            buffer.found = found
            spin_until(executor, lambda: client.state.localized and not client.errors())
            assert client.state.y == pytest.approx(HOME.y)
            buffer.found = None
            spin_until(executor, lambda: not client.state.localized)
            assert 'no such frame' in client.state.errors[0].description
