# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the fleet's events on disk, also where the disk is full.

Beside the journal lies a reserve: a file of zeros. When the disk is full the reserve is given up,
which makes room for what happens to the work that was accepted; new work is refused until the disk
has room again and the reserve is back. If even that is not enough, events wait in memory and are
written as soon as there is room: a fleet that stood still would not make any.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from linehaul_ros.journal import Journal, JournalError, JournalFullError

from linehaul_fleet.codes import Code, Refusal
from linehaul_fleet.events import Event, from_record, to_record

RESERVE = 4_000_000
"""Bytes of the reserve: some ten thousand events."""
TRY_AGAIN = 50
"""Writes between two tries to get the reserve back."""


class Store:
    """The journal of one fleet; without a folder nothing survives a restart.

    Args:
        folder: of `fleet.db` and `fleet.reserve`; None: nothing is written.

    Raises:
        JournalError: the journal cannot be opened.
    """

    def __init__(self, folder: Path | None) -> None:
        self._reserve = None if folder is None else folder / 'fleet.reserve'
        self._journal = None if folder is None else self._open(folder / 'fleet.db')
        self._waiting: list[tuple[float, list[tuple[str, dict[str, Any]]]]] = []
        self._kept: dict[str, Any] = {}
        self._writes = 0
        self.trouble = '' if self._book() else 'the disk is full: no room for the reserve'

    def _open(self, path: Path) -> Journal:
        """Open the journal; on a full disk its side files need the room of the reserve."""
        try:
            return Journal(path)
        except JournalError:
            if not self._give_reserve():
                raise
            return Journal(path)

    def history(self) -> list[tuple[float, Event]]:
        """Return all events, oldest first.

        Raises:
            JournalError: the journal is damaged.
            EventError: it holds something that this version cannot read.
        """
        if self._journal is None:
            return []
        return [(r.time, from_record(r.kind, r.body)) for r in self._journal.replay()]

    def kept(self) -> dict[str, Any]:
        """Return the present state that was kept beside the events."""
        return {} if self._journal is None else self._journal.kept()

    def write(self, now: float, events: Sequence[Event], kept: Mapping[str, Any]) -> None:
        """Write what has been decided. Afterwards `trouble` says what is wrong, if anything is."""
        if self._journal is None:
            return
        self._kept |= kept
        if events:
            self._waiting.append((now, [to_record(event) for event in events]))
        if self._waiting or self._kept:
            self._flush(self._journal)
        if self.trouble:
            self._recover()

    @property
    def written(self) -> bool:
        """True where everything that was given is on disk."""
        return not self._waiting

    def _flush(self, journal: Journal) -> None:
        """Write all that waits, in its order; what cannot be written goes on waiting."""
        try:
            while len(self._waiting) > 1:
                self._append(journal, *self._waiting[0], {})
                del self._waiting[0]
            time, records = self._waiting[0] if self._waiting else (0.0, [])
            self._append(journal, time, records, self._kept)
            self._waiting, self._kept = [], {}
        except JournalError as error:
            self.trouble = str(error)

    def _append(
        self,
        journal: Journal,
        time: float,
        records: list[tuple[str, dict[str, Any]]],
        kept: Mapping[str, Any],
    ) -> None:
        try:
            journal.append(time, records, kept)
        except JournalFullError as error:
            self.trouble = str(error)
            if not self._give_reserve():
                raise
            journal.append(time, records, kept)

    def _recover(self) -> None:
        """See now and then whether there is room again."""
        self._writes += 1
        if self._waiting or self._kept or self._writes % TRY_AGAIN:
            return
        if self._book():
            self.trouble = ''

    def _book(self) -> bool:
        """Make the reserve; False: there is no room for it."""
        if self._reserve is None:
            return True
        try:
            with self._reserve.open('ab') as file:
                os.posix_fallocate(file.fileno(), 0, RESERVE)
        except OSError:
            self._give_reserve()
            return False
        return True

    def _give_reserve(self) -> bool:
        """Give the reserve up; False: there was none."""
        if self._reserve is None or not self._reserve.exists():
            return False
        given = self._reserve.stat().st_size > 0
        with self._reserve.open('r+b') as file:
            file.truncate(0)
        return given

    def refusal(self) -> Refusal | None:
        """Return why no new work can be taken; None: it can."""
        if not self.trouble:
            return None
        return Refusal(
            Code.DISK_FULL, f'{self.trouble}; what was accepted goes on, ask again later'
        )

    def close(self) -> None:
        """Close the file."""
        if self._journal is not None:
            self._journal.close()
