# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Which ROS 2 is used: the one whose setup file was sourced, or the wheels.

A sourced ROS 2 wins. Once an environment was made with one, it goes on being used in shells that
have not sourced it, as long as it is still installed.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from errors import SetupError

#: Variables that hold folders, foremost first.
LISTS = ('PATH', 'LD_LIBRARY_PATH', 'PYTHONPATH', 'AMENT_PREFIX_PATH', 'CMAKE_PREFIX_PATH')
#: Variables that hold one word.
PLAIN = ('ROS_DISTRO', 'ROS_VERSION', 'ROS_PYTHON_VERSION')


@dataclass(frozen=True)
class Ros:
    """Where ROS 2 comes from.

    distro: its name, or '' for the wheels. prefix: where it is installed, '' for the wheels.
    python: the interpreter that an environment is made with. environ: what its setup file set,
    empty for the wheels.
    """

    distro: str
    prefix: str
    python: str
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def installed(self) -> bool:
        """Is it a ROS 2 installation of this machine?"""
        return bool(self.distro)


def choose(stamp: Mapping[str, Any], environ: Mapping[str, str], venv: Path) -> Ros:
    """Choose the ROS 2 to use, given the stamp of the environment there is.

    Raises:
        SetupError: a ROS 2 was sourced whose Python cannot be used.
    """
    sourced = _sourced_prefix(environ)
    if sourced:
        known = stamp.get('ros') or {}
        if (known.get('distro'), known.get('prefix')) == (environ['ROS_DISTRO'], sourced):
            python = known['python']
        else:
            python = _python_with_rclpy(environ, venv)
        return Ros(environ['ROS_DISTRO'], sourced, python, _set_by(environ))
    known = stamp.get('ros') or {}
    if known.get('distro') and Path(known['prefix'], 'share', 'rclpy').exists():
        return Ros(**known)
    return Ros('', '', _base_python())


def enter(chosen: Ros) -> None:
    """Put a ROS 2 that this shell has not sourced into this process's environment."""
    for name, value in chosen.environ.items():
        if name in LISTS:
            old = os.environ.get(name, '').split(os.pathsep)
            entries = dict.fromkeys([*value.split(os.pathsep), *old])
            os.environ[name] = os.pathsep.join(entry for entry in entries if entry)
        else:
            os.environ.setdefault(name, value)


def inside(path: str, prefix: str) -> bool:
    """Is `path` the folder `prefix`, or below it?"""
    return path == prefix or path.startswith(prefix.rstrip('/') + '/')


def _set_by(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the setup files of ROS 2 and of workspaces over it have set."""
    prefixes = [entry for entry in environ['AMENT_PREFIX_PATH'].split(os.pathsep) if entry]
    found = {name: environ[name] for name in PLAIN if environ.get(name)}
    for name in LISTS:
        entries = environ.get(name, '').split(os.pathsep)
        below = [entry for entry in entries if any(inside(entry, prefix) for prefix in prefixes)]
        if below:
            found[name] = os.pathsep.join(below)
    return found


def _base_python() -> str:
    """Return this interpreter, or the one behind the virtual environment it is in."""
    return os.path.realpath(getattr(sys, '_base_executable', '') or sys.executable)


def _sourced_prefix(environ: Mapping[str, str]) -> str:
    if not environ.get('ROS_DISTRO'):
        return ''
    prefixes = environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    found = (prefix for prefix in prefixes if prefix and Path(prefix, 'share', 'rclpy').exists())
    return next(found, '')


def _python_with_rclpy(environ: Mapping[str, str], venv: Path) -> str:
    """Return the python3 on the path that imports the sourced ROS 2's rclpy."""
    path = [entry for entry in environ.get('PATH', '').split(os.pathsep) if entry]
    outside = os.pathsep.join(entry for entry in path if Path(entry) != venv / 'bin')
    python = shutil.which('python3', path=outside)
    if python is None:
        raise SetupError(f'ROS 2 {environ["ROS_DISTRO"]} is sourced, but there is no python3')
    code = 'import sys, rclpy; print(sys.executable)'
    probe = subprocess.run(
        [python, '-c', code], capture_output=True, text=True, check=False, env=dict(environ)
    )
    if probe.returncode != 0:
        reason = (probe.stderr.strip().splitlines() or ['no reason given'])[-1]
        raise SetupError(
            f'ROS 2 {environ["ROS_DISTRO"]} is sourced, but {python} cannot import rclpy '
            f'({reason}): apt install ros-{environ["ROS_DISTRO"]}-rclpy, or unset ROS_DISTRO '
            'to use the wheels'
        )
    return probe.stdout.strip()
