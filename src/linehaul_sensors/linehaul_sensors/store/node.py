# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps alarm events, warning records and what was learnt, so that a killed node goes on.

Alarm events and warning records are written before anybody is told. On a full disk they wait in
memory, in their order, and are written as soon as there is room: alarms go on being shown. No
write waits for the disk's flush; what was learnt, tens of megabytes, is written by a thread.
"""

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from linehaul_ros.journal import Journal, JournalError

from linehaul_sensors import alarm_book, early_warnings, learned
from linehaul_sensors.alarm_book import AlarmEvent
from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.early_warnings import WarningRecord
from linehaul_sensors.errors import HistoryError
from linehaul_sensors.pipeline import Pipeline

_MOST_WAITING = 100_000


class Store:
    """The memory of one node; without a folder nothing survives a restart.

    Args:
        folder: of `sensors.db` and `learned.npz`; None: nothing is written.
        aside: who writes what must not hold up readings; one thing at a time.

    Raises:
        JournalError: the journal cannot be opened.
    """

    def __init__(self, folder: Path | None, aside: Executor) -> None:
        self._folder = folder
        self._aside = aside
        self._journal = None if folder is None else Journal(folder / 'sensors.db', aside=True)
        self._waiting: list[tuple[float, list[tuple[str, dict[str, Any]]]]] = []
        self._learning: Future[None] | None = None
        self._troubles = {'journal': '', 'learnt': ''}

    @property
    def trouble(self) -> str:
        """What cannot be written or read, and why; '' if nothing."""
        return '; '.join(text for text in self._troubles.values() if text)

    def restore(self, pipeline: Pipeline, table: ChannelTable) -> None:
        """Give a fresh pipeline what is known; a damaged file of what was learnt is told.

        Raises:
            JournalError: the journal is damaged.
        """
        if self._journal is None or self._folder is None:
            return
        alarms: list[AlarmEvent] = []
        warnings: list[WarningRecord] = []
        for record in self._journal.replay():
            if record.kind == 'alarm':
                alarms.append(alarm_book.from_record(record.body))
            elif record.kind == 'warning':
                warnings.append(early_warnings.from_record(record.body))
        pipeline.alarms.restore(alarms)
        learnt = float('-inf')
        try:
            learnt = learned.load(self._folder / 'learned.npz', pipeline.maintenance, table)
        except HistoryError as error:
            self._troubles['learnt'] = str(error)
        pipeline.maintenance.restore(warnings, learnt)

    def write(
        self, now: float, events: Sequence[AlarmEvent], warnings: Sequence[WarningRecord]
    ) -> None:
        """Write what happened; `now` in s. A full disk is told by `trouble`."""
        if self._journal is None or not (events or warnings or self._waiting):
            return
        rows = [('alarm', alarm_book.to_record(event)) for event in events]
        rows += [('warning', early_warnings.to_record(record)) for record in warnings]
        if rows and len(self._waiting) < _MOST_WAITING:
            self._waiting.append((now, rows))
        try:
            while self._waiting:
                self._journal.append(*self._waiting[0])
                self._waiting.pop(0)
        except JournalError as error:
            self._troubles['journal'] = str(error)
        else:
            self._troubles['journal'] = ''

    def learn(
        self, pipeline: Pipeline, table: ChannelTable, now: float, *, last: bool = False
    ) -> None:
        """Have what was learnt written; not while the time before is still being written.

        Args:
            pipeline: that learnt.
            table: its channels.
            now: [s].
            last: it is the last time, and worth waiting for.
        """
        busy = self._learning is not None and not self._learning.done()
        if self._folder is None or (busy and not last):
            return
        arrays = learned.copy(pipeline.maintenance, table, now)
        path = self._folder / 'learned.npz'
        self._learning = self._aside.submit(learned.write, path, arrays)

    def tick(self) -> None:
        """Note how writing what was learnt ended; call it about once a second."""
        if self._learning is None or not self._learning.done():
            return
        error = self._learning.exception()
        self._learning = None
        if error is not None and not isinstance(error, HistoryError):
            raise error
        self._troubles['learnt'] = '' if error is None else str(error)

    def close(self) -> None:
        """Close the journal."""
        if self._journal is not None:
            self._journal.close()
