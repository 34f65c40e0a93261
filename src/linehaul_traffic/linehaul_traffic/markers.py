# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What RViz shows, as plain shapes: the roadmap once, and vehicles, ways and waits as they are.

Metres in the map frame, colours as red, green, blue, alpha in 0..1. `convert.py` makes markers
of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt
from linehaul_floor.draw import PLACE_COLORS
from linehaul_floor.geometry import FloatArray, at_poses, rectangle

from linehaul_floor import EdgeId, NodeId, PlaceId, Plant, Roadmap, ZoneKind
from linehaul_traffic.replay.frames import Frame, Vehicle
from linehaul_traffic.replay.run import COLORS, WAITING, Mood, mood_of


class Kind(Enum):
    """How the points of a shape are read."""

    LINES = 'lines'  # each pair of points
    TRIANGLES = 'triangles'  # each three points
    BALLS = 'balls'  # each point
    TEXT = 'text'  # at the one point


Color = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One shape.

    Args:
        layer: name by which people switch it on and off.
        kind: how points are read.
        points: (K, 3) [m].
        color: of all of it.
        size: width of lines, diameter of balls, height of text [m].
        colors: (K, 4) of each point, or none.
        text: for TEXT.
    """

    layer: str
    kind: Kind
    points: FloatArray
    color: Color
    size: float = 0.1
    colors: FloatArray = field(default_factory=lambda: np.empty((0, 4)))
    text: str = ''


def rgba(text: str, alpha: float = 1.0) -> Color:
    """Return a colour written as #rrggbb."""
    red, green, blue = (int(text[k : k + 2], 16) / 255.0 for k in (1, 3, 5))
    return red, green, blue, alpha


_LANE, _BOTH, _CHAIN = rgba('#46566b'), rgba('#9aa7b5'), rgba('#a855f7', 0.7)
_ZONES = {
    ZoneKind.ONE_WAY: rgba('#2563eb'),
    ZoneKind.SPEED: rgba('#d97706'),
    ZoneKind.NO_GO: rgba('#dc2626'),
    ZoneKind.SINGLE_VEHICLE: rgba('#7c3aed'),
    ZoneKind.RELEASE: rgba('#0f766e'),
}
_ARROW = np.array([[0.28, 0.0], [-0.22, 0.2], [-0.22, -0.2]])
_BAY = rectangle(-0.75, -0.55, 0.75, 0.55)
_INK = rgba('#1f2933')
_LANE_Z, _PLANNED_Z, _RELEASED_Z, _VEHICLE_Z, _TEXT_Z = 0.01, 0.04, 0.06, 0.12, 0.9


# The roadmap.


def roadmap_shapes(plant: Plant) -> list[Shape]:
    """Return what does not change: lanes, places, zones and chains."""
    return [
        *_lanes(plant.roadmap),
        *_places(plant),
        *_zones(plant),
        *(
            Shape('chains', Kind.LINES, _strip(_closed(c.path, c.closed), c.height), _CHAIN, 0.15)
            for c in plant.chains
        ),
    ]


def _lanes(roadmap: Roadmap) -> Iterator[Shape]:
    ends = np.stack([roadmap.xy[roadmap.edge_start], roadmap.xy[roadmap.edge_end]], axis=1)
    pairs = list(zip(roadmap.edge_start.tolist(), roadmap.edge_end.tolist(), strict=True))
    known = set(pairs)
    back = np.array([(b, a) in known for a, b in pairs], np.bool_)
    bay = roadmap.node_bay[roadmap.edge_start] | roadmap.node_bay[roadmap.edge_end]
    lane = ~bay & ~back
    for layer, chosen, color in (
        ('lanes', lane, _LANE),
        ('crossovers', ~bay & back, _BOTH),
        ('spurs', bay, _BOTH),
    ):
        if chosen.any():
            yield Shape(
                layer, Kind.LINES, raised(ends[chosen].reshape(-1, 2), _LANE_Z), color, 0.06
            )
    if lane.any():
        heads = at_poses(_ARROW, ends[lane].mean(axis=1), roadmap.travel_heading[lane])
        points = raised(heads.reshape(-1, 2), 2 * _LANE_Z)
        yield Shape('directions', Kind.TRIANGLES, points, _LANE)


