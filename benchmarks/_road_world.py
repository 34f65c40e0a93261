# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles with kinematics on a plant's roadmap, for the traffic benchmarks.

They drive by the motion kernel of linehaul_sim (accelerate, cruise, brake, turn in place) and know
nothing but the edges they were given. Overlaps of outlines are counted by the simulation's
checker kernel from true poses, which shares nothing with planner, conflict table and queues.
"""

from dataclasses import dataclass, replace

import numpy as np
from linehaul_sim.bodies import Drives, bodies_at
from linehaul_sim.checker import SAMPLE, _pack, find_overlaps

from linehaul_floor import Plant, VehicleId, VehicleSpawn


@dataclass(slots=True)
class Stalls:
    """Random stalls: chance per driven second and vehicle, shortest and longest time [s].

    Lengths are drawn log-uniformly.
    """

    chance: float = 0.0
    shortest: float = 1.0
    longest: float = 30.0


class RoadWorld:
    """N vehicles of a plant on its roadmap.

    Args:
        plant: with N vehicles in its fleet (see with_fleet).
        rng: for stalls.
        dt: step [s].
    """

    def __init__(self, plant: Plant, rng: np.random.Generator, dt: float, stalls: Stalls) -> None:
        count = len(plant.fleet)
        self.plant, self.rng, self.dt, self.stalls = plant, rng, dt, stalls
        self.bodies = bodies_at(plant, np.ones(count))
        self.drives = Drives(plant, self.bodies)
        self.now = 0.0
        self.overlaps = 0
        self.moves = 0
        self.stalled_for = 0.0
        self._touching: set[tuple[int, int]] = set()
        classes = [plant.classes[spawn.vehicle_class] for spawn in plant.fleet]
        outlines = [(c.footprint, c.loaded_footprint) for c in classes]
        self._corners, self._count = _pack(outlines)
        self._reach = np.sqrt((self._corners**2).sum(-1)).max(-1)

    def drive(self, vehicle: int, edges: list[int]) -> None:
        """Give a vehicle more edges."""
        limits = self.plant.roadmap.speed[edges].tolist()
        self.drives.append(vehicle, edges, limits)

    def step(self) -> np.ndarray:
        """Move everybody on; return (V,) nodes reached in this step."""
        b = self.bodies
        before = b.pose.copy()
        self._stall()
        b.energy[:] = self.drives.capacity  # not the matter here
        passed, _ = self.drives.step(self.dt, self.now)
        self.now += self.dt
        self.moves += int(passed.sum())
        hits = find_overlaps(
            before, b.pose, self._corners, self._count, self._reach, b.loaded, SAMPLE
        )
        touching = {(int(i), int(j)) for i, j in hits}
        self.overlaps += len(touching - self._touching)
        self._touching = touching
        return passed

    def _stall(self) -> None:
        s, b = self.stalls, self.bodies
        if s.chance <= 0.0:
            return
        can = b.busy & (b.stalled <= self.now)
        hit = np.flatnonzero(can & (self.rng.random(b.busy.size) < s.chance * self.dt))
        span = np.log(s.longest / s.shortest)
        time = s.shortest * np.exp(self.rng.random(hit.size) * span)
        b.stalled[hit] = self.now + time
        self.stalled_for += float(time.sum())

    def standing(self, vehicle: int) -> bool:
        """Tell whether a vehicle has driven all it was given."""
        return not bool(self.bodies.busy[vehicle])


def with_fleet(plant: Plant, count: int, rng: np.random.Generator) -> Plant:
    """Return the plant with so many vehicles, in its fleet's proportions, each in a bay.

    Raises:
        ValueError: there are not enough bays.
    """
    share = dict.fromkeys(plant.classes, 0)
    for spawn in plant.fleet:
        share[spawn.vehicle_class] += 1
    names = [c for c in plant.classes for _ in range(round(count * share[c] / len(plant.fleet)))]
    most = max(share, key=lambda c: share[c])
    names = (names + [most] * count)[:count]
    names.sort(key=lambda c: sum(c in p.classes for p in plant.places.values()))
    free = list(plant.places.values())
    fleet = []
    for k, name in enumerate(names):
        able = [p for p in free if name in p.classes]
        if not able:
            raise ValueError(f'{plant.name} has bays for {k} vehicles, not for {count}')
        place = able[int(rng.integers(len(able)))]
        free.remove(place)
        fleet.append(VehicleSpawn(VehicleId(f'v{k:04d}'), name, place.id))
    return replace(plant, fleet=tuple(fleet))
