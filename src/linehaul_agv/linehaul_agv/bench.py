# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A test bench: one executor on a straight lane of ten nodes, with a drive that obeys.

Nothing but tests imports this module. Nodes n0 to n9 are 2 m apart along x; edges are named
n0-n1 and so on.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from linehaul_floor.roadmap import Roadmap, make_roadmap
from linehaul_vda5050.reach import Pose

from linehaul_agv.events import (
    Command,
    Drive,
    Event,
    Halt,
    InstantActionsReceived,
    NodeReached,
    OrderReceived,
    StartAction,
    Stopped,
)
from linehaul_agv.executor import advance
from linehaul_agv.model import AgvState
from linehaul_agv.report import Observation, report
from linehaul_agv.vehicle import Vehicle
from linehaul_floor import Battery, ClassId, VehicleClass, VehicleId
from linehaul_vda5050 import (
    Action,
    ActionId,
    ActionParameter,
    ActionStatus,
    BlockingType,
    Edge,
    EdgeId,
    Header,
    InstantActions,
    MapId,
    Node,
    NodeId,
    NodePosition,
    Order,
    OrderId,
    PowerSupply,
    State,
)

NODES = 10
HEADER = Header(1, 10.0, serial_number='agv_001')


def lane() -> Roadmap:
    """Return a one-way lane along x."""
    names = [f'n{i}' for i in range(NODES)]
    start = np.arange(NODES - 1, dtype=np.int32)
    xy = np.column_stack([2.0 * np.arange(NODES), np.zeros(NODES)])
    edges = [f'n{i}-n{i + 1}' for i in range(NODES - 1)]
    count = NODES - 1
    turn = np.ones(NODES, bool)
    speed, forth = np.full(count, 1.5), np.zeros(count, bool)
    return make_roadmap(names, xy, edges, start, start + 1, speed, forth, node_turn=turn)


def vehicle_class() -> VehicleClass:
    """Return a small vehicle."""
    outline = np.array([[-0.6, -0.4], [0.6, -0.4], [0.6, 0.4], [-0.6, 0.4]])
    return VehicleClass(
        id=ClassId('agv'),
        name='AGV',
        footprint=outline,
        loaded_footprint=outline,
        height=0.3,
        max_speed=1.5,
        max_speed_loaded=1.0,
        acceleration=0.6,
        deceleration=0.8,
        turn_rate=1.0,
        turn_acceleration=1.5,
        margin=0.1,
        load_mass_max=500.0,
        can_reverse=True,
        battery=Battery(1000.0, 40.0, 200.0, 2000.0),
    )


def make_action(
    action_type: str, action_id: str, blocking: BlockingType = BlockingType.HARD
) -> Action:
    """Return an action without parameters."""
    return Action(action_type, ActionId(action_id), blocking)


def make_order(
    *,
    size: int,
    base: int,
    order_id: str = 'o',
    update: int = 0,
    first: int = 0,
    at: int | None = None,
    actions: Mapping[int, tuple[Action, ...]] | None = None,
    names: Sequence[str] | None = None,
    edges: Sequence[str] | None = None,
    orientation: float | None = 0.0,
) -> Order:
    """Return an order along the lane.

    Args:
        size: Number of nodes.
        base: Number of released nodes.
        order_id: Order id.
        update: Order update id.
        first: Sequence id of the first node.
        at: Node of the lane at which it begins; left out, the one that fits `first`.
        actions: Actions by sequence id.
        names: Node names instead of those of the lane.
        edges: Edge names instead of those of the lane.
        orientation: Of all edges.
    """
    begin = first // 2 if at is None else at
    acts = actions or {}
    node_names = names or [f'n{begin + i}' for i in range(size)]
    edge_names = edges or [f'n{begin + i}-n{begin + i + 1}' for i in range(size - 1)]
    nodes = [
        Node(
            NodeId(node_names[i]),
            first + 2 * i,
            i < base,
            acts.get(first + 2 * i, ()),
            NodePosition(2.0 * (begin + i), 0.0, MapId('lane')),
        )
        for i in range(size)
    ]
    ways = [
        Edge(
            EdgeId(edge_names[i]),
            first + 2 * i + 1,
            i + 1 < base,
            acts.get(first + 2 * i + 1, ()),
            orientation=orientation,
        )
        for i in range(size - 1)
    ]
    return Order(HEADER, OrderId(order_id), update, tuple(nodes), tuple(ways))


class Bench:
    """One executor, its drive and its devices.

    Attributes:
        way: Sequence ids of the edges that the drive still has to drive.
        started: Ids of the actions that were started, in order.
        driven: Sequence ids of all nodes that were reached.
    """

    def __init__(self, theta: float = 0.0) -> None:
        self.vehicle = Vehicle(VehicleId('agv_001'), vehicle_class(), lane(), MapId('lane'))
        self.state = AgvState(last_node_id=NodeId('n0'))
        self.header = HEADER
        self.theta = theta
        self.way: list[int] = []
        self.started: list[str] = []
        self.driven: list[int] = []
        self.moving = False

    def send(self, event: Event) -> list[Command]:
        """Let an event happen."""
        self.state, commands = advance(self.vehicle, self.state, event, 10.0)
        for command in commands:
            self._do(command)
        return commands

    def _do(self, command: Command) -> None:
        if isinstance(command, Drive):
            self.way += [edge.sequence_id for edge in command.edges]
        elif isinstance(command, Halt):
            self.way = self.way[: int(self.moving)]
        elif isinstance(command, StartAction):
            self.started.append(command.action.action_id)

    def order(self, order: Order) -> list[Command]:
        """Let an order arrive."""
        x = 2.0 * int(self.state.last_node_id[1:])
        return self.send(OrderReceived(order, Pose(x, 0.0, self.theta, self.state.last_node_id)))

    def instant(self, action_type: str, action_id: str, **parameters: str) -> list[Command]:
        """Let an instant action arrive."""
        pairs = tuple(ActionParameter(key, value) for key, value in parameters.items())
        action = Action(action_type, ActionId(action_id), BlockingType.NONE, pairs)
        return self.send(InstantActionsReceived(InstantActions(HEADER, (action,))))

    def pass_node(self) -> None:
        """Drive on by one edge, without a stop if there is more way."""
        if not self.way:
            self.stop()
            return
        sequence = self.way.pop(0) + 1
        self.moving = True
        self.driven.append(sequence)
        self.send(NodeReached(sequence))
        if not self.way:
            self.stop()

    def stop(self) -> None:
        """Come to rest."""
        self.moving = False
        if self.state.driving:
            self.send(Stopped())

    def drive(self) -> None:
        """Drive until the drive has no way left."""
        while self.way:
            self.pass_node()
        self.stop()

    def status(self, action_id: str) -> ActionStatus:
        """Return how far an action of the order is."""
        return next(t.status for t in self.state.tasks if t.action.action_id == action_id)

    def instant_status(self, action_id: str) -> ActionStatus:
        """Return how far an instant action is."""
        return next(t.status for t in self.state.instant if t.action.action_id == action_id)

    def report(self) -> State:
        """Return the reported state."""
        power = PowerSupply(0.5, charging=False)
        seen = Observation(0.0, 0.0, 0.0, 0.0, 0.0, self.state.driving, 0.0, power, ())
        return report(self.vehicle, self.state, seen, HEADER)
