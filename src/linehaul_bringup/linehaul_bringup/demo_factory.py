# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The factory that the demo runs: the starter as a process of its own.

The starter gets the demo's last will: it stops cleanly when the demo ends, also by kill -9.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from .child import newborn
from .status import RunStatus, read_status

#: longer than the starter takes for a clean stop [s]
STOP_PATIENCE = 8.0
LAST_LINES = 20


class Factory:
    """A running factory; a context manager that stops it at the end.

    Args:
        run_dir: directory of the run; it exists.
        words: arguments of the starter.
    """

    def __init__(self, run_dir: Path, words: Sequence[str]) -> None:
        self.began = time.monotonic()
        self._run_dir = run_dir
        self._log = run_dir / 'starter.log'
        with self._log.open('wb') as log:
            self._process = subprocess.Popen(
                [sys.executable, '-m', 'linehaul_bringup', *words, f'run_dir={run_dir}'],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Safe here: rclpy starts its threads later, and numpy's never run Python.
                preexec_fn=newborn(os.getpid(), signal.SIGTERM),  # noqa: PLW1509
            )

    def __enter__(self) -> Factory:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def status(self) -> RunStatus | None:
        """Return what its nodes are doing, or None before it says so."""
        return read_status(self._run_dir / 'status.json')

    def restarts(self) -> dict[str, int]:
        """Return the restarts of each node."""
        status = self.status()
        return {label: node.restarts for label, node in status.nodes.items()} if status else {}

    def broken(self) -> str:
        """Say why it no longer runs, or '' while it does."""
        if self._process.poll() is None:
            return ''
        status = self.status()
        if status and status.reason:
            return status.reason
        lines = self._log.read_text(encoding='utf-8', errors='replace').splitlines()
        last = '\n    '.join(lines[-LAST_LINES:])
        return f'the factory ended with exit code {self._process.returncode}:\n    {last}'

    def stop(self) -> None:
        """Stop it and wait until it is gone."""
        for number in (signal.SIGINT, signal.SIGKILL):
            if self._process.poll() is not None:
                return
            self._process.send_signal(number)
            try:
                self._process.wait(STOP_PATIENCE)
            except subprocess.TimeoutExpired:
                continue
