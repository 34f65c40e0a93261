# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A watcher that ends what a killed starter leaves behind.

Each node dies with the starter by the kernel's parent-death signal; what a node started itself
does not. The warden holds the read end of a pipe on which the starter names its process groups
(`+123`, `-123`). When the pipe closes, the starter is gone however it went, and the named groups
are ended. It runs without site packages, so that it starts in milliseconds.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path


class Warden:
    """The starter's side: tell the watcher which process groups live."""

    def __init__(self) -> None:
        """Start the watcher; it ends by itself when this process ends."""
        self._process = subprocess.Popen(
            [sys.executable, '-I', '-S', str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def add(self, group: int) -> None:
        """Name a process group that lives."""
        self._tell(f'+{group}\n')

    def drop(self, group: int) -> None:
        """Name a process group that has ended."""
        self._tell(f'-{group}\n')

    def close(self) -> None:
        """Let the watcher go."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, text: str) -> None:
        try:
            os.write(self._process.stdin.fileno(), text.encode())  # type: ignore[union-attr]
        except BrokenPipeError:  # somebody killed the watcher: the kernel's signal still works
            return


def living(lines: Iterable[str]) -> set[int]:
    """Fold the starter's lines into the set of groups that live at their end."""
    groups: set[int] = set()
    for line in lines:
        number = int(line[1:])
        (groups.add if line[0] == '+' else groups.discard)(number)
    return groups


def main() -> None:
    """Read until the starter is gone, then end its groups."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for group in living(line for line in sys.stdin if line.endswith('\n')):
        try:
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


if __name__ == '__main__':
    main()
