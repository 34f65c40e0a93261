# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The factory under ROS's launch: `ros2 launch linehaul_bringup factory.launch.py plant:=cell`.

The nodes, their parameters and the arguments stand in config/system.yaml.
"""

from linehaul_bringup.launching import describe

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    return describe()
