# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Make the environment and the workspace, or find them up to date.

Run by `tools/setup`. One set-up at a time works in a clone; a second one waits for the first.
"""

import argparse
import fcntl
import os
import signal
import sys
from pathlib import Path

import environment
import relocate
import ros
import stamp
import virtual
import workspace
from errors import SetupError
from places import Places
from say import say

_VERSION = f'{sys.version_info.major}.{sys.version_info.minor}'


def up_to_date(places: Places, chosen: ros.Ros) -> bool:
    """Is everything as the repository asks for, here and now?"""
    have = stamp.read(places.venv_stamp)
    built = stamp.read(places.build_stamp)
    want = virtual.wanted(places, chosen, _VERSION)
    if have.get('fingerprint') != want or not places.python.exists():
        return False
    if {have.get('root'), built.get('root')} != {str(places.root)}:
        return False
    return not workspace.stale(places, stamp.package_fingerprints(places, want))[0]


def set_up(places: Places, chosen: ros.Ros, keep: int) -> None:
    """Make whatever is missing or out of date.

    Raises:
        SetupError: something is missing on this machine, or a step failed.
    """
    _carry_along(places)
    want = virtual.wanted(places, chosen, _VERSION)
    if stamp.read(places.venv_stamp).get('fingerprint') != want or not places.python.exists():
        virtual.make(places, chosen, _VERSION, want, keep)
    packages = stamp.package_fingerprints(places, want)
    names, afresh = workspace.stale(places, packages)
    if names:
        workspace.build(places, chosen, names, afresh, keep)
        environment.write(places, chosen)
        workspace.done(places, packages)
    virtual.bury(places)
    say('the environment is ready')


def _carry_along(places: Places) -> None:
    """Rewrite what was built elsewhere, or throw it away where that cannot be done safely."""
    stamps = {path: stamp.read(path) for path in (places.venv_stamp, places.build_stamp)}
    olds = {content['root'] for content in stamps.values() if content.get('root')}
    new = str(places.root)
    for old in sorted(olds - {new}):
        if not relocate.possible(old, new):
            places.venv_stamp.unlink(missing_ok=True)
            workspace.clean(places)
            return
        say(f'the clone has moved from {old}: rewriting its paths')
        relocate.rewrite(places, old, new)
    if olds - {new}:
        for path, content in stamps.items():
            if content:
                stamp.write(path, {**content, 'root': new})


def _locked(root: Path) -> int:
    """Return the clone's lock; children inherit it, so that orphans of a killed set-up hold it."""
    lock = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say('another set-up is at work in this clone: waiting for it')
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _right_python(chosen: ros.Ros) -> None:
    """Go on in the Python that the environment is made with, if this is another one."""
    own = os.path.realpath(getattr(sys, '_base_executable', '') or sys.executable)
    if os.path.realpath(chosen.python) != own and Path(chosen.python).exists():
        arguments = ['-I', '-S', '-B', str(Path(__file__).parent), *sys.argv[1:]]
        os.execv(chosen.python, [chosen.python, *arguments])


def main() -> int:
    """Parse the command line and do it; 0 is ready, 2 is a reason on stderr."""
    parser = argparse.ArgumentParser(prog='tools/setup', description=__doc__)
    parser.add_argument('--check', action='store_true', help='only tell: 0 is up to date, 1 not')
    arguments = parser.parse_args()
    places = Places()
    try:
        chosen = ros.choose(stamp.read(places.venv_stamp), os.environ, places.venv)
        _right_python(chosen)
        ros.enter(chosen)
        if up_to_date(places, chosen):
            return 0
        if arguments.check:
            return 1
        lock = _locked(places.root)
        set_up(places, chosen, lock)
    except SetupError as error:
        print(f'set-up: {error}', file=sys.stderr)
        return 2
    except OSError as error:
        print(f'set-up: {error}; mend that and run this again', file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    # Ctrl-C is a person's wish, not a fault: no traceback, and the next run repairs.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(main())
