# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The bodies of all vehicles as arrays: pose, speed, way, battery.

Holds what evolves; `Drives` moves it by the kernel of `motion.py` with the roadmap and the
kinematics that never change.
"""

from dataclasses import dataclass

import numpy as np

from linehaul_floor import Plant, Roadmap, VehicleClass
from linehaul_sim.motion import BoolArray, FloatArray, IntArray, step_motion

WAY_ROOM = 128
"""Edges a way holds at first; it grows."""


@dataclass(slots=True)
class Bodies:
    """What evolves of V vehicles.

    Attributes:
        pose: (V, 3) true x, y [m], yaw [rad].
        speed, omega: (V,) along the way [m/s], turning [rad/s].
        way, limit: (V, P) edges and their speed limits [m/s].
        way_at, way_end: (V,) edge of the way it is on, and number of edges.
        along: (V,) distance on that edge [m].
        node: (V,) last node reached.
        busy: (V,) has a way or moves.
        paused, dead: (V,) startPause was received; broken down.
        stalled: (V,) plant time until which it stands by a fault [s].
        energy: (V,) in the battery [Wh].
        charging: (V,) charging power [W]; 0: not charging.
        loaded: (V,) carries a load.
        distance: (V,) driven so far [m]; loaded_distance: of it with a load.
    """

    pose: FloatArray
    speed: FloatArray
    omega: FloatArray
    way: IntArray
    limit: FloatArray
    way_at: IntArray
    way_end: IntArray
    along: FloatArray
    node: IntArray
    busy: BoolArray
    paused: BoolArray
    dead: BoolArray
    stalled: FloatArray
    energy: FloatArray
    charging: FloatArray
    loaded: BoolArray
    distance: FloatArray


def bodies_at(plant: Plant, charge: FloatArray) -> Bodies:
    """Put the fleet of a plant on its home places, with the given state of charge (V,) 0..1."""
    places = [plant.places[spawn.place] for spawn in plant.fleet]
    count = len(places)
    node = np.array([place.node for place in places], np.int32)
    heading = np.array([place.heading for place in places], np.float64)
    capacity = [plant.classes[s.vehicle_class].battery.capacity_wh for s in plant.fleet]
    xy = plant.roadmap.xy[node] if count else np.zeros((0, 2))
    return Bodies(
        pose=np.column_stack([xy, heading]),
        speed=np.zeros(count),
        omega=np.zeros(count),
        way=np.zeros((count, WAY_ROOM), np.int32),
        limit=np.zeros((count, WAY_ROOM)),
        way_at=np.zeros(count, np.int32),
        way_end=np.zeros(count, np.int32),
        along=np.zeros(count),
        node=node,
        busy=np.zeros(count, bool),
        paused=np.zeros(count, bool),
        dead=np.zeros(count, bool),
        stalled=np.zeros(count),
        energy=np.asarray(capacity, np.float64) * charge,
        charging=np.zeros(count),
        loaded=np.zeros(count, bool),
        distance=np.zeros(count),
    )


class Drives:
    """Moves bodies on one roadmap."""

    def __init__(self, plant: Plant, bodies: Bodies) -> None:
        self.bodies = bodies
        self._roadmap: Roadmap = plant.roadmap
        self._classes = [plant.classes[spawn.vehicle_class] for spawn in plant.fleet]
        self._kinematics = np.array([_kinematics(c) for c in self._classes]).reshape(-1, 5)
        self._empty_speed = self._kinematics[:, 0].copy()
        self._loaded_speed = np.array([c.max_speed_loaded for c in self._classes])
        batteries = [c.battery for c in self._classes]
        self.capacity = np.array([b.capacity_wh for b in batteries])
        self._idle_power = np.array([b.idle_power for b in batteries])
        self._drive_power = np.array([b.drive_power for b in batteries])
        self._passed = np.zeros(len(self._classes), np.int32)

    def append(self, vehicle: int, edges: list[int], limits: list[float]) -> None:
        """Put edges on the end of a way."""
        b = self.bodies
        at, end = int(b.way_at[vehicle]), int(b.way_end[vehicle])
        if end + len(edges) > b.way.shape[1]:
            left = end - at
            self._make_room(left + len(edges))
            b.way[vehicle, :left] = b.way[vehicle, at:end].copy()
            b.limit[vehicle, :left] = b.limit[vehicle, at:end].copy()
            b.way_at[vehicle], b.way_end[vehicle], end = 0, left, left
        new = end + len(edges)
        b.way[vehicle, end:new], b.limit[vehicle, end:new] = edges, limits
        b.way_end[vehicle] = new
        b.busy[vehicle] = True

    def _make_room(self, needed: int) -> None:
        b = self.bodies
        more = needed - b.way.shape[1]
        if more > 0:
            b.way = np.pad(b.way, ((0, 0), (0, more + WAY_ROOM)))
            b.limit = np.pad(b.limit, ((0, 0), (0, more + WAY_ROOM)))

    def halt(self, vehicle: int) -> None:
        """Cut a way at the first node at which the vehicle can stop."""
        b = self.bodies
        at, end = int(b.way_at[vehicle]), int(b.way_end[vehicle])
        if at == end:
            return
        if b.along[vehicle] == 0.0 and b.speed[vehicle] == 0.0:
            b.way_end[vehicle] = at
            return
        needed = b.speed[vehicle] ** 2 / (2.0 * self._kinematics[vehicle, 2])
        room = -float(b.along[vehicle])
        for k in range(at, end):
            room += float(self._roadmap.length[b.way[vehicle, k]])
            if room >= needed:
                b.way_end[vehicle] = k + 1
                return

    def step(self, dt: float, now: float) -> tuple[IntArray, BoolArray]:
        """Move all bodies.

        Returns:
            (V,) nodes passed in this step, and (V,) bodies that have come to rest in it.
        """
        b, r = self.bodies, self._roadmap
        held = b.paused | b.dead | (b.stalled > now) | (b.energy <= 0.0)
        self._kinematics[:, 0] = np.where(b.loaded, self._loaded_speed, self._empty_speed)
        step_motion(
            dt,
            b.way,
            b.limit,
            b.way_end,
            b.way_at,
            b.along,
            b.speed,
            b.omega,
            b.pose,
            held,
            self._kinematics,
            r.xy,
            r.edge_start,
            r.edge_end,
            r.length,
            r.travel_heading,
            r.vehicle_heading,
            self._passed,
            b.distance,
        )
        self._drain(dt)
        busy = (b.way_at < b.way_end) | (b.speed > 0.0) | (b.omega != 0.0)
        stopped = b.busy & ~busy
        b.busy = busy
        return self._passed, stopped

    def _drain(self, dt: float) -> None:
        b = self.bodies
        moving = (b.speed > 0.0) | (b.omega != 0.0)
        b.charging[moving] = 0.0
        power = b.charging - self._idle_power - np.where(moving, self._drive_power, 0.0)
        np.clip(b.energy + power * (dt / 3600.0), 0.0, self.capacity, out=b.energy)

    def moving(self, vehicle: int) -> bool:
        """Tell whether a vehicle drives or turns."""
        b = self.bodies
        return bool(b.speed[vehicle] > 0.0 or b.omega[vehicle] != 0.0)

    def forward_speed(self, vehicle: int) -> float:
        """Return the speed along the body's x axis [m/s], negative in reverse."""
        b, r = self.bodies, self._roadmap
        if b.speed[vehicle] == 0.0:
            return 0.0
        edge = b.way[vehicle, b.way_at[vehicle]]
        turned = np.cos(r.travel_heading[edge] - r.vehicle_heading[edge]) < 0.0
        return float(-b.speed[vehicle] if turned else b.speed[vehicle])


def _kinematics(c: VehicleClass) -> tuple[float, float, float, float, float]:
    return c.max_speed, c.acceleration, c.deceleration, c.turn_rate, c.turn_acceleration
