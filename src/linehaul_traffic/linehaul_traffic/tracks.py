# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Two ways to a first plan, and its refinement, each advanced in slices of search states.

A track first looks for a plan, by searching configurations or by repairing collisions, then
refines what it has. Two tracks that both have a plan combine them when they meet.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from linehaul_traffic.bits import WORD
from linehaul_traffic.crossover import take_better
from linehaul_traffic.lacam import FirstPlanSearch, Outcome
from linehaul_traffic.lns import new_refiner, refine_some
from linehaul_traffic.pibt import Team
from linehaul_traffic.problem import Problem, least_costs
from linehaul_traffic.repair import cost_so_far, new_repair, repair_some
from linehaul_traffic.sipp import new_memory
from linehaul_traffic.timetable import Timetable, empty_timetable, new_timetable


class Source(Protocol):
    """Something that looks for a first plan."""

    def advance(self, states: int) -> Outcome | None:
        """Spend about `states` search states; return the outcome, None while there is none."""

    def paths(self) -> NDArray[np.int32]:
        """Return the plan found, (A, T + 1) int32."""

    def hopeless_above(self) -> int | None:
        """Return a cost that the plan will hardly come below; None when that is unknown."""


class SearchSource:
    """LaCAM as a source."""

    __slots__ = ('_agents', '_search')

    def __init__(self, problem: Problem, seed: int) -> None:
        team = Team(problem.indptr, problem.nbr, problem.to_go, problem.goals)
        self._agents = len(problem.starts)
        self._search = FirstPlanSearch(team, problem.starts, seed)

    def advance(self, states: int) -> Outcome | None:
        """A visit costs about as much as one state of every agent."""
        return self._search.advance(max(1, states // self._agents))

    def paths(self) -> NDArray[np.int32]:
        """Return the plan found."""
        return self._search.paths()

    def hopeless_above(self) -> int | None:
        """Nothing is known before the search ends."""
        return None


class RepairSource:
    """Repair of colliding paths as a source."""

    __slots__ = ('_memory', '_problem', '_repair', '_table')

    def __init__(self, problem: Problem, seed: int) -> None:
        nodes = len(problem.indptr) - 1
        self._problem = problem
        horizon = 2 * int(least_costs(problem).max()) + 64
        self._table = empty_timetable(problem.goals, nodes, horizon)
        self._memory = new_memory()
        order = np.random.default_rng(seed).permutation(len(problem.starts)).astype(np.int32)
        self._repair = new_repair(order, nodes, self._table.path.shape[1], seed)

    def advance(self, states: int) -> Outcome | None:
        """Place and mend."""
        left = repair_some(self._problem, self._table, self._memory, self._repair, states)
        return Outcome.FOUND if left == 0 else None

    def paths(self) -> NDArray[np.int32]:
        """Return the plan found."""
        return self._table.path

    def hopeless_above(self) -> int | None:
        """Mending makes paths longer, seldom shorter."""
        return cost_so_far(self._table, self._repair)


class Refinement:
    """A plan and the large-neighbourhood search that shortens it."""

    __slots__ = ('_memory', '_problem', '_refiner', 'table')

    def __init__(self, problem: Problem, paths: NDArray[np.int32], seed: int) -> None:
        self._problem = problem
        self._memory = new_memory()
        self._refiner = new_refiner(len(paths), len(problem.indptr) - 1, seed)
        self.adopt(paths, _horizon(paths))

    def adopt(self, paths: NDArray[np.int32], horizon: int) -> None:
        """Go on from another plan, in a table with at least `horizon` steps."""
        nodes = len(self._problem.indptr) - 1
        self.table: Timetable = new_timetable(paths, self._problem.goals, nodes, horizon)

    def advance(self, states: int) -> None:
        """Spend about `states` search states."""
        refine_some(self._problem, self.table, self._memory, self._refiner, states)

    @property
    def cost(self) -> int:
        """Sum of costs of the plan."""
        return int(self.table.cost.sum())


def combine(one: Refinement, other: Refinement) -> None:
    """Give both the best of both plans, in tables no longer than they need to be."""
    better, worse = (one, other) if one.cost <= other.cost else (other, one)
    horizon = max(_horizon(better.table.path), _horizon(worse.table.path))
    for each in (better, worse):
        if each.table.path.shape[1] != _whole_words(horizon):
            each.adopt(each.table.path, horizon)
    take_better(better.table, worse.table.path, worse.table.cost)
    worse.adopt(better.table.path, horizon)


def _horizon(paths: NDArray[np.int32]) -> int:
    """Return for how many steps to keep a table: some room for paths that grow."""
    moving = (paths != paths[:, -1:]).any(axis=0)
    makespan = len(moving) - int(moving[::-1].argmax()) if moving.any() else 0
    return makespan + 1 + max(16, makespan // 8)


def _whole_words(steps: int) -> int:
    return -(-steps // WORD) * WORD


class Track:
    """A source until it has a plan, then its refinement."""

    __slots__ = ('_problem', '_seed', '_source', 'outcome', 'refinement')

    def __init__(self, problem: Problem, source: Source, seed: int) -> None:
        self._problem = problem
        self._source: Source | None = source
        self._seed = seed
        self.outcome: Outcome | None = None
        self.refinement: Refinement | None = None

    def advance(self, states: int) -> None:
        """Spend about `states` search states on whatever the track is at."""
        if self.refinement is not None:
            self.refinement.advance(states)
        elif self._source is not None:
            self.outcome = self._source.advance(states)
            if self.outcome is Outcome.FOUND:
                self.refine(self._source.paths())
            elif self.outcome is not None:
                self._source = None

    def refine(self, paths: NDArray[np.int32]) -> None:
        """Refine `paths` from now on and forget the source."""
        self._source = None
        self.refinement = Refinement(self._problem, paths, self._seed)

    @property
    def cost(self) -> int | None:
        """Sum of costs of the plan; None without one."""
        return None if self.refinement is None else self.refinement.cost

    def is_idle(self) -> bool:
        """Return whether the track has neither a plan nor a way to find one."""
        return self._source is None and self.refinement is None

    def is_hopeless_beside(self, cost: int) -> bool:
        """Whether the source can hardly find a plan below `cost`, or is at its end."""
        if self._source is None:
            return self.refinement is None
        above = self._source.hopeless_above()
        return above is not None and above >= cost


def tracks_for(problem: Problem, seed: int) -> tuple[Track, Track]:
    """Return the two tracks of a run."""
    return (
        Track(problem, SearchSource(problem, seed), seed + 1),
        Track(problem, RepairSource(problem, seed), seed + 2),
    )
