# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What it costs the others when a vehicle uses a place: prices learned from the flow.

A way that is quickest for its vehicle may lead through a junction that is taken nearly all the
time, where everybody behind waits longer for it. So each passage over the end of an edge has a
price, the delay it causes to others, and planning minimises time and price together.

The load rho of a place is the share of time for which it is held by those that pass, waiting left
out, from the plans of all vehicles, smoothed over MEMORY. In a queue with a constant time of
service the total waiting per time is rho^2 / (2 (1 - rho)); the part of its derivative that the
vehicle does not feel itself, rho / (2 (1 - rho)^2), is the price of each second of holding.

Source: marginal-cost pricing (Pigou 1920); Pollaczek-Khinchine for constant service times; for
vehicles on graphs: congestion-aware guide paths (Chen et al. 2024, "Traffic flow optimisation
for lifelong multi-agent path finding").
"""

from collections import OrderedDict

import numpy as np
from linehaul_floor.geometry import BoolArray, FloatArray
from linehaul_floor.route_graph import route_graph
from linehaul_floor.route_kernels import spread
from numba import njit

from linehaul_traffic.road_claims import Queues, ahead
from linehaul_traffic.road_model import RoadArrays, RoadModel, both

PERIOD = 60.0
"""[s] between two looks at the plans."""
WINDOW = 120.0
"""[s] ahead that a look covers."""
MEMORY = 600.0
"""[s] over which loads are smoothed."""
FULL = 0.9
"""Load beyond which a price grows no more."""


class Guidance:
    """Loads and prices of all places, and cost-to-go rows that hold them.

    Attributes:
        load: (C, E) share of time for which a vehicle of a class could not be at an edge's end.
        price: for each motion (S,) seconds for each pair of edges that follow each other.
    """

    def __init__(self, model: RoadModel, capacity: int = 4096) -> None:
        road = model.arrays
        self._model = model
        self._capacity = capacity
        classes, edges = len(model.names), model.roadmap.edge_count
        self.load = np.zeros((classes, edges))
        self._looked = -np.inf
        self._known = 0.0
        self._first = np.repeat(np.arange(edges), np.diff(road.next_indptr))
        self._order = np.argsort(road.next_edge, kind='stable')
        self._last_edge = self._first[self._order].astype(np.int32)
        count = np.bincount(road.next_edge, minlength=edges)
        self._last_indptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
        self._graphs = [route_graph(model.roadmap, k) for c in model.classes for k in both(c)]
        self._hold = [self._holding(m) for m in range(len(self._graphs))]
        self._seconds = [g.time for g in self._graphs]
        self.price = [np.zeros(self._first.size) for _ in self._graphs]
        self._rows: list[OrderedDict[int, FloatArray]] = [OrderedDict() for _ in self._graphs]

    def _holding(self, motion: int) -> FloatArray:
        """Return (S,) seconds for which the place between two edges is held in passing."""
        road = self._model.arrays
        e, f, turn = self._first, road.next_edge, road.next_turn[motion // 2]
        rolling = road.lead_roll[motion] + road.run[motion, e] + road.run[motion, f]
        standing = road.down[motion, e] + np.maximum(turn, 0.0) + road.up[motion, f]
        held = rolling + np.where(turn >= 0.0, standing, 0.0)
        return np.where(np.isfinite(held), held, 0.0)

    def close(self, closed: BoolArray) -> None:
        """Leave closed edges (E,) out of the rows, and take over how slow the others are."""
        slower = self._model.slower()
        self._seconds = [
            np.where(closed, np.inf, graph.time * slower[m])
            for m, graph in enumerate(self._graphs)
        ]
        self._hold = [self._holding(m) for m in range(len(self._graphs))]
        self._forget()

    def _forget(self) -> None:
        for rows in self._rows:
            rows.clear()

    def look(self, q: Queues, now: float) -> None:
        """Learn from the plans, once in a PERIOD."""
        if 0.0 <= now - self._looked < PERIOD:
            return
        passed = now - self._looked
        again = 0.0 <= passed < MEMORY
        self._known = min(self._known + passed, MEMORY) if again else 0.0
        share = passed / self._known if again else 1.0
        self._looked = now
        seen = np.zeros((self.load.shape[0], self._model.arrays.rows.shape[2] - 1))
        holdings(q, self._model.arrays, now, now + WINDOW, seen)
        held = seen[:, self._model.arrays.poses :] / WINDOW
        self.load += share * (held - self.load)
        self._price()

    def _price(self) -> None:
        rho = np.minimum(self.load, FULL)
        each = rho / (2.0 * (1.0 - rho) ** 2)
        for motion, hold in enumerate(self._hold):
            self.price[motion] = hold * each[motion // 2, self._first]
        self._forget()

    def row(self, motion: int, goal: int) -> FloatArray:
        """Return (E,) seconds and prices from the beginning of each edge to the goal node."""
        rows = self._rows[motion]
        row = rows.get(goal)
        if row is None:
            turn = (self._graphs[motion].next_turn + self.price[motion])[self._order]
            time = self._seconds[motion]
            seeds, none = self._model.roadmap.edges_into(goal), np.zeros(time.size, np.bool_)
            row = spread(self._last_indptr, self._last_edge, turn, time, seeds, none)
            rows[goal] = row
            if len(rows) > self._capacity:
                rows.popitem(last=False)
        else:
            rows.move_to_end(goal)
        return row


@njit(cache=True)
def holdings(q: Queues, road: RoadArrays, begin: float, end: float, seen: np.ndarray) -> None:
    """Add up for how long each element is going to be held in passing.

    Args:
        q: the queues.
        road: the roads.
        begin: [s] steps that end from then on count,
        end: [s] and before then.
        seen: (C, M) seconds for which vehicles of a class are kept from an element.
    """
    elements = road.rows.shape[2] - 1
    low, high = np.zeros(elements), np.full(elements, -np.inf)
    touched = np.empty(elements, np.int32)
    for v in range(q.size.size):
        c, m, n = q.kind[v], q.motion[v], q.size[v]
        for a in range(road.rows.shape[0]):
            count, at = 0, 0.0
            for p in range(q.reached[v], n - 1):
                if not begin <= q.reach[v, p + 1] < end:
                    continue
                e, turn = q.edge[v, p], q.turn[v, p]
                claim = at - road.lead_roll[m]
                if turn >= 0.0:
                    claim = at - road.lead_rest[m]
                    at += turn + road.up[m, e]
                at += road.run[m, e]
                stop = p + 1 < n - 1 and q.turn[v, p + 1] >= 0.0
                if stop:
                    at += road.down[m, e]
                leave = at
                if p + 1 < n - 1:
                    f = q.edge[v, p + 1]
                    leave += road.run[m, f] + (q.turn[v, p + 1] + road.up[m, f] if stop else 0.0)
                for part in range(3):
                    x = ahead(q, road, v, p, part)
                    if x < 0:
                        continue
                    until = leave if part == 1 else at
                    for k in range(road.rows[c, a, x], road.rows[c, a, x + 1]):
                        y = road.row[k]
                        if high[y] == -np.inf:
                            touched[count] = y
                            count += 1
                            low[y], high[y] = claim, until
                        elif claim <= high[y]:
                            high[y] = max(high[y], until)
                        else:
                            seen[a, y] += high[y] - low[y]
                            low[y], high[y] = claim, until
            for k in range(count):
                y = touched[k]
                seen[a, y] += high[y] - low[y]
                high[y] = -np.inf
