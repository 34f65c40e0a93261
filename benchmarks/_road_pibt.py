# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Plain priority inheritance on a roadmap, as a baseline: one edge at a time, no plan beyond it.

A vehicle that has at most one edge left chooses the next one: the best by time to its goal whose
edge, pose and turning place nobody holds. Where one vehicle that stands is in the way and has
lower priority, it is pushed: it must move on if anything around it is free, and the other waits.
Priority grows with the time since the last goal. Vehicles hold what they drive on and stand on.

Source: PIBT (Okumura et al. 2022), made asynchronous as in Causal-PIBT (2020) and LSRP (2024).
"""

from dataclasses import dataclass

import numpy as np
from linehaul_traffic.road_model import RoadArrays, RoadModel
from numba import njit

HELD = 12
"""Elements a vehicle holds at most: three for each edge given, and its pose."""


@dataclass(slots=True)
class Pushers:
    """State of V vehicles.

    kind: class number. node: where the last given edge ends. last: that edge, -1: none yet.
    holder: (C, M) who holds an element. held: (V, HELD) elements, oldest first; parts: (V, 3)
    elements of each of the (up to three) edges given and not done, pose last.
    """

    kind: np.ndarray
    node: np.ndarray
    last: np.ndarray
    holder: np.ndarray
    held: np.ndarray
    held_of: np.ndarray
    pushed: np.ndarray


def new_pushers(model: RoadModel, kind: np.ndarray, node: np.ndarray) -> Pushers:
    """Return vehicles that stand at nodes."""
    elements = model.arrays.rows.shape[2] - 1
    count = kind.size
    p = Pushers(
        kind=kind.astype(np.int32),
        node=node.astype(np.int32),
        last=np.full(count, -1, np.int32),
        holder=np.full((len(model.names), elements), -1, np.int32),
        held=np.full((count, HELD), -1, np.int32),
        held_of=np.full((count, HELD), -1, np.int32),
        pushed=np.zeros(count, bool),
    )
    for v in range(count):
        p.held[v, 0], p.held_of[v, 0] = node[v], 0
        p.holder[kind[v], node[v]] = v
    return p


@njit(cache=True)
def in_the_way(road: RoadArrays, kind: np.ndarray, holder: np.ndarray, v: int, x: int) -> int:
    """Return who holds something in conflict with x, -1: nobody, -2: more than one."""
    found = -1
    for b in range(holder.shape[0]):
        for k in range(road.rows[kind[v], b, x], road.rows[kind[v], b, x + 1]):
            w = holder[b, road.row[k]]
            if w >= 0 and w not in (v, found):
                if found >= 0:
                    return -2
                found = w
    return found


@njit(cache=True)
def let_go(
    holder: np.ndarray, v: int, kind: int, held: np.ndarray, held_of: np.ndarray, done: int
) -> None:
    """Release what a vehicle held up to a number of edges done."""
    kept = 0
    for k in range(held.size):
        if held[k] >= 0 and held_of[k] < done:
            holder[kind, held[k]] = -1
        elif held[k] >= 0:
            held[kept], held_of[kept] = held[k], held_of[k]
            kept += 1
    held[kept:] = -1
    for k in range(kept):  # the same element may be held for a later edge too
        holder[kind, held[k]] = v


@njit(cache=True)
def choose(  # noqa: D417 - arrays of one kind share a line
    road: RoadArrays,
    out_indptr: np.ndarray,
    out_edges: np.ndarray,
    bay: np.ndarray,
    kind: np.ndarray,
    node: np.ndarray,
    last: np.ndarray,
    holder: np.ndarray,
    held: np.ndarray,
    held_of: np.ndarray,
    pushed: np.ndarray,
    rank: np.ndarray,
    may: np.ndarray,
    stands: np.ndarray,
    given: np.ndarray,
    goal: np.ndarray,
    row_of: np.ndarray,
    rows: np.ndarray,
    out: np.ndarray,
) -> None:
    """Let vehicles choose their next edge; out (V,): the edge, -1: none.

    Args:
        road: the roads.
        out_indptr: edges that leave each node, CSR, with out_edges.
        out_edges: see out_indptr.
        bay: (N,) bays, entered only as a goal.
        kind, node, last, holder, held, held_of, pushed: see Pushers.
        rank: (V,) lower goes first.
        may: (V,) has at most one edge left.
        stands: (V,) has none left.
        given: (V,) edges given so far.
        goal: (V,) node, -1: none.
        row_of: (V,) row of `rows`.
        rows: (R, E) seconds from the beginning of each edge to a goal.
    """
    out[:] = -1
    for v in np.argsort(rank):
        if not may[v] or goal[v] < 0 or node[v] == goal[v]:
            continue
        if pushed[v] and not stands[v]:
            pushed[v] = False
        first, last_out = out_indptr[node[v]], out_indptr[node[v] + 1]
        value = np.full(last_out - first, np.inf)
        turn = np.zeros(last_out - first)
        for k in range(first, last_out):
            e = out_edges[k]
            if bay[road.end[e]] and road.end[e] != goal[v]:
                continue
            t = 0.0
            if last[v] >= 0 and not bay[node[v]]:
                t = -2.0
                for j in range(road.next_indptr[last[v]], road.next_indptr[last[v] + 1]):
                    if road.next_edge[j] == e:
                        t = road.next_turn[kind[v], j]
                if t == -2.0:
                    continue
            turn[k - first] = t
            value[k - first] = max(t, 0.0) + rows[row_of[v], e]
        for k in np.argsort(value):
            if value[k] == np.inf:
                break
            e = np.int64(out_edges[first + k])
            worst = -1
            for x in (road.nodes + e, road.poses + e, np.int64(node[v])):
                if x == node[v] and turn[k] <= 0.0:
                    continue
                w = in_the_way(road, kind, holder, v, x)
                if w == -2 or (w >= 0 and worst >= 0 and w != worst):
                    worst = -2
                elif w >= 0 and worst != -2:
                    worst = w
            if worst == -1:
                out[v] = e
                kept = 0
                while kept < held.shape[1] and held[v, kept] >= 0:
                    kept += 1
                for x in (road.nodes + e, road.poses + e, np.int64(node[v])):
                    if x == node[v] and (turn[k] <= 0.0 or holder[kind[v], x] == v):
                        continue
                    holder[kind[v], x] = v
                    held[v, kept] = x
                    held_of[v, kept] = given[v] + (1 if x == road.poses + e else 0)
                    kept += 1
                node[v], last[v] = road.end[e], e
                pushed[v] = False
                break
            if worst >= 0 and stands[worst] and rank[worst] > rank[v] and goal[worst] >= 0:
                pushed[worst] = True
            if not pushed[v]:
                break
