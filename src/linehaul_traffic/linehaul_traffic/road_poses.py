# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Conflicts of poses: of vehicles that stand at the end of an edge as they came.

The floor's conflict table knows nodes, with the space to turn in, and edges. Here each edge gets
a third element, the vehicle's outline at its end. Its conflicts are found from the outlines; two
elements that the table keeps apart though their spaces do not meet (single-vehicle zones) are
kept apart for the poses too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import shapely
from linehaul_floor.conflict import edge_spaces, element_spaces

from linehaul_floor import ConflictTable, Roadmap, VehicleClass


def stack(
    roadmap: Roadmap,
    names: Sequence[str],
    conflicts: Mapping[tuple[str, str], ConflictTable],
    classes: Sequence[VehicleClass | None],
) -> tuple[np.ndarray, np.ndarray]:
    """Return the conflicts of all ordered pairs of classes, poses included, as one CSR.

    Returns:
        rows (C, C, M + 1) and row: elements in conflict with x of class a, for class b, are
        row[rows[a, b, x]:rows[a, b, x + 1]].
    """
    count = roadmap.node_count + 2 * roadmap.edge_count
    rows = np.zeros((len(names), len(names), count + 1), np.int64)
    parts, filled = [], 0
    spaces = [None if c is None else _spaces(roadmap, c) for c in classes]
    found = {
        (i, j): _with_poses(roadmap, conflicts[a, b], spaces[i], spaces[j])
        for i, a in enumerate(names)
        for j, b in enumerate(names)
    }
    for i in range(len(names)):
        for j in range(len(names)):
            # Spaces that just touch may be found from one side only; a conflict has two sides.
            back = found[j, i]
            pairs = _rising(np.concatenate([found[i, j], back % count * count + back // count]))
            np.cumsum(np.bincount(pairs // count, minlength=count), out=rows[i, j, 1:])
            rows[i, j] += filled
            parts.append((pairs % count).astype(np.int32))
            filled += pairs.size
    return rows, np.concatenate(parts) if parts else np.zeros(0, np.int32)


def _spaces(roadmap: Roadmap, vehicle_class: VehicleClass) -> np.ndarray:
    """Return (N + 2 E,) polygons of nodes, edges and poses."""
    still = replace(roadmap, edge_start=roadmap.edge_end)
    return np.concatenate(
        [element_spaces(roadmap, vehicle_class), edge_spaces(still, vehicle_class)]
    )


def _with_poses(
    roadmap: Roadmap, table: ConflictTable, mine: np.ndarray | None, theirs: np.ndarray | None
) -> np.ndarray:
    """Return the pairs in conflict, x * M + y, rising."""
    known, edges = table.indptr.size - 1, roadmap.edge_count
    count = known + edges
    first = np.repeat(np.arange(known, dtype=np.int64), np.diff(table.indptr))
    second = table.indices.astype(np.int64)
    codes = [first * count + second]
    if mine is None or theirs is None:
        apart = np.ones(first.size, bool)
    else:
        apart = ~shapely.intersects(mine[first], theirs[second])
        pose, other = shapely.STRtree(theirs).query(mine[known:], predicate='intersects')
        codes.append((pose + known) * count + other)
        element, pose = shapely.STRtree(theirs[known:]).query(mine[:known], 'intersects')
        codes.append(element.astype(np.int64) * count + pose + known)
    codes += _as_nodes(roadmap, first[apart], second[apart], count)
    return _rising(np.concatenate(codes))


def _rising(codes: np.ndarray) -> np.ndarray:
    """Return the codes sorted, each once; sorting is three times quicker here than np.unique."""
    codes = np.sort(codes)
    return codes[np.concatenate(([True], codes[1:] != codes[:-1]))] if codes.size else codes


def _as_nodes(
    roadmap: Roadmap, first: np.ndarray, second: np.ndarray, count: int
) -> list[np.ndarray]:
    """Return the pairs in which poses take the part of the nodes at which they are."""
    known = count - roadmap.edge_count
    poses_of = np.concatenate([roadmap.in_indptr, np.full(known - roadmap.node_count, -1)])

    def spread(element: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        node = element < roadmap.node_count
        begin = poses_of[np.where(node, element, 0)]
        size = np.where(node, roadmap.in_indptr[np.where(node, element, 0) + 1] - begin, 0)
        offset = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        edge = roadmap.in_edges[np.repeat(begin, size) + offset].astype(np.int64)
        return edge + known, np.repeat(other, size)

    a, b = spread(first, second)
    d, c = spread(second, first)
    e, f = spread(b, a)
    return [a * count + b, c * count + d, f * count + e]
