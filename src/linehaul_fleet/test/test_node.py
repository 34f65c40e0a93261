# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The fleet node with a clock, and nobody else: refusals, duplicates, cancelling, restarts."""

from math import nan

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')

from linehaul_fleet.codes import Code
from linehaul_fleet.convert import to_goal, to_request
from linehaul_fleet.delivery import Request
from linehaul_fleet.node import FleetNode
from linehaul_ros.actions import PersistentGoal, action_server
from linehaul_ros.diagnostics import DIAGNOSTICS
from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_ros.time import to_time
from rclpy.action import ActionClient, CancelResponse
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.task import Future

from linehaul_floor import PlaceKind, load_plant
from linehaul_interfaces.action import DeliverMaterial
from linehaul_interfaces.msg import DeliveryState, ErrorCode
from linehaul_ros import names

PLANT = load_plant('cell')
STATION = PLANT.places_of(PlaceKind.STATION)[0]


def good(**changes):
    fields = {
        'request_id': 'r1',
        'item_id': STATION.items[0],
        'quantity': 1,
        'station_id': STATION.id,
        'priority': 100,
    }
    return DeliverMaterial.Goal(**(fields | changes))


class Bench:
    """A fleet node, a clock at 100 s and an action client in one executor."""

    def __init__(self, context, state_dir):
        self.context = context
        parameters = [
            Parameter('plant', value='cell'),
            Parameter('state_dir', value=str(state_dir)),
            Parameter('use_sim_time', value=True),
            Parameter('cycle', value=0.1),
        ]
        self.fleet = FleetNode(context=context, parameter_overrides=parameters)
        self.tester = Node('tester', context=context)
        clock = names.CLOCK
        self.clock = self.tester.create_publisher(clock.type, clock.name, clock.qos)
        self.client = ActionClient(self.tester, DeliverMaterial, names.DELIVER_MATERIAL.name)
        self.now = 100.0
        self.tester.create_timer(0.02, self.tick)

    def tick(self):
        self.now += 0.1
        self.clock.publish(names.CLOCK.type(clock=to_time(self.now)))

    def send(self, executor, goal, feedback=lambda _: None):
        """Send a goal as stations do, and return the result message."""
        results = []
        PersistentGoal(self.tester, self.client, goal, results.append, feedback)
        spin_until(executor, lambda: results)
        return results[0]


@pytest.fixture
def bench(tmp_path):
    with ros_context() as context:
        bench = Bench(context, tmp_path)
        with spinning(context, bench.fleet, bench.tester) as executor:
            yield bench, executor
            bench.fleet.close()


BAD = [
    ({'request_id': ''}, ErrorCode.DELIVER_REQUEST_ID_EMPTY),
    ({'request_id': 'a b'}, ErrorCode.DELIVER_TEXT_INVALID),
    ({'station_id': 'nowhere'}, ErrorCode.DELIVER_UNKNOWN_STATION),
    ({'item_id': 'nothing'}, ErrorCode.DELIVER_UNKNOWN_ITEM),
    ({'quantity': 0}, ErrorCode.DELIVER_QUANTITY_ZERO),
    ({'quantity': 4_000_000_000}, ErrorCode.DELIVER_QUANTITY_TOO_LARGE),
    ({'due': to_time(1.0)}, ErrorCode.DELIVER_DUE_IN_PAST),
    (
        {'earliest': to_time(9000.0), 'due': to_time(8000.0)},
        ErrorCode.DELIVER_DUE_BEFORE_EARLIEST,
    ),
]


def test_every_bad_request_gets_its_own_code_and_the_fleet_goes_on(bench):
    bench, executor = bench
    for changes, code in BAD:
        result = bench.send(executor, good(**changes))
        assert result.error_code == code, changes
        assert result.error_msg
    assert len({code for _, code in BAD}) == len(BAD)
    seen = []
    PersistentGoal(bench.tester, bench.client, good(), seen.append, seen.append)
    spin_until(executor, lambda: seen)
    assert seen[0].state.phase == DeliveryState.PHASE_ACCEPTED


def test_a_running_delivery_can_be_cancelled_and_a_repeat_has_the_same_result(bench):
    bench, executor = bench
    seen, results = [], []
    goal = PersistentGoal(
        bench.tester, bench.client, good(), results.append, lambda f: seen.append(f.state)
    )
    spin_until(executor, lambda: len(seen) >= 2)
    assert {s.request_id for s in seen} == {'r1'}
    goal.cancel()
    spin_until(executor, lambda: results)
    assert results[0].error_code == ErrorCode.DELIVER_CANCELLED
    assert repr(bench.send(executor, good())) == repr(results[0])
    other = bench.send(executor, good(priority=7))
    assert other.error_code == ErrorCode.DELIVER_REQUEST_ID_REUSED


def test_a_delivery_without_a_warehouse_says_what_it_waits_for(bench):
    bench, executor = bench
    told = []

    def hear(message):
        told[:] = [s.message for s in message.status if s.name == 'fleet deliveries']

    bench.tester.create_subscription(DIAGNOSTICS.type, DIAGNOSTICS.name, hear, DIAGNOSTICS.qos)
    PersistentGoal(bench.tester, bench.client, good(), lambda _: None)
    spin_until(executor, lambda: told == ['the warehouse does not answer'])

    async def promise(_):
        await Future()

    accept = lambda _: CancelResponse.ACCEPT  # noqa: E731
    server = action_server(bench.tester, names.RETRIEVE_LOAD, promise, accept)
    spin_until(executor, lambda: told == ['1 open'])
    server.destroy()


def test_requests_are_remembered_by_the_next_node(tmp_path):
    with ros_context() as context:
        first = Bench(context, tmp_path)
        seen = []
        with spinning(context, first.fleet, first.tester) as executor:
            PersistentGoal(first.tester, first.client, good(), seen.append, seen.append)
            spin_until(executor, lambda: seen)
            first.fleet.close()
    with ros_context() as context:
        second = Bench(context, tmp_path)
        with spinning(context, second.fleet, second.tester) as executor:
            assert list(second.fleet.fleet.model.open) == ['r1']
            other = second.send(executor, good(quantity=2))
            assert other.error_code == ErrorCode.DELIVER_REQUEST_ID_REUSED
            second.fleet.close()


def test_goal_to_request_and_back_is_identity():
    for due in (nan, 12.25):
        request = Request('r', 'o', 'i', 3, 's', nan, due, 7)
        assert to_request(to_goal(request)).same_as(request)
        assert to_request(to_goal(request)).request_id == 'r'


def test_the_codes_of_the_core_are_those_of_the_interface():
    by_number = {getattr(ErrorCode, name): name for name in dir(ErrorCode) if name.isupper()}
    for code in Code:
        assert by_number[code].removeprefix('DELIVER_') == code.name
