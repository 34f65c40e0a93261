# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a run in Gazebo needs, what of it is missing, and the bridge between the two worlds.

Gazebo takes the place of the simulated vehicles' physics: it moves the bodies on `cmd_vel` and
tells `odom` and `/clock`. Between that and the vehicle contract stands the vehicle node of
linehaul_agv. This version does not have that node yet; until it does, the world can be opened and
its vehicles driven on `cmd_vel` (`world_only:=true`), and a whole run is refused in plain words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from .errors import EnvironmentMissing, GazeboMissing, Problem
from .paths import find_executable, has_package, share_folder

ROS_GZ = ('ros_gz_sim', 'ros_gz_bridge')
VEHICLE_NODE = ('linehaul_agv', 'vehicle')


def world_file(plant: str, env: Mapping[str, str]) -> Path:
    """Return the world of a plant, whether it exists or not.

    Args:
        plant: the plant's name, or the path of its file.
        env: environment of the shell.
    """
    return share_folder('worlds', env) / f'{Path(plant).stem}.sdf'


def check(plant: str, env: Mapping[str, str], *, world_only: bool) -> Path:
    """Check that a run in Gazebo is possible.

    Returns:
        The world's file.

    Raises:
        GazeboMissing: lists everything that is missing.
    """
    problems = [
        Problem(
            package, 'this ROS package is not installed', f'install {package.replace("_", "-")}'
        )
        for package in ROS_GZ
        if not has_package(package, env)
    ]
    world = world_file(plant, env)
    if not world.is_file():
        problems.append(Problem(str(world), 'there is no such world', 'name a plant with a world'))
    if not world_only:
        problems += _missing_vehicle_node(env)
    if problems:
        raise GazeboMissing('The factory cannot run in Gazebo here:', problems)
    return world


def _missing_vehicle_node(env: Mapping[str, str]) -> list[Problem]:
    package, executable = VEHICLE_NODE
    try:
        find_executable(package, executable, env)
    except EnvironmentMissing:
        what = 'the vehicle node that obeys orders over cmd_vel and odom does not exist yet'
        todo = 'open the world without the factory (world_only:=true), or use factory.launch.py'
        return [Problem(f'{package}/{executable}', what, todo)]
    return []


def bridge_arguments(vehicles: Iterable[str]) -> tuple[str, ...]:
    """Return the bridge's arguments: the clock, and each vehicle's command and odometry.

    Args:
        vehicles: ids of the vehicles in the world.
    """
    arguments = ['/clock@rosgraph_msgs/msg/Clock[gz.msgs.Clock']
    for vehicle in vehicles:
        arguments += [
            f'/agv/{vehicle}/cmd_vel@geometry_msgs/msg/Twist]gz.msgs.Twist',
            f'/agv/{vehicle}/odom@nav_msgs/msg/Odometry[gz.msgs.Odometry',
        ]
    return tuple(arguments)
