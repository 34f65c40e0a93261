# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Judges odometry: whether a vehicle knows where it is, and where that is on the map.

The pose on the map is correction * odometry, where the correction is fixed (a robot that starts at
home, or odometry in the map's frame) or comes from a localiser. Readings that are not finite, too
old, older than the last one, or further away than the vehicle can have come are not used. After a
jump a localiser has to give a steady pose for a while before it is believed again; odometry alone
is believed again only where the vehicle was lost, since a base that was started anew begins to
count from zero wherever it stands.
"""

import math
from collections import deque
from dataclasses import dataclass, field

from linehaul_floor.geometry import wrap_angle
from linehaul_vda5050.reach import Pose

from linehaul_agv.follower import Fix

HISTORY = 128
"""Readings kept to find the one that belongs to a localiser's pose."""
MATCH = 0.15
"""Time [s] between a localiser's pose and the reading it is matched with."""
COAST = 1.5
"""Time [s] at full speed that explains how far a vehicle gets until it stands unseen."""
NOWHERE = Pose(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Reading:
    """Odometry: pose in its own frame, speeds in the body's frame.

    Attributes:
        x, y, theta: [m], [rad]; NaN where the message made no sense.
        speed, omega: Forwards [m/s], turning [rad/s].
        stamp: Time of measuring [s]; NaN: not stated.
    """

    x: float
    y: float
    theta: float
    speed: float
    omega: float
    stamp: float = math.nan

    @property
    def finite(self) -> bool:
        """Every number of it is one."""
        return all(map(math.isfinite, (self.x, self.y, self.theta, self.speed, self.omega)))


@dataclass(frozen=True, slots=True)
class Trust:
    """When odometry is believed.

    Attributes:
        timeout: Oldest reading [s].
        jump: Distance [m] a pose may change beyond what the top speed explains.
        top_speed, top_turn: What the vehicle can do [m/s], [rad/s].
        settle: Time [s] without trouble after a jump or a gap.
        deviation: Largest standard deviation [m] of a localiser's pose.
    """

    timeout: float = 0.5
    jump: float = 0.3
    top_speed: float = 1.5
    top_turn: float = 1.0
    settle: float = 1.0
    deviation: float = 0.3


def combine(a: Pose, b: Pose) -> Pose:
    """Return pose b, given in the frame of pose a, in the frame that a is given in."""
    cos, sin = math.cos(a.theta), math.sin(a.theta)
    x, y = a.x + cos * b.x - sin * b.y, a.y + sin * b.x + cos * b.y
    return Pose(x, y, wrap_angle(a.theta + b.theta))


def invert(a: Pose) -> Pose:
    """Return the pose of a's parent frame in the frame of a."""
    cos, sin = math.cos(a.theta), math.sin(a.theta)
    return Pose(-cos * a.x - sin * a.y, sin * a.x - cos * a.y, wrap_angle(-a.theta))


@dataclass(slots=True)
class Localiser:
    """Where a vehicle is, as far as it can be believed.

    Attributes:
        trust: When a reading is believed.
        correction: Pose of the odometry's frame on the map; None: not known yet.
        alone: Nothing but odometry says where the vehicle is.
        believed: Last place on the map that was believed, also of an earlier run; None: none.
        slack: Distance [m] it may have gone unseen since then.
    """

    trust: Trust
    correction: Pose | None
    alone: bool = True
    believed: Fix | None = None
    slack: float = 0.0
    _last: Reading | None = None
    _heard: float = -math.inf
    _steady_from: float = -math.inf
    _trouble: str = 'no odometry yet'
    _doubt: str = ''
    _waiting: tuple[Pose, float, float] | None = None
    _history: deque[tuple[float, Pose]] = field(default_factory=lambda: deque(maxlen=HISTORY))

    def measure(self, reading: Reading, now: float) -> None:
        """Take a reading in.

        Args:
            reading: What the robot says.
            now: When it came [s].
        """
        if not reading.finite:
            self._lose('odometry is not finite', now)
            return
        last = self._last
        heard = now - self._heard <= self.trust.timeout
        if last is not None and heard and reading.stamp <= last.stamp:
            return  # late or repeated; if nothing newer comes, the timeout finds it
        pose = Pose(reading.x, reading.y, reading.theta)
        if last is not None:
            gap = now - self._heard
            if gap > self.trust.timeout:
                self._lose(f'no odometry for {self.trust.timeout:g} s', now)
            if self._jumped(self._on_map(last), self._on_map(reading), gap):
                self._lose('odometry has jumped', now)
        self._last, self._heard = reading, now
        stamp = reading.stamp if math.isfinite(reading.stamp) else now
        self._history.append((stamp, pose))
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            self.correct(*waiting, now)

    def _on_map(self, reading: Reading) -> Pose:
        pose = Pose(reading.x, reading.y, reading.theta)
        return combine(self.correction or NOWHERE, pose)

    def _jumped(self, before: Pose, after: Pose, gap: float) -> bool:
        t = self.trust
        time = min(max(gap, 0.0), 2.0)
        far, wide = t.jump + 1.5 * t.top_speed * time, t.jump + 1.5 * t.top_turn * time
        moved = math.hypot(after.x - before.x, after.y - before.y)
        return moved > far or abs(wrap_angle(after.theta - before.theta)) > wide

    def _elsewhere(self, before: Fix, after: Pose) -> bool:
        """Tell whether a pose is further from the last believed one than coasting explains."""
        moved = math.hypot(after.x - before.pose.x, after.y - before.pose.y)
        if self.slack:
            return moved > self.slack
        turned = abs(wrap_angle(after.theta - before.pose.theta))
        far = self.trust.jump + COAST * abs(before.speed)
        return moved > far or turned > self.trust.jump + COAST * abs(before.omega)

    def _lose(self, trouble: str, now: float) -> None:
        self._trouble, self._steady_from = trouble, now + self.trust.settle

    def correct(self, pose: Pose, stamp: float, deviation: float, now: float) -> str:
        """Take a localiser's pose on the map.

        Args:
            pose: Where it says the vehicle is.
            stamp: Of when that is [s], by the clock of the odometry's stamps; NaN: of now.
            deviation: Standard deviation [m] of it.
            now: When it came [s].

        Returns:
            Why it was not used; empty: it was.
        """
        if not all(map(math.isfinite, (pose.x, pose.y, pose.theta))):
            return 'it is not finite'
        if not deviation <= self.trust.deviation:
            self._doubt = f'localiser is not sure: {deviation:.2f} m'
            return self._doubt
        if not self._history:
            self._waiting = (pose, stamp, deviation)
            return 'there is no odometry yet; it is kept until there is'
        when = stamp if math.isfinite(stamp) else self._history[-1][0]
        time, then = min(self._history, key=lambda item: abs(item[0] - when))
        if abs(time - when) > MATCH and not self._stood_since(when):
            return f'no odometry within {MATCH} s of it'
        self._doubt = ''
        self.set_correction(combine(pose, invert(then)), now)
        return ''

    def _stood_since(self, when: float) -> bool:
        """Tell whether a pose from before all odometry is the last one of a vehicle that stands.

        A localiser that speaks only when the vehicle moves has said where it stands before this
        process heard any odometry, and will not say it again.
        """
        last = self._last
        if last is None or self.correction is not None or when >= self._history[0][0]:
            return False
        return Fix(NOWHERE, last.speed, last.omega).standing

    def set_correction(self, correction: Pose, now: float) -> None:
        """Take the pose of the odometry's frame on the map."""
        before, known = self._map_pose(), self.correction is not None
        self.correction = correction
        after = self._map_pose()
        if known and before and after and self._jumped(before, after, 0.0):
            self._lose('pose on the map has jumped', now)

    def doubt(self, text: str) -> None:
        """Note why the correction cannot be used now; '' where it can."""
        self._doubt = text

    def _map_pose(self) -> Pose | None:
        return None if self._last is None else self._on_map(self._last)

    def fix(self, now: float) -> Fix | str:
        """Return where the vehicle is, or why that is not known.

        A reading is carried on by its own speeds to the present, so that a vehicle that hears
        late brakes in time all the same.
        """
        if self._last is None:
            return self._trouble
        if not abs(now - self._heard) <= self.trust.timeout:
            return f'no odometry for {self.trust.timeout:g} s'
        if now < self._steady_from:
            return self._trouble
        if self.correction is None:
            return self._doubt or 'no pose on the map yet'
        if self._doubt:
            return self._doubt
        pose, last = self._on_map(self._last), self._last
        if self.alone and self.believed and self._elsewhere(self.believed, pose):
            return 'odometry is not where the vehicle was'
        self.believed, self.slack = Fix(pose, last.speed, last.omega), 0.0
        age = max(now - self._heard, 0.0)
        ahead = combine(pose, Pose(last.speed * age, 0.0, last.omega * age))
        return Fix(ahead, last.speed, last.omega)

    def last_pose(self) -> Pose | None:
        """Return the last pose on the map, believed or not."""
        return self._map_pose() if self.correction is not None else None
