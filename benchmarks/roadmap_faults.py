# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Traffic under faults: many moves, everything goes wrong, nothing may touch and nobody may stick.

    python benchmarks/roadmap_faults.py --moves 1000000 --vehicles 60

The work is that of roadmap.py. Meanwhile, at random: vehicles stall (1 s to 5 min), reports of
nodes reached and grants are lost or come late, vehicles break down where they stand and come back
minutes later, lanes close and open again, and the planner is killed and made anew from what it
had kept: paths, order, and what the vehicles say. The same work without faults is run beside it
for the loss of throughput. A run can be cut into parts by --moves and --seed.

It shows: overlaps by the independent checker, rings of waiting, vehicles that have not moved for
an hour, the age of the oldest task, the loss of throughput.
"""

import sys
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import common
import numpy as np
from _road_run import Run
from _road_world import RoadWorld, Stalls, with_fleet
from linehaul_traffic.road_planner import TrafficPlanner

from linehaul_floor import conflict_table, load_plant
from linehaul_traffic import ExecutionGraph

RUNS = [['--moves', '100000']]
STEP = 0.2
OLDEST = 3600.0
"""[s] bound on the age of a task: 5 min stalls and 10 min breakdowns add up along a way."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Chances per second (of plant time) and times [s]."""

    stall: float = 0.0005
    longest_stall: float = 300.0
    lost: float = 0.05
    late: float = 3.0
    breakdown: float = 0.002
    repair: float = 600.0
    closing: float = 0.005
    closed_for: float = 120.0
    restart: float = 0.002


