# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
from linehaul_agv.bench import Bench, make_action, make_order

from linehaul_agv import (
    ActionReported,
    ErrorRaised,
    Halt,
    Hold,
    InstantActionsReceived,
    ModeChanged,
    NodeReached,
    SendFactsheet,
    SendState,
    StartAction,
)
from linehaul_vda5050 import (
    Action,
    ActionId,
    ActionParameter,
    ActionStatus,
    BlockingType,
    Error,
    ErrorLevel,
    InstantActions,
    OperatingMode,
    error_types,
)

FINISHED, FAILED, WAITING, RUNNING = (
    ActionStatus.FINISHED,
    ActionStatus.FAILED,
    ActionStatus.WAITING,
    ActionStatus.RUNNING,
)


@pytest.fixture
def bench():
    return Bench()


def test_drives_the_base_and_stops_at_its_end(bench):
    bench.order(make_order(size=5, base=3))
    assert bench.way == [1, 3]
    bench.drive()
    assert bench.state.last_sequence_id == 4
    assert not bench.state.driving
    assert [n.sequence_id for n in bench.state.nodes] == [6, 8]
    assert not bench.state.idle


def test_update_extends_without_a_stop(bench):
    bench.order(make_order(size=5, base=3))
    bench.pass_node()
    bench.order(make_order(size=3, base=3, first=4, update=1))
    assert bench.way == [3, 5, 7]
    bench.drive()
    assert bench.state.idle
    assert bench.report().order_update_id == 1


def test_reports_what_is_left(bench):
    bench.order(make_order(size=4, base=2))
    state = bench.report()
    assert [(n.sequence_id, n.released) for n in state.node_states] == [
        (2, True),
        (4, False),
        (6, False),
    ]
    assert [e.sequence_id for e in state.edge_states] == [1, 3, 5]
    assert state.new_base_request
    assert state.last_node_id == 'n0'


def test_hard_action_at_the_end(bench):
    pick = make_action('pick', 'a')
    bench.order(make_order(size=3, base=3, actions={4: (pick,)}))
    bench.drive()
    assert bench.started == ['a']
    assert bench.status('a') is RUNNING
    assert not bench.state.idle
    bench.send(ActionReported(ActionId('a'), FINISHED))
    assert bench.state.idle


def test_hard_action_on_the_way_holds_the_vehicle(bench):
    bench.order(make_order(size=3, base=3, actions={2: (make_action('pick', 'a'),)}))
    assert bench.way == [1]
    bench.drive()
    assert bench.way == []
    bench.send(ActionReported(ActionId('a'), FINISHED))
    assert bench.way == [3]


def test_free_action_on_the_way_does_not_hold(bench):
    free = make_action('pick', 'a', BlockingType.NONE)
    bench.order(make_order(size=3, base=3, actions={2: (free,)}))
    assert bench.way == [1, 3]
    bench.pass_node()
    assert bench.started == ['a']


def test_action_on_an_edge_starts_when_it_is_entered(bench):
    bench.order(make_order(size=3, base=3, actions={3: (make_action('pick', 'a'),)}))
    assert bench.way == [1]
    assert bench.started == []
    bench.drive()
    assert bench.started == ['a']
    bench.send(ActionReported(ActionId('a'), FINISHED))
    assert bench.way == [3]


def test_blocking_types_queue_in_order(bench):
    kinds = [BlockingType.NONE, BlockingType.SOFT, BlockingType.HARD, BlockingType.NONE]
    actions = tuple(make_action('pick', str(i), kind) for i, kind in enumerate(kinds))
    bench.order(make_order(size=1, base=1, actions={0: actions}))
    assert bench.started == ['0', '1']
    bench.send(ActionReported(ActionId('0'), FINISHED))
    assert bench.started == ['0', '1']
    bench.send(ActionReported(ActionId('1'), FINISHED))
    assert bench.started == ['0', '1', '2']
    bench.send(ActionReported(ActionId('2'), FINISHED))
    assert bench.started == ['0', '1', '2', '3']


def test_single_action_drives_but_alone(bench):
    actions = (
        make_action('pick', 'a', BlockingType.SINGLE),
        make_action('drop', 'b', BlockingType.NONE),
    )
    bench.order(make_order(size=2, base=2, actions={0: actions}))
    assert bench.started == ['a']
    assert bench.way == [1]
    bench.send(ActionReported(ActionId('a'), FINISHED))
    assert bench.started == ['a', 'b']


