# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What people have closed and slowed, by edge: from the ids of edges, nodes and zones.

A node stands for the edges into it (who is there may leave), a zone for all edges that touch it.
Ids that the plant does not have stand for nothing; `unknown_ids` names them.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from linehaul_floor.geometry import BoolArray, FloatArray, IntArray
from linehaul_floor.zones import zone_elements

from linehaul_floor import EdgeId, NodeId, Plant, VehicleClass, ZoneId


def edges_of(plant: Plant, name: str) -> IntArray:
    """Return the edges that the id of an edge, node or zone stands for."""
    roadmap = plant.roadmap
    edge, node = roadmap.edge_index.get(EdgeId(name)), roadmap.node_index.get(NodeId(name))
    zone = plant.zones.get(ZoneId(name))
    if edge is not None:
        return np.array([edge], np.int32)
    if node is not None:
        return np.asarray(roadmap.edges_into(node))
    if zone is not None:
        elements = zone_elements(roadmap, zone)
        return np.asarray(elements[elements >= roadmap.node_count] - roadmap.node_count)
    return np.zeros(0, np.int32)


def blocked_edges(plant: Plant, closed: Iterable[str]) -> BoolArray:
    """Return (E,) edges that nobody may enter while the ids `closed` are closed."""
    blocked = np.zeros(plant.roadmap.edge_count, np.bool_)
    for name in closed:
        blocked[edges_of(plant, name)] = True
    return blocked


def speed_limits(plant: Plant, limits: Mapping[str, float]) -> FloatArray:
    """Return (E,) the speed [m/s] that is allowed by the roadmap and by people.

    Args:
        plant: the plant.
        limits: speed [m/s] by id; the lowest counts. One that is not above 0 stops everybody.
    """
    speed = np.array(plant.roadmap.speed, np.float64)
    for name, limit in limits.items():
        edges = edges_of(plant, name)
        if not np.isnan(limit):
            speed[edges] = np.minimum(speed[edges], max(limit, 0.0))
    return speed


def slower(plant: Plant, kind: VehicleClass, limits: Mapping[str, float]) -> FloatArray:
    """Return (E,) how many times longer a vehicle class takes; infinite where it may not go."""
    before = np.minimum(plant.roadmap.speed, kind.max_speed)
    now = np.minimum(speed_limits(plant, limits), kind.max_speed)
    return np.asarray(np.divide(before, now, out=np.full(now.size, np.inf), where=now > 0.0))


def unknown_ids(plant: Plant, names: Iterable[str]) -> list[str]:
    """Return the ids that name no edge, node or zone of the plant."""
    known = (plant.roadmap.edge_index, plant.roadmap.node_index, plant.zones)
    return [name for name in names if not any(name in ids for ids in known)]
