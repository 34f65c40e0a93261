# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Every file that is made from a plant, by name and content. Writing them is for the caller.

The same plant gives the same bytes, so the files can be kept under version control and compared.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from linehaul_floor.draw import draw_plant
from linehaul_floor.draw_traffic import Sighting
from linehaul_floor.geojson import geojson_document
from linehaul_floor.lif import lif_document, side_document
from linehaul_floor.occupancy import fine_resolution, map_yaml, occupancy_grid, pgm
from linehaul_floor.plant import Plant
from linehaul_floor.png import png
from linehaul_floor.sdf import sdf_world
from linehaul_floor.svg import svg

TIMESTAMP = '2026-01-01T00:00:00Z'  # not now: the files must not change by themselves


def pictures(
    plant: Plant, sightings: Sequence[Sighting] | None = None, name: str = 'plant'
) -> dict[str, bytes]:
    """Return the picture of a plant as SVG and PNG, with vehicles as they are now if given."""
    scene = draw_plant(plant, sightings)
    return {f'{name}.svg': svg(scene).encode(), f'{name}.png': png(scene)}


def map_files(plant: Plant, timestamp: str = TIMESTAMP) -> dict[str, bytes]:
    """Return the files of `maps/<plant>/`: LIF and side file, Nav2 graph and map, pictures."""
    grid = occupancy_grid(plant, fine_resolution(plant))
    return {
        'layout.lif.json': lines_json(lif_document(plant, timestamp)),
        'side.json': lines_json(side_document(plant)),
        'graph.geojson': lines_json(geojson_document(plant.roadmap)),
        'map.yaml': map_yaml(grid).encode(),
        'map.pgm': pgm(grid),
        **pictures(plant),
    }


def all_files(plant: Plant, timestamp: str = TIMESTAMP) -> dict[Path, bytes]:
    """Return every file of a plant by its path in the source tree."""
    files = {
        Path('maps', plant.name, name): data for name, data in map_files(plant, timestamp).items()
    }
    files[Path('worlds', f'{plant.name}.sdf')] = sdf_world(plant).encode()
    return files


def lines_json(document: Any) -> bytes:
    """Return JSON with one element of a long list on each line, so that changes can be read."""
    return (''.join(_written(document, 0)) + '\n').encode()


def _written(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, dict) and depth < 3 and _deep(value):
        yield from _block(value.items(), '{}', lambda pair: f'{json.dumps(pair[0])}: ', depth)
    elif isinstance(value, list) and _deep(value):
        yield from _block([(None, v) for v in value], '[]', lambda _: '', depth)
    else:
        yield json.dumps(value, ensure_ascii=False, allow_nan=False)


def _block(
    pairs: Any, brackets: str, label: Callable[[tuple[Any, Any]], str], depth: int
) -> Iterator[str]:
    yield brackets[0] + '\n'
    for index, pair in enumerate(pairs):
        yield (',\n' if index else '') + ' ' * (depth + 1) + label(pair)
        yield from _written(pair[1], depth + 1)
    yield '\n' + ' ' * depth + brackets[1]


def _deep(value: Any) -> bool:
    """Tell whether a container is worth more than one line."""
    inner = value.values() if isinstance(value, dict) else value
    return any(isinstance(v, dict) or (isinstance(v, list) and _deep(v)) for v in inner)
