# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The planner on the roadmap: whole ways in time, made better while there is time.

A vehicle that wants to go gets the earliest way between all claims (road_sipp.py), with planned
times, up to the bay that is its goal. So at every moment there is a plan that brings everybody
home, and the execution graph holds it: nobody can ever be stuck by planning. What has not been
granted yet stays open to change: `improve` takes the ways of a few vehicles out behind what is
granted, plans them anew in another order, and keeps the result only if they arrive earlier in
sum. Only what is granted (a few seconds of travel) binds.

On a well-formed floor (every place is a bay off the lanes, as linehaul_floor checks) every wish
for a place that is free, or becomes free, is met.

Source: prioritised planning (Erdmann, Lozano-Pérez 1987) on well-formed floors (Čáp et al. 2015);
large-neighbourhood search (Li et al. 2021, "Anytime MAPF via LNS").
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from linehaul_floor.geometry import BoolArray, FloatArray, IntArray

from linehaul_floor import RouteTable
from linehaul_traffic import road_queues as kernels
from linehaul_traffic import road_sipp as sipp
from linehaul_traffic.conservative import NoWay, Wish
from linehaul_traffic.errors import PlanError
from linehaul_traffic.execution import ExecutionGraph, Path, Wait
from linehaul_traffic.road_model import ROLL
from linehaul_traffic.road_queues import FREE

GAIN = 0.05
"""[s] by which a new plan must be better in sum to replace the old one."""
HOLD = 1.0
"""[s] for which a vehicle keeps the end of what is granted while others are planned first."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where and when a new way begins.

    position: of the node on the vehicle's path; at: time there [s]; before: edge by which it
    comes, -1 if it stands; rolling: it may go on without stopping; until: when the node must be
    left; edges, turn: what it can begin with, and seconds to stand and turn before, or ROLL.
    """

    position: int
    at: float
    before: int
    rolling: bool
    until: float
    edges: IntArray
    turn: FloatArray


@dataclass(frozen=True, slots=True)
class _Saved:
    """A vehicle's path behind a position, to put it back."""

    v: int
    position: int
    size: int
    ints: np.ndarray
    floats: np.ndarray


