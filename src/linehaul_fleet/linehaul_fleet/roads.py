# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Roads that people have closed or slowed: which edges that concerns, and what follows.

Nothing is granted over a closed edge, ways lead round it, and an order that was released over it
is taken back. Slowed edges take longer in plans and expected times, and carry their limit in every
order that is sent from then on; what a vehicle has been released before keeps its speed.
"""

from dataclasses import replace
from math import inf

import numpy as np
from linehaul_floor.zones import zone_elements

from linehaul_fleet.acts import RoadLimited, RoadState
from linehaul_fleet.model import Vehicle
from linehaul_fleet.situation import Situation
from linehaul_floor import Plant, RouteTable
from linehaul_vda5050 import Order


def edges_of(plant: Plant, element_id: str) -> list[int] | None:
    """Return the edges of an edge, node or zone id; None where the plant has no such id."""
    roadmap = plant.roadmap
    if element_id in roadmap.edge_index:
        return [roadmap.edge_index[element_id]]  # type: ignore[index]
    if element_id in roadmap.node_index:
        node = roadmap.node_index[element_id]  # type: ignore[index]
        touched = (roadmap.edge_start == node) | (roadmap.edge_end == node)
        return [int(edge) for edge in np.flatnonzero(touched)]
    if element_id in plant.zones:
        elements = zone_elements(roadmap, plant.zones[element_id])  # type: ignore[index]
        n = roadmap.node_count
        return [int(element) - n for element in elements if element >= n]
    return None


def apply_limits(s: Situation) -> None:
    """Let planner and grants obey the roads as they are now; cheap where nothing has changed."""
    closed = np.zeros(s.plant.roadmap.edge_count, bool)
    before, s.slow = s.slow, {}
    for limit in s.model.control.limits.values():
        for edge in edges_of(s.plant, limit.element_id) or ():
            if limit.state is RoadState.CLOSED:
                closed[edge] = True
            else:
                s.slow[edge] = min(limit.speed, s.slow.get(edge, inf))
    if s.slow != before:
        speed = np.full(closed.size, inf)
        speed[list(s.slow)] = list(s.slow.values())
        s.planner.limit(speed)
    if (closed == s.graph.closed).all():
        return
    s.planner.close(closed)
    s.routes = {
        class_id: RouteTable(s.plant.roadmap, vehicle_class, blocked=closed)
        for class_id, vehicle_class in s.plant.classes.items()
    }


def slowed(s: Situation, order: Order) -> Order:
    """Return an order with the speed limits of slowed edges in it."""
    if not s.slow:
        return order
    index = s.plant.roadmap.edge_index
    edges = tuple(
        replace(edge, maximum_speed=min(limit, edge.maximum_speed or inf))
        if (limit := s.slow.get(index[edge.edge_id])) is not None  # type: ignore[index]
        else edge
        for edge in order.edges
    )
    return replace(order, edges=edges)


def leads_over_closed(s: Situation, vehicle: Vehicle) -> bool:
    """Return whether a vehicle's way ahead is closed; the edge it is on does not count."""
    if vehicle.leg is None or not s.graph.closed.any() or not s.on_floor(vehicle.id):
        return False
    path, reached, _ = s.graph.path(vehicle.id)
    driving = vehicle.state is not None and vehicle.state.driving
    ahead = list(path.edges[reached + int(driving) :])
    return bool(s.graph.closed[ahead].any())


def limit_text(limit: RoadLimited) -> str:
    """Return a limit as one line for people."""
    what = {RoadState.CLOSED: 'closed', RoadState.OPEN: 'open'}.get(
        limit.state, f'limited to {limit.speed:g} m/s'
    )
    return f'{limit.element_id} {what}' + (f': {limit.reason}' if limit.reason else '')
