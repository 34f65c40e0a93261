# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The memory of the sensor layer: segments, compacted to Parquet by the hour.

A folder holds

- ``channels.json``: the number of each channel id, given once and kept, so that a changed channel
  table does not mix channels up;
- ``segments/``: what is not compacted yet (see `segments`);
- ``raw/day=…/hour=…/*.parquet``: readings by source time, sorted by channel and time; days that
  are over become one file in ``hour=all`` (see `history_days`);
- ``hour/day=…/*.parquet``: minimum, maximum, sum, count and worst quality of each channel's hours;
- ``commits``: one byte for each commit, so that a query notices one while it reads;
- ``minute/day=…/*.parquet``: minima, means, maxima of old days whose readings are deleted.

Compaction is done in full or not at all: what is to be renamed and deleted is written down first,
in ``commit.json``, and a start after a crash finishes it. Times are kept in milliseconds.
"""

import contextlib
import fcntl
import json
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from linehaul_sensors.errors import HistoryError
from linehaul_sensors.ids import ChannelId
from linehaul_sensors.readings import NS, Quality, Readings, concatenate
from linehaul_sensors.segments import SUFFIX, SegmentWriter, read_segment

MINUTE, HOUR, DAY = 60 * NS, 3600 * NS, 86_400 * NS
MS = 1_000_000
WHOLE_DAY = 'hour=all'
_ENCODING = {
    'channel': 'DELTA_BINARY_PACKED',
    'time': 'DELTA_BINARY_PACKED',
    'quality': 'PLAIN',
    'flags': 'PLAIN',
}


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction did: readings kept, duplicates left out, bytes torn, segments done."""

    readings: int = 0
    duplicates: int = 0
    torn: int = 0
    segments: int = 0


class History:
    """One history folder with one writer; any number of readers may query it.

    Args:
        folder: where; it is made.
        channels: ids of the channel table: row i of the table is channel i of the readings.
        durable: flush each append to the disk.

    Raises:
        HistoryError: the folder cannot be used.
    """

    def __init__(
        self, folder: Path, channels: Sequence[ChannelId], *, durable: bool = False
    ) -> None:
        self.folder = folder
        self._durable = durable
        self._segments = folder / 'segments'
        try:
            self._segments.mkdir(parents=True, exist_ok=True)
            with sole(folder) as alone:
                if alone:  # else another process compacts just now
                    finish_commit(folder)
                    _clear(folder)
        except OSError as error:
            raise HistoryError(f'history {folder}: cannot be used: {error}') from error
        self._number = _numbers(folder, channels)
        self._writer: SegmentWriter | None = None
        self._minute = 0

    def append(self, batch: Readings, now: int) -> int:
        """Write a batch of checked readings; return its bytes on disk.

        Args:
            batch: readings; those the quality check does not keep are left out by the caller.
            now: [ns]; a new segment begins each minute.

        Raises:
            HistoryError: the disk is full or broken.
        """
        if not len(batch):
            return 0
        if self._writer is None or now // MINUTE != self._minute:
            self.roll()
            self._writer = SegmentWriter(self._segments, now, durable=self._durable)
            self._minute = now // MINUTE
        own = Readings(
            self._number[batch.channel], batch.time, batch.value, batch.quality, batch.flags
        )
        return self._writer.append(own)

    def roll(self) -> None:
        """Close the present segment, so that it can be compacted."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def close(self) -> None:
        """Close the history."""
        self.roll()

    def compact(self, *, running: bool = False) -> Compacted:
        """Bring all closed segments into Parquet.

        Args:
            running: another process writes; its segment, the newest, is left alone.

        Raises:
            HistoryError: a segment cannot be read or the disk is full; nothing is lost.
        """
        with sole(self.folder) as alone:
            return self._compact(running) if alone else Compacted()

    def _compact(self, running: bool) -> Compacted:
        open_one = self._writer.path if self._writer else None
        closed = [p for p in sorted(self._segments.glob(f'*{SUFFIX}')) if p != open_one]
        closed = closed[:-1] if running else closed
        if not closed:
            return Compacted()
        parts = [read_segment(path) for path in closed]
        torn = sum(part.torn for part in parts)
        everything = concatenate([part.readings for part in parts])
        rows = _order(everything)
        kept = everything.take(rows)
        try:
            moves = self._write_hours(kept)
            commit(self.folder, moves, closed)
        except OSError as error:
            raise HistoryError(f'history {self.folder}: cannot compact: {error}') from error
        return Compacted(len(kept), len(everything) - len(kept), torn, len(closed))

    def _write_hours(self, kept: Readings) -> dict[str, str]:
        hours = kept.time // HOUR
        moves = {}
        for hour in np.unique(hours).tolist():
            part = kept.take(hours == hour)
            name = f'{uuid.uuid4().hex}.parquet'
            for target, write in (
                (hour_folder(self.folder, hour * HOUR) / name, write_parquet),
                (sums_folder(self.folder, hour * HOUR) / name, write_sums),
            ):
                target.parent.mkdir(parents=True, exist_ok=True)
                temporary = target.with_suffix('.part')
                write(part, temporary)
                moves[str(temporary.relative_to(self.folder))] = str(
                    target.relative_to(self.folder)
                )
        return moves


def _order(batch: Readings) -> np.ndarray:
    """Return the rows in the order of channel and time, each exact duplicate once."""
    time = batch.time // MS
    order = np.lexsort((time, batch.channel))
    channel, time, value = batch.channel[order], time[order], batch.value[order]
    same = (np.diff(channel) == 0) & (np.diff(time) == 0)
    same &= (value[1:] == value[:-1]) | (np.isnan(value[1:]) & np.isnan(value[:-1]))
    same &= batch.quality[order][1:] == batch.quality[order][:-1]
    return order[np.concatenate([[True], ~same])] if order.size else order


def hour_folder(folder: Path, time: int) -> Path:
    """Return the folder of the hour of a time [ns]."""
    when = datetime.fromtimestamp(time / NS, timezone.utc)
    return folder / 'raw' / f'day={when:%Y-%m-%d}' / f'hour={when:%H}'


def sums_folder(folder: Path, time: int) -> Path:
    """Return the folder of the sums of the day of a time [ns]."""
    when = datetime.fromtimestamp(time / NS, timezone.utc)
    return folder / 'hour' / f'day={when:%Y-%m-%d}'


def write_sums(part: Readings, path: Path) -> None:
    """Write one row for each channel of sorted readings of one hour; as tier `minute` has them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    first = np.flatnonzero(np.diff(part.channel, prepend=np.int64(-1)))
    usable = part.quality < Quality.BAD
    count = np.add.reduceat(usable.astype(np.int64), first)
    low = np.minimum.reduceat(np.where(usable, part.value, np.inf), first)
    high = np.maximum.reduceat(np.where(usable, part.value, -np.inf), first)
    total = np.add.reduceat(np.where(usable, part.value, 0.0), first)
    none = count == 0
    table = pa.table(
        {
            'channel': part.channel[first],
            'time': part.time[first] // HOUR * (HOUR // MS),
            'low': pa.array(low, mask=none),
            'high': pa.array(high, mask=none),
            'total': pa.array(total, mask=none),
            'count': count,
            'worst': np.maximum.reduceat(part.quality, first),
        }
    )
    pq.write_table(table, path, compression='zstd')
    _flush(path)


def write_table() -> dict[str, Any]:
    """Return how readings are written to Parquet."""
    return {
        'compression': 'zstd',
        'use_dictionary': ['value'],
        'column_encoding': _ENCODING,
        'data_page_size': 65_536,
        'write_page_index': True,
    }


def write_parquet(part: Readings, path: Path) -> None:
    """Write sorted readings of one hour and flush them to the disk."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            'channel': part.channel,
            'time': part.time // MS,
            'value': part.value,
            'quality': part.quality,
            'flags': part.flags,
        }
    )
    pq.write_table(table, path, row_group_size=131_072, **write_table())
    _flush(path)


def _clear(folder: Path) -> None:
    """Delete what a compaction that died before its commit had begun to write."""
    for tier in ('raw', 'minute', 'hour'):
        for path in (folder / tier).glob('**/*.part'):
            path.unlink()


