# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Append-only segments: what was just read, on disk before the minute is over.

A segment is a file of frames: magic, count, length and CRC-32 of a zlib-compressed block of
columns. A frame is written in one call. After a crash or a full disk the last frame may be torn;
reading stops there, tells how many bytes it left out, and loses nothing before. A segment is never
appended to by another process: each start begins a new one.
"""

import itertools
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from linehaul_sensors.errors import HistoryError
from linehaul_sensors.readings import Readings, concatenate, make_readings

_HEAD = struct.Struct('<4sIII')
_MAGIC = b'LHS1'
_WIDTH = 4 + 8 + 8 + 1 + 2
SUFFIX = '.seg'
_MOST = 1 << 28


class SegmentWriter:
    """Writes one segment.

    Args:
        folder: where; it is made.
        start: [ns] time of the first write, which names the file.
        durable: flush to the disk at each append; else the death of the process loses nothing, but
            a power cut may lose what the system had not written yet.

    Raises:
        HistoryError: the file cannot be made.
    """

    def __init__(self, folder: Path, start: int, *, durable: bool = False) -> None:
        self._durable = durable
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.path, self._fd = _create(folder, start)
        except OSError as error:
            raise HistoryError(f'history {folder}: cannot make a segment: {error}') from error

    def append(self, batch: Readings) -> int:
        """Write a batch and return its bytes on disk.

        Raises:
            HistoryError: the disk is full or broken; what was there before is still whole.
        """
        frame = encode(batch)
        end = os.lseek(self._fd, 0, os.SEEK_END)
        try:
            if os.write(self._fd, frame) != len(frame):
                raise OSError('the disk took only a part')
            if self._durable:
                os.fdatasync(self._fd)
        except OSError as error:
            os.ftruncate(self._fd, end)
            raise HistoryError(f'segment {self.path}: cannot write: {error}') from error
        return len(frame)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def __enter__(self) -> 'SegmentWriter':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _create(folder: Path, start: int) -> tuple[Path, int]:
    while True:
        path = folder / f'{start:020d}{SUFFIX}'
        try:
            return path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        except FileExistsError:
            start += 1


def encode(batch: Readings) -> bytes:
    """Return a batch as one frame."""
    columns = (
        batch.channel.astype('<u4').tobytes(),
        batch.time.astype('<i8').tobytes(),
        batch.value.astype('<f8').tobytes(),
        batch.quality.tobytes(),
        batch.flags.astype('<u2').tobytes(),
    )
    body = zlib.compress(b''.join(columns), 1)
    return _HEAD.pack(_MAGIC, len(batch), len(body), zlib.crc32(body)) + body


@dataclass(frozen=True, slots=True)
class Segment:
    """What is in a segment, and how many bytes of a torn tail were left out."""

    readings: Readings
    torn: int


def read_segment(path: Path) -> Segment:
    """Read every whole frame of a segment.

    Raises:
        HistoryError: the file cannot be read at all.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise HistoryError(f'segment {path}: cannot read: {error}') from error
    batches, end = [], 0
    for batch, stop in _frames(data):
        batches.append(batch)
        end = stop
    return Segment(concatenate(batches), len(data) - end)


def _frames(data: bytes) -> Iterator[tuple[Readings, int]]:
    """Yield each whole frame and where it ends; stop at the first that is not."""
    at = 0
    while at + _HEAD.size <= len(data):
        magic, count, length, crc = _HEAD.unpack_from(data, at)
        begin, end = at + _HEAD.size, at + _HEAD.size + length
        if magic != _MAGIC or length > _MOST or end > len(data):
            return
        body = data[begin:end]
        if zlib.crc32(body) != crc:
            return
        raw = zlib.decompress(body)
        if len(raw) != count * _WIDTH:
            return
        yield _columns(raw, count), end
        at = end


def _columns(raw: bytes, n: int) -> Readings:
    view = memoryview(raw)
    cuts = np.cumsum([0, 4 * n, 8 * n, 8 * n, n, 2 * n]).tolist()
    parts = [view[a:b] for a, b in itertools.pairwise(cuts)]
    kinds = ('<u4', '<i8', '<f8', 'u1', '<u2')
    return make_readings(*(np.frombuffer(p, k) for p, k in zip(parts, kinds, strict=True)))
