# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A robot on a base with flaws: orders, faults, loads, and death at any moment."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_agv.assemble import Origin, home_pose, new_localiser, vehicle_of
from linehaul_agv.base_bench import Base, Flaws
from linehaul_agv.battery import BatteryReading, Charge
from linehaul_agv.handling import Handler, Method
from linehaul_agv.localise import Reading, Trust
from linehaul_agv.memory import Memory, Store
from linehaul_agv.robot import Robot, Settings
from linehaul_vda5050.reach import Pose

from linehaul_agv import AgvState
from linehaul_floor import load_plant, shortest_route
from linehaul_vda5050 import (
    Action,
    ActionParameter,
    ActionStatus,
    BlockingType,
    Edge,
    ErrorLevel,
    Header,
    InstantActions,
    MapId,
    Node,
    NodePosition,
    Order,
    serious,
    validate_state,
)

PLANT = load_plant('cell')
CLASS = PLANT.classes['agv']
VEHICLE = vehicle_of(PLANT, 'agv_001', 0.1)
PLACES = {place.node: place for place in PLANT.places.values()}
FLAWS = Flaws(delay=0.1, slip=(0.02, -0.02), noise=0.001, turn_noise=0.001)
TICK = 0.05


class Rig:
    """A robot, its base, and what it has said."""

    def __init__(self, origin=Origin.HOME, flaws=FLAWS, handler=None, store=None):
        self.home = home_pose(PLANT, VEHICLE)
        self.base = Base(CLASS, self.home, flaws, np.random.default_rng(1), self.home)
        self.base.time = 1000.0
        self.origin, self.store = origin, store
        self.settings = Settings(handler or Handler(pick_time=2.0, drop_time=2.0))
        self.memory = Memory(AgvState(), Charge(0.9))
        self.states, self.calls, self.headers = [], [], []
        self.deaf = False
        self.start(None)

    def start(self, memory):
        """Begin a process."""
        localiser = new_localiser(PLANT, VEHICLE, Trust(), self.origin, memory)
        memory = memory or self.memory
        self.robot = Robot(VEHICLE, PLACES, self.settings, localiser, memory)
        self.number = 0

    def kill(self):
        """End the process without a word and begin another from what was written."""
        self.start(self.store.load() if self.store else self.memory)

    @property
    def now(self):
        return self.base.time

    @property
    def state(self):
        return self.states[-1]

    def tell(self):
        out = self.robot.take_outputs(self.now)
        if out:
            self.memory = self.robot.memory
            if self.store:
                self.store.save(self.memory)
        if out.state:
            assert serious(validate_state(out.state)) == []
            self.states.append(out.state)
        self.calls += out.calls

    def tick(self):
        if not self.deaf:
            self.robot.localiser.measure(self.base.reading(), self.now)
        motion = self.robot.step(self.now)
        if self.robot.fix is None:
            assert (motion.speed, motion.omega) == (0.0, 0.0), 'drives blind'
        self.tell()
        self.base.command(motion.speed, motion.omega)
        for _ in range(3):
            self.base.step(TICK / 3)

    def run(self, until, most=200.0):
        end = self.now + most
        while not until():
            self.tick()
            assert self.now < end, [e.error_description for e in self.robot.agv.errors]

    def wait(self, seconds):
        end = self.now + seconds
        self.run(lambda: self.now >= end)

    def order(self, order):
        self.robot.receive_order(order, self.now)
        self.tell()

    def instant(self, kind, **parameters):
        self.number += 1
        pairs = tuple(ActionParameter(k, v) for k, v in parameters.items())
        name = f'{kind}-{self.now}-{self.number}'
        action = Action(kind, name, BlockingType.NONE, pairs)
        header = Header(self.number, self.now, serial_number='agv_001')
        self.robot.receive_instant_actions(InstantActions(header, (action,)), self.now)
        self.tell()

    def idle(self):
        return self.robot.agv.idle and not self.robot.agv.driving

    def errors(self):
        return {error.error_type: error.error_level for error in self.robot.agv.errors}


def route(start, goal):
    a, b = PLANT.places[start], PLANT.places[goal]
    r = PLANT.roadmap
    return shortest_route(r, a.node, b.node, heading=a.heading, vehicle_class=CLASS)


