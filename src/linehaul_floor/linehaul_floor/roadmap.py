# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The roadmap as arrays: nodes, directed straight edges, and what touches what.

Decides turning places and headings from the network that `lanes.py` lays out. It knows no
vehicle class beyond a bit mask of who may use an edge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from linehaul_floor.geometry import (
    STRAIGHT,
    BoolArray,
    FloatArray,
    IntArray,
    freeze,
    wrap_angles,
)
from linehaul_floor.ids import ClassId, EdgeId, NodeId


@dataclass(frozen=True, slots=True, eq=False)
class Roadmap:
    """N nodes and E directed edges.

    Elements, for conflicts: 0..N-1 are the nodes, N..N+E-1 the edges.

    Attributes:
        node_ids, edge_ids: names in index order.
        node_index, edge_index: name to index.
        xy: (N, 2) [m].
        node_turn: (N,) a vehicle may turn in place here.
        node_bay: (N,) the rest position of a place, off the lanes.
        edge_start, edge_end: (E,) node indices.
        length: (E,) [m].
        speed: (E,) limit [m/s].
        travel_heading: (E,) direction of travel [rad].
        vehicle_heading: (E,) yaw of the vehicle's body on the edge [rad]; travel_heading, or
            turned by pi where the edge is driven in reverse.
        class_ids: names of the bits of edge_classes.
        edge_classes: (E,) bit k set: vehicles of class_ids[k] may use the edge.
        out_indptr, out_edges: edges that leave a node, CSR, (N+1,) and (E,).
        in_indptr, in_edges: edges that reach a node, CSR, (N+1,) and (E,).
    """

    node_ids: tuple[NodeId, ...]
    edge_ids: tuple[EdgeId, ...]
    node_index: Mapping[NodeId, int]
    edge_index: Mapping[EdgeId, int]
    xy: FloatArray
    node_turn: BoolArray
    node_bay: BoolArray
    edge_start: IntArray
    edge_end: IntArray
    length: FloatArray
    speed: FloatArray
    travel_heading: FloatArray
    vehicle_heading: FloatArray
    class_ids: tuple[ClassId, ...]
    edge_classes: IntArray
    out_indptr: IntArray
    out_edges: IntArray
    in_indptr: IntArray
    in_edges: IntArray

    @property
    def node_count(self) -> int:
        """N."""
        return len(self.node_ids)

    @property
    def edge_count(self) -> int:
        """E."""
        return len(self.edge_ids)

    def edges_from(self, node: int) -> IntArray:
        """Return the edges that leave a node."""
        return self.out_edges[self.out_indptr[node] : self.out_indptr[node + 1]]

    def edges_into(self, node: int) -> IntArray:
        """Return the edges that reach a node."""
        return self.in_edges[self.in_indptr[node] : self.in_indptr[node + 1]]

    def edges_for(self, class_id: ClassId) -> BoolArray:
        """Return (E,) which edges vehicles of a class may use."""
        bit = 1 << self.class_ids.index(class_id)
        return np.asarray((self.edge_classes & bit) != 0)


def make_roadmap(  # noqa: D417 (the arrays are those of Roadmap)
    node_ids: Sequence[str],
    xy: FloatArray,
    edge_ids: Sequence[str],
    edge_start: IntArray,
    edge_end: IntArray,
    speed: FloatArray,
    reverse: BoolArray,
    *,
    class_ids: Sequence[str] = (),
    edge_classes: IntArray | None = None,
    node_bay: BoolArray | None = None,
    node_turn: BoolArray | None = None,
) -> Roadmap:
    """Return the roadmap of nodes and straight directed edges.

    Args:
        reverse: (E,) driven backwards.
        node_turn: (N,); left out, a vehicle may turn wherever lanes of different direction
            meet, but not in a bay.
    """
    n, e = len(node_ids), len(edge_ids)
    start, end = edge_start.astype(np.int32), edge_end.astype(np.int32)
    delta = xy[end] - xy[start] if e else np.zeros((0, 2))
    travel = wrap_angles(np.arctan2(delta[:, 1], delta[:, 0]))
    body = np.where(reverse, wrap_angles(travel + np.pi), travel)
    bay = np.zeros(n, bool) if node_bay is None else node_bay
    turn = _turning(n, start, end, body) & ~bay if node_turn is None else node_turn
    bits = np.full(e, (1 << len(class_ids)) - 1) if edge_classes is None else edge_classes
    out_indptr, out_edges = csr(start, n)
    in_indptr, in_edges = csr(end, n)
    return Roadmap(
        node_ids=tuple(NodeId(name) for name in node_ids),
        edge_ids=tuple(EdgeId(name) for name in edge_ids),
        node_index={NodeId(name): index for index, name in enumerate(node_ids)},
        edge_index={EdgeId(name): index for index, name in enumerate(edge_ids)},
        xy=freeze(xy.astype(np.float64)),
        node_turn=freeze(turn.astype(bool)),
        node_bay=freeze(bay.astype(bool)),
        edge_start=freeze(start),
        edge_end=freeze(end),
        length=freeze(np.hypot(delta[:, 0], delta[:, 1])),
        speed=freeze(speed.astype(np.float64)),
        travel_heading=freeze(travel),
        vehicle_heading=freeze(body),
        class_ids=tuple(ClassId(name) for name in class_ids),
        edge_classes=freeze(bits.astype(np.int32)),
        out_indptr=out_indptr,
        out_edges=out_edges,
        in_indptr=in_indptr,
        in_edges=in_edges,
    )


def csr(key: IntArray, count: int) -> tuple[IntArray, IntArray]:
    """Return (count+1,) pointers and (M,) indices that group 0..M-1 by key, in rising order."""
    order = np.argsort(key, kind='stable').astype(np.int32)
    indptr = np.zeros(count + 1, np.int32)
    np.cumsum(np.bincount(key, minlength=count), out=indptr[1:])
    return freeze(indptr), freeze(order)


def _turning(n: int, start: IntArray, end: IntArray, body: FloatArray) -> BoolArray:
    """Return (N,) where an arriving body heading and a leaving one differ by a real turn.

    A two-way lane that goes straight on is no turning place: its two headings are opposite, but
    each leaves as it arrived.
    """
    nodes, axis = np.concatenate([start, end]), np.concatenate([body, body])
    double = np.exp(2j * axis)  # opposite headings fall together
    first = np.zeros(n, complex)
    first[nodes[::-1]] = double[::-1]
    bent = np.abs(np.angle(double * np.conj(first[nodes]))) > 2.0 * STRAIGHT
    turning = np.zeros(n, bool)
    turning[nodes[bent]] = True
    return turning | _dead_ends(n, start, end)


def _dead_ends(n: int, start: IntArray, end: IntArray) -> BoolArray:
    """Return (N,) nodes with one neighbour only, where a vehicle must turn round."""
    pairs = np.unique(
        np.concatenate([np.stack([start, end], 1), np.stack([end, start], 1)]), axis=0
    )
    return np.asarray(np.bincount(pairs[:, 0], minlength=n) == 1)
