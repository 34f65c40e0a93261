# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Shortest-time routes for one vehicle, and tables of them for many queries.

Times are those of a vehicle alone on the floor: full allowed speed, turning time, and the time
lost by stopping where it turns or changes between forward and reverse. Who else is on the floor
is for linehaul_traffic to decide.
"""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linehaul_floor.errors import RouteInputError
from linehaul_floor.geometry import STRAIGHT, BoolArray, FloatArray, IntArray, wrap_angles
from linehaul_floor.plant import VehicleClass
from linehaul_floor.roadmap import Roadmap
from linehaul_floor.route_graph import (
    RouteGraph,
    cost_to_go,
    landmarks,
    route_graph,
    turn_time,
)
from linehaul_floor.route_kernels import descend, search


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A way over the roadmap: nodes (k,), edges (k-1,), time [s] under the cost factors."""

    nodes: IntArray
    edges: IntArray
    time: float


def shortest_route(
    roadmap: Roadmap,
    source_node: int,
    target_node: int,
    *,
    heading: float | None = None,
    vehicle_class: VehicleClass | None = None,
    cost: npt.ArrayLike | None = None,
    blocked: npt.ArrayLike | None = None,
) -> Route | None:
    """Return the quickest route, or None where there is no way.

    For many queries under the same costs a RouteTable is quicker.

    Args:
        roadmap: the lanes.
        source_node: where the vehicle is.
        target_node: where it is to go.
        heading: yaw [rad] of the vehicle at the source; left out, any first edge is free to take.
        vehicle_class: whose speed, turning and permissions count; left out, the edges' speed
            limits count, turning is free and all edges are open.
        cost: (E,) factors above 0 on the edge times.
        blocked: (E,) closed edges.

    Raises:
        RouteInputError: a node or an array that does not fit the roadmap.
    """
    graph = route_graph(roadmap, vehicle_class)
    _check_nodes(roadmap, source_node, target_node)
    time, scale = _times(graph, cost, blocked)
    if source_node == target_node:
        return _stay(source_node)
    seeds, before = _first_edges(graph, source_node, heading)
    path, total = _search(graph, time, scale, seeds, before, target_node)
    return None if path is None else _route(roadmap, path, total)


class RouteTable:
    """Routes of one vehicle class under fixed costs; rows of cost-to-go are kept for goals.

    row(goal)[e] is the time [s] from the beginning of edge e to the goal, infinite where there
    is no way. The least recently used row goes when there are more than `capacity`.
    """

    def __init__(
        self,
        roadmap: Roadmap,
        vehicle_class: VehicleClass | None = None,
        *,
        cost: npt.ArrayLike | None = None,
        blocked: npt.ArrayLike | None = None,
        capacity: int = 1024,
    ) -> None:
        """Keep the costs; see shortest_route for the arguments."""
        self.roadmap = roadmap
        self.graph = route_graph(roadmap, vehicle_class)
        self._time, _ = _times(self.graph, cost, blocked)
        self._capacity = max(1, capacity)
        self._rows: OrderedDict[int, FloatArray] = OrderedDict()
        self._path = np.empty(max(1, roadmap.edge_count), np.int32)

    def row(self, goal: int) -> FloatArray:
        """Return (E,) seconds from the beginning of each edge to the goal node, read-only."""
        row = self._rows.get(goal)
        if row is None:
            _check_nodes(self.roadmap, goal)
            row = cost_to_go(self.graph, goal, self._time)
            row.setflags(write=False)
            self._rows[goal] = row
            if len(self._rows) > self._capacity:
                self._rows.popitem(last=False)
        else:
            self._rows.move_to_end(goal)
        return row

    def time(self, source: int, goal: int, heading: float | None = None) -> float:
        """Return the least time [s] between two nodes, infinite where there is no way."""
        _check_nodes(self.roadmap, source, goal)
        return 0.0 if source == goal else self._start(source, goal, heading)[1]

    def times(self, goal: int) -> FloatArray:
        """Return (N,) least time [s] from every node to the goal, any heading."""
        roadmap = self.roadmap
        least = np.full(roadmap.node_count, np.inf)
        np.minimum.at(least, roadmap.edge_start, self.row(goal))
        least[goal] = 0.0
        return least

    def route(self, source: int, goal: int, heading: float | None = None) -> Route | None:
        """Return the quickest route, or None where there is no way."""
        _check_nodes(self.roadmap, source, goal)
        if source == goal:
            return _stay(source)
        first, total = self._start(source, goal, heading)
        if not np.isfinite(total):
            return None
        graph = self.graph
        count = descend(
            graph.successors, self.row(goal), self.roadmap.edge_end, goal, first, self._path
        )
        return _route(self.roadmap, self._path[:count].copy(), total)

    def _start(self, source: int, goal: int, heading: float | None) -> tuple[int, float]:
        """Return the best first edge and the whole time from it."""
        seeds, before = _first_edges(self.graph, source, heading)
        if not seeds.size:
            return -1, float('inf')
        total = before + self.row(goal)[seeds]
        best = int(np.argmin(total))
        return int(seeds[best]), float(total[best])


