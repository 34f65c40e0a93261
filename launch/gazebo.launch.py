# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The factory in Gazebo: `ros2 launch linehaul_bringup gazebo.launch.py plant:=cell`.

Needs ros_gz_sim and ros_gz_bridge. Gazebo moves the vehicles and makes the clock; the nodes are
those of config/system.yaml with ROS vehicles. `world_only:=true` opens the world and the bridge
alone; its vehicles obey `/agv/<id>/cmd_vel` and tell `/agv/<id>/odom`.
"""

import os
from datetime import datetime
from pathlib import Path

from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    LogInfo,
    OpaqueFunction,
    SetEnvironmentVariable,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare
from linehaul_bringup.gazebo import UNTRIED, bridge_arguments, check, plan_run
from linehaul_bringup.launching import node_actions
from linehaul_bringup.paths import make_run_dir, run_dir_path
from linehaul_bringup.readers import plant_sources

from launch import LaunchContext, LaunchDescription


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            DeclareLaunchArgument('plant', default_value='cell', description='plant to run'),
            DeclareLaunchArgument(
                'run_dir',
                default_value='',
                description='directory of the run; empty makes run/<time>',
            ),
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
    outside = [gazebo(world, given['headless'] == 'true'), bridge(given)]
    return outside if world_only else [LogInfo(msg=UNTRIED), *outside, *factory(given)]


def gazebo(world: Path, headless: bool) -> IncludeLaunchDescription:
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(
            [FindPackageShare('ros_gz_sim'), '/launch/gz_sim.launch.py']
        ),
        launch_arguments={
            'gz_args': f'-r {"-s " if headless else ""}{world}',
            'on_exit_shutdown': 'true',
        }.items(),
    )


def bridge(given: dict) -> Node:
    return Node(
        package='ros_gz_bridge',
        executable='parameter_bridge',
        name='gazebo_bridge',
        arguments=list(bridge_arguments(plant_sources(given)['plant.vehicles'])),
        output='screen',
    )


def factory(given: dict) -> list:
    run_dir = run_dir_path(given['run_dir'], datetime.now(), Path.cwd())
    processes = plan_run(given['plant'], run_dir, os.environ)
    make_run_dir(run_dir)
    return [SetEnvironmentVariable('PYTHONUNBUFFERED', '1'), *node_actions(processes)]
