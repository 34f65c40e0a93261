# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Decides whether a vehicle takes an order: the acceptance chain of VDA 5050 3.0, 6.1.

A vehicle remembers what it needs in an OrderMemory. accept_order looks at a received order and
says what it is: a new order, a good update, a repeat to be ignored, or something to refuse with
the error type of the standard. On refusal the old order stays as it is.
"""

from collections.abc import Container
from dataclasses import dataclass
from typing import TypeAlias

from linehaul_vda5050 import error_types
from linehaul_vda5050.enums import ErrorLevel, OperatingMode
from linehaul_vda5050.findings import serious
from linehaul_vda5050.ids import MapId, OrderId
from linehaul_vda5050.order import Edge, Node, Order
from linehaul_vda5050.reach import Pose, in_range
from linehaul_vda5050.state import Error, Reference
from linehaul_vda5050.validate import validate_order

TAKES_ORDERS = frozenset(
    {OperatingMode.AUTOMATIC, OperatingMode.SEMIAUTOMATIC, OperatingMode.UNKNOWN}
)


@dataclass(frozen=True, slots=True)
class OrderMemory:
    """What a vehicle knows of its orders.

    Attributes:
        last: Last message accepted for the running or last order; None: never had one.
        decision_point: Last node of the base, as it was sent; the next update must begin with it.
        idle: Nothing is left to do and there is no horizon.
        cancelled: The order of last was cancelled.
        past: Ids of orders before last; a late copy of one of them is refused.
    """

    last: Order | None = None
    decision_point: Node | None = None
    idle: bool = True
    cancelled: bool = False
    past: tuple[OrderId, ...] = ()


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a vehicle can do with orders.

    Attributes:
        action_types: Action types it can do on nodes and edges.
        map_id: Map it stands on; an order that names another map is refused. None: not checked.
        operating_mode: Orders are taken in AUTOMATIC and SEMIAUTOMATIC.
        serial_number: Orders for another serial number are refused. Empty: not checked.
    """

    action_types: Container[str]
    map_id: MapId | None = None
    operating_mode: OperatingMode = OperatingMode.AUTOMATIC
    serial_number: str = ''


@dataclass(frozen=True, slots=True)
class NewOrder:
    """Take it as a new order."""

    order: Order


