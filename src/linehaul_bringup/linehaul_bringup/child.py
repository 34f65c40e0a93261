# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""One child process: born so that it cannot outlive its parent, watched without threads.

The child leads its own session and process group, so that a Ctrl-C of the terminal reaches only
the starter, and so that what the child starts itself can be ended with it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Child:
    """A running process and the two descriptors that tell about it.

    Args:
        process: the process; it leads a process group of the same number.
        watch: pidfd, readable once the process has ended.
        output: read end of its standard output and error, non-blocking.
    """

    process: subprocess.Popen[bytes]
    watch: int
    output: int

    @property
    def pid(self) -> int:
        """Return the number of the process and of its group."""
        return self.process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and all it started."""
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            return

    def reap(self) -> int:
        """End what is left of the group and collect the exit code of the ended process.

        The group is ended first: until the process is collected nobody else can get its number.
        """
        self.signal(signal.SIGKILL)
        code = self.process.wait()
        os.close(self.watch)
        return code


def spawn(argv: Sequence[str], env: Mapping[str, str], cwd: Path | None = None) -> Child:
    """Start a process.

    Raises:
        OSError: it cannot be started, such as a missing executable or no memory.
    """
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            start_new_session=True,
            # Safe here: the starter has one thread, so nothing holds a lock across the fork.
            preexec_fn=newborn(os.getpid(), signal.SIGKILL),  # noqa: PLW1509
        )
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    os.set_blocking(reading, False)
    return Child(process, os.pidfd_open(process.pid), reading)


def newborn(parent: int, farewell: signal.Signals) -> Callable[[], None]:
    """Make what a child does before it becomes the program.

    Args:
        parent: the process that starts it.
        farewell: the signal the child gets when its parent dies, however that happens.
    """

    def prepare() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, farewell)
        # A shell that started us in the background left Ctrl-C ignored, and that is inherited.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        if os.getppid() != parent:  # it died before the request above was in place
            os._exit(1)

    return prepare
