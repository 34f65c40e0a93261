# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""From lanes, lane pairs and bays to the nodes and edges of the roadmap.

Lanes that pass the same point share the node there. A pair is two parallel one-way lanes for
right-hand traffic: the first runs along the path, the second runs back on its left; crossovers
join the two. A bay is a spur off a lane node; its end is the rest position of a place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from linehaul_floor.errors import Problem
from linehaul_floor.geometry import FloatArray
from linehaul_floor.roadmap import Roadmap, make_roadmap

_GRID = 1000.0  # points closer than a millimetre are one


@dataclass(frozen=True, slots=True, eq=False)
class LaneSpec:
    """A lane along a polyline (K, 2) [m] with a node about every pitch [m]."""

    id: str
    path: FloatArray
    pitch: float
    two_way: bool
    speed: float
    classes: int
    where: str


@dataclass(frozen=True, slots=True, eq=False)
class PairSpec:
    """Two one-way lanes, gap [m] apart, joined at every crossovers-th node (0: nowhere)."""

    id: str
    path: FloatArray
    pitch: float
    gap: float
    crossovers: int
    speed: float
    classes: int
    where: str


@dataclass(frozen=True, slots=True, eq=False)
class BaySpec:
    """A spur from the lane node `at` by the vector `spur` [m].

    turn_inside: the vehicle turns round in the bay and leaves forward; else it backs out.
    """

    id: str
    at: FloatArray
    spur: FloatArray
    turn_inside: bool
    speed: float
    classes: int
    where: str


@dataclass(frozen=True, slots=True)
class _Edge:
    start: int
    end: int
    speed: float
    classes: int
    reverse: bool
    crossover: bool


