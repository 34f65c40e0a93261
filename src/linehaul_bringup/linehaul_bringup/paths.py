# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Where things are: the table, the executables of packages, the directory of a run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from .errors import EnvironmentMissing, RunRefused

PACKAGE = 'linehaul_bringup'
_HELP = (
    'run it through `tools/env` (such as `tools/env python -m linehaul_bringup`), or build the '
    'workspace with `colcon build` and source its install/setup.bash'
)


def prefixes(env: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the install prefixes of this shell, first found first used."""
    listed = env.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    return tuple(Path(prefix) for prefix in listed if prefix)


def share_folder(name: str, env: Mapping[str, str]) -> Path:
    """Find one of `config launch maps worlds`: installed, or in the source tree.

    Raises:
        EnvironmentMissing: it is in neither.
    """
    source = Path(__file__).resolve().parents[3]
    for place in (*(prefix / 'share' / PACKAGE for prefix in prefixes(env)), source):
        if (place / name).is_dir():
            return place / name
    raise EnvironmentMissing(f'the folder {name}/ of {PACKAGE} is not installed: {_HELP}')


def has_package(package: str, env: Mapping[str, str]) -> bool:
    """Tell whether a ROS package is installed."""
    index = Path('share', 'ament_index', 'resource_index', 'packages', package)
    return any((prefix / index).exists() for prefix in prefixes(env))


def find_executable(package: str, executable: str, env: Mapping[str, str]) -> Path:
    """Find an executable of a package as ROS does.

    Raises:
        EnvironmentMissing: not in a built environment, or the package lacks it.
    """
    places = prefixes(env)
    if not places:
        raise EnvironmentMissing(f'AMENT_PREFIX_PATH is not set in this shell: {_HELP}')
    for prefix in places:
        found = prefix / 'lib' / package / executable
        if found.is_file() and os.access(found, os.X_OK):
            return found
    listed = os.pathsep.join(map(str, places))
    raise EnvironmentMissing(
        f'no executable {executable} of {package} in AMENT_PREFIX_PATH={listed}: {_HELP}'
    )


def run_dir_path(wanted: str, now: datetime, cwd: Path) -> Path:
    """Name the directory of a run: the one asked for, or `run/<time>` below `cwd`.

    Args:
        wanted: the directory asked for, or ''.
        now: local time.
        cwd: the current directory.
    """
    return cwd / (wanted or f'run/{now:%Y%m%d-%H%M%S}-{os.getpid()}')


def make_run_dir(run_dir: Path) -> None:
    """Make the directory of a run.

    Raises:
        RunRefused: it cannot be made.
    """
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f'the run directory {run_dir} cannot be made: {error.strerror}'
        raise RunRefused(message) from error
