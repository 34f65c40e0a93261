# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The fleet node's services and vehicle topics: refusals, nonsense, diagnostics, newcomers."""

from math import nan

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')

from diagnostic_msgs.msg import DiagnosticArray
from linehaul_fleet.node import FleetNode
from linehaul_fleet.services.convert import to_change, to_limits
from linehaul_ros.qos import EVENTS
from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_ros.time import to_time
from linehaul_vda5050.convert import connection_to_msg, factsheet_to_msg, state_to_msg
from rclpy.node import Node
from rclpy.parameter import Parameter

from linehaul_floor import load_plant
from linehaul_interfaces.msg import ErrorCode, FleetEvent, RoadLimit
from linehaul_interfaces.srv import ChangeDelivery, CommandVehicle, SetRoadState
from linehaul_ros import names
from linehaul_vda5050 import (
    Connection,
    ConnectionState,
    Factsheet,
    Header,
    Kinematics,
    OperatingMode,
    PowerSupply,
    RobotClass,
    SafetyState,
    State,
)

PLANT = load_plant('cell')
CLASS = next(iter(PLANT.classes.values()))


def state_of(vehicle_id, place_id, **changes):
    fields = {
        'header': Header(1, 100.0, serial_number=vehicle_id),
        'order_id': '',
        'order_update_id': 0,
        'last_node_id': PLANT.roadmap.node_ids[PLANT.places[place_id].node],
        'last_node_sequence_id': 0,
        'node_states': (),
        'edge_states': (),
        'driving': False,
        'action_states': (),
        'instant_action_states': (),
        'power_supply': PowerSupply(0.8, False),
        'operating_mode': OperatingMode.AUTOMATIC,
        'errors': (),
        'safety_state': SafetyState(),
        'loads': (),
    }
    return state_to_msg(State(**(fields | changes)))


def sheet_of(vehicle_id, length):
    half = length / 2
    return factsheet_to_msg(
        Factsheet(
            header=Header(1, 100.0, serial_number=vehicle_id),
            series_name='new',
            vehicle_class=CLASS.id,
            kinematics=Kinematics.DIFFERENTIAL,
            mobile_robot_class=RobotClass.CARRIER,
            maximum_load_mass=CLASS.load_mass_max,
            minimum_speed=0.0,
            maximum_speed=CLASS.max_speed,
            maximum_speed_loaded=CLASS.max_speed_loaded,
            maximum_acceleration=CLASS.acceleration,
            maximum_deceleration=CLASS.deceleration,
            maximum_rotation_speed=1.0,
            maximum_rotation_acceleration=1.0,
            can_reverse=True,
            footprint=((-half, -0.4), (half, -0.4), (half, 0.4), (-half, 0.4)),
        )
    )


class Bench:
    """A fleet node with a clock, an ear for everything it tells, and somebody who asks."""

    def __init__(self, context, folder):
        parameters = {'plant': 'cell', 'state_dir': str(folder), 'use_sim_time': True}
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.fleet = FleetNode(context=context, parameter_overrides=overrides)
        self.tester = Node('tester', context=context)
        self.events, self.health, self.states = [], [], []
        for topic, heard in (
            (names.FLEET_EVENTS, self.events),
            (names.Topic('/diagnostics', DiagnosticArray, EVENTS), self.health),
            (names.FLEET_STATE, self.states),
        ):
            self.tester.create_subscription(topic.type, topic.name, heard.append, topic.qos)
        self.clock = self.tester.create_publisher(
            names.CLOCK.type, names.CLOCK.name, names.CLOCK.qos
        )
        self.now = 100.0
        self.tester.create_timer(0.02, self.tick)
        self.said = {}

    def tick(self):
        self.now += 0.1
        self.clock.publish(names.CLOCK.type(clock=to_time(self.now)))
        for publisher, message in self.said.values():
            publisher.publish(message)

    def say(self, topic, vehicle_id, message):
        """Say something again and again, as vehicles do."""
        one = topic.of(vehicle_id)
        publisher, _ = self.said.get(one.name, (None, None))
        publisher = publisher or self.tester.create_publisher(one.type, one.name, one.qos)
        self.said[one.name] = (publisher, message)

    def call(self, executor, endpoint, **fields):
        client = self.tester.create_client(endpoint.type, endpoint.name)
        spin_until(executor, client.service_is_ready)
        future = client.call_async(endpoint.type.Request(**fields))
        spin_until(executor, future.done)
        return future.result()


@pytest.fixture
def bench(tmp_path):
    with ros_context() as context:
        bench = Bench(context, tmp_path)
        with spinning(context, bench.fleet, bench.tester) as executor:
            yield bench, executor
            bench.fleet.close()


