# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings: frames of a running floor as JSON lines, each line only what has changed.

The first line names the plant; every other line is one moment:

    {"format": "linehaul-replay", "version": 1, "plant": "cell"}
    {"t": 12.0, "vehicles": {"agv_001": ["agv", x, y, theta, charge, "delivery", goal, [loads],
     request, note]}, "gone": [...], "ways": {"agv_001": [goal, released, [nodes]]}, "waits": {…},
     "closed": [...], "delivered": 3}

A way that only moved on gives, in place of its nodes, how many of them it has left behind; a way
that ended is null. `waits` and `closed` are whole whenever they change. A file that ends within a
line (the recorder was killed) is read up to that line. Names that end in .gz are compressed.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import count
from math import isfinite, nan
from pathlib import Path
from typing import Any, TextIO

from linehaul_floor import ClassId, VehicleId
from linehaul_traffic.errors import InputError
from linehaul_traffic.replay.frames import Frame, Reason, Vehicle, Wait, Way, Work

FORMAT, VERSION = 'linehaul-replay', 1
_DIGITS = 4  # a tenth of a millimetre, and of a milliradian


@dataclass(frozen=True, slots=True)
class Recording:
    """What was recorded: the plant's name, and frames in rising time."""

    plant: str
    frames: tuple[Frame, ...]


class Encoder:
    """Turns frames into lines; remembers the last frame, so that a line holds changes only."""

    def __init__(self, plant: str) -> None:
        self.header = json.dumps({'format': FORMAT, 'version': VERSION, 'plant': plant})
        self._last = Frame(-1.0)

    def line(self, frame: Frame) -> str:
        """Return the line of a frame, without its newline.

        Raises:
            InputError: the time is not a number, or not later than that of the last frame.
        """
        if not isfinite(frame.time) or frame.time <= self._last.time:
            raise InputError(f'frame at {frame.time} s comes after one at {self._last.time} s')
        last, self._last = self._last, frame
        record: dict[str, Any] = {'t': round(frame.time, _DIGITS)}
        record['vehicles'] = {
            v: _vehicle_row(now)
            for v, now in frame.vehicles.items()
            if last.vehicles.get(v) != now
        }
        record['gone'] = [v for v in last.vehicles if v not in frame.vehicles]
        record['ways'] = _way_rows(last.ways, frame.ways)
        if frame.waits != last.waits:
            record['waits'] = {
                v: [w.waits_for, w.element, w.reason.value] for v, w in frame.waits.items()
            }
        if frame.closed != last.closed:
            record['closed'] = list(frame.closed)
        if frame.delivered != last.delivered:
            record['delivered'] = frame.delivered
        kept = {k: v for k, v in record.items() if v or k in ('t', 'waits', 'closed', 'delivered')}
        return json.dumps(kept, separators=(',', ':'), ensure_ascii=False, allow_nan=False)


def _vehicle_row(vehicle: Vehicle) -> list[Any]:
    row = [getattr(vehicle, f.name) for f in fields(vehicle)]
    row[1:5] = [round(v, _DIGITS) if isfinite(v) else None for v in row[1:5]]
    row[5], row[7] = vehicle.work.value, list(vehicle.loads)
    return row


def _way_rows(
    last: Mapping[VehicleId, Way], now: Mapping[VehicleId, Way]
) -> dict[VehicleId, list[Any] | None]:
    rows: dict[VehicleId, list[Any] | None] = {v: None for v in last if v not in now}
    for vehicle, way in now.items():
        before = last.get(vehicle)
        if before == way:
            continue
        left = _left_behind(before, way) if before else None
        nodes = list(way.nodes) if left is None else left
        rows[vehicle] = [way.goal, way.released, nodes]
    return rows


def _left_behind(before: Way, now: Way) -> int | None:
    """Return how many nodes of the way before are left behind, None where it is another way."""
    left = len(before.nodes) - len(now.nodes)
    return left if left >= 0 and before.nodes[left:] == now.nodes else None


