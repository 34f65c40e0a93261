# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Shortest-time search over edges, compiled.

States are directed edges, so that the time to turn between two edges is part of the graph
exactly. Successors and predecessors of an edge come as CSR (indptr, edge, turn time). Costs are
seconds; an edge with infinite cost is closed. The heap is a binary heap in two arrays with lazy
deletion, so that no entry is ever moved out of order.

Source: Dijkstra (1959); Hart, Nilsson, Raphael (1968) A*; Goldberg, Harrelson (2005) "Computing
the shortest path: A* search meets graph theory" for the landmark bounds.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit


@njit(cache=True)
def heap_push(keys: Any, items: Any, size: int, key: float, item: int) -> int:
    """Insert an entry; returns the new size."""
    child = size
    while child > 0:
        parent = (child - 1) >> 1
        if keys[parent] <= key:
            break
        keys[child] = keys[parent]
        items[child] = items[parent]
        child = parent
    keys[child] = key
    items[child] = item
    return size + 1


@njit(cache=True)
def heap_drop(keys: Any, items: Any, size: int) -> int:
    """Remove the smallest entry, which stands at 0; returns the new size."""
    size -= 1
    key, item = keys[size], items[size]
    hole = 0
    while True:
        child = 2 * hole + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[hole] = keys[child]
        items[hole] = items[child]
        hole = child
    keys[hole] = key
    items[hole] = item
    return size


@njit(cache=True)
def spread(
    indptr: Any, other: Any, turn: Any, cost: Any, seeds: Any, closed: Any
) -> npt.NDArray[np.float64]:
    """Return (E,) least time from the seeds over a CSR of edges, seeds included (Dijkstra).

    Args:
        indptr: successors (to spread forward) or predecessors (backward), with other and turn.
        other: the following edge of each step.
        turn: time [s] of each step, before the following edge.
        cost: (E,) time of each edge.
        seeds: edges to begin with.
        closed: (E,) edges that no step may lead to.
    """
    time = np.full(cost.size, np.inf)
    room = other.size + seeds.size + 1
    keys, items, size = np.empty(room), np.empty(room, np.int32), 0
    for k in range(seeds.size):
        value = cost[seeds[k]]
        if value < time[seeds[k]]:
            time[seeds[k]] = value
            size = heap_push(keys, items, size, value, seeds[k])
    while size > 0:
        value, edge = keys[0], items[0]
        size = heap_drop(keys, items, size)
        if value > time[edge]:
            continue
        for k in range(indptr[edge], indptr[edge + 1]):
            following = other[k]
            if closed[following]:
                continue
            reached = value + turn[k] + cost[following]
            if reached < time[following]:
                time[following] = reached
                size = heap_push(keys, items, size, reached, following)
    return time


@njit(cache=True)
def descend(graph: Any, row: Any, end: Any, goal: int, first: int, path: Any) -> int:
    """Follow a cost-to-go row from an edge to the goal node; returns the number of edges.

    Args:
        graph: (indptr, other, turn), successors of each edge.
        row: (E,) time from the beginning of an edge to the goal.
        end: (E,) end node of each edge.
        goal: the node to reach.
        first: the edge to begin with.
        path: (E,) room for the result.
    """
    indptr, other, turn = graph
    count, edge = 0, first
    while True:
        path[count] = edge
        count += 1
        if end[edge] == goal or count == path.size:
            return count
        best, following = np.inf, -1
        for k in range(indptr[edge], indptr[edge + 1]):
            value = turn[k] + row[other[k]]
            if value < best:
                best, following = value, other[k]
        if following < 0:
            return -1
        edge = following


@njit(cache=True)
def _bound(onward: Any, back: Any, edge: int, into: Any) -> float:
    """Return a lower bound of the time from the end of an edge to the end of one of `into`.

    By the triangle inequality over each landmark, for the best of the goal's incoming edges.
    """
    least = np.inf
    for goal_edge in into:
        best = np.float32(0.0)
        for k in range(onward.shape[1]):
            ahead = onward[edge, k] - onward[goal_edge, k]
            behind = back[goal_edge, k] - back[edge, k]
            if ahead > best:  # noqa: PLR1730 (a NaN must not win)
                best = ahead
            if behind > best:  # noqa: PLR1730
                best = behind
        least = min(least, np.float64(best))
    return least


@njit(cache=True)
def search(
    graph: Any,
    cost: Any,
    terminal: Any,
    into: Any,
    seeds: Any,
    seed_cost: Any,
    marks: Any,
    scale: float,
    work: Any,
    stamp: int,
) -> tuple[int, int]:
    """A* with landmark bounds over edges; returns (last edge or -1, edges expanded).

    Args:
        graph: (indptr, other, turn), successors of each edge.
        cost: (E,) time of each edge.
        terminal: (E,) 1: an edge into a bay, only worth entering when the bay is the goal.
            2: an edge into the goal; the search ends when it is the best open one.
        into: edges into the goal.
        seeds: edges to begin with.
        seed_cost: time before each seed.
        marks: (onward, back), (E, L) float32, time to the landmarks from the end of an edge, and
            from the landmarks to it.
        scale: smallest cost factor in force, so that the bounds stay bounds.
        work: (time, bound, before, state, keys, items), workspace. An entry of an edge is valid
            where its state is at least stamp; the edge is done where it is stamp + 1.
        stamp: even, and at least 2 above that of the search before.
    """
    indptr, other, turn = graph
    onward, back = marks
    time, bound, before, state, keys, items = work
    size, expanded = 0, 0
    for k in range(seeds.size):
        edge, value = seeds[k], seed_cost[k] + cost[seeds[k]]
        if value < np.inf and (state[edge] < stamp or value < time[edge]):
            state[edge], time[edge], before[edge] = stamp, value, -1
            bound[edge] = scale * _bound(onward, back, edge, into)
            size = heap_push(keys, items, size, value + bound[edge], edge)
    while size > 0:
        edge = items[0]
        size = heap_drop(keys, items, size)
        if state[edge] == stamp + 1:
            continue
        if terminal[edge] == 2:
            return edge, expanded
        state[edge] = stamp + 1
        expanded += 1
        for k in range(indptr[edge], indptr[edge + 1]):
            following = other[k]
            if state[following] == stamp + 1 or terminal[following] == 1:
                continue
            reached = time[edge] + turn[k] + cost[following]
            if reached == np.inf or (state[following] == stamp and reached >= time[following]):
                continue
            if state[following] < stamp:
                bound[following] = scale * _bound(onward, back, following, into)
            state[following], time[following], before[following] = stamp, reached, edge
            size = heap_push(keys, items, size, reached + bound[following], following)
    return -1, expanded
