# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Build the workspace with colcon: only the packages whose fingerprint has changed.

An interrupted build is continued; if that fails, the half-made files are thrown away and it is
built once more from nothing.
"""

import os
import shutil
import sys
from collections.abc import Mapping

import checks
import stamp
from child import logged
from errors import SetupError
from places import Places
from ros import Ros
from say import say

#: Generated C code is compiled for quick building: Python spends its time elsewhere.
_FLAGS = '-O0 -g0 -w'
_HINT = 'mend what it names and run this again'


def stale(places: Places, want: Mapping[str, str]) -> tuple[list[str], bool]:
    """Return the packages to build, and whether all must be built from nothing.

    A package that has gone leaves files behind that nobody would take away, and so does an
    interface that has gone: then everything is built anew.
    """
    built = stamp.read(places.build_stamp)
    have = built.get('packages', {})
    names = [name for name, digest in want.items() if have.get(name) != digest]
    gone = set(have) - set(want) or set(built.get('interfaces', ())) - set(interfaces(places))
    if not places.environment.exists():
        names = names or sorted(want)
    return (sorted(want), True) if gone else (names, False)


def interfaces(places: Places) -> list[str]:
    """Return the interface files of all packages, as src-relative names."""
    files = [file for kind in ('msg', 'srv', 'action') for file in places.src.glob(f'*/{kind}/*')]
    return sorted(str(file.relative_to(places.src)) for file in files)


def build(places: Places, ros: Ros, names: list[str], afresh: bool, keep: int) -> None:
    """Build the packages `names`.

    Raises:
        SetupError: a package does not build.
    """
    checks.disk(places.root, checks.REBUILD_BYTES)
    checks.compiler()
    interrupted = places.build_running.exists()
    if afresh:
        clean(places)
    places.build.mkdir(exist_ok=True)
    places.build_running.touch()
    say(f'building {len(names)} packages: {" ".join(names)}')
    try:
        _colcon(places, ros, names, keep)
    except SetupError:
        if not interrupted:
            places.build_running.unlink()
            raise
        say('a build that was interrupted before cannot be continued: building from nothing')
        clean(places)
        places.build.mkdir()
        _colcon(places, ros, sorted(stamp.package_fingerprints(places, '')), keep)


def done(places: Places, want: Mapping[str, str]) -> None:
    """Write down what the workspace was built from."""
    content = {
        'root': str(places.root),
        'packages': dict(want),
        'interfaces': interfaces(places),
    }
    stamp.write(places.build_stamp, content)
    places.build_running.unlink(missing_ok=True)


def clean(places: Places) -> None:
    """Throw away what colcon has made."""
    for folder in (places.install, places.build):
        shutil.rmtree(folder, ignore_errors=True)


def _colcon(places: Places, ros: Ros, names: list[str], keep: int) -> None:
    cores = str(len(os.sched_getaffinity(0)))
    cmake = ['-DBUILD_TESTING=OFF', '-DLINEHAUL_PYTHON_ONLY=ON', '--no-warn-unused-cli']
    cmake += [f'-DCMAKE_C_FLAGS={_FLAGS}', f'-DCMAKE_CXX_FLAGS={_FLAGS}']
    cmake += [f'-DPython3_EXECUTABLE={ros.python if ros.installed else places.python}']
    if shutil.which('ninja', path=_path(places, ros)):
        cmake += ['-G', 'Ninja']
    command = [str(places.python), '-m', 'colcon', '--log-base', str(places.log), 'build']
    command += ['--base-paths', 'src', '--merge-install', '--symlink-install']
    command += ['--parallel-workers', cores, '--event-handlers', 'console_direct+']
    command += ['--packages-select', *names, '--cmake-args', *cmake]
    logged(
        command,
        places.log / 'setup-build.log',
        what='building the workspace',
        hint=_HINT,
        env=_environment(places, ros, cores),
        cwd=places.root,
        keep=(keep,),
    )


def _path(places: Places, ros: Ros) -> str:
    """Return the program path of a build; ROS 2's own CMake must not find our tools first."""
    ours = [str(places.venv / 'bin'), os.environ.get('PATH', os.defpath)]
    return os.pathsep.join(reversed(ours) if ros.installed else ours)


def _environment(places: Places, ros: Ros, cores: str) -> dict[str, str]:
    env = {**os.environ, 'PATH': _path(places, ros), '_ROS_WHEELS_BOOTSTRAP_COMPLETE': '1'}
    # colcon would hold ninja back while the machine is busy; make's own flags are not ninja's.
    env.update(MAKEFLAGS=f'-j{cores}', CMAKE_BUILD_PARALLEL_LEVEL=cores)
    env['COLCON_DEFAULTS_FILE'] = os.devnull
    # Pickles of one Python are not read by another.
    version = f'{sys.version_info.major}.{sys.version_info.minor}'
    env['LINEHAUL_IDL_CACHE'] = str(places.build / f'idl-{version}')
    for name in ('MAKELEVEL', 'MFLAGS', 'PYTHONWARNINGS', 'PYTHONHOME'):
        env.pop(name, None)
    if not ros.installed:
        for name in ('PYTHONPATH', 'COLCON_PREFIX_PATH', 'ROS_DISTRO'):
            env.pop(name, None)
        env['AMENT_PREFIX_PATH'] = env['CMAKE_PREFIX_PATH'] = str(places.venv)
        env['LD_LIBRARY_PATH'] = os.pathsep.join(libraries(places))
    return env


def libraries(places: Places) -> list[str]:
    """Return the folders of the wheels' shared libraries."""
    version = f'python{sys.version_info.major}.{sys.version_info.minor}'
    bundled = (places.venv / 'lib' / version / 'site-packages').glob('ros_*.libs')
    return [str(places.venv / 'lib'), *sorted(str(folder) for folder in bundled)]
