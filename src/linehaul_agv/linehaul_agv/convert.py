# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Standard ROS messages of a mobile robot to what the core takes, and commands to messages.

Nothing is judged here: what makes no sense becomes NaN, for the core to find.
"""

import math
from typing import Any

from geometry_msgs.msg import Twist, TwistStamped
from linehaul_ros.time import from_time, to_time
from linehaul_vda5050.reach import Pose
from sensor_msgs.msg import BatteryState

from linehaul_agv.battery import BatteryReading
from linehaul_agv.localise import Reading

UNIT = 0.05
"""How far the length of a quaternion may be from 1."""


def yaw_of(quaternion: Any) -> float:
    """Return the yaw [rad] of a quaternion; NaN where it is no rotation."""
    q = quaternion
    length = math.sqrt(q.x * q.x + q.y * q.y + q.z * q.z + q.w * q.w)
    if not abs(length - 1.0) <= UNIT:
        return math.nan
    return math.atan2(2.0 * (q.w * q.z + q.x * q.y), 1.0 - 2.0 * (q.y * q.y + q.z * q.z))


def reading_from_msg(msg: Any) -> Reading:
    """Read nav_msgs/Odometry."""
    position, twist = msg.pose.pose.position, msg.twist.twist
    return Reading(
        position.x,
        position.y,
        yaw_of(msg.pose.pose.orientation),
        twist.linear.x,
        twist.angular.z,
        from_time(msg.header.stamp),
    )


def map_pose_from_msg(msg: Any) -> tuple[Pose, float, float]:
    """Read geometry_msgs/PoseWithCovarianceStamped: pose, stamp [s], standard deviation [m]."""
    pose, covariance = msg.pose.pose, msg.pose.covariance
    variance = max(covariance[0], covariance[7])
    deviation = math.sqrt(variance) if variance >= 0.0 else math.nan
    found = Pose(pose.position.x, pose.position.y, yaw_of(pose.orientation))
    return found, from_time(msg.header.stamp), deviation


def transform_from_msg(msg: Any) -> Pose:
    """Read geometry_msgs/TransformStamped: the pose of the child frame in its parent."""
    move = msg.transform
    return Pose(move.translation.x, move.translation.y, yaw_of(move.rotation))


def battery_from_msg(msg: Any) -> BatteryReading:
    """Read sensor_msgs/BatteryState."""
    charging = msg.power_supply_status == BatteryState.POWER_SUPPLY_STATUS_CHARGING
    return BatteryReading(msg.percentage, charging, msg.voltage, msg.current)


def command_to_msg(speed: float, omega: float) -> Twist:
    """Command speeds: forwards [m/s], turning [rad/s]."""
    msg = Twist()
    msg.linear.x, msg.angular.z = speed, omega
    return msg


def stamped_command_to_msg(speed: float, omega: float, now: float, frame: str) -> TwistStamped:
    """Command speeds with a time [s] and the frame of the body."""
    msg = TwistStamped(twist=command_to_msg(speed, omega))
    msg.header.stamp, msg.header.frame_id = to_time(now), frame
    return msg
