# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
from linehaul_vda5050.reach import Pose, in_range

from linehaul_vda5050 import (
    Abilities,
    Action,
    ActionId,
    AllowedDeviation,
    BlockingType,
    Edge,
    EdgeId,
    ErrorLevel,
    Header,
    MapId,
    NewOrder,
    Node,
    NodeId,
    NodePosition,
    OperatingMode,
    Order,
    OrderId,
    OrderMemory,
    OrderUpdate,
    Refusal,
    Repeat,
    accept_order,
    error_types,
)

HEADER = Header(1, 10.0, serial_number='agv_001')
ABLE = Abilities(frozenset({'pick'}), MapId('m'), serial_number='agv_001')
HERE = Pose(0.0, 0.0, 0.0, NodeId('n0'))


def make(update=0, first=0, base=2, size=3, order_id='o', **changes):
    nodes = tuple(
        Node(
            NodeId(f'n{first // 2 + i}'),
            first + 2 * i,
            i < base,
            node_position=NodePosition(2.0 * (first // 2 + i), 0.0, MapId('m')),
        )
        for i in range(size)
    )
    edges = tuple(Edge(EdgeId(f'e{i}'), first + 2 * i + 1, i + 1 < base) for i in range(size - 1))
    return replace(Order(HEADER, OrderId(order_id), update, nodes, edges), **changes)


def memory(order, **changes):
    base = OrderMemory(order, order.base_nodes[-1], idle=False)
    return replace(base, **changes)


def refused(verdict):
    assert isinstance(verdict, Refusal), verdict
    return verdict.errors[0].error_type


def test_first_order_is_new():
    order = make()
    assert accept_order(OrderMemory(), order, HERE, ABLE) == NewOrder(order)


def test_repeat_is_ignored_even_with_a_new_header():
    old = make()
    again = replace(old, header=replace(HEADER, header_id=7, timestamp=11.0))
    assert accept_order(memory(old), again, HERE, ABLE) == Repeat(again)
    assert accept_order(memory(old, cancelled=True, idle=True), again, HERE, ABLE) == Repeat(again)


def test_update_begins_at_the_decision_point():
    old = make()
    update = make(update=1, first=2, base=2, size=2)
    assert accept_order(memory(old), update, HERE, ABLE) == OrderUpdate(update)


def test_update_after_a_lost_one_is_taken_where_it_fits():
    old = make()
    update = make(update=5, first=2, base=2, size=2)
    assert accept_order(memory(old), update, HERE, ABLE) == OrderUpdate(update)


@pytest.mark.parametrize(
    ('verdict', 'error'),
    [
        (
            lambda: accept_order(memory(make(update=0)), make(base=1), HERE, ABLE),
            error_types.SAME_ORDER_UPDATE_ID,
        ),
        (
            lambda: accept_order(memory(make(update=3, first=2, size=2)), make(), HERE, ABLE),
            error_types.OUTDATED_ORDER_UPDATE,
        ),
        (
            lambda: accept_order(
                memory(make(), cancelled=True, idle=True), make(update=1, first=2), HERE, ABLE
            ),
            error_types.ORDER_UPDATE_FOLLOWING_CANCEL,
        ),
        (
            lambda: accept_order(memory(make()), make(update=1, first=4), HERE, ABLE),
            error_types.INVALID_ORDER,
        ),
        (
            lambda: accept_order(memory(make()), make(order_id='p'), HERE, ABLE),
            error_types.OTHER_ORDER_ACTIVE,
        ),
        (
            lambda: accept_order(OrderMemory(), make(update=1, first=2), HERE, ABLE),
            error_types.VALIDATION_FAILURE,
        ),
        (
            lambda: accept_order(
                OrderMemory(make(), idle=True, past=(OrderId('p'),)),
                make(order_id='p'),
                HERE,
                ABLE,
            ),
            error_types.OUTDATED_ORDER_UPDATE,
        ),
        (
            lambda: accept_order(OrderMemory(), make(), Pose(9.0, 0.0, 0.0), ABLE),
            error_types.START_NODE_OUT_OF_RANGE,
        ),
        (
            lambda: accept_order(OrderMemory(), make(), None, ABLE),
            error_types.START_NODE_OUT_OF_RANGE,
        ),
        (
            lambda: accept_order(
                OrderMemory(), make(), HERE, replace(ABLE, map_id=MapId('other'))
            ),
            error_types.UNKNOWN_MAP_ID,
        ),
        (
            lambda: accept_order(
                OrderMemory(), make(), HERE, replace(ABLE, operating_mode=OperatingMode.MANUAL)
            ),
            error_types.MOBILE_ROBOT_NOT_AVAILABLE,
        ),
        (
            lambda: accept_order(
                OrderMemory(), make(), HERE, replace(ABLE, serial_number='agv_002')
            ),
            error_types.VALIDATION_FAILURE,
        ),
        (
            lambda: accept_order(OrderMemory(), make(nodes=()), HERE, ABLE),
            error_types.VALIDATION_FAILURE,
        ),
    ],
)
def test_refusals(verdict, error):
    answer = verdict()
    assert refused(answer) == error
    assert answer.errors[0].error_level is ErrorLevel.WARNING
    assert answer.errors[0].reference('orderId')


def test_action_it_cannot_do():
    order = make()
    dance = Action('dance', ActionId('a'), BlockingType.HARD)
    nodes = (*order.nodes[:2], replace(order.nodes[2], actions=(dance,)))
    verdict = accept_order(OrderMemory(), replace(order, nodes=nodes), HERE, ABLE)
    assert refused(verdict) == error_types.INVALID_ORDER_ACTION
    assert verdict.errors[0].reference('actionId') == 'a'


def test_stitching_node_must_be_unchanged():
    old = make()
    update = make(update=1, first=2, size=2)
    moved = replace(update.nodes[0], actions=(Action('pick', ActionId('a'), BlockingType.HARD),))
    changed = replace(update, nodes=(moved, *update.nodes[1:]))
    verdict = accept_order(memory(old), changed, HERE, ABLE)
    assert refused(verdict) == error_types.INVALID_ORDER
    assert 'differs' in verdict.errors[0].error_description


def test_range_is_an_ellipse_with_heading():
    ellipse = AllowedDeviation(2.0, 0.5, 1.5707963)
    position = NodePosition(0.0, 0.0, MapId('m'), 3.0, ellipse, 0.3)
    node = Node(NodeId('n'), 0, True, node_position=position)
    assert in_range(node, Pose(0.0, 1.9, 3.0))
    assert not in_range(node, Pose(1.9, 0.0, 3.0))
    assert in_range(node, Pose(0.0, 0.0, -3.1))
    assert not in_range(node, Pose(0.0, 0.0, 2.5))
    assert in_range(Node(NodeId('n'), 0, True), Pose(5.0, 5.0, 0.0, NodeId('n')))
