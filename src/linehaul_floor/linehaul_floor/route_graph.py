# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The graph that routes are searched on: for one vehicle class, which edge may follow which.

A bay is never passed through: an edge into a bay has no successor.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from linehaul_floor.geometry import STRAIGHT, BoolArray, FloatArray, IntArray, wrap_angles
from linehaul_floor.plant import VehicleClass
from linehaul_floor.roadmap import Roadmap, csr
from linehaul_floor.route_kernels import spread

LANDMARKS = 8


@dataclass(frozen=True, slots=True, eq=False)
class RouteGraph:
    """Edges and what may follow them.

    Attributes:
        time: (E,) seconds at the allowed speed, infinite where the class may not go.
        next_indptr, next_edge, next_turn: successors of each edge and the time [s] between them.
        last_indptr, last_edge, last_turn: predecessors likewise.
        terminal: (E,) the edge ends in a bay.
    """

    roadmap: Roadmap
    vehicle_class: VehicleClass | None
    time: FloatArray
    next_indptr: IntArray
    next_edge: IntArray
    next_turn: FloatArray
    last_indptr: IntArray
    last_edge: IntArray
    last_turn: FloatArray
    terminal: BoolArray

    @property
    def successors(self) -> tuple[IntArray, IntArray, FloatArray]:
        """The CSR of what may follow each edge."""
        return self.next_indptr, self.next_edge, self.next_turn


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Times [s], float32, to and from L far-apart nodes: onward, back (E, L)."""

    onward: np.ndarray
    back: np.ndarray


def travel_time(roadmap: Roadmap, vehicle_class: VehicleClass | None) -> FloatArray:
    """Return (E,) seconds to drive each edge at full allowed speed; infinite where forbidden.

    Without a class, the edges' own limits count and every edge is open.
    """
    if vehicle_class is None:
        return np.asarray(roadmap.length / roadmap.speed)
    time = roadmap.length / np.minimum(roadmap.speed, vehicle_class.max_speed)
    if vehicle_class.id in roadmap.class_ids:
        time = np.where(roadmap.edges_for(vehicle_class.id), time, np.inf)
    if not vehicle_class.can_reverse:
        turned = np.abs(wrap_angles(roadmap.vehicle_heading - roadmap.travel_heading))
        time = np.where(turned > STRAIGHT, np.inf, time)
    return np.asarray(time)


def turn_time(vehicle_class: VehicleClass | None, angle: FloatArray) -> FloatArray:
    """Return seconds to turn in place by angles [rad] of any shape, from rest to rest."""
    if vehicle_class is None:
        return np.zeros_like(angle)
    size = np.abs(wrap_angles(angle))
    rate, gain = vehicle_class.turn_rate, vehicle_class.turn_acceleration
    short = 2.0 * np.sqrt(size / gain)
    return np.where(
        size <= STRAIGHT, 0.0, np.where(size < rate**2 / gain, short, size / rate + rate / gain)
    )


@lru_cache(maxsize=16)
def route_graph(roadmap: Roadmap, vehicle_class: VehicleClass | None = None) -> RouteGraph:
    """Return the graph of a roadmap for a class; made once for each pair of objects."""
    first, second = _pairs(roadmap)
    angle = np.abs(wrap_angles(roadmap.vehicle_heading[second] - roadmap.vehicle_heading[first]))
    flip = _direction_flips(roadmap, first, second)
    stops = (angle > STRAIGHT) | flip
    keep = (angle <= STRAIGHT) | roadmap.node_turn[roadmap.edge_end[first]]
    turn = turn_time(vehicle_class, angle) + np.where(
        stops, _stop(roadmap, vehicle_class, first, second), 0.0
    )
    first, second, turn = first[keep], second[keep], turn[keep]
    next_indptr, next_order = csr(first, roadmap.edge_count)
    last_indptr, last_order = csr(second, roadmap.edge_count)
    return RouteGraph(
        roadmap=roadmap,
        vehicle_class=vehicle_class,
        time=travel_time(roadmap, vehicle_class),
        next_indptr=next_indptr,
        next_edge=second[next_order],
        next_turn=turn[next_order],
        last_indptr=last_indptr,
        last_edge=first[last_order],
        last_turn=turn[last_order],
        terminal=roadmap.node_bay[roadmap.edge_end],
    )


def _pairs(roadmap: Roadmap) -> tuple[IntArray, IntArray]:
    """Return (M,) edges and the (M,) edges that leave where they end, bays excepted."""
    degree = np.diff(roadmap.out_indptr)
    end = roadmap.edge_end
    count = np.where(roadmap.node_bay[end], 0, degree[end])
    first = np.repeat(np.arange(roadmap.edge_count, dtype=np.int32), count)
    offset = np.arange(first.size) - np.repeat(np.cumsum(count) - count, count)
    second = roadmap.out_edges[roadmap.out_indptr[end[first]] + offset]
    return first, np.asarray(second, np.int32)


def _direction_flips(roadmap: Roadmap, first: IntArray, second: IntArray) -> BoolArray:
    """Return (M,) where a vehicle changes between forward and reverse, and so must stop."""
    reverse = np.abs(wrap_angles(roadmap.vehicle_heading - roadmap.travel_heading)) > STRAIGHT
    return np.asarray(reverse[first] != reverse[second])


def _stop(
    roadmap: Roadmap, vehicle_class: VehicleClass | None, first: IntArray, second: IntArray
) -> FloatArray:
    """Return (M,) seconds lost by stopping after one edge and starting on the next."""
    if vehicle_class is None:
        return np.zeros(first.size)
    speed = np.minimum(roadmap.speed, vehicle_class.max_speed)
    braking = speed[first] / (2.0 * vehicle_class.deceleration)
    return np.asarray(braking + speed[second] / (2.0 * vehicle_class.acceleration))


@lru_cache(maxsize=16)
def landmarks(graph: RouteGraph) -> Landmarks:
    """Return times to and from nodes that are far apart, for lower bounds."""
    nodes = _far_apart(graph.roadmap)
    onward = np.zeros((graph.time.size, nodes.size), np.float32)
    back = np.zeros_like(onward)
    time = _lower(graph.time)
    for k, node in enumerate(nodes):
        to_node = cost_to_go(graph, int(node), graph.time)
        onward[:, k] = _lower(to_node) - time
        back[:, k] = _lower(_from_node(graph, int(node)))
    return Landmarks(onward, back)


def cost_to_go(graph: RouteGraph, goal: int, time: FloatArray) -> FloatArray:
    """Return (E,) seconds from the beginning of each edge to the goal node, inf where no way."""
    roadmap = graph.roadmap
    return np.asarray(
        spread(
            graph.last_indptr,
            graph.last_edge,
            graph.last_turn,
            time,
            roadmap.edges_into(goal),
            np.zeros(time.size, np.bool_),
        )
    )


def _from_node(graph: RouteGraph, node: int) -> FloatArray:
    return np.asarray(
        spread(
            graph.next_indptr,
            graph.next_edge,
            graph.next_turn,
            graph.time,
            graph.roadmap.edges_from(node),
            np.zeros(graph.time.size, np.bool_),
        )
    )


def _lower(time: FloatArray) -> np.ndarray:
    """Return float32 with 'no way' as NaN, which never improves a bound."""
    return np.where(np.isfinite(time), time, np.nan).astype(np.float32)


def _far_apart(roadmap: Roadmap) -> IntArray:
    """Return lane nodes chosen farthest first, beginning from the middle of the floor."""
    lane = np.flatnonzero(~roadmap.node_bay)
    points = roadmap.xy[lane]
    distance = np.full(lane.size, math.inf)
    latest = points.mean(axis=0)
    chosen: list[int] = []
    for _ in range(min(LANDMARKS, lane.size)):
        gap = np.hypot(*(points - latest).T)
        distance = np.minimum(distance, gap) if chosen else gap
        chosen.append(int(np.argmax(distance)))
        if len(chosen) == 1:
            distance = np.full(lane.size, math.inf)
        latest = points[chosen[-1]]
    return lane[chosen].astype(np.int32)
