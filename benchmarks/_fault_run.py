# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A run of the roadmap benchmark in which everything goes wrong that can.

Vehicles stall; reports and grants are lost, come late and in another order; vehicles break down
and go on where they stand, or are carried to a bay by people; lanes close and open; the planner
is killed and made anew from what its journal holds. Everything random comes from the seed, and no
clock is asked, so that a run can be repeated.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from _fault_links import Link, Links
from _road_run import Run
from linehaul_traffic.road_planner import TrafficPlanner
from linehaul_traffic.watchdog import Watchdog

from linehaul_traffic import ExecutionGraph, Order, Path
from linehaul_traffic import road_queues as kernels

STILL = 3600.0
"""[s] without a move after which a vehicle under way counts as stuck."""
REPEAT = 5
"""Ticks after which a message that was not answered is sent again."""
PLANS = 3
"""Plans that are tried in each cycle to make ways better."""
WATCH = 5.0
"""[s] between two looks of the watchdog."""
CLOSED_LANES = 0.02
"""Share of the lanes that may be closed at a time."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Chances per second of plant time, over all vehicles (stall: each), and times [s]."""

    stall: float = 0.0005
    longest_stall: float = 300.0
    link: Link = field(default_factory=Link)
    breakdown: float = 0.002
    repair: float = 600.0
    carried: float = 0.5
    closing: float = 0.005
    closed_for: float = 120.0
    restart: float = 0.002

    @classmethod
    def none(cls) -> 'Faults':
        """Return no faults at all."""
        link = Link(lost=0.0, late=0.0, outage=0.0)
        return cls(stall=0.0, link=link, breakdown=0.0, closing=0.0, restart=0.0)


