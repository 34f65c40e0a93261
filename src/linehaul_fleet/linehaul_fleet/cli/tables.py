# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the command line shows: tables for people, plain data for programs.

It reads messages by their field names and knows no ROS.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

MODES = ('unknown', 'running', 'paused', 'stopped', 'draining')
WORK = ('unknown', 'idle', 'delivery', 'return', 'move', 'charge', 'park', 'out')
PHASES = (
    *('unknown', 'requested', 'accepted', 'fetching', 'loaded', 'delivering', 'delivered'),
    *('cancelled', 'failed', 'waiting for a person'),
)
ROADS = ('unknown', 'open', 'closed', 'slow')
KINDS = ('', 'delivery', 'assignment', 'vehicle', 'operator', 'road', 'refusal')
_CALENDAR = 1e8
"""[s] from which on a plant's clock is taken for the calendar's."""
_WORDY = ('note', 'text', 'why')
"""Columns that may take more than one line."""
_COLOUR = {
    'running': 'green',
    'delivered': 'green',
    'paused': 'yellow',
    'draining': 'yellow',
    'stopped': 'bold red',
    'failed': 'red',
    'waiting for a person': 'bold red',
    'out': 'red',
}


def word(words: tuple[str, ...], number: int) -> str:
    """Return the name of a number of an enumeration."""
    return words[number] if 0 <= number < len(words) else str(number)


def _coloured(text: str) -> Text:
    return Text(text, style=_COLOUR.get(text, ''))


def seconds(stamp: Any) -> float:
    """Return a time message in seconds; zero means that it is not known: NaN."""
    value = float(stamp.sec + stamp.nanosec * 1e-9)
    return value if value > 0.0 else float('nan')


def clock(time: float) -> str:
    """Return a plant's time [s] for people; a clock that began at 0 shows how long it has run."""
    if not isfinite(time):
        return 'not known'
    if time < _CALENDAR:
        return str(timedelta(seconds=int(time)))
    return f'{datetime.fromtimestamp(time).astimezone():%Y-%m-%d %H:%M:%S}'


def _number(value: float, form: str = '.0f') -> str:
    return format(value, form) if isfinite(value) else ''


def fleet(state: Any) -> RenderableType:
    """Return the whole fleet as tables."""
    parts: list[RenderableType] = [head(state), vehicles(state), deliveries(state)]
    if state.limits:
        parts.append(roads(state))
    if state.lost_loads:
        parts.append(loads(state))
    return Group(*parts)


def head(state: Any) -> Text:
    """Return plant, mode and counts as one line, and what is degraded below it."""
    text = Text(f'{state.plant}  ', style='bold')
    text.append_text(_coloured(word(MODES, state.mode)))
    if state.mode_reason:
        text.append(f' ({state.mode_reason})')
    text.append(
        f'  {clock(seconds(state.stamp))}  delivered {state.delivered}, failed {state.failed}, '
        f'cancelled {state.cancelled}, refused {state.refused}, late {state.late}, '
        f'changed vehicle {state.reassignments}',
        style='not bold',
    )
    for notice in state.notices:
        text.append(f'\n! {notice}', style='yellow')
    return text


def vehicles(state: Any) -> Table:
    """Return the vehicles as a table."""
    columns = ('vehicle', 'work', 'to', 'for', 'load', 'charge', 'm/s', 'age s', 'note')
    table = _table(columns, right=('charge', 'm/s', 'age s'))
    for one in state.vehicles:
        charge = f'{one.state_of_charge:.0%}' + ('+' if one.charging else '')
        table.add_row(
            one.vehicle_id,
            _coloured(word(WORK, one.work)),
            one.goal_id,
            one.request_id,
            ' '.join(one.load_ids),
            charge,
            _number(one.speed, '.1f'),
            _number(one.state_age, '.1f'),
            one.note,
        )
    return table


def deliveries(state: Any) -> Table:
    """Return the deliveries as a table, open ones first."""
    columns = ('delivery', 'phase', 'what', 'station', 'by', 'eta s', 'slack s', 'text')
    table = _table(columns, right=('eta s', 'slack s'))
    now = seconds(state.stamp)
    for one in sorted(state.deliveries, key=lambda d: d.phase in (6, 7, 8)):
        table.add_row(
            one.request_id,
            _coloured(word(PHASES, one.phase)),
            f'{one.quantity} x {one.item_id}',
            one.station_id,
            one.vehicle_id,
            _number(seconds(one.eta) - now) if one.phase < 6 else '',
            _number(one.slack),
            one.error_msg,
        )
    return table


def roads(state: Any) -> Table:
    """Return the roads that are not open as a table."""
    table = _table(('road', 'state', 'm/s', 'why'), right=('m/s',))
    for one in state.limits:
        speed = _number(one.speed_limit, 'g') if one.state == 3 else ''
        table.add_row(one.element_id, word(ROADS, one.state), speed, one.reason)
    return table


def loads(state: Any) -> Table:
    """Return the loads that a person must look for as a table."""
    table = _table(('lost load', 'last seen'))
    for one in state.lost_loads:
        table.add_row(one.load_id, one.holder_id or 'in doubt')
    return table


def _table(columns: tuple[str, ...], right: tuple[str, ...] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style='bold', show_edge=False)
    for name in columns:
        wordy = name in _WORDY
        table.add_column(
            name,
            justify='right' if name in right else 'left',
            overflow='fold' if wordy else 'ellipsis',
            no_wrap=not wordy,
        )
    return table


def event_line(event: Any) -> str:
    """Return an event as one line."""
    who = [event.actor, event.vehicle_id, event.request_id]
    words = ' '.join(text for text in who if text)
    return f'{clock(seconds(event.stamp))}  {word(KINDS, event.kind):<10} {words}: {event.reason}'


def plain(message: Any) -> Any:
    """Return a message as JSON can hold it: times in seconds, NaN and 'not known' as null."""
    names = getattr(message, 'get_fields_and_field_types', None)
    if names is not None:
        fields = names()
        if set(fields) == {'sec', 'nanosec'}:
            return plain(seconds(message))
        return {name: plain(getattr(message, name)) for name in fields}
    if isinstance(message, float):
        return message if isfinite(message) else None
    if isinstance(message, Mapping):
        return {str(key): plain(value) for key, value in message.items()}
    if isinstance(message, (bool, int, str)):
        return message
    return [plain(one) for one in message]
