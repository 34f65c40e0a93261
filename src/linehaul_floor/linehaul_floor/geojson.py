# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The roadmap as the GeoJSON graph that Nav2's route server loads.

Nodes have ids 0..N-1, edges N..N+E-1, since Nav2 wants them different; our names are in the
metadata. Source: Nav2 nav2_route, GeoJsonGraphFileLoader.
"""

from typing import Any

from linehaul_floor.errors import FloorError
from linehaul_floor.roadmap import Roadmap

_ID_LIMIT = 65_535  # nav2_msgs carries ids as uint16


def geojson_document(roadmap: Roadmap, frame: str = 'map') -> dict[str, Any]:
    """Return the graph as a GeoJSON feature collection.

    Raises:
        FloorError: more nodes and edges than Nav2's 16-bit ids can name.
    """
    total = roadmap.node_count + roadmap.edge_count
    if total > _ID_LIMIT:
        raise FloorError(f'{total} nodes and edges: Nav2 can name {_ID_LIMIT} at most')
    nodes = [_node(roadmap, index, frame) for index in range(roadmap.node_count)]
    edges = [_edge(roadmap, index) for index in range(roadmap.edge_count)]
    return {
        'type': 'FeatureCollection',
        'name': 'graph',
        'crs': {'type': 'name', 'properties': {'name': 'urn:ogc:def:crs:EPSG::3857'}},
        'features': nodes + edges,
    }


def _node(roadmap: Roadmap, index: int, frame: str) -> dict[str, Any]:
    metadata = {'name': roadmap.node_ids[index], 'turning': bool(roadmap.node_turn[index])}
    return {
        'type': 'Feature',
        'properties': {'id': index, 'frame': frame, 'metadata': metadata},
        'geometry': {'type': 'Point', 'coordinates': roadmap.xy[index].tolist()},
    }


def _edge(roadmap: Roadmap, index: int) -> dict[str, Any]:
    start, end = int(roadmap.edge_start[index]), int(roadmap.edge_end[index])
    line = [roadmap.xy[start].tolist(), roadmap.xy[end].tolist()]
    return {
        'type': 'Feature',
        'properties': {
            'id': roadmap.node_count + index,
            'startid': start,
            'endid': end,
            'metadata': {
                'name': roadmap.edge_ids[index],
                'abs_speed_limit': float(roadmap.speed[index]),
            },
        },
        'geometry': {'type': 'MultiLineString', 'coordinates': [line]},
    }