def _places(plant: Plant) -> Iterator[Shape]:
    for kind, hex_color in PLACE_COLORS.items():
        places = plant.places_of(kind)
        if not places:
            continue
        xy = plant.roadmap.xy[[place.node for place in places]]
        boxes = at_poses(_BAY, xy, np.array([place.heading for place in places]))
        corners = np.concatenate([fan(outline) for outline in boxes])
        color = rgba(hex_color, 0.7)
        yield Shape(f'{kind.name.lower()}s', Kind.TRIANGLES, raised(corners, _LANE_Z), color)
        for place, (x, y) in zip(places, xy, strict=True):
            spot = np.array([[x, y, 0.3]])
            yield Shape('place_names', Kind.TEXT, spot, rgba(hex_color), 0.6, text=place.id)


def _zones(plant: Plant) -> Iterator[Shape]:
    for zone in plant.zones.values():
        points = _strip(_closed(zone.outline, True), _LANE_Z)
        yield Shape('zones', Kind.LINES, points, _ZONES.get(zone.kind, _BOTH), 0.12)


# What moves.


def traffic_shapes(plant: Plant, frame: Frame) -> list[Shape]:
    """Return vehicles, their ways, who waits and what is closed, as of a frame."""
    return [
        *_ways(plant, frame),
        *_vehicles(plant, frame),
        *_waits(frame),
        *_closures(plant.roadmap, frame),
    ]


def _placed(frame: Frame) -> dict[str, Vehicle]:
    """Return the vehicles whose pose is known."""
    return {
        name: vehicle
        for name, vehicle in frame.vehicles.items()
        if np.isfinite([vehicle.x, vehicle.y, vehicle.theta]).all()
    }


def _vehicles(plant: Plant, frame: Frame) -> Iterator[Shape]:
    corners, colors = [np.empty((0, 2))], [np.empty((0, 4))]
    placed = _placed(frame)
    for name, vehicle in placed.items():
        kind = plant.classes.get(vehicle.vehicle_class)
        mood, color = mood_of(vehicle), rgba(COLORS[mood_of(vehicle)])
        outline = _BAY if kind is None else kind.footprint
        if kind is not None and mood is Mood.LOADED:
            outline = kind.loaded_footprint
        here = np.array([[vehicle.x, vehicle.y]])
        body = fan(at_poses(outline, here, np.array([vehicle.theta]))[0])
        corners.append(body)
        colors.append(np.tile(color, (len(body), 1)))
        spot = np.array([[vehicle.x, vehicle.y, _TEXT_Z]])
        yield Shape('vehicle_names', Kind.TEXT, spot, _INK, 0.5, text=name)
    if placed:
        points = raised(np.concatenate(corners), _VEHICLE_Z)
        yield Shape('vehicles', Kind.TRIANGLES, points, (1.0,) * 4, colors=np.concatenate(colors))


def _ways(plant: Plant, frame: Frame) -> Iterator[Shape]:
    roadmap, placed = plant.roadmap, _placed(frame)
    goals: list[FloatArray] = []
    for layer, size, z in (('planned', 0.12, _PLANNED_Z), ('released', 0.35, _RELEASED_Z)):
        pieces, colors = [np.empty((0, 3))], [np.empty((0, 4))]
        for name, way in frame.ways.items():
            if name not in placed:
                continue
            nodes = [roadmap.node_index[n] for n in way.nodes if n in roadmap.node_index]
            released, planned = split_way(placed[name], roadmap.xy[nodes], way.released)
            piece = _strip(released if layer == 'released' else planned, z)
            pieces.append(piece)
            colors.append(np.tile(rgba(COLORS[mood_of(placed[name])], 0.8), (len(piece), 1)))
            place = plant.places.get(PlaceId(way.goal))
            if layer == 'released' and place is not None:
                goals.append(raised(roadmap.xy[[place.node]], 0.3))
        points = np.concatenate(pieces)
        if len(points):
            yield Shape(layer, Kind.LINES, points, (1.0,) * 4, size, np.concatenate(colors))
    if goals:
        yield Shape('goals', Kind.BALLS, np.concatenate(goals), rgba(COLORS[Mood.EMPTY], 0.6), 0.6)


