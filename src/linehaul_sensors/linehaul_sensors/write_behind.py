# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Readings to history behind the alarms' back: nobody waits for the disk.

A disk may take seconds to make a file or to take a write while it flushes another's. `append` only
puts a batch in line; a thread writes what waits, in its order, in as few frames as it can. While
the disk is full or gone the batches wait and are tried again. The line is bounded: once it is full
new readings are refused, so that alarms go on and memory stays flat; who appends is told.

The death of the process loses what waits, which is a few milliseconds' worth on a disk that works.
Alarms and warnings have a journal of their own, which is written before they are told.
"""

import threading
from collections import deque

from linehaul_sensors.errors import HistoryError
from linehaul_sensors.history import MINUTE, History
from linehaul_sensors.readings import Readings, concatenate

MOST = 4_000_000
"""Readings that may wait: 90 MB, or 2.4 hours of a plant of 463/s."""
_FRAME = 200_000  # readings in one frame
_PATIENCE = 1.0  # [s] before a disk that refused is tried again


class WriteBehind:
    """Writes to one history in a thread of its own.

    Args:
        history: where readings go; nobody else appends to it.
        most: readings that may wait.
    """

    def __init__(self, history: History, most: int = MOST) -> None:
        self.history = history
        self.trouble = ''
        """Why the disk does not take what waits; '' when it does."""
        self._most = most
        self._line: deque[tuple[Readings, int]] = deque()
        self._waiting = 0
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name='history', daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Readings that are not written yet."""
        return self._waiting

    def append(self, batch: Readings, now: int) -> None:
        """Put a batch in line; `now` in ns.

        Raises:
            HistoryError: too much waits already; the batch is not taken.
        """
        if not len(batch):
            return
        with self._changed:
            if self._waiting and self._waiting + len(batch) > self._most:
                text = f'{self._waiting} readings wait for the disk; no more are taken'
                raise HistoryError(f'{text}: {self.trouble}' if self.trouble else text)
            self._line.append((batch, now))
            self._waiting += len(batch)
            self._changed.notify()

    def close(self, timeout: float = 10.0) -> int:
        """Write what waits and close the history; return how many readings the disk did not take.

        Args:
            timeout: [s] a disk that works may need; one that refuses is tried once more only.
        """
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout)
        if not self._thread.is_alive():
            self.history.close()
        return self._waiting

    # -- in the thread

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._line and not self._closing:
                    self._changed.wait()
                taken = self._take()
                closing = self._closing
            if not taken:
                return
            done = self._write(taken)
            with self._changed:
                if done:
                    self._waiting -= sum(len(batch) for batch, _ in taken)
                    continue
                self._line.extendleft(reversed(taken))
                if closing:
                    return
                self._changed.wait_for(lambda: self._closing, _PATIENCE)

    def _take(self) -> list[tuple[Readings, int]]:
        """Take the batches of one frame off the line: of one minute, and not too many."""
        taken: list[tuple[Readings, int]] = []
        size = 0
        while self._line:
            batch, now = self._line[0]
            if taken and (now // MINUTE != taken[0][1] // MINUTE or size + len(batch) > _FRAME):
                break
            taken.append(self._line.popleft())
            size += len(batch)
        return taken

    def _write(self, taken: list[tuple[Readings, int]]) -> bool:
        try:
            self.history.append(concatenate([batch for batch, _ in taken]), taken[0][1])
        except HistoryError as error:
            self.trouble = str(error)
            return False
        self.trouble = ''
        return True