@dataclass(slots=True)
class Network:
    """Nodes and edges while they are being laid out, and the problems met."""

    problems: list[Problem]
    names: list[str] = field(default_factory=list)
    points: list[tuple[float, float]] = field(default_factory=list)
    at: dict[tuple[int, int], int] = field(default_factory=dict)
    edges: dict[tuple[int, int], _Edge] = field(default_factory=dict)
    bays: dict[str, tuple[int, int]] = field(default_factory=dict)
    turning_bays: set[int] = field(default_factory=set)

    def node(self, name: str, point: FloatArray) -> int:
        """Return the node at a point, made with this name if there is none."""
        key = _key(point)
        if key not in self.at:
            self.at[key] = len(self.names)
            self.names.append(name)
            self.points.append((float(point[0]), float(point[1])))
        return self.at[key]

    def add_edge(self, edge: _Edge, where: str) -> None:
        """Add a directed edge; lanes come before crossovers and win over them."""
        key = (edge.start, edge.end)
        if edge.start == edge.end:
            if not edge.crossover:
                name = self.names[edge.start]
                self.problems.append(
                    Problem(
                        'empty_lane', where, f'a piece of no length at {name}', 'remove the point'
                    )
                )
        elif key not in self.edges:
            self.edges[key] = edge
        elif not edge.crossover:
            names = f'{self.names[edge.start]} and {self.names[edge.end]}'
            self.problems.append(
                Problem(
                    'duplicate_lane', where, f'a lane from {names} exists already', 'draw it once'
                )
            )

    def add_lane(self, lane: LaneSpec) -> None:
        """Lay out one lane."""
        nodes = self._lay(lane.id, _divide(lane.path, lane.pitch))
        for start, end in pairwise(nodes):
            self.add_edge(_Edge(start, end, lane.speed, lane.classes, False, False), lane.where)
            if lane.two_way:
                self.add_edge(
                    _Edge(end, start, lane.speed, lane.classes, False, False), lane.where
                )

    def add_pair(self, pair: PairSpec) -> list[tuple[int, int, PairSpec]]:
        """Lay out both lanes of a pair; return what is still to be joined both ways.

        These are the crossovers, and the last piece of each lane at both ends of the pair: so a
        vehicle that stands at an end cuts nobody off.
        """
        ahead = _divide(pair.path, pair.pitch)
        along = pair.path[-1] - pair.path[0]
        left = np.array([-along[1], along[0]]) / np.hypot(*along)
        there = self._lay(pair.id, ahead)
        back = self._lay(f'{pair.id}_r', (ahead + pair.gap * left).round(6))
        for start, end in pairwise(there):
            self.add_edge(_Edge(start, end, pair.speed, pair.classes, False, False), pair.where)
        for end, start in pairwise(back):
            self.add_edge(_Edge(start, end, pair.speed, pair.classes, False, False), pair.where)
        if not pair.crossovers:
            return []
        joined = list(zip(there, back, strict=True))[:: pair.crossovers]
        joined += [(lane[i], lane[i + 1]) for lane in (there, back) for i in (0, -2)]
        return [(a, b, pair) for a, b in joined]

    def add_crossover(self, first: int, second: int, pair: PairSpec) -> None:
        """Join two nodes both ways, unless another lane's node is between them."""
        if self._between(first, second):
            return
        for start, end in ((first, second), (second, first)):
            self.add_edge(_Edge(start, end, pair.speed, pair.classes, False, True), pair.where)

    def _between(self, first: int, second: int) -> bool:
        points = np.array(self.points)
        start, along = points[first], points[second] - points[first]
        length = float(np.hypot(*along))
        if length == 0.0:
            return False
        ahead = (points - start) @ along / length
        aside = np.abs((points - start) @ np.array([-along[1], along[0]])) / length
        tolerance = 1.0 / _GRID
        inner = (ahead > tolerance) & (ahead < length - tolerance) & (aside < tolerance)
        return bool(inner.any())

    def add_bay(self, bay: BaySpec) -> None:
        """Hang a bay on its lane node."""
        junction = self.at.get(_key(bay.at))
        if junction is None or junction in {rest for rest, _ in self.bays.values()}:
            self._no_lane(bay)
            return
        point = bay.at + bay.spur
        if np.hypot(*bay.spur) < 1.0 / _GRID or _key(point) in self.at:
            where = f'({point[0]:g}, {point[1]:g})'
            self.problems.append(
                Problem(
                    'bay_taken',
                    bay.where,
                    f'its rest position {where} is already a node',
                    'move it',
                )
            )
            return
        rest = self.node(bay.id, point)
        self.bays[bay.id] = (rest, junction)
        self.add_edge(_Edge(junction, rest, bay.speed, bay.classes, False, False), bay.where)
        self.add_edge(
            _Edge(rest, junction, bay.speed, bay.classes, not bay.turn_inside, False), bay.where
        )
        if bay.turn_inside:
            self.turning_bays.add(rest)

    def roadmap(self, class_ids: Sequence[str]) -> Roadmap:
        """Return the finished roadmap."""
        edges = list(self.edges.values())
        bay = np.zeros(len(self.names), bool)
        bay[[rest for rest, _ in self.bays.values()]] = True
        roadmap = self._make(edges, bay, class_ids, None)
        if not self.turning_bays:
            return roadmap
        turn = roadmap.node_turn.copy()
        turn[list(self.turning_bays)] = True
        return self._make(edges, bay, class_ids, turn)

    def _make(
        self,
        edges: list[_Edge],
        bay: np.ndarray,
        class_ids: Sequence[str],
        turn: np.ndarray | None,
    ) -> Roadmap:
        return make_roadmap(
            self.names,
            np.array(self.points, dtype=float).reshape(-1, 2),
            [f'{self.names[e.start]}-{self.names[e.end]}' for e in edges],
            np.array([e.start for e in edges], np.int32),
            np.array([e.end for e in edges], np.int32),
            np.array([e.speed for e in edges], float),
            np.array([e.reverse for e in edges], bool),
            class_ids=class_ids,
            edge_classes=np.array([e.classes for e in edges], np.int32),
            node_bay=bay,
            node_turn=turn,
        )

    def _lay(self, name: str, points: FloatArray) -> list[int]:
        return [self.node(f'{name}_{k:03d}', point) for k, point in enumerate(points)]

    def _no_lane(self, bay: BaySpec) -> None:
        found = f'there is no lane node at ({bay.at[0]:g}, {bay.at[1]:g})'
        remedy = 'hang the bay on a node of a lane'
        if self.points:
            points = np.array(self.points)
            nearest = int(np.argmin(np.hypot(*(points - bay.at).T)))
            x, y = self.points[nearest]
            remedy += f'; the nearest is {self.names[nearest]} at ({x:g}, {y:g})'
        self.problems.append(Problem('bay_off_lane', bay.where, found, remedy))


def lay_out(
    lanes: Sequence[LaneSpec],
    pairs: Sequence[PairSpec],
    bays: Sequence[BaySpec],
    problems: list[Problem],
) -> Network:
    """Return the network of lanes, then crossovers, then bays; problems are appended."""
    network = Network(problems)
    for lane in lanes:
        network.add_lane(lane)
    crossovers = [entry for pair in pairs for entry in network.add_pair(pair)]
    for first, second, pair in crossovers:
        network.add_crossover(first, second, pair)
    for bay in bays:
        network.add_bay(bay)
    return network


def _divide(path: FloatArray, pitch: float) -> FloatArray:
    """Return the points (M, 2) along a polyline, each segment cut into equal pieces."""
    pieces = [path[:1]]
    for start, end in pairwise(path):
        count = max(1, round(float(np.hypot(*(end - start))) / pitch))
        fraction = np.arange(1, count + 1)[:, None] / count
        pieces.append(start + fraction * (end - start))
    return np.concatenate(pieces).round(6)


def _key(point: FloatArray) -> tuple[int, int]:
    return round(float(point[0]) * _GRID), round(float(point[1]) * _GRID)
