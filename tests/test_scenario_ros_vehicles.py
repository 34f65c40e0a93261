# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""ROS robots beside and instead of simulated vehicles.

The robots are kinematic stand-ins that know nothing of linehaul's vehicle node: `cmd_vel` in,
`odom` out, as Gazebo does it. They obey late, slip, and count odometry from zero where they start.
"""

import contextlib
import importlib.util
import math
import os
import signal
import subprocess
import sys
import time
from itertools import combinations

import numpy as np
import pytest
import shapely

pytest.importorskip('linehaul_interfaces.msg', reason='the ROS interfaces are not built')

from geometry_msgs.msg import Twist
from linehaul_agv.assemble import home_pose, vehicle_of
from linehaul_agv.base_bench import Base, Flaws
from linehaul_agv.node import AgvNode
from linehaul_bringup.errors import EnvironmentMissing
from linehaul_bringup.gazebo import plan_run
from linehaul_bringup.starter import child_environment, commands_of
from linehaul_floor.geometry import at_poses
from linehaul_line.request import RequestClient
from linehaul_ros.qos import COMMAND, SENSOR
from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_ros.time import from_time, to_time
from linehaul_sim.bench import Dispatcher
from linehaul_sim.node import SimNode
from linehaul_sim.warehouse import RetrieveRequest
from linehaul_sim.world import World
from linehaul_vda5050.convert import order_to_msg
from nav_msgs.msg import Odometry
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock as ClockMsg

from linehaul_floor import load_plant
from linehaul_interfaces.action import DeliverMaterial
from linehaul_interfaces.msg import LoadCustody, VehicleActionState
from linehaul_ros import names

PLANT = load_plant('cell')
CLASS = PLANT.classes['agv']
STEP = 0.05
PATIENCE = 1.0  # wall time [s] for which the clock waits for a vehicle's next command


class Robots(Node):
    """Bases of some vehicles; with a speed they also make the clock, as Gazebo does.

    Where they make the clock it waits for the commands of vehicles that drive, so that a busy
    machine makes a run slower, not the vehicles deaf. A vehicle that stays silent is not waited
    for.
    """

    def __init__(self, context, vehicles, speed=None):
        super().__init__('robots', context=context)
        self.bases, self.publishers_of = {}, {}
        self.driving = {}  # when a vehicle last commanded a motion: plant time and wall time
        for number, name in enumerate(vehicles):
            home = home_pose(PLANT, vehicle_of(PLANT, name, 0.1))
            flaws = Flaws(0.1, (0.02, -0.02), 0.001, 0.001)
            self.bases[name] = Base(CLASS, home, flaws, np.random.default_rng(number), home)
            topic = f'/agv/{name}/odom'
            self.publishers_of[name] = self.create_publisher(Odometry, topic, SENSOR)
            self.create_subscription(
                Twist, f'/agv/{name}/cmd_vel', lambda m, n=name: self.command(n, m), COMMAND
            )
        self.time, self.touched = None, set()
        if speed is None:
            self.create_subscription(ClockMsg, '/clock', self.hear, COMMAND)
        else:
            self.time = 0.0
            self.clock = self.create_publisher(ClockMsg, '/clock', COMMAND)
            steady = Clock(clock_type=ClockType.STEADY_TIME)
            self.create_timer(STEP / speed, self.lead, clock=steady)

    def command(self, name, twist):
        self.bases[name].command(twist.linear.x, twist.angular.z)
        if twist.linear.x or twist.angular.z:
            self.driving[name] = (self.time, time.monotonic())
        else:
            self.driving.pop(name, None)

    def behind(self):
        """Tell whether a vehicle that drives has not commanded for two ticks."""
        heard = time.monotonic() - PATIENCE
        late = self.time - 2.5 * STEP
        return any(at < late and wall > heard for at, wall in self.driving.values())

    def lead(self):
        if self.behind():
            return
        self.time += STEP
        self.clock.publish(ClockMsg(clock=to_time(self.time)))
        self.step(STEP)

    def hear(self, message):
        now = from_time(message.clock)
        if self.time is None:
            for base in self.bases.values():
                base.time = now
        else:
            self.step(now - self.time)
        self.time = now

    def step(self, dt):
        for name, base in self.bases.items():
            for _ in range(2):
                base.step(dt / 2)
            self.tell(name, base.reading())
        self.look()

    def tell(self, name, reading):
        message = Odometry()
        message.header.stamp = to_time(self.time or reading.stamp)
        message.header.frame_id = f'{name}/odom'
        message.pose.pose.position.x, message.pose.pose.position.y = reading.x, reading.y
        message.pose.pose.orientation.z = math.sin(reading.theta / 2)
        message.pose.pose.orientation.w = math.cos(reading.theta / 2)
        message.twist.twist.linear.x = reading.speed
        message.twist.twist.angular.z = reading.omega
        self.publishers_of[name].publish(message)

    def look(self):
        """Note which bodies touch."""
        poses = np.array([[b.pose.x, b.pose.y, b.pose.theta] for b in self.bases.values()])
        corners = at_poses(CLASS.footprint, poses[:, :2], poses[:, 2])
        bodies = dict(zip(self.bases, map(shapely.Polygon, corners), strict=True))
        for (a, one), (b, other) in combinations(bodies.items(), 2):
            if one.intersects(other):
                self.touched.add((a, b))


class Ear(Node):
    """Hears the states of vehicles and where loads are; sends orders."""

    def __init__(self, context, vehicles):
        super().__init__('ear', context=context)
        self.states = {name: [] for name in vehicles}
        self.custody, self.orders = [], {}
        for name in vehicles:
            state, order = names.VEHICLE_STATE.of(name), names.VEHICLE_ORDER.of(name)
            self.create_subscription(state.type, state.name, self.states[name].append, state.qos)
            self.orders[name] = self.create_publisher(order.type, order.name, order.qos)
        topic = names.CUSTODY
        self.create_subscription(topic.type, topic.name, self.custody.append, topic.qos)

    def last(self, name):
        """Tell in a line what a vehicle said last."""
        if not self.states[name]:
            return f'{name} has said nothing'
        s = self.states[name][-1]
        loads, errors = [x.load_id for x in s.loads], [e.error_type for e in s.errors]
        order = f'order {s.order_id!r} driving={s.driving} loads={loads} errors={errors}'
        return f'{name} at {s.last_node_id} {order}'

    def holders(self, load):
        seen = [(m.holder_kind, m.holder_id) for m in self.custody if m.load_id == load]
        return list(dict.fromkeys(seen))


@pytest.mark.parametrize('handshake', [False, True])
def test_a_simulated_vehicle_and_a_ros_robot_take_orders_alike(handshake, tmp_path):
    names_of = ('agv_001', 'agv_002')
    with ros_context() as context:
        parameters = {'plant': 'cell', 'vehicles': 'agv_001,agv_003', 'speed': 20.0}
        parameters |= {'handshake': handshake}
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        sim = SimNode(context=context, parameter_overrides=overrides)
        parameters = {'plant': 'cell', 'use_sim_time': True, 'pick_time': 2.0, 'drop_time': 2.0}
        parameters |= {'handshake': handshake, 'patience': 20.0, 'state_dir': str(tmp_path)}
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        agv = AgvNode(context=context, namespace='/agv/agv_002', parameter_overrides=overrides)
        robots, ear = Robots(context, ['agv_002']), Ear(context, names_of)
        whole = Dispatcher(World(PLANT, sim.world.settings))  # makes orders for both
        with spinning(context, sim, agv, robots, ear) as executor:
            spin_until(executor, lambda: all(ear.states.values()))
            spin_until(
                executor, lambda: all(p.get_subscription_count() for p in ear.orders.values())
            )
            told, said = {}, []
            signals = names.VEHICLE_SIGNALS.of('fa1_03')
            ear.create_subscription(signals.type, signals.name, said.append, signals.qos)
            for name, station in zip(names_of, ('fa1_01', 'fa1_03'), strict=True):
                request = RetrieveRequest(name, 'casing', 10)
                load = sim.world.retrieve(request).load_id
                retrievals = sim.world.data.warehouse.retrievals
                spin_until(executor, lambda n=name, r=retrievals: r[n].phase.ended)
                # one after the other, each with the whole way released
                trips = (('wh_out_1', 'pick'), (station, 'drop'))
                told[name] = drive(executor, ear, whole, name, load, trips)
                way = [(LoadCustody.HOLDER_VEHICLE, name), (LoadCustody.HOLDER_PORT, station)]
                spin_until(executor, lambda n=load, w=way: ear.holders(n)[-2:] == w)
            assert told['agv_001'] == told['agv_002']
            moved = [m for m in said if m.busy and m.vehicle_id == 'agv_002']
            assert bool(moved) is handshake
            assert sim.world.verdict.clean
            assert sim.world.data.custody_errors == 0


def drive(executor, ear, whole, name, load, trips):
    """Send a vehicle from its home on trips; return what its last states say."""
    states, told = ear.states[name], []
    at = next(str(spawn.place) for spawn in PLANT.fleet if spawn.id == name)
    row, bodies = whole.world.vehicle(name), whole.world.data.bodies
    for goal, action in trips:
        bodies.node[row] = PLANT.places[at].node
        bodies.pose[row, 2] = PLANT.places[at].heading
        order = whole.order(
            name,
            whole.route(name, goal),
            f'{name}-{goal}',
            action=action,
            parameters={'loadId': load},
        )
        ear.orders[name].publish(order_to_msg(order))

        def done(order=order):
            s = states[-1]
            ended = [a.status == VehicleActionState.FINISHED for a in s.action_states]
            return s.order_id == order.order_id and ended == [True]

        spin_until(executor, done, 60.0)
        s = states[-1]
        assert not s.errors
        assert s.last_node_sequence_id == order.nodes[-1].sequence_id
        x, y = PLANT.roadmap.xy[PLANT.places[goal].node]
        assert math.hypot(s.x - x, s.y - y) < 0.06
        told.append((s.driving, len(s.loads), len(s.node_states), len(s.edge_states)))
        at = goal
    return told


@pytest.fixture
def factory(tmp_path):
    """The processes that a run in Gazebo starts beside Gazebo, without restarts."""
    processes = plan_run('cell', tmp_path, os.environ)
    try:
        commands = commands_of(processes, os.environ)
    except EnvironmentMissing as error:
        pytest.skip(f'the workspace is not built: {error}')
    if importlib.util.find_spec('linehaul_fleet') is None:
        pytest.skip('linehaul_fleet is not built')
    running = {}

    def start(label):
        if label in running:
            running[label].wait(10.0)
        argv = next(command.argv for command in commands if command.label == label)
        with (tmp_path / f'{label}.log').open('ab') as log:
            running[label] = subprocess.Popen(
                argv,
                cwd=tmp_path,
                env=child_environment(os.environ, tmp_path, colour=False),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return running[label]

    for command in commands:
        start(command.label)

    def stopped():
        """Tell which processes run; end them in a way that has them say where they were."""
        told = {label: process.poll() for label, process in running.items()}
        for process in running.values():
            process.send_signal(signal.SIGABRT)
        return [f'{k} {"runs" if v is None else f"ended with {v}"}' for k, v in told.items()]

    start.running, start.stopped = running, stopped
    yield start
    for process in running.values():
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
    for log in sorted(tmp_path.glob('*.log')):
        # pytest shows it where the test has failed
        sys.stdout.write(f'--- {log.name}\n{log.read_text()}\n')


def test_the_factory_delivers_with_ros_robots_also_when_a_vehicle_node_is_killed(factory):
    vehicles = [str(spawn.id) for spawn in PLANT.fleet]
    with ros_context() as context:
        robots, ear = Robots(context, vehicles, speed=8.0), Ear(context, vehicles)
        with spinning(context, robots, ear) as executor:
            client, results, phases = RequestClient(ear), [], []

            def await_(done, timeout):
                try:
                    spin_until(executor, done, timeout)
                except TimeoutError as error:
                    told = [
                        f'plant time {robots.time:.1f} s',
                        f'phases {phases[-3:]}',
                        str(results),
                    ]
                    told += [*map(ear.last, vehicles), *factory.stopped()]
                    raise AssertionError('\n'.join([str(error), *told])) from error

            await_(lambda: client.ready() and all(ear.states.values()), 60.0)
            goal = DeliverMaterial.Goal(
                request_id='r', item_id='casing', quantity=4, station_id='fa1_01', priority=100
            )
            client.deliver(goal, results.append, lambda state: phases.append(state.phase))
            loaded = []

            def on_its_way():
                states = {name: ear.states[name][-1] for name in vehicles}
                loaded[:] = [n for n, s in states.items() if s.loads and s.driving]
                return loaded

            await_(on_its_way, 120.0)
            victim = loaded[0]  # nobody else can bring what it carries
            factory.running[f'agv.{victim}'].kill()
            factory(f'agv.{victim}')
            await_(lambda: results, 120.0)
            assert (results[0].error_code, results[0].vehicle_id) == (0, victim)
            held = [
                (LoadCustody.HOLDER_CELL, 'warehouse'),
                (LoadCustody.HOLDER_PORT, 'wh_out_1'),
                (LoadCustody.HOLDER_VEHICLE, victim),
                (LoadCustody.HOLDER_PORT, 'fa1_01'),
            ]
            # the result and the custody come on two topics
            spin_until(executor, lambda: len(ear.holders(results[0].load_id)) >= len(held))
            assert ear.holders(results[0].load_id) == held
            assert not robots.touched
            numbers = [state.header.header_id for state in ear.states[victim]]
            assert numbers == sorted(set(numbers))
            links = []
            topic = names.VEHICLE_CONNECTION.of(victim)
            ear.create_subscription(topic.type, topic.name, links.append, topic.qos)
            spin_until(executor, lambda: links)
            factory.running[f'agv.{victim}'].send_signal(signal.SIGINT)
            spin_until(executor, lambda: links[-1].connection_state == topic.type.OFFLINE)
            assert factory.running[f'agv.{victim}'].wait(10.0) == 0
