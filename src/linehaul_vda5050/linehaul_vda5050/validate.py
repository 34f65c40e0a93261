# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Judges the content of orders and instant actions: what the JSON schemas let pass.

The official order schema takes an empty node list, a wrong number of edges, broken sequence ids
and released elements after unreleased ones. Every check here comes back as a finding with code,
path and text; nothing raises on bad content. Paths use the names of the standard. States are
judged by validate_state.
Source: VDA 5050 3.0.0, 6.1 (orders), 6.2 (actions).
"""

import math
from collections.abc import Sequence

from linehaul_vda5050.checks import (
    Findings,
    actions,
    angle,
    at_least,
    between,
    finite,
    header,
    identifier,
    positive,
    repeats,
    uint32,
)
from linehaul_vda5050.enums import BlockingType
from linehaul_vda5050.findings import Finding, FindingCode
from linehaul_vda5050.order import Edge, InstantActions, Node, NodePosition, Order
from linehaul_vda5050.order import Trajectory as Curve

Elements = Sequence[Node | Edge]


def validate_order(order: Order) -> list[Finding]:
    """Return everything that is wrong with an order or order update, in reading order."""
    return [
        *header(order.header),
        *identifier(order.order_id, 'orderId'),
        *uint32(order.order_update_id, 'orderUpdateId'),
        *_shape(order),
        *_sequence(order),
        *_release(order),
        *(f for i, node in enumerate(order.nodes) for f in _node(node, f'nodes[{i}]')),
        *(f for i, edge in enumerate(order.edges) for f in _edge(edge, f'edges[{i}]')),
        *_order_actions(order),
    ]


def validate_instant_actions(message: InstantActions) -> list[Finding]:
    """Return everything that is wrong with a message of instant actions."""
    findings = [*header(message.header), *actions(message.actions, 'actions')]
    if not message.actions:
        findings.append(Finding(FindingCode.NO_ACTIONS, 'actions', 'empty, wanted at least one'))
    for index, action in enumerate(message.actions):
        if action.blocking_type not in (BlockingType.NONE, BlockingType.UNKNOWN):
            text = f'instant actions are NONE, found {action.blocking_type.name}'
            path = f'actions[{index}].blockingType'
            findings.append(Finding(FindingCode.BLOCKING_TYPE, path, text, tolerable=True))
    return findings + list(repeats((a.action_id for a in message.actions), 'actions'))


def _shape(order: Order) -> Findings:
    if not order.nodes:
        yield Finding(FindingCode.NO_NODES, 'nodes', 'empty, wanted at least one node')
        return
    if len(order.edges) != len(order.nodes) - 1:
        text = f'found {len(order.edges)} edges for {len(order.nodes)} nodes, wanted one less'
        yield Finding(FindingCode.EDGE_COUNT, 'edges', text)


def _sequence(order: Order) -> Findings:
    if not order.nodes:
        return
    first = order.nodes[0].sequence_id
    if order.order_update_id == 0 and first != 0:
        text = f'a new order begins at 0, found {first}'
        yield Finding(FindingCode.SEQUENCE, 'nodes[0].sequenceId', text)
    if first % 2:
        text = f'nodes have even numbers, found {first}'
        yield Finding(FindingCode.SEQUENCE, 'nodes[0].sequenceId', text)
    lists: tuple[tuple[str, Elements, int], ...] = (
        ('nodes', order.nodes, first),
        ('edges', order.edges, first + 1),
    )
    for name, items, start in lists:
        for index, item in enumerate(items):
            path = f'{name}[{index}].sequenceId'
            yield from uint32(item.sequence_id, path)
            wanted = start + 2 * index
            if item.sequence_id != wanted:
                text = f'found {item.sequence_id}, wanted {wanted}'
                yield Finding(FindingCode.SEQUENCE, path, text)


def _release(order: Order) -> Findings:
    if order.nodes and not order.nodes[0].released:
        text = 'the first node must be released'
        yield Finding(FindingCode.FIRST_NODE_UNRELEASED, 'nodes[0].released', text)
    lists: tuple[tuple[str, Elements], ...] = (('nodes', order.nodes), ('edges', order.edges))
    for name, items in lists:
        ended = False
        for index, item in enumerate(items):
            if item.released and ended:
                path = f'{name}[{index}].released'
                text = 'released, but an element before it is not'
                yield Finding(FindingCode.RELEASED_AFTER_UNRELEASED, path, text)
            ended = ended or not item.released
    for index, edge in enumerate(order.edges[: max(len(order.nodes) - 1, 0)]):
        ends = order.nodes[index].released and order.nodes[index + 1].released
        if edge.released != ends:
            path = f'edges[{index}].released'
            text = f'edge is {_word(edge.released)}, its two nodes are not both the same'
            yield Finding(FindingCode.EDGE_WITHOUT_ENDS, path, text)


def _word(released: bool) -> str:
    return 'released' if released else 'not released'


def _node(node: Node, path: str) -> Findings:
    yield from identifier(node.node_id, f'{path}.nodeId')
    if node.node_position is not None:
        yield from _node_position(node.node_position, f'{path}.nodePosition')
    yield from actions(node.actions, f'{path}.actions')


def _node_position(position: NodePosition, path: str) -> Findings:
    yield from finite(position.x, f'{path}.x')
    yield from finite(position.y, f'{path}.y')
    yield from angle(position.theta, f'{path}.theta')
    yield from between(
        position.allowed_deviation_theta, 0.0, math.pi, f'{path}.allowedDeviationTheta'
    )
    ellipse = position.allowed_deviation_xy
    if ellipse is not None:
        yield from at_least(ellipse.a, 0.0, f'{path}.allowedDeviationXY.a')
        yield from at_least(ellipse.b, 0.0, f'{path}.allowedDeviationXY.b')
        yield from angle(ellipse.theta, f'{path}.allowedDeviationXY.theta', math.pi / 2)


def _edge(edge: Edge, path: str) -> Findings:
    yield from identifier(edge.edge_id, f'{path}.edgeId')
    yield from positive(edge.maximum_speed, f'{path}.maximumSpeed')
    yield from positive(edge.max_rotation_speed, f'{path}.maxRotationSpeed')
    yield from angle(edge.orientation, f'{path}.orientation')
    yield from at_least(edge.length, 0.0, f'{path}.length')
    if edge.corridor is not None:
        yield from at_least(edge.corridor.left_width, 0.0, f'{path}.corridor.leftWidth')
        yield from at_least(edge.corridor.right_width, 0.0, f'{path}.corridor.rightWidth')
    if edge.trajectory is not None:
        yield from _trajectory(edge.trajectory, f'{path}.trajectory')
    yield from actions(edge.actions, f'{path}.actions')


def _trajectory(curve: Curve, path: str) -> Findings:
    yield from at_least(curve.degree, 1, f'{path}.degree')
    if len(curve.control_points) <= curve.degree:
        text = f'{len(curve.control_points)} points for degree {curve.degree}, wanted more'
        yield Finding(FindingCode.INCONSISTENT, f'{path}.controlPoints', text)
    wanted = len(curve.control_points) + curve.degree + 1
    if curve.knot_vector and len(curve.knot_vector) != wanted:
        text = f'found {len(curve.knot_vector)} knots, wanted {wanted}'
        yield Finding(FindingCode.INCONSISTENT, f'{path}.knotVector', text)
    if any(not a <= b for a, b in zip(curve.knot_vector, curve.knot_vector[1:], strict=False)):
        text = 'knots must not fall'
        yield Finding(FindingCode.INCONSISTENT, f'{path}.knotVector', text)
    for index, point in enumerate(curve.control_points):
        where = f'{path}.controlPoints[{index}]'
        yield from finite(point.x, f'{where}.x')
        yield from finite(point.y, f'{where}.y')
        yield from positive(point.weight, f'{where}.weight')


def _order_actions(order: Order) -> Findings:
    elements: list[Node | Edge] = [*order.nodes, *order.edges]
    elements.sort(key=lambda element: element.sequence_id)
    return repeats((a.action_id for element in elements for a in element.actions), 'actions')
