# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Can traffic on this floor ever get stuck? What a plant promises, and what breaks the promise.

Two promises, each with its condition:

- *Whole ways*: planning whole ways from bay to bay never gets stuck if the floor is well-formed:
  who stands in a bay keeps nobody from any other bay. This is what TrafficPlanner needs.
- *Pushing*: rules that look only a few steps ahead (priority inheritance) always bring the first
  in rank on, without rotating full rings, if no lane node is a strong articulation point and at
  least one lane node is free. Without that, one-way loops must be kept from filling up.

Nodes are core (lanes that stay joined whichever single node is taken), chain (lanes that do not)
or bay. The conditions are sufficient; `served` finds the truth on tiny graphs by trying
everything, for tests.

Source: well-formed infrastructure (Čáp et al. 2015); PIBT (Okumura et al. 2022), extended to
digraphs without rotation.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import partial

import numpy as np
from linehaul_floor.geometry import BoolArray, IntArray
from linehaul_floor.strong import strong_articulations

from linehaul_floor import ConflictTable, Roadmap


class NodeKind(IntEnum):
    """What a node is to traffic."""

    UNKNOWN = 0
    CORE = 1
    BAY = 2
    CHAIN = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a floor promises.

    Attributes:
        kinds: (N,) NodeKind.
        whole_ways: whole ways from bay to bay never get stuck.
        pushing: neither does pushing, with `holes` free lane nodes at least.
        holes: lane nodes that must stay free for that.
        problems: what breaks a promise and how to mend it, in plain words.
    """

    kinds: IntArray
    whole_ways: bool
    pushing: bool
    holes: int
    problems: tuple[str, ...]


def verdict(roadmap: Roadmap, table: ConflictTable | None = None) -> Verdict:
    """Return what a floor promises to vehicles of one class.

    Args:
        roadmap: the floor; its bays are the nodes with node_bay.
        table: conflicts of the class with itself; left out, only the graph is looked at.
    """
    bay = roadmap.node_bay
    lane = ~bay[roadmap.edge_start] & ~bay[roadmap.edge_end]
    start, end = roadmap.edge_start[lane], roadmap.edge_end[lane]
    joined = strongly_connected(roadmap.node_count, start, end, ~bay)
    weak = strong_articulations(roadmap.node_count, start, end)
    kinds = np.full(roadmap.node_count, NodeKind.CORE, np.int32)
    kinds[weak] = NodeKind.CHAIN
    kinds[bay] = NodeKind.BAY
    problems = []
    if not joined:
        problems.append(
            'some lanes cannot be reached from all others: add lanes that lead there and back'
        )
    problems += _dead_bays(roadmap)
    if table is not None:
        problems += _bays_in_the_way(roadmap, table)
    whole_ways = not problems
    if weak.size:
        names = ', '.join(roadmap.node_ids[k] for k in weak[:6])
        more = ', …' if weak.size > 6 else ''
        problems.append(
            f'{weak.size} lane nodes cut the lanes when a vehicle stands there ({names}{more}):'
            ' add crossovers or a second lane beside them, or keep one node of every loop free'
        )
    pushing = joined and not weak.size and int((~bay).sum()) >= 2
    return Verdict(kinds, whole_ways, pushing, 1, tuple(problems))


def _dead_bays(roadmap: Roadmap) -> list[str]:
    """Name bays that cannot be left or entered, or that lead into each other."""
    found = []
    for node in np.flatnonzero(roadmap.node_bay).tolist():
        out, into = roadmap.edges_from(node), roadmap.edges_into(node)
        ends = {*roadmap.edge_end[out].tolist(), *roadmap.edge_start[into].tolist()}
        if not out.size or not into.size:
            found.append(f'bay {roadmap.node_ids[node]} is a trap: give it a way in and out')
        elif any(roadmap.node_bay[k] for k in ends):
            found.append(
                f'bay {roadmap.node_ids[node]} is reached through another bay:'
                ' hang it on a lane node of its own'
            )
    return found


def _bays_in_the_way(roadmap: Roadmap, table: ConflictTable) -> list[str]:
    """Name bays in which a vehicle stands in the way of a lane or of another bay."""
    found = []
    n = roadmap.node_count
    own_start, own_end = roadmap.edge_start, roadmap.edge_end
    for node in np.flatnonzero(roadmap.node_bay).tolist():
        row = table.of(int(node))
        nodes, edges = row[row < n], row[row >= n] - n
        edges = edges[(own_start[edges] != node) & (own_end[edges] != node)]
        if (nodes != node).any() or edges.size:
            names = [roadmap.node_ids[k] for k in nodes if k != node]
            names += [roadmap.edge_ids[k] for k in edges]
            found.append(
                f'who stands in bay {roadmap.node_ids[node]} is in the way of {names[0]}:'
                ' make the spur longer, or move the bay'
            )
    return found


def strongly_connected(count: int, start: IntArray, end: IntArray, used: BoolArray) -> bool:
    """Return whether every used node reaches every other over edges (M,)."""
    nodes = np.flatnonzero(used)
    if nodes.size < 2:
        return True
    ahead: list[list[int]] = [[] for _ in range(count)]
    behind: list[list[int]] = [[] for _ in range(count)]
    for a, b in zip(start.tolist(), end.tolist(), strict=True):
        ahead[a].append(b)
        behind[b].append(a)
    return all(
        len(_reached(int(nodes[0]), neighbours)) >= nodes.size for neighbours in (ahead, behind)
    )


def _reached(root: int, neighbours: list[list[int]]) -> set[int]:
    seen, stack = {root}, [root]
    while stack:
        for node in neighbours[stack.pop()]:
            if node not in seen:
                seen.add(node)
                stack.append(node)
    return seen


def served(edges: frozenset[tuple[int, int]], stand: tuple[int, ...], goal: int) -> bool:
    """Return whether the first vehicle can get to a node, whatever it takes, by trying all.

    One vehicle moves at a time, into a free node: no rotation.

    Args:
        edges: directed, of a tiny graph.
        stand: node of each vehicle, no two on the same.
        goal: of the first vehicle.
    """
    ahead: dict[int, list[int]] = {}
    for a, b in edges:
        ahead.setdefault(a, []).append(b)
    seen, stack = {_same(stand)}, [stand]
    while stack:
        now = stack.pop()
        if now[0] == goal:
            return True
        for after in map(partial(_moved, now), _moves(now, ahead)):
            if _same(after) not in seen:
                seen.add(_same(after))
                stack.append(after)
    return False


def _same(stand: tuple[int, ...]) -> tuple[int, frozenset[int]]:
    """Return a position without the names of all but the first."""
    return stand[0], frozenset(stand[1:])


def _moves(stand: tuple[int, ...], ahead: dict[int, list[int]]) -> list[tuple[int, int]]:
    taken = set(stand)
    return [(i, b) for i, a in enumerate(stand) for b in ahead.get(a, ()) if b not in taken]


def _moved(stand: tuple[int, ...], move: tuple[int, int]) -> tuple[int, ...]:
    return (*stand[: move[0]], move[1], *stand[move[0] + 1 :])
