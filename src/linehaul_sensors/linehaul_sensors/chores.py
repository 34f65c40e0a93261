# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Work that must not hold up readings: compaction, retention, pictures, in a process of its own.

One at a time, at a low priority, in the order they were asked for. A chore that is asked for while
the same one waits is done once. What a chore cannot do stands in its last line, which is told.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence

_LONGEST = 64  # chores that wait


class Chores:
    """The chores of one node."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, ...]] = []
        self._running: subprocess.Popen[str] | None = None
        self._words: tuple[str, ...] = ()

    def ask(self, words: Sequence[str]) -> None:
        """Have `python -m linehaul_sensors WORDS…` run; the oldest go when too many wait."""
        if tuple(words) not in self._waiting:
            self._waiting.append(tuple(words))
        del self._waiting[:-_LONGEST]

    @property
    def idle(self) -> bool:
        """Nothing runs and nothing waits."""
        return self._running is None and not self._waiting

    def tick(self) -> str:
        """Start the next one; return why the last one failed, or ''."""
        told = ''
        if self._running is not None:
            code = self._running.poll()
            if code is None:
                return ''
            _, errors = self._running.communicate()
            self._running = None
            if code != 0:
                last = (errors.strip().splitlines() or ['no reason told'])[-1]
                told = f'{self._words[0]} failed ({code}): {last}'
        if self._waiting:
            self._words = self._waiting.pop(0)
            self._running = subprocess.Popen(
                ['nice', sys.executable, '-m', 'linehaul_sensors', *self._words],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, 'OMP_NUM_THREADS': '1'},
            )
        return told

    def close(self) -> None:
        """Let the one that runs end in peace for a moment, then stop it; it is all or nothing."""
        if self._running is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._running.communicate(timeout=5.0)
            if self._running.poll() is None:
                self._running.terminate()
                self._running.communicate()