def split_way(vehicle: Vehicle, nodes: FloatArray, released: int) -> tuple[FloatArray, FloatArray]:
    """Return the released (K, 2) and the planned (M, 2) points of a way from a vehicle on."""
    here = np.array([[vehicle.x, vehicle.y]])
    ahead = np.concatenate([here, nodes[1:released]])
    return ahead, nodes[max(released - 1, 0) :]


def _waits(frame: Frame) -> Iterator[Shape]:
    placed = _placed(frame)
    lines = []
    for name, wait in frame.waits.items():
        vehicle, other = placed.get(name), placed.get(wait.waits_for)
        if vehicle is None:
            continue
        if other is not None and other is not vehicle:
            lines += [[vehicle.x, vehicle.y, _TEXT_Z], [other.x, other.y, _VEHICLE_Z]]
        whom = f' for {wait.waits_for}' if wait.waits_for and other is not vehicle else ''
        text = f'waits{whom} at {wait.element}: {wait.reason.value}'
        spot = np.array([[vehicle.x, vehicle.y, 2 * _TEXT_Z]])
        yield Shape('wait_reasons', Kind.TEXT, spot, rgba(WAITING), 0.4, text=text)
    if lines:
        yield Shape('waits', Kind.LINES, np.array(lines), rgba(WAITING), 0.08)


def _closures(roadmap: Roadmap, frame: Frame) -> Iterator[Shape]:
    edges = [roadmap.edge_index.get(EdgeId(name)) for name in frame.closed]
    nodes = [roadmap.node_index.get(NodeId(name)) for name in frame.closed]
    known = [edge for edge in edges if edge is not None]
    if known:
        ends = np.stack([roadmap.edge_start[known], roadmap.edge_end[known]], axis=1).ravel()
        points = raised(roadmap.xy[ends], _RELEASED_Z)
        yield Shape('closed', Kind.LINES, points, rgba(WAITING), 0.5)
    shut = [node for node in nodes if node is not None]
    if shut:
        yield Shape('closed', Kind.BALLS, raised(roadmap.xy[shut], 0.1), rgba(WAITING), 1.0)


# Geometry.


def raised(points: npt.ArrayLike, z: float) -> FloatArray:
    """Return points (K, 2) as (K, 3) at height z."""
    flat = np.asarray(points, np.float64).reshape(-1, 2)
    return np.column_stack([flat, np.full(len(flat), z)])


def fan(outline: FloatArray) -> FloatArray:
    """Return a convex outline (K, 2) as triangles (3 (K - 2), 2)."""
    count = len(outline) - 2
    order = np.stack([np.zeros(count, int), np.arange(1, count + 1), np.arange(2, count + 2)], 1)
    return np.asarray(outline[order.ravel()])


def _closed(path: FloatArray, closed: bool) -> FloatArray:
    return np.concatenate([path, path[:1]]) if closed else path


def _strip(points: FloatArray, z: float) -> FloatArray:
    """Return a polyline (K, 2) as pairs of points (2 (K - 1), 3)."""
    if len(points) < 2:
        return np.empty((0, 3))
    inner: Sequence[int] = np.repeat(np.arange(len(points)), 2)[1:-1].tolist()
    return raised(points[inner], z)
