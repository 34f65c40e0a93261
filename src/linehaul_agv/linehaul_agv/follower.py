# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Drives a differential-drive vehicle along its way: the next speed and turning speed.

Pure: way, pose and what it remembers in; command out. One tick of

- turning in place: trapezoidal turning speed until the body has the leg's heading;
- driving: the largest speed from which every limit ahead can still be kept and the vehicle
  stands at the end of its way. With braking rate b and reaction time T, speed v at distance d of a
  point with limit u must satisfy v T + (v^2 - u^2) / (2 b) <= d;
- steering: for signed speed v, offset e and angle a against the leg, the turning speed
  w = -k1 v e sin(a)/a - k2 |v| a. With k1 = 1/L^2 and k2 = 2/L the offset decays over the length L
  without swinging, and e^2 k1 + a^2 never grows, forwards and in reverse.
  Source: C. Samson, "Control of chained systems", IEEE Trans. Automatic Control 40(1), 1995.

It aims a little short of each point to stand at, so that noise does not carry the vehicle beyond.
A vehicle that has run over the end of its way, as one does whose commands stop coming while it
brakes, creeps back the way it came, where it can. From any other pose outside the corridor it is
not steered back: the vehicle stands and says so.
"""

import math
from dataclasses import dataclass, replace

from linehaul_vda5050.reach import Pose

from linehaul_agv.legs import Leg, Place, Way, locate, room_to_stand, stands_between
from linehaul_floor import VehicleClass

SHORT = 0.03
"""Distance [m] kept from a point to stand at."""
PLANNED_BRAKING = 0.8
"""Share of the braking rate that is planned with; the rest is for corrections."""
TURN_FROM = math.radians(2.5)
"""Angle [rad] against the leg from which a standing vehicle turns in place."""
TURN_TO = math.radians(0.8)
"""Angle [rad] at which it has turned."""
MOST_TURNED = 0.6
"""Angle [rad] against a leg, while driving on it, that is off the way."""
STANDING = 0.02
"""Measured speed [m/s] below which it stands."""
STANDING_TURN = 0.03
"""Measured turning speed [rad/s] below which it stands."""
CREEP = 0.03
"""Least speed [m/s] of an approach, so that it ends."""
OVERRUN = 1.0
"""Distance [m] beyond the end of its way from which a vehicle still creeps back by itself."""
RETURN = 0.1
"""Speed [m/s] at which it does."""


@dataclass(frozen=True, slots=True)
class Drive:
    """What a drive can do.

    Attributes:
        top_speed, acceleration, deceleration: [m/s], [m/s^2].
        turn_rate, turn_acceleration: [rad/s], [rad/s^2].
        latency: Time [s] from a measurement until its command moves the wheels.
        corridor: Largest offset [m] from the way, also beyond its end.
        reverses: It can drive backwards.
    """

    top_speed: float
    acceleration: float
    deceleration: float
    turn_rate: float
    turn_acceleration: float
    latency: float = 0.2
    corridor: float = 0.1
    reverses: bool = False


def drive_of(cls: VehicleClass, *, loaded: bool, latency: float, corridor: float) -> Drive:
    """Return what a vehicle class can do, with or without a load."""
    return Drive(
        cls.max_speed_loaded if loaded else cls.max_speed,
        cls.acceleration,
        cls.deceleration,
        cls.turn_rate,
        cls.turn_acceleration,
        latency,
        corridor,
        cls.can_reverse,
    )


@dataclass(frozen=True, slots=True)
class Fix:
    """Where the vehicle is, and its measured speed along the body [m/s] and turning [rad/s]."""

    pose: Pose
    speed: float
    omega: float

    @property
    def standing(self) -> bool:
        """It neither drives nor turns."""
        return abs(self.speed) < STANDING and abs(self.omega) < STANDING_TURN


@dataclass(frozen=True, slots=True)
class Motion:
    """One tick's answer, and what the next tick needs to remember.

    Attributes:
        speed: Commanded, along the body [m/s]; negative in reverse.
        omega: Commanded turning speed [rad/s].
        turning: It is turning in place.
        arriving: It has come to the end of its way and waits until it stands.
        passed: Legs finished in this tick.
        off: Why it is off the way; empty: it is not.
    """

    speed: float = 0.0
    omega: float = 0.0
    turning: bool = False
    arriving: bool = False
    passed: int = 0
    off: str = ''


def follow(drive: Drive, last: Motion, way: Way, fix: Fix, dt: float, *, hold: bool) -> Motion:
    """Do one tick.

    Args:
        drive: Limits.
        last: What the tick before answered.
        way: Legs ahead, the first is the one it is on; empty: stand.
        fix: Where it is now.
        dt: Time since the tick before [s].
        hold: Brake and stand wherever it is.

    Returns:
        The command; passed counts the legs that are done and that the caller takes off the way.
    """
    passed = 0
    while len(way) > 1 and _passes(way, fix):
        way, passed = way[1:], passed + 1
    if not way:
        return Motion(omega=_slower(last.omega, drive.turn_acceleration * dt))
    place = locate(way[0], fix.pose)
    back = _return(drive, last, way[0], place, fix, dt, hold=hold)
    if back is not None:
        return replace(back, passed=passed)
    off = beside(drive, way[0], place)
    if off:
        return Motion(passed=passed, off=off)
    motion = _turn(drive, last, place, fix, dt, hold=hold)
    if motion is None:
        motion = _go(drive, last, way, place, fix, dt, hold=hold)
    return replace(motion, passed=motion.passed + passed)


def _passes(way: Way, fix: Fix) -> bool:
    return locate(way[0], fix.pose).along >= way[0].length and not stands_between(way[0], way[1])


def _return(
    drive: Drive, last: Motion, leg: Leg, place: Place, fix: Fix, dt: float, *, hold: bool
) -> Motion | None:
    """Creep back to the end of a leg that the vehicle has run over, where it has."""
    over, backing = place.along - leg.length, last.speed * leg.forth < 0.0
    if not (0.0 if backing else drive.corridor) < over <= OVERRUN:
        return None
    straight = abs(place.across) <= drive.corridor and abs(place.turned) <= MOST_TURNED
    if not straight or (leg.forth > 0 and not drive.reverses):
        return None
    if hold or fix.speed * leg.forth > STANDING:
        return Motion()
    rate = PLANNED_BRAKING * drive.deceleration
    speed = min(RETURN, max(approach(over, 0.0, rate, _react(drive, dt)), CREEP))
    speed = min(speed, (abs(last.speed) if backing else 0.0) + drive.acceleration * dt)
    signed = -leg.forth * speed
    return Motion(signed, _steer(drive, place, signed))


def beside(drive: Drive, leg: Leg, place: Place) -> str:
    """Say in what way a place is off a leg; '' where it is on it."""
    if not abs(place.across) <= drive.corridor:
        return 'beside its way'
    if not -drive.corridor <= place.along:
        return 'before its way'
    if not place.along <= leg.length + drive.corridor:
        return 'beyond the end of its way'
    if place.along > drive.corridor and not abs(place.turned) <= MOST_TURNED:
        return 'turned against its way'
    return ''


def _turn(
    drive: Drive, last: Motion, place: Place, fix: Fix, dt: float, *, hold: bool
) -> Motion | None:
    """Turn in place at the start of a leg, if there is something to turn."""
    if place.along > drive.corridor or last.speed != 0.0:
        return None
    left = abs(place.turned)
    if left <= (TURN_TO if last.turning else TURN_FROM):
        still = abs(fix.omega) < STANDING_TURN and last.omega == 0.0
        return None if still or not last.turning else Motion(turning=True)
    step, sign = drive.turn_acceleration * dt, -math.copysign(1.0, place.turned)
    if hold or last.omega * sign < 0.0 or abs(fix.speed) > STANDING:
        return Motion(omega=_slower(last.omega, step), turning=True)
    rate = PLANNED_BRAKING * drive.turn_acceleration
    omega = min(
        drive.turn_rate, abs(last.omega) + step, approach(left, 0.0, rate, _react(drive, dt))
    )
    return Motion(omega=sign * max(omega, 2.0 * STANDING_TURN), turning=True)


def _react(drive: Drive, dt: float) -> float:
    return drive.latency + dt


def _slower(speed: float, step: float) -> float:
    return math.copysign(max(abs(speed) - step, 0.0), speed) if speed else 0.0


def approach(room: float, limit: float, rate: float, react: float) -> float:
    """Return the largest speed [m/s] from which a limit is kept at a distance [m].

    Args:
        room: Distance to the point [m]; below 0: behind it.
        limit: Speed wanted there [m/s].
        rate: Braking rate [m/s^2].
        react: Time [s] until braking begins.
    """
    if room <= 0.0:
        return limit
    root = math.sqrt((rate * react) ** 2 + limit * limit + 2.0 * rate * room)
    return max(root - rate * react, limit)


def _go(
    drive: Drive, last: Motion, way: Way, place: Place, fix: Fix, dt: float, *, hold: bool
) -> Motion:
    room = room_to_stand(way, place.along) - SHORT
    speed = 0.0 if hold else _allowed(drive, way, place, room, dt)
    now = abs(last.speed)
    speed = min(max(speed, now - drive.deceleration * dt), now + drive.acceleration * dt)
    arriving = not hold and (room <= 0.0 or last.arriving) and room < drive.corridor
    if arriving:
        if fix.standing and last.arriving and now == 0.0:
            return Motion(passed=1) if room < SHORT else Motion()
        return Motion(arriving=True)
    signed = way[0].forth * speed
    return Motion(signed, _steer(drive, place, signed))


def _allowed(drive: Drive, way: Way, place: Place, room: float, dt: float) -> float:
    """Return the largest speed [m/s] that all limits allow now."""
    rate, react = PLANNED_BRAKING * drive.deceleration, _react(drive, dt)
    speed = min(drive.top_speed, way[0].speed, max(approach(room, 0.0, rate, react), CREEP))
    ahead = way[0].length - place.along
    for leg in way[1:]:
        if ahead > room:
            break
        speed = min(speed, approach(ahead, leg.speed, rate, react))
        ahead += leg.length
    if abs(place.across) > 0.5 * drive.corridor or abs(place.turned) > 0.5 * MOST_TURNED:
        speed = min(speed, 0.2 * drive.top_speed)
    return speed


def _steer(drive: Drive, place: Place, speed: float) -> float:
    """Return the turning speed [rad/s] that brings the vehicle back to the line."""
    reach = 0.35 + 0.35 * abs(speed)
    turned = place.turned
    shape = math.sin(turned) / turned if abs(turned) > 1e-6 else 1.0
    omega = -speed * place.across * shape / reach**2 - 2.0 * abs(speed) * turned / reach
    return min(max(omega, -drive.turn_rate), drive.turn_rate)


def cut(drive: Drive, last: Motion, way: Way, fix: Fix | None) -> Way:
    """Return the part of a way up to the first node at which the vehicle can stop.

    Nothing is left where it stands on the node at the start of its way. Without a fix it is taken
    to be on its first leg.
    """
    if not way:
        return way
    place = locate(way[0], fix.pose) if fix else Place(0.5 * way[0].length, 0.0, 0.0)
    if last.speed == 0.0 and abs(place.along) <= 0.5 * drive.corridor:
        return ()
    rate = PLANNED_BRAKING * drive.deceleration
    needed = abs(last.speed) * drive.latency + last.speed**2 / (2.0 * rate) + SHORT
    room = -place.along
    for index, leg in enumerate(way):
        room += leg.length
        if room >= needed or index + 1 == len(way) or stands_between(leg, way[index + 1]):
            return way[: index + 1]
    return way
