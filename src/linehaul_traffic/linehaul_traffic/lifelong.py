# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The lifelong planner: each cycle plans the next action of every vehicle, for ever.

A cycle has four parts: rows for new goals (and a few old ones renewed, see `guidance`), the value
of every operation, a pass of priority inheritance, and neighbourhood search on the rest of the
budget (see `epibt`). Rank: vehicles that lost more ticks come first, in classes of `patience`
ticks; within a class the nearest to its goal. Ticks are lost when a step does not lower the own
cost-to-go, so a vehicle that is held up rises a class every `patience` lost ticks.

Nobody starves: the vehicle that lost most, once that is `rescue` ticks, leads until it reaches
its goal. It gets rank 0, a row without tolls that stays as it is, and a weight that the search
cannot outbid; and where the pass finds no gain for it, everybody else is set back to holding its
pose and the pass starts from there. From there the step of a leader of an operation of 3 ticks
or more is that of PIBT (everyone asked turns, then all move in the same tick), so on a
biconnected graph the leader comes nearer at least every `depth` ticks, and the oldest task is
bounded by rescue + n * depth * (longest way in ticks) lost ticks. Where dead ends break that
condition, a leader can stand in the way of the one it waits for: a leader without a gain for
`GIVE_UP` cycles goes back to the end of the line, and the next one leads.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linehaul_traffic import epibt
from linehaul_traffic.cycle import MOST_CHAINS, PLAIN, Budget, Settings, Step
from linehaul_traffic.errors import InstanceError
from linehaul_traffic.guidance import (
    UNIT,
    UNREACHED,
    Prices,
    Rows,
    make_flow,
    make_queue,
    make_rows,
    recount,
    renew_rows,
)
from linehaul_traffic.operations import OperationArrays, build_operations
from linehaul_traffic.posegraph import PoseGraph
from linehaul_traffic.rng import new_state

__all__ = ['PLAIN', 'Budget', 'Planner', 'Settings', 'Step']

LEADER_WEIGHT = 1e9
"""Weight of the leader's gain in the search."""
GIVE_UP = 8
"""Cycles without a gain after which a leader steps down."""
LONG_BATCH = 2e-4
"""Seconds after which the search should look at the clock."""


