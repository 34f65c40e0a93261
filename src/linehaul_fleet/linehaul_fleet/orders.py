# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Turns a leg into VDA 5050 orders, and a vehicle's state into progress on its leg.

One leg is one order. Its nodes have sequence ids 0, 2, 4, ... in path order, so a sequence id is
twice the position on the path. Each update begins at the stitching node, the last node of the base
that the vehicle has confirmed; no second update goes out before the first is confirmed, and an
unconfirmed one is repeated unchanged, so lost and doubled messages are harmless.
"""

from dataclasses import dataclass, replace
from math import inf, pi

from linehaul_fleet.work import Leg
from linehaul_floor import Roadmap, VehicleId
from linehaul_vda5050 import (
    Action,
    ActionId,
    ActionParameter,
    ActionStatus,
    BlockingType,
    Edge,
    Header,
    MapId,
    Node,
    NodePosition,
    Order,
    State,
)

HORIZON = 6
"""Nodes beyond the base that are shown to the vehicle."""
RESEND_FIRST = 2.0
"""[s] after which an unconfirmed order is sent again; doubles each time."""
RESEND_MOST = 30.0
"""[s] longest time between two sendings."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a vehicle is on its leg.

    reached, base: node positions on the path (last node reached, last node of the confirmed
    base). update: confirmed order update. ended: nothing is left to do. task: status of the
    leg's action, None if the vehicle doesn't know the action.
    """

    reached: int
    base: int
    update: int
    ended: bool
    task: ActionStatus | None
    text: str


@dataclass(frozen=True, slots=True)
class Sending:
    """The last order sent for a leg, until it is confirmed."""

    order: Order
    sent: float
    times: int

    def due(self, now: float) -> bool:
        """Return whether it is time to send it again."""
        return now - self.sent >= min(RESEND_FIRST * 2.0 ** (self.times - 1), RESEND_MOST)

    def again(self, now: float) -> 'Sending':
        """Return the same order, sent once more."""
        return replace(self, sent=now, times=self.times + 1)


def progress(leg: Leg, state: State) -> Progress | None:
    """Return how far the vehicle is on this leg; None if it does not have the leg's order."""
    if str(state.order_id) != str(leg.order_id):
        return None
    reached = min(state.last_node_sequence_id // 2, len(leg.path.nodes) - 1)
    released = [n.sequence_id for n in state.node_states if n.released]
    base = max(released, default=2 * reached) // 2
    task = next((a for a in state.action_states if a.action_id == leg.action_id), None)
    return Progress(
        reached=reached,
        base=min(base, len(leg.path.nodes) - 1),
        update=state.order_update_id,
        ended=state.idle and reached == len(leg.path.nodes) - 1,
        task=task.action_status if task else None,
        text=task.action_result if task else '',
    )


def make_order(
    leg: Leg,
    roadmap: Roadmap,
    map_id: str,
    *,
    first: int,
    granted: int,
    update: int,
    with_task: bool,
    most: int = 0,
) -> Order:
    """Return the order, or order update, that releases a leg up to a node.

    Args:
        leg: the leg.
        roadmap: its roadmap.
        map_id: name of the map for node positions.
        first: position of the stitching node (0 for a new order).
        granted: position of the last node to release.
        update: order update id.
        with_task: whether the task hangs on the last node.
        most: nodes of the order; 0: any number.
    """
    last = min(granted + HORIZON, len(leg.path.nodes) - 1)
    last = min(last, first + most - 1) if most else last
    nodes = tuple(
        _node(leg, roadmap, map_id, k, released=k <= granted, with_task=with_task)
        for k in range(first, last + 1)
    )
    edges = tuple(_edge(leg, roadmap, k, released=k < granted) for k in range(first, last))
    return Order(
        header=Header(header_id=0, timestamp=0.0),
        order_id=leg.order_id,
        order_update_id=update,
        nodes=nodes,
        edges=edges,
        order_description=f'to {leg.place_id}'
        + (f', {leg.task.action_type}' if with_task else ''),
    )


def _node(
    leg: Leg, roadmap: Roadmap, map_id: str, k: int, *, released: bool, with_task: bool
) -> Node:
    index = leg.path.nodes[k]
    last = k == len(leg.path.nodes) - 1
    return Node(
        node_id=roadmap.node_ids[index],  # type: ignore[arg-type]
        sequence_id=2 * k,
        released=released,
        actions=(_action(leg),) if last and with_task and leg.task.action_type else (),
        node_position=NodePosition(
            x=float(roadmap.xy[index, 0]), y=float(roadmap.xy[index, 1]), map_id=MapId(map_id)
        ),
    )


def _edge(leg: Leg, roadmap: Roadmap, k: int, *, released: bool) -> Edge:
    index = leg.path.edges[k]
    turned = abs(float(roadmap.vehicle_heading[index] - roadmap.travel_heading[index])) > pi / 2
    speed = float(roadmap.speed[index])
    return Edge(
        edge_id=roadmap.edge_ids[index],  # type: ignore[arg-type]
        sequence_id=2 * k + 1,
        released=released,
        maximum_speed=speed if speed < inf else None,
        orientation=pi if turned else 0.0,
        reach_orientation_before_entering=True,
        length=float(roadmap.length[index]),
    )


def _action(leg: Leg) -> Action:
    return Action(
        action_type=leg.task.action_type,
        action_id=ActionId(leg.action_id),
        blocking_type=BlockingType.HARD,
        action_parameters=tuple(ActionParameter(k, v) for k, v in leg.task.parameters),
    )


def order_id(vehicle_id: VehicleId, count: int) -> str:
    """Return the id of a vehicle's next order; never the same twice within a journal."""
    return f'{vehicle_id}-{count + 1:06d}'
