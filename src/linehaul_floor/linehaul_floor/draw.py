# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Lays out the picture of a floor: building, lanes with arrows, places, lines, legend, scale."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from linehaul_floor.draw_traffic import Sighting, draw_vehicles, draw_ways, legend_traffic
from linehaul_floor.geometry import FloatArray, at_poses, rectangle
from linehaul_floor.page import Page
from linehaul_floor.plant import Place, PlaceKind, Plant, SolidKind
from linehaul_floor.scene import Polygon, Polyline, Scene, Text, box, text_width

_INK, _SOFT = '#1f2933', '#6b7785'
_AREAS = {
    'storage': '#e8eff8',
    'production': '#eef5ea',
    'traffic': '#f1f1ee',
    'shipping': '#fbf0e2',
    'service': '#f3eef8',
    'other': '#f4f4f2',
}
_SOLIDS = {
    SolidKind.WALL: ('#4a5561', None),
    SolidKind.RACK: ('#a9c3e2', '#7197c4'),
    SolidKind.MACHINE: ('#c9d3c4', '#94a38c'),
    SolidKind.OBSTACLE: ('#d8d2c8', '#b0a898'),
}
PLACE_COLORS = {
    PlaceKind.STATION: '#15803d',
    PlaceKind.WAREHOUSE_PORT: '#1d4ed8',
    PlaceKind.CHAIN_PORT: '#9333ea',
    PlaceKind.CHARGER: '#d97706',
    PlaceKind.PARKING: '#8a94a0',
}
_ROAD, _LANE, _CROSS, _CHAIN, _VEHICLE = '#dfe4ea', '#46566b', '#bcc6d1', '#a855f7', '#f05a1a'
_KIND_NAMES = {
    PlaceKind.STATION: 'Line station',
    PlaceKind.WAREHOUSE_PORT: 'Warehouse port',
    PlaceKind.CHAIN_PORT: 'Chain port',
    PlaceKind.CHARGER: 'Charger',
    PlaceKind.PARKING: 'Parking',
}
_BAY = rectangle(-0.75, -0.55, 0.75, 0.55)


def draw_plant(plant: Plant, sightings: Sequence[Sighting] | None = None) -> Scene:
    """Return the picture of a plant.

    Args:
        plant: the plant.
        sightings: vehicles as they are now; left out, the fleet of the plant file stands at home.
    """
    page = Page(plant)
    scene = Scene(page.width, page.height)
    _floor(scene, page, plant)
    _roads(scene, page, plant)
    _solids(scene, page, plant)
    _lanes(scene, page, plant)
    _places(scene, page, plant)
    _chains(scene, page, plant)
    if sightings is None:
        _vehicles(scene, page, plant)
    else:
        draw_ways(scene, page, sightings)
        draw_vehicles(scene, page, plant, sightings)
    _labels(scene, page, plant)
    _title(scene, page, plant)
    _legend(scene, page, plant, sightings is not None)
    return scene


def _floor(scene: Scene, page: Page, plant: Plant) -> None:
    scene.add(Polygon(box(0, 0, page.width, page.height), '#ffffff'))
    scene.add(Polygon(page.at(rectangle(0, 0, *plant.size)), '#fafaf8', '#4a5561', 2.0))
    for area in plant.areas:
        scene.add(Polygon(page.at(area.outline), _AREAS[area.use]))


def _roads(scene: Scene, page: Page, plant: Plant) -> None:
    roadmap = plant.roadmap
    lanes = np.flatnonzero(
        ~(roadmap.node_bay[roadmap.edge_start] | roadmap.node_bay[roadmap.edge_end])
    )
    wide = roadmap.length[lanes] > 3.0
    for group, width in ((lanes[~wide], 2.0), (lanes[wide], 4.2)):
        for start, end in _runs(plant, group):
            along = (end - start) / math.dist(start, end)
            square = np.array([start - along, end + along])
            scene.add(Polyline(page.at(square), _ROAD, page.line(width)))


def _runs(plant: Plant, edges: Any) -> list[tuple[FloatArray, FloatArray]]:
    """Return the edges joined to long straight pieces, whatever their direction."""
    roadmap = plant.roadmap
    spans: dict[tuple[float, float], list[tuple[float, float]]] = {}
    for edge in edges:
        heading = round(float(roadmap.travel_heading[edge]) % math.pi, 4) % round(math.pi, 4)
        along, across = _axes(heading)
        ends = roadmap.xy[[roadmap.edge_start[edge], roadmap.edge_end[edge]]]
        low, high = sorted((ends @ along).tolist())
        spans.setdefault((heading, round(float(ends[0] @ across), 3)), []).append((low, high))
    runs = []
    for (heading, offset), pieces in spans.items():
        along, across = _axes(heading)
        for low, high in _joined(pieces):
            runs.append((low * along + offset * across, high * along + offset * across))
    return runs


def _axes(heading: float) -> tuple[FloatArray, FloatArray]:
    cos, sin = math.cos(heading), math.sin(heading)
    return np.array([cos, sin]), np.array([-sin, cos])


