# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What zones do to the roadmap: one-way drops edges, speed slows them, no-go closes them."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import shapely

from linehaul_floor.geometry import IntArray, wrap_angle
from linehaul_floor.ids import ClassId
from linehaul_floor.lanes import Network
from linehaul_floor.plant import Zone, ZoneKind
from linehaul_floor.roadmap import Roadmap


def apply_zones(network: Network, zones: Sequence[Zone], class_ids: Sequence[ClassId]) -> None:
    """Drop, slow and close the edges of a network as its zones say.

    A one-way zone drops edges inside it that run against its heading, a speed zone slows every
    edge it touches, and a no-go zone closes every edge it touches for the classes it binds.
    """
    for zone in zones:
        outline = shapely.Polygon(zone.outline)
        for key, edge in list(network.edges.items()):
            line = shapely.LineString([network.points[edge.start], network.points[edge.end]])
            if not outline.intersects(line):
                continue
            if zone.kind is ZoneKind.SPEED and not zone.classes:
                network.edges[key] = dataclasses.replace(edge, speed=min(edge.speed, zone.speed))
            elif zone.kind is ZoneKind.NO_GO:
                bits = class_bits(sorted(zone.classes) or class_ids, class_ids)
                network.edges[key] = dataclasses.replace(edge, classes=edge.classes & ~bits)
            elif zone.kind is ZoneKind.ONE_WAY and outline.covers(line):
                (x0, y0), (x1, y1) = line.coords
                if abs(wrap_angle(math.atan2(y1 - y0, x1 - x0) - zone.heading)) > math.radians(91):
                    del network.edges[key]


def class_bits(names: Sequence[str], class_ids: Sequence[ClassId]) -> int:
    """Return the bit mask of some classes, bit k for class_ids[k]."""
    return sum(1 << index for index, name in enumerate(class_ids) if name in names)


def zone_elements(roadmap: Roadmap, zone: Zone) -> IntArray:
    """Return the elements (nodes and edges, rising) whose centre line touches a zone."""
    outline = shapely.Polygon(zone.outline)
    nodes = shapely.points(roadmap.xy)
    ends = np.stack([roadmap.xy[roadmap.edge_start], roadmap.xy[roadmap.edge_end]], axis=1)
    edges = shapely.linestrings(ends)
    touched = shapely.intersects(outline, np.concatenate([nodes, edges]))
    return np.flatnonzero(touched).astype(np.int32)
