# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Where and when a new way can begin: at rest, or behind what is granted to a vehicle."""

from dataclasses import dataclass, replace

import numpy as np
from linehaul_floor.geometry import FloatArray, IntArray

from linehaul_traffic import road_queues as kernels
from linehaul_traffic.execution import ExecutionGraph
from linehaul_traffic.road_model import ROLL


@dataclass(frozen=True, slots=True)
class Start:
    """Where and when a new way begins.

    position: of the node on the vehicle's path; at: time there [s]; before: edge by which it
    comes, -1 if it stands; rolling: it may go on without stopping; until: when the node must be
    left; edges, turn: what it can begin with, and seconds to stand and turn before, or ROLL.
    """

    position: int
    at: float
    before: int
    rolling: bool
    until: float
    edges: IntArray
    turn: FloatArray


def free_until(graph: ExecutionGraph, v: int, position: int, time: float) -> float:
    """Return when somebody else is going to need the place of a position on v's path."""
    q, road = graph.queues, graph.model.arrays
    return float(kernels.free_until(q, road, v, kernels.element(q, road, v, position, 0), time))


def rest_start(graph: ExecutionGraph, v: int, node: int, heading: float | None) -> Start:
    """Return the start of a vehicle that rests at a node; heading [rad], None if not known."""
    q, roadmap = graph.queues, graph.roadmap
    if heading is None and q.size[v] > 1:
        heading = float(roadmap.vehicle_heading[q.edge[v, q.size[v] - 2]])
    edges = roadmap.edges_from(node)
    turn = graph.model.first_turns(int(q.kind[v]), edges, heading, node)
    may = np.isfinite(turn)
    last = int(q.size[v]) - 1
    return Start(
        position=last,
        at=graph.now,
        before=-1,
        rolling=False,
        until=free_until(graph, v, last, graph.now),
        edges=np.ascontiguousarray(edges[may]),
        turn=turn[may],
    )


def way_start(graph: ExecutionGraph, v: int) -> Start:
    """Return the start behind what is granted to a vehicle under way."""
    q, road = graph.queues, graph.model.arrays
    p = int(q.granted[v])
    node, at = int(q.node[v, p]), float(q.reach[v, p])
    if p == 0:
        start = rest_start(graph, v, node, None)
        if q.size[v] > 1:  # it has a way already, and with it the turn it must begin with
            edges, turn = q.edge[v, :1].copy(), q.turn[v, :1].copy()
            return replace(start, position=0, edges=edges, turn=turn)
        return start
    before = int(q.edge[v, p - 1])
    moving = p > q.reached[v]
    if moving and (p == q.size[v] - 1 or q.turn[v, p] != ROLL):
        at -= float(road.down[q.motion[v], before])
    begin, end = road.next_indptr[before : before + 2]
    return Start(
        position=p,
        at=max(at, graph.now) if not moving else at,
        before=before if moving else -1,
        rolling=moving,
        until=free_until(graph, v, p, at),
        edges=road.next_edge[begin:end],
        turn=road.next_turn[q.kind[v], begin:end],
    )


def renewed(graph: ExecutionGraph, v: int, start: Start) -> Start:
    """Return the start with the time until which its node is free now."""
    until = free_until(graph, v, start.position, min(start.at, graph.now))
    return replace(start, until=until)
