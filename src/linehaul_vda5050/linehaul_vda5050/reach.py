# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Tells whether a vehicle is within the allowed deviation of a node."""

import math
from dataclasses import dataclass

from linehaul_vda5050.ids import NodeId
from linehaul_vda5050.order import AllowedDeviation, Node

DEFAULT_DEVIATION = 0.5
"""Radius [m] in which a node counts as reached where the order does not say."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a vehicle is: x, y [m], theta [rad], and the roadmap node it stands on if any."""

    x: float
    y: float
    theta: float
    node_id: NodeId | None = None


def in_range(node: Node, pose: Pose, default: float = DEFAULT_DEVIATION) -> bool:
    """Tell whether the pose is within the allowed deviation of a node.

    A node without position is in range of a vehicle that stands on it by name. A heading is
    judged only where the node names both heading and tolerance.
    """
    position = node.node_position
    if position is None:
        return pose.node_id == node.node_id
    ellipse = position.allowed_deviation_xy or AllowedDeviation(default, default)
    if not in_ellipse(pose.x - position.x, pose.y - position.y, ellipse):
        return False
    if position.theta is None or position.allowed_deviation_theta is None:
        return True
    turn = math.remainder(pose.theta - position.theta, 2 * math.pi)
    return abs(turn) <= position.allowed_deviation_theta + 1e-9


def in_ellipse(dx: float, dy: float, ellipse: AllowedDeviation) -> bool:
    """Tell whether an offset [m] lies in an ellipse; axes of 0 mean 1 mm."""
    cos, sin = math.cos(ellipse.theta), math.sin(ellipse.theta)
    along, across = dx * cos + dy * sin, dy * cos - dx * sin
    a, b = max(ellipse.a, 1e-3), max(ellipse.b, 1e-3)
    return (along / a) ** 2 + (across / b) ** 2 <= 1.0 + 1e-9
