# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""One step of a team in a knot: who pushes whom, as a compiled kernel.

N vehicles stand still, each at a pose. A step is a sequence of moves, one after the other, each
of one vehicle over one edge, and every vehicle moves at most once. A move needs what the road
model says: the edge, the pose behind it and, where the vehicle turns first, its node must be in
conflict with nothing that another vehicle stands on. So rings never rotate, and whatever comes
out can be driven one move at a time.

Vehicles choose in order of rank, best move first. Who stands in the way and has not chosen yet
must choose first, and must not stay; if it finds no place, the next best move is tried. The
recursion is an explicit stack.

Source: PIBT (Okumura et al. 2022), with conflicts of outlines in place of vertices, without
rotation.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from linehaul_traffic.road_model import RoadArrays

STAY = -1
OPEN = -2
WALL = 1 << 20


class Knot(NamedTuple):
    """What does not change during a search: N vehicles, C classes, M elements, E edges.

    Attributes:
        kind: (N,) class number.
        next_indptr, next_edge, next_turn: what may follow each edge, bays left again included;
            next_turn (C, S) seconds to turn before it, or ROLL.
        first_indptr, first_edge, first_turn: (N + 1,), (F,), (F,) what each vehicle may begin
            with from where it stands at first.
        cost: (N, E) seconds from the beginning of an edge to the goal, infinite if not allowed.
        goal: (N,) node; -1: anywhere.
        walls: (C * M,) elements on which something stands that does not move.
        most: how many moves there are from one pose at most.
    """

    kind: np.ndarray
    next_indptr: np.ndarray
    next_edge: np.ndarray
    next_turn: np.ndarray
    first_indptr: np.ndarray
    first_edge: np.ndarray
    first_turn: np.ndarray
    cost: np.ndarray
    goal: np.ndarray
    walls: np.ndarray
    most: int


class Room(NamedTuple):
    """Room for one step.

    Attributes:
        on: (C * M,) who stands on an element (+ 1), 0: nobody, WALL.
        here: (N,) element of each vehicle's pose.
        done: (N,) has chosen. below: (N,) is on the stack.
        stack, wanted: (N,) vehicles that are choosing, and the edge each wants; OPEN: none.
        choice, turn: (N, most + 1) edges in order of preference; choices, at: (N,) how
            many, and the next to try.
        moves: (N, 2) vehicle and edge, in the order of driving.
    """

    on: np.ndarray
    here: np.ndarray
    done: np.ndarray
    below: np.ndarray
    stack: np.ndarray
    wanted: np.ndarray
    wanted_turn: np.ndarray
    choice: np.ndarray
    turn: np.ndarray
    choices: np.ndarray
    at: np.ndarray
    moves: np.ndarray


def new_room(knot: Knot) -> Room:
    """Return room for steps of a knot."""
    n, wide = knot.kind.size, knot.most + 1
    ints = [np.zeros(n, np.int32) for _ in range(7)]
    return Room(
        on=knot.walls.astype(np.int32) * WALL,
        here=ints[0],
        done=np.zeros(n, bool),
        below=np.zeros(n, bool),
        stack=ints[1],
        wanted=ints[2],
        wanted_turn=np.zeros(n),
        choice=np.zeros((n, wide), np.int32),
        turn=np.zeros((n, wide)),
        choices=ints[3],
        at=ints[4],
        moves=np.zeros((n, 2), np.int32),
    )


@njit(cache=True)
def team_step(  # noqa: D417 - three of one kind share a line
    knot: Knot,
    road: RoadArrays,
    room: Room,
    state: np.ndarray,
    start: np.ndarray,
    order: np.ndarray,
    forced: np.ndarray,
    noise: np.ndarray,
) -> int:
    """Find one step of the team; return its number of moves, -1: what is forced is not possible.

    Args:
        knot, road, room: see there.
        state: (N,) edge at whose end each vehicle stands, -1: where it was at first. In: before,
            out: after the step.
        start: (N,) element of the first pose.
        order: (N,) vehicles by rank.
        forced: (N,) edge that a vehicle must take, STAY, or OPEN.
        noise: (E,) seconds added to costs.
    """
    elements = road.rows.shape[2] - 1
    n = knot.kind.size
    for i in range(n):
        room.here[i] = start[i] if state[i] < 0 else road.poses + state[i]
        room.on[knot.kind[i] * elements + room.here[i]] = i + 1
        room.done[i] = forced[i] == STAY
        room.below[i] = False
    count, possible = 0, True
    for i in order:
        if forced[i] >= 0:
            room.done[i] = True
            turn = _turn_to(knot, state, i, forced[i])
            if not possible or _blocker(knot, road, room, i, forced[i], turn) != 0:
                possible = False
                continue
            count = _move(knot, road, room, state, i, forced[i], count)
    if possible:
        for i in order:
            if not room.done[i]:
                count = _choose(knot, road, room, state, i, noise, count)
    for i in range(n):
        room.on[knot.kind[i] * elements + room.here[i]] = 0
    return count if possible else -1


@njit(cache=True)
def _turn_to(knot: Knot, state: np.ndarray, i: int, edge: int) -> float:
    if state[i] < 0:
        for k in range(knot.first_indptr[i], knot.first_indptr[i + 1]):
            if knot.first_edge[k] == edge:
                return float(knot.first_turn[k])
    else:
        for k in range(knot.next_indptr[state[i]], knot.next_indptr[state[i] + 1]):
            if knot.next_edge[k] == edge:
                return float(knot.next_turn[knot.kind[i], k])
    return 0.0


