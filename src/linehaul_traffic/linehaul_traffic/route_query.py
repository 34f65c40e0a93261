# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The quickest way for one vehicle over the roadmap as it is now: what `compute_route` answers.

Start and goal are a place, a node, or a pose on the map. A pose off the nodes begins on the lane
that a vehicle with this heading drives there, and goes on to the lane's end; as a goal it means
the nearest node, because vehicles stop at nodes. Nobody else's way is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from math import isfinite

import numpy as np
from linehaul_floor.geometry import BoolArray, FloatArray, wrap_angles

from linehaul_floor import (
    ClassId,
    NodeId,
    PlaceId,
    Plant,
    Route,
    VehicleClass,
    shortest_route,
)
from linehaul_traffic.road_state import blocked_edges, slower, speed_limits

AT_NODE = 0.5  # [m] a pose nearer than this to a node is at the node
ALIGNED = np.radians(60.0)  # a vehicle drives a lane whose heading is not farther from its own


class Code(IntEnum):
    """Why there is no route; the numbers are those of ErrorCode.msg (a test holds them equal)."""

    INVALID_ARGUMENT = 3
    ROUTE_UNKNOWN_START = 400
    ROUTE_UNKNOWN_GOAL = 401
    ROUTE_OFF_THE_ROADMAP = 402
    ROUTE_NONE = 403
    ROUTE_UNKNOWN_CLASS = 404


@dataclass(frozen=True, slots=True)
class Refusal:
    """An expected 'no': the code, and what was found, wanted, and where."""

    code: Code
    text: str


@dataclass(frozen=True, slots=True)
class AtPlace:
    """At a place of the plant."""

    id: PlaceId


@dataclass(frozen=True, slots=True)
class AtNode:
    """At a node of the roadmap."""

    id: NodeId


@dataclass(frozen=True, slots=True)
class AtPose:
    """At x, y [m] on the map; yaw [rad], None where any will do."""

    x: float
    y: float
    yaw: float | None


Spot = AtPlace | AtNode | AtPose