class Planner:
    """Plans a team on a pose graph, cycle after cycle; keeps rows and operations in between."""

    def __init__(
        self,
        graph: PoseGraph,
        vehicles: int,
        settings: Settings | None = None,
        seed: int = 0,
    ) -> None:
        """Build the operation table and the memory of `vehicles` vehicles.

        Raises:
            InstanceError: More vehicles than places, or none.
        """
        if not 1 <= vehicles <= graph.places:
            raise InstanceError(f'{vehicles} vehicles do not fit on {graph.places} places')
        self.graph = graph
        self.settings = settings or Settings()
        s = self.settings
        self.operations = build_operations(graph, s.depth or _deepest(graph))
        self.prices = Prices(s.crowd, s.counter, s.dearest)
        self.flow = make_flow(graph.arrays)
        self.rows = make_rows(graph.arrays, vehicles)
        self.team = epibt.make_team(vehicles, self.operations)
        self.lost = np.zeros(vehicles, np.int32)
        self._queue = make_queue(graph.arrays)
        self._chain = epibt.make_chain(vehicles)
        self._random = new_state(seed)
        self._due = np.full(vehicles, -1, np.int32)
        self._planned = np.zeros(vehicles, np.int32)
        self._age = np.zeros(vehicles, np.int64)
        self._cycle = 0
        self._leader = -1
        self._stuck = 0

    @property
    def memory(self) -> int:
        """Bytes of tables, rows and teams."""
        parts = (
            self.graph.arrays,
            self.operations.arrays,
            self.flow,
            self.rows,
            self.team,
        )
        return sum(int(array.nbytes) for part in parts for array in part)

    def plan(self, pose: NDArray[np.int32], goal: NDArray[np.int32], budget: Budget) -> Step:
        """Return the next action of every vehicle.

        Args:
            pose: (n,) poses now; two vehicles never share a place.
            goal: (n,) goal places. A vehicle whose row is not ready within the budget lets the
                others decide where it stands.
            budget: What may be used.

        Raises:
            InstanceError: Wrong shapes, a pose or goal off the graph, or a shared place.
        """
        pose, goal = self._checked(pose, goal)
        fresh, renewed = self._guide(pose, goal, budget)
        ready = self.rows.goal == goal
        left = np.where(ready, self.rows.cost[np.arange(len(pose)), pose], 2**30)
        set_gains(self.operations.arrays, self.rows, goal, pose, ready, self.team)
        epibt.sort_options(self.team)
        follows = np.arange(len(pose)) != self._leader
        late = self.lost // self.settings.patience
        self._pass(pose, np.lexsort((left, -late, follows)).astype(np.int32))
        chains, kept = self._improve(budget)
        return self._finish(pose, left, (fresh, renewed, chains, kept))

    def _checked(
        self, pose: NDArray[np.int32], goal: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        n = len(self.lost)
        for name, array, size in (
            ('pose', pose, self.graph.poses), ('goal', goal, self.graph.places)
        ):  # fmt: skip
            if np.shape(array) != (n,) or np.min(array) < 0 or np.max(array) >= size:
                raise InstanceError(f'{name} must be {n} numbers in 0..{size - 1}')
        pose, goal = np.asarray(pose, np.int32), np.asarray(goal, np.int32)
        places, counts = np.unique(self.graph.arrays.place[pose], return_counts=True)
        if (counts > 1).any():
            raise InstanceError(f'several vehicles in place {places[counts > 1][0]}')
        return pose, goal

    def _guide(
        self, pose: NDArray[np.int32], goal: NDArray[np.int32], budget: Budget
    ) -> tuple[int, int]:
        """Fill rows for new goals and renew the oldest; return how many of each."""
        s, rows = self.settings, self.rows
        changed = rows.goal != goal
        self.lost[changed] = 0
        begin = budget.clock() if budget.clock else 0.0
        recount(self.graph.arrays, self.flow, rows, self.prices, pose)
        here = rows.cost[np.arange(len(pose)), pose]
        lacking = np.nonzero(changed | (here + UNIT * self.operations.depth >= rows.bound))[0]
        lacking = lacking[np.argsort(self._age[lacking], kind='stable')]
        until = begin + 0.8 * (budget.deadline - begin)
        fresh = self._renew(lacking, pose, goal, budget, until)
        self._lead(changed, pose, goal)
        if s.renewal_share == 0 or (s.crowd == 0 and s.counter == 0):
            return fresh, 0
        oldest = np.argsort(self._age, kind='stable')
        oldest = oldest[oldest != self._leader][: budget.rows]
        until = begin + s.renewal_share * (budget.deadline - begin)
        return fresh, self._renew(oldest, pose, goal, budget, until)

    def _lead(
        self,
        changed: NDArray[np.bool_],
        pose: NDArray[np.int32],
        goal: NDArray[np.int32],
    ) -> None:
        """Keep the leader until its goal changes; then choose the one that lost most."""
        if self._leader >= 0 and not changed[self._leader]:
            return
        self._leader = int(self.lost.argmax())
        if self.lost[self._leader] < self.settings.rescue:
            self._leader = -1
            return
        self._stuck = 0
        g = self.graph.arrays
        calm = self.flow._replace(toll=np.zeros_like(self.flow.toll))
        renew_rows(
            g, calm, self.rows, Prices(0, 0, 0), np.array([self._leader]), goal, pose,
            UNREACHED, self._queue,
        )  # fmt: skip

    def _renew(
        self,
        who: NDArray[np.int64],
        pose: NDArray[np.int32],
        goal: NDArray[np.int32],
        budget: Budget,
        until: float,
    ) -> int:
        """Renew the rows of `who` in order until the time is up; return how many."""
        done = 0
        batch = 4 if budget.clock else len(who)
        while done < len(who) and (budget.clock is None or budget.clock() < until):
            some = who[done : done + batch]
            renew_rows(
                self.graph.arrays, self.flow, self.rows, self.prices, some, goal, pose,
                self.settings.margin, self._queue,
            )  # fmt: skip
            self._cycle += 1
            self._age[some] = self._cycle
            done += len(some)
        return done

    def _pass(self, pose: NDArray[np.int32], sequence: NDArray[np.int32]) -> None:
        """Let everybody choose, first from last cycle's operations, or else from holding."""
        team, n, a = self.team, len(pose), self.operations.arrays
        team.rank[sequence] = np.arange(n)
        team.weight[:] = (n + 1 - team.rank) / (n + 1)
        if self._leader >= 0:
            team.weight[self._leader] = LEADER_WEIGHT
        if self.settings.inherit:
            team.choice[:] = np.where(self._due == pose, self._planned - team.first, 0)
            if epibt.place_all(a, team):
                epibt.run_pass(a, team, self._chain, sequence, self.settings.visits)
                if self._leader < 0 or team.gain[self._leader, team.choice[self._leader]] > 0:
                    return
        team.choice[:] = 0
        epibt.place_all(a, team)
        epibt.run_pass(a, team, self._chain, sequence, self.settings.visits)
        if self._leader >= 0 and team.gain[self._leader, team.choice[self._leader]] <= 0:
            self._stuck += 1
            if self._stuck >= GIVE_UP:
                self.lost[self._leader] = 0
                self._leader = -1

    def _improve(self, budget: Budget) -> tuple[int, int]:
        """Search neighbourhoods on the rest of the budget; return chains tried and kept."""
        tried = kept = 0
        now = budget.clock() if budget.clock else 0.0
        batch = 16 if budget.clock else budget.chains
        while tried < budget.chains and (budget.clock is None or now < budget.deadline):
            some = min(batch, budget.chains - tried)
            kept += epibt.improve(
                self.operations.arrays, self.team, self._chain, self._random, some,
                self.settings.visits,
            )  # fmt: skip
            tried += some
            if budget.clock:
                took, now = budget.clock() - now, budget.clock()
                batch = max(batch // 2, 4) if took > LONG_BATCH else batch * 2
        return tried, kept

    def _finish(
        self,
        pose: NDArray[np.int32],
        left: NDArray[np.int64],
        counts: tuple[int, int, int, int],
    ) -> Step:
        """Read the first actions off the table and remember the rest."""
        a, g = self.operations.arrays, self.graph
        chosen = self.team.first + self.team.choice
        arc = a.arcs[chosen, 0]
        action = np.where(arc < 0, len(g.actions) - 1, g.arc_action[arc]).astype(np.int8)
        after = np.where(arc < 0, pose, g.arrays.arc_to[arc]).astype(np.int32)
        self.lost += self.rows.cost[np.arange(len(pose)), after] >= left
        self._planned, self._due = a.after[chosen], after
        return Step(action, after, *counts)


def _deepest(graph: PoseGraph) -> int:
    """Return the depth of operations that suits `graph`."""
    choices = int(np.diff(graph.arrays.out_ptr).max(initial=1)) + 1
    return max(depth for depth in range(1, 5) if depth == 1 or choices**depth <= MOST_CHAINS)


@njit(cache=True, nogil=True)
def set_gains(
    ops: OperationArrays,
    rows: Rows,
    goal: NDArray[np.int32],
    pose: NDArray[np.int32],
    ready: NDArray[np.bool_],
    team: epibt.Team,
) -> None:
    """Set operations and gains of all vehicles: cost at the end of each against holding.

    An operation that passes the goal counts the ticks until then. A vehicle that is not
    `ready` (no row yet) gains nothing anywhere.
    """
    depth = ops.place.shape[1]
    for v in range(pose.shape[0]):
        first = ops.ptr[pose[v]]
        team.first[v] = first
        team.options[v] = ops.ptr[pose[v] + 1] - first
        hold = 0
        for k in range(team.options[v]):
            value = min(rows.cost[v, ops.end[first + k]], rows.bound[v]) + UNIT * depth
            for t in range(depth):
                if ops.place[first + k, t] == goal[v]:
                    value = UNIT * (t + 1)
                    break
            if k == 0:
                hold = value
            team.gain[v, k] = hold - value if ready[v] else 0