def open_for_writing(path: Path) -> TextIO:
    """Open a recording to be written.

    Raises:
        OSError: it cannot be.
    """
    if path.suffix == '.gz':
        return gzip.open(path, 'wt', encoding='utf-8', compresslevel=5)
    return path.open('w', encoding='utf-8')


def read_recording(path: Path) -> Recording:
    """Read a recording.

    Raises:
        InputError: it cannot be read, or a line of it is wrong.
    """
    opener = gzip.open if path.suffix == '.gz' else open
    try:
        with opener(path, 'rt', encoding='utf-8') as file:
            lines = list(_whole_lines(file))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f'{path}: cannot be read: {error}') from error
    plant = _plant(path, lines[0] if lines else '')
    return Recording(plant, tuple(decode(lines[1:], str(path))))


def is_recording(first_line: str) -> bool:
    """Tell whether a file that begins with this line is a recording."""
    return f'"{FORMAT}"' in first_line[:200]


def _whole_lines(file: Iterable[str]) -> Iterator[str]:
    """Yield the lines that were written to their end, also of a file that was cut off."""
    try:
        yield from (line for line in file if line.endswith('\n'))
    except EOFError:  # a compressed file whose end was never written
        return


def _plant(path: Path, line: str) -> str:
    try:
        header = json.loads(line)
        wrong = header['format'] != FORMAT or header['version'] != VERSION
        plant = str(header['plant'])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f'{path}: line 1 is not the head of a recording: {error}') from error
    if wrong:
        raise InputError(f'{path}: wanted {FORMAT} version {VERSION}, found {line.strip()[:80]}')
    return plant


def decode(lines: Iterable[str], where: str = 'recording') -> Iterator[Frame]:
    """Yield the frames of the lines after the first.

    Raises:
        InputError: a line is wrong; the message says where and how.
    """
    last = Frame(-1.0)
    for number, line in zip(count(2), lines):
        try:
            last = _next(last, json.loads(line))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise InputError(f'{where}: line {number}: {error!r}') from error
        yield last


def _next(last: Frame, record: dict[str, Any]) -> Frame:
    time = float(record['t'])
    if not isfinite(time) or time <= last.time:
        raise ValueError(f'time {time} after {last.time}')
    vehicles = {v: k for v, k in last.vehicles.items() if v not in record.get('gone', ())}
    vehicles |= {VehicleId(v): _vehicle(row) for v, row in record.get('vehicles', {}).items()}
    waits = last.waits
    if 'waits' in record:
        waits = {VehicleId(v): Wait(w[0], w[1], Reason(w[2])) for v, w in record['waits'].items()}
    return Frame(
        time=time,
        vehicles=vehicles,
        ways=_ways(last.ways, record.get('ways', {})),
        waits=waits,
        closed=tuple(record.get('closed', last.closed)),
        delivered=int(record.get('delivered', last.delivered)),
    )


def _vehicle(row: list[Any]) -> Vehicle:
    name, x, y, theta, charge, work, goal, loads, request, note = row
    return Vehicle(
        ClassId(name),
        x=_number(x),
        y=_number(y),
        theta=_number(theta),
        charge=_number(charge),
        work=Work(work),
        goal=str(goal),
        loads=tuple(str(load) for load in loads),
        request=str(request),
        note=str(note),
    )


def _number(value: Any) -> float:
    return nan if value is None else float(value)


def _ways(last: Mapping[VehicleId, Way], rows: dict[str, Any]) -> dict[VehicleId, Way]:
    ways = dict(last)
    for name, row in rows.items():
        vehicle = VehicleId(name)
        if row is None:
            ways.pop(vehicle, None)
            continue
        goal, released, nodes = row
        kept = last[vehicle].nodes[nodes:] if isinstance(nodes, int) else tuple(nodes)
        ways[vehicle] = Way(goal, kept, int(released))
    return ways
