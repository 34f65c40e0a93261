# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a run in Gazebo needs, what of it is missing, and how the factory's nodes differ in it.

Gazebo takes the place of the simulated vehicles' physics: it moves the bodies on `cmd_vel` and
tells `odom` and `/clock`. Between that and the vehicle contract stands one node of linehaul_agv
per vehicle; ports and warehouse stay those of linehaul_sim, which follows Gazebo's clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from .arguments import resolve
from .errors import EnvironmentMissing, GazeboMissing, Problem
from .paths import find_executable, has_package, share_folder
from .plan import NodeProcess
from .readers import plan_processes, read_table

ROS_GZ = ('ros_gz_sim', 'ros_gz_bridge')
VEHICLE_NODE = ('linehaul_agv', 'agv')
UNTRIED = (
    'linehaul has tried this run with a stand-in that moves vehicles as Gazebo does, not with '
    'Gazebo itself: see "In Gazebo" in the README of linehaul_bringup'
)


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
        what = 'the vehicle node is not installed'
        todo = 'build the workspace, or open the world without the factory (world_only:=true)'
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


def plan_run(
    plant: str, run_dir: Path, env: Mapping[str, str], file: Path | None = None
) -> tuple[NodeProcess, ...]:
    """List the factory's processes beside Gazebo and its bridge.

    Args:
        plant: plant's name or file.
        run_dir: directory of the run.
        env: environment of the shell.
        file: another table of nodes than the installed one.

    Raises:
        BringupError: the table, the plant or a parameter file cannot be used.
    """
    given = [('plant', plant), ('run_dir', str(run_dir)), ('vehicles', 'ros')]
    values = resolve(read_table(env, file).arguments, given)
    return on_gazebos_clock(plan_processes(values, env, file))


def on_gazebos_clock(processes: Sequence[NodeProcess]) -> tuple[NodeProcess, ...]:
    """Return the processes with the simulated plant following the clock instead of making it."""
    return tuple(
        _following(process) if process.package == 'linehaul_sim' else process
        for process in processes
    )


def _following(process: NodeProcess) -> NodeProcess:
    kept = tuple((name, value) for name, value in process.parameters if name != 'speed')
    return replace(process, parameters=(*kept, ('clock', 'follow'), ('use_sim_time', True)))
