# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Takes orders in: what changes in a vehicle's memory when an order is accepted or refused."""

from dataclasses import replace

from linehaul_vda5050.reach import Pose
from linehaul_vda5050.rules import refuse

from linehaul_agv.events import OrderReceived
from linehaul_agv.model import AgvState, Task
from linehaul_agv.route_check import heading_after, route_problem
from linehaul_agv.vehicle import Vehicle
from linehaul_vda5050 import (
    Error,
    ErrorLevel,
    NewOrder,
    Node,
    Order,
    OrderId,
    OrderMemory,
    OrderUpdate,
    Reference,
    Refusal,
    Repeat,
    accept_order,
    error_types,
)

PAST_ORDERS = 16
"""Ids of former orders kept, so that a late copy is not taken for a new order."""
MOST_ERRORS = 10
"""Refusals kept in the state."""


def take_order(vehicle: Vehicle, state: AgvState, event: OrderReceived) -> AgvState:
    """Judge a received order and take it, or note why not."""
    order, pose = event.order, event.pose
    resting = not state.driving and not state.cancelling
    free = state.idle or (state.broken and not any(task.active for task in state.tasks))
    memory = replace(state.memory, idle=resting and free)
    abilities = replace(vehicle.abilities, operating_mode=state.mode)
    verdict = accept_order(memory, order, pose, abilities)
    if isinstance(verdict, (NewOrder, OrderUpdate)):
        problem = _route(vehicle, state, order, pose, is_new=isinstance(verdict, NewOrder))
        verdict = problem or verdict
    match verdict:
        case NewOrder():
            return _begin(state, order)
        case OrderUpdate():
            return _extend(state, order)
        case Repeat():
            return state
        case Refusal(errors):
            return note_errors(state, errors)


def _route(
    vehicle: Vehicle, state: AgvState, order: Order, pose: Pose | None, *, is_new: bool
) -> Refusal | None:
    first = order.nodes[0].node_id
    if is_new and pose is not None and pose.node_id not in (None, first):
        # Near is not enough on lanes: the way begins on the node the vehicle stands on.
        text = f'order begins at {first!r}, the vehicle stands on {pose.node_id!r}'
        return refuse(order, error_types.START_NODE_OUT_OF_RANGE, text, Reference('nodeId', first))
    yaw = pose.theta if pose is not None else 0.0
    base = () if is_new else tuple(edge for edge in state.edges if edge.released)
    heading = heading_after(vehicle, base, yaw)
    problem = route_problem(vehicle, heading, order.nodes, order.edges)
    return None if problem is None else refuse(order, *problem)


def note_errors(state: AgvState, errors: tuple[Error, ...]) -> AgvState:
    """Add errors to the active ones, each once; the oldest refusals make room."""
    new = tuple(error for error in errors if error not in state.errors)
    grave = tuple(e for e in state.errors if e.error_level >= ErrorLevel.CRITICAL)
    light = tuple(e for e in state.errors if e.error_level < ErrorLevel.CRITICAL)
    return replace(state, errors=(*grave, *light[-MOST_ERRORS:], *new))


def _tasks(order: Order, first: int) -> tuple[Task, ...]:
    """List the actions of an order in the order of driving, from a position on."""
    tasks = []
    for index, node in enumerate(order.nodes):
        if index >= first:
            tasks += [Task(action, node.sequence_id) for action in node.actions]
        if index < len(order.edges):
            edge = order.edges[index]
            tasks += [Task(action, edge.sequence_id) for action in edge.actions]
    return tuple(tasks)


def _cleared(state: AgvState) -> tuple[Error, ...]:
    """Return the errors that an accepted order does not clear: those that need a person."""
    return tuple(e for e in state.errors if e.error_level is ErrorLevel.FATAL)


def _begin(state: AgvState, order: Order) -> AgvState:
    last, past = state.memory.last, state.memory.past
    if last is not None:
        past = (*past, OrderId(last.order_id))[-PAST_ORDERS:]
    first = order.nodes[0]
    return replace(
        state,
        memory=OrderMemory(order, order.base_nodes[-1], idle=False, past=past),
        last_node_id=first.node_id,
        last_sequence_id=first.sequence_id,
        nodes=order.nodes[1:],
        edges=order.edges,
        tasks=trigger(_tasks(order, 0), first.sequence_id),
        errors=_cleared(state),
        path_end=first.sequence_id,
    )


def _extend(state: AgvState, order: Order) -> AgvState:
    base = tuple(node for node in state.nodes if node.released)
    base_edges = tuple(edge for edge in state.edges if edge.released)
    stitch = order.nodes[0].sequence_id
    kept = tuple(task for task in state.tasks if task.sequence_id <= stitch)
    decision: Node | None = order.base_nodes[-1]
    refusals = tuple(e for e in state.errors if not _is_refusal(e))
    return replace(
        state,
        memory=replace(state.memory, last=order, decision_point=decision, idle=False),
        nodes=base + order.nodes[1:],
        edges=base_edges + order.edges,
        tasks=kept + _tasks(order, 1),
        errors=refusals,
    )


def _is_refusal(error: Error) -> bool:
    return error.error_level < ErrorLevel.CRITICAL and error.reference('orderId') is not None


def trigger(tasks: tuple[Task, ...], sequence_id: int) -> tuple[Task, ...]:
    """Mark the actions of a node or an edge as due."""
    return tuple(
        replace(task, triggered=True) if task.sequence_id == sequence_id else task
        for task in tasks
    )


def no_order_error(action_id: str) -> Error:
    """Build the warning for a cancelOrder with nothing to cancel."""
    return Error(
        error_types.NO_ORDER_TO_CANCEL,
        ErrorLevel.WARNING,
        'no such order is active',
        error_references=(Reference('actionId', action_id),),
    )
