# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Plain PIBT with turns added afterwards: the yardstick of the lifelong benchmark.

Every step PIBT picks the next place of everybody as if nobody had to turn (nearest goal first,
no guidance, no search). A vehicle that does not face its place turns towards it; one that does
drives, if whoever stands there drives away in the same step.
Source: PIBT, Okumura et al., IJCAI 2019; turns as in the 2024 start kit of the League of Robot
Runners.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linehaul_traffic.grid import Grid
from linehaul_traffic.lifelong import PLAIN, Budget, Planner, Step
from linehaul_traffic.posegraph import grid_poses

FORWARD, CLOCKWISE, COUNTER, WAIT = range(4)


class PlainPlanner:
    """PIBT on the places of a grid for vehicles that turn."""

    def __init__(self, grid: Grid, vehicles: int) -> None:
        """Plan for `vehicles` vehicles on `grid`."""
        self.graph = grid_poses(grid)
        self._sliding = Planner(grid_poses(grid, turning=False), vehicles, PLAIN)

    def plan(self, pose: NDArray[np.int32], goal: NDArray[np.int32], budget: Budget) -> Step:
        """Return the next step; see `lifelong.Planner.plan` (nothing is searched)."""
        place, heading = pose // 4, pose % 4
        step = self._sliding.plan(place, goal, Budget(0, 0, budget.clock, budget.deadline))
        turn = (step.action - heading) % 4
        action = np.where(turn == 1, CLOCKWISE, COUNTER)
        action[turn == 0] = FORWARD
        action[step.action == WAIT + 1] = WAIT
        self._stop_blocked(place, step.pose, action)
        new = np.where(action == FORWARD, step.pose, place)
        heading = (heading + (action == CLOCKWISE) - (action == COUNTER)) % 4
        pose = (new * 4 + heading).astype(np.int32)
        return Step(action.astype(np.int8), pose, step.rows, 0, 0, 0)

    def _stop_blocked(
        self, place: NDArray[np.int32], wanted: NDArray[np.int32], action: NDArray[np.int64]
    ) -> None:
        """Let those wait whose place is not given free in this step."""
        at = np.full(self.graph.places, -1)
        at[place] = np.arange(len(place))
        stopped = [int(v) for v in np.flatnonzero(action != FORWARD)]
        behind: dict[int, list[int]] = {}
        for v in np.flatnonzero(action == FORWARD):
            if at[wanted[v]] >= 0:
                behind.setdefault(int(at[wanted[v]]), []).append(int(v))
        while stopped:
            for follower in behind.pop(int(stopped.pop()), []):
                action[follower] = WAIT
                stopped.append(follower)
