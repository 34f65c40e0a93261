# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Orders and instant actions: what a fleet sends to a vehicle.

The released prefix of an order is its base, which never changes once sent; the rest is the
horizon, which may change or vanish. A vehicle drives in the base only.
Source: VDA 5050 3.0.0, 6.1 and 7.2. Lengths in metres, angles in radians, speeds in m/s.
"""

from dataclasses import dataclass, field

from linehaul_vda5050.enums import BlockingType, OrientationType
from linehaul_vda5050.header import Header
from linehaul_vda5050.ids import ActionId, EdgeId, MapId, NodeId, OrderId


@dataclass(frozen=True, slots=True)
class ActionParameter:
    """One named argument of an action; parameters.py gives its text a type in JSON."""

    key: str
    value: str = field(metadata={'parameter': True})


@dataclass(frozen=True, slots=True)
class Action:
    """Something a vehicle does on a node, on an edge or at once."""

    action_type: str
    action_id: ActionId
    blocking_type: BlockingType
    action_parameters: tuple[ActionParameter, ...] = ()
    action_descriptor: str = ''
    retriable: bool = False

    def parameter(self, key: str) -> str | None:
        """Return the value of a parameter, None where it is not given."""
        return next((p.value for p in self.action_parameters if p.key == key), None)


@dataclass(frozen=True, slots=True)
class AllowedDeviation:
    """Ellipse round a node in which the node counts as reached: semi-axes [m], angle [rad]."""

    a: float
    b: float
    theta: float = 0.0


@dataclass(frozen=True, slots=True)
class NodePosition:
    """Where a node is: x, y [m], optional heading [rad] with its tolerance [rad], map."""

    x: float
    y: float
    map_id: MapId
    theta: float | None = None
    allowed_deviation_xy: AllowedDeviation | None = field(
        default=None, metadata={'json': 'allowedDeviationXY'}
    )
    allowed_deviation_theta: float | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A place to pass. Nodes carry the even sequence ids."""

    node_id: NodeId
    sequence_id: int
    released: bool
    actions: tuple[Action, ...] = ()
    node_position: NodePosition | None = None
    node_descriptor: str = ''


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """Control point of a NURBS curve: x, y [m], weight above 0."""

    x: float
    y: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A NURBS curve along an edge."""

    control_points: tuple[ControlPoint, ...]
    knot_vector: tuple[float, ...] = ()
    degree: int = 1


@dataclass(frozen=True, slots=True)
class Corridor:
    """Room beside the line of an edge [m], in which a vehicle may drive round things."""

    left_width: float
    right_width: float


@dataclass(frozen=True, slots=True)
class Edge:
    """The way from the node before to the node after. Edges carry the odd sequence ids.

    orientation is the heading of the body on the edge [rad], TANGENTIAL to the way (0 forwards,
    pi in reverse) or GLOBAL on the map; None leaves it to the vehicle.
    """

    edge_id: EdgeId
    sequence_id: int
    released: bool
    actions: tuple[Action, ...] = ()
    maximum_speed: float | None = None
    orientation: float | None = None
    orientation_type: OrientationType = OrientationType.TANGENTIAL
    reach_orientation_before_entering: bool = False
    max_rotation_speed: float | None = None
    length: float | None = None
    trajectory: Trajectory | None = None
    corridor: Corridor | None = None
    edge_descriptor: str = ''


@dataclass(frozen=True, slots=True)
class Order:
    """An order or an order update: nodes and the edges between them."""

    header: Header
    order_id: OrderId
    order_update_id: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    order_description: str = ''

    @property
    def base_nodes(self) -> tuple[Node, ...]:
        """The released nodes, in order."""
        return tuple(node for node in self.nodes if node.released)

    @property
    def content(self) -> tuple[object, ...]:
        """Everything but the header and the free text: equal contents are the same order."""
        return (self.order_id, self.order_update_id, self.nodes, self.edges)


@dataclass(frozen=True, slots=True)
class InstantActions:
    """Actions to be done at once."""

    header: Header
    actions: tuple[Action, ...]
