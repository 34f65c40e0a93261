# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of the space vehicles need: aisles wide enough, and no place that blocks a lane."""

import itertools
import os

import numpy as np
import shapely

from linehaul_floor.conflict import ConflictTable, conflict_table, element_spaces
from linehaul_floor.errors import Problem
from linehaul_floor.geometry import BoolArray
from linehaul_floor.ids import ClassId
from linehaul_floor.plant import Place, Plant
from linehaul_floor.roadmap import Roadmap


def check_clearance(plant: Plant, class_id: ClassId) -> list[Problem]:
    """No space of a class, margin included, touches anything that stands on the floor."""
    roadmap = plant.roadmap
    spaces = element_spaces(roadmap, plant.classes[class_id])
    usable = np.flatnonzero(elements_for(roadmap, class_id))
    solids = [shapely.Polygon(solid.outline) for solid in plant.solids]
    tree = shapely.STRtree(spaces[usable])
    problems = []
    for solid, shape in zip(plant.solids, solids, strict=True):
        hit = tree.query(shape, predicate='intersects')
        if hit.size:
            names = [element_name(roadmap, int(usable[i])) for i in np.sort(hit)[:4]]
            problems.append(
                Problem(
                    'too_narrow',
                    f'{solid.kind.name.lower()} {solid.id}',
                    f'a vehicle of class {class_id} on {", ".join(names)} touches it'
                    + (f' (and {hit.size - 4} more)' if hit.size > 4 else ''),
                    'move the lane or the object, or close the lane to the class',
                )
            )
    return problems + _beyond_walls(plant, class_id, spaces, usable)


def _beyond_walls(
    plant: Plant, class_id: ClassId, spaces: np.ndarray, usable: np.ndarray
) -> list[Problem]:
    building = shapely.box(0.0, 0.0, *plant.size)
    out = usable[~shapely.covers(building, spaces[usable])]
    return [
        Problem(
            'outside_building',
            element_name(plant.roadmap, int(element)),
            f'a vehicle of class {class_id} there reaches out of the building',
            'move the lane inwards',
        )
        for element in out
    ]


def check_bays(plant: Plant, cache_dir: str | os.PathLike[str] | None = None) -> list[Problem]:
    """A vehicle at rest in a place is in the way of nothing but the place's own spur."""
    problems = []
    for resting, passing in itertools.product(plant.classes, repeat=2):
        table = conflict_table(plant, resting, passing, cache_dir)
        usable = elements_for(plant.roadmap, passing)
        for place in plant.places.values():
            if resting in place.classes:
                problems += _blocked(plant, place, table, usable, (resting, passing))
    return problems


def _blocked(
    plant: Plant,
    place: Place,
    table: ConflictTable,
    usable: BoolArray,
    pair: tuple[ClassId, ClassId],
) -> list[Problem]:
    roadmap = plant.roadmap
    touched = [int(element) for element in table.of(place.node) if usable[element]]
    lost = [element for element in touched if place.node not in _nodes_of(roadmap, element)]
    if not lost:
        return []
    names = ', '.join(element_name(roadmap, element) for element in lost[:4])
    return [
        Problem(
            'place_blocks',
            f'place {place.id}',
            f'a vehicle of class {pair[0]} at rest there is in the way of class {pair[1]}'
            f' on {names}' + (f' (and {len(lost) - 4} more)' if len(lost) > 4 else ''),
            'make the spur longer, or move the place',
        )
    ]


def elements_for(roadmap: Roadmap, class_id: ClassId) -> BoolArray:
    """Return (N+E,) the elements a class can be on: its edges and the nodes they join."""
    edges = roadmap.edges_for(class_id)
    nodes = np.zeros(roadmap.node_count, bool)
    nodes[roadmap.edge_start[edges]] = nodes[roadmap.edge_end[edges]] = True
    return np.concatenate([nodes, edges])


def element_name(roadmap: Roadmap, element: int) -> str:
    """Return what people call an element."""
    if element < roadmap.node_count:
        return f'node {roadmap.node_ids[element]}'
    return f'edge {roadmap.edge_ids[element - roadmap.node_count]}'


def _nodes_of(roadmap: Roadmap, element: int) -> tuple[int, ...]:
    if element < roadmap.node_count:
        return (element,)
    edge = element - roadmap.node_count
    return int(roadmap.edge_start[edge]), int(roadmap.edge_end[edge])