def _numbers(folder: Path, channels: Sequence[ChannelId]) -> np.ndarray:
    """Return (C,) the history's own number of each channel, giving numbers to new ones."""
    known = channel_numbers(folder)
    fresh = [c for c in channels if c not in known]
    for name in fresh:
        known[name] = len(known)
    if fresh or not (folder / 'channels.json').exists():
        _replace(folder / 'channels.json', known)
    return np.array([known[c] for c in channels], dtype=np.uint32)


def channel_numbers(folder: Path) -> dict[ChannelId, int]:
    """Return the number of each channel id that a history knows.

    Raises:
        HistoryError: the file that says it is damaged.
    """
    path = folder / 'channels.json'
    try:
        known = path.stat()
    except FileNotFoundError:
        return {}
    return dict(_read_numbers(path, known.st_mtime_ns, known.st_size, known.st_ino))


@lru_cache(maxsize=8)
def _read_numbers(path: Path, *_version: int) -> dict[ChannelId, int]:
    """Read the file of numbers, once for each version of it."""
    try:
        found: dict[ChannelId, int] = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise HistoryError(f'{path}: damaged: {error}') from error
    return found


# -- all or nothing


@contextlib.contextmanager
def sole(folder: Path) -> Iterator[bool]:
    """Tell whether this process alone moves files of a history; ends with the process."""
    with (folder / 'lock').open('a') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def commit(folder: Path, moves: dict[str, str], delete: Iterable[Path]) -> None:
    """Rename and delete files in full or not at all, whatever happens in between.

    Args:
        folder: of the history.
        moves: temporary to final names, both below the folder.
        delete: files whose contents are in the new ones.
    """
    gone = [str(path.relative_to(folder)) for path in delete]
    _replace(folder / 'commit.json', {'moves': moves, 'delete': gone})
    finish_commit(folder)


def finish_commit(folder: Path) -> bool:
    """Do what a commit wrote down; return whether there was one."""
    path = folder / 'commit.json'
    if not path.exists():
        return False
    work: dict[str, Any] = json.loads(path.read_text(encoding='utf-8'))
    for source, target in work['moves'].items():
        if (folder / source).exists():
            os.replace(folder / source, folder / target)
    for name in work['delete']:
        (folder / name).unlink(missing_ok=True)
    with (folder / 'commits').open('ab') as count:
        count.write(b'.')
    path.unlink()
    return True


def _replace(path: Path, content: Any) -> None:
    temporary = path.with_suffix('.part')
    temporary.write_text(json.dumps(content), encoding='utf-8')
    _flush(temporary)
    os.replace(temporary, path)


def _flush(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
