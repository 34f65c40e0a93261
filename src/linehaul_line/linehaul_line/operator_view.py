# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a shift leader sees of the lines: how they run, and what will run out where."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isnan

from rich.table import Table


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line. speed: factor now, 0 where it stands. stood: [s] this shift."""

    line: str
    state: str
    speed: float
    done: int
    stood: float
    model: str
    cause: str


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part beside a station. left: [s] until it runs out; NaN: not in the known sequence."""

    line: str
    station: str
    item: str
    parts: int
    coming: int
    empties: int
    left: float
    requests: tuple[str, ...]
    reason: str
    andon: bool


def soonest(parts: Sequence[PartRow], line: str = '', most: int = 15) -> list[PartRow]:
    """Return the parts of a line, or of all, that call a person or run out first."""
    mine = [one for one in parts if line in ('', one.line)]
    return sorted(mine, key=_urgency)[:most]


def _urgency(one: PartRow) -> tuple[bool, float, str]:
    return not one.andon, inf if isnan(one.left) else one.left, one.station


def line_table(lines: Sequence[LineRow]) -> Table:
    """Return the lines as a table."""
    table = _table('', 'line', 'state', 'speed', 'units', 'stood', 'model', 'why it stands')
    for one in lines:
        stood = f'{one.stood:.0f} s'
        row = one.line, one.state, f'{one.speed:g}', str(one.done), stood, one.model, one.cause
        table.add_row(*row)
    return table


def part_table(parts: Sequence[PartRow]) -> Table:
    """Return parts as a table."""
    heads = 'runs out', 'station', 'item', 'parts', 'on the way', 'empties', 'requests', 'andon'
    table = _table('what runs out next', *heads)
    for one in parts:
        left = '-' if isnan(one.left) else f'{max(one.left, 0.0):.0f} s'
        coming = str(one.coming or '')
        call = (one.reason or 'calls') if one.andon else ''
        row = left, one.station, one.item, str(one.parts), coming, str(one.empties or '')
        table.add_row(*row, ' '.join(one.requests), call)
    return table


def _table(title: str, *heads: str) -> Table:
    table = Table(title=title or None, title_justify='left', box=None, pad_edge=False)
    for head in heads:
        table.add_column(head, overflow='fold')
    return table
