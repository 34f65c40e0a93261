# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""One run at a time where two would mix: in one ROS domain, and in one run directory.

The lock is the kernel's (flock), so it goes with the process however that ends.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .errors import RunRefused


def hold(path: Path, what: str, todo: str) -> int:
    """Take a lock for the life of this process.

    Args:
        path: the lock file; its text says who holds it.
        what: what runs already when the lock is taken.
        todo: what to do then.

    Returns:
        The descriptor that holds the lock.

    Raises:
        RunRefused: somebody else holds it, or the file cannot be opened.
    """
    try:
        held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RunRefused(f'the lock {path} cannot be opened: {error.strerror}') from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(held, 200, 0).decode('utf-8', 'replace').strip() or 'unknown'
        os.close(held)
        raise RunRefused(f'{what} (pid {holder}): {todo}') from None
    os.ftruncate(held, 0)
    os.pwrite(held, f'{os.getpid()}\n'.encode(), 0)
    return held


def hold_domain(env: Mapping[str, str]) -> int:
    """Take the lock of the ROS domain of this environment; two plants there would mix."""
    domain = env.get('ROS_DOMAIN_ID') or '0'
    path = Path(tempfile.gettempdir()) / f'linehaul-{os.getuid()}-domain-{domain}.lock'
    todo = 'stop it, or set ROS_DOMAIN_ID to another number for this one'
    return hold(path, f'a factory already runs in ROS domain {domain}', todo)


def hold_run_dir(run_dir: Path) -> int:
    """Take the lock of a run directory."""
    todo = 'stop it, or choose another run_dir'
    return hold(run_dir / 'lock', f'a factory already runs in {run_dir}', todo)
