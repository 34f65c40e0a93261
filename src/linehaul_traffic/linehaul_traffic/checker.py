# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Is this a plan? Checks a one-shot grid plan cell by cell and recomputes its figures.

This module shares no code with the planners: it takes cells, not nodes, walks them with plain
Python, and finds the lower bound by its own breadth-first search. It reports what is wrong; it
repairs nothing. Rules of MovingAI: 4 neighbours or wait, no two agents in one cell at one step,
no two agents exchanging cells. Two further rules can be switched on for vehicles that need
clearance: no entering a cell in the step in which another leaves it, and no ring of agents
that all move into each other's cells at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray

Cell = tuple[int, int]


class Rule(Enum):
    """What a plan must keep to."""

    SHAPE = 'one path for each agent, at least one cell long'
    START = 'a path begins at its start'
    GOAL = 'a path ends at its goal'
    FREE = 'cells are on the map and not blocked'
    ARC = 'a step goes to one of 4 neighbours, or waits'
    VERTEX = 'no two agents are in one cell'
    SWAP = 'no two agents exchange cells'
    FOLLOWING = 'no agent enters a cell that another leaves in the same step'
    RING = 'no ring of agents moves at once'


@dataclass(frozen=True, slots=True)
class Fault:
    """One breach of a rule: who, at which step (of arrival), where (column, row)."""

    rule: Rule
    agents: tuple[int, ...]
    step: int
    cell: Cell | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check found.

    Args:
        faults: All breaches of the rules that were asked for.
        sum_of_costs: Steps until each agent stays at the last cell of its path, summed.
        makespan: The largest of these.
        lower_bound: Sum of shortest distances; -1 when a goal cannot be reached.
        followings: Steps into a cell that another leaves, whether forbidden or not.
        rings: Rings of moving agents, whether forbidden or not.
    """

    faults: tuple[Fault, ...]
    sum_of_costs: int
    makespan: int
    lower_bound: int
    followings: int
    rings: int

    @property
    def valid(self) -> bool:
        """Whether no rule is broken."""
        return not self.faults


def check_plan(
    free: ArrayLike,
    starts: Sequence[Sequence[int]],
    goals: Sequence[Sequence[int]],
    paths: Sequence[Sequence[Sequence[int]]],
    *,
    forbid_following: bool = False,
    forbid_rings: bool = False,
) -> Verdict:
    """Check `paths` against the map and the instance.

    Args:
        free: (height, width) bool, cells that may be entered.
        starts: Column and row for each agent.
        goals: Column and row for each agent.
        paths: For each agent its cells at steps 0, 1, ...; agents stay where their path ends.
        forbid_following: Whether following counts as a fault.
        forbid_rings: Whether rings count as faults.
    """
    cells = np.asarray(free, dtype=bool)
    walks = [[(int(x), int(y)) for x, y in path] for path in paths]
    begin = [(int(x), int(y)) for x, y in starts]
    end = [(int(x), int(y)) for x, y in goals]
    faults = list(_faults_of_shape(begin, end, walks))
    if faults:
        return Verdict(tuple(faults), -1, -1, lower_bound(cells, begin, end), 0, 0)
    faults += _faults_alone(cells, begin, end, walks)
    followings = rings = 0
    for step in range(max((len(walk) for walk in walks), default=1)):
        before = [_at(walk, step - 1) for walk in walks]
        now = [_at(walk, step) for walk in walks]
        faults += _faults_of_vertex(now, step)
        if step == 0:
            continue
        faults += _faults_of_swap(before, now, step)
        follow = list(_followings(before, now, step))
        circle = list(_rings(before, now, step))
        followings += len(follow)
        rings += len(circle)
        faults += follow * forbid_following + circle * forbid_rings
    costs = [_cost(walk) for walk in walks]
    return Verdict(
        tuple(faults),
        sum(costs),
        max(costs, default=0),
        lower_bound(cells, begin, end),
        followings,
        rings,
    )


def lower_bound(free: NDArray[np.bool_], starts: Sequence[Cell], goals: Sequence[Cell]) -> int:
    """Return the sum of shortest distances, -1 when a goal cannot be reached."""
    total = 0
    for start, goal in zip(starts, goals, strict=False):
        distance = _distance(free, start, goal)
        if distance < 0:
            return -1
        total += distance
    return total


def _distance(free: NDArray[np.bool_], start: Cell, goal: Cell) -> int:
    if not (_is_free(free, start) and _is_free(free, goal)):
        return -1
    known = {start: 0}
    queue = deque([start])
    while queue:
        cell = queue.popleft()
        if cell == goal:
            return known[cell]
        x, y = cell
        for near in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
            if near not in known and _is_free(free, near):
                known[near] = known[cell] + 1
                queue.append(near)
    return -1


def _is_free(free: NDArray[np.bool_], cell: Cell) -> bool:
    x, y = cell
    return 0 <= y < free.shape[0] and 0 <= x < free.shape[1] and bool(free[y, x])


def _at(walk: Sequence[Cell], step: int) -> Cell:
    return walk[min(max(step, 0), len(walk) - 1)]


def _cost(walk: Sequence[Cell]) -> int:
    """Return the step from which the agent stays in the last cell of its path."""
    step = len(walk) - 1
    while step > 0 and walk[step - 1] == walk[-1]:
        step -= 1
    return step


def _faults_of_shape(
    starts: Sequence[Cell], goals: Sequence[Cell], walks: Sequence[Sequence[Cell]]
) -> Iterator[Fault]:
    if not len(starts) == len(goals) == len(walks):
        yield Fault(Rule.SHAPE, (), 0, None)
    for agent, walk in enumerate(walks):
        if not walk:
            yield Fault(Rule.SHAPE, (agent,), 0, None)


def _faults_alone(
    free: NDArray[np.bool_],
    starts: Sequence[Cell],
    goals: Sequence[Cell],
    walks: Sequence[Sequence[Cell]],
) -> Iterator[Fault]:
    """Yield what is wrong with each path by itself."""
    for agent, walk in enumerate(walks):
        if walk[0] != starts[agent]:
            yield Fault(Rule.START, (agent,), 0, walk[0])
        if walk[-1] != goals[agent]:
            yield Fault(Rule.GOAL, (agent,), len(walk) - 1, walk[-1])
        for step, cell in enumerate(walk):
            if not _is_free(free, cell):
                yield Fault(Rule.FREE, (agent,), step, cell)
            x, y = _at(walk, step - 1)
            if abs(cell[0] - x) + abs(cell[1] - y) > 1:
                yield Fault(Rule.ARC, (agent,), step, cell)


def _faults_of_vertex(now: Sequence[Cell], step: int) -> Iterator[Fault]:
    holder: dict[Cell, int] = {}
    for agent, cell in enumerate(now):
        if cell in holder:
            yield Fault(Rule.VERTEX, (holder[cell], agent), step, cell)
        holder.setdefault(cell, agent)


def _faults_of_swap(before: Sequence[Cell], now: Sequence[Cell], step: int) -> Iterator[Fault]:
    """Yield each pair that exchanges cells once, lower agent first."""
    movers: dict[tuple[Cell, Cell], list[int]] = {}
    for agent, move in enumerate(zip(before, now, strict=True)):
        if move[0] == move[1]:
            continue
        for other in movers.get((move[1], move[0]), ()):
            yield Fault(Rule.SWAP, (other, agent), step, move[1])
        movers.setdefault(move, []).append(agent)


def _followings(before: Sequence[Cell], now: Sequence[Cell], step: int) -> Iterator[Fault]:
    """Yield each move into a cell that another agent held one step before."""
    held = {cell: agent for agent, cell in enumerate(before)}
    for agent, cell in enumerate(now):
        if cell != before[agent] and cell in held:
            yield Fault(Rule.FOLLOWING, (agent, held[cell]), step, cell)


def _rings(before: Sequence[Cell], now: Sequence[Cell], step: int) -> Iterator[Fault]:
    """Yield each closed chain of agents, every one of which moves into the next one's cell."""
    held = {cell: agent for agent, cell in enumerate(before)}
    ahead = {
        agent: held[cell]
        for agent, cell in enumerate(now)
        if cell != before[agent] and cell in held
    }
    seen: set[int] = set()
    for first in ahead:
        chain: list[int] = []
        agent = first
        while agent in ahead and agent not in seen:
            seen.add(agent)
            chain.append(agent)
            agent = ahead[agent]
        if agent in chain:
            ring = tuple(chain[chain.index(agent) :])
            if len(ring) > 2:
                yield Fault(Rule.RING, ring, step, before[agent])
