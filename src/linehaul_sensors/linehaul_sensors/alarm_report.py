# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The standard's report on a plant's alarms, from its files: `linehaul sensors report`."""

from collections.abc import Iterator
from pathlib import Path

from linehaul_ros.journal import Journal, JournalError

from linehaul_sensors.alarm_book import AlarmEvent, from_record
from linehaul_sensors.alarm_metrics import Report, report
from linehaul_sensors.errors import HistoryError
from linehaul_sensors.sensors_file import read_sensors


def from_files(sensors: Path, journal: Path, start: float, end: float) -> Report:
    """Return the performance from `start` to `end` [s].

    Args:
        sensors: file of the sensor layer, for the alarms' priorities and causes.
        journal: of the node; it may be running.
        start: of the period.
        end: of the period.

    Raises:
        SensorsError: a file cannot be read, or the period is empty.
    """
    if end <= start:
        raise HistoryError('the end must be after the start')
    if not journal.is_file():
        raise HistoryError(f'{journal}: no journal of alarms is there')
    alarms = read_sensors(sensors).alarms
    known = {alarm.id for alarm in alarms}
    try:
        with Journal(journal) as events:
            told = (event for event in _alarm_events(events) if event.alarm in known)
            return report(alarms, told, start, end)
    except JournalError as error:
        raise HistoryError(str(error)) from error


def _alarm_events(journal: Journal) -> Iterator[AlarmEvent]:
    return (from_record(r.body) for r in journal.replay() if r.kind == 'alarm')


def lines(found: Report) -> list[str]:
    """Return the report as text: a table of figures, then the alarms to be looked after."""
    rows = [('figure', 'value', 'target', '')]
    for one in found.metrics:
        target = '' if one.target is None else f'<= {one.target:g}'
        mark = '' if one.target is None else 'met' if one.met else 'NOT MET'
        unit = '' if one.unit == '1' else f' {one.unit}'
        rows.append((one.name, f'{one.value:.4g}{unit}', target, mark))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    text = [
        '  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    text += [f'most frequent: {name} ({count})' for name, count in found.most_frequent]
    for word in ('chattering', 'fleeting', 'stale'):
        text += [f'{word}: {name}' for name in getattr(found, word)]
    return text