@dataclass(frozen=True, slots=True)
class Query:
    """From where to where, for which class (empty: the plant's first), loaded or not."""

    vehicle_class: ClassId
    loaded: bool
    start: Spot
    goal: Spot


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A route.

    Args:
        xy, yaw: (K, 2) [m] and (K,) [rad], the vehicle's body along the way.
        nodes, edges: (k,) and (k - 1,) roadmap indices.
        time: [s] alone on the floor, from rest to rest.
        length: [m].
    """

    xy: FloatArray
    yaw: FloatArray
    nodes: tuple[int, ...]
    edges: tuple[int, ...]
    time: float
    length: float


@dataclass(frozen=True, slots=True)
class _Start:
    """Where the route begins: a node, the yaw there, and what is driven before it."""

    node: int
    yaw: float | None
    point: tuple[float, float] | None = None
    edge: int | None = None


class Router:
    """Answers queries on one plant.

    Args:
        plant: the plant.
        reach: how far [m] from the roadmap a pose may be.
        spacing: distance [m] of the points of an answer; 0 gives the nodes alone.
    """

    def __init__(self, plant: Plant, reach: float = 2.0, spacing: float = 0.0) -> None:
        self._plant = plant
        self._roadmap = plant.roadmap
        self._reach = reach
        self._spacing = spacing
        # The routes' tables are kept for each object, so a loaded class must stay the same one.
        self._loaded: Mapping[ClassId, VehicleClass] = {
            name: replace(kind, max_speed=min(kind.max_speed, kind.max_speed_loaded))
            for name, kind in plant.classes.items()
        }

    def answer(
        self,
        query: Query,
        closed: Iterable[str] = (),
        limits: Mapping[str, float] | None = None,
    ) -> Answer | Refusal:
        """Return the quickest route.

        Args:
            query: what is asked.
            closed: ids of edges, nodes and zones that are closed now; unknown ones are ignored.
            limits: speed limits [m/s] set by people, by id of an edge, node or zone.
        """
        name = query.vehicle_class or next(iter(self._plant.classes))
        kinds = self._loaded if query.loaded else self._plant.classes
        if name not in kinds:
            known = ', '.join(sorted(kinds))
            text = f'vehicle class {name[:60]!r} is unknown; the plant has {known}'
            return Refusal(Code.ROUTE_UNKNOWN_CLASS, text)
        kind = kinds[name]
        start = self._start(query.start, kind)
        goal = self._goal(query.goal)
        if isinstance(start, Refusal):
            return start
        if isinstance(goal, Refusal):
            return goal
        closed, limits = tuple(closed), limits or {}
        factor = slower(self._plant, kind, limits)
        blocked = blocked_edges(self._plant, closed) | np.isinf(factor)
        factor = np.where(np.isinf(factor), 1.0, factor)
        route = self._route(start, goal, kind, blocked, factor if limits else None)
        if route is None:
            shut = (*closed, *(name for name, limit in limits.items() if limit <= 0.0))
            return self._none(start, goal, kind, shut)
        speed = np.minimum(speed_limits(self._plant, limits), kind.max_speed)
        return self._answer(start, route, kind, speed)

    # Where it begins and ends.

    def _start(self, spot: Spot, kind: VehicleClass) -> _Start | Refusal:
        match spot:
            case AtPlace(name):
                place = self._plant.places.get(name)
                if place is None:
                    return self._unknown(Code.ROUTE_UNKNOWN_START, 'start', 'place', name)
                return _Start(place.node, place.heading)
            case AtNode(name):
                node = self._roadmap.node_index.get(name)
                if node is None:
                    return self._unknown(Code.ROUTE_UNKNOWN_START, 'start', 'node', name)
                return _Start(node, None)
            case AtPose():
                return self._start_at_pose(spot, kind)

    def _start_at_pose(self, pose: AtPose, kind: VehicleClass) -> _Start | Refusal:
        here = np.array([pose.x, pose.y])
        wrong = _not_finite('start_pose', pose)
        if wrong is not None:
            return wrong
        node, gap = self._nearest_node(here)
        point = (pose.x, pose.y)
        if gap <= AT_NODE:
            return _Start(node, pose.yaw, point)
        edge, distance = self._nearest_edge(here, pose.yaw, kind)
        if distance <= self._reach:
            end = int(self._roadmap.edge_end[edge])
            return _Start(end, float(self._roadmap.vehicle_heading[edge]), point, edge)
        if gap <= self._reach:
            return _Start(node, pose.yaw, point)
        return self._off('start_pose', pose, node, gap)

    def _goal(self, spot: Spot) -> int | Refusal:
        match spot:
            case AtPlace(name):
                place = self._plant.places.get(name)
                if place is None:
                    return self._unknown(Code.ROUTE_UNKNOWN_GOAL, 'goal', 'place', name)
                return place.node
            case AtNode(name):
                index = self._roadmap.node_index.get(name)
                if index is None:
                    return self._unknown(Code.ROUTE_UNKNOWN_GOAL, 'goal', 'node', name)
                return index
            case AtPose():
                wrong = _not_finite('goal_pose', spot)
                if wrong is not None:
                    return wrong
                node, gap = self._nearest_node(np.array([spot.x, spot.y]))
                return node if gap <= self._reach else self._off('goal_pose', spot, node, gap)

    def _unknown(self, code: Code, end: str, what: str, name: str) -> Refusal:
        return Refusal(code, f'{end}_id: {self._plant.name} has no {what} {name[:60]!r}')

    def _off(self, field: str, pose: AtPose, node: int, gap: float) -> Refusal:
        text = (
            f'{field}: ({pose.x:.2f}, {pose.y:.2f}) is {gap:.2f} m from the nearest node, '
            f'{self._roadmap.node_ids[node]}; at most {self._reach:g} m are allowed'
        )
        return Refusal(Code.ROUTE_OFF_THE_ROADMAP, text)

    def _nearest_node(self, here: FloatArray) -> tuple[int, float]:
        gaps = np.hypot(*(self._roadmap.xy - here).T)
        node = int(gaps.argmin())
        return node, float(gaps[node])

    def _nearest_edge(
        self, here: FloatArray, yaw: float | None, kind: VehicleClass
    ) -> tuple[int, float]:
        """Return the edge a vehicle with this yaw drives here, and how far [m] it is."""
        roadmap = self._roadmap
        start, end = roadmap.xy[roadmap.edge_start], roadmap.xy[roadmap.edge_end]
        way = end - start
        part = ((here - start) * way).sum(axis=1) / np.maximum(roadmap.length**2, 1e-12)
        foot = start + np.clip(part, 0.0, 1.0)[:, None] * way
        gaps = np.hypot(*(foot - here).T)
        gaps[~roadmap.edges_for(kind.id)] = np.inf
        if yaw is not None:
            gaps[np.abs(wrap_angles(roadmap.vehicle_heading - yaw)) > ALIGNED] = np.inf
        edge = int(gaps.argmin())
        return edge, float(gaps[edge])

    # The way between.

    def _route(
        self,
        start: _Start,
        goal: int,
        kind: VehicleClass,
        blocked: BoolArray,
        factor: FloatArray | None = None,
    ) -> Route | None:
        return shortest_route(
            self._roadmap,
            start.node,
            goal,
            heading=start.yaw,
            vehicle_class=kind,
            cost=factor,
            blocked=blocked if blocked.any() else None,
        )

    def _none(
        self, start: _Start, goal: int, kind: VehicleClass, closed: tuple[str, ...]
    ) -> Refusal:
        ids = self._roadmap.node_ids
        text = f'no way leads from {ids[start.node]} to {ids[goal]} for class {kind.id}'
        open_road = np.zeros(self._roadmap.edge_count, np.bool_)
        if closed and self._route(start, goal, kind, open_road) is not None:
            text += f' while these are closed: {", ".join(closed[:8])}'
            text += f' and {len(closed) - 8} more' if len(closed) > 8 else ''
        elif self._route(replace(start, yaw=None), goal, kind, open_road) is not None:
            text += f' that stands there with yaw {start.yaw:.2f} and cannot turn'
        return Refusal(Code.ROUTE_NONE, text)

    def _answer(
        self, start: _Start, route: Route, kind: VehicleClass, allowed: FloatArray
    ) -> Answer:
        roadmap, edges = self._roadmap, route.edges
        driven = edges if start.edge is None else np.concatenate([[start.edge], edges])
        points = [roadmap.xy[node] for node in route.nodes]
        before = 0.0
        if start.point is not None and start.edge is not None:
            points.insert(0, np.array(start.point))
            before = float(np.hypot(*(points[1] - points[0])))
        yaws = roadmap.vehicle_heading[driven]
        speed = np.where(allowed > 0.0, allowed, roadmap.speed)[driven]
        time = route.time + (before / float(speed[0]) if before else 0.0)
        if len(driven):  # from rest, and to rest again
            time += speed[0] / (2.0 * kind.acceleration) + speed[-1] / (2.0 * kind.deceleration)
        xy, yaw = _sampled(np.array(points), yaws, start.yaw or 0.0, self._spacing)
        return Answer(
            xy=xy,
            yaw=yaw,
            nodes=tuple(route.nodes.tolist()),
            edges=tuple(edges.tolist()),
            time=float(time),
            length=before + float(roadmap.length[edges].sum()),
        )


def _not_finite(field: str, pose: AtPose) -> Refusal | None:
    values = (pose.x, pose.y, 0.0 if pose.yaw is None else pose.yaw)
    if all(isfinite(value) for value in values):
        return None
    return Refusal(Code.INVALID_ARGUMENT, f'{field}: found {values}, wanted finite numbers')


def _sampled(
    points: FloatArray, yaws: FloatArray, alone: float, spacing: float
) -> tuple[FloatArray, FloatArray]:
    """Return points at most `spacing` apart, each with the yaw of the stretch that it begins."""
    if not len(yaws):
        return points, np.full(len(points), alone)
    xy, yaw = [], []
    for start, end, heading in zip(points[:-1], points[1:], yaws, strict=True):
        length = float(np.hypot(*(end - start)))
        count = max(1, int(np.ceil(length / spacing - 1e-9))) if spacing > 0 else 1
        xy.append(start + np.arange(count)[:, None] / count * (end - start))
        yaw.append(np.full(count, heading))
    return np.concatenate([*xy, points[-1:]]), np.concatenate([*yaw, yaws[-1:]])
