# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Standard messages of a mobile robot, good and bad."""

import math

import pytest

pytest.importorskip('nav_msgs.msg', reason='no ROS 2 here')

from geometry_msgs.msg import PoseWithCovarianceStamped, Quaternion, TransformStamped
from linehaul_agv.convert import (
    battery_from_msg,
    command_to_msg,
    map_pose_from_msg,
    reading_from_msg,
    stamped_command_to_msg,
    transform_from_msg,
    yaw_of,
)
from nav_msgs.msg import Odometry
from sensor_msgs.msg import BatteryState


def quaternion(yaw):
    return Quaternion(z=math.sin(yaw / 2), w=math.cos(yaw / 2))


@pytest.mark.parametrize('yaw', [0.0, 1.0, -2.5, math.pi, -3.1])
def test_yaw(yaw):
    assert math.remainder(yaw_of(quaternion(yaw)) - yaw, math.tau) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    'bad',
    [Quaternion(w=0.0), Quaternion(w=2.0), Quaternion(w=math.nan), Quaternion(z=math.inf)],
)
def test_a_quaternion_that_is_no_rotation_has_no_yaw(bad):
    assert math.isnan(yaw_of(bad))


def test_odometry():
    msg = Odometry()
    msg.pose.pose.position.x, msg.pose.pose.position.y = 1.0, 2.0
    msg.pose.pose.orientation = quaternion(0.5)
    msg.twist.twist.linear.x, msg.twist.twist.angular.z = 0.3, -0.1
    reading = reading_from_msg(msg)
    assert (reading.x, reading.y, reading.speed, reading.omega) == (1.0, 2.0, 0.3, -0.1)
    assert reading.theta == pytest.approx(0.5)
    assert math.isnan(reading.stamp)  # a stamp of zero is none
    msg.header.stamp.sec = 7
    assert reading_from_msg(msg).stamp == 7.0
    assert reading_from_msg(msg).finite
    msg.pose.pose.orientation = Quaternion(w=0.0)
    assert not reading_from_msg(msg).finite


def test_poses_on_the_map():
    msg = PoseWithCovarianceStamped()
    msg.pose.pose.position.x = 3.0
    msg.pose.covariance[0], msg.pose.covariance[7] = 0.01, 0.04
    pose, stamp, deviation = map_pose_from_msg(msg)
    assert (pose.x, pose.theta, deviation) == (3.0, 0.0, 0.2)
    assert math.isnan(stamp)
    msg.pose.covariance[0] = msg.pose.covariance[7] = -1.0
    assert math.isnan(map_pose_from_msg(msg)[2])
    frame = TransformStamped()
    frame.transform.translation.y = 2.0
    frame.transform.rotation = quaternion(-1.0)
    assert transform_from_msg(frame).y == 2.0
    assert transform_from_msg(frame).theta == pytest.approx(-1.0)


def test_battery():
    charging = BatteryState.POWER_SUPPLY_STATUS_CHARGING
    reading = battery_from_msg(BatteryState(percentage=0.5, power_supply_status=charging))
    assert (reading.level, reading.charging) == (0.5, True)
    assert not battery_from_msg(BatteryState()).charging


def test_commands():
    msg = command_to_msg(-0.5, 0.25)
    assert (msg.linear.x, msg.angular.z) == (-0.5, 0.25)
    stamped = stamped_command_to_msg(0.5, 0.0, 3.5, 'base_link')
    assert (stamped.twist.linear.x, stamped.header.frame_id) == (0.5, 'base_link')
    assert (stamped.header.stamp.sec, stamped.header.stamp.nanosec) == (3, 500_000_000)
