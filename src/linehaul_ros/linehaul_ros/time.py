# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Seconds of the core to ROS time and back."""

from math import isnan, nan

from builtin_interfaces.msg import Time
from rclpy.node import Node


def now_of(node: Node) -> float:
    """Return the node's clock [s]: plant time in simulation, system time on the floor."""
    return node.get_clock().now().nanoseconds * 1e-9


def to_time(seconds: float) -> Time:
    """Convert seconds to a message; NaN and negative values become zero, 'not known'."""
    if isnan(seconds) or seconds <= 0.0:
        return Time()
    whole = int(seconds)
    nanosec = round((seconds - whole) * 1e9)
    return Time(sec=whole + nanosec // 1_000_000_000, nanosec=nanosec % 1_000_000_000)


def from_time(stamp: Time) -> float:
    """Convert a message to seconds; zero becomes NaN, 'not known'."""
    if stamp.sec == 0 and stamp.nanosec == 0:
        return nan
    return float(stamp.sec + stamp.nanosec * 1e-9)
