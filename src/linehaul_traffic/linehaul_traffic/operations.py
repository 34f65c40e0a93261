# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Operations: the short chains of actions a vehicle chooses from, with the space they need.

For every pose the table lists all chains of `depth` ticks made of arcs and waits, without
doubles (same places at the same ticks and same last pose) and without idle turns at the end. An
operation's claims are the (tick, resource) pairs it occupies: its place after each tick, and each
two-way lane it drives, so that nobody comes the other way at the same tick. The planner compares
claims only; a roadmap with footprints gives the same table with longer claim lists.
Source: operations as in EPIBT, arXiv 2511.09193; closed under "drop the first action, append a
wait", so that last cycle's choice can always be continued.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linehaul_traffic.posegraph import PoseArrays, PoseGraph

UNUSABLE = -(2**30)


class OperationArrays(NamedTuple):
    """K operations as kernels read them.

    Args:
        ptr: (P + 1,) int32, operations of pose p; its first one holds the pose throughout.
        claim_ptr: (K + 1,) int32, claims of each operation.
        claim: int32, tick * resources + resource, ticks from 0.
        arcs: (K, depth) int32, arc of each tick, -1 for a wait.
        place: (K, depth) int32, place after each tick.
        end: (K,) int32, last pose.
        after: (K,) int32, operation that continues this one a tick later.
    """

    ptr: NDArray[np.int32]
    claim_ptr: NDArray[np.int32]
    claim: NDArray[np.int32]
    arcs: NDArray[np.int32]
    place: NDArray[np.int32]
    end: NDArray[np.int32]
    after: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Operations:
    """The operation table of a pose graph.

    Args:
        arrays: The operations.
        depth: Ticks of an operation.
        resources: Number of resources: the places, then the lanes (two-way lanes share one).
        widest: Most operations of one pose.
    """

    arrays: OperationArrays
    depth: int
    resources: int
    widest: int


def build_operations(graph: PoseGraph, depth: int) -> Operations:
    """Return every useful operation of `depth` ticks (at least 1) of every pose of `graph`.

    A vehicle that never looks further than one tick must also be able to turn, so operations
    of depth 1 may end in a turn.
    """
    a = graph.arrays
    lanes = len(a.lane_to)
    numbers = np.arange(lanes, dtype=np.int32)
    shared = np.where((a.lane_back >= 0) & (a.lane_back < numbers), a.lane_back, numbers)
    degree = int(np.diff(a.out_ptr).max(initial=0))
    limit = (degree + 1) ** depth
    counts = np.zeros(graph.poses, dtype=np.int32)
    nothing = np.empty((0, depth), dtype=np.int32)
    _fill_operations(a, depth, limit, counts, nothing, False)
    ptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    arcs = np.empty((ptr[-1], depth), dtype=np.int32)
    _fill_operations(a, depth, limit, ptr, arcs, True)
    place, end = _trace_operations(a, ptr, arcs)
    claim_ptr = np.concatenate([[0], np.cumsum(depth + _driving(a, arcs).sum(axis=1))])
    claim_ptr = claim_ptr.astype(np.int32)
    resources = graph.places + lanes
    claim = np.empty(claim_ptr[-1], dtype=np.int32)
    _fill_claims(a, shared.astype(np.int32), graph.places, arcs, place, claim_ptr, claim)
    after = _continuations(a, ptr, arcs, place, end)
    arrays = OperationArrays(ptr, claim_ptr, claim, arcs, place, end, after)
    return Operations(arrays, depth, resources, int(counts.max(initial=1)))


