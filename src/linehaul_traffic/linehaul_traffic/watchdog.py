# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The watchdog: sees to it that everybody gets on, whatever has gone wrong.

The order of the execution graph has no rings, so while everybody can drive, somebody always
does, and all arrive (docs/traffic.md, "Why nobody waits for ever"). What the order cannot help
against is a vehicle that does not drive: broken down, before a closed lane, or at rest on a lane.
Then the watchdog, in this order:

1. moves vehicles forward that wait for a late one (overtaking.py),
2. plans the oldest task first, whoever arrives later for it (promotion by age),
3. where vehicles have stood for long though a way to their goals is open, plans them first; and
   where that does not help calls the complete search (knots.py) for them and for who stands in
   their way, with all others as obstacles.

Who cannot reach its goal now (behind the closed lane) is led into a free bay, and on from there
when the way is open again; its path still ends at its goal.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass

import numpy as np

from linehaul_floor import VehicleId
from linehaul_traffic import road_queues as kernels
from linehaul_traffic.overtaking import overtake
from linehaul_traffic.road_planner import HOLD, TrafficPlanner
from linehaul_traffic.road_queues import FREE
from linehaul_traffic.untangle import Untangler


@dataclass(frozen=True, slots=True)
class Patience:
    """When the watchdog acts.

    Attributes:
        old: age of a task [s] from which it is promoted.
        still: [s] without a node reached after which a vehicle may be in a knot.
        again: [s] between two calls of the search for knots. retry: [s] until the same knot is
            searched again though nobody of it has moved.
        most: vehicles of one knot.
        promoted: tasks promoted in one look. knots: searches called in one look.
    """

    old: float = 900.0
    still: float = 120.0
    again: float = 30.0
    retry: float = 120.0
    most: int = 16
    promoted: int = 2
    knots: int = 3


@dataclass(slots=True)
class Counts:
    """What the watchdog has done since it began.

    overtaken: vehicles moved forward in the order. promoted: tasks that arrive earlier by
    promotion. calls: of the complete search; undone: knots that it has undone.
    """

    overtaken: int = 0
    promoted: int = 0
    calls: int = 0
    undone: int = 0