def test_failed_action_stops_the_order_and_a_new_one_is_taken(bench):
    bench.order(make_order(size=3, base=3, actions={2: (make_action('pick', 'a'),)}))
    bench.drive()
    error = Error('LOAD_HANDLING_FAILED', ErrorLevel.CRITICAL, 'no load')
    bench.send(ActionReported(ActionId('a'), FAILED, 'no load', error))
    assert bench.way == []
    assert bench.state.errors == (error,)
    bench.order(make_order(order_id='p', size=2, base=2, at=1))
    assert bench.state.errors == ()
    assert bench.way == [1]


def test_retriable_action_is_retried_or_given_up(bench):
    action = replace(make_action('pick', 'a'), retriable=True)
    bench.order(make_order(size=1, base=1, actions={0: (action,)}))
    bench.send(ActionReported(ActionId('a'), FAILED, 'no load'))
    assert bench.status('a') is ActionStatus.RETRIABLE
    bench.instant('retry', 'r1', actionId='a')
    assert bench.started == ['a', 'a']
    bench.send(ActionReported(ActionId('a'), FAILED))
    bench.instant('skipRetry', 'r2')
    assert bench.status('a') is FAILED
    assert bench.state.idle


def test_wait_for_trigger(bench):
    bench.order(make_order(size=1, base=1, actions={0: (make_action('waitForTrigger', 'w'),)}))
    assert bench.status('w') is RUNNING
    assert bench.started == []
    bench.instant('trigger', 't')
    assert bench.status('w') is FINISHED
    bench.instant('trigger', 't2')
    assert bench.instant_status('t2') is FAILED


def test_pause_and_go_on(bench):
    bench.order(make_order(size=3, base=3))
    assert Hold(True) in bench.instant('startPause', 'p')
    assert bench.report().paused
    assert Hold(False) in bench.instant('stopPause', 'q')
    assert not bench.report().paused
    assert bench.instant_status('p') is FINISHED


def test_requests(bench):
    assert SendState() in bench.instant('stateRequest', 's')
    assert SendFactsheet() in bench.instant('factsheetRequest', 'f')
    assert bench.instant('factsheetRequest', 'f') == []  # the same action again
    bench.instant('clearInstantActions', 'c')
    assert [t.action.action_id for t in bench.state.instant] == ['c']


def test_unknown_instant_action_fails_with_error(bench):
    bench.instant('dance', 'd')
    assert bench.instant_status('d') is FAILED
    assert bench.state.errors[0].error_type == error_types.INVALID_INSTANT_ACTION
    bench.send(InstantActionsReceived(InstantActions(bench.header, ())))
    assert bench.state.errors[-1].error_type == error_types.VALIDATION_FAILURE


def test_cancel_with_nothing_to_cancel(bench):
    bench.instant('cancelOrder', 'c')
    assert bench.instant_status('c') is FAILED
    assert bench.state.errors[0].error_type == error_types.NO_ORDER_TO_CANCEL


def test_cancel_of_another_order(bench):
    bench.order(make_order(size=3, base=3))
    bench.instant('cancelOrder', 'c', orderId='other')
    assert bench.instant_status('c') is FAILED
    assert bench.way == [1, 3]


def test_cancel_while_driving_stops_at_a_node(bench):
    bench.order(make_order(size=5, base=4, actions={8: (make_action('drop', 'a'),)}))
    assert Halt() in bench.instant('cancelOrder', 'c', orderId='o')
    assert bench.instant_status('c') is RUNNING
    assert bench.status('a') is FAILED
    bench.drive()
    assert bench.instant_status('c') is FINISHED
    assert bench.state.idle
    assert bench.report().order_id == 'o'
    assert bench.report().node_states == ()


def test_cancel_lets_a_pick_end(bench):
    bench.order(make_order(size=1, base=1, actions={0: (make_action('pick', 'a'),)}))
    bench.instant('cancelOrder', 'c')
    assert bench.status('a') is RUNNING
    assert bench.instant_status('c') is RUNNING
    bench.send(ActionReported(ActionId('a'), FINISHED))
    assert bench.instant_status('c') is FINISHED
    assert bench.status('a') is FINISHED


def test_cancel_stops_a_wait_at_once(bench):
    bench.order(make_order(size=1, base=1, actions={0: (make_action('waitForTrigger', 'w'),)}))
    bench.instant('cancelOrder', 'c')
    assert bench.instant_status('c') is FINISHED
    assert bench.status('w') is FAILED


