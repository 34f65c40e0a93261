# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps alarm events, warning records and what was learnt, so that a killed node goes on.

Alarm events and warning records are written before anybody is told. On a full disk they wait in
memory, in their order, and are written as soon as there is room: alarms go on being shown.
"""

from collections.abc import Sequence
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

    Raises:
        JournalError: the journal cannot be opened.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._journal = None if folder is None else Journal(folder / 'sensors.db')
        self._waiting: list[tuple[float, list[tuple[str, dict[str, Any]]]]] = []
        self.trouble = ''

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
            self.trouble = str(error)
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
            self.trouble = str(error)
        else:
            self.trouble = ''

    def learn(self, pipeline: Pipeline, table: ChannelTable, now: float) -> None:
        """Write what was learnt; `now` in s."""
        if self._folder is None:
            return
        try:
            learned.save(self._folder / 'learned.npz', pipeline.maintenance, table, now)
        except HistoryError as error:
            self.trouble = str(error)

    def close(self) -> None:
        """Close the journal."""
        if self._journal is not None:
            self._journal.close()
