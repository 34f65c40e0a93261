# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Judges whether a vehicle can drive the way of an order on its roadmap."""

import math
from collections.abc import Sequence

from linehaul_agv.vehicle import Vehicle
from linehaul_floor import EdgeId, NodeId
from linehaul_vda5050 import Edge, Node, OrientationType, error_types

STRAIGHT = math.radians(0.5) + 1e-6
"""Change of heading [rad] that needs no turn in place."""

Problem = tuple[str, str]


def turn_between(before: float, after: float) -> float:
    """Return the size of the turn from one heading to another, 0 to pi [rad]."""
    return abs(math.remainder(after - before, 2 * math.pi))


def route_problem(
    vehicle: Vehicle, heading: float, nodes: Sequence[Node], edges: Sequence[Edge]
) -> Problem | None:
    """Find what keeps a vehicle from driving a way.

    Args:
        vehicle: Who drives.
        heading: Yaw of the body at the first node [rad].
        nodes: Nodes of the order, the first is where it begins.
        edges: Edges between them.

    Returns:
        VDA 5050 error type and text of the first problem; None where there is none.
    """
    roadmap = vehicle.roadmap
    if NodeId(nodes[0].node_id) not in roadmap.node_index:
        return error_types.NODE_UNREACHABLE, f'node {nodes[0].node_id!r} is not on the roadmap'
    for index, edge in enumerate(edges):
        problem = _edge_problem(vehicle, heading, nodes[index], edge, nodes[index + 1])
        if problem is not None:
            return problem
        heading = float(roadmap.vehicle_heading[roadmap.edge_index[EdgeId(edge.edge_id)]])
    return None


def _edge_problem(
    vehicle: Vehicle, heading: float, start: Node, edge: Edge, end: Node
) -> Problem | None:
    roadmap = vehicle.roadmap
    row = roadmap.edge_index.get(EdgeId(edge.edge_id))
    if row is None:
        return error_types.NODE_UNREACHABLE, f'edge {edge.edge_id!r} is not on the roadmap'
    ends = (roadmap.edge_start[row], roadmap.edge_end[row])
    names = tuple(roadmap.node_ids[node] for node in ends)
    if names != (start.node_id, end.node_id):
        text = f'edge {edge.edge_id!r} leads from {names[0]!r} to {names[1]!r}'
        return error_types.NODE_UNREACHABLE, f'{text}, not {start.node_id!r} to {end.node_id!r}'
    class_id = vehicle.vehicle_class.id
    if class_id in roadmap.class_ids and not roadmap.edges_for(class_id)[row]:
        return error_types.NODE_UNREACHABLE, f'class {class_id!r} may not use {edge.edge_id!r}'
    body, travel = float(roadmap.vehicle_heading[row]), float(roadmap.travel_heading[row])
    turned = turn_between(heading, body) > STRAIGHT
    if turned and not roadmap.node_turn[roadmap.node_index[NodeId(start.node_id)]]:
        text = f'{edge.edge_id!r} needs a turn at {start.node_id!r}, where none is allowed'
        return error_types.NODE_UNREACHABLE, text
    if turn_between(body, travel) > 0.1 and not vehicle.vehicle_class.can_reverse:
        return error_types.NODE_UNREACHABLE, f'{edge.edge_id!r} is driven in reverse'
    return _orientation_problem(edge, body, travel)


def _orientation_problem(edge: Edge, body: float, travel: float) -> Problem | None:
    if edge.trajectory is not None:
        return error_types.UNSUPPORTED_PARAMETER, f'{edge.edge_id!r} has a trajectory'
    if edge.orientation is None:
        return None
    tangential = edge.orientation_type is not OrientationType.GLOBAL
    wanted = edge.orientation + travel if tangential else edge.orientation
    if turn_between(wanted, body) > 0.1:
        text = f'{edge.edge_id!r} is driven with heading {body:.3f}, not {wanted:.3f}'
        return error_types.UNSUPPORTED_PARAMETER, text
    return None


def heading_after(vehicle: Vehicle, edges: Sequence[Edge], yaw: float) -> float:
    """Return the heading of the body at the end of a way; the present yaw where it is empty."""
    if not edges:
        return yaw
    return float(
        vehicle.roadmap.vehicle_heading[vehicle.roadmap.edge_index[EdgeId(edges[-1].edge_id)]]
    )
