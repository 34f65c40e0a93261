# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Driving times on the live roadmap: closed edges count at once, congestion as it is measured.

Congestion comes from the traffic planner: how much longer the ways that are planned now take, edge
by edge, than the same edges take alone. Factors follow it slowly, so that assignments do not
follow noise. Tables are made anew a few rows at a time, so that no round of decisions is long.
"""

from collections.abc import Mapping
from itertools import islice

import numpy as np
from linehaul_floor.geometry import BoolArray, FloatArray

from linehaul_floor import ClassId, Roadmap, RouteTable, VehicleClass

WORST = 5.0
"""Largest factor on the time of an edge."""
FOLLOW = 0.2
"""Share of what was measured that goes into the factors each time."""
FADE = 0.02
"""Share by which an edge that nobody plans to use gets back to free flow each time."""
STALE = 0.15
"""Largest change of a factor that is not worth new tables."""


class TravelTimes:
    """Driving times of all classes between places, kept as one row for each class and goal.

    Args:
        roadmap: the lanes.
        classes: the vehicle classes.
    """

    def __init__(self, roadmap: Roadmap, classes: Mapping[ClassId, VehicleClass]) -> None:
        self._roadmap, self._classes = roadmap, classes
        self.factor: FloatArray = np.ones(roadmap.edge_count)
        self._used = self.factor.copy()
        self._closed: BoolArray = np.zeros(roadmap.edge_count, bool)
        self._rows: dict[tuple[ClassId, int], FloatArray] = {}
        self._old: dict[tuple[ClassId, int], None] = {}
        self._tables = self._new_tables()
        self.version = 0

    def _new_tables(self) -> dict[ClassId, RouteTable]:
        return {
            name: RouteTable(self._roadmap, one, cost=self._used, blocked=self._closed, capacity=1)
            for name, one in self._classes.items()
        }

    def to(self, vehicle_class: ClassId, goal: int) -> FloatArray:
        """Return (N,) seconds from every node to a goal node, inf where no way leads there."""
        row = self._rows.get((vehicle_class, goal))
        if row is None:
            row = self._rows[vehicle_class, goal] = self._tables[vehicle_class].times(goal)
        return row

    def time(self, vehicle_class: ClassId, source: int, goal: int) -> float:
        """Return the seconds from a node to another."""
        return float(self.to(vehicle_class, goal)[source])

    def close(self, closed: BoolArray) -> bool:
        """Take over which edges (E,) are closed; return whether that has changed anything."""
        if np.array_equal(closed, self._closed):
            return False
        self._closed = closed.copy()
        self._rows.clear()
        self._old.clear()
        self._tables = self._new_tables()
        self.version += 1
        return True

    def measure(self, planned: FloatArray, alone: FloatArray) -> None:
        """Follow the congestion.

        Args:
            planned: (E,) seconds that planned steps over each edge take in sum.
            alone: (E,) what the same steps take on an empty floor; 0 where nobody goes.
        """
        seen = alone > 0.0
        ratio = np.ones_like(alone)
        np.divide(planned, alone, out=ratio, where=seen)
        share = np.where(seen, FOLLOW, FADE)
        self.factor += share * (np.clip(ratio, 1.0, WORST) - self.factor)
        worn = np.abs(self.factor - self._used).max(initial=0.0) > STALE
        if worn and not self._old:
            self._used = self.factor.copy()
            self._tables = self._new_tables()
            self._old = dict.fromkeys(self._rows)

    def refresh(self, rows: int) -> None:
        """Make some of the rows anew that an older measurement has made."""
        for key in list(islice(self._old, rows)):
            del self._old[key]
            vehicle_class, goal = key
            self._rows[key] = self._tables[vehicle_class].times(goal)