class TrafficPlanner:
    """Plans ways on one execution graph.

    Args:
        graph: the execution graph, made with the vehicle classes.
        rng: for what `improve` tries.
        clock: for deadlines [s].
        late: let ways begin as late as they can, so that vehicles wait in bays, not on lanes.
    """

    def __init__(
        self,
        graph: ExecutionGraph,
        rng: np.random.Generator | None = None,
        clock: Callable[[], float] = time.perf_counter,
        *,
        late: bool = True,
    ) -> None:
        self.graph = graph
        self.tried = 0
        self.improved = 0
        self._rng = np.random.default_rng(0) if rng is None else rng
        self._clock = clock
        self._late = late
        self._search = sipp.new_search(graph.roadmap.edge_count)
        self._tables: Mapping[int, RouteTable] = {}
        self.close(graph.closed)

    def close(self, closed: BoolArray) -> None:
        """Close edges (E,) to everybody, and open all others.

        Vehicles whose way leads over a closed edge wait before it until `improve` has found them
        another, or the edge is open again.
        """
        model = self.graph.model
        self.graph.closed[:] = closed
        self._tables = {
            k: RouteTable(self.graph.roadmap, c, blocked=closed, capacity=4096)
            for k, c in enumerate(model.classes)
        }

    # Wishes.

    def plan(self, wish: Wish) -> Path | Wait | NoWay:
        """Commit the earliest way for a vehicle that rests, and return it.

        Returns:
            The way; or for whom it waits (the goal is taken, or nothing is free for an hour); or
            that there is none, whoever moves.
        """
        graph = self.graph
        v = graph.slot(wish.vehicle)
        if not graph.at_end(wish.vehicle):
            raise PlanError(f'{wish.vehicle} is still under way')
        here = int(graph.queues.node[v, graph.queues.reached[v]])
        if here == wish.goal:
            return Path((here,), ())
        other = self._resting(v, wish.goal)
        if other != FREE:
            return Wait(wish.vehicle, graph.at_slot(other), wish.goal)
        if graph.fills_loop(wish.vehicle, wish.goal):
            return Wait(wish.vehicle, wish.vehicle, wish.goal)
        start = self._rest_start(v, here, wish.heading)
        togo = self._tables[int(graph.queues.kind[v])].row(wish.goal)
        if not np.isfinite(togo[start.edges]).any():
            return NoWay(wish)
        label = self._earliest(v, wish.goal, start)
        if label < 0:
            return Wait(wish.vehicle, wish.vehicle, here)
        kernels.withdraw(graph.queues, graph.model.arrays, v)
        graph.rest_at(v, here)
        self._write(v, 0, label)
        self._enter(v)
        return graph.path(wish.vehicle)[0]

    def _resting(self, v: int, goal: int) -> int:
        """Return who rests, or is going to rest, where v wants to go; FREE: nobody."""
        graph = self.graph
        return int(kernels.rests_on(graph.queues, graph.model.arrays, v, goal))

    def _until(self, v: int, position: int, time: float) -> float:
        """Return when somebody else is going to need the place of a position on v's path."""
        q, road = self.graph.queues, self.graph.model.arrays
        x = kernels.element(q, road, v, position, 0)
        return float(kernels.free_until(q, road, v, x, time))

    def _rest_start(self, v: int, node: int, heading: float | None) -> Start:
        graph = self.graph
        q, roadmap = graph.queues, graph.roadmap
        if heading is None and q.size[v] > 1:
            heading = float(roadmap.vehicle_heading[q.edge[v, q.size[v] - 2]])
        edges = roadmap.edges_from(node)
        turn = graph.model.first_turns(int(q.kind[v]), edges, heading, node)
        may = np.isfinite(turn)
        return Start(
            position=int(q.size[v]) - 1,
            at=graph.now,
            before=-1,
            rolling=False,
            until=self._until(v, int(q.size[v]) - 1, graph.now),
            edges=np.ascontiguousarray(edges[may]),
            turn=turn[may],
        )

    def way_start(self, v: int) -> Start:
        """Return the start behind what is granted to a vehicle under way."""
        q, road = self.graph.queues, self.graph.model.arrays
        p = int(q.granted[v])
        node, at = int(q.node[v, p]), float(q.reach[v, p])
        if p == 0:
            start = self._rest_start(v, node, None)
            if q.size[v] > 1:  # it has a way already, and with it the turn it must begin with
                return self._same_first(v, start)
            return start
        before = int(q.edge[v, p - 1])
        moving = p > q.reached[v]
        if moving and (p == q.size[v] - 1 or q.turn[v, p] != ROLL):
            at -= float(road.down[q.motion[v], before])
        begin, end = road.next_indptr[before : before + 2]
        return Start(
            position=p,
            at=max(at, self.graph.now) if not moving else at,
            before=before if moving else -1,
            rolling=moving,
            until=self._until(v, p, at),
            edges=road.next_edge[begin:end],
            turn=road.next_turn[q.kind[v], begin:end],
        )

    def _same_first(self, v: int, start: Start) -> Start:
        q = self.graph.queues
        return Start(
            0,
            start.at,
            -1,
            False,
            start.until,
            q.edge[v, :1].copy(),
            q.turn[v, :1].copy(),
        )

    def _earliest(self, v: int, goal: int, start: Start) -> int:
        graph = self.graph
        label, _ = sipp.earliest(
            self._search,
            graph.queues,
            graph.model.arrays,
            v,
            goal,
            self._tables[int(graph.queues.kind[v])].row(goal),
            graph.closed,
            start.edges,
            start.turn,
            start.at,
            graph.now,
            start.before,
            start.rolling,
            start.until,
        )
        return int(label)

    def _write(self, v: int, position: int, label: int) -> None:
        graph = self.graph
        arrays = graph.model.arrays
        stood = graph.queues.turn[v, position] != ROLL
        size = sipp.write_way(self._search, graph.queues, arrays, v, position, label)
        if size < 0:
            graph.lengthen(-2 * size)
            sipp.write_way(self._search, graph.queues, arrays, v, position, label)
        q = graph.queues
        stands = q.turn[v, position] != ROLL
        if stands != stood and position > q.reached[v]:  # it brakes now, or does no more
            braking = arrays.down[q.motion[v], q.edge[v, position - 1]]
            q.reach[v, position] += braking if stands else -braking
        if self._late:
            sipp.start_late(q, arrays, v, position)

    def _enter(self, v: int) -> None:
        """Put a planned way on the lists, after a check that it is in nobody's way."""
        graph = self.graph
        other, element = kernels.overlap(graph.queues, graph.model.arrays, v)
        if other != FREE:
            raise PlanError(
                f'{graph.at_slot(v)} would meet {graph.at_slot(other)} at element {element}'
            )
        graph.insert(v)

    # Making plans better.

    def delays(self) -> FloatArray:
        """Return (V,) seconds by which each vehicle is behind an empty floor; 0: not under way."""
        q = self.graph.queues
        delay = np.zeros(q.size.size)
        for v in np.flatnonzero(q.size > 1):
            p, n = int(q.granted[v]), int(q.size[v])
            if p < n - 1:
                row = self._tables[int(q.kind[v])].row(int(q.node[v, n - 1]))
                begin = max(float(q.reach[v, p]), self.graph.now)
                left = float(row[q.edge[v, p]])
                delay[v] = max(float(q.reach[v, n - 1]) - begin - left, 0.0)
        return delay

    def improve(self, seconds: float, most: int = 1_000_000) -> int:
        """Try out other plans for what is not granted; return how many were better.

        Args:
            seconds: of the clock, to spend.
            most: number of plans to try.
        """
        deadline = self._clock() + seconds
        found = 0
        delay = self.delays()
        for _ in range(most):
            if self._clock() >= deadline:
                break
            group = self._neighbourhood(delay)
            if not group:
                break
            self.tried += 1
            if self._try(group):
                found += 1
                for v in group:
                    delay[v] *= 0.5
            else:
                delay[group[0]] *= 0.7
        self.improved += found
        return found

    def _neighbourhood(self, delay: FloatArray) -> list[int]:
        """Choose a vehicle by its delay, and who is in its way."""
        total = float(delay.sum())
        if total < 1.0:
            return []
        v = int(self._rng.choice(delay.size, p=delay / total))
        others = self._in_the_way(v)
        self._rng.shuffle(others)
        return [v, *others[: int(self._rng.integers(0, 4))]]

    def _in_the_way(self, v: int) -> list[int]:
        """Return vehicles whose claims end when a step of v can begin after waiting."""
        graph = self.graph
        found = kernels.waits_for(graph.queues, graph.model.arrays, v, 0.5)
        return [int(w) for w in dict.fromkeys(found.tolist()) if self._can_change(int(w))]

    def _can_change(self, v: int) -> bool:
        q = self.graph.queues
        return bool(q.granted[v] < q.size[v] - 1)

    def _try(self, group: list[int]) -> bool:
        """Plan a group anew behind what is granted; undo it unless they arrive earlier in sum."""
        graph = self.graph
        road = graph.model.arrays
        saved = [self.save(v) for v in group]
        goals = {v: int(graph.queues.node[v, graph.queues.size[v] - 1]) for v in group}
        before = sum(graph.queues.reach[s.v, s.size - 1] for s in saved)
        starts = {}
        for v in group:
            kernels.withdraw(graph.queues, road, v)
        for v in group:
            starts[v] = self.way_start(v)
            graph.queues.size[v] = starts[v].position + 1
            graph.insert(v, max(starts[v].at, graph.now) + HOLD)
        after, order = 0.0, list(group)
        if len(order) > 1 and self._rng.random() < 0.5:
            self._rng.shuffle(order)
        for v in order:
            start = self._renew(v, starts[v])
            label = self._earliest(v, goals[v], start)
            if label < 0:
                after = np.inf
                break
            kernels.withdraw(graph.queues, road, v)
            self._write(v, start.position, label)
            after += float(graph.queues.reach[v, graph.queues.size[v] - 1])
            if after > before or kernels.overlap(graph.queues, road, v)[0] != FREE:
                after = np.inf
                graph.insert(v)
                break
            graph.insert(v)
        if after < before - GAIN:
            for v in group:
                graph.changed(v)
            return True
        for v in group:
            kernels.withdraw(graph.queues, road, v)
        for one in saved:
            self.put_back(one)
        return False

    def plan_behind(self, v: int, goal: int, start: Start) -> bool:
        """Plan a way from a start to a goal, and put its claims on the lists; False: none."""
        graph = self.graph
        q, road = graph.queues, graph.model.arrays
        renewed = self._renew(v, start)
        label = self._earliest(v, goal, renewed)
        if label < 0:
            return False
        kernels.withdraw(q, road, v)
        self._write(v, renewed.position, label)
        free = kernels.overlap(graph.queues, road, v)[0] == FREE
        graph.insert(v)
        return bool(free)

    def _renew(self, v: int, start: Start) -> Start:
        """Return the start with the time until which its node is free now."""
        until = self._until(v, start.position, min(start.at, self.graph.now))
        return Start(
            start.position,
            start.at,
            start.before,
            start.rolling,
            until,
            start.edges,
            start.turn,
        )

    def save(self, v: int) -> _Saved:
        """Return what is not granted of a path."""
        q = self.graph.queues
        p, n = int(q.granted[v]), int(q.size[v])
        return _Saved(
            v,
            p,
            n,
            np.stack([q.node[v, p:n], q.edge[v, p:n]]),
            np.stack([a[v, p:n] for a in (q.turn, q.claim, q.leave, q.reach)]),
        )

    def put_back(self, saved: _Saved) -> None:
        """Bring back what was saved; the claims of the row must be off the lists."""
        q = self.graph.queues
        v, p, n = saved.v, saved.position, saved.size
        q.size[v] = n
        q.node[v, p:n], q.edge[v, p:n] = saved.ints
        q.turn[v, p:n], q.claim[v, p:n], q.leave[v, p:n], q.reach[v, p:n] = saved.floats
        self.graph.insert(v)
