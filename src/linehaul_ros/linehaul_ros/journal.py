# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A journal on disk: write first, then act.

One SQLite file in WAL mode. `Journal.append` returns when the records are in the file, so what
follows may be done; after a ``kill -9`` `Journal.replay` gives every record that `append` returned
for, in order. A torn last write is rolled back by SQLite. Bodies are JSON objects.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

_SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS event (
    seq  INTEGER PRIMARY KEY,
    time REAL NOT NULL,
    kind TEXT NOT NULL,
    body BLOB NOT NULL
)""",
    """
CREATE TABLE IF NOT EXISTS kept (
    name TEXT PRIMARY KEY,
    body BLOB NOT NULL
)""",
)


class JournalError(RuntimeError):
    """The journal cannot be read or written; the text says which file and why."""


class JournalFullError(JournalError):
    """The disk is full; nothing of the batch was written."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the journal: number, plant time [s], kind, and the JSON body."""

    seq: int
    time: float
    kind: str
    body: dict[str, Any]


class Journal:
    """An append-only journal in one SQLite file.

    Args:
        path: the file; its folder is made.
        durable: True also survives a power cut (a disk flush for each append); False survives the
            death of the process, but a power cut may take the last appends.
        aside: the log is copied into the file, with the disk flushes that takes, by a thread of
            its own; else now and then an append does it, and waits for the disk.

    Raises:
        JournalError: the file is not a journal or cannot be opened.
    """

    def __init__(self, path: Path, *, durable: bool = False, aside: bool = False) -> None:
        self.path = path
        self._copier: _Copier | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f'journal {path}: cannot open: {error}') from error
        try:
            self._db.execute('PRAGMA journal_mode=WAL')
            self._db.execute(f'PRAGMA synchronous={"FULL" if durable else "NORMAL"}')
            for table in _SCHEMA:
                self._db.execute(table)
        except sqlite3.Error as error:
            self._db.close()
            raise JournalError(f'journal {path}: cannot open: {error}') from error
        if aside:
            self._db.execute('PRAGMA wal_autocheckpoint=0')
            self._copier = _Copier(path)

    def append(
        self,
        time: float,
        records: Iterable[tuple[str, dict[str, Any]]],
        kept: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a batch, all or nothing.

        Args:
            time: plant time [s] of the batch.
            records: (kind, body) pairs.
            kept: values by name, each in the place of its last one: present state that would
                make the journal grow without need.

        Raises:
            JournalFullError: the disk is full.
            JournalError: any other failure to write.
        """
        rows = [(time, kind, orjson.dumps(body)) for kind, body in records]
        values = [(name, orjson.dumps(body)) for name, body in (kept or {}).items()]
        if not rows and not values:
            return
        try:
            self._db.execute('BEGIN IMMEDIATE')
            self._db.executemany('INSERT INTO event (time, kind, body) VALUES (?, ?, ?)', rows)
            self._db.executemany('INSERT OR REPLACE INTO kept VALUES (?, ?)', values)
            self._db.execute('COMMIT')
        except sqlite3.Error as error:
            self._roll_back()
            if 'full' in str(error):
                raise JournalFullError(f'journal {self.path}: the disk is full') from error
            raise JournalError(f'journal {self.path}: cannot write: {error}') from error
        if self._copier is not None:
            self._copier.grown()

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute('ROLLBACK')

    def replay(self, after: int = 0) -> Iterator[Record]:
        """Yield every record behind one, in the order of writing.

        Raises:
            JournalError: the file is damaged; the text says at which record.
        """
        last = after
        try:
            for seq, time, kind, body in self._db.execute(
                'SELECT seq, time, kind, body FROM event WHERE seq > ? ORDER BY seq', (after,)
            ):
                yield Record(seq, time, kind, orjson.loads(body))
                last = seq
        except (sqlite3.DatabaseError, orjson.JSONDecodeError) as error:
            raise JournalError(
                f'journal {self.path}: damaged after record {last}: {error}; '
                'move the file away to begin anew, or restore it from a backup'
            ) from error

    @property
    def last(self) -> int:
        """The number of the last record; 0: there is none."""
        return int(self._db.execute('SELECT ifnull(max(seq), 0) FROM event').fetchone()[0])

    def look(self, name: str) -> Any:
        """Return the last value that was kept under a name; None: there is none.

        Raises:
            JournalError: the file is damaged.
        """
        try:
            row = self._db.execute('SELECT body FROM kept WHERE name = ?', (name,)).fetchone()
            return orjson.loads(row[0]) if row else None
        except (sqlite3.DatabaseError, orjson.JSONDecodeError) as error:
            raise JournalError(f'journal {self.path}: damaged: {error}') from error

    def kept(self) -> dict[str, Any]:
        """Return the last value of each name that was kept.

        Raises:
            JournalError: the file is damaged.
        """
        try:
            rows = self._db.execute('SELECT name, body FROM kept').fetchall()
            return {name: orjson.loads(body) for name, body in rows}
        except (sqlite3.DatabaseError, orjson.JSONDecodeError) as error:
            raise JournalError(f'journal {self.path}: damaged: {error}') from error

    def close(self) -> None:
        """Close the file."""
        if self._copier is not None:
            self._copier.close()
        self._db.close()

    def __enter__(self) -> 'Journal':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Copier:
    """Copies the log of a journal into its file (SQLite's passive checkpoint), in a thread.

    Appends go on meanwhile. What it cannot do is done at the next time, or at the next start.
    """

    def __init__(self, path: Path, every: int = 250) -> None:
        self._path = path
        self._every = every
        self._appends = 0
        self._wanted = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name='journal', daemon=True)
        self._thread.start()

    def grown(self) -> None:
        """Note one append."""
        self._appends += 1
        if self._appends >= self._every:
            self._appends = 0
            self._wanted.set()

    def close(self) -> None:
        """End the thread; it may need a moment to end a copy."""
        self._closing = True
        self._wanted.set()
        self._thread.join(10.0)

    def _run(self) -> None:
        with contextlib.closing(sqlite3.connect(self._path, isolation_level=None)) as db:
            while True:
                self._wanted.wait()
                self._wanted.clear()
                if self._closing:
                    return
                with contextlib.suppress(sqlite3.Error):
                    db.execute('PRAGMA wal_checkpoint(PASSIVE)').fetchall()
