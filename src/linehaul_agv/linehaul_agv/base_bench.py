# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A test bench: a differential-drive base that obeys late, slips, and measures with noise.

Nothing but tests imports this module. The base is independent of the code that drives it: its
commands come as speeds, its true pose is kept apart from what it tells, and like a real base it
stands when no command has come for a while.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from linehaul_vda5050.reach import Pose

from linehaul_agv.localise import Reading, combine, invert
from linehaul_floor import VehicleClass


@dataclass(frozen=True, slots=True)
class Flaws:
    """How a base differs from an ideal one.

    Attributes:
        delay: From a command until the wheels are told [s].
        slip: Relative errors of the commanded speed and turning speed.
        noise, turn_noise: Standard deviations of each measured pose [m], [rad].
        patience: Time without commands after which the base brakes [s].
    """

    delay: float = 0.0
    slip: tuple[float, float] = (0.0, 0.0)
    noise: float = 0.0
    turn_noise: float = 0.0
    patience: float = 0.5


@dataclass(slots=True)
class Base:
    """One base.

    Attributes:
        cls: Its accelerations limit what it does.
        pose: True pose.
        flaws: What is wrong with it.
        rng: Of the noise.
        zero: Pose on the map at which its odometry is zero.
    """

    cls: VehicleClass
    pose: Pose
    flaws: Flaws = field(default_factory=Flaws)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    zero: Pose = field(default_factory=lambda: Pose(0.0, 0.0, 0.0))
    speed: float = 0.0
    omega: float = 0.0
    time: float = 0.0
    blocked: bool = False
    _queue: list[tuple[float, float, float]] = field(default_factory=list)
    _wanted: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def command(self, speed: float, omega: float) -> None:
        """Take a command: forwards [m/s], turning [rad/s]."""
        if not (math.isfinite(speed) and math.isfinite(omega)):
            raise ValueError(f'found command {speed}, {omega}, wanted numbers')
        self._queue.append((self.time + self.flaws.delay, speed, omega))

    def step(self, dt: float) -> None:
        """Move on by a time [s]."""
        self.time += dt
        while self._queue and self._queue[0][0] <= self.time:
            self._wanted = self._queue.pop(0)
        due, speed, omega = self._wanted
        if self.blocked or self.time - due > self.flaws.patience:
            speed = omega = 0.0
        slip, turn_slip = self.flaws.slip
        self.speed = self._towards(self.speed, speed * (1.0 + slip), dt)
        step = self.cls.turn_acceleration * dt
        wanted = omega * (1.0 + turn_slip)
        self.omega += min(max(wanted - self.omega, -step), step)
        if self.blocked:
            self.speed = self.omega = 0.0
        move = Pose(self.speed * dt, 0.0, self.omega * dt)
        self.pose = combine(self.pose, combine(Pose(0.0, 0.0, 0.5 * move.theta), move))
        self.pose = combine(self.pose, Pose(0.0, 0.0, -0.5 * move.theta))

    def _towards(self, now: float, wanted: float, dt: float) -> float:
        braking = abs(wanted) < abs(now) or wanted * now < 0.0
        rate = self.cls.deceleration if braking else self.cls.acceleration
        return now + min(max(wanted - now, -rate * dt), rate * dt)

    def reading(self) -> Reading:
        """Measure."""
        told = combine(invert(self.zero), self.pose)
        x, y = self.rng.normal(0.0, self.flaws.noise, 2).tolist()
        turn = float(self.rng.normal(0.0, self.flaws.turn_noise))
        return Reading(
            told.x + x, told.y + y, told.theta + turn, self.speed, self.omega, self.time
        )