def _joined(pieces: list[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for low, high in sorted(pieces):
        if joined and low <= joined[-1][1] + 1e-3:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return joined


def _solids(scene: Scene, page: Page, plant: Plant) -> None:
    for solid in plant.solids:
        fill, stroke = _SOLIDS[solid.kind]
        scene.add(Polygon(page.at(solid.outline), fill, stroke))
    for aisle in plant.crane_aisles:
        scene.add(Polyline(page.at(aisle.path), '#e0527a', page.line(0.15, 1.2), (8.0, 5.0)))


def _lanes(scene: Scene, page: Page, plant: Plant) -> None:
    """Draw one-way lanes dark with arrows, what can be driven both ways light."""
    roadmap = plant.roadmap
    pairs = {(int(s), int(e)) for s, e in zip(roadmap.edge_start, roadmap.edge_end, strict=True)}
    bay = roadmap.node_bay[roadmap.edge_start] | roadmap.node_bay[roadmap.edge_end]
    back = np.array(
        [(e, s) in pairs for s, e in zip(roadmap.edge_start, roadmap.edge_end, strict=True)]
    )
    one_way = np.flatnonzero(~bay & ~back)
    for run in _runs(plant, np.flatnonzero(~bay & back)):
        scene.add(Polyline(page.at(np.array(run)), _CROSS, page.line(0.05, 0.8)))
    for run in _runs(plant, one_way):
        scene.add(Polyline(page.at(np.array(run)), _LANE, page.line(0.08, 1.0)))
    for edge in _arrow_edges(plant, one_way, 70.0 / page.scale):
        scene.add(_arrow(page, plant, edge))


def _arrow_edges(plant: Plant, edges: Any, spacing: float) -> list[int]:
    """Return edges that carry an arrow, no two of one direction nearer than the spacing [m]."""
    roadmap, chosen, cells = plant.roadmap, [], set()
    for edge in edges:
        middle = roadmap.xy[[roadmap.edge_start[edge], roadmap.edge_end[edge]]].mean(axis=0)
        heading = float(roadmap.travel_heading[edge])
        along = np.array([math.cos(heading), math.sin(heading)])
        across = float(middle @ np.array([-along[1], along[0]]))
        cell = (round(heading, 2), round(across, 1), math.floor(float(middle @ along) / spacing))
        if cell not in cells:
            cells.add(cell)
            chosen.append(int(edge))
    return chosen


def _arrow(page: Page, plant: Plant, edge: int) -> Polygon:
    roadmap = plant.roadmap
    middle = roadmap.xy[[roadmap.edge_start[edge], roadmap.edge_end[edge]]].mean(axis=0)
    size = max(5.0 / page.scale, 0.28)
    head = size * np.array([[1.0, 0.0], [-0.8, 0.75], [-0.4, 0.0], [-0.8, -0.75]])
    points = at_poses(head, middle[None], roadmap.travel_heading[edge : edge + 1])[0]
    return Polygon(page.at(points), _LANE)


def _places(scene: Scene, page: Page, plant: Plant) -> None:
    xy = plant.roadmap.xy
    for place in plant.places.values():
        color = PLACE_COLORS[place.kind]
        ends = page.at(xy[[place.junction, place.node]])
        scene.add(Polyline(ends, color, page.line(0.06, 0.8)))
        points = at_poses(_BAY, xy[place.node][None], np.array([place.heading]))[0]
        scene.add(Polygon(page.at(points), color, '#ffffff', 0.6))


def _chains(scene: Scene, page: Page, plant: Plant) -> None:
    for chain in plant.chains:
        path = np.concatenate([chain.path, chain.path[:1]]) if chain.closed else chain.path
        scene.add(Polyline(page.at(path), _CHAIN, page.line(0.3, 1.8), (12.0, 6.0)))


def _vehicles(scene: Scene, page: Page, plant: Plant) -> None:
    for spawn in plant.fleet:
        place = plant.places[spawn.place]
        outline = plant.classes[spawn.vehicle_class].footprint
        xy = plant.roadmap.xy[place.node][None]
        points = at_poses(outline, xy, np.array([place.heading]))[0]
        scene.add(Polygon(page.at(points), _VEHICLE, '#ffffff', 0.6))


def _labels(scene: Scene, page: Page, plant: Plant) -> None:
    for area in plant.areas:
        spot = area.label or (area.outline[:, 0].min(), area.outline[:, 1].max())
        x, y = page.at(np.array([spot]))[0]
        if area.label is None:
            x, y = x + 0.5 * page.medium, y + 0.9 * page.medium
        scene.add(Text(x, y, area.name, page.medium, _INK, bold=True))
    for solid in plant.solids:
        middle = page.at(solid.outline).mean(axis=0)
        span = np.ptp(page.at(solid.outline), axis=0)
        fits = text_width(solid.name, page.medium) < span[0] and span[1] > 2.0 * page.medium
        if solid.kind is not SolidKind.WALL and fits:
            scene.add(Text(middle[0], middle[1], solid.name, page.medium, '#3f4a3c', 'middle'))
    for place in _roomy(plant, page):
        scene.add(_place_label(plant, page, place))


def _place_label(plant: Plant, page: Page, place: Place) -> Text:
    """Return the name of a place before its bay, or above where the building ends there."""
    forward = np.array([math.cos(place.heading), math.sin(place.heading)])
    here = plant.roadmap.xy[place.node]
    length = text_width(place.id, page.small) / page.scale
    tip = here + (1.2 + length) * forward
    color = PLACE_COLORS[place.kind]
    if abs(forward[0]) < 0.5:
        side = math.copysign(0.65 * page.small, -forward[1])
        x, y = page.at((here + 0.9 * forward)[None])[0] + [0.0, side]
        return Text(x, y, place.id, page.small, color, 'middle')
    if not 0.4 < tip[0] < plant.size[0] - 0.4:
        x, y = page.at(here[None])[0] - [0.0, 0.65 * page.scale + 0.5 * page.small]
        return Text(x, y, place.id, page.small, color, 'middle')
    x, y = page.at((here + 0.9 * forward)[None])[0]
    return Text(x, y, place.id, page.small, color, 'start' if forward[0] > 0 else 'end')


def _roomy(plant: Plant, page: Page) -> list[Place]:
    """Return the places whose names stay clear of their neighbours' names."""
    places = list(plant.places.values())
    xy = plant.roadmap.xy[[place.node for place in places]] * page.scale
    chosen = []
    for index, place in enumerate(places):
        sideways = abs(math.cos(place.heading)) > 0.5
        gap = np.abs(xy - xy[index])
        across, along = (gap[:, 1], gap[:, 0]) if sideways else (gap[:, 0], gap[:, 1])
        label = page.small if sideways else text_width(place.id, page.small)
        near = (across < label) & (along < 3.0 * page.small)
        if near.sum() == 1:
            chosen.append(place)
    return chosen


def _title(scene: Scene, page: Page, plant: Plant) -> None:
    roadmap = plant.roadmap
    x, y = plant.size
    facts = (
        f'{plant.name} · {x:g} x {y:g} m · {roadmap.node_count:,} nodes,'
        f' {roadmap.edge_count:,} edges · {len(plant.places)} places · {len(plant.fleet)} vehicles'
    )
    scene.add(Text(page.left, 42.0, plant.title, 34.0, _INK, bold=True))
    scene.add(Text(page.left, 80.0, facts, 18.0, _SOFT))


def _legend(scene: Scene, page: Page, plant: Plant, live: bool) -> None:
    x, y = page.left, page.top + page.floor_height + 42.0
    present = {place.kind for place in plant.places.values()}
    for kind, name in _KIND_NAMES.items():
        if kind in present:
            scene.add(Polygon(box(x, y - 7, 22, 14), PLACE_COLORS[kind]))
            x = _legend_text(scene, x + 30, y, name)
    if live:
        legend_traffic(scene, x, y)
    else:
        scene.add(Polygon(box(x, y - 7, 22, 14), _VEHICLE))
        _legend_text(scene, x + 30, y, 'Vehicle at home')
    x, y = page.left, y + 38.0
    rows: list[tuple[str, str, tuple[float, ...]]] = [
        ('One-way lane', _LANE, ()),
        ('Both ways, crossover', _CROSS, ()),
    ]
    rows += [('Overhead chain', _CHAIN, (12.0, 6.0))] if plant.chains else []
    rows += [('Crane aisle', '#e0527a', (8.0, 5.0))] if plant.crane_aisles else []
    for name, color, dash in rows:
        scene.add(Polyline(np.array([[x, y], [x + 34, y]]), color, 2.5, dash))
        x = _legend_text(scene, x + 44, y, name)
    for solid, name in ((SolidKind.RACK, 'Rack'), (SolidKind.MACHINE, 'Line, machine')):
        fill, stroke = _SOLIDS[solid]
        scene.add(Polygon(box(x, y - 8, 24, 16), fill, stroke))
        x = _legend_text(scene, x + 32, y, name)
    _scale_bar(scene, page, plant)


def _legend_text(scene: Scene, x: float, y: float, name: str) -> float:
    scene.add(Text(x, y, name, 16.0, _INK))
    return x + text_width(name, 16.0) + 26.0


def _scale_bar(scene: Scene, page: Page, plant: Plant) -> None:
    length = 5.0 if plant.size[0] < 100.0 else 50.0
    right, y = page.width - page.left, page.top + page.floor_height + 48.0
    pixels = length * page.scale
    for part in range(5):
        color = _INK if part % 2 == 0 else '#ffffff'
        x = right - pixels + part * pixels / 5
        scene.add(Polygon(box(x, y, pixels / 5, 9), color, _INK))
    scene.add(Text(right - pixels, y + 24, '0', 15.0, _INK, 'middle'))
    scene.add(Text(right, y + 24, f'{length:g} m', 15.0, _INK, 'middle'))
    north = right - pixels - 60.0
    arrow = np.array([[0, -26], [9, 10], [0, 3], [-9, 10]], dtype=float)
    scene.add(Polygon(arrow + np.array([north, y + 4]), _INK))
    scene.add(Text(north, y + 26, 'N', 16.0, _INK, 'middle', bold=True))
