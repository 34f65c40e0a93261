# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""One-way loops and their vacancy tokens: who rests on lanes must leave one node of each free.

Ways from bay to bay never fill a loop for good (docs/traffic.md). A way that ends on a lane can:
when all nodes of a loop are taken by vehicles at rest, none of them can ever move, because full
rings do not rotate. So on floors where lanes do not stay joined around every node, each loop has
one place less than it has nodes.
"""

from collections import deque
from collections.abc import Collection, Sequence

import numpy as np
from linehaul_floor.strong import strong_articulations

from linehaul_floor import Roadmap

Loop = frozenset[int]


def one_way_loops(roadmap: Roadmap) -> tuple[Loop, ...]:
    """Return the shortest loop through each lane; empty where nothing can fill up for good.

    That is where no lane node cuts the lanes: then the free nodes of all loops serve each other.
    """
    bay = roadmap.node_bay
    lane = ~bay[roadmap.edge_start] & ~bay[roadmap.edge_end]
    start, end = roadmap.edge_start[lane], roadmap.edge_end[lane]
    if not strong_articulations(roadmap.node_count, start, end).size and not _ring(start):
        return ()
    ahead: list[list[int]] = [[] for _ in range(roadmap.node_count)]
    for a, b in zip(start.tolist(), end.tolist(), strict=True):
        ahead[a].append(b)
    pairs = zip(start.tolist(), end.tolist(), strict=True)
    found = dict.fromkeys(_loop(a, b, ahead) for a, b in pairs)
    return tuple(loop for loop in found if len(loop) > 1)


def _ring(start: np.ndarray) -> bool:
    """Return whether every lane node has one way on only."""
    return bool(start.size) and bool(np.bincount(start).max() == 1)


def _loop(first: int, second: int, ahead: Sequence[Sequence[int]]) -> Loop:
    """Return the nodes of the shortest loop over an edge; empty: there is none."""
    before, todo = {second: -1}, deque([second])
    while todo:
        node = todo.popleft()
        if node == first:
            break
        for other in ahead[node]:
            if other not in before:
                before[other] = node
                todo.append(other)
    if first not in before:
        return frozenset()
    nodes, node = [], first
    while node >= 0:
        nodes.append(node)
        node = before[node]
    return frozenset(nodes)


def full_loop(loops: Collection[Loop], resting: Collection[int], node: int) -> Loop | None:
    """Return a loop that would be full if one more came to rest at a node.

    Args:
        loops: of the floor.
        resting: nodes at which others rest, or are going to rest.
        node: where the next one wants to rest.
    """
    taken = {*resting, node}
    return next((loop for loop in loops if node in loop and loop <= taken), None)
