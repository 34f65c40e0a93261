# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The plant in Gazebo: `ros2 launch linehaul_bringup gazebo.launch.py plant:=cell`.

Needs ros_gz_sim and ros_gz_bridge. A whole run also needs the vehicle node of linehaul_agv, which
does not exist yet: the launch says so and stops. `world_only:=true` opens the world with its
vehicles, which then obey `/agv/<id>/cmd_vel` and tell `/agv/<id>/odom`.
"""

import os

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare
from linehaul_bringup.errors import GazeboMissing, Problem
from linehaul_bringup.gazebo import bridge_arguments, check
from linehaul_bringup.readers import plant_sources

from launch import LaunchContext, LaunchDescription


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            DeclareLaunchArgument('plant', default_value='cell', description='plant to open'),
            DeclareLaunchArgument(
                'headless',
                default_value='false',
                description='run without a window',
                choices=['true', 'false'],
            ),
            DeclareLaunchArgument(
                'world_only',
                default_value='false',
                description='open the world and its bridge, without the factory',
                choices=['true', 'false'],
            ),
            OpaqueFunction(function=start),
        ]
    )


def start(context: LaunchContext) -> list:
    given = context.launch_configurations
    world_only = given['world_only'] == 'true'
    world = check(given['plant'], os.environ, world_only=world_only)
    if not world_only:
        what, todo = 'the factory on Gazebo is not wired up yet', 'give world_only:=true'
        raise GazeboMissing('Cannot run:', [Problem('gazebo.launch.py', what, todo)])
    gazebo = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(
            [FindPackageShare('ros_gz_sim'), '/launch/gz_sim.launch.py']
        ),
        launch_arguments={
            'gz_args': f'-r {"-s " if given["headless"] == "true" else ""}{world}',
            'on_exit_shutdown': 'true',
        }.items(),
    )
    vehicles = plant_sources(given)['plant.vehicles']
    bridge = Node(
        package='ros_gz_bridge',
        executable='parameter_bridge',
        name='gazebo_bridge',
        arguments=list(bridge_arguments(vehicles)),
        output='screen',
    )
    return [gazebo, bridge]