def order(way, order_id='o', base=None, first=0, update=0, action='', **parameters):
    """Return an order, or update, along a route."""
    r, count = PLANT.roadmap, len(way.nodes)
    base = count if base is None else base
    pairs = tuple(ActionParameter(k, v) for k, v in parameters.items())
    nodes, edges = [], []
    for k in range(first, count):
        x, y = r.xy[way.nodes[k]].tolist()
        act = (Action(action, f'{order_id}-{action}', BlockingType.HARD, pairs),)
        acts = act if action and k == count - 1 else ()
        name = r.node_ids[way.nodes[k]]
        nodes.append(Node(name, 2 * k, k < base, acts, NodePosition(x, y, MapId('cell'))))
    for k in range(first, count - 1):
        e = way.edges[k]
        back = math.cos(r.vehicle_heading[e] - r.travel_heading[e]) < 0.0
        orientation = math.pi if back else 0.0
        edges.append(Edge(r.edge_ids[e], 2 * k + 1, k + 1 < base, orientation=orientation))
    header = Header(update, 1000.0, serial_number='agv_001')
    return Order(header, order_id, update, tuple(nodes), tuple(edges))


WAY = route('park_1', 'wh_out_1')
END = PLANT.roadmap.xy[WAY.nodes[-1]]


def away(rig, node=None):
    x, y = END if node is None else PLANT.roadmap.xy[WAY.nodes[node]]
    return math.hypot(rig.base.pose.x - x, rig.base.pose.y - y)


@pytest.fixture
def rig():
    rig = Rig()
    rig.wait(0.2)
    return rig


@pytest.fixture
def moving(rig):
    """A rig in the middle of its way."""
    rig.order(order(WAY))
    rig.run(lambda: rig.robot.agv.last_sequence_id >= 4 and rig.base.speed > 1.0)
    return rig


def test_it_says_what_it_is_and_finds_its_node(rig):
    assert rig.state.last_node_id == PLANT.roadmap.node_ids[WAY.nodes[0]]
    assert rig.state.mobile_robot_position.localized
    assert not rig.errors()
    assert rig.state.power_supply.state_of_charge == pytest.approx(0.9, abs=1e-4)


def test_an_order_in_parts_is_driven_to_the_end_of_the_base_and_no_further(rig):
    rig.order(order(WAY, base=4))
    rig.run(lambda: not rig.robot.agv.driving and rig.robot.agv.last_sequence_id == 6)
    rig.wait(3.0)
    assert away(rig, 3) < 0.06
    assert rig.state.new_base_request
    assert not rig.state.driving
    rig.order(order(WAY, first=3, update=1))
    rig.run(rig.idle)
    assert away(rig) < 0.06
    assert (rig.state.last_node_sequence_id, rig.state.node_states) == (2 * len(WAY.edges), ())


def test_an_update_on_the_move_is_driven_without_a_stop(rig):
    far = route('park_1', 'chain_1')  # straight from its second to its thirteenth node
    rig.order(order(far, base=8))
    rig.run(lambda: rig.robot.agv.last_sequence_id >= 8)
    rig.order(order(far, first=7, update=1))
    speeds = []
    rig.run(lambda: speeds.append(rig.base.speed) or rig.robot.agv.last_sequence_id >= 18, 30.0)
    assert min(speeds) > 1.0
    rig.run(rig.idle)


def test_an_order_that_begins_elsewhere_is_refused(rig):
    rig.order(order(route('park_4', 'fa1_01')))
    assert rig.errors() == {'START_NODE_OUT_OF_RANGE': ErrorLevel.WARNING}
    assert rig.robot.way == ()


def test_pause_stands_at_once_and_goes_on(moving):
    moving.instant('startPause')
    moving.wait(3.0)
    assert moving.base.speed == 0.0
    assert moving.state.paused
    stood = moving.base.pose
    moving.wait(2.0)
    assert moving.base.pose == stood
    moving.instant('stopPause')
    moving.run(moving.idle)
    assert away(moving) < 0.06


def test_cancel_stands_at_a_node(moving):
    moving.instant('cancelOrder', orderId='o')
    moving.run(moving.idle)
    node = PLANT.roadmap.node_index[moving.robot.agv.last_node_id]
    x, y = PLANT.roadmap.xy[node]
    assert math.hypot(moving.base.pose.x - x, moving.base.pose.y - y) < 0.06
    assert 4 <= moving.robot.agv.last_sequence_id < 2 * len(WAY.edges)
    assert moving.state.instant_action_states[-1].action_status is ActionStatus.FINISHED