class Watchdog:
    """Watches one planner; call `look` once in each planning cycle, after `advance`.

    Args:
        planner: with its execution graph.
        patience: when to act.
        rng: for what the search for a way out tries.
    """

    def __init__(
        self,
        planner: TrafficPlanner,
        patience: Patience | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.patience = patience or Patience()
        self.counts = Counts()
        self.planner = planner
        self._untangler = Untangler(planner, rng or np.random.default_rng(0))
        self._seen: dict[VehicleId, tuple[tuple[int, int], float]] = {}
        self._tried: dict[VehicleId, tuple[tuple[int, int], float]] = {}
        self._searched: dict[tuple[object, ...], float] = {}
        self._called = -np.inf

    def look(self, asked: Mapping[VehicleId, float], unable: Set[VehicleId]) -> tuple[str, ...]:
        """Act where somebody does not get on.

        Args:
            asked: since when [s] each vehicle under way has had its task.
            unable: vehicles that cannot drive now (broken down, switched off, out of reach).

        Returns:
            What was done, for the log.
        """
        graph = self.planner.graph
        done = []
        moved = overtake(graph)
        self.counts.overtaken += len(moved)
        done += [f'overtaking vehicle={vehicle}' for vehicle in moved]
        for vehicle in self._oldest(asked, unable):
            if promote(self.planner, vehicle):
                self.counts.promoted += 1
                done.append(f'promoted vehicle={vehicle} age={graph.now - asked[vehicle]:.0f}')
        still = self._still(unable)
        if still and graph.now - self._called >= self.patience.again:
            self._called = graph.now
            done += self._undo(still, unable)
        return tuple(done)

    def _oldest(self, asked: Mapping[VehicleId, float], unable: Set[VehicleId]) -> list[VehicleId]:
        """Return the vehicles with the oldest tasks that are older than they should be."""
        graph, old = self.planner.graph, self.patience.old
        late = [
            (since, vehicle)
            for vehicle, since in asked.items()
            if graph.now - since >= old and vehicle in graph.vehicles and vehicle not in unable
        ]
        return [vehicle for _, vehicle in sorted(late)[: self.patience.promoted]]

    def _still(self, unable: Set[VehicleId]) -> list[VehicleId]:
        """Return vehicles under way that could drive and have stood for long, longest first."""
        graph, q = self.planner.graph, self.planner.graph.queues
        seen: dict[VehicleId, tuple[tuple[int, int], float]] = {}
        for vehicle in graph.vehicles:
            v = graph.slot(vehicle)
            if q.reached[v] < q.size[v] - 1 and vehicle not in unable:
                here = int(q.node[v, q.reached[v]]), int(q.reached[v])
                old = self._seen.get(vehicle)
                seen[vehicle] = old if old is not None and old[0] == here else (here, graph.now)
        self._seen = seen
        late = [(since, i) for i, (_, since) in seen.items()]
        return [i for since, i in sorted(late) if graph.now - since >= self.patience.still]

    def _undo(self, still: list[VehicleId], unable: Set[VehicleId]) -> list[str]:
        """Get on who stands without need; return what came of it.

        Whoever is first in a knot is planned first, once; then the complete search is called.
        """
        knots = self._untangler.knots(still, unable)
        first = [knot[0] for knot in knots if self._tried.get(knot[0]) != self._seen[knot[0]]]
        self._tried.update({vehicle: self._seen[vehicle] for vehicle in first})
        helped = sum(promote(self.planner, vehicle) for vehicle in first)
        self.counts.promoted += helped
        if helped:
            return []
        said = []
        now = self.planner.graph.now
        self._searched = {k: t for k, t in self._searched.items() if now - t < self.patience.retry}
        new = [knot for knot in knots if self._places(knot) not in self._searched]
        for knot in new[: self.patience.knots]:
            self.counts.calls += 1
            self._searched[self._places(knot)] = now
            moved = self._untangler.undo(knot, unable, self.patience.most)
            names = ','.join(sorted(moved or knot))
            said.append(f'knot {"undone" if moved else "stays"} vehicles={names}')
            if moved:
                self.counts.undone += 1
                for vehicle in moved:
                    self._seen[vehicle] = (-1, -1), self.planner.graph.now
                break  # the others may look different now
        return said

    def _places(self, knot: tuple[VehicleId, ...]) -> tuple[object, ...]:
        """Return what should change before the next search for a way out of a knot."""
        graph, q = self.planner.graph, self.planner.graph.queues
        rows = [graph.slot(vehicle) for vehicle in knot]
        return knot, tuple(int(q.node[v, q.granted[v]]) for v in rows), graph.closed.tobytes()


def promote(planner: TrafficPlanner, vehicle: VehicleId) -> bool:
    """Plan a vehicle before all that are in its way; False: it would not arrive earlier.

    Those others are planned anew behind it, so they may arrive later than before.
    """
    graph = planner.graph
    q, road = graph.queues, graph.model.arrays
    v = graph.slot(vehicle)
    if q.granted[v] >= q.size[v] - 1:
        return False
    found = kernels.waits_for(q, road, v, 0.5)
    others = [w for w in dict.fromkeys(found.tolist()) if q.granted[w] < q.size[w] - 1]
    group = [v, *others[:8]]
    before = float(q.reach[v, q.size[v] - 1])
    saved = [planner.save(w) for w in group]
    goals = {w: int(q.node[w, q.size[w] - 1]) for w in group}
    for w in group:
        kernels.withdraw(q, w)
    starts = {w: planner.way_start(w) for w in group}
    for w in group:
        graph.queues.size[w] = starts[w].position + 1
        graph.insert(w, max(starts[w].at, graph.now) + HOLD)
    done = all(planner.plan_behind(w, goals[w], starts[w]) for w in group)
    q = graph.queues
    done = done and float(q.reach[v, q.size[v] - 1]) < before - 1.0
    done = done and all(kernels.overlap(q, road, w)[0] == FREE for w in group)
    if not done:
        for w in group:
            kernels.withdraw(q, w)
        for one in saved:
            planner.put_back(one)
    for w in group:
        graph.changed(w)
    return done
