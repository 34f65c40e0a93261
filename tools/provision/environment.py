# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What `tools/env` sets: computed once by sourcing, kept relative to the clone.

colcon's set-up scripts start dozens of processes; `tools/env` must not. So they are sourced here
once, and what they did is written as a few lines of shell in which the clone is `$root`.
"""

import os
import shlex
import subprocess
from collections.abc import Iterable, Mapping

from errors import SetupError
from places import Places
from ros import LISTS, PLAIN, Ros, inside
from workspace import libraries

_HEAD = """\
# Written by tools/setup and read by tools/env, which sets root; do not edit.
"""


def write(places: Places, ros: Ros) -> None:
    """Write build/environment.sh.

    Raises:
        SetupError: the built workspace cannot be sourced.
    """
    lists = _sourced(places, ros)
    lines = [f'linehaul_prepend {name} {_quoted(places, lists[name])}' for name in LISTS]
    lines.append('export VIRTUAL_ENV="$root/.venv"')
    if ros.installed:
        plain = {name: ros.environ[name] for name in PLAIN if name in ros.environ}
        lines += [f'export {name}={shlex.quote(value)}' for name, value in plain.items()]
    else:
        lines.append('export RMW_IMPLEMENTATION=rmw_fastrtps_cpp')
        lines.append('export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1')
    new = places.environment.with_suffix('.new')
    new.write_text(_HEAD + '\n'.join(lines) + '\n', encoding='utf-8')
    new.replace(places.environment)


def _sourced(places: Places, ros: Ros) -> dict[str, list[str]]:
    """Return the entries that each list variable needs, foremost first."""
    script = f'. {shlex.quote(str(places.install / "local_setup.sh"))} && env -0'
    clean = {'PATH': os.defpath, 'HOME': os.environ.get('HOME', '/')}
    run = subprocess.run(
        ['sh', '-c', script],
        capture_output=True,
        check=False,
        env={**clean, 'COLCON_PYTHON_EXECUTABLE': str(places.python)},
        cwd=places.root,
    )
    if run.returncode != 0 or not run.stdout:
        raise SetupError(f'install/local_setup.sh cannot be sourced: {run.stderr.decode()[-400:]}')
    pairs = (entry.split('=', 1) for entry in run.stdout.decode().split('\0') if '=' in entry)
    found = dict(pairs)
    lists = {name: _entries(found, name) for name in LISTS}
    ours = str(places.root)
    lists['PATH'] = [entry for entry in lists['PATH'] if entry.startswith(ours)]
    _add_below(lists, places, ros)
    return lists


def _add_below(lists: dict[str, list[str]], places: Places, ros: Ros) -> None:
    """Add what lies below the workspace: the environment, and ROS 2 itself."""
    lists['PATH'].append(str(places.venv / 'bin'))
    lists['LD_LIBRARY_PATH'].insert(0, str(places.install / 'lib'))
    if not ros.installed:
        lists['LD_LIBRARY_PATH'] += libraries(places)
        lists['AMENT_PREFIX_PATH'].append(str(places.venv))
        lists['CMAKE_PREFIX_PATH'].append(str(places.venv))
    else:
        for name in LISTS:
            lists[name] += _entries(ros.environ, name)
    for name, entries in lists.items():
        lists[name] = list(dict.fromkeys(entries))


def _entries(environ: Mapping[str, str], name: str) -> list[str]:
    return [entry for entry in environ.get(name, '').split(os.pathsep) if entry]


def _quoted(places: Places, entries: Iterable[str]) -> str:
    """Return one shell word of `entries`, in which the clone's folder is $root."""
    words = []
    for entry in entries:
        ours = inside(entry, str(places.root))
        tail = entry[len(str(places.root)) :] if ours else entry
        for character in '\\"$`':
            tail = tail.replace(character, '\\' + character)
        words.append(('$root' if ours else '') + tail)
    return '"' + ':'.join(words) + '"'