class FaultRun(Run):
    """A Run in which messages get lost or come late, and more goes wrong.

    `driven` and `given` are what the vehicles know: the node of its path at which each is, and up
    to which it has been told to drive. The graph knows only what has arrived of it.
    """

    def __init__(self, *arguments: Any, faults: Faults, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.faults = faults
        self.chance = np.random.default_rng(self.rng.integers(2**32))
        count = len(self.ids)
        self.driven = np.zeros(count, np.int64)
        self.given = np.zeros(count, np.int64)
        self.legs = np.zeros(count, np.int64)
        self.reports: Links[tuple[int, int]] = Links(faults.link, self.chance, count)
        self.grants: Links[tuple[int, int, list[int]]] = Links(faults.link, self.chance, count)
        self.opens: dict[int, float] = {}
        self.broken: dict[int, float] = {}
        self.stalled_since = np.zeros(count)
        self.moved_at = np.zeros(count)
        self.still = 0
        self.said: list[str] = []
        self.ticks = 0
        self.kept = self.graph.order()
        self.counts = dict.fromkeys(('breakdowns', 'carried', 'closings', 'restarts'), 0)
        self.watchdog = Watchdog(self.planner)

    # Driving.

    def plan(self, v: int, wish: Any) -> None:
        """Begin a new leg: positions count from its first node."""
        before = self.result.plans
        super().plan(v, wish)
        if self.result.plans > before:
            self.new_leg(v)

    def new_leg(self, v: int) -> None:
        """Forget all messages about the leg before."""
        self.driven[v] = self.given[v] = 0
        self.legs[v] += 1
        self.moved_at[v] = self.world.now

    def tick(self) -> None:
        """Drive, hear, grant, tell."""
        graph, world, q = self.graph, self.world, self.graph.queues
        passed = world.step()
        self.driven += passed
        self.moved_at[(passed > 0) | ~self.under_way] = world.now
        self.ticks += 1
        graph.now = world.now
        again = self.ticks % REPEAT == 0
        unheard = self.under_way & (self.driven > q.reached[self.slots])
        for v in np.flatnonzero(unheard & (again | (passed > 0))).tolist():
            self.reports.send(world.now, v, (int(self.legs[v]), int(self.driven[v])))
        for v, (leg, position) in self.reports.arrived(world.now):
            if leg == self.legs[v]:
                graph.reach(self.ids[v], position)
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
        new = (q.granted > before)[self.slots]
        untold = self.under_way & (q.granted[self.slots] > self.given)
        for v in np.flatnonzero(untold & (again | new)).tolist():
            granted = int(q.granted[self.slots[v]])
            base = q.edge[self.slots[v], :granted].tolist()
            self.grants.send(world.now, v, (int(self.legs[v]), granted, base))
        for v, (leg, granted, base) in self.grants.arrived(world.now):
            if leg == self.legs[v] and granted > self.given[v]:
                world.drive(v, base[self.given[v] :])
                self.given[v] = granted

    def arrived(self, v: int) -> bool:
        """Tell whether a vehicle is at its goal and has been heard to be."""
        return super().arrived(v) and self.driven[v] == self.graph.queues.reached[self.slots[v]]

    # What goes wrong.

    def cycle(self) -> None:
        """Let things go wrong, then plan; what must outlive a crash is kept after each cycle."""
        now, f, chance = self.world.now, self.faults, self.chance
        if chance.random() < f.breakdown:
            self.break_down(int(chance.integers(len(self.ids))), now)
        self.repair(now)
        if chance.random() < f.closing:
            self.opens[int(chance.choice(self.lanes()))] = now + f.closed_for
            self.counts['closings'] += 1
        if chance.random() < f.restart:
            self.restart()
        self.close(now)
        self.work(now)
        self.kept = self.graph.order()
        late = self.under_way & (now - self.moved_at > STILL)
        self.still = max(self.still, int(late.sum()))

    def work(self, now: float) -> None:
        """Take in who has arrived, plan for who is ready, make plans better."""
        self.arrivals(now)
        self.graph.advance(now, self.unable(now))
        for v, wish in self.wishes(now):
            if v not in self.broken:
                self.plan(v, wish)
        self.planner.improve(np.inf, most=PLANS)
        self.watch(now)
        self.result.deadlocks += self.rings()

    def watch(self, now: float) -> None:
        """Let the watchdog look."""
        if round(now / WATCH, 6) % 1.0 == 0.0:
            asked = {self.ids[v]: float(self.asked[v]) for v in np.flatnonzero(self.under_way)}
            standing = np.flatnonzero(self.world.bodies.stalled > now)
            self.said += self.watchdog.look(asked, {self.ids[v] for v in standing})

    def rings(self) -> int:
        """Return the number of rings; who waits for a closed lane is its own obstacle."""
        self.who[self.who == np.arange(self.who.size)] = kernels.FREE
        if super().rings() == 0:
            return 0
        q, road = self.graph.queues, self.graph.model.arrays  # plans may have changed since
        for v in self.slots.tolist():
            if q.granted[v] < q.size[v] - 1:
                self.who[v] = kernels.holder(q, road, v)[0]
        return super().rings()

    def unable(self, now: float) -> dict[Any, float]:
        """Return until when vehicles that do not move are not expected to move [s].

        Nobody knows how long a stall lasts: as long again as it has lasted. Who has broken down
        says so.
        """
        stalled = self.world.bodies.stalled
        standing = stalled > now
        self.stalled_since[~standing] = now
        found = {}
        for v in np.flatnonzero(standing).tolist():
            found[self.ids[v]] = now + max(5.0, now - self.stalled_since[v])
            if v in self.broken:
                found[self.ids[v]] = now + self.faults.repair
        return found

    def break_down(self, v: int, now: float) -> None:
        """Let a vehicle break down where it is."""
        if v not in self.broken:
            self.broken[v] = now + self.faults.repair
            self.world.bodies.stalled[v] = max(self.world.bodies.stalled[v], self.broken[v])
            self.counts['breakdowns'] += 1

    def repair(self, now: float) -> None:
        """Let vehicles come back: where they stand, or in a bay to which people carry them."""
        for v in [v for v, until in self.broken.items() if until <= now]:
            del self.broken[v]
            if self.under_way[v] and self.chance.random() < self.faults.carried:
                self.carry(v, now)

    def carry(self, v: int, now: float) -> None:
        """Take a vehicle out of the traffic and put it into a free bay; its task is given up."""
        name = self.plant.fleet[v].vehicle_class
        taken = {*self.goal, *self.rest}
        places = [p for p in self.plant.places.values() if name in p.classes]
        free = [p for p in places if p.node not in taken]
        if not free:
            return
        place = free[int(self.chance.integers(len(free)))]
        b = self.world.bodies
        b.way_end[v] = b.way_at[v]
        b.along[v] = b.speed[v] = b.omega[v] = 0.0
        b.pose[v] = (*self.plant.roadmap.xy[place.node], place.heading)
        b.node[v], b.busy[v] = place.node, False
        self.graph.remove(self.ids[v])
        self.graph.place(self.ids[v], name, place.node)
        self.slots[v] = self.graph.slot(self.ids[v])
        self.rest[v], self.goal[v], self.under_way[v] = place.node, -1, False
        self.ready[v] = now
        self.new_leg(v)
        self.counts['carried'] += 1

    def lanes(self) -> np.ndarray:
        """Return the edges that can be closed: those that do not lead into a bay."""
        roadmap = self.graph.roadmap
        return np.flatnonzero(~roadmap.node_bay[roadmap.edge_end])

    def close(self, now: float) -> None:
        """Close and open lanes."""
        still = [edge for edge, until in self.opens.items() if until > now]
        most = max(1, int(CLOSED_LANES * self.lanes().size))
        self.opens = {edge: self.opens[edge] for edge in still[:most]}
        closed = np.zeros(self.graph.roadmap.edge_count, bool)
        closed[list(self.opens)] = True
        if (closed != self.graph.closed).any():
            self.planner.close(closed)

    def restart(self) -> None:
        """Kill the planner; make a new one from its journal and from what vehicles report."""
        order, paths = _journal(self.kept, self.ids, self.graph)
        closed = self.graph.closed.copy()
        new = ExecutionGraph(self.plant.roadmap, self.conflicts, self.plant.classes)
        new.now = self.world.now
        for v, spawn in enumerate(self.plant.fleet):
            new.restore(spawn.id, spawn.vehicle_class, paths[spawn.id])
            new.load(spawn.id, bool(self.world.bodies.loaded[v]))
        new.restore_order(order)
        for v in np.flatnonzero(self.under_way).tolist():
            granted = self.graph.path(self.ids[v])[2]  # kept before it is sent
            new.resume(self.ids[v], int(self.driven[v]), granted)
        self.graph = new
        self.planner = TrafficPlanner(new, np.random.default_rng(self.chance.integers(2**32)))
        self.planner.close(closed)
        counts = self.watchdog.counts
        self.watchdog = Watchdog(self.planner)
        self.watchdog.counts = counts
        self.slots = np.array([new.slot(i) for i in self.ids])
        self.who = np.full(new.queues.size.size, kernels.FREE, np.int32)
        self.where = np.zeros_like(self.who)
        self.counts['restarts'] += 1


def _journal(order: Order, ids: Sequence[Any], graph: ExecutionGraph) -> tuple[Order, Any]:
    """Return order and paths as they come back from a journal: through text."""
    paths = {i: graph.path(i)[0] for i in ids}
    text = json.dumps({'order': asdict(order), 'paths': {i: asdict(p) for i, p in paths.items()}})
    kept = json.loads(text)
    progress = tuple((i, r, g) for i, r, g in kept['order']['progress'])
    back = {i: Path(tuple(p['nodes']), tuple(p['edges'])) for i, p in kept['paths'].items()}
    return Order(progress, tuple(kept['order']['steps'])), back
