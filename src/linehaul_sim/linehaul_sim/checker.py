# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Watches true poses and orders, and counts what must never happen.

It shares nothing with the conflict table, the planner or the motion kernel: it knows the outlines
of the vehicles, their true poses at every step, and the orders that were accepted. Between two
steps it samples so finely that no vehicle moves more than SAMPLE between two looks, and compares
convex outlines by separating axes. It counts

- overlaps of two outlines (without any safety margin),
- vehicles outside their released base,
- released ways that are no lane of the plant,

each as episodes, and keeps the first ones in words.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from numba import njit

from linehaul_floor import Plant
from linehaul_vda5050 import Order

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

SAMPLE = 0.02
"""Longest way [m] that a corner moves between two looks."""
BASE_TOLERANCE = 0.01
"""Distance [m] from the released line that is still on it."""
MOST_TEXTS = 20


@dataclass(slots=True)
class Verdict:
    """What the checker has found so far."""

    overlaps: int = 0
    beyond_base: int = 0
    off_lane: int = 0
    texts: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing was found."""
        return not (self.overlaps or self.beyond_base or self.off_lane)

    def note(self, text: str) -> None:
        """Keep the first findings in words."""
        if len(self.texts) < MOST_TEXTS:
            self.texts.append(text)


class Checker:
    """Watches one fleet on one plant."""

    def __init__(self, plant: Plant, pose: FloatArray) -> None:
        self.verdict = Verdict()
        self._names = [str(spawn.id) for spawn in plant.fleet]
        classes = [plant.classes[spawn.vehicle_class] for spawn in plant.fleet]
        outlines = [(c.footprint, c.loaded_footprint) for c in classes]
        self._corners, self._count = _pack(outlines)
        self._reach = np.sqrt((self._corners**2).sum(-1)).max(-1, initial=0.0)
        r = plant.roadmap
        pairs = zip(r.edge_start.tolist(), r.edge_end.tolist(), strict=True)
        self._lanes = {(r.node_ids[a], r.node_ids[b]) for a, b in pairs}
        self._where = {str(name): r.xy[i] for i, name in enumerate(r.node_ids)}
        size = len(self._names)
        self._before = pose.copy()
        self._loaded = np.zeros(size, bool)
        self._base = np.zeros((size, 64, 2))
        self._base[:, 0] = pose[:, :2]
        self._base_count = np.ones(size, np.int32)
        self._base_from = np.zeros(size, np.int32)
        self._outside = np.zeros(size, bool)
        self._touching: set[tuple[int, int]] = set()

    def released(self, vehicle: int, order: Order, *, is_new: bool) -> None:
        """Take in an order that a vehicle has accepted: its released nodes may be driven."""
        names = [str(node.node_id) for node in order.nodes if node.released]
        for a, b in pairwise(names):
            if (a, b) not in self._lanes:
                self.verdict.off_lane += 1
                self.verdict.note(f'{self._names[vehicle]}: {a} to {b} is no lane')
        points = [self._where[name] for name in names if name in self._where]
        begin = 0 if is_new else int(self._base_count[vehicle])
        points = points if is_new else points[1:]
        if not is_new and begin + len(points) > self._base.shape[1]:
            begin = self._forget_driven(vehicle)
        self._grow(begin + len(points))
        self._base[vehicle, begin : begin + len(points)] = points or np.zeros((0, 2))
        self._base_count[vehicle] = begin + len(points)
        if is_new:
            self._base_from[vehicle] = 0

    def _forget_driven(self, vehicle: int) -> int:
        first, count = int(self._base_from[vehicle]), int(self._base_count[vehicle])
        left = self._base[vehicle, first:count].copy()
        self._base[vehicle, : len(left)] = left
        self._base_from[vehicle] = 0
        return len(left)

    def _grow(self, needed: int) -> None:
        more = needed - self._base.shape[1]
        if more > 0:
            self._base = np.pad(self._base, ((0, 0), (0, more + 64), (0, 0)))

    def watch(self, now: float, pose: FloatArray, loaded: BoolArray) -> None:
        """Look at the way from the last step's poses to these.

        Args:
            now: Plant time [s] of the step.
            pose: (V, 3) true x, y, yaw.
            loaded: (V,) carries a load.
        """
        self._watch_overlaps(now, pose, loaded | self._loaded)
        self._watch_base(now, pose)
        self._before[:] = pose
        self._loaded = loaded.copy()

    def _watch_overlaps(self, now: float, pose: FloatArray, loaded: BoolArray) -> None:
        hits = find_overlaps(
            self._before, pose, self._corners, self._count, self._reach, loaded, SAMPLE
        )
        touching = {(int(a), int(b)) for a, b in hits}
        for a, b in sorted(touching - self._touching):
            self.verdict.overlaps += 1
            x, y = pose[a, :2]
            self.verdict.note(
                f'{self._names[a]} and {self._names[b]} overlap at t={now:.1f} s, '
                f'x={x:.2f} y={y:.2f}'
            )
        self._touching = touching

    def _watch_base(self, now: float, pose: FloatArray) -> None:
        outside = off_base(pose, self._base, self._base_count, self._base_from, BASE_TOLERANCE)
        for vehicle in np.flatnonzero(outside & ~self._outside):
            self.verdict.beyond_base += 1
            x, y = pose[vehicle, :2]
            self.verdict.note(
                f'{self._names[vehicle]} is outside its base at t={now:.1f} s, x={x:.2f} y={y:.2f}'
            )
        self._outside = outside


def _pack(outlines: list[tuple[FloatArray, FloatArray]]) -> tuple[FloatArray, IntArray]:
    """Return (V, 2, K, 2) corners, empty and loaded, and (V, 2) how many of them count."""
    most = max((len(o) for pair in outlines for o in pair), default=3)
    corners = np.zeros((len(outlines), 2, most, 2))
    count = np.zeros((len(outlines), 2), np.int32)
    for i, pair in enumerate(outlines):
        for k, outline in enumerate(pair):
            shape = outline if len(outline) else pair[0]
            corners[i, k, : len(shape)], count[i, k] = shape, len(shape)
    return corners, count


@njit(cache=True)
def _turn(before: float, after: float) -> float:
    """Return the shorter turn from one heading to another [rad]."""
    return (after - before + math.pi) % (2.0 * math.pi) - math.pi


@njit(cache=True)
def find_overlaps(
    before: FloatArray,
    after: FloatArray,
    corners: FloatArray,
    count: IntArray,
    reach: FloatArray,
    loaded: BoolArray,
    sample: float,
) -> IntArray:
    """Return (M, 2) pairs of vehicles whose outlines overlap anywhere on the way between poses."""
    size = after.shape[0]
    moved = np.zeros(size)
    for i in range(size):
        turn = abs(_turn(before[i, 2], after[i, 2]))
        shift = math.hypot(after[i, 0] - before[i, 0], after[i, 1] - before[i, 1])
        moved[i] = shift + turn * max(reach[i, 0], reach[i, 1])
    hits = []
    for i in range(size):
        for j in range(i + 1, size):
            near = reach[i, int(loaded[i])] + reach[j, int(loaded[j])] + moved[i] + moved[j]
            dx, dy = after[i, 0] - after[j, 0], after[i, 1] - after[j, 1]
            if dx * dx + dy * dy > near * near:
                continue
            looks = max(1, math.ceil(max(moved[i], moved[j]) / sample))
            for look in range(1, looks + 1):
                share = look / looks
                a = _placed(
                    before[i],
                    after[i],
                    share,
                    corners[i, int(loaded[i])],
                    count[i, int(loaded[i])],
                )
                b = _placed(
                    before[j],
                    after[j],
                    share,
                    corners[j, int(loaded[j])],
                    count[j, int(loaded[j])],
                )
                if not (_apart(a, b) or _apart(b, a)):
                    hits.append((i, j))
                    break
    out = np.empty((len(hits), 2), np.int32)
    for k in range(len(hits)):
        out[k, 0], out[k, 1] = hits[k]
    return out


@njit(cache=True)
def _placed(
    before: FloatArray, after: FloatArray, share: float, shape: FloatArray, count: int
) -> FloatArray:
    """Return the corners of an outline at a share of the way between two poses."""
    yaw = before[2] + share * _turn(before[2], after[2])
    x = before[0] + share * (after[0] - before[0])
    y = before[1] + share * (after[1] - before[1])
    cos, sin = math.cos(yaw), math.sin(yaw)
    out = np.empty((count, 2))
    for k in range(count):
        out[k, 0] = x + cos * shape[k, 0] - sin * shape[k, 1]
        out[k, 1] = y + sin * shape[k, 0] + cos * shape[k, 1]
    return out


@njit(cache=True)
def _apart(a: FloatArray, b: FloatArray) -> bool:
    """Tell whether a side of convex a has all of b on its outer side; touching is apart."""
    for k in range(a.shape[0]):
        px, py = a[k, 0], a[k, 1]
        nx, ny = a[(k + 1) % a.shape[0], 1] - py, px - a[(k + 1) % a.shape[0], 0]
        outer = True
        for m in range(b.shape[0]):
            if nx * (b[m, 0] - px) + ny * (b[m, 1] - py) < -1e-9:
                outer = False
                break
        if outer:
            return True
    return False


@njit(cache=True)
def off_base(
    pose: FloatArray, base: FloatArray, count: IntArray, first: IntArray, tolerance: float
) -> BoolArray:
    """Return (V,) vehicles off the rest of their released line; `first` moves on with them."""
    out = np.zeros(pose.shape[0], np.bool_)
    for i in range(pose.shape[0]):
        found = False
        last = max(count[i] - 1, first[i] + 1)
        for k in range(first[i], last):
            end = min(k + 1, count[i] - 1)
            if _distance(pose[i], base[i, k], base[i, end]) <= tolerance:
                first[i], found = k, True
                break
        out[i] = not found
    return out


@njit(cache=True)
def _distance(pose: FloatArray, a: FloatArray, b: FloatArray) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    square = dx * dx + dy * dy
    along = 0.0
    if square > 0.0:
        along = ((pose[0] - a[0]) * dx + (pose[1] - a[1]) * dy) / square
        along = min(max(along, 0.0), 1.0)
    return math.hypot(pose[0] - a[0] - along * dx, pose[1] - a[1] - along * dy)
