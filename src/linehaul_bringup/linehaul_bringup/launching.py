# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The table read for ROS's launch: the same processes as the starter's, as launch_ros actions.

Launch waits the same time before each restart, where the starter doubles it; when a required node
is given up, by the same rule, launch ends with an error. This module is imported by launch files
only, so that nothing else needs launch.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    OpaqueFunction,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
)
from launch.events import Shutdown
from launch_ros.actions import Node

# The repository has a folder of this name, which a type checker takes for the package.
from launch import LaunchContext, LaunchDescription  # type: ignore[attr-defined]

from .arguments import Argument, ArgumentName, Scalar, resolve, spell
from .command import ros_arguments
from .errors import PlantCannotRun
from .paths import make_run_dir, run_dir_path
from .plan import NodeProcess
from .readers import RUN_DIR, plan_processes, read_table, with_run_dir
from .restart import Health, after_exit
from .supervisor import STOP_STEPS, describe_exit
from .system import System


def describe(file: Path | None = None) -> LaunchDescription:
    """Return the launch description of the factory.

    Args:
        file: another table of nodes than the installed one.

    Raises:
        BringupError: the table cannot be used.
    """
    system = read_table(os.environ, file)
    return LaunchDescription(
        [
            *map(declare, system.arguments.values()),
            # Ended as fast as the starter ends them; who gives these arguments is heard first.
            DeclareLaunchArgument(
                'sigterm_timeout',
                default_value=str(STOP_STEPS[0][1]),
                description='seconds from SIGINT to SIGTERM when the factory is stopped',
            ),
            DeclareLaunchArgument(
                'sigkill_timeout',
                default_value=str(STOP_STEPS[1][1]),
                description='seconds from SIGTERM to SIGKILL',
            ),
            OpaqueFunction(function=lambda context: start_nodes(context, system, file)),
        ]
    )


def declare(argument: Argument) -> DeclareLaunchArgument:
    """Declare an argument of the table."""
    return DeclareLaunchArgument(
        argument.name,
        default_value=spell(argument.default),
        description=argument.description,
        choices=[spell(choice) for choice in argument.choices] or None,
    )


def start_nodes(context: LaunchContext, system: System, file: Path | None) -> list[Any]:
    """Make the actions that start the nodes, once the arguments are known."""
    values = values_of(context, system)
    run_dir = run_dir_path(str(values.get(RUN_DIR, '')), datetime.now(), Path.cwd())
    processes = plan_processes(with_run_dir(values, run_dir), os.environ, file)
    make_run_dir(run_dir)
    return [
        SetLaunchConfiguration(RUN_DIR, str(run_dir)),
        SetEnvironmentVariable('PYTHONUNBUFFERED', '1'),
        *node_actions(processes),
    ]


def values_of(context: LaunchContext, system: System) -> dict[ArgumentName, Scalar]:
    """Read the arguments as launch has them."""
    given = context.launch_configurations
    return resolve(system.arguments, [(name, given[name]) for name in system.arguments])


def node_actions(processes: Sequence[NodeProcess]) -> list[Node]:
    """Turn the plan into launch_ros actions."""
    return [node_action(process) for process in processes]


def node_action(process: NodeProcess) -> Node:
    """Turn one process of the plan into a launch_ros action.

    The ROS arguments are the starter's own text, so that types and values cannot differ. The
    namespace is given relative: an including launch file may push the plant into one.
    """
    policy = process.respawn
    return Node(
        package=process.package,
        executable=process.executable,
        name=process.name,
        namespace=process.namespace.strip('/'),
        exec_name=process.label,
        ros_arguments=list(ros_arguments(process)),
        output='screen',
        emulate_tty=True,
        respawn=policy is not None,
        respawn_delay=policy.delay if policy else None,
        respawn_max_retries=policy.attempts if policy and not process.required else -1,
        on_exit=ExitWatch(process) if process.required else None,
    )


class ExitWatch:
    """Sees the ends of a required node's processes, and ends the plant when it is given up."""

    def __init__(self, process: NodeProcess) -> None:
        self._process = process
        self._health = Health()
        self._began = time.monotonic()

    def __call__(self, event: Any, context: LaunchContext) -> EmitEvent | None:
        """Take an exit; the signature is launch's.

        Raises:
            PlantCannotRun: the node is given up; launch ends with an error.
        """
        if context.is_shutdown:
            return None
        policy, code, now = self._process.respawn, event.returncode, time.monotonic()
        self._health, delay = after_exit(self._health, policy, now - self._began, code)
        if delay is not None and policy is not None:
            self._began = now + policy.delay
            return None
        if code == 0 and policy is None:
            return EmitEvent(event=Shutdown(reason=f'{self._process.label} has finished'))
        raise PlantCannotRun(
            f'the plant cannot run without {self._process.label}, which {describe_exit(code)}'
        )
