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

import numpy as np
from numba import njit


@njit(cache=True)
def heap_push(keys, items, size, key, item):  # noqa: ANN001, ANN201
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
def heap_drop(keys, items, size):  # noqa: ANN001, ANN201
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
def spread(indptr, other, turn, cost, seeds, seed_cost, on_entry):  # noqa: ANN001, ANN201
    """Return (E,) least time from the seeds over a CSR of edges (Dijkstra).

    Args:
        indptr, other, turn: successors (to spread forward) or predecessors (backward).
        cost: (E,) time of each edge.
        seeds, seed_cost: edges to begin with and the time before the edge itself.
        on_entry: (E,) edges that end the search when reached by a step (bays), may be all False.
    """
    time = np.full(cost.size, np.inf)
    room = other.size + seeds.size + 1
    keys, items, size = np.empty(room), np.empty(room, np.int32), 0
    for k in range(seeds.size):
        value = seed_cost[k] + cost[seeds[k]]
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
            if on_entry[following]:
                continue
            reached = value + turn[k] + cost[following]
            if reached < time[following]:
                time[following] = reached
                size = heap_push(keys, items, size, reached, following)
    return time


@njit(cache=True)
def descend(indptr, other, turn, row, end, goal, first, path):  # noqa: ANN001, ANN201
    """Follow a cost-to-go row from an edge to the goal node; returns the number of edges.

    Args:
        row: (E,) time from the beginning of an edge to the goal.
        path: (E,) room for the result.
    """
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


@njit(cache=True, inline='always')
def _bound(onward, back, edge, goal_onward, goal_back):  # noqa: ANN001, ANN202
    """Return a lower bound of the time from the end of an edge to the goal, by landmarks."""
    best = np.float32(0.0)
    for k in range(onward.shape[1]):
        ahead = onward[edge, k] - goal_onward[k]
        behind = goal_back[k] - back[edge, k]
        best = max(best, ahead)
        best = max(best, behind)
    return best


@njit(cache=True)
def search(  # noqa: ANN201
    indptr,  # noqa: ANN001
    other,  # noqa: ANN001
    turn,  # noqa: ANN001
    cost,  # noqa: ANN001
    end,  # noqa: ANN001
    terminal,  # noqa: ANN001
    seeds,  # noqa: ANN001
    seed_cost,  # noqa: ANN001
    goal,  # noqa: ANN001
    onward,  # noqa: ANN001
    back,  # noqa: ANN001
    goal_onward,  # noqa: ANN001
    goal_back,  # noqa: ANN001
    scale,  # noqa: ANN001
    time,  # noqa: ANN001
    before,  # noqa: ANN001
    stamp,  # noqa: ANN001
    turn_of_use,  # noqa: ANN001
    keys,  # noqa: ANN001
    items,  # noqa: ANN001
):
    """A* with landmark bounds over edges; returns (last edge or -1, edges expanded).

    Args:
        terminal: (E,) edges into a bay: only worth entering when the bay is the goal.
        onward, back: (E, L) float32, time to the landmarks from the end of an edge, and from
            the landmarks to it; goal_onward, goal_back: (L,) the same of the goal.
        scale: smallest cost factor in force, so that the bounds stay bounds.
        time, before, stamp: (E,) workspace, valid where stamp equals turn_of_use.
        keys, items: heap room.
    """
    size, expanded = 0, 0
    for k in range(seeds.size):
        edge = seeds[k]
        value = seed_cost[k] + cost[edge]
        if value < np.inf and (stamp[edge] != turn_of_use or value < time[edge]):
            stamp[edge], time[edge], before[edge] = turn_of_use, value, -1
            guess = value + scale * _bound(onward, back, edge, goal_onward, goal_back)
            size = heap_push(keys, items, size, guess, edge)
    while size > 0:
        guess, edge = keys[0], items[0]
        size = heap_drop(keys, items, size)
        value = time[edge]
        if end[edge] == goal:
            return edge, expanded
        bound = value + scale * _bound(onward, back, edge, goal_onward, goal_back)
        if guess > bound + 1e-9:
            continue
        expanded += 1
        for k in range(indptr[edge], indptr[edge + 1]):
            following = other[k]
            if terminal[following] and end[following] != goal:
                continue
            reached = value + turn[k] + cost[following]
            if reached < np.inf and (stamp[following] != turn_of_use or reached < time[following]):
                stamp[following], time[following], before[following] = turn_of_use, reached, edge
                guess = reached + scale * _bound(onward, back, following, goal_onward, goal_back)
                size = heap_push(keys, items, size, guess, following)
    return -1, expanded
