# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The planner on the roadmap: whole ways in time, made better while there is time.

A vehicle that wants to go gets the best way between all claims (road_sipp.py), with planned
times, up to the bay that is its goal. So at every moment there is a plan that brings everybody
home, and the execution graph holds it: nobody can ever be stuck by planning. Best is the least
sum of arrival and prices: what a way costs the others at places with much traffic, learned from
the plans themselves (road_guidance.py).

What has not been granted yet stays open to change: `improve` takes the ways of a few vehicles out
behind what is granted, plans them anew in another order, and keeps the result only if it costs
less in sum. Only what is granted (a few seconds of travel) binds. Most trials keep to the way
that a vehicle has and the shortest one, which settles who goes before whom; some look everywhere.

On a well-formed floor (every place is a bay off the lanes, as linehaul_floor checks) every wish
for a place that is free, or becomes free, is met.

Source: prioritised planning (Erdmann, Lozano-Pérez 1987) on well-formed floors (Čáp et al. 2015);
large-neighbourhood search (Li et al. 2021, "Anytime MAPF via LNS").
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from linehaul_floor.geometry import BoolArray, FloatArray

from linehaul_floor import RouteTable, VehicleId
from linehaul_traffic import road_queues as kernels
from linehaul_traffic import road_sipp as sipp
from linehaul_traffic.errors import PlanError
from linehaul_traffic.execution import ExecutionGraph, Path, Wait
from linehaul_traffic.road_guidance import Guidance
from linehaul_traffic.road_late import start_late
from linehaul_traffic.road_model import ROLL, both
from linehaul_traffic.road_queues import FREE
from linehaul_traffic.road_start import Start, renewed, rest_start, way_start
from linehaul_traffic.wish import NoWay, Wish

GAIN = 0.05
"""[s] by which a new plan must be better in sum to replace the old one."""
HOLD = 1.0
"""[s] for which a vehicle keeps the end of what is granted while others are planned first."""
WIDE = 0.1
"""Share of the trials that look for ways everywhere."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A vehicle's path behind a position, to put it back."""

    v: int
    position: int
    size: int
    ints: np.ndarray
    floats: np.ndarray

    @property
    def goal(self) -> int:
        """The node at the end."""
        return int(self.ints[0, -1])

    @property
    def edges(self) -> np.ndarray:
        """The edges, in order."""
        return self.ints[1, :-1]


@dataclass(frozen=True, slots=True)
class Trial:
    """A way that a shadow tries out for a vehicle.

    Attributes:
        shadow, v: rows of the two.
        goal: node to go to.
        way: edges that are not granted of the vehicle's present way.
        start: where the new way begins.
    """

    shadow: int
    v: int
    goal: int
    way: np.ndarray
    start: Start

    @classmethod
    def of(cls, graph: ExecutionGraph, shadow: int, v: int) -> 'Trial':
        """Let a shadow take the place of a vehicle, whose claims must not count (`away`)."""
        q = graph.queues
        last = int(q.size[v]) - 1
        kernels.shadow(q, shadow, v)
        way = q.edge[v, q.granted[v] : last].copy()
        return cls(shadow, v, int(q.node[v, last]), way, way_start(graph, shadow))


