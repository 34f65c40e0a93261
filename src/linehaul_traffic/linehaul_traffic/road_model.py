# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The road model: what planners on the roadmap need to know, as arrays for compiled kernels.

Times come from the real speed profile. A vehicle passes a node rolling, at the allowed speed, or
stands there: to turn in place, to change between forward and reverse, or to wait. Standing costs
`down` on the edge before (braking) and `up` on the edge after (speeding up); on an edge shorter
than both ramps this is a little longer than the truth, never shorter.

A vehicle must have the right to an edge before it begins to brake for the node in front of it.
So the claim on an edge begins `lead` before the edge is entered: braking time and reaction time
when it is entered rolling, reaction time alone when from rest.

Elements are nodes 0..N-1 and edges N..N+E-1 as in the conflict table, and besides them the poses
N+E..N+2E-1: standing at the end of an edge as one comes. A node's space is that of a vehicle that
turns there; who only passes needs no more than the pose. On lanes side by side this is the
difference between a long vehicle that takes its lane and one that takes both.
"""

import functools
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from linehaul_floor.geometry import STRAIGHT, BoolArray, FloatArray, IntArray, wrap_angles
from linehaul_floor.route_graph import route_graph, travel_time, turn_time

from linehaul_floor import ConflictTable, Roadmap, VehicleClass
from linehaul_traffic.road_poses import stack

REACTION = 0.5
"""[s] from a decision to grant an edge until the vehicle acts on it."""
SLOWEST = 0.01
"""[m/s] lowest speed limit that counts."""
ROLL = -1.0
"""In place of a turning time: the vehicle need not stand at this node."""


class RoadArrays(NamedTuple):
    """C vehicle classes, K = 2 C motions (class c empty: 2 c, loaded: 2 c + 1), M elements.

    Attributes:
        nodes: N.
        poses: N + E, the first of the poses; M = N + 2 E.
        rows, row: conflicts; elements in conflict with element x of class a, for a vehicle of
            class b: row[rows[a, b, x]:rows[a, b, x + 1]], rows (C, C, M + 1).
        start, end: (E,) nodes of each edge.
        run: (K, E) seconds at the allowed speed, infinite where the class may not go.
        up, down: (K, E) seconds lost by speeding up on, by braking at the end of an edge.
        next_indptr, next_edge: which edges may follow an edge, CSR.
        next_turn: (C, S) seconds to stand and turn between the two, or ROLL.
        lead_roll, lead_rest: (K,) seconds from claim to entry, rolling and from rest.
    """

    nodes: int
    poses: int
    rows: np.ndarray
    row: np.ndarray
    start: np.ndarray
    end: np.ndarray
    run: np.ndarray
    up: np.ndarray
    down: np.ndarray
    next_indptr: np.ndarray
    next_edge: np.ndarray
    next_turn: np.ndarray
    lead_roll: np.ndarray
    lead_rest: np.ndarray


class RoadModel:
    """A roadmap with its vehicle classes, compiled for planning.

    Args:
        roadmap: the roadmap.
        conflicts: a conflict table for each ordered pair of class names.
        classes: the vehicle classes; one that is left out drives at the limits of the edges,
            stops at once and turns in no time.
    """

    def __init__(
        self,
        roadmap: Roadmap,
        conflicts: Mapping[tuple[str, str], ConflictTable],
        classes: Mapping[str, VehicleClass] | None = None,
    ) -> None:
        self.roadmap = roadmap
        self.names = tuple(sorted({name for pair in conflicts for name in pair}))
        self.number = {name: k for k, name in enumerate(self.names)}
        self.classes = tuple((classes or {}).get(name) for name in self.names)
        rows, row = stack(roadmap, self.names, conflicts, self.classes)
        graph = route_graph(roadmap, None)
        first = np.repeat(np.arange(roadmap.edge_count), np.diff(graph.next_indptr)).astype(
            np.int32
        )
        motions = [m for c in self.classes for m in _motions(roadmap, c)]
        self.arrays = RoadArrays(
            nodes=roadmap.node_count,
            poses=roadmap.node_count + roadmap.edge_count,
            rows=rows,
            row=row,
            start=np.array(roadmap.edge_start),
            end=np.array(roadmap.edge_end),
            run=np.array([m[0] for m in motions]),
            up=np.array([m[1] for m in motions]),
            down=np.array([m[2] for m in motions]),
            next_indptr=np.array(graph.next_indptr),
            next_edge=np.array(graph.next_edge),
            next_turn=np.array([turns(roadmap, c, first, graph.next_edge) for c in self.classes]),
            lead_roll=np.array([m[3] + REACTION for m in motions]),
            lead_rest=np.full(len(motions), REACTION),
        )

    def limit(self, speed: FloatArray) -> None:
        """Let vehicles go no faster than (E,) speeds [m/s], nor than the roadmap allows.

        Times of `arrays` change in place. A speed below SLOWEST counts as that; what is not to
        be used at all is to be closed.
        """
        allowed = np.minimum(self.roadmap.speed, np.maximum(speed, SLOWEST))
        slowed = replace(self.roadmap, speed=allowed)
        motions = [m for c in self.classes for m in _motions.__wrapped__(slowed, c)]
        for array, column in ((self.arrays.run, 0), (self.arrays.up, 1), (self.arrays.down, 2)):
            array[:] = [m[column] for m in motions]

    def slower(self) -> FloatArray:
        """Return (K, E) how many times longer edges take than without `limit`; 1 if unusable."""
        free = np.array([m[0] for c in self.classes for m in _motions(self.roadmap, c)])
        usable = np.isfinite(free)
        return np.asarray(np.divide(self.arrays.run, free, out=np.ones_like(free), where=usable))

    def first_turns(
        self, class_number: int, edges: IntArray, heading: float | None, node: int
    ) -> FloatArray:
        """Return seconds to turn towards each edge that leaves a node, inf where it may not turn.

        Args:
            class_number: whose turning counts.
            edges: (m,) edges that leave the node.
            heading: yaw [rad] of the vehicle, None if it does not matter.
            node: where it stands.
        """
        if heading is None or not math.isfinite(heading):
            return np.zeros(len(edges))
        angle = np.abs(wrap_angles(self.roadmap.vehicle_heading[edges] - heading))
        time = np.asarray(turn_time(self.classes[class_number], angle))
        may = (angle <= 2.0 * STRAIGHT) | self.roadmap.node_turn[node]
        return np.where(may, time, np.inf)


def both(vehicle_class: VehicleClass | None) -> tuple[VehicleClass | None, VehicleClass | None]:
    """Return a class as it drives empty, and as it drives loaded."""
    if vehicle_class is None:
        return None, None
    return vehicle_class, replace(vehicle_class, max_speed=vehicle_class.max_speed_loaded)


def turns(
    roadmap: Roadmap, vehicle_class: VehicleClass | None, first: IntArray, second: IntArray
) -> FloatArray:
    """Return (m,) seconds to stand between two edges while turning, or ROLL."""
    body, travel = roadmap.vehicle_heading, roadmap.travel_heading
    angle = np.abs(wrap_angles(body[second] - body[first]))
    flip = _reverse(body, travel)[first] != _reverse(body, travel)[second]
    stands = (angle > STRAIGHT) | flip
    return np.where(stands, turn_time(vehicle_class, angle), ROLL)


def _reverse(body: FloatArray, travel: FloatArray) -> BoolArray:
    return np.asarray(np.cos(body - travel) < 0.0)


@functools.lru_cache(maxsize=32)
def _motions(
    roadmap: Roadmap, vehicle_class: VehicleClass | None
) -> list[tuple[FloatArray, FloatArray, FloatArray, float]]:
    """Return (run, up, down, braking time at top speed) of a class, empty and loaded."""
    run = travel_time(roadmap, vehicle_class)
    if vehicle_class is None:
        zero = np.zeros(roadmap.edge_count)
        return [(run, zero, zero, 0.0)] * 2
    motions = []
    for top in (vehicle_class.max_speed, vehicle_class.max_speed_loaded):
        speed = np.minimum(roadmap.speed, top)
        time = np.where(np.isfinite(run), roadmap.length / speed, np.inf)
        up = speed / (2.0 * vehicle_class.acceleration)
        down = speed / (2.0 * vehicle_class.deceleration)
        motions.append((time, up, down, top / (2.0 * vehicle_class.deceleration)))
    return motions
