# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The virtual environment: made afresh from the lock files, whole or not at all.

A half-made one (no stamp) is thrown away: pip keeps what it downloaded, so little is lost.
"""

import dataclasses
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator

import checks
import mend
import stamp
from child import logged
from errors import SetupError
from places import Places
from ros import Ros
from say import say

LAYERS_WHEELS = ('ros', 'build', 'runtime', 'dev')
LAYERS_ROS = ('build', 'runtime', 'dev')
#: A ROS 2 installation is compiled against its own of these; another would shadow it.
ROS_OWN = {'numpy', 'pyyaml', 'setuptools', 'empy', 'lark-parser', 'catkin-pkg', 'cmake', 'ninja'}

#: Never or seldom imported, or compiled already.
_NOT_COMPILED = r'/(tests?|testing|mypy|cmake|setuptools|pip|docutils|fontTools|lib2to3)/'


def wanted(places: Places, ros: Ros, version: str) -> str:
    """Return the fingerprint of the environment that the lock files ask for.

    Raises:
        SetupError: there are no lock files for this version of Python.
    """
    folder = places.lock / version
    if not folder.is_dir():
        raise SetupError(f'there is no lock file for Python {version} (tools/lock/{version})')
    texts = [(folder / f'{layer}.txt').read_bytes() for layer in _layers(ros)]
    return stamp.fingerprint([stamp.EDITION, version, ros.distro, ros.prefix, *texts])


def make(places: Places, ros: Ros, version: str, want: str, keep: int) -> None:
    """Make the environment anew.

    Raises:
        SetupError: something is missing, or a step failed.
    """
    if not ros.installed:
        checks.machine()
    checks.venv_module()
    checks.compiler()
    _remove(places)
    checks.disk(places.root, checks.NEW_ENVIRONMENT_BYTES)
    say(f'making .venv with Python {version}' + (f' over ROS 2 {ros.distro}' * ros.installed))
    site = ['--system-site-packages'] if ros.installed else []
    logged(
        [ros.python, '-I', '-m', 'venv', *site, str(places.venv)],
        places.log / 'setup-venv.log',
        what='making .venv',
        hint=f'apt install python{version}-venv',
        env=os.environ,
        cwd=places.root,
        keep=(keep,),
    )
    _install(places, ros, version, keep)
    _compile(places, keep)
    if not ros.installed:
        say('mending the wheels')
        mend.wheels(places.venv, places.python)
    stamp.write(
        places.venv_stamp,
        {
            'fingerprint': want,
            'root': str(places.root),
            'version': version,
            'ros': dataclasses.asdict(ros),
        },
    )


def _layers(ros: Ros) -> tuple[str, ...]:
    return LAYERS_ROS if ros.installed else LAYERS_WHEELS


def bury(places: Places) -> None:
    """Remove an old environment that was put away."""
    shutil.rmtree(places.build / 'venv.old', ignore_errors=True)


def _remove(places: Places) -> None:
    """Put the old environment away, then remove it: never is half of one under its name."""
    bury(places)
    if places.venv.exists():
        places.build.mkdir(exist_ok=True)
        places.venv.rename(places.build / 'venv.old')
        bury(places)


def _install(places: Places, ros: Ros, version: str, keep: int) -> None:
    present = _present(ros) & ROS_OWN if ros.installed else set()
    hashed = platform.machine() == 'x86_64'
    pins = [
        pin
        for layer in _layers(ros)
        for pin in pins_of((places.lock / version / f'{layer}.txt').read_text(encoding='utf-8'))
        if pin.partition('==')[0] not in present
    ]
    lines = pins if hashed else [pin.partition(' ')[0] for pin in pins]
    file = places.venv / 'requirements.txt'
    file.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    say(f'installing {len(lines)} packages')
    command = ['-I', '-m', 'pip', 'install', '--no-deps', '--no-compile', '--no-input']
    logged(
        [str(places.python), *command, '--progress-bar=off', '-r', str(file)],
        places.log / 'setup-pip.log',
        what='installing packages',
        hint='check the network and the room on the disk, then run this again',
        # The bootstrapper of the wheels starts Python anew for a library path pip does not need.
        env={**os.environ, '_ROS_WHEELS_BOOTSTRAP_COMPLETE': '1'},
        cwd=places.root,
        keep=(keep,),
    )


def _compile(places: Places, keep: int) -> None:
    """Compile the modules: nodes start sooner, where Python may not write them itself too."""
    command = ['-I', '-m', 'compileall', '-qq', '-j0', '-x', _NOT_COMPILED]
    # A module that does not compile (some are templates) is nothing to stop for.
    subprocess.run(
        [str(places.python), *command, str(places.venv / 'lib')],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=False,
        env={**os.environ, '_ROS_WHEELS_BOOTSTRAP_COMPLETE': '1'},
        pass_fds=(keep,),
    )


def pins_of(text: str) -> Iterator[str]:
    """Yield each pin of a lock file as one line: 'name==version --hash=…'."""
    for line in re.sub(r'\\\n\s*', '', text).splitlines():
        if line and not line.startswith('#'):
            yield line


def _present(ros: Ros) -> set[str]:
    """Return the names of what the ROS 2 installation's own Python already has."""
    code = (
        'import importlib.metadata as m, re; print(*{re.sub("[-_.]+", "-", d.metadata["Name"])'
        '.lower() for d in m.distributions() if d.metadata["Name"]})'
    )
    probe = subprocess.run([ros.python, '-c', code], capture_output=True, text=True, check=True)
    names = set(probe.stdout.split())
    return names | ({'lark-parser'} if 'lark' in names else set())
