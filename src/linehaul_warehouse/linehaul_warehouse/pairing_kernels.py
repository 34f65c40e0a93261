# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Pairing of storages and retrievals into dual cycles, compiled.

A cell that a retrieval empties is open for a later storage of the same block. So a plan is a set
of paths: each begins at an open cell and goes on over retrievals, and an arc from cell s to
retrieval r stands for the cycle that stores to s and fetches r. Every retrieval is entered once
and every cell left at most once. costs[s, r] is what that cycle costs; rows 0..m-1 are the open
cells and row m + i is the cell of retrieval i. Finding the cheapest set of paths contains the
asymmetric travelling salesman, so there are two kernels: a dynamic program that is exact for up
to about 12 retrievals, and a local search for more.

Source of the dynamic program: Held, Karp (1962), with open cells dealt out one by one over
subsets. Local search: segment moves (Or 1976), exchange of tails, reversal (2-opt).
"""

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True)
def nearest_neighbour(between: Any, opens: int) -> Any:
    """Return (n,) source of each retrieval and (n,) their order: always the closest pair next.

    Args:
        between: (m + n, n) travel [s] between cells.
        opens: m.
    """
    nodes, count = between.shape
    source = np.full(count, -1)
    order = np.empty(count, np.int64)
    free = np.zeros(nodes, np.bool_)
    free[:opens] = True
    for turn in range(count):
        best, s, r = np.inf, -1, -1
        for i in range(nodes):
            if free[i]:
                for j in range(count):
                    if source[j] < 0 and between[i, j] < best:
                        best, s, r = between[i, j], i, j
        source[r] = s
        order[turn] = r
        free[s] = False
        free[opens + r] = True
    return source, order


@njit(cache=True)
def _chains(costs: Any, opens: int) -> Any:
    """Return (n, 2^n) cheapest cost of a path over a set from each first, and its next."""
    count = costs.shape[1]
    full = 1 << count
    best = np.full((count, full), np.inf)
    following = np.full((count, full), -1, np.int8)
    for first in range(count):
        best[first, 1 << first] = 0.0
    for mask in range(1, full):
        for first in range(count):
            rest = mask ^ (1 << first)
            if not mask & (1 << first) or rest == 0:
                continue
            for second in range(count):
                if rest & (1 << second):
                    cost = costs[opens + first, second] + best[second, rest]
                    if cost < best[first, mask]:
                        best[first, mask] = cost
                        following[first, mask] = second
    return best, following


@njit(cache=True)
def exact(costs: Any, opens: int) -> Any:
    """Return (n,) source row of each retrieval in a cheapest plan; needs opens >= 1."""
    count = costs.shape[1]
    full = 1 << count
    best, following = _chains(costs, opens)
    total = np.full(full, np.inf)
    total[0] = 0.0
    taken = np.zeros((opens, full), np.int32)
    entry = np.full((opens, full), -1, np.int8)
    path = np.empty(full)
    for k in range(opens):
        path[0] = 0.0
        for mask in range(1, full):
            path[mask] = np.inf
            for first in range(count):
                if mask & (1 << first):
                    cost = costs[k, first] + best[first, mask]
                    if cost < path[mask]:
                        path[mask] = cost
                        entry[k, mask] = first
        for mask in range(full - 1, 0, -1):
            lowest = total[mask]
            part = mask
            while part:
                cost = total[mask ^ part] + path[part]
                if cost < lowest:
                    lowest = cost
                    taken[k, mask] = part
                part = (part - 1) & mask
            total[mask] = lowest
    source = np.full(count, -1)
    mask = full - 1
    for k in range(opens - 1, -1, -1):
        part = taken[k, mask]
        mask ^= part
        row = k
        node = entry[k, part] if part else -1
        while node >= 0:
            source[node] = row
            row = opens + node
            follower = following[node, part]
            part ^= 1 << node
            node = follower
    return source


@njit(cache=True)
def _cost(costs: Any, row: int, column: int) -> float:
    return 0.0 if column < 0 else costs[row, column]


@njit(cache=True)
def _after(source: Any, nodes: int) -> Any:
    following = np.full(nodes, -1)
    for r in range(source.size):
        following[source[r]] = r
    return following


@njit(cache=True)
def _move_segments(costs: Any, source: Any, following: Any, opens: int, longest: int) -> bool:
    """Take a segment out and put it, maybe reversed, where it is cheaper; True if one was."""
    count = source.size
    nodes = following.size
    segment = np.empty(longest, np.int64)
    for a in range(count):
        last = a
        inner, back = 0.0, 0.0
        for size in range(1, longest + 1):
            if size > 1:
                follower = following[opens + last]
                if follower < 0:
                    break
                inner += costs[opens + last, follower]
                back += costs[opens + follower, last]
                last = follower
            segment[size - 1] = last
            before, after = source[a], following[opens + last]
            gain = costs[before, a] + _cost(costs, opens + last, after)
            gain -= _cost(costs, before, after)
            for u in range(nodes):
                if u == before:
                    continue
                inside = False
                for k in range(size):
                    inside = inside or u == opens + segment[k]
                if inside:
                    continue
                v = following[u]
                base = gain + _cost(costs, u, v)
                ahead = costs[u, a] + _cost(costs, opens + last, v)
                turned = costs[u, last] + _cost(costs, opens + a, v) + back - inner
                if min(ahead, turned) < base - 1e-9:
                    following[before] = after
                    if after >= 0:
                        source[after] = before
                    row = u
                    for k in range(size):
                        node = segment[k] if ahead <= turned else segment[size - 1 - k]
                        following[row] = node
                        source[node] = row
                        row = opens + node
                    following[row] = v
                    if v >= 0:
                        source[v] = row
                    return True
    return False


@njit(cache=True)
def _swap_tails(costs: Any, source: Any, following: Any, opens: int) -> bool:
    """Exchange what follows two cells of different paths; True if that was cheaper."""
    nodes = following.size
    root = np.empty(nodes, np.int64)
    for start in range(opens):
        row = start
        root[row] = start
        while following[row] >= 0:
            row = opens + following[row]
            root[row] = start
    for u in range(nodes):
        for w in range(u + 1, nodes):
            if root[u] == root[w]:
                continue
            a, b = following[u], following[w]
            new = _cost(costs, u, b) + _cost(costs, w, a)
            if new < _cost(costs, u, a) + _cost(costs, w, b) - 1e-9:
                following[u], following[w] = b, a
                if b >= 0:
                    source[b] = u
                if a >= 0:
                    source[a] = w
                return True
    return False


@njit(cache=True)
def total_cost(costs: Any, source: Any) -> float:
    """Return the sum of the arcs of a plan."""
    total = 0.0
    for r in range(source.size):
        total += costs[source[r], r]
    return total


@njit(cache=True)
def improve(costs: Any, start: Any, opens: int, rounds: int, seed: int) -> Any:
    """Return (n,) sources at least as good as start; each round shakes the best plan once.

    Args:
        costs: (m + n, n).
        start: (n,) a plan.
        opens: m.
        rounds: how often the best plan is shaken and searched again; 0 searches once.
        seed: of the shaking; same seed, same answer.
    """
    np.random.seed(seed)
    nodes, count = costs.shape
    best = start.copy()
    best_cost = total_cost(costs, best)
    for turn in range(rounds + 1):
        source = best.copy()
        following = _after(source, nodes)
        if turn > 0:
            for _ in range(3):
                node = np.random.randint(count)
                target = np.random.randint(nodes)
                if target in (opens + node, source[node]):
                    continue
                before, after = source[node], following[opens + node]
                following[before] = after
                if after >= 0:
                    source[after] = before
                behind = following[target]
                following[target] = node
                source[node] = target
                following[opens + node] = behind
                if behind >= 0:
                    source[behind] = opens + node
        while _move_segments(costs, source, following, opens, min(count, 6)) or _swap_tails(
            costs, source, following, opens
        ):
            pass
        cost = total_cost(costs, source)
        if cost < best_cost - 1e-12:
            best, best_cost = source.copy(), cost
    return best