def test_without_odometry_it_stands_says_so_and_goes_on_when_it_is_back(moving):
    moving.deaf = True
    moving.wait(0.7)
    assert moving.robot.motion.speed == 0.0
    assert moving.errors() == {'LOCALIZATION_LOST': ErrorLevel.URGENT}
    assert not moving.state.mobile_robot_position.localized
    moving.wait(10.5)
    assert moving.errors() == {'LOCALIZATION_LOST': ErrorLevel.FATAL}
    assert moving.base.speed == 0.0
    moving.order(order(WAY, 'other'))
    assert moving.robot.agv.memory.last.order_id == 'o'
    moving.deaf = False
    moving.run(moving.idle)
    assert away(moving) < 0.06
    assert 'LOCALIZATION_LOST' not in moving.errors()


@pytest.mark.parametrize('bad', [(math.nan, 0.0), (0.0, math.inf)])
def test_nonsense_stops_it(moving, bad):
    x, speed = bad
    reading = Reading(x, 0.0, 0.0, speed, 0.0, moving.now + 0.001)
    moving.robot.localiser.measure(reading, moving.now)
    moving.tick()
    assert moving.robot.motion.speed == 0.0
    assert 'not finite' in moving.robot.agv.errors[0].error_description
    moving.run(moving.idle)
    assert away(moving) < 0.06


def test_odometry_that_begins_anew_is_never_driven_by(moving):
    zero, moving.base.zero = moving.base.zero, moving.base.pose
    moving.wait(15.0)
    assert moving.base.speed == 0.0
    assert moving.errors() == {'LOCALIZATION_LOST': ErrorLevel.FATAL}
    stood = moving.base.pose
    moving.kill()
    moving.wait(5.0)
    assert moving.base.pose == stood
    moving.base.zero = zero
    moving.run(moving.idle)


def test_pushed_off_its_way_it_waits_for_a_person(moving):
    before = moving.base.pose
    moving.base.pose = Pose(before.x, before.y + 0.2, before.theta)
    moving.wait(3.0)
    assert moving.errors() == {'OFF_ROUTE': ErrorLevel.FATAL}
    assert moving.base.speed == 0.0
    now = moving.base.pose
    moving.base.pose = Pose(now.x, now.y - 0.2, now.theta)
    moving.run(moving.idle)
    assert not moving.errors()
    assert away(moving) < 0.06


def test_blocked_wheels_are_found(moving):
    moving.base.blocked = True
    moving.run(moving.errors, 5.0)
    assert moving.errors() == {'VEHICLE_STALLED': ErrorLevel.FATAL}
    moving.wait(2.0)
    assert moving.robot.motion.speed == 0.0
    moving.base.blocked = False
    pose = moving.base.pose
    moving.base.pose = Pose(pose.x - 0.08, pose.y, pose.theta)  # pushed free
    moving.run(moving.idle)
    assert away(moving) < 0.06


def test_a_vehicle_put_on_another_node_takes_it(rig):
    place = PLANT.places['park_5']
    x, y = PLANT.roadmap.xy[place.node].tolist()
    rig = Rig(Origin.LOCALISER)
    rig.wait(0.2)
    assert not rig.errors()  # a process that has just begun may still hear of it
    rig.wait(0.8)
    assert 'no pose on the map yet' in rig.robot.agv.errors[0].error_description
    for pose in (rig.home, Pose(x, y, place.heading)):
        rig.base.pose = pose
        rig.robot.localiser.measure(rig.base.reading(), rig.now)
        rig.robot.localiser.correct(pose, math.nan, 0.05, rig.now)
        rig.wait(1.5)
    assert rig.state.last_node_id == PLANT.roadmap.node_ids[place.node]
    assert not rig.errors()


def test_odometry_that_drifts_is_corrected_by_a_localiser(rig):
    rig = Rig(Origin.LOCALISER)
    drift = 0.0
    rig.tick()

    def correct():
        nonlocal drift
        drift += 0.0002  # 4 mm/s
        x, y, theta = rig.home.x + drift, rig.home.y - drift, rig.home.theta
        rig.base.zero = Pose(x, y, theta)
        rig.robot.localiser.correct(rig.base.pose, rig.now, 0.05, rig.now)

    correct()
    rig.wait(1.0)
    rig.order(order(WAY))
    rig.run(lambda: correct() or rig.idle())
    assert drift > 0.1
    assert away(rig) < 0.06