def test_update_after_cancel_is_refused(bench):
    bench.order(make_order(size=5, base=3))
    bench.instant('cancelOrder', 'c')
    bench.drive()
    bench.order(make_order(size=3, base=3, first=4, update=1))
    assert bench.state.errors[-1].error_type == error_types.ORDER_UPDATE_FOLLOWING_CANCEL
    assert bench.state.idle


def test_late_copy_of_an_old_order_is_refused(bench):
    old = make_order(size=2, base=2)
    bench.order(old)
    bench.drive()
    bench.order(make_order(order_id='p', size=2, base=2, at=1))
    bench.drive()
    bench.order(old)
    assert bench.state.errors[-1].error_type == error_types.OUTDATED_ORDER_UPDATE
    assert bench.report().order_id == 'p'


@pytest.mark.parametrize(
    ('changes', 'error'),
    [
        ({'names': ('n0', 'nowhere')}, error_types.NODE_UNREACHABLE),
        ({'edges': ('n1-n2',)}, error_types.NODE_UNREACHABLE),
        ({'edges': ('no edge',)}, error_types.NODE_UNREACHABLE),
        ({'orientation': 3.1}, error_types.UNSUPPORTED_PARAMETER),
        ({'actions': {2: (make_action('dance', 'd'),)}}, error_types.INVALID_ORDER_ACTION),
    ],
)
def test_orders_it_cannot_drive_are_refused(bench, changes, error):
    bench.order(make_order(size=2, base=2, **changes))
    assert bench.state.errors[0].error_type == error
    assert bench.way == []
    assert bench.state.memory.last is None


def test_order_that_begins_at_the_next_node_is_refused(bench):
    order = make_order(size=2, base=2, at=1)
    near = replace(order.nodes[0].node_position, x=0.1)  # says that n1 is here
    nodes = (replace(order.nodes[0], node_position=near), order.nodes[1])
    bench.order(replace(order, nodes=nodes))
    assert bench.state.errors[0].error_type == error_types.START_NODE_OUT_OF_RANGE
    assert bench.way == []


def test_turn_where_none_is_allowed_is_refused():
    bench = Bench(theta=3.0)
    bench.vehicle.roadmap.node_turn.flags.writeable = True
    bench.vehicle.roadmap.node_turn[:] = False
    bench.order(make_order(size=2, base=2))
    assert bench.state.errors[0].error_type == error_types.NODE_UNREACHABLE
    assert 'turn' in bench.state.errors[0].error_description


def test_leaving_automatic_clears_the_order(bench):
    bench.order(make_order(size=3, base=3))
    bench.send(ModeChanged(OperatingMode.MANUAL))
    bench.drive()
    assert bench.state.idle
    bench.order(make_order(order_id='p', size=2, base=2))
    assert bench.state.errors[-1].error_type == error_types.MOBILE_ROBOT_NOT_AVAILABLE


def test_intervened_keeps_the_order(bench):
    bench.order(make_order(size=4, base=2))
    bench.drive()
    bench.send(ModeChanged(OperatingMode.INTERVENED))
    assert len(bench.state.nodes) == 2


def test_old_reports_change_nothing(bench):
    bench.order(make_order(size=3, base=3, actions={4: (make_action('pick', 'a'),)}))
    bench.drive()
    bench.send(ActionReported(ActionId('a'), FINISHED))
    before = bench.state
    assert bench.send(NodeReached(2)) == []
    assert bench.send(ActionReported(ActionId('a'), FAILED)) == []
    assert bench.send(ActionReported(ActionId('zz'), FAILED)) == []
    assert bench.state == before


def test_own_errors_come_and_go(bench):
    empty = Error('BATTERY_EMPTY', ErrorLevel.FATAL)
    bench.send(ErrorRaised(empty))
    bench.order(make_order(size=2, base=2))
    assert bench.way == []  # taken, but not driven before somebody helps
    bench.send(ErrorRaised(empty, active=False))
    assert bench.way == [1]


def test_charging_at_once(bench):
    commands = bench.instant('startCharging', 'c')
    assert any(isinstance(c, StartAction) for c in commands)
    assert bench.instant_status('c') is RUNNING
    bench.send(ActionReported(ActionId('c'), FINISHED))
    assert bench.instant_status('c') is FINISHED


def test_parameters_of_actions():
    parameters = (ActionParameter('loadId', 'l1'),)
    action = Action('pick', ActionId('a'), BlockingType.HARD, parameters)
    assert action.parameter('loadId') == 'l1'
    assert action.parameter('side') is None
