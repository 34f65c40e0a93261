# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The way out of a knot: a complete search over where all its vehicles stand.

A search node says where each vehicle of the knot stands; everybody else is an obstacle. Each
visit takes the next constraint from a queue (first none, then one vehicle prescribed, then two,
...) and asks for one step of the team that obeys it (knot_moves.py), so that all successors come
in the end, lazily. Depth first; when the stack runs empty there is no way out for this team. The
step moves one vehicle after the other, so what is found is a sequence of single moves: paths and
an order in which they can be driven, without any ring.

The first way out comes quickly; the search is then repeated with other preferences while there is
time, and the one that takes least driving is kept.

Source: LaCAM (Okumura 2023) on the configuration space of the pose graph.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from linehaul_floor.geometry import FloatArray, IntArray

from linehaul_traffic.knot_moves import OPEN, STAY, Knot, Room, new_room, team_step
from linehaul_traffic.road_model import RoadArrays, RoadModel

Move = tuple[int, int]

SPREAD = 4.0
"""[s] added to costs at random when the search is repeated."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to search: visits of one search, and how often it is repeated."""

    visits: int = 3_000
    repeats: int = 3


@dataclass(frozen=True, slots=True)
class WayOut:
    """What a search found.

    Attributes:
        moves: (vehicle, edge) in the order of driving; None: nothing was found.
        exhausted: everything was tried, so that there is no way out for this team.
        visits: search nodes visited.
    """

    moves: tuple[Move, ...] | None
    exhausted: bool
    visits: int


@dataclass(slots=True)
class _Low:
    """A constraint: what one vehicle must do, and the constraint before it."""

    before: '_Low | None' = None
    who: int = -1
    edge: int = OPEN
    depth: int = 0


@dataclass(slots=True)
class _Node:
    """Where everybody stands, and how it came to that."""

    state: IntArray
    order: IntArray
    parent: '_Node | None'
    moves: list[Move]
    queue: deque[_Low] = field(default_factory=lambda: deque([_Low()]))


class Search:
    """Searches of one knot.

    Args:
        knot: the vehicles and where they may go.
        road: the roads.
        state: (N,) edge at whose end each stands, -1: it stands on a node as it was put there.
        start: (N,) element on which each stands.
    """

    def __init__(self, knot: Knot, road: RoadArrays, state: IntArray, start: IntArray) -> None:
        self._knot, self._road = knot, road
        self._state, self._start = state, start
        self._room: Room = new_room(knot)

    def way_out(self, order: IntArray, rng: np.random.Generator, limits: Limits) -> WayOut:
        """Return the shortest way out of those found.

        Args:
            order: (N,) vehicles by rank, the first before all others.
            rng: for preferences when the search is repeated.
            limits: how long to search.
        """
        best = self._once(order, np.zeros(self._road.run.shape[1]), limits.visits)
        if best.moves is None:
            return best
        cost, visits = self.cost(best.moves), best.visits
        for _ in range(limits.repeats):
            noise = np.asarray(rng.uniform(0.0, SPREAD, self._road.run.shape[1]))
            found = self._once(order, noise, best.visits * 4)
            visits += found.visits
            if found.moves is not None and self.cost(found.moves) < cost:
                best, cost = found, self.cost(found.moves)
        return WayOut(best.moves, False, visits)

    def cost(self, moves: Sequence[Move]) -> float:
        """Return the driving time [s] of moves, in sum."""
        return sum(float(self._road.run[2 * self._knot.kind[i], e]) + 1.0 for i, e in moves)

    def _once(self, order: IntArray, noise: FloatArray, most: int) -> WayOut:
        root = _Node(self._state, order, None, [])
        nodes = {root.state.tobytes(): root}
        stack, visits = [root], 0
        while stack and visits < most:
            node = stack[-1]
            if self._home(node.state):
                return WayOut(tuple(_moves_to(node)), False, visits)
            if not node.queue:
                stack.pop()
                continue
            visits += 1
            after = self._successor(node, node.queue.popleft(), noise)
            if after is None:
                continue
            known = nodes.setdefault(after.state.tobytes(), after)
            stack.append(known)
        return WayOut(None, not stack, visits)

    def _successor(self, node: _Node, low: _Low, noise: FloatArray) -> _Node | None:
        """Return the next node under a constraint, after its own constraints are queued."""
        if low.depth < node.order.size:
            who = int(node.order[low.depth])
            for edge in (*self._edges(node.state, who), STAY):
                node.queue.append(_Low(low, who, edge, low.depth + 1))
        forced = np.full(node.order.size, OPEN, np.int32)
        while low.before is not None:
            forced[low.who] = low.edge
            low = low.before
        state, room = node.state.copy(), self._room
        count = team_step(
            self._knot, self._road, room, state, self._start, node.order, forced, noise
        )
        if count <= 0:
            return None
        moves = [(int(i), int(e)) for i, e in room.moves[:count]]
        return _Node(state, self._ranked(node.order, state), node, moves)

    def _edges(self, state: IntArray, who: int) -> list[int]:
        """Return the edges a vehicle can take next."""
        knot, here = self._knot, int(state[who])
        if here < 0:
            begin, end = knot.first_indptr[who : who + 2]
            edges, turns = knot.first_edge[begin:end], knot.first_turn[begin:end]
        else:
            begin, end = knot.next_indptr[here : here + 2]
            edges = knot.next_edge[begin:end]
            turns = knot.next_turn[knot.kind[who], begin:end]
        may = np.isfinite(knot.cost[who, edges]) & np.isfinite(turns)
        return [int(e) for e in edges[may]]

    def _at_home(self, state: IntArray) -> np.ndarray:
        end = np.where(state >= 0, self._road.end[state], self._start)
        return np.asarray((self._knot.goal < 0) | (end == self._knot.goal))

    def _home(self, state: IntArray) -> bool:
        return bool(self._at_home(state).all())

    def _ranked(self, order: IntArray, state: IntArray) -> IntArray:
        """Let those who are at their goals come last."""
        home = self._at_home(state)[order]
        return np.concatenate([order[~home], order[home]])


def _moves_to(node: _Node) -> list[Move]:
    parts = []
    here: _Node | None = node
    while here is not None:
        parts.append(here.moves)
        here = here.parent
    return [move for part in reversed(parts) for move in part]


@dataclass(frozen=True, slots=True, eq=False)
class Roads:
    """What may follow each edge when bays may be left again; see Knot.next_*."""

    next_indptr: IntArray
    next_edge: IntArray
    next_turn: FloatArray


def roads_with_bays(model: RoadModel) -> Roads:
    """Return the successors of each edge, with the ways out of bays."""
    roadmap, arrays = model.roadmap, model.arrays
    indptr, edges, turns = [0], [], []
    for edge in range(roadmap.edge_count):
        begin, end = arrays.next_indptr[edge : edge + 2]
        after, turn = arrays.next_edge[begin:end], arrays.next_turn[:, begin:end]
        node = int(roadmap.edge_end[edge])
        if roadmap.node_bay[node]:
            after = roadmap.edges_from(node)
            heading = float(roadmap.vehicle_heading[edge])
            kinds = range(len(model.names))
            turn = np.array([model.first_turns(c, after, heading, node) for c in kinds])
        edges.append(after)
        turns.append(turn.reshape(len(model.names), -1))
        indptr.append(indptr[-1] + len(after))
    return Roads(
        np.array(indptr, np.int32),
        np.concatenate(edges).astype(np.int32),
        np.concatenate(turns, axis=1),
    )
