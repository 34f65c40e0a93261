# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Read and write the channel table as YAML or CSV.

Both forms have the same columns, the fields of `Channel`. YAML may repeat an entry by
``n: [first, last]`` with ``{n}`` in its texts, as plant files do. A file is used whole or not at
all: every problem in it is reported, with its place and what to do.
"""

import csv
import io
import itertools
import re
from collections.abc import Iterable
from dataclasses import fields
from math import isnan, nan
from pathlib import Path
from typing import Any

from linehaul_floor.errors import Problem
from linehaul_floor.fields import Fields, as_fields

from linehaul_floor import strict_yaml
from linehaul_sensors import units
from linehaul_sensors.channels import Channel, ChannelTable, make_table
from linehaul_sensors.errors import ChannelFileError
from linehaul_sensors.ids import ChannelId, EquipmentId

_ID = re.compile(r'[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}\Z')
_TEXTS = ('id', 'quantity', 'unit', 'place', 'equipment')
_NUMBERS = tuple(f.name for f in fields(Channel) if f.name not in _TEXTS)
_LIMITS = ('low_low', 'low', 'high', 'high_high')
MOST = 1_000_000
"""A table with more rows is a mistake."""


def read_channels(path: Path) -> ChannelTable:
    """Read a channel table; the suffix .csv means CSV, anything else YAML.

    Raises:
        ChannelFileError: the file cannot be read, or any of its rows is wrong.
    """
    try:
        text = path.read_text(encoding='utf-8-sig')
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem('unreadable', str(path), str(error), 'give a UTF-8 text file')
        raise ChannelFileError(str(path), [problem]) from error
    parse = parse_csv if path.suffix.lower() == '.csv' else parse_yaml
    return parse(text, str(path))


def parse_yaml(text: str, source: str) -> ChannelTable:
    """Return the table in a YAML text with one key, `channels`.

    Raises:
        ChannelFileError: with every problem found.
    """
    document, problems = strict_yaml.read(text)
    if document is None:
        empty = Problem('empty', 'the file', 'nothing is in it', 'list the channels')
        raise ChannelFileError(source, problems or [empty])
    root = as_fields(document, '', problems)
    rows = root.children('channels', optional=False)
    root.finish()
    return _table(rows, problems, source)


def parse_csv(text: str, source: str) -> ChannelTable:
    """Return the table in a CSV text whose first line names the columns.

    Raises:
        ChannelFileError: with every problem found.
    """
    problems: list[Problem] = []
    reader = csv.DictReader(io.StringIO(text), strict=True)
    rows = []
    try:
        for row in reader:
            where = f'line {reader.line_num}'
            if None in row or None in row.values():
                found = 'more or fewer cells than the first line has columns'
                problems.append(Problem('ragged', where, found, 'make them the same'))
                continue
            data = {key: _cell(key, value) for key, value in row.items() if value.strip()}
            rows.append(Fields(data, where, problems))
    except csv.Error as error:
        where = f'line {reader.line_num}'
        problems.append(Problem('csv_syntax', where, str(error), 'mend the CSV notation'))
    return _table(rows, problems, source)


def write_csv(table: ChannelTable) -> str:
    """Return the table as CSV; reading it gives the same table."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator='\n')
    writer.writerow((*_TEXTS, *_NUMBERS))
    for channel in table.channels:
        numbers = (getattr(channel, name) for name in _NUMBERS)
        texts = (getattr(channel, name) for name in _TEXTS)
        writer.writerow((*texts, *('' if isnan(n) else repr(n) for n in numbers)))
    return out.getvalue()


def _cell(key: str, text: str) -> Any:
    if key not in _NUMBERS:
        return text.strip()
    try:
        return float(text)
    except ValueError:
        return text


def _table(rows: Iterable[Fields], problems: list[Problem], source: str) -> ChannelTable:
    channels: list[Channel] = []
    seen: dict[str, str] = {}
    for row in rows:
        channel = _channel(row)
        if channel.id in seen:
            row.note('duplicate', 'id', f'{channel.id} is also at {seen[channel.id]}', 'rename it')
        seen[channel.id] = row.where
        channels.append(channel)
    if not channels and not problems:
        problems.append(Problem('empty', 'the file', 'no channel is in it', 'list the channels'))
    if len(channels) > MOST:
        found = f'{len(channels)} channels'
        problems.append(Problem('too_many', 'the file', found, f'keep to {MOST}'))
    if problems:
        raise ChannelFileError(source, problems)
    return make_table(channels)


def _channel(row: Fields) -> Channel:
    texts = {name: row.text(name) for name in _TEXTS}
    numbers = {name: row.number(name) if row.has(name) else nan for name in _NUMBERS}
    if isnan(numbers['resolution']):
        numbers['resolution'] = 0.0
    row.finish()
    if texts['id'] != '?' and not _ID.match(texts['id']):
        row.note('bad_id', 'id', repr(texts['id']), 'use letters, digits and _.:/- (at most 128)')
    _check_unit(row, texts['quantity'], texts['unit'])
    _check_numbers(row, numbers)
    return Channel(
        id=ChannelId(texts['id']),
        quantity=texts['quantity'],
        unit=texts['unit'],
        place=texts['place'],
        equipment=EquipmentId(texts['equipment']),
        **numbers,
    )


def _check_unit(row: Fields, quantity: str, unit: str) -> None:
    if not units.is_symbol(unit):
        row.note('bad_unit', 'unit', repr(unit), 'write a UCUM symbol such as Cel, Pa or %')
    elif not units.fits(quantity, unit):
        known = ', '.join(units.known_units(quantity))
        row.note(
            'wrong_unit', 'unit', f'{unit} does not measure {quantity}', f'use one of {known}'
        )


def _check_numbers(row: Fields, n: dict[str, float]) -> None:
    for name in ('period', 'rate', 'stuck'):
        if n[name] <= 0.0:
            row.note('out_of_range', name, f'{n[name]:g}', 'use a number above 0, or leave it out')
    if n['resolution'] < 0.0:
        row.note('out_of_range', 'resolution', f'{n["resolution"]:g}', 'use 0 or more')
    if n['minimum'] >= n['maximum']:
        found = f'{n["minimum"]:g} is not below maximum {n["maximum"]:g}'
        row.note('order', 'minimum', found, 'exchange or mend them')
    stated = [(name, n[name]) for name in _LIMITS if not isnan(n[name])]
    for (below, a), (above, b) in itertools.pairwise(stated):
        if a >= b:
            row.note('order', below, f'{a:g} is not below {above} {b:g}', 'mend the limits')
    for name, value in stated:
        if value < n['minimum'] or value > n['maximum']:
            found = f'{value:g} is outside the range {n["minimum"]:g} to {n["maximum"]:g}'
            row.note('out_of_range', name, found, 'such a limit can never be passed')
