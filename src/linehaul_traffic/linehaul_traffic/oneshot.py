# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Paths for a whole team from given starts to given goals, better the longer it may take.

Two tracks work side by side. One searches configurations (LaCAM), which is complete and quick;
the other routes all agents apart and repairs their collisions, which is slower but gives far
shorter paths. Whatever is found first is refined by large-neighbourhood search at once; the
tracks meet a few times a second and combine what each has found. The kernels release the GIL, so
two threads use two cores; with one thread the tracks take turns, and a budget of search states in
place of the clock makes a run repeatable.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linehaul_traffic.grid import UNREACHABLE, grid_from_cells
from linehaul_traffic.lacam import Outcome
from linehaul_traffic.problem import Problem, UnitGraph, least_costs, make_problem
from linehaul_traffic.tracks import Track, combine, tracks_for

_ROUND_S = 0.25
_FIRST_ROUND_S = 0.05
_SLICE_S = 0.01
_ROUND_STATES = 50_000
_FIRST_SHARE = 0.2
"""Part of the time that one thread gives to the quick track before the other has a turn."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One improvement: seconds since the call, and the sum of costs from then on."""

    seconds: float
    sum_of_costs: int


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A conflict-free plan, or the reason why there is none.

    Args:
        outcome: FOUND, or why not.
        paths: (A, T + 1) int32 node of each agent at each step 0..T; (A, 0) without a plan.
        sum_of_costs: Steps until each agent stays at its goal, summed; -1 without a plan.
        lower_bound: Sum of the shortest distances; -1 when a goal cannot be reached.
        makespan: T; -1 without a plan.
        first_solution_s: Seconds until the first plan; -1 without one.
        wall_s: Seconds the call took.
        history: Improvements in the order they came.
    """

    outcome: Outcome
    paths: NDArray[np.int32]
    sum_of_costs: int
    lower_bound: int
    makespan: int
    first_solution_s: float
    wall_s: float
    history: tuple[Progress, ...]

    @property
    def solved(self) -> bool:
        """Whether there is a plan."""
        return self.outcome is Outcome.FOUND


def plan_once(
    graph: UnitGraph,
    starts: ArrayLike,
    goals: ArrayLike,
    deadline_s: float,
    seed: int = 0,
    *,
    threads: int = 2,
    max_rounds: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Plan:
    """Plan once for all agents.

    Args:
        graph: Unit arcs; waiting is always allowed.
        starts: (A,) nodes, all different.
        goals: (A,) nodes, all different.
        deadline_s: Seconds from the call after which the best plan so far is returned.
        seed: Of all random choices.
        threads: 1 or 2.
        max_rounds: Count work in rounds of a fixed number of search states instead of seconds,
            and stop after this many: the result then depends on the seed alone, as long as the
            deadline is not reached.
        on_progress: Called with each improvement, a few times a second at most.
        clock: What all seconds are read from; with one thread `time.thread_time` measures
            processor time, which other load on the machine hardly changes.

    Returns:
        The best plan found, or an outcome that says why there is none.

    Raises:
        InstanceError: Starts or goals are off the graph, doubled or of different number.
    """
    begin = clock()
    problem = make_problem(graph, starts, goals)
    if (least_costs(problem) >= UNREACHABLE).any():
        return _without_plan(problem, Outcome.UNSOLVABLE, clock() - begin)
    if len(problem.starts) == 0:
        return _with_plan(problem, np.empty((0, 1), np.int32), 0.0, [Progress(0.0, 0)])
    run = _Run(problem, seed, clock, begin, begin + deadline_s, on_progress)
    with ThreadPoolExecutor(threads) if threads > 1 else nullcontext() as pool:
        run.until_done(pool, max_rounds)
    best = run.best()
    if best is None or best.refinement is None:
        return _without_plan(problem, run.outcome(), clock() - begin)
    return _with_plan(problem, best.refinement.table.path, clock() - begin, run.history)


def warm_up() -> float:
    """Compile or load every kernel by planning for a tiny team; return the seconds it took."""
    begin = time.perf_counter()
    grid = grid_from_cells(np.ones((4, 4), np.bool_))
    nodes = np.arange(12)
    for threads in (1, 2):
        plan_once(grid, nodes, nodes[::-1], 600.0, threads=threads, max_rounds=3)
    return time.perf_counter() - begin


class _Run:
    """Two tracks, when they meet and when they stop."""

    __slots__ = (
        '_begin',
        '_clock',
        '_end',
        '_least',
        '_on_progress',
        '_pace',
        '_tracks',
        'history',
    )

    def __init__(
        self,
        problem: Problem,
        seed: int,
        clock: Callable[[], float],
        begin: float,
        end: float,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._tracks = tracks_for(problem, seed)
        self._clock = clock
        self._begin = begin
        self._end = end
        self._least = int(least_costs(problem).sum())
        self._on_progress = on_progress
        self._pace = dict.fromkeys(self._tracks, 500.0)
        self.history: list[Progress] = []

    def best(self) -> Track | None:
        """Return the track with the cheapest plan."""
        having = [track for track in self._tracks if track.cost is not None]
        return min(having, key=lambda track: track.cost or 0, default=None)

    def outcome(self) -> Outcome:
        """Return why there is no plan."""
        ends = [track.outcome for track in self._tracks if track.outcome is not None]
        return ends[0] if ends else Outcome.OUT_OF_TIME

    def until_done(self, pool: ThreadPoolExecutor | None, max_rounds: int | None) -> None:
        """Let the tracks work in rounds and meet after each."""
        rounds = 0
        while not self._is_done() and (max_rounds is None or rounds < max_rounds):
            rounds += 1
            run = self._fixed_round if max_rounds is not None else self._timed_round
            list(
                (pool.map if pool else map)(
                    run, self._at_work(alone=pool is None and max_rounds is None)
                )
            )
            self._meet()

    def _at_work(self, *, alone: bool) -> tuple[Track, ...]:
        """Return the tracks for the next round: on one thread the quick one is let go first."""
        used = self._clock() - self._begin
        if alone and not self.history and used < _FIRST_SHARE * (self._end - self._begin):
            return self._tracks[:1]
        return self._tracks

    def _fixed_round(self, track: Track) -> None:
        track.advance(_ROUND_STATES)

    def _timed_round(self, track: Track) -> None:
        """Advance `track` in slices until the round is over."""
        round_s = _ROUND_S if self.history else _FIRST_ROUND_S
        until = min(self._clock() + round_s, self._end)
        while (now := self._clock()) < until:
            had_plan = track.cost is not None
            wanted = min(_SLICE_S, max(until - now, 0.001))
            track.advance(int(self._pace[track]))
            took = max(self._clock() - now, 1e-6)
            self._pace[track] *= min(4.0, max(0.1, wanted / took))
            self._pace[track] = max(20.0, self._pace[track])
            if track.cost == self._least or track.is_idle():
                return
            if track.cost is not None and not had_plan:
                self._record(track.cost)

    def _meet(self) -> None:
        """Combine the plans, give a track without one the other's, and record the cost."""
        best = self.best()
        if best is None or best.refinement is None or best.cost is None:
            return
        (other,) = (track for track in self._tracks if track is not best)
        if other.refinement is not None:
            combine(best.refinement, other.refinement)
        elif other.is_hopeless_beside(best.cost):
            other.refine(best.refinement.table.path)
        self._record(best.cost)

    def _record(self, cost: int) -> None:
        if self.history and cost >= self.history[-1].sum_of_costs:
            return
        progress = Progress(self._clock() - self._begin, cost)
        self.history.append(progress)
        if self._on_progress is not None:
            self._on_progress(progress)

    def _is_done(self) -> bool:
        best = self.best()
        if best is None:
            return self.outcome() is Outcome.UNSOLVABLE or self._clock() >= self._end
        return best.cost == self._least or self._clock() >= self._end


def _with_plan(
    problem: Problem, paths: NDArray[np.int32], wall_s: float, history: list[Progress]
) -> Plan:
    """Return the plan with its padding cut off."""
    away = paths != problem.goals[:, None]
    cost = np.where(away.any(axis=1), paths.shape[1] - away[:, ::-1].argmax(axis=1), 0)
    makespan = int(cost.max(initial=0))
    return Plan(
        Outcome.FOUND,
        paths[:, : makespan + 1].copy(),
        int(cost.sum()),
        int(least_costs(problem).sum()),
        makespan,
        history[0].seconds,
        wall_s,
        tuple(history),
    )


def _without_plan(problem: Problem, outcome: Outcome, wall_s: float) -> Plan:
    least = least_costs(problem)
    bound = -1 if (least >= UNREACHABLE).any() else int(least.sum())
    paths = np.empty((len(least), 0), np.int32)
    return Plan(outcome, paths, -1, bound, -1, -1.0, wall_s, ())
