# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The VDMA Layout Interchange Format (LIF 1.0.0) out and in.

LIF carries nodes, edges, who may use them, and stations. It has no field for footprints,
kinematics, items, lines, zones or the building: those go to a side file (`side_document`), and
with it `plant_from_lif` gives back the same plant.

Units of the format: node theta is in radians, edge vehicleOrientation in degrees. Edges are
exported as TANGENTIAL with 0 (forward) or 180 (backing), rotation at their ends as NONE or BOTH.
Source: VDMA, LIF – Layout Interchange Format, version 1.0.0, March 2024.
"""

import json
from dataclasses import fields
from typing import Any, get_type_hints

import numpy as np

from linehaul_floor.errors import LifError, Problem
from linehaul_floor.geometry import STRAIGHT, wrap_angle
from linehaul_floor.ids import ClassId
from linehaul_floor.lif_read import LifLayout, read_layout
from linehaul_floor.plain import from_plain, to_plain
from linehaul_floor.plant import Place, Plant
from linehaul_floor.roadmap import Roadmap, make_roadmap

LIF_VERSION = '1.0.0'
SIDE_FORMAT = 'linehaul plant without roadmap 1'


def lif_document(plant: Plant, timestamp: str, creator: str = 'linehaul') -> dict[str, Any]:
    """Return a plant as a LIF document.

    Args:
        plant: what to export.
        timestamp: ISO 8601 in UTC, such as 2026-01-01T00:00:00Z.
        creator: company or person.
    """
    roadmap = plant.roadmap
    places = {place.node: place for place in plant.places.values()}
    layout = {
        'layoutId': plant.name,
        'layoutName': plant.title,
        'layoutVersion': '1',
        'layoutLevelId': 'ground',
        'layoutDescription': 'metres, origin at the south-west corner, x east, y north',
        'nodes': [_node(plant, index, places.get(index)) for index in range(roadmap.node_count)],
        'edges': [_edge(roadmap, index) for index in range(roadmap.edge_count)],
        'stations': [_station(plant, place) for place in plant.places.values()],
    }
    meta = {
        'projectIdentification': plant.title,
        'creator': creator,
        'exportTimestamp': timestamp,
        'lifVersion': LIF_VERSION,
    }
    return {'metaInformation': meta, 'layouts': [layout]}


def _node(plant: Plant, index: int, place: Place | None) -> dict[str, Any]:
    roadmap = plant.roadmap
    touching = np.concatenate([roadmap.edges_from(index), roadmap.edges_into(index)])
    bits = int(np.bitwise_or.reduce(roadmap.edge_classes[touching])) if touching.size else 0
    kinds: list[dict[str, Any]] = [{'vehicleTypeId': name} for name in _classes(roadmap, bits)]
    node: dict[str, Any] = {'nodeId': roadmap.node_ids[index]}
    if place is not None:
        node['nodeName'] = place.name
        for kind in kinds:
            kind['theta'] = place.heading
    x, y = roadmap.xy[index].tolist()
    return node | {
        'mapId': plant.name,
        'nodePosition': {'x': x, 'y': y},
        'vehicleTypeNodeProperties': kinds,
    }


def _edge(roadmap: Roadmap, index: int) -> dict[str, Any]:
    start, end = int(roadmap.edge_start[index]), int(roadmap.edge_end[index])
    turned = wrap_angle(float(roadmap.vehicle_heading[index] - roadmap.travel_heading[index]))
    use = {
        'vehicleOrientation': 180.0 if abs(turned) > STRAIGHT else 0.0,
        'orientationType': 'TANGENTIAL',
        'rotationAllowed': False,
        'rotationAtStartNodeAllowed': 'BOTH' if roadmap.node_turn[start] else 'NONE',
        'rotationAtEndNodeAllowed': 'BOTH' if roadmap.node_turn[end] else 'NONE',
        'maxSpeed': float(roadmap.speed[index]),
    }
    return {
        'edgeId': roadmap.edge_ids[index],
        'startNodeId': roadmap.node_ids[start],
        'endNodeId': roadmap.node_ids[end],
        'vehicleTypeEdgeProperties': [
            {'vehicleTypeId': name} | use
            for name in _classes(roadmap, int(roadmap.edge_classes[index]))
        ],
    }


def _station(plant: Plant, place: Place) -> dict[str, Any]:
    x, y = plant.roadmap.xy[place.node].tolist()
    return {
        'stationId': place.id,
        'interactionNodeIds': [plant.roadmap.node_ids[place.node]],
        'stationName': place.name,
        'stationDescription': place.kind.name,
        'stationHeight': place.load_height,
        'stationPosition': {'x': x, 'y': y, 'theta': place.heading},
    }


def _classes(roadmap: Roadmap, bits: int) -> list[ClassId]:
    return [name for k, name in enumerate(roadmap.class_ids) if bits >> k & 1]


def read_lif(text: str, layout_id: str | None = None) -> LifLayout:
    """Return one layout of a LIF document as a roadmap with stations.

    Args:
        text: the JSON document.
        layout_id: which layout; left out, the first.

    Raises:
        LifError: the document is wrong; lists every problem.
    """
    problems: list[Problem] = []
    layout = read_layout(_json(text), layout_id, problems)
    if layout is None or problems:
        raise LifError('LIF document', problems)
    return layout


def side_document(plant: Plant) -> dict[str, Any]:
    """Return all of a plant that LIF has no field for."""
    content = {'format': SIDE_FORMAT}
    return content | {f.name: to_plain(getattr(plant, f.name)) for f in _side_fields()}


def plant_from_lif(text: str, side_text: str) -> Plant:
    """Return the plant of a LIF document and its side file.

    Raises:
        LifError: either is wrong, or they do not belong together; lists every problem.
    """
    layout = read_lif(text)
    side = _json(side_text)
    problems: list[Problem] = []
    if not isinstance(side, dict) or side.get('format') != SIDE_FORMAT:
        found = f'format {side.get("format") if isinstance(side, dict) else side!r:.40}'
        raise LifError(
            'side file', [Problem('bad_format', 'format', found, f'use {SIDE_FORMAT!r}')]
        )
    hints = get_type_hints(Plant)
    parts = {
        f.name: from_plain(hints[f.name], side.get(f.name), f.name, problems)
        for f in _side_fields()
    }
    if problems:
        raise LifError('side file', problems)
    plant = Plant(**parts, roadmap=_in_class_order(layout.roadmap, tuple(parts['classes'])))
    _check_places(plant, problems)
    if problems:
        raise LifError('LIF document and side file', problems)
    return plant


def _side_fields() -> list[Any]:
    return [field for field in fields(Plant) if field.name != 'roadmap']


def _in_class_order(roadmap: Roadmap, class_ids: tuple[ClassId, ...]) -> Roadmap:
    """Return the roadmap with the class bits in the order of the plant's classes."""
    bits = np.zeros(roadmap.edge_count, np.int32)
    for k, name in enumerate(class_ids):
        if name in roadmap.class_ids:
            bits |= roadmap.edges_for(name).astype(np.int32) << k
    turned = np.abs(roadmap.vehicle_heading - roadmap.travel_heading) > STRAIGHT
    return make_roadmap(
        roadmap.node_ids,
        roadmap.xy,
        roadmap.edge_ids,
        roadmap.edge_start,
        roadmap.edge_end,
        roadmap.speed,
        turned,
        class_ids=class_ids,
        edge_classes=bits,
        node_bay=roadmap.node_bay,
        node_turn=roadmap.node_turn,
    )


def _check_places(plant: Plant, problems: list[Problem]) -> None:
    for place in plant.places.values():
        if plant.roadmap.node_index.get(place.id) != place.node:  # type: ignore[call-overload]
            found = f'node {place.node} of the layout is not {place.id}'
            problems.append(
                Problem(
                    'wrong_pair', f'place {place.id}', found, 'use the side file of this layout'
                )
            )


def _json(text: str) -> Any:
    def refuse(name: str) -> float:
        raise ValueError(f'{name} is not a JSON number')

    try:
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        problem = Problem('json_syntax', 'the document', str(error), 'mend the JSON notation')
        raise LifError('JSON document', [problem]) from error


__all__ = ['LifLayout', 'lif_document', 'plant_from_lif', 'read_lif', 'side_document']
