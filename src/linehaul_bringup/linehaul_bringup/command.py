# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""From a process of the plan to a command line with ROS arguments."""

from __future__ import annotations

import json
from pathlib import Path

from .arguments import Scalar
from .plan import NodeProcess
from .system import Parameter


def parameter_text(value: Parameter) -> str:
    """Write a parameter value as ROS reads it on a command line: YAML in flow form.

    Texts are always quoted, so that '007', 'yes' or '' stay texts.
    """
    if isinstance(value, tuple):
        return '[' + ', '.join(parameter_text(item) for item in value) + ']'
    return _scalar_text(value)


def _scalar_text(value: Scalar) -> str:
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def ros_arguments(process: NodeProcess) -> tuple[str, ...]:
    """Return the ROS arguments of a process besides its name and namespace."""
    arguments: list[str] = []
    for source, target in process.remappings:
        arguments += ['-r', f'{source}:={target}']
    for file in process.parameter_files:
        arguments += ['--params-file', file]
    for name, value in process.parameters:
        arguments += ['-p', f'{name}:={parameter_text(value)}']
    return tuple(arguments)


def command_line(process: NodeProcess, executable: Path) -> tuple[str, ...]:
    """Build the command line of a process.

    Args:
        process: what to run.
        executable: the executable's file.
    """
    names = ('-r', f'__node:={process.name}', '-r', f'__ns:={process.namespace}')
    return (str(executable), '--ros-args', *names, *ros_arguments(process))
