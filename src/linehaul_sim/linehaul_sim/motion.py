# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Moves vehicles along straight edges: one kernel for all of them.

Each vehicle has a way, a list of edges that it may drive. It accelerates and brakes at constant
rates (trapezoidal speed), keeps the limit of every edge from the edge's first metre on, and stops
at the end of its way. Where the heading of the body changes from one edge to the next it stops at
the node and turns in place, again with trapezoidal turning speed.

The speed after a step is the largest from which the vehicle can still brake in time: with braking
rate b, step h, speed v and distance d to a point where the speed must not exceed u, it solves
v'^2 = u^2 + 2 b (d - (v + v') h / 2) for v'. The last bit of way is snapped to its end, so a
vehicle never stands beyond it.
"""

import math

import numpy as np
import numpy.typing as npt
from numba import njit

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

STRAIGHT = math.radians(0.5) + 1e-6
"""Change of heading [rad] that is driven without a turn in place; as in the order executor."""
SNAP = 1e-6
"""Distance [m] or angle [rad] that counts as nothing."""


@njit(cache=True)
def wrapped(angle: float) -> float:
    """Return the angle [rad] in (-pi, pi]."""
    angle = angle % (2.0 * np.pi)
    return angle - 2.0 * np.pi if angle > np.pi else angle


@njit(cache=True)
def braked(speed: float, distance: float, limit: float, rate: float, dt: float) -> float:
    """Return the largest speed after a step from which `limit` is kept at `distance`."""
    under = 0.25 * (rate * dt) ** 2 + limit * limit - rate * dt * speed + 2.0 * rate * distance
    return max(-0.5 * rate * dt + math.sqrt(under), 0.0) if under > 0.0 else 0.0


@njit(cache=True)
def stop_between(body: FloatArray, travel: FloatArray, before: int, after: int) -> bool:
    """Tell whether a vehicle must stand between two edges: to turn, or to reverse."""
    if abs(wrapped(body[after] - body[before])) > STRAIGHT:
        return True
    forth = math.cos(travel[before] - body[before])
    return forth * math.cos(travel[after] - body[after]) < 0.0


@njit(cache=True)
def step_motion(  # noqa: D417 - arrays of one shape share a line
    dt: float,
    way: IntArray,
    limit: FloatArray,
    way_end: IntArray,
    way_at: IntArray,
    along: FloatArray,
    speed: FloatArray,
    omega: FloatArray,
    pose: FloatArray,
    held: BoolArray,
    kinematics: FloatArray,
    xy: FloatArray,
    start: IntArray,
    end: IntArray,
    length: FloatArray,
    travel: FloatArray,
    body: FloatArray,
    passed: IntArray,
    distance: FloatArray,
) -> None:
    """Move all vehicles by one step, in place.

    Args:
        dt: Step [s].
        way, limit: (V, P) edges of each way and speed limits on them [m/s].
        way_end, way_at: (V,) number of edges in the way, and the one the vehicle is on.
        along: (V,) distance on the present edge [m].
        speed: (V,) along the way [m/s], never negative.
        omega: (V,) turning speed [rad/s].
        pose: (V, 3) x, y, yaw.
        held: (V,) brakes and stands where it is.
        kinematics: (V, 5) top speed, acceleration, deceleration, turn rate, turn acceleration.
        xy: (N, 2) nodes. start, end, length, travel, body: (E,) edges of the roadmap.
        passed: (V,) out: nodes reached in this step.
        distance: (V,) way driven so far [m], counted up.
    """
    for i in range(way_at.size):
        passed[i] = 0
        if way_at[i] >= way_end[i]:
            if omega[i] != 0.0:
                _brake_turn(i, dt, omega, pose, kinematics[i, 4])
            continue
        edge = way[i, way_at[i]]
        error = wrapped(body[edge] - pose[i, 2])
        if along[i] == 0.0 and speed[i] == 0.0 and abs(error) > STRAIGHT:
            if held[i]:
                _brake_turn(i, dt, omega, pose, kinematics[i, 4])
            else:
                _turn(i, dt, error, omega, pose, kinematics[i, 3], kinematics[i, 4])
            continue
        omega[i] = 0.0
        now = speed[i]
        new, room = _next_speed(
            i, dt, way, limit, way_end, way_at, along, now, held, kinematics, length, travel, body
        )
        move = 0.5 * (now + new) * dt
        if move >= room - SNAP:
            move, new = room, 0.0
        speed[i] = new
        distance[i] += move
        _advance(i, move, way, way_end, way_at, along, pose, xy, start, end, length, body, passed)


@njit(cache=True)
def _brake_turn(i: int, dt: float, omega: FloatArray, pose: FloatArray, rate: float) -> None:
    slower = max(abs(omega[i]) - rate * dt, 0.0)
    new = slower if omega[i] > 0.0 else -slower
    pose[i, 2] = wrapped(pose[i, 2] + 0.5 * (omega[i] + new) * dt)
    omega[i] = new


@njit(cache=True)
def _turn(
    i: int, dt: float, error: float, omega: FloatArray, pose: FloatArray, top: float, rate: float
) -> None:
    sign = 1.0 if error > 0.0 else -1.0
    if omega[i] * sign < 0.0:
        _brake_turn(i, dt, omega, pose, rate)
        return
    now, left = abs(omega[i]), abs(error)
    new = min(now + rate * dt, top, braked(now, left, 0.0, rate, dt))
    new = max(new, now - rate * dt, 0.0)
    move = 0.5 * (now + new) * dt
    if move >= left - SNAP:
        move, new = left, 0.0
    pose[i, 2] = wrapped(pose[i, 2] + sign * move)
    omega[i] = sign * new


@njit(cache=True)
def _next_speed(
    i: int,
    dt: float,
    way: IntArray,
    limit: FloatArray,
    way_end: IntArray,
    way_at: IntArray,
    along: FloatArray,
    now: float,
    held: BoolArray,
    kinematics: FloatArray,
    length: FloatArray,
    travel: FloatArray,
    body: FloatArray,
) -> tuple[float, float]:
    """Return the speed after the step and the distance to the next point to stand at."""
    top, gain, brake = kinematics[i, 0], kinematics[i, 1], kinematics[i, 2]
    at = way_at[i]
    new = min(now + gain * dt, top, limit[i, at])
    room = length[way[i, at]] - along[i]
    sight = (now + gain * dt) ** 2 / (2.0 * brake) + (now + gain * dt) * dt + 0.1
    for k in range(at + 1, way_end[i] + 1):
        if k == way_end[i] or stop_between(body, travel, way[i, k - 1], way[i, k]):
            new = min(new, braked(now, room, 0.0, brake, dt))
            break
        new = min(new, max(braked(now, room, min(limit[i, k], top), brake, dt), 0.0))
        room += length[way[i, k]]
        if room > sight:
            break
    if held[i]:
        new = 0.0
    return max(new, now - brake * dt, 0.0), room


@njit(cache=True)
def _advance(
    i: int,
    move: float,
    way: IntArray,
    way_end: IntArray,
    way_at: IntArray,
    along: FloatArray,
    pose: FloatArray,
    xy: FloatArray,
    start: IntArray,
    end: IntArray,
    length: FloatArray,
    body: FloatArray,
    passed: IntArray,
) -> None:
    edge = way[i, way_at[i]]
    along[i] += move
    while along[i] >= length[edge] - SNAP:
        rest = along[i] - length[edge]
        along[i] = rest if rest > SNAP else 0.0
        passed[i] += 1
        way_at[i] += 1
        if way_at[i] == way_end[i]:
            along[i] = 0.0
            pose[i, 0], pose[i, 1] = xy[end[edge], 0], xy[end[edge], 1]
            pose[i, 2] = body[edge]
            return
        edge = way[i, way_at[i]]
        if along[i] == 0.0:
            break
    share = along[i] / length[edge]
    a, b = start[edge], end[edge]
    pose[i, 0] = xy[a, 0] + share * (xy[b, 0] - xy[a, 0])
    pose[i, 1] = xy[a, 1] + share * (xy[b, 1] - xy[a, 1])
    if along[i] > 0.0:
        pose[i, 2] = body[edge]
    elif way_at[i] > 0:
        pose[i, 2] = body[way[i, way_at[i] - 1]] if move > 0.0 else pose[i, 2]