def _first_edges(
    graph: RouteGraph, source: int, heading: float | None
) -> tuple[IntArray, FloatArray]:
    """Return the edges a vehicle can begin with, and the time to turn towards each."""
    roadmap = graph.roadmap
    edges = roadmap.edges_from(source)
    if heading is None:
        return edges, np.zeros(edges.size)
    angle = np.abs(wrap_angles(roadmap.vehicle_heading[edges] - heading))
    if not roadmap.node_turn[source]:
        keep = angle <= STRAIGHT
        edges, angle = edges[keep], angle[keep]
    return edges, turn_time(graph.vehicle_class, angle)


def _times(
    graph: RouteGraph, cost: npt.ArrayLike | None, blocked: npt.ArrayLike | None
) -> tuple[FloatArray, float]:
    """Return (E,) edge times with factors and closures, and the smallest factor (at most 1)."""
    time, scale = graph.time, 1.0
    if cost is not None:
        factors = np.asarray(cost, dtype=float)
        if factors.shape != time.shape or not (factors > 0.0).all():
            raise RouteInputError(
                f'cost needs {time.shape} factors above 0, found shape {factors.shape}'
                f' and smallest {factors.min() if factors.size else "none"}'
            )
        time, scale = time * factors, min(1.0, float(factors.min()))
    if blocked is not None:
        closed: BoolArray = np.asarray(blocked, dtype=bool)
        if closed.shape != time.shape:
            raise RouteInputError(f'blocked needs shape {time.shape}, found {closed.shape}')
        time = np.where(closed, np.inf, time)
    return time, scale


def _search(
    graph: RouteGraph,
    time: FloatArray,
    scale: float,
    seeds: IntArray,
    before: FloatArray,
    goal: int,
) -> tuple[IntArray | None, float]:
    """Return the edges and the time of the quickest route, or None."""
    into = graph.roadmap.edges_into(goal)
    if not into.size or not seeds.size:
        return None, float('inf')
    marks, work = landmarks(graph), _workspace(graph)
    terminal = work.terminal
    terminal[into] = 2
    work.stamp += 2
    last, _ = search(
        graph.successors,
        time,
        terminal,
        into,
        seeds,
        before,
        (marks.onward, marks.back),
        scale * (1.0 - 1e-6),  # the bounds are float32
        (work.time, work.bound, work.before, work.state, work.keys, work.items),
        work.stamp,
    )
    terminal[into] = graph.terminal[into]
    if last < 0:
        return None, float('inf')
    return work.path(last), float(work.time[last])


class _Workspace:
    """Room for one search at a time, kept between searches."""

    def __init__(self, graph: RouteGraph) -> None:
        edges = graph.time.size
        room = edges + graph.next_edge.size + 1
        self.terminal = graph.terminal.astype(np.int8)
        self.time = np.empty(edges)
        self.bound = np.empty(edges)
        self.before = np.empty(edges, np.int32)
        self.state = np.zeros(edges, np.int64)
        self.keys = np.empty(room)
        self.items = np.empty(room, np.int32)
        self.stamp = 0

    def path(self, last: int) -> IntArray:
        """Return the edges that lead to the last one."""
        edges = [last]
        while self.before[edges[-1]] >= 0:
            edges.append(int(self.before[edges[-1]]))
        return np.array(edges[::-1], np.int32)


_workspaces: OrderedDict[RouteGraph, _Workspace] = OrderedDict()


def _workspace(graph: RouteGraph) -> _Workspace:
    work = _workspaces.get(graph)
    if work is None:
        work = _workspaces[graph] = _Workspace(graph)
        if len(_workspaces) > 16:
            _workspaces.popitem(last=False)
    return work


def _check_nodes(roadmap: Roadmap, *nodes: int) -> None:
    for node in nodes:
        if not 0 <= node < roadmap.node_count:
            raise RouteInputError(f'node {node} is not within 0..{roadmap.node_count - 1}')


def _stay(node: int) -> Route:
    return Route(np.array([node], np.int32), np.empty(0, np.int32), 0.0)


def _route(roadmap: Roadmap, edges: IntArray, time: float) -> Route:
    nodes = np.concatenate([roadmap.edge_start[edges[:1]], roadmap.edge_end[edges]])
    return Route(nodes.astype(np.int32), edges, time)
