# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Other goals for vehicles that are under way.

What is granted to a vehicle stays; behind it a new way to the new goal is planned, as `improve`
plans ways anew. Several vehicles change together, so that two can exchange their goals. Either all
of them can go where they are to go, or nothing has changed.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from linehaul_floor import VehicleId
from linehaul_traffic import road_queues as kernels
from linehaul_traffic.execution import ExecutionGraph
from linehaul_traffic.road_planner import HOLD, TrafficPlanner
from linehaul_traffic.road_queues import FREE


def can_redirect(planner: TrafficPlanner, vehicle: VehicleId) -> bool:
    """Return whether a vehicle is under way and the end of its way is not granted yet."""
    q = planner.graph.queues
    v = planner.graph.slot(vehicle)
    return bool(q.granted[v] < q.size[v] - 1)


def redirect(planner: TrafficPlanner, goals: Mapping[VehicleId, int]) -> bool:
    """Give vehicles under way other goals; False: not possible, and nothing has changed.

    Args:
        planner: of the graph on which the vehicles are.
        goals: the new goal node of each vehicle. Nobody else may rest, or be going to rest, there.
    """
    graph = planner.graph
    slots = {graph.slot(vehicle): goal for vehicle, goal in goals.items()}
    if not all(can_redirect(planner, vehicle) for vehicle in goals):
        return False
    if any(_granted_end(graph, v) == goal for v, goal in slots.items()):
        return False  # the vehicle knows what lies behind, and that could not be taken back
    saved = [planner.save(v) for v in slots]
    _withdraw(graph, slots)
    starts = {v: planner.way_start(v) for v in slots}
    for v, start in starts.items():
        graph.queues.size[v] = start.position + 1
        graph.insert(v, max(start.at, graph.now) + HOLD)
    done = all(planner.plan_behind(v, goal, starts[v]) for v, goal in slots.items())
    if not done:
        _withdraw(graph, slots)
        for one in saved:
            planner.put_back(one)
    for v in slots:
        graph.changed(v)
    return done


def _withdraw(graph: ExecutionGraph, slots: Iterable[int]) -> None:
    for v in slots:
        kernels.withdraw(graph.queues, v)


def _granted_end(graph: ExecutionGraph, v: int) -> int:
    return int(graph.queues.node[v, graph.queues.granted[v]])


def free_for(planner: TrafficPlanner, vehicle: VehicleId, goal: int) -> bool:
    """Return whether nobody else rests, or is going to rest, where a vehicle is to go."""
    graph = planner.graph
    other = kernels.rests_on(graph.queues, graph.model.arrays, graph.slot(vehicle), goal)
    return bool(other == FREE)


def congestion(planner: TrafficPlanner) -> tuple[np.ndarray, np.ndarray]:
    """Return how slow the planned ways are, edge by edge.

    Returns:
        (E,) seconds that planned steps take in sum, and (E,) what they would take alone.
    """
    graph = planner.graph
    q, road = graph.queues, graph.model.arrays
    edges, took, alone = [np.empty(0, np.int64)], [np.empty(0)], [np.empty(0)]
    for vehicle in graph.vehicles:
        v = graph.slot(vehicle)
        first, last = int(q.granted[v]), int(q.size[v]) - 1
        if first >= last:
            continue
        mine = q.edge[v, first:last]
        begin = q.reach[v, first:last].copy()
        begin[0] = max(begin[0], q.claim[v, first])  # waiting in a bay is no congestion
        edges.append(mine)
        took.append(np.maximum(q.reach[v, first + 1 : last + 1] - begin, 0.0))
        alone.append(road.run[q.motion[v], mine] + np.maximum(q.turn[v, first:last], 0.0))
    rows, count = np.concatenate(edges), graph.roadmap.edge_count
    planned = np.bincount(rows, np.concatenate(took), count).astype(float)
    return planned, np.bincount(rows, np.concatenate(alone), count).astype(float)


def behind_base(planner: TrafficPlanner, vehicle: VehicleId) -> tuple[int, float]:
    """Return the node behind which a vehicle's way can change, and when it is expected there."""
    graph = planner.graph
    v = graph.slot(vehicle)
    granted = int(graph.queues.granted[v])
    return int(graph.queues.node[v, granted]), float(graph.queues.reach[v, granted])
