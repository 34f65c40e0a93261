# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The warehouse's file: an append-only journal, and what makes it quick to read.

`event` is the truth; triggers refuse any change of it. `trace` has a row for each load that came
or left, written with its event, so that the past can be asked too. `snapshot` is the state after
some event, so that opening needs only the events behind it; without it, all are folded.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from linehaul_warehouse import events as ev
from linehaul_warehouse.codec import build, dump
from linehaul_warehouse.errors import EventError, StoreError, StoreFullError
from linehaul_warehouse.ids import LoadId, Lot, OrderId, RequestId
from linehaul_warehouse.rack import Rack
from linehaul_warehouse.state import Facts, State

_SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY, time REAL NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL);
CREATE TRIGGER IF NOT EXISTS event_keep BEFORE UPDATE ON event
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS event_stay BEFORE DELETE ON event
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TABLE IF NOT EXISTS trace (
    seq INTEGER NOT NULL, load TEXT NOT NULL, item TEXT NOT NULL, lot TEXT NOT NULL,
    quantity INTEGER NOT NULL, orders TEXT NOT NULL, came INTEGER NOT NULL, place TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS trace_load ON trace (load, seq);
CREATE INDEX IF NOT EXISTS trace_lot ON trace (lot, load, orders);
CREATE INDEX IF NOT EXISTS trace_orders ON trace (orders, seq) WHERE orders != '';
CREATE TABLE IF NOT EXISTS request (
    kind TEXT, id TEXT, asked INTEGER, ended INTEGER, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS snapshot (
    name TEXT PRIMARY KEY, seq INTEGER NOT NULL, body BLOB NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Trace:
    """A load that came into the warehouse (came 1) or left it, for an order ('' none)."""

    seq: int
    load_id: LoadId
    item_id: str
    lot: Lot
    quantity: int
    order_id: OrderId
    came: int
    place: str


class Store:
    """One SQLite file in WAL mode.

    Args:
        path: the file; its folder is made. ':memory:' keeps nothing.
        durable: True also survives a power cut; False the death of the process only.

    Raises:
        StoreError: the file is no warehouse's journal or cannot be opened.
    """

    def __init__(self, path: Path | str, *, durable: bool = False) -> None:
        self.path = path
        try:
            if path != ':memory:':
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f'journal {path}: cannot open: {error}') from error
        try:
            self._db.execute('PRAGMA journal_mode=WAL')
            self._db.execute(f'PRAGMA synchronous={"FULL" if durable else "NORMAL"}')
            self._db.executescript(_SCHEMA)
            self.last = int(
                self._db.execute('SELECT ifnull(max(seq), 0) FROM event').fetchone()[0]
            )
        except sqlite3.Error as error:
            self._db.close()
            raise StoreError(f'journal {path}: cannot open: {error}') from error

    # Writing.

    def append(self, events: Sequence[tuple[float, ev.Event]]) -> None:
        """Write events, all or none; when this returns they are in the file.

        Args:
            events: (plant time [s], event) pairs.

        Raises:
            StoreFullError: the disk is full.
            StoreError: any other failure to write.
        """
        if not events:
            return
        rows, traces, asked, ended = [], [], [], []
        for seq, (time, event) in enumerate(events, self.last + 1):
            rows.append((seq, time, type(event).__name__, dump(event)))
            trace = _trace(event)
            if trace is not None:
                traces.append((seq, *trace))
            elif isinstance(event, ev.RetrievalAsked | ev.StorageAsked):
                asked.append((_key(event), event.request.id, seq))
            elif isinstance(event, ev.RetrievalEnded | ev.StorageEnded):
                ended.append((seq, _key(event), event.request_id))
        with _Transaction(self._db, self.path):
            self._db.executemany('INSERT INTO event VALUES (?, ?, ?, ?)', rows)
            self._db.executemany('INSERT INTO trace VALUES (?, ?, ?, ?, ?, ?, ?, ?)', traces)
            self._db.executemany('INSERT INTO request VALUES (?, ?, ?, NULL)', asked)
            self._db.executemany('UPDATE request SET ended = ? WHERE kind = ? AND id = ?', ended)
        self.last += len(events)

    def save(self, state: State) -> None:
        """Write a snapshot; the state must have all events of the file in it."""
        row = ('state', self.last, dump(state.facts))
        with _Transaction(self._db, self.path):
            self._db.execute('INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?)', row)

    # Reading.

    def replay(self, after: int = 0) -> Iterator[tuple[float, ev.Event]]:
        """Yield time and event of every record behind one, in the order of writing.

        Raises:
            StoreError: the file is damaged; the text says at which record.
        """
        good = after
        try:
            query = 'SELECT seq, time, kind, body FROM event WHERE seq > ? ORDER BY seq'
            for seq, time, kind, body in self._db.execute(query, (after,)):
                yield time, ev.from_record(kind, orjson.loads(body))
                good = seq
        except (sqlite3.DatabaseError, orjson.JSONDecodeError) as error:
            raise StoreError(
                f'journal {self.path}: damaged after record {good}: {error}; '
                'restore it from a backup, or move it away and count the stock'
            ) from error

    def load(self, rack: Rack) -> State:
        """Return the state: the snapshot, and the events behind it."""
        try:
            row = self._db.execute('SELECT seq, body FROM snapshot').fetchone()
            state = State(rack, build(Facts, orjson.loads(row[1])) if row else None)
        except (sqlite3.DatabaseError, ValueError, EventError):
            row, state = None, State(rack)  # the journal has it all
        for time, event in self.replay(row[0] if row else 0):
            state.apply(time, event)
        return state

    def rebuild(self, rack: Rack) -> State:
        """Return the state from the journal alone."""
        state = State(rack)
        for time, event in self.replay():
            state.apply(time, event)
        return state

    def known(self, kind: str, request_id: RequestId) -> tuple[ev.Event, ev.Event | None] | None:
        """Return how a request was asked and ended, however long ago; None: never.

        Args:
            kind: 'retrieve' or 'store'; each has its own ids.
            request_id: made by the caller.
        """
        query = 'SELECT asked, ended FROM request WHERE kind = ? AND id = ?'
        row = self._read(query, kind, request_id)
        if not row:
            return None
        asked, ended = row[0]
        return self._event(asked), self._event(ended) if ended else None

    def _event(self, seq: int) -> ev.Event:
        ((kind, body),) = self._read('SELECT kind, body FROM event WHERE seq = ?', seq)
        return ev.from_record(kind, orjson.loads(body))

    def of_load(self, load_id: LoadId) -> list[Trace]:
        """Return what came and left under a load id, oldest first."""
        return self._traces('SELECT * FROM trace WHERE load = ? ORDER BY seq', load_id)

    def of_order(self, order_id: OrderId) -> list[Trace]:
        """Return what came or left for an order, oldest first."""
        query = "SELECT * FROM trace WHERE orders = ? AND orders != '' ORDER BY seq"
        return self._traces(query, order_id)

    def of_lot(self, lot: Lot) -> list[tuple[LoadId, OrderId]]:
        """Return every load that a lot was ever in, with each order it left or came for."""
        return self._read('SELECT DISTINCT load, orders FROM trace WHERE lot = ?', lot)

    def _traces(self, query: str, value: str) -> list[Trace]:
        rows = self._read(query, value)
        return [Trace(*row) for row in rows]

    def _read(self, query: str, *values: object) -> list[Any]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f'journal {self.path}: cannot read: {error}') from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> 'Store':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Transaction:
    """All or nothing, and SQLite's errors in our words."""

    def __init__(self, db: sqlite3.Connection, path: Path | str) -> None:
        self._db, self._path = db, path

    def __enter__(self) -> None:
        try:
            self._db.execute('BEGIN IMMEDIATE')
        except sqlite3.Error as error:
            raise StoreError(f'journal {self._path}: cannot write: {error}') from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            try:
                self._db.execute('COMMIT')
            except sqlite3.Error as failure:
                error = failure
        if error is None:
            return
        if self._db.in_transaction:
            self._db.execute('ROLLBACK')
        if not isinstance(error, sqlite3.Error):
            return
        if 'full' in str(error):
            raise StoreFullError(f'journal {self._path}: the disk is full') from error
        raise StoreError(f'journal {self._path}: cannot write: {error}') from error


def _key(event: ev.Event) -> str:
    retrieval = isinstance(event, ev.RetrievalAsked | ev.RetrievalEnded)
    return 'retrieve' if retrieval else 'store'


def _trace(event: ev.Event) -> tuple[object, ...] | None:
    match event:
        case ev.LoadReceived(load):
            place = f'{load.place.kind.name.lower()} {load.place.id}'
            order = load.order_id
            return load.id, load.item_id, load.lot, load.quantity, order, 1, place
        case ev.LoadIssued(load_id, item, lot, quantity, order_id, _, port):
            return load_id, item, lot, quantity, order_id, 0, f'port {port}'
        case ev.LoadRemoved(load_id, actor, reason):
            return load_id, '', '', 0, '', 0, f'removed by {actor}: {reason}'
    return None


def append_all(store: Store, state: State, events: Iterable[tuple[float, ev.Event]]) -> None:
    """Write events and fold them in: write first, then act."""
    batch = list(events)
    store.append(batch)
    for time, event in batch:
        state.apply(time, event)