class TrafficPlanner:
    """Plans ways on one execution graph.

    Args:
        graph: the execution graph, made with the vehicle classes.
        rng: for what `improve` tries.
        clock: for deadlines [s].
        late: let ways begin as late as they can, so that vehicles wait in bays, not on lanes.
        guided: let ways keep clear of places with much traffic.
    """

    def __init__(
        self,
        graph: ExecutionGraph,
        rng: np.random.Generator | None = None,
        clock: Callable[[], float] = time.perf_counter,
        *,
        late: bool = True,
        guided: bool = True,
    ) -> None:
        self.graph = graph
        self.guidance = Guidance(graph.model)
        self.tried = 0
        self.improved = 0
        self._rng = np.random.default_rng(0) if rng is None else rng
        self._clock = clock
        self._late = late
        self._guided = guided
        self._search = sipp.new_search(graph.roadmap.edge_count, graph.queues.filled.size)
        self._tables: dict[int, RouteTable] = {}
        self.close(graph.closed)

    def close(self, closed: BoolArray) -> None:
        """Close edges (E,) to everybody, and open all others.

        Vehicles whose way leads over a closed edge wait before it until `improve` has found them
        another, or the edge is open again.
        """
        self.graph.closed[:] = closed
        self.guidance.close(closed)
        model = self.graph.model
        classes, slower = [one for c in model.classes for one in both(c)], model.slower()
        self._tables = {
            m: RouteTable(model.roadmap, c, cost=slower[m], blocked=closed, capacity=4096)
            for m, c in enumerate(classes)
        }

    def limit(self, speed: FloatArray) -> None:
        """Let nobody drive faster than (E,) speeds [m/s]; infinite: no limit but the roadmap's.

        New ways and expected times count with it at once, ways that are planned when `improve`
        comes to them.
        """
        self.graph.model.limit(speed)
        self.close(self.graph.closed)

    # Wishes.

    def plan(self, wish: Wish) -> Path | Wait | NoWay:
        """Commit the best way for a vehicle that rests, and return it.

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
        other = int(kernels.rests_on(graph.queues, graph.model.arrays, v, wish.goal))
        if other != FREE:
            return Wait(wish.vehicle, graph.at_slot(other), wish.goal)
        if graph.fills_loop(wish.vehicle, wish.goal):
            return Wait(wish.vehicle, wish.vehicle, wish.goal)
        start = rest_start(graph, v, here, wish.heading)
        togo = self._tables[int(graph.queues.motion[v])].row(wish.goal)
        if not np.isfinite(togo[start.edges]).any():
            return NoWay(wish)
        if self._guided:
            self.guidance.look(graph.queues, graph.now)
        kernels.withdraw(graph.queues, v)
        label = self._earliest(v, wish.goal, start)
        if label < 0:
            graph.insert(v)
            return Wait(wish.vehicle, wish.vehicle, here)
        graph.rest_at(v, here)
        self._write(v, 0, label)
        self._enter(v)
        return graph.path(wish.vehicle)[0]

    def plan_behind(self, v: int, goal: int, start: Start) -> bool:
        """Plan a way from a start to a goal, and put its claims on the lists.

        Returns:
            False: there is no way, or one that would meet somebody; what is on the lists is then
            of no use.
        """
        graph = self.graph
        begin = renewed(graph, v, start)
        kernels.withdraw(graph.queues, v)
        label = self._earliest(v, goal, begin)
        if label < 0:
            graph.insert(v, max(start.at, graph.now) + HOLD)
            return False
        self._write(v, begin.position, label)
        free = kernels.overlap(graph.queues, graph.model.arrays, v)[0] == FREE
        graph.insert(v)
        return bool(free)

    def way_start(self, v: int) -> Start:
        """Return the start behind what is granted to a vehicle under way."""
        return way_start(self.graph, v)

    def _earliest(
        self, v: int, goal: int, start: Start, bound: float = np.inf, narrow: bool = False
    ) -> int:
        """Return the last label of the best way for a vehicle that is on no list, or -1."""
        graph = self.graph
        motion = int(graph.queues.motion[v])
        label, _ = sipp.earliest(
            self._search,
            graph.queues,
            graph.model.arrays,
            v,
            goal,
            self.guidance.row(motion, goal),
            self.guidance.price[motion],
            graph.closed,
            start.edges,
            start.turn,
            start.at,
            graph.now,
            start.before,
            start.rolling,
            start.until,
            bound,
            narrow,
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
            start_late(q, arrays, v, position)

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
                row = self._tables[int(q.motion[v])].row(int(q.node[v, n - 1]))
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
        return [v, *others[: int(self._rng.integers(0, kernels.SHADOWS))]]

    def _in_the_way(self, v: int) -> list[int]:
        """Return vehicles whose claims end when a step of v can begin after waiting."""
        graph = self.graph
        found = kernels.waits_for(graph.queues, graph.model.arrays, v, 0.5)
        return [int(w) for w in dict.fromkeys(found.tolist()) if self._can_change(int(w))]

    def _can_change(self, v: int) -> bool:
        q = self.graph.queues
        return bool(q.granted[v] < q.size[v] - 1)

    def renew(self, vehicle: VehicleId) -> bool:
        """Plan the best way that a vehicle under way can have now, also where it is no better."""
        v = self.graph.slot(vehicle)
        return self._can_change(v) and self._try([v], np.inf)

    def _try(self, group: list[int], bound: float | None = None) -> bool:
        """Plan a group anew behind what is granted, if that costs less in sum, or than a bound.

        Shadows try it, while the group's own claims do not count; so nothing has to be put back
        where it costs more, which is what happens most of the time.
        """
        graph = self.graph
        if bound is None:
            bound = sum(self._cost(v, int(graph.queues.granted[v])) for v in group) - GAIN
        graph.queues.away[group] = True
        trials = [Trial.of(graph, s, v) for s, v in enumerate(group)]
        for one in trials:
            graph.insert(one.shadow, max(one.start.at, graph.now) + HOLD)
        better = self._plan_all(trials, bound)
        for one in trials:
            graph.queues.away[one.v] = False
            if better:
                kernels.become(graph.queues, one.v, one.shadow)
                graph.changed(one.v)
            else:
                kernels.withdraw(graph.queues, one.shadow)
                graph.queues.size[one.shadow] = 0
        return better

    def _plan_all(self, trials: list[Trial], bound: float) -> bool:
        """Plan everybody of a group in some order; False: not within a cost in sum."""
        graph, road = self.graph, self.graph.model.arrays
        order = list(trials)
        if len(order) > 1 and self._rng.random() < 0.5:
            self._rng.shuffle(order)
        narrow = bool(self._rng.random() >= WIDE)
        least = [self._least(one.shadow, one.goal, one.start) for one in order]
        cost = sum(least)
        for one, own in zip(order, least, strict=True):
            s, start = one.shadow, renewed(graph, one.shadow, one.start)
            cost -= own
            kernels.withdraw(graph.queues, s)
            self._keep_to(s, one.goal, start, one.way)
            label = self._earliest(s, one.goal, start, bound - cost, narrow)
            if label < 0:
                return False
            self._write(s, start.position, label)
            cost += self._cost(s, start.position)
            if cost > bound or kernels.overlap(graph.queues, road, s)[0] != FREE:
                return False
            graph.insert(s)
        return True

    def _keep_to(self, v: int, goal: int, start: Start, way: np.ndarray) -> None:
        motion = self.graph.queues.motion[v]
        row, price = self.guidance.row(int(motion), goal), self.guidance.price[motion]
        arrays, kind = self.graph.model.arrays, self.graph.queues.kind[v]
        sipp.keep_to(self._search, arrays, kind, goal, row, price, start.edges, way)

    def _cost(self, v: int, position: int) -> float:
        """Return when a vehicle arrives, and the price of its way behind a position [s]."""
        q = self.graph.queues
        price = self.guidance.price[q.motion[v]]
        paid = sipp.price_of(q, self.graph.model.arrays, price, v, position)
        return float(q.reach[v, q.size[v] - 1]) + paid

    def _least(self, v: int, goal: int, start: Start) -> float:
        """Return the least that a way can cost."""
        row = self.guidance.row(int(self.graph.queues.motion[v]), goal)
        return max(start.at, self.graph.now) + float(row[start.edges].min(initial=np.inf))

    def save(self, v: int) -> Saved:
        """Return what is not granted of a path."""
        q = self.graph.queues
        p, n = int(q.granted[v]), int(q.size[v])
        return Saved(
            v,
            p,
            n,
            np.stack([q.node[v, p:n], q.edge[v, p:n]]),
            np.stack([a[v, p:n] for a in (q.turn, q.claim, q.leave, q.reach)]),
        )

    def put_back(self, saved: Saved) -> None:
        """Bring back what was saved; the claims of the row must be off the lists."""
        q = self.graph.queues
        v, p, n = saved.v, saved.position, saved.size
        q.size[v] = n
        q.node[v, p:n], q.edge[v, p:n] = saved.ints
        q.turn[v, p:n], q.claim[v, p:n], q.leave[v, p:n], q.reach[v, p:n] = saved.floats
        self.graph.insert(v)
