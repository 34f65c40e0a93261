# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Draws vehicles and their ways over the picture of a floor: released full, planned dashed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linehaul_floor.geometry import FloatArray, at_poses
from linehaul_floor.ids import ClassId, VehicleId
from linehaul_floor.page import Page
from linehaul_floor.plant import Plant
from linehaul_floor.scene import Polygon, Polyline, Scene, Text, text_width

_INK = '#1f2933'
LOADED, EMPTY, STANDS = '#c2185b', '#f05a1a', '#7c8794'
LEAST = 16.0  # pixels a vehicle is long, at least


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A vehicle as it is now.

    x, y [m], theta [rad]: floor frame. released, planned: (K, 2) points [m] of its way, planned
    beginning where released ends; empty where it has none.
    """

    id: VehicleId
    vehicle_class: ClassId
    x: float
    y: float
    theta: float
    loaded: bool
    working: bool
    released: FloatArray
    planned: FloatArray

    @property
    def color(self) -> str:
        """How it is drawn: loaded, on its way empty, or with nothing to do."""
        return LOADED if self.loaded else EMPTY if self.working else STANDS


def draw_ways(scene: Scene, page: Page, sightings: Sequence[Sighting]) -> None:
    """Draw the ways, planned parts below released ones."""
    for seen in sightings:
        if len(seen.planned) > 1:
            dash = (page.line(0.8, 8.0), page.line(0.5, 5.0))
            scene.add(Polyline(page.at(seen.planned), seen.color, page.line(0.14, 2.2), dash))
    for seen in sightings:
        if len(seen.released) > 1:
            scene.add(Polyline(page.at(seen.released), seen.color, page.line(0.35, 4.0)))


def draw_vehicles(scene: Scene, page: Page, plant: Plant, sightings: Sequence[Sighting]) -> None:
    """Draw the vehicles on top of everything, large enough to be seen."""
    for seen in sightings:
        outline = plant.classes[seen.vehicle_class].footprint
        length = float(np.ptp(outline[:, 0])) * page.scale
        grown = outline * max(1.0, LEAST / length)
        points = at_poses(grown, np.array([[seen.x, seen.y]]), np.array([seen.theta]))[0]
        scene.add(Polygon(page.at(points), seen.color, '#ffffff', 1.0))


def legend_traffic(scene: Scene, x: float, y: float) -> None:
    """Explain the colours and lines of the traffic, from x to the right."""
    for color, name in ((LOADED, 'Loaded'), (EMPTY, 'Empty, working'), (STANDS, 'Idle')):
        mark = np.array([[x, y - 6], [x + 18, y - 6], [x + 18, y + 6], [x, y + 6]])
        scene.add(Polygon(mark, color))
        scene.add(Text(x + 26, y, name, 16.0, _INK))
        x += 26 + text_width(name, 16.0) + 26.0
    for name, width, dash in (('Released way', 5.0, ()), ('Planned way', 2.2, (8.0, 5.0))):
        scene.add(Polyline(np.array([[x, y], [x + 34, y]]), EMPTY, width, dash))
        scene.add(Text(x + 44, y, name, 16.0, _INK))
        x += 44 + text_width(name, 16.0) + 26.0
