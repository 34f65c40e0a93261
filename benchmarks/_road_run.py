# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Lifelong work on a roadmap under the execution graph: one run, and what came out of it.

Each vehicle drives to a place drawn uniformly from those nobody has or wants, stands there for
the transfer time, and draws the next one. What is granted at a tick is driven from that tick on.
"""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from _road_pibt import choose, let_go, new_pushers
from _road_world import RoadWorld
from linehaul_traffic.road_model import both
from linehaul_traffic.road_planner import TrafficPlanner
from linehaul_traffic.road_sipp import earliest, new_search
from linehaul_traffic.watchdog import Watchdog

from linehaul_floor import ConflictTable, Plant, RouteTable
from linehaul_traffic import ExecutionGraph, NoWay, Path, Wish
from linehaul_traffic import road_queues as kernels

STILL = 300.0
"""[s] without any move after which a vehicle under way counts as stuck."""


WATCH = 5.0
"""[s] between two looks of the watchdog."""


@dataclass(slots=True)
class Result:
    """What one run gave.

    waits: wishes put off. deadlocks: rings of waiting vehicles met. watchdog: knots undone by
    force. cycle: [s] of computing per cycle; step: [s] of it without
    improving. trip, free_trip: [s] driven, and alone on the floor.
    oldest: [s] longest task, open ones included. still: vehicles that have not moved for STILL at
    the end. promoted, overtaken: by the watchdog. by_class: tasks of each vehicle class.
    """

    tasks: int = 0
    waits: int = 0
    deadlocks: int = 0
    watchdog: int = 0
    cycle: list[float] = field(default_factory=list)
    step: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    trip: list[float] = field(default_factory=list)
    free_trip: list[float] = field(default_factory=list)
    oldest: float = 0.0
    still: int = 0
    promoted: int = 0
    overtaken: int = 0
    by_class: dict[str, int] = field(default_factory=dict)
    plans: int = 0
    tried: int = 0
    improved: int = 0
    wall: float = 0.0


class FreeFlow:
    """How long a trip takes a vehicle that is alone."""

    def __init__(self, graph: ExecutionGraph) -> None:
        self.model = graph.model
        lists = graph.queues.filled.size
        self.queues = kernels.new_queues(1, 8, lists, 1)
        self.search = new_search(graph.roadmap.edge_count, graph.queues.filled.size)
        self.tables = [
            RouteTable(graph.roadmap, one, capacity=4096)
            for c in self.model.classes
            for one in both(c)
        ]

    def time(self, kind: int, motion: int, node: int, heading: float, goal: int) -> float:
        """Return the time [s] from rest to rest."""
        q, roadmap = self.queues, self.model.roadmap
        q.kind[0], q.motion[0] = kind, motion
        edges = roadmap.edges_from(node)
        turn = self.model.first_turns(kind, edges, heading, node)
        may = np.isfinite(turn)
        label, _ = earliest(
            self.search,
            q,
            self.model.arrays,
            0,
            goal,
            self.tables[motion].row(goal),
            np.zeros(self.model.arrays.next_edge.size),
            np.zeros(roadmap.edge_count, bool),
            np.ascontiguousarray(edges[may]),
            turn[may],
            0.0,
            -1e9,
            -1,
            False,
            np.inf,
            np.inf,
            False,
        )
        return float(self.search.reach[label]) if label >= 0 else np.inf


class Run:
    """One run of `hours` on a world.

    Args:
        plant: with the fleet to use.
        conflicts: of all ordered pairs of classes.
        world: fresh, of the same plant.
        rng: for goals.
        way: 'sipp' (prioritised safe-interval planning) or 'lns' (ways that keep clear of busy
            places, made better in every cycle).
        budget: processor seconds of improvement per cycle, at most.
        tries: plans to try per cycle, at most.
        lookahead: [m].
        transfer: [s] at each place.
    """

    def __init__(
        self,
        plant: Plant,
        conflicts: dict[tuple[str, str], ConflictTable],
        world: RoadWorld,
        rng: np.random.Generator,
        way: str,
        budget: float = 0.03,
        tries: int = 1_000_000,
        lookahead: float = 7.0,
        transfer: float = 10.0,
    ) -> None:
        self.plant, self.world, self.rng, self.way = plant, world, rng, way
        self.conflicts = conflicts
        self.budget, self.tries = budget, tries
        self.lookahead, self.transfer = lookahead, transfer
        self.graph = ExecutionGraph(plant.roadmap, conflicts, plant.classes)
        better = way == 'lns'
        self.planner = TrafficPlanner(
            self.graph, clock=time.process_time, late=better, guided=better
        )
        self.free_flow = FreeFlow(self.graph)
        self.watchdog = Watchdog(self.planner)
        self.result = Result()
        count = len(plant.fleet)
        self.ids = [spawn.id for spawn in plant.fleet]
        for spawn in plant.fleet:
            self.graph.place(spawn.id, spawn.vehicle_class, plant.places[spawn.place].node)
        self.slots = np.array([self.graph.slot(i) for i in self.ids])
        self.goal = [-1] * count
        self.rest = [self._node(v) for v in range(count)]
        self.ready = rng.uniform(0.0, 30.0, count)
        self.begun = np.zeros(count)
        self.asked = np.zeros(count)
        self.under_way = np.zeros(count, bool)
        self.who = np.zeros(self.graph.queues.size.size, np.int32)
        self.where = np.zeros_like(self.who)
        self.open = {
            c: np.array([p.node for p in plant.places.values() if c in p.classes])
            for c in plant.classes
        }

    def _node(self, v: int) -> int:
        return int(
            self.graph.queues.node[self.slots[v], self.graph.queues.size[self.slots[v]] - 1]
        )

    def go(self, seconds: float, cycle: float = 1.0) -> Result:
        """Run so long [s] of plant time."""
        begin = time.perf_counter()
        ticks = round(seconds / self.world.dt)
        every = round(cycle / self.world.dt)
        for tick in range(ticks):
            if tick % every == 0:
                self.cycle()
            self.tick()
        self.result.wall += time.perf_counter() - begin
        wanted = np.array(self.goal) >= 0
        age = np.where(wanted, self.world.now - self.asked, 0.0)
        self.result.oldest = max(self.result.oldest, float(age.max()))
        self.result.tried, self.result.improved = self.planner.tried, self.planner.improved
        return self.result

    def tick(self) -> None:
        """Drive, release what was left, grant what is free."""
        graph, world = self.graph, self.world
        passed = world.step()
        graph.now = world.now
        for v in np.flatnonzero(passed).tolist():
            slot = self.slots[v]
            graph.reach(self.ids[v], int(graph.queues.reached[slot]) + int(passed[v]))
        q = graph.queues
        before = q.granted.copy()
        kernels.grant_all(
            q,
            graph.model.arrays,
            graph.roadmap.length,
            graph.closed,
            self.lookahead,
            graph.now,
            self.who,
            self.where,
        )
        for v in np.flatnonzero((q.granted > before)[self.slots]).tolist():
            slot = self.slots[v]
            world.drive(v, q.edge[slot, before[slot] : q.granted[slot]].tolist())

    def cycle(self) -> None:
        """Take in who has arrived, plan for who is ready, improve."""
        now = self.world.now
        self.arrivals(now)
        wishes = self.wishes(now)
        begin = time.perf_counter()
        stalled = self.world.bodies.stalled
        ready = {self.ids[v]: now + 5.0 for v in np.flatnonzero(stalled > now)}
        self.graph.advance(now, ready)
        for v, wish in wishes:
            self.plan(v, wish)
        self.result.step.append(time.perf_counter() - begin)
        if self.way == 'lns' and self.budget > 0.0:
            self.planner.improve(self.budget, self.tries)
            if now % WATCH < self.world.dt / 2.0:
                self._watch()
        self.result.cycle.append(time.perf_counter() - begin)
        self.result.deadlocks += self.rings()

    def _watch(self) -> None:
        """Let the watchdog look after everybody."""
        now = self.world.now
        asked = {self.ids[v]: self.asked[v] for v in np.flatnonzero(self.under_way).tolist()}
        unable = {self.ids[v] for v in np.flatnonzero(self.world.bodies.stalled > now).tolist()}
        self.watchdog.look(asked, unable)
        self.result.watchdog = self.watchdog.counts.calls
        self.result.promoted = self.watchdog.counts.promoted
        self.result.overtaken = self.watchdog.counts.overtaken

    def arrivals(self, now: float) -> None:
        """Note the vehicles that have come to their goals."""
        for v in np.flatnonzero(self.under_way).tolist():
            if self.arrived(v) and self.world.standing(v):
                self.under_way[v] = False
                self.result.tasks += 1
                self.result.ended.append(now)
                name = self.plant.fleet[v].vehicle_class
                self.result.by_class[name] = self.result.by_class.get(name, 0) + 1
                self.result.trip.append(now - self.begun[v])
                self.result.oldest = max(self.result.oldest, now - self.asked[v])
                self.rest[v], self.goal[v] = self.goal[v], -1
                self.ready[v] = now + self.transfer
                self.world.bodies.loaded[v] = not self.world.bodies.loaded[v]

    def arrived(self, v: int) -> bool:
        """Tell whether a vehicle is at its goal."""
        return self.graph.at_end(self.ids[v])

    def wishes(self, now: float) -> list[tuple[int, Wish]]:
        """Return the wishes of who is ready, the longest waiting first."""
        taken = {*self.goal, *self.rest}
        found = []
        for v in np.argsort(self.ready).tolist():
            if self.under_way[v] or self.ready[v] > now:
                continue
            name = self.plant.fleet[v].vehicle_class
            if self.goal[v] < 0:
                free = [n for n in self.open[name].tolist() if n not in taken]
                if not free:
                    continue
                self.goal[v] = int(self.rng.choice(free))
                taken.add(self.goal[v])
                self.asked[v] = now
            heading = float(self.world.bodies.pose[v, 2])
            found.append(
                (
                    v,
                    Wish(
                        self.ids[v], self.plant.classes[name], self.rest[v], self.goal[v], heading
                    ),
                )
            )
        return found

    def plan(self, v: int, wish: Wish) -> None:
        """Let a wish be planned."""
        graph = self.graph
        graph.load(wish.vehicle, bool(self.world.bodies.loaded[v]))
        path = self.planner.plan(wish)
        if isinstance(path, NoWay) and not graph.closed.any():
            raise RuntimeError(f'no way for {wish}')
        if not isinstance(path, Path):
            self.result.waits += 1
            return
        self.result.plans += 1
        slot = self.slots[v]
        q = graph.queues
        self.begun[v] = self.world.now
        self.under_way[v] = True
        self.result.free_trip.append(
            self.free_flow.time(
                int(q.kind[slot]), int(q.motion[slot]), wish.start, wish.heading, wish.goal
            )
        )

    def rings(self) -> int:
        """Return the number of rings of vehicles that wait for each other."""
        q, found = self.graph.queues, 0
        state = np.zeros(self.who.size, np.int8)
        for v in self.slots.tolist():
            chain, w = [], v
            while w != kernels.FREE and state[w] == 0 and q.granted[w] == q.reached[w]:
                state[w] = 1
                chain.append(w)
                w = int(self.who[w]) if q.size[w] > 1 else kernels.FREE
            if w != kernels.FREE and state[w] == 1 and w in chain:
                found += 1
            state[chain] = 2
        return found


class PushRun(Run):
    """The same work under plain priority inheritance (_road_pibt.py), without a graph."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        model = self.graph.model
        kind = np.array([model.number[s.vehicle_class] for s in self.plant.fleet], np.int32)
        self.push = new_pushers(model, kind, np.array(self.rest))
        self.given = np.zeros(kind.size, np.int64)
        self.driven = np.zeros(kind.size, np.int64)
        self.moved = np.zeros(kind.size)
        self.tables = self.free_flow.tables
        self.rows = np.full((kind.size, self.graph.roadmap.edge_count), np.inf)
        self.chosen = np.zeros(kind.size, np.int64)
        self.pending: list[float] = []

    def tick(self) -> None:
        """Drive, let go of what was left, choose."""
        world, p, roadmap = self.world, self.push, self.graph.roadmap
        passed = world.step()
        self.driven += passed
        self.moved[passed > 0] = world.now
        for v in np.flatnonzero(passed).tolist():
            let_go(p.holder, v, p.kind[v], p.held[v], p.held_of[v], self.driven[v])
        begin = time.perf_counter()
        left = self.given - self.driven
        goal = np.where(self.under_way, np.array(self.goal), -1)
        choose(
            self.graph.model.arrays,
            roadmap.out_indptr,
            roadmap.out_edges,
            roadmap.node_bay,
            p.kind,
            p.node,
            p.last,
            p.holder,
            p.held,
            p.held_of,
            p.pushed,
            self.begun + 1e-6 * np.arange(goal.size),
            left <= 1,
            left == 0,
            self.given,
            goal,
            np.arange(goal.size),
            self.rows,
            self.chosen,
        )
        self.pending.append(time.perf_counter() - begin)
        for v in np.flatnonzero(self.chosen >= 0).tolist():
            world.drive(v, [int(self.chosen[v])])
            self.given[v] += 1

    def cycle(self) -> None:
        """Take in who has arrived, start who is ready."""
        now = self.world.now
        self.arrivals(now)
        for v, wish in self.wishes(now):
            self.under_way[v] = True
            self.begun[v] = self.moved[v] = now
            motion = 2 * self.push.kind[v] + int(self.world.bodies.loaded[v])
            self.rows[v] = self.tables[motion].row(wish.goal)
            self.result.free_trip.append(
                self.free_flow.time(
                    int(self.push.kind[v]), int(motion), wish.start, wish.heading, wish.goal
                )
            )
        self.result.cycle.append(sum(self.pending))
        self.result.step.append(sum(self.pending))
        self.pending = []
        late = self.under_way & (now - self.moved > STILL)
        self.result.still = int(late.sum())

    def arrived(self, v: int) -> bool:
        """Tell whether a vehicle is at its goal."""
        return bool(self.push.node[v] == self.goal[v] and self.given[v] == self.driven[v])
