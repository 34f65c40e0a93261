# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Pose graphs: where a vehicle can be, with which heading, and what one arc does.

The lifelong planner sees the floor only as this graph. A pose is a place with a heading; an arc
is one action that leads from a pose to a pose and either drives a lane (place to place) or stays
in its place (a turn). A grid with turning has four poses a cell and the arcs forward, clockwise,
counter-clockwise; a grid without turning has one pose a cell and four driving arcs. Waiting is
always possible and has no arc. Nothing is planned here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linehaul_traffic.grid import Grid

WAIT = 'W'
TURNING_ACTIONS = 'FRC'
SLIDING_ACTIONS = 'RDLU'
EAST, SOUTH, WEST, NORTH = range(4)
STEP_OF_HEADING = np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])
"""Column and row change of headings 0 east, 1 south, 2 west, 3 north (clockwise on the map)."""


class PoseArrays(NamedTuple):
    """The graph as kernels read it; P poses, A arcs, L lanes, all int32.

    Args:
        place: (P,) place of each pose.
        out_ptr: (P + 1,) arcs of pose p are out_ptr[p]..out_ptr[p + 1].
        arc_to: (A,) pose an arc leads to.
        arc_time: (A,) ticks of an arc, at least 1.
        arc_lane: (A,) lane an arc drives, -1 if it stays in its place.
        in_ptr: (P + 1,) and
        in_from: (A,) where the arcs into each pose come from,
        in_slot: (A,) their position among the arcs of that pose,
        in_lane: (A,) what they drive and
        in_time: (A,) their ticks, once more in this order.
        at_ptr: (places + 1,) and
        at_poses: (P,) poses of each place.
        lane_to: (L,) place a lane leads to.
        lane_back: (L,) lane the other way between the same places, -1 if there is none.
        into_ptr: (places + 1,) and
        into_lanes: (L,) lanes that lead into each place.
    """

    place: NDArray[np.int32]
    out_ptr: NDArray[np.int32]
    arc_to: NDArray[np.int32]
    arc_time: NDArray[np.int32]
    arc_lane: NDArray[np.int32]
    in_ptr: NDArray[np.int32]
    in_from: NDArray[np.int32]
    in_slot: NDArray[np.int32]
    in_lane: NDArray[np.int32]
    in_time: NDArray[np.int32]
    at_ptr: NDArray[np.int32]
    at_poses: NDArray[np.int32]
    lane_to: NDArray[np.int32]
    lane_back: NDArray[np.int32]
    into_ptr: NDArray[np.int32]
    into_lanes: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class PoseGraph:
    """A pose graph with the letters of its actions.

    Args:
        arrays: The graph.
        arc_action: (A,) int8, index into `actions` of each arc.
        actions: One letter an action; the last one is the wait.
        places: Number of places.
    """

    arrays: PoseArrays
    arc_action: NDArray[np.int8]
    actions: str
    places: int

    @property
    def poses(self) -> int:
        """Number of poses."""
        return len(self.arrays.place)

    def pose_at(self, place: NDArray[np.int32], heading: int = EAST) -> NDArray[np.int32]:
        """Return the poses (K,) int32 at `place` (K,) with `heading` (0 where none turns)."""
        turning = self.poses // self.places
        return (place * turning + (heading if turning > 1 else 0)).astype(np.int32)


def grid_poses(grid: Grid, *, turning: bool = True) -> PoseGraph:
    """Return the pose graph of `grid` with unit actions.

    Args:
        grid: The map; its nodes are the places.
        turning: Vehicles have a heading and turn in place by 90 degrees a step (actions
            F forward, R clockwise, C counter-clockwise, W wait), or else slide to any
            neighbour (actions R right, D down, L left, U up, W wait).
    """
    n = grid.size
    lane_from = np.repeat(np.arange(n, dtype=np.int32), np.diff(grid.indptr))
    lane_to = grid.nbr
    change = grid.xy[lane_to] - grid.xy[lane_from]
    heading = (change[:, :, None] == STEP_OF_HEADING.T[None]).all(axis=1).argmax(axis=1)
    lanes = np.arange(len(lane_to), dtype=np.int32)
    if not turning:
        return _pose_graph(
            np.arange(n), lane_from, lane_to, lanes, heading, SLIDING_ACTIONS + WAIT, lane_to, n
        )
    poses = np.arange(4 * n)
    arc_from = np.concatenate([lane_from * 4 + heading, poses, poses])
    arc_to = np.concatenate(
        [lane_to * 4 + heading, poses - poses % 4 + (poses + 1) % 4,
         poses - poses % 4 + (poses + 3) % 4]
    )  # fmt: skip
    arc_lane = np.concatenate([lanes, np.full(8 * n, -1)])
    action = np.repeat([0, 1, 2], [len(lanes), 4 * n, 4 * n])
    return _pose_graph(
        poses // 4, arc_from, arc_to, arc_lane, action, TURNING_ACTIONS + WAIT, lane_to, n
    )


def _pose_graph(
    place: NDArray,
    arc_from: NDArray,
    arc_to: NDArray,
    arc_lane: NDArray,
    arc_action: NDArray,
    actions: str,
    lane_to: NDArray,
    places: int,
) -> PoseGraph:
    """Sort arcs by pose and derive the arrays that follow from them."""
    by_pose = np.argsort(arc_from, kind='stable')
    arc_from, arc_to, arc_lane = arc_from[by_pose], arc_to[by_pose], arc_lane[by_pose]
    lane_from = np.empty(len(lane_to), dtype=np.int64)
    lane_from[arc_lane[arc_lane >= 0]] = place[arc_from[arc_lane >= 0]]
    key = lane_from * places + lane_to
    back_key = lane_to.astype(np.int64) * places + lane_from
    order = np.argsort(key)
    slot = np.minimum(np.searchsorted(key[order], back_key), max(len(key) - 1, 0))
    lane_back = np.where(key[order][slot] == back_key, order[slot], -1) if len(key) else key
    time = np.ones(len(arc_to), dtype=np.int32)
    out_ptr = _indptr(arc_from, len(place))
    inward = np.argsort(arc_to, kind='stable')
    source = arc_from[inward]
    columns = (
        place, out_ptr, arc_to, time, arc_lane,
        _indptr(arc_to, len(place)), source, inward - out_ptr[source], arc_lane[inward],
        time[inward], _indptr(place, places), np.argsort(place, kind='stable'),
        lane_to, lane_back, _indptr(lane_to, places), np.argsort(lane_to, kind='stable'),
    )  # fmt: skip
    arrays = PoseArrays(*(np.ascontiguousarray(c, dtype=np.int32) for c in columns))
    return PoseGraph(arrays, arc_action[by_pose].astype(np.int8), actions, places)


def _indptr(owner: NDArray, size: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=size))])
