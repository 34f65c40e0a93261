# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The conflict table: which nodes and edges cannot be occupied together.

An element's space is what a vehicle's outline can touch while it is there: the hull of the
outline swept along an edge, or the outline at every heading in which a vehicle may stand on a
node (the disc of its circumradius where it may turn). Both outlines, empty and loaded, count,
and the margin of the class is added all round. Two elements conflict when their spaces meet, or
when both touch the same single-vehicle zone.

The table is kept on disk under a hash of all that decides it; a file that cannot be read, or
does not hold what its name says, is made anew.
"""

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import shapely

from linehaul_floor.geometry import FloatArray, IntArray, at_poses, circumradius, freeze
from linehaul_floor.ids import ClassId
from linehaul_floor.plant import Plant, VehicleClass, Zone, ZoneKind
from linehaul_floor.roadmap import Roadmap
from linehaul_floor.zones import zone_elements

_VERSION = b'linehaul conflict table 1'
_SIDES = 32  # of the polygon round a turning disc


@dataclass(frozen=True, slots=True, eq=False)
class ConflictTable:
    """Conflicts as CSR over elements: 0..N-1 nodes, N..N+E-1 edges.

    Row e, indices[indptr[e]:indptr[e + 1]], lists in rising order every element that a vehicle
    of the other class cannot occupy while one of the first class occupies e; e itself included.
    indptr: (N+E+1,) int64, indices: int32.
    """

    indptr: np.ndarray
    indices: IntArray

    def of(self, element: int) -> IntArray:
        """Return the elements in conflict with one."""
        return self.indices[self.indptr[element] : self.indptr[element + 1]]


def conflict_table(
    plant: Plant,
    class_id: ClassId,
    other_class_id: ClassId | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
) -> ConflictTable:
    """Return the conflicts of a vehicle of one class with one of another (default: the same).

    Args:
        plant: whose roadmap and classes.
        class_id: class of the vehicle on an element.
        other_class_id: class of the vehicle that wants another element; left out, the same.
        cache_dir: where tables are kept; left out, `linehaul` in the user's cache folder.

    Raises:
        KeyError: a class the plant does not have.
    """
    first = plant.classes[class_id]
    second = plant.classes[class_id if other_class_id is None else other_class_id]
    zones = [z for z in plant.zones.values() if z.kind is ZoneKind.SINGLE_VEHICLE]
    key = _key(plant.roadmap, first, second, zones)
    folder = Path(cache_dir) if cache_dir is not None else _cache_folder()
    path = folder / f'conflicts-{key}.npz'
    count = plant.roadmap.node_count + plant.roadmap.edge_count
    table = _load(path, count)
    if table is None:
        table = build_conflicts(plant.roadmap, first, second, zones)
        _store(path, table)
    return table


def build_conflicts(
    roadmap: Roadmap, first: VehicleClass, second: VehicleClass, zones: Sequence[Zone] = ()
) -> ConflictTable:
    """Return the conflict table of two classes, computed."""
    mine = element_spaces(roadmap, first)
    theirs = mine if first is second else element_spaces(roadmap, second)
    a, b = shapely.STRtree(theirs).query(mine, predicate='intersects')
    count = mine.size
    codes = [a.astype(np.int64) * count + b, np.arange(count, dtype=np.int64) * (count + 1)]
    for zone in zones:
        inside = zone_elements(roadmap, zone).astype(np.int64)
        codes.append((inside[:, None] * count + inside[None, :]).ravel())
    pairs = _distinct(codes)
    if first is second:
        pairs = _distinct([pairs, pairs % count * count + pairs // count])
    indptr = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(pairs // count, minlength=count), out=indptr[1:])
    return ConflictTable(freeze(indptr), freeze((pairs % count).astype(np.int32)))


def _distinct(codes: list[np.ndarray]) -> np.ndarray:
    """Return the different values of several arrays, rising."""
    ordered = np.sort(np.concatenate(codes))
    return np.asarray(ordered[np.append(True, ordered[1:] != ordered[:-1])])


@lru_cache(maxsize=8)
def element_spaces(roadmap: Roadmap, vehicle_class: VehicleClass) -> np.ndarray:
    """Return (N+E,) polygons: the space of every node and edge for a class, margin included."""
    nodes = _node_spaces(roadmap, vehicle_class)
    spaces = np.concatenate([nodes, edge_spaces(roadmap, vehicle_class)])
    spaces.setflags(write=False)
    return spaces


def edge_spaces(roadmap: Roadmap, vehicle_class: VehicleClass) -> np.ndarray:
    """Return (E,) hulls of the outlines swept along each edge, margin included."""
    heading = roadmap.vehicle_heading
    corners = [
        at_poses(outline, roadmap.xy[ends], heading)
        for outline in (vehicle_class.footprint, vehicle_class.loaded_footprint)
        for ends in (roadmap.edge_start, roadmap.edge_end)
    ]
    return _hulls(np.concatenate(corners, axis=1), vehicle_class.margin)


def _node_spaces(roadmap: Roadmap, vehicle_class: VehicleClass) -> np.ndarray:
    """Return (N,) spaces of vehicles that stand on a node."""
    spaces = np.full(roadmap.node_count, None, dtype=object)
    turn = np.flatnonzero(roadmap.node_turn)
    spaces[turn] = _discs(roadmap.xy[turn], vehicle_class)
    still = np.flatnonzero(~roadmap.node_turn)
    nodes = np.concatenate([roadmap.edge_end, roadmap.edge_start])
    heading = np.concatenate([roadmap.vehicle_heading, roadmap.vehicle_heading])
    corners = np.concatenate(
        [
            at_poses(outline, roadmap.xy[nodes], heading)
            for outline in (vehicle_class.footprint, vehicle_class.loaded_footprint)
        ],
        axis=1,
    )
    standing = ~roadmap.node_turn[nodes]
    order = np.argsort(nodes[standing], kind='stable')
    groups = nodes[standing][order]
    used, index = np.unique(groups, return_inverse=True)
    points = corners[standing][order]
    flat, owner = points.reshape(-1, 2), np.repeat(index, points.shape[1])
    shapes = shapely.multipoints(shapely.points(flat), indices=owner) if used.size else []
    spaces[used] = _widened(shapely.convex_hull(shapes), vehicle_class.margin)
    lonely = np.setdiff1d(still, used)
    spaces[lonely] = _discs(roadmap.xy[lonely], vehicle_class)
    return spaces


def _discs(xy: FloatArray, vehicle_class: VehicleClass) -> np.ndarray:
    """Return (M,) polygons round the discs a turning vehicle sweeps, margin included."""
    outlines = (vehicle_class.footprint, vehicle_class.loaded_footprint)
    radius = max(map(circumradius, outlines)) + vehicle_class.margin
    angle = 2.0 * np.pi * np.arange(_SIDES) / _SIDES
    ring = radius / np.cos(np.pi / _SIDES) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.asarray(shapely.polygons(xy[:, None, :] + ring[None]))


def _hulls(points: FloatArray, margin: float) -> np.ndarray:
    """Return (M,) convex hulls of points (M, K, 2), widened by the margin."""
    return _widened(shapely.convex_hull(shapely.multipoints(points)), margin)


def _widened(shapes: np.ndarray, margin: float) -> np.ndarray:
    """Return convex shapes (M,) widened by the margin with square corners."""
    return np.asarray(
        shapely.buffer(shapes, margin, join_style='mitre') if margin > 0.0 else shapes
    )


def _key(
    roadmap: Roadmap, first: VehicleClass, second: VehicleClass, zones: Sequence[Zone]
) -> str:
    digest = hashlib.sha256(_VERSION + shapely.geos_version_string.encode())
    arrays = [
        roadmap.xy,
        roadmap.node_turn,
        roadmap.edge_start,
        roadmap.edge_end,
        roadmap.vehicle_heading,
        *(zone.outline for zone in zones),
    ]
    for one in (first, second):
        arrays += [one.footprint, one.loaded_footprint, np.array([one.margin])]
    for array in arrays:
        digest.update(f'{array.dtype.str}{array.shape}'.encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:32]


def _cache_folder() -> Path:
    base = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
    return Path(base) / 'linehaul'


def _load(path: Path, count: int) -> ConflictTable | None:
    """Return the table of a cache file, or None where there is none that is whole."""
    try:
        with path.open('rb') as file, np.load(file, allow_pickle=False) as stored:
            indptr, indices = stored['indptr'], stored['indices']
            whole = bytes(stored['digest']) == _digest(indptr, indices)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    if not whole or indptr.shape != (count + 1,) or indptr[-1] != indices.size:
        return None
    return ConflictTable(freeze(indptr), freeze(indices))


def _store(path: Path, table: ConflictTable) -> None:
    """Write a cache file in one step; a folder that cannot be written to is no obstacle."""
    digest = np.frombuffer(_digest(table.indptr, table.indices), np.uint8)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix='.part', delete=False) as file:
            np.savez_compressed(file, indptr=table.indptr, indices=table.indices, digest=digest)
        os.replace(file.name, path)
    except OSError:
        return


def _digest(indptr: np.ndarray, indices: np.ndarray) -> bytes:
    return hashlib.sha256(indptr.tobytes() + indices.tobytes()).digest()