def test_every_service_refuses_nonsense_with_its_code_and_does_what_is_sound_once(bench):
    bench, executor = bench
    someone = {'actor': 'anna', 'reason': 'a test'}
    closed = RoadLimit(element_id='crossing_se', state=RoadLimit.STATE_CLOSED, reason='wet')
    cases = [
        (names.SET_FLEET_MODE, {'mode': 2}, ErrorCode.FLEET_ACTOR_EMPTY),
        (names.SET_FLEET_MODE, {'mode': 77, **someone}, ErrorCode.INVALID_ARGUMENT),
        (names.SET_FLEET_MODE, {'mode': 2, **someone}, 0),
        (names.SET_FLEET_MODE, {'mode': 2, **someone}, 0),
        (
            names.COMMAND_VEHICLE,
            {'vehicle_id': 'x', 'command': 4, **someone},
            ErrorCode.FLEET_UNKNOWN_VEHICLE,
        ),
        (
            names.COMMAND_VEHICLE,
            {'vehicle_id': 'agv_001', 'command': 0, **someone},
            ErrorCode.INVALID_ARGUMENT,
        ),
        (names.COMMAND_VEHICLE, {'vehicle_id': 'agv_001', 'command': 4, **someone}, 0),
        (names.SET_ROAD_STATE, {'limits': [], 'actor': 'a'}, ErrorCode.INVALID_ARGUMENT),
        (
            names.SET_ROAD_STATE,
            {'limits': [closed, RoadLimit(element_id='nowhere', state=2)], 'actor': 'a'},
            ErrorCode.FLEET_UNKNOWN_ELEMENT,
        ),
        (
            names.SET_ROAD_STATE,
            {
                'limits': [RoadLimit(element_id='crossing_se', state=3, speed_limit=nan)],
                'actor': 'a',
            },
            ErrorCode.INVALID_ARGUMENT,
        ),
        (names.SET_ROAD_STATE, {'limits': [closed], 'actor': 'anna'}, 0),
        (
            names.CHANGE_DELIVERY,
            {'request_id': 'x', 'change': 1, **someone},
            ErrorCode.FLEET_UNKNOWN_REQUEST,
        ),
        (names.GET_DELIVERY, {'request_id': 'x'}, ErrorCode.FLEET_UNKNOWN_REQUEST),
        (names.CONFIRM_LOAD, {'load_id': 'x', 'holder_kind': 2, **someone}, ErrorCode.UNKNOWN_ID),
    ]
    for endpoint, fields, code in cases:
        answer = bench.call(executor, endpoint, **fields)
        assert answer.error_code == code, (endpoint.name, fields, answer.error_msg)
        assert bool(answer.error_msg) == bool(code)
    control = bench.fleet.fleet.model.control
    assert list(control.limits) == ['crossing_se']
    kinds = (FleetEvent.KIND_OPERATOR, FleetEvent.KIND_ROAD)
    spin_until(executor, lambda: sum(e.kind in kinds for e in bench.events) == 3)
    assert {e.actor for e in bench.events if e.kind in kinds} == {'anna'}
    spin_until(executor, lambda: bench.states and bench.states[-1].limits)
    assert bench.states[-1].mode_reason == 'anna: a test'


def test_a_nonsense_state_is_shown_and_never_obeyed_and_the_next_good_one_is(bench):
    bench, executor = bench
    vehicles = bench.fleet.fleet.model.vehicles
    bench.say(names.VEHICLE_STATE, 'agv_001', state_of('agv_001', 'park_1'))
    spin_until(executor, lambda: vehicles['agv_001'].state is not None)
    good = vehicles['agv_001'].state
    bad = state_of('agv_001', 'park_1', power_supply=PowerSupply(nan, False))
    bench.say(names.VEHICLE_STATE, 'agv_001', bad)
    refusals = lambda: [e for e in bench.events if e.kind == FleetEvent.KIND_REFUSAL]  # noqa: E731
    spin_until(executor, refusals)
    assert 'stateOfCharge' in refusals()[0].reason
    assert vehicles['agv_001'].state == good
    assert 'refused' in vehicles['agv_001'].note
    bench.say(names.VEHICLE_STATE, 'agv_001', state_of('agv_001', 'park_1', paused=True))
    spin_until(executor, lambda: vehicles['agv_001'].state.paused)
    assert 'refused' not in vehicles['agv_001'].note
    assert len(refusals()) == 1  # told once, not with every message


def test_a_vehicle_that_nobody_knows_joins_with_its_factsheet_and_works(bench):
    bench, executor = bench
    model = bench.fleet.fleet.model
    for name, length in (('agv_new', 1.0), ('agv_huge', 5.0)):
        bench.say(names.VEHICLE_STATE, name, state_of(name, 'park_5'))
        bench.say(names.VEHICLE_FACTSHEET, name, sheet_of(name, length))
        link = Connection(Header(1, 100.0, serial_number=name), ConnectionState.ONLINE)
        bench.say(names.VEHICLE_CONNECTION, name, connection_to_msg(link))
    spin_until(executor, lambda: model.vehicles.get('agv_new') and model.vehicles['agv_new'].state)
    spin_until(executor, lambda: any('footprint' in e.reason for e in bench.events))
    assert 'agv_huge' not in model.vehicles
    assert model.vehicles['agv_new'].home not in {s.place for s in PLANT.fleet}
    answer = bench.call(
        executor,
        names.COMMAND_VEHICLE,
        vehicle_id='agv_new',
        command=CommandVehicle.Request.COMMAND_SEND,
        place_id='fa1_01',
        actor='anna',
    )
    assert answer.error_code == 0, answer.error_msg
    spin_until(executor, lambda: model.vehicles['agv_new'].leg is not None)


def test_diagnostics_say_how_the_fleet_and_each_vehicle_are(bench):
    bench, executor = bench
    fatal = state_of('agv_001', 'park_1', operating_mode=OperatingMode.MANUAL)
    bench.say(names.VEHICLE_STATE, 'agv_001', fatal)

    def level(name):
        status = {s.name: s for s in bench.health[-1].status} if bench.health else {}
        return int.from_bytes(status[name].level, 'little') if name in status else -1

    spin_until(executor, lambda: level('fleet vehicle agv_001') == 2)
    assert level('fleet vehicle agv_002') == 3
    assert level('fleet deliveries') == 0


def test_words_of_messages_that_nobody_knows_are_unknown():
    request = SetRoadState.Request(
        limits=[RoadLimit(element_id='a', state=99, speed_limit=nan)], actor='b'
    )
    assert to_limits(request)[0].state == 0
    assert to_change(ChangeDelivery.Request(change=99)) is None
