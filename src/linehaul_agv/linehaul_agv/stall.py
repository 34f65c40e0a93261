# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Finds wheels that do not obey: commands that the odometry does not follow."""

import math
from dataclasses import dataclass

from linehaul_vda5050.reach import Pose

from linehaul_agv.follower import Motion

FAR = 0.5
"""Commanded way [m] or angle [rad] after which something must have been measured."""
LEAST = 0.1
"""Share of it that must have been measured."""


@dataclass(frozen=True, slots=True)
class StallWatch:
    """What was commanded since a pose: way [m] and angle [rad]."""

    since: Pose | None = None
    driven: float = 0.0
    turned: float = 0.0


def watch(stall: StallWatch, motion: Motion, pose: Pose, dt: float) -> tuple[StallWatch, str]:
    """Add a tick's command; say what is wrong if the vehicle has not followed.

    A vehicle that was found stalled stays so until its pose changes, by a person's hand or because
    the wheels are free again.
    """
    if stall.since is None:
        return StallWatch(pose), ''
    moved = math.hypot(pose.x - stall.since.x, pose.y - stall.since.y)
    turned = abs(math.remainder(pose.theta - stall.since.theta, 2.0 * math.pi))
    driven = stall.driven + abs(motion.speed) * dt
    angle = stall.turned + (abs(motion.omega) * dt if motion.turning else 0.0)
    if driven < FAR and angle < FAR:
        return StallWatch(stall.since, driven, angle), ''
    if moved >= LEAST * FAR or turned >= LEAST * FAR:
        return StallWatch(pose), ''
    return StallWatch(stall.since, driven, angle), 'wheels do not follow the commands'