@dataclass(frozen=True, slots=True)
class OrderUpdate:
    """Put it on the end of the base; the old horizon goes."""

    order: Order


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same message again: nothing to do, no error."""

    order: Order


@dataclass(frozen=True, slots=True)
class Refusal:
    """Keep the old order and report the errors until an order is accepted."""

    errors: tuple[Error, ...]


Verdict: TypeAlias = NewOrder | OrderUpdate | Repeat | Refusal


def accept_order(
    memory: OrderMemory, order: Order, pose: Pose | None, abilities: Abilities
) -> Verdict:
    """Judge a received order.

    Args:
        memory: What the vehicle knows of its orders.
        order: The message.
        pose: Where the vehicle is; None: not localized, so that no new order is taken.
        abilities: What it can do.

    Returns:
        What to do with the message.

    Source: VDA 5050 3.0.0, 6.1.2 to 6.1.4 and figure 8.
    """
    findings = serious(validate_order(order))
    if findings:
        text = '; '.join(str(finding) for finding in findings[:5])
        return refuse(order, error_types.VALIDATION_FAILURE, text)
    refusal = _foreign(order, abilities)
    if refusal is not None:
        return refusal
    if memory.last is not None and order.order_id == memory.last.order_id:
        return _same_order(memory, memory.last, order, abilities)
    return _other_order(memory, order, pose, abilities)


def refuse(order: Order, error_type: str, text: str, *extra: Reference) -> Refusal:
    """Build the refusal of an order with the references that the standard asks for."""
    references = (
        Reference('orderId', order.order_id),
        Reference('orderUpdateId', str(order.order_update_id)),
        *extra,
    )
    level: ErrorLevel = error_types.rejection_level(error_type)
    return Refusal((Error(error_type, level, text, error_references=references),))


def _foreign(order: Order, abilities: Abilities) -> Refusal | None:
    serial = order.header.serial_number
    if abilities.serial_number and serial != abilities.serial_number:
        text = f'order is for {serial!r}, this is {abilities.serial_number!r}'
        return refuse(order, error_types.VALIDATION_FAILURE, text)
    if abilities.operating_mode not in TAKES_ORDERS:
        text = f'vehicle is in mode {abilities.operating_mode.name}, which takes no orders'
        return refuse(order, error_types.MOBILE_ROBOT_NOT_AVAILABLE, text)
    return None


def _same_order(memory: OrderMemory, last: Order, order: Order, abilities: Abilities) -> Verdict:
    if order.order_update_id == last.order_update_id and order.content == last.content:
        return Repeat(order)
    if order.order_update_id < last.order_update_id:
        text = f'update {order.order_update_id} comes after {last.order_update_id}'
        return refuse(order, error_types.OUTDATED_ORDER_UPDATE, text)
    if memory.cancelled:
        text = 'the order was cancelled; a new order needs a new id'
        return refuse(order, error_types.ORDER_UPDATE_FOLLOWING_CANCEL, text)
    if order.order_update_id == last.order_update_id:
        text = f'update {order.order_update_id} was received before with other content'
        return refuse(order, error_types.SAME_ORDER_UPDATE_ID, text)
    refusal = _stitch(memory, order) or _unable(order, abilities)
    return refusal if refusal is not None else OrderUpdate(order)


def _stitch(memory: OrderMemory, order: Order) -> Refusal | None:
    first, wanted = order.nodes[0], memory.decision_point
    if wanted is None:
        return refuse(order, error_types.INVALID_ORDER, 'there is no base to go on from')
    if first == wanted:
        return None
    same = first.node_id == wanted.node_id and first.sequence_id == wanted.sequence_id
    text = (
        f'update begins at {first.node_id!r} ({first.sequence_id}), the base ends at '
        f'{wanted.node_id!r} ({wanted.sequence_id})'
        + (' and the content of the node differs' if same else '')
    )
    return refuse(order, error_types.INVALID_ORDER, text, Reference('nodeId', first.node_id))


def _other_order(
    memory: OrderMemory, order: Order, pose: Pose | None, abilities: Abilities
) -> Verdict:
    if order.order_id in memory.past:
        text = f'order {order.order_id!r} came before and is over'
        return refuse(order, error_types.OUTDATED_ORDER_UPDATE, text)
    if memory.last is not None and not memory.idle:
        text = f'order {memory.last.order_id!r} is still active'
        return refuse(order, error_types.OTHER_ORDER_ACTIVE, text)
    if order.order_update_id != 0:
        text = f'a new order begins with update 0, found {order.order_update_id}'
        return refuse(order, error_types.VALIDATION_FAILURE, text)
    refusal = _start(order.nodes[0], order, pose) or _unable(order, abilities)
    return refusal if refusal is not None else NewOrder(order)


def _start(first: Node, order: Order, pose: Pose | None) -> Refusal | None:
    reference = Reference('nodeId', first.node_id)
    if pose is None:
        text = 'vehicle does not know where it is'
        return refuse(order, error_types.START_NODE_OUT_OF_RANGE, text, reference)
    if in_range(first, pose):
        return None
    text = (
        f'first node {first.node_id!r} is out of range of the vehicle at '
        f'x={pose.x:.3f} y={pose.y:.3f} node={pose.node_id!r}'
    )
    return refuse(order, error_types.START_NODE_OUT_OF_RANGE, text, reference)


def _unable(order: Order, abilities: Abilities) -> Refusal | None:
    for node in order.nodes:
        position = node.node_position
        if position and position.map_id and abilities.map_id not in (None, position.map_id):
            text = f'map {position.map_id!r} is not known, this is {abilities.map_id!r}'
            return refuse(
                order, error_types.UNKNOWN_MAP_ID, text, Reference('mapId', position.map_id)
            )
    elements: list[Node | Edge] = [*order.nodes, *order.edges]
    for element in elements:
        for action in element.actions:
            if action.action_type not in abilities.action_types:
                text = f'vehicle cannot do {action.action_type!r}'
                reference = Reference('actionId', action.action_id)
                return refuse(order, error_types.INVALID_ORDER_ACTION, text, reference)
    return None
