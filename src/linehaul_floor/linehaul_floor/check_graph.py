# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of the roadmap as a graph: joined, without dead ends, every place in reach.

Each function returns the problems it finds for one vehicle class or for the whole floor.
"""

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from linehaul_floor.errors import Problem
from linehaul_floor.geometry import BoolArray, IntArray
from linehaul_floor.ids import ClassId
from linehaul_floor.plant import Place, Plant
from linehaul_floor.roadmap import Roadmap
from linehaul_floor.route_graph import route_graph
from linehaul_floor.strong import strong_articulations

_NEAR = 1e-3  # a node this close [m] to an edge lies on it


def check_crossings(plant: Plant) -> list[Problem]:
    """Lanes may meet only at nodes."""
    roadmap = plant.roadmap
    ends = np.stack([roadmap.xy[roadmap.edge_start], roadmap.xy[roadmap.edge_end]], axis=1)
    lines = shapely.linestrings(ends)
    a, b = shapely.STRtree(lines).query(lines, predicate='crosses')
    problems = [
        Problem(
            'crossing_without_node',
            f'edges {roadmap.edge_ids[i]} and {roadmap.edge_ids[j]}',
            'they cross, but not at a node',
            'let both lanes have a node there',
        )
        for i, j in zip(a, b, strict=True)
        if i < j
    ]
    return problems + _nodes_on_edges(roadmap, lines)


def _nodes_on_edges(roadmap: Roadmap, lines: np.ndarray) -> list[Problem]:
    tree = shapely.STRtree(lines)
    node, edge = tree.query(shapely.points(roadmap.xy), predicate='dwithin', distance=_NEAR)
    apart = (roadmap.edge_start[edge] != node) & (roadmap.edge_end[edge] != node)
    return [
        Problem(
            'node_on_edge',
            f'node {roadmap.node_ids[n]} and edge {roadmap.edge_ids[e]}',
            'the edge runs over a node that is not its own',
            'choose a pitch that gives both lanes the same nodes',
        )
        for n, e in zip(node[apart], edge[apart], strict=True)
    ]


def check_inside(plant: Plant) -> list[Problem]:
    """Everything is inside the building."""
    x_max, y_max = plant.size
    named = [(f'node {plant.roadmap.node_ids[i]}', xy) for i, xy in enumerate(plant.roadmap.xy)]
    for solid in plant.solids:
        named += [(f'{solid.kind.name.lower()} {solid.id}', corner) for corner in solid.outline]
    for chain in plant.chains:
        named += [(f'chain {chain.id}', point) for point in chain.path]
    outside = dict.fromkeys(
        (name, f'({x:g}, {y:g})')
        for name, (x, y) in named
        if not (-_NEAR <= x <= x_max + _NEAR and -_NEAR <= y <= y_max + _NEAR)
    )
    return [
        Problem(
            'outside_building', name, f'{at} is outside {x_max:g} x {y_max:g} m', 'move it inside'
        )
        for name, at in outside
    ]


def check_connected(plant: Plant, class_id: ClassId) -> list[Problem]:
    """The edges of a class join all their nodes both ways, and each lies on a cycle."""
    roadmap = plant.roadmap
    allowed = roadmap.edges_for(class_id)
    if not allowed.any():
        found = 'no edge is open to it'
        return [Problem('class_without_lanes', f'class {class_id}', found, 'open lanes to it')]
    label = _strong_nodes(roadmap, allowed)
    main = np.bincount(label).argmax()
    touched = np.zeros(roadmap.node_count, bool)
    touched[roadmap.edge_start[allowed]] = touched[roadmap.edge_end[allowed]] = True
    apart = np.flatnonzero(touched & (label != main))
    problems = []
    if apart.size:
        problems.append(
            Problem(
                'not_strongly_connected',
                f'class {class_id}',
                f'{apart.size} nodes cannot be reached from the rest, or cannot reach it:'
                f' {_some([roadmap.node_ids[i] for i in apart])}',
                'add lanes that lead there and back',
            )
        )
    return problems + _edges_off_cycles(plant, class_id, allowed)


def _edges_off_cycles(plant: Plant, class_id: ClassId, allowed: BoolArray) -> list[Problem]:
    roadmap = plant.roadmap
    label = _strong_edges(plant, class_id)
    alone = np.bincount(label)[label] == 1
    lost = np.flatnonzero(alone & allowed)
    if not lost.size:
        return []
    return [
        Problem(
            'edge_on_no_cycle',
            f'class {class_id}',
            f'{lost.size} edges cannot be driven twice:'
            f' {_some([roadmap.edge_ids[i] for i in lost])}',
            'give their ends a way back, or a node where vehicles may turn',
        )
    ]


def check_places(plant: Plant, class_id: ClassId) -> list[Problem]:
    """Every place open to a class can be reached from the lanes and left again."""
    label = _strong_edges(plant, class_id)
    main = np.bincount(label).argmax()
    problems = []
    for place in plant.places.values():
        if class_id in place.classes:
            for edges, what in _ways(plant.roadmap, place):
                if not (label[edges] == main).any():
                    problems.append(
                        Problem(
                            f'cannot_{what}',
                            f'place {place.id}',
                            f'a vehicle of class {class_id} cannot {what} it',
                            'open its lane and spur to the class, both ways',
                        )
                    )
    return problems


def _ways(roadmap: Roadmap, place: Place) -> tuple[tuple[IntArray, str], tuple[IntArray, str]]:
    return (roadmap.edges_into(place.node), 'reach'), (roadmap.edges_from(place.node), 'leave')


def check_supply(plant: Plant) -> list[Problem]:
    """Every item a station uses is handed out somewhere."""
    given = {
        item
        for place in plant.places.values()
        if place.flow.name in {'OUT', 'BOTH'} and place.line is None
        for item in place.items
    }
    return [
        Problem(
            'no_supply',
            f'place {place.id}',
            f'it uses {item!r}, which no port gives',
            'add the item to a port with flow out',
        )
        for place in plant.places.values()
        for item in place.uses
        if item not in given
    ]


def warn_articulations(plant: Plant, class_id: ClassId) -> list[Problem]:
    """Name lane nodes whose loss would cut the lanes of a class (see strong.py)."""
    roadmap = plant.roadmap
    bay = roadmap.node_bay
    keep = roadmap.edges_for(class_id) & ~bay[roadmap.edge_start] & ~bay[roadmap.edge_end]
    weak = strong_articulations(
        roadmap.node_count, roadmap.edge_start[keep], roadmap.edge_end[keep]
    )
    if not weak.size:
        return []
    return [
        Problem(
            'strong_articulation',
            f'class {class_id}',
            f'{weak.size} lane nodes cut the floor when a vehicle stands there:'
            f' {_some([roadmap.node_ids[i] for i in weak])}',
            'add crossovers or a second lane beside them',
        )
    ]


def _strong_nodes(roadmap: Roadmap, allowed: BoolArray) -> IntArray:
    """Return (N,) the strongly connected part of each node."""
    start, end = roadmap.edge_start[allowed], roadmap.edge_end[allowed]
    n = roadmap.node_count
    graph = csr_array((np.ones(start.size, np.int8), (start, end)), shape=(n, n))
    _, label = connected_components(graph, directed=True, connection='strong')
    return np.asarray(label)


def _strong_edges(plant: Plant, class_id: ClassId) -> IntArray:
    """Return (E,) the strongly connected part of each edge, turning places respected."""
    roadmap = plant.roadmap
    graph = route_graph(roadmap, plant.classes[class_id])
    first = np.repeat(np.arange(roadmap.edge_count), np.diff(graph.next_indptr))
    second = graph.next_edge
    bays = [
        (i, j)
        for node in np.flatnonzero(roadmap.node_bay).tolist()
        for i in roadmap.edges_into(node)
        for j in roadmap.edges_from(node)
    ]
    through = np.array(bays, dtype=np.int64).reshape(-1, 2)
    first, second = np.append(first, through[:, 0]), np.append(second, through[:, 1])
    open_ = np.isfinite(graph.time)
    keep = open_[first] & open_[second]
    ones = np.ones(int(keep.sum()), np.int8)
    size = (roadmap.edge_count, roadmap.edge_count)
    _, label = connected_components(
        csr_array((ones, (first[keep], second[keep])), shape=size), connection='strong'
    )
    return np.asarray(label)


def _some(names: list[str], limit: int = 6) -> str:
    return ', '.join(names[:limit]) + (', …' if len(names) > limit else '')
