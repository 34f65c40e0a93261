# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The occupancy grid of a floor as nav2_map_server loads it: map.yaml and a PGM image."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from linehaul_floor.plant import Plant

FREE, OCCUPIED = 254, 0
LOWEST = 0.1  # [m] lower things are driven over


@dataclass(frozen=True, slots=True, eq=False)
class OccupancyGrid:
    """Grey values (rows, columns) uint8, first row north; resolution [m]; origin [m]."""

    image: npt.NDArray[np.uint8]
    resolution: float
    origin: tuple[float, float]


def fine_resolution(plant: Plant) -> float:
    """Return the cell size [m] for a plant: 5 cm, or 25 cm for floors beyond 100 m."""
    return 0.05 if max(plant.size) <= 100.0 else 0.25


def occupancy_grid(plant: Plant, resolution: float) -> OccupancyGrid:
    """Return the grid; a cell that anything touches is occupied."""
    columns = math.ceil(plant.size[0] / resolution - 1e-9)
    rows = math.ceil(plant.size[1] / resolution - 1e-9)
    upwards = np.full((rows, columns), FREE, np.uint8)
    for solid in plant.solids:
        if solid.height >= LOWEST:
            _mark(upwards, solid.outline, resolution)
    return OccupancyGrid(upwards[::-1].copy(), resolution, (0.0, 0.0))


def _mark(grid: npt.NDArray[np.uint8], outline: np.ndarray, resolution: float) -> None:
    """Occupy the cells whose inside an outline meets; the grid's first row is south."""
    low = np.floor(outline.min(axis=0) / resolution + 1e-9).astype(int)
    high = np.ceil(outline.max(axis=0) / resolution - 1e-9).astype(int)
    low = np.maximum(low, 0)
    high = np.minimum(high, [grid.shape[1], grid.shape[0]])
    if (high <= low).any():
        return
    shape = shapely.Polygon(outline)
    window = grid[low[1] : high[1], low[0] : high[0]]
    if shape.equals(shapely.box(*shape.bounds)):
        window[:] = OCCUPIED
        return
    x, y = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
    shrink = 1e-6
    cells = shapely.box(
        (x + shrink) * resolution,
        (y + shrink) * resolution,
        (x + 1 - shrink) * resolution,
        (y + 1 - shrink) * resolution,
    )
    shapely.prepare(shape)
    window[shapely.intersects(shape, cells)] = OCCUPIED


def pgm(grid: OccupancyGrid) -> bytes:
    """Return the image as a binary PGM."""
    rows, columns = grid.image.shape
    return f'P5\n{columns} {rows}\n255\n'.encode() + grid.image.tobytes()


def map_yaml(grid: OccupancyGrid, image: str = 'map.pgm') -> str:
    """Return the text of map.yaml."""
    return (
        f'image: {image}\n'
        'mode: trinary\n'
        f'resolution: {grid.resolution:g}\n'
        f'origin: [{grid.origin[0]:.1f}, {grid.origin[1]:.1f}, 0.0]\n'
        'negate: 0\n'
        'occupied_thresh: 0.65\n'
        'free_thresh: 0.25\n'
    )