def _driving(a: PoseArrays, arcs: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return (K, depth) bool, ticks in which an operation drives a lane."""
    return (arcs >= 0) & (np.append(a.arc_lane, -1)[arcs] >= 0)


@njit(cache=True, nogil=True)
def _fill_operations(
    a: PoseArrays,
    depth: int,
    limit: int,
    counts: NDArray[np.int32],
    arcs: NDArray[np.int32],
    write: bool,
) -> None:
    """Count the operations of each pose into `counts`, or write them into `arcs`.

    When writing, `counts` (P + 1,) says where the operations of each pose begin. Operations come
    in order of preference among equals: drive early, then turn, then wait.
    """
    chosen = np.empty((limit, depth), dtype=np.int32)
    places = np.empty((limit, depth), dtype=np.int32)
    ends = np.empty(limit, dtype=np.int32)
    score = np.empty(limit, dtype=np.int64)
    choices = 1
    while choices**depth < limit:
        choices += 1
    for p in range(a.place.shape[0]):
        found = 0
        for code in range(limit):
            points = _walk(a, p, code, choices, chosen[found], places[found], ends[found:])
            if points == UNUSABLE:
                continue
            same = -1
            for k in range(found):
                if ends[k] == ends[found] and (places[k] == places[found]).all():
                    same = k
                    break
            if same < 0:
                score[found] = points
                found += 1
            elif same > 0 and points > score[same]:
                chosen[same] = chosen[found]
                score[same] = points
        if not write:
            counts[p] = found
            continue
        arcs[counts[p]] = chosen[0]
        order = np.argsort(-score[1:found])
        for k in range(1, found):
            arcs[counts[p] + k] = chosen[1 + order[k - 1]]


@njit(cache=True, nogil=True)
def _walk(
    a: PoseArrays,
    pose: int,
    code: int,
    choices: int,
    arcs: NDArray[np.int32],
    places: NDArray[np.int32],
    end: NDArray[np.int32],
) -> int:
    """Follow chain number `code` from `pose`; return its preference or `UNUSABLE`.

    The digits of `code` to the base `choices` are the choices of each tick: 0 waits, k takes the
    k-th arc of the pose. Chains that end in turns are not used.
    """
    depth = arcs.shape[0]
    unit = choices ** (depth - 1)
    points = 0
    idle_turn = False
    for tick in range(depth):
        digit = code // unit % choices
        unit //= choices
        left = depth - tick
        arcs[tick] = -1
        if digit == 0:
            points -= 3 * left
        else:
            arc = a.out_ptr[pose] + digit - 1
            if arc >= a.out_ptr[pose + 1]:
                return UNUSABLE
            arcs[tick] = arc
            pose = a.arc_to[arc]
            idle_turn = a.arc_lane[arc] < 0
            points += -2 * left if idle_turn else 10 * (left + 1)
        places[tick] = a.place[pose]
    end[0] = pose
    return UNUSABLE if idle_turn and depth > 1 else points


@njit(cache=True, nogil=True)
def _trace_operations(
    a: PoseArrays, ptr: NDArray[np.int32], arcs: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the places (K, depth) and last poses (K,) of all operations."""
    place = np.empty_like(arcs)
    end = np.empty(arcs.shape[0], dtype=np.int32)
    for p in range(ptr.shape[0] - 1):
        for o in range(ptr[p], ptr[p + 1]):
            pose = p
            for t in range(arcs.shape[1]):
                if arcs[o, t] >= 0:
                    pose = a.arc_to[arcs[o, t]]
                place[o, t] = a.place[pose]
            end[o] = pose
    return place, end


@njit(cache=True, nogil=True)
def _fill_claims(
    a: PoseArrays,
    shared: NDArray[np.int32],
    places: int,
    arcs: NDArray[np.int32],
    place: NDArray[np.int32],
    claim_ptr: NDArray[np.int32],
    claim: NDArray[np.int32],
) -> None:
    """Write the claims of all operations; `shared` (L,) is the number of a lane's resource."""
    resources = places + shared.shape[0]
    for o in range(arcs.shape[0]):
        k = claim_ptr[o]
        for t in range(arcs.shape[1]):
            claim[k] = t * resources + place[o, t]
            k += 1
        for t in range(arcs.shape[1]):
            if arcs[o, t] >= 0 and a.arc_lane[arcs[o, t]] >= 0:
                claim[k] = t * resources + places + shared[a.arc_lane[arcs[o, t]]]
                k += 1


@njit(cache=True, nogil=True)
def _continuations(
    a: PoseArrays,
    ptr: NDArray[np.int32],
    arcs: NDArray[np.int32],
    place: NDArray[np.int32],
    end: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Return (K,) the operation that does the rest of each operation and then waits."""
    depth = arcs.shape[1]
    after = np.full(arcs.shape[0], -1, dtype=np.int32)
    for p in range(ptr.shape[0] - 1):
        for o in range(ptr[p], ptr[p + 1]):
            pose = p if arcs[o, 0] < 0 else a.arc_to[arcs[o, 0]]
            for c in range(ptr[pose], ptr[pose + 1]):
                if end[c] != end[o] or place[c, depth - 1] != place[o, depth - 1]:
                    continue
                same = True
                for t in range(depth - 1):
                    same = same and place[c, t] == place[o, t + 1]
                if same:
                    after[o] = c
                    break
    return after