class FaultRun(Run):
    """A Run in which messages get lost or come late, and more goes wrong."""

    def __init__(self, *arguments: Any, faults: Faults, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.faults = faults
        self.chance = np.random.default_rng(self.rng.integers(2**32))
        count = len(self.ids)
        self.driven = np.zeros(count, np.int64)  # node of its path each vehicle is at
        self.given = np.zeros(count, np.int64)  # node up to which it has been told to drive
        self.mail: deque[tuple[float, int, int, int]] = deque()
        self.opens: dict[int, float] = {}
        self.kept = self.graph.order()
        self.counts = {'lost': 0, 'breakdowns': 0, 'closings': 0, 'restarts': 0}
        self.legs = np.zeros(count, np.int64)

    def plan(self, v: int, wish: Any) -> None:
        """Begin a new leg: positions count from its first node."""
        before = self.result.plans
        super().plan(v, wish)
        if self.result.plans > before:
            self.driven[v] = self.given[v] = 0
            self.legs[v] += 1

    def tick(self) -> None:
        """Drive; what is reported and granted travels as messages that repeat until heard."""
        graph, world = self.graph, self.world
        self.driven += world.step()
        graph.now = world.now
        for v in np.flatnonzero(self.under_way).tolist():
            if self._heard():
                self._hear(v)
            granted, _ = graph.grant(self.ids[v], self.lookahead)
            if granted > self.given[v] and self._heard():
                world.drive(v, self._edges(v, int(self.given[v]), granted))
                self.given[v] = granted

    def _hear(self, v: int) -> None:
        """Let the graph hear where a vehicle is, now or some time later."""
        slot = self.slots[v]
        if self.driven[v] > self.graph.queues.reached[slot]:
            delay = float(self.chance.exponential(self.faults.late))
            if delay < 2.0 * self.faults.late and self.chance.random() < STEP / max(delay, STEP):
                self.graph.reach(self.ids[v], int(self.driven[v]))

    def _heard(self) -> bool:
        heard = bool(self.chance.random() >= self.faults.lost)
        self.counts['lost'] += not heard
        return heard

    def _edges(self, v: int, begin: int, end: int) -> list[int]:
        return self.graph.queues.edge[self.slots[v], begin:end].tolist()  # type: ignore[no-any-return]

    def cycle(self) -> None:
        """Let things go wrong, then plan; what must outlive a crash is kept after each cycle."""
        now, f, chance = self.world.now, self.faults, self.chance
        bodies = self.world.bodies
        if chance.random() < f.breakdown:
            victim = int(chance.integers(len(self.ids)))
            bodies.stalled[victim] = max(bodies.stalled[victim], now + f.repair)
            self.counts['breakdowns'] += 1
        if chance.random() < f.closing:
            lanes = np.flatnonzero(~self.graph.roadmap.node_bay[self.graph.roadmap.edge_end])
            self.opens[int(chance.choice(lanes))] = now + f.closed_for
            self.counts['closings'] += 1
        if chance.random() < f.restart:
            self.restart()
        self.close(now)
        super().cycle()
        self.kept = self.graph.order()

    def close(self, now: float) -> None:
        """Close and open lanes."""
        self.opens = {edge: until for edge, until in self.opens.items() if until > now}
        closed = np.zeros(self.graph.roadmap.edge_count, bool)
        closed[list(self.opens)] = True
        if (closed != self.graph.closed).any():
            self.planner.close(closed)

    def restart(self) -> None:
        """Kill the planner; make a new one from paths, order, and what vehicles report."""
        old = self.graph
        new = ExecutionGraph(self.plant.roadmap, self.conflicts, self.plant.classes)
        new.now = self.world.now
        for v, spawn in enumerate(self.plant.fleet):
            new.restore(spawn.id, spawn.vehicle_class, old.path(spawn.id)[0])
            new.load(spawn.id, bool(self.world.bodies.loaded[v]))
        new.restore_order(self.kept)
        for v in np.flatnonzero(self.under_way).tolist():
            new.resume(self.ids[v], int(self.driven[v]), int(self.given[v]))
        closed = old.closed.copy()
        self.graph, self.planner = new, TrafficPlanner(new, clock=time.process_time)
        self.planner.close(closed)
        self.slots = np.array([new.slot(i) for i in self.ids])
        self.counts['restarts'] += 1

    def arrived(self, v: int) -> bool:
        """Tell whether a vehicle is at its goal and has been heard to be."""
        return super().arrived(v) and self.driven[v] == self.graph.queues.reached[self.slots[v]]

    def rings(self) -> int:
        """Ask for each vehicle who stops it, then look for rings."""
        for v, slot in enumerate(self.slots.tolist()):
            self.who[slot] = -1
            if self.graph.queues.size[slot] > 1 and self.under_way[v]:
                wait = self.graph.grant(self.ids[v], self.lookahead)[1]
                if wait is not None and wait.waits_for != self.ids[v]:
                    self.who[slot] = self.graph.slot(wait.waits_for)
        return super().rings()


def main() -> int:
    parser = common.argument_parser(__doc__)
    parser.add_argument('--plant', default='jiaozhou')
    parser.add_argument('--vehicles', type=int, default=60)
    parser.add_argument('--moves', type=int, default=1_000_000, help='nodes reached by vehicles')
    parser.add_argument('--budget', type=float, default=0.02, help='CPU s of improving per cycle')
    args = parser.parse_args()
    if args.quick:
        args.moves = min(args.moves, 10_000)
    plant = with_fleet(
        load_plant(args.plant), args.vehicles, np.random.default_rng([args.seed, 0])
    )
    conflicts = {(a, b): conflict_table(plant, a, b) for a in plant.classes for b in plant.classes}
    faults = Faults()
    world = RoadWorld(
        plant,
        np.random.default_rng([args.seed, 1]),
        STEP,
        Stalls(faults.stall, 1.0, faults.longest_stall),
    )
    rng = np.random.default_rng([args.seed, 2])
    run = FaultRun(plant, conflicts, world, rng, 'lns', budget=args.budget, faults=faults)
    calm_world = RoadWorld(plant, np.random.default_rng([args.seed, 1]), STEP, Stalls())
    rng = np.random.default_rng([args.seed, 2])
    calm = Run(plant, conflicts, calm_world, rng, 'lns', budget=args.budget)
    last_move = np.zeros(args.vehicles)
    still = 0
    while world.moves < args.moves:
        seen = run.legs * 100_000 + run.driven
        run.go(60.0)
        moved = (run.legs * 100_000 + run.driven != seen) | ~run.under_way
        last_move[moved] = world.now
        still = max(still, int((world.now - last_move > 3600.0).sum()))
        _progress(world, run, args.moves)
    calm.go(min(world.now, 1800.0))
    common.finish(
        'roadmap_faults',
        args,
        _figures(run, calm, still),
        detail={'hours': world.now / 3600.0, 'faults': run.counts, 'moves': world.moves},
    )
    return 0 if world.overlaps == 0 and run.result.deadlocks == 0 else 1


def _progress(world: RoadWorld, run: FaultRun, moves: int) -> None:
    if round(world.now) % 600 == 0:
        print(
            f'{world.moves}/{moves} moves, {run.result.tasks} tasks, {world.overlaps} overlaps, '
            f'{run.result.deadlocks} rings, {run.counts}',
            file=sys.stderr,
            flush=True,
        )


def _figures(run: FaultRun, calm: Run, still: int) -> list[common.Figure]:
    rate = run.result.tasks / run.world.now
    calm_rate = calm.result.tasks / calm.world.now
    open_tasks = run.world.now - run.asked[run.under_way]
    oldest = max([run.result.oldest, *open_tasks.tolist()])
    return [
        common.figure('moves', run.world.moves, '1'),
        common.figure('overlaps', run.world.overlaps, '1', target=0),
        common.figure('deadlocks', run.result.deadlocks, '1', target=0),
        common.figure('vehicles without a move for an hour', still, '1', target=0),
        common.figure('oldest task', oldest, 's', target=OLDEST),
        common.figure('restarts of the planner', run.counts['restarts'], '1'),
        common.figure('throughput lost to faults', 100.0 * (1.0 - rate / calm_rate), '%'),
    ]


if __name__ == '__main__':
    sys.exit(main())