def test_loads_are_picked_and_dropped(rig):
    rig.order(order(WAY, action='pick', loadId='casing-1', stationName='wh_out_1'))
    rig.run(rig.idle)
    assert [load.load_id for load in rig.state.loads] == ['casing-1']
    assert rig.state.action_states[0].action_status is ActionStatus.FINISHED
    there = route('wh_out_1', 'fa1_01')
    rig.order(order(there, 'p', action='drop', loadId='casing-1', stationName='fa1_01'))
    rig.run(rig.idle)
    assert rig.state.loads == ()
    assert not rig.errors()


def test_a_drop_of_nothing_fails_and_a_new_order_is_taken(rig):
    rig.order(order(WAY, action='drop'))
    rig.run(rig.idle)
    assert rig.state.action_states[0].action_status is ActionStatus.FAILED
    assert rig.errors() == {'LOAD_HANDLING_FAILED': ErrorLevel.CRITICAL}
    rig.order(order(route('wh_out_1', 'fa1_01'), 'p'))
    rig.run(rig.idle)
    assert not rig.errors()


@pytest.mark.parametrize(('text', 'status'), [('', 'FINISHED'), ('jammed', 'FAILED')])
def test_the_load_handler_is_called_once_and_believed(text, status):
    rig = Rig(handler=Handler(Method.SERVICE, patience=30.0))
    rig.wait(0.2)
    rig.order(order(WAY, action='pick', loadId='c'))
    rig.run(lambda: rig.calls)
    rig.wait(5.0)
    assert [call.action.action_id for call in rig.calls] == ['o-pick']
    rig.robot.end_call('o-pick', text, rig.now)
    rig.robot.end_call('o-pick', 'twice', rig.now)
    rig.tell()
    assert rig.state.action_states[0].action_status is ActionStatus[status]
    assert bool(rig.state.loads) is (status == 'FINISHED')


@pytest.mark.parametrize('killed', [False, True])
def test_a_load_handler_without_an_answer_fails(killed):
    rig = Rig(handler=Handler(Method.SERVICE, patience=5.0))
    rig.wait(0.2)
    rig.order(order(WAY, action='pick'))
    rig.run(lambda: rig.calls)
    if killed:
        rig.kill()
    rig.run(rig.idle)
    assert len(rig.calls) == 1
    text = rig.state.action_states[0].action_result
    assert ('a person must look' if killed else 'no answer') in text


def test_charging_and_an_empty_battery(rig):
    rig.order(order(route('park_1', 'charge_1'), action='startCharging'))
    rig.run(rig.idle)
    assert rig.state.power_supply.charging
    level = rig.state.power_supply.state_of_charge
    rig.wait(60.0)
    assert rig.state.power_supply.state_of_charge > level
    rig.robot.receive_battery(BatteryReading(0.0, False), rig.now)
    rig.order(order(route('charge_1', 'fa1_01'), 'p'))
    rig.wait(2.0)
    assert rig.errors()['BATTERY_EMPTY'] is ErrorLevel.FATAL
    assert rig.base.speed == 0.0
    rig.robot.receive_battery(BatteryReading(0.5, False), rig.now)
    rig.wait(65.0)
    assert rig.errors() == {'BATTERY_UNKNOWN': ErrorLevel.WARNING}


@settings(max_examples=12)
@given(st.lists(st.floats(0.1, 25.0), min_size=1, max_size=4), st.booleans())
def test_killed_at_any_moment_it_goes_on(moments, split):
    rig = Rig()
    rig.wait(0.2)
    rig.order(order(WAY, base=5 if split else None, action='pick', loadId='c'))
    for moment in moments:
        rig.wait(moment)
        rig.kill()
        if split and rig.robot.agv.memory.last.order_update_id == 0:
            rig.order(order(WAY, first=4, update=1, action='pick', loadId='c'))
        else:
            rig.order(order(WAY, action='pick', loadId='c'))  # the fleet repeats itself
    rig.run(rig.idle)
    assert away(rig) < 0.06
    assert [load.load_id for load in rig.state.loads] == ['c']
    reached = [state.last_node_sequence_id for state in rig.states]
    assert reached == sorted(reached)
    numbers = [state.header.header_id for state in rig.states]
    assert numbers == sorted(set(numbers))
    assert 'LOCALIZATION_LOST' not in rig.errors()


def test_the_file_brings_it_back(tmp_path):
    rig = Rig(store=Store(tmp_path, VEHICLE))
    rig.wait(0.2)
    rig.order(order(WAY))
    rig.wait(12.0)
    rig.kill()
    rig.run(rig.idle)
    assert away(rig) < 0.06