@njit(cache=True)
def _on_row(knot: Knot, road: RoadArrays, room: Room, i: int, x: int) -> int:
    """Return who (+ 1) stands where it keeps vehicle i from element x; 0: nobody."""
    elements = road.rows.shape[2] - 1
    found = 0
    for b in range(road.rows.shape[0]):
        for r in range(road.rows[knot.kind[i], b, x], road.rows[knot.kind[i], b, x + 1]):
            other = room.on[b * elements + road.row[r]]
            if other != 0 and other != i + 1:
                if other == WALL or room.done[other - 1] or room.below[other - 1]:
                    return WALL  # nobody who could go away
                found = other
    return found


@njit(cache=True)
def _blocker(knot: Knot, road: RoadArrays, room: Room, i: int, edge: int, turn: float) -> int:
    """Return who (+ 1) must go before vehicle i can take an edge; 0: nobody, WALL: never."""
    found = _on_row(knot, road, room, i, road.nodes + edge)
    if found != WALL:
        found = max(found, _on_row(knot, road, room, i, road.poses + edge))
    if found != WALL and turn > 0.0:
        found = max(found, _on_row(knot, road, room, i, road.start[edge]))
    return found


@njit(cache=True)
def _move(
    knot: Knot, road: RoadArrays, room: Room, state: np.ndarray, i: int, edge: int, count: int
) -> int:
    elements = road.rows.shape[2] - 1
    room.on[knot.kind[i] * elements + room.here[i]] = 0
    room.here[i] = road.poses + edge
    room.on[knot.kind[i] * elements + room.here[i]] = i + 1
    room.moves[count, 0], room.moves[count, 1] = i, edge
    state[i] = edge
    return count + 1


@njit(cache=True)
def _choose(
    knot: Knot,
    road: RoadArrays,
    room: Room,
    state: np.ndarray,
    first: int,
    noise: np.ndarray,
    count: int,
) -> int:
    """Let a vehicle, and whom it pushes, choose; return the number of moves so far."""
    depth = _enter(knot, road, room, state, first, noise, 0)
    while depth > 0:
        i = room.stack[depth - 1]
        edge = room.wanted[i]
        if edge >= 0:
            other = _blocker(knot, road, room, i, edge, room.wanted_turn[i])
            if other == 0:
                room.done[i], room.below[i] = True, False
                count = _move(knot, road, room, state, i, edge, count)
                depth -= 1
                continue
            if other != WALL:
                depth = _enter(knot, road, room, state, other - 1, noise, depth)
                continue
        if room.at[i] == room.choices[i]:
            room.done[i], room.below[i] = True, False  # it stays where it is
            depth -= 1
            continue
        k = room.at[i]
        room.at[i] += 1
        room.wanted[i] = OPEN
        if room.choice[i, k] == STAY:
            if depth == 1:
                room.at[i] = room.choices[i]
            continue
        if not _in_nobodys_way(knot, road, room, i, room.choice[i, k], depth):
            continue
        room.wanted[i], room.wanted_turn[i] = room.choice[i, k], room.turn[i, k]
    return count


@njit(cache=True)
def _in_nobodys_way(
    knot: Knot, road: RoadArrays, room: Room, i: int, edge: int, depth: int
) -> bool:
    """Return whether the end of an edge leaves free what those who push vehicle i want."""
    x = road.poses + edge
    for d in range(depth - 1):
        j = room.stack[d]
        b, wanted = knot.kind[j], room.wanted[j]
        for r in range(road.rows[knot.kind[i], b, x], road.rows[knot.kind[i], b, x + 1]):
            y = road.row[r]
            if y == road.nodes + wanted or y == road.poses + wanted:
                return False
            if room.wanted_turn[j] > 0.0 and y == road.start[wanted]:
                return False
    return True


@njit(cache=True)
def _enter(
    knot: Knot,
    road: RoadArrays,
    room: Room,
    state: np.ndarray,
    i: int,
    noise: np.ndarray,
    depth: int,
) -> int:
    """Put a vehicle on the stack, with its choices from best to worst."""
    room.stack[depth], room.below[i] = i, True
    room.wanted[i], room.at[i] = OPEN, 0
    if state[i] < 0:
        begin, end = knot.first_indptr[i], knot.first_indptr[i + 1]
    else:
        begin, end = knot.next_indptr[state[i]], knot.next_indptr[state[i] + 1]
    keys = np.empty(end - begin + 1)
    n, best = 0, np.inf
    for k in range(begin, end):
        edge = knot.first_edge[k] if state[i] < 0 else knot.next_edge[k]
        turn = knot.first_turn[k] if state[i] < 0 else knot.next_turn[knot.kind[i], k]
        cost = knot.cost[i, edge]
        if not cost + turn < np.inf:
            continue
        cost += max(turn, 0.0) + noise[edge]
        best = min(best, cost)
        room.choice[i, n], room.turn[i, n], keys[n] = edge, turn, cost
        n += 1
    at_goal = knot.goal[i] < 0 or (state[i] >= 0 and road.end[state[i]] == knot.goal[i])
    at_goal = at_goal or (state[i] < 0 and room.here[i] == knot.goal[i])
    room.choice[i, n], keys[n] = STAY, -1.0 if at_goal else best + 1e-3
    n += 1
    for a in range(1, n):
        key, edge, turn = keys[a], room.choice[i, a], room.turn[i, a]
        b = a
        while b > 0 and keys[b - 1] > key:
            keys[b] = keys[b - 1]
            room.choice[i, b], room.turn[i, b] = room.choice[i, b - 1], room.turn[i, b - 1]
            b -= 1
        keys[b], room.choice[i, b], room.turn[i, b] = key, edge, turn
    room.choices[i] = n
    return depth + 1
