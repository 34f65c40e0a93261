# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Grid maps as graphs: MovingAI map and scenario readers, neighbours, cost-to-go rows.

A grid is the special case of a road model in which every arc takes one step. Free cells are
numbered row by row; nodes are those numbers. This module reads and numbers; it plans nothing.
Source: Stern et al., "Multi-Agent Pathfinding: Definitions, Variants, and Benchmarks", 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from linehaul_traffic.errors import InstanceError, MapError, ScenarioError

FREE_CELLS = '.GSE'
BLOCKED_CELLS = '@OTW#'
UNREACHABLE = 2**30
"""Cost-to-go of a node from which the goal cannot be reached."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A 4-neighbour grid map.

    Args:
        width: Columns of the map.
        height: Rows of the map.
        free: (height, width) bool, cells that may be entered.
        node_of_cell: (height, width) int32, node of a cell, -1 where blocked.
        xy: (N, 2) int32, column and row of each node; row 0 is the first line of the file.
        indptr: (N + 1,) int32, where the neighbours of each node start in `nbr`.
        nbr: (M,) int32, neighbours in the order east, south, west, north.
    """

    width: int
    height: int
    free: NDArray[np.bool_]
    node_of_cell: NDArray[np.int32]
    xy: NDArray[np.int32]
    indptr: NDArray[np.int32]
    nbr: NDArray[np.int32]

    @property
    def size(self) -> int:
        """Number of nodes."""
        return len(self.xy)

    def nodes_at(self, xy: ArrayLike) -> NDArray[np.int32]:
        """Return the nodes (K,) int32 at cells `xy` (K, 2) given as column and row.

        Raises:
            InstanceError: A cell is off the map or blocked.
        """
        cells = np.asarray(xy, dtype=np.int64).reshape(-1, 2)
        inside = (cells >= 0).all(axis=1) & (cells < (self.width, self.height)).all(axis=1)
        if not inside.all():
            x, y = cells[~inside][0]
            raise InstanceError(f'cell ({x}, {y}) is off the {self.width} x {self.height} map')
        nodes = self.node_of_cell[cells[:, 1], cells[:, 0]]
        if (nodes < 0).any():
            x, y = cells[nodes < 0][0]
            raise InstanceError(f'cell ({x}, {y}) is blocked')
        return nodes


def grid_from_cells(free: NDArray[np.bool_]) -> Grid:
    """Number the free cells of `free` (height, width) bool and join the 4-neighbours."""
    free = np.ascontiguousarray(free, dtype=np.bool_)
    height, width = free.shape
    rows, cols = np.nonzero(free)
    node_of_cell = np.full((height, width), -1, dtype=np.int32)
    node_of_cell[rows, cols] = np.arange(len(rows), dtype=np.int32)
    padded = np.pad(node_of_cell, 1, constant_values=-1)
    around = np.stack(
        [
            padded[1 + rows, 2 + cols],
            padded[2 + rows, 1 + cols],
            padded[1 + rows, cols],
            padded[rows, 1 + cols],
        ],
        axis=1,
    )
    indptr = np.zeros(len(rows) + 1, dtype=np.int32)
    np.cumsum((around >= 0).sum(axis=1), out=indptr[1:])
    xy = np.stack([cols, rows], axis=1).astype(np.int32)
    return Grid(width, height, free, node_of_cell, xy, indptr, around[around >= 0])


def read_map(path: str | Path) -> Grid:
    """Read a MovingAI `.map` file.

    Raises:
        MapError: The file is missing, its header is wrong or its rows do not fit the header.
    """
    lines = _lines(Path(path), MapError)
    try:
        split = [line.strip() for line in lines].index('map')
        header = dict(line.split(maxsplit=1) for line in lines[:split] if line.strip())
        height, width = int(header['height']), int(header['width'])
    except (ValueError, KeyError) as error:
        raise MapError(
            f'{path}: wanted the lines "type", "height N", "width N", "map": {error}'
        ) from error
    if height < 1 or width < 1:
        raise MapError(f'{path}: height {height} and width {width} must be at least 1')
    rows = [line.rstrip() for line in lines[split + 1 :] if line.strip()]
    if len(rows) != height:
        raise MapError(f'{path}: header says {height} rows, found {len(rows)}')
    for number, row in enumerate(rows):
        if len(row) != width:
            raise MapError(f'{path}: row {number} has {len(row)} cells, header says {width}')
        if strange := set(row) - set(FREE_CELLS + BLOCKED_CELLS):
            raise MapError(f'{path}: row {number} has unknown cells {sorted(strange)}')
    return grid_from_cells(np.array([[cell in FREE_CELLS for cell in row] for row in rows]))


def read_scen(path: str | Path) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Read a MovingAI `.scen` file.

    Returns:
        Starts and goals, each (K, 2) int32 column and row, in the order of the file.

    Raises:
        ScenarioError: The file is missing or a line cannot be read.
    """
    lines = _lines(Path(path), ScenarioError)
    if not lines or not lines[0].startswith('version'):
        raise ScenarioError(f'{path}: the first line must be "version 1"')
    cells = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        fields = line.split('\t')
        try:
            if len(fields) != 9:
                raise ValueError(f'{len(fields)} tab-separated fields instead of 9')
            cells.append([int(field) for field in fields[4:8]])
        except ValueError as error:
            raise ScenarioError(f'{path}: line {number}: {error}') from error
    table = np.array(cells, dtype=np.int32).reshape(-1, 4)
    return table[:, :2].copy(), table[:, 2:].copy()


def goal_rows(grid: Grid, goals: ArrayLike) -> NDArray[np.int32]:
    """Return the cost-to-go (G, N) int32 in steps to each of `goals` (G,) nodes.

    Nodes from which a goal cannot be reached hold `UNREACHABLE`. Arcs of a grid go both ways,
    so a breadth-first search from the goal is exact.
    """
    nodes = np.ascontiguousarray(goals, dtype=np.int32)
    if len(nodes) and (nodes.min() < 0 or nodes.max() >= grid.size):
        raise InstanceError(f'goal nodes must lie in 0..{grid.size - 1}')
    rows = np.empty((len(nodes), grid.size), dtype=np.int32)
    fill_goal_rows(grid.indptr, grid.nbr, nodes, rows)
    return rows


@njit(cache=True, nogil=True)
def fill_goal_rows(
    indptr: NDArray[np.int32],
    nbr: NDArray[np.int32],
    goals: NDArray[np.int32],
    rows: NDArray[np.int32],
) -> None:
    """Fill `rows` (G, N) with breadth-first distances to `goals` (G,) over unit arcs.

    Nodes are unsigned here, so that no index has to be looked at for wrapping round, and every
    neighbour is written behind the queue's end, which only moves on for a new one: no branch.
    """
    n = indptr.shape[0] - 1
    begins, ends = indptr.view(np.uint32), nbr.view(np.uint32)
    one = np.uint32(1)
    queue = np.empty(n + 1, dtype=np.uint32)
    for g in range(goals.shape[0]):
        row = rows[g]
        row[:] = UNREACHABLE
        row[goals[g]] = 0
        queue[0] = goals[g]
        head = np.uint32(0)
        tail = one
        while head < tail:
            u = queue[head]
            head += one
            steps = row[u] + 1
            for k in range(begins[u], begins[u + one]):
                v = ends[k]
                new = row[v] > steps
                row[v] = steps if new else row[v]
                queue[tail] = v
                tail += np.uint32(new)


def _lines(path: Path, error: type[MapError] | type[ScenarioError]) -> list[str]:
    try:
        return path.read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as cause:
        raise error(f'{path}: cannot be read: {cause}') from cause
