# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the machine must have, each with one line that says how to get it."""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from errors import SetupError

_GIB = 1024**3
NEW_ENVIRONMENT_BYTES = 3 * _GIB
REBUILD_BYTES = _GIB // 2
_PROBE = '#include <Python.h>\n#include <string>\nint main() { return 0; }\n'


def machine() -> None:
    """Check that ROS 2 wheels exist for this kind of machine.

    Raises:
        SetupError: they do not.
    """
    if platform.machine() not in ('x86_64', 'AMD64') or sys.platform != 'linux':
        raise SetupError(
            f'ROS 2 comes as wheels for x86-64 Linux only, and this is {platform.machine()} '
            f'{platform.system()}: install ROS 2, source its setup file, and run this again'
        )
    name, version = platform.libc_ver()
    if name != 'glibc' or tuple(int(part) for part in version.split('.')[:2]) < (2, 28):
        raise SetupError(
            f'the ROS 2 wheels need glibc 2.28 or newer, and this is {name or "another libc"} '
            f'{version}: use Debian 12, Ubuntu 22.04 or newer'
        )


def venv_module() -> None:
    """Check that this Python can make a virtual environment with pip in it.

    Raises:
        SetupError: Debian's python3-venv is missing.
    """
    if any(importlib.util.find_spec(name) is None for name in ('venv', 'ensurepip')):
        version = f'{sys.version_info.major}.{sys.version_info.minor}'
        raise SetupError(f'Python {version} has no venv module: apt install python{version}-venv')


def disk(folder: Path, needed: int) -> None:
    """Check that `folder`'s disk has `needed` bytes free.

    Raises:
        SetupError: it has not.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise SetupError(
            f'{free / _GIB:.1f} GB are free on the disk of {folder}, and {needed / _GIB:.1f} GB '
            'are needed: make room and run this again'
        )


def compiler() -> None:
    """Check that C and C++ can be compiled against this Python.

    Raises:
        SetupError: a compiler or the headers of Python or libc are missing.
    """
    for name in (os.environ.get('CC', 'gcc'), os.environ.get('CXX', 'g++')):
        if shutil.which(name.split()[0]) is None:
            raise SetupError(f'no {name} was found: apt install build-essential')
    include = sysconfig.get_paths()['include']
    if not Path(include, 'Python.h').exists():
        version = f'{sys.version_info.major}.{sys.version_info.minor}'
        raise SetupError(f'Python.h is not in {include}: apt install python{version}-dev')
    command = [*os.environ.get('CXX', 'g++').split(), '-fsyntax-only', '-x', 'c++', '-']
    probe = subprocess.run(
        [*command, f'-I{include}'], input=_PROBE, text=True, capture_output=True, check=False
    )
    if probe.returncode != 0:
        reason = next(iter(probe.stderr.strip().splitlines()), 'no reason given')
        raise SetupError(
            f'a two-line C++ program does not compile ({reason}): apt install build-essential'
        )
