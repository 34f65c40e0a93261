# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a planner against a task rule on a grid, step by step, and keeps what happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from linehaul_traffic.lifelong import Budget, Step
from linehaul_traffic.posegraph import PoseGraph
from linehaul_traffic.tasks import Tasks


class Plans(Protocol):
    """What is run: a planner of any kind."""

    graph: PoseGraph

    def plan(self, pose: NDArray[np.int32], goal: NDArray[np.int32], budget: Budget) -> Step:
        """Return the next step of everybody; see `lifelong.Planner.plan`."""


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A run of n vehicles over T steps.

    Args:
        actions: One letter a step, one string a vehicle.
        finished: (T,) int, tasks that ended in each step.
        longest_age: Most steps a task was open, those open at the end included.
        seconds: (T,) float, planning time of each step.
        work: (T, 4) int, rows filled, rows renewed, chains tried, chains kept.
    """

    actions: list[str]
    finished: NDArray[np.int64]
    longest_age: int
    seconds: NDArray[np.float64]
    work: NDArray[np.int64]


def run(
    planner: Plans,
    tasks: Tasks,
    starts: NDArray[np.int32],
    steps: int,
    budget: Callable[[], Budget],
    clock: Callable[[], float],
) -> Record:
    """Run `steps` steps from the places `starts` (n,), all vehicles heading east.

    Args:
        planner: Plans every step.
        tasks: Deals the goals.
        starts: Start places.
        steps: Number of steps.
        budget: Called at the beginning of every step.
        clock: Seconds, for the record.
    """
    graph, n = planner.graph, len(starts)
    pose = graph.pose_at(starts)
    goal = tasks.first(starts)
    since = np.zeros(n, dtype=np.int64)
    letters = np.zeros((steps, n), dtype=np.int8)
    finished, seconds = np.zeros(steps, dtype=np.int64), np.zeros(steps)
    work = np.zeros((steps, 4), dtype=np.int64)
    longest = 0
    for t in range(steps):
        place = graph.arrays.place[pose]
        begin = clock()
        step = planner.plan(pose, np.where(goal >= 0, goal, place).astype(np.int32), budget())
        seconds[t] = clock() - begin
        letters[t], pose = step.action, step.pose
        work[t] = step.rows, step.renewed, step.chains, step.kept
        place = graph.arrays.place[pose]
        for v in np.flatnonzero((place == goal) & (goal >= 0)):
            goal[v], ended = tasks.arrive(int(v), place)
            if ended:
                finished[t] += 1
                longest = max(longest, t + 1 - int(since[v]))
                since[v] = t + 1
    still = steps - since[goal >= 0]
    longest = max(longest, int(still.max(initial=0)))
    text = np.array(list(graph.actions))[letters].T
    return Record([''.join(row) for row in text], finished, longest, seconds, work)
