# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The performance of the alarm system, as ISA-18.2 clause 16 and IEC 62682 ask to report it.

Computed from the journal's events by replaying them, so a report can be made for any past period.
Targets are start values for one operator position; a plant sets its own.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from linehaul_sensors.alarm_book import AlarmBook, AlarmEvent
from linehaul_sensors.alarm_rate import CHATTER, CHATTER_WINDOW, FLOOD_BEGINS, FLOOD_ENDS, WINDOW
from linehaul_sensors.alarm_states import Event
from linehaul_sensors.alarm_table import AlarmDef, Priority
from linehaul_sensors.arrays import FloatArray
from linehaul_sensors.ids import AlarmId

DAY = 86_400.0
FLEETING = 10.0
"""[s] An alarm that goes by itself within this time could not be acted on."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of the report beside its target; `target` None: for information."""

    name: str
    value: float
    unit: str
    target: float | None

    @property
    def met(self) -> bool:
        """The value is at its target or better; all targets are upper bounds."""
        return self.target is None or self.value <= self.target


@dataclass(frozen=True, slots=True)
class Report:
    """The report of a period."""

    start: float
    end: float
    metrics: tuple[Metric, ...]
    most_frequent: tuple[tuple[AlarmId, int], ...]
    chattering: tuple[AlarmId, ...]
    fleeting: tuple[AlarmId, ...]
    stale: tuple[AlarmId, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the report as a JSON object."""
        rows = [asdict(metric) | {'met': metric.met} for metric in self.metrics]
        return {
            'start': self.start,
            'end': self.end,
            'metrics': rows,
            'most_frequent': [list(row) for row in self.most_frequent],
            'chattering': list(self.chattering),
            'fleeting': list(self.fleeting),
            'stale': list(self.stale),
        }


@dataclass(slots=True)
class _Seen:
    """What a replay of the events showed within the period."""

    announced: list[tuple[float, AlarmId]]
    fleeting: Counter[AlarmId]
    answers: list[float]
    by_hand: int


def report(
    alarms: Sequence[AlarmDef], events: Iterable[AlarmEvent], start: float, end: float
) -> Report:
    """Return the performance from `start` to `end` [s].

    Args:
        alarms: all definitions.
        events: of the whole journal, or from a time when all was normal.
        start: of the period.
        end: of the period, after its start.
    """
    book = AlarmBook(alarms)
    seen = _replay(book, events, start, end)
    times = np.array([time for time, _ in seen.announced])
    count = Counter(name for _, name in seen.announced)
    stale = [
        name
        for name, entry in book.entries.items()
        if entry.status.active and not entry.status.hidden and end - entry.raised > DAY
    ]
    chattering = _chattering(seen.announced)
    top = count.most_common(10)
    metrics = [
        *_load(times, start, end),
        Metric(
            'share of the ten most frequent', _share(sum(n for _, n in top), times.size), '%', 5
        ),
        Metric('chattering alarms', len(chattering), '1', 0),
        Metric('fleeting alarms', len(seen.fleeting), '1', 0),
        Metric('stale alarms', len(stale), '1', 5),
        *_priorities(book, count),
        Metric('median time to acknowledge', _median(seen.answers), 's', None),
        Metric('shelved or taken out of service', seen.by_hand, '1', None),
    ]
    return Report(
        start, end, tuple(metrics), tuple(top), chattering, tuple(seen.fleeting), tuple(stale)
    )


def _replay(book: AlarmBook, events: Iterable[AlarmEvent], start: float, end: float) -> _Seen:
    seen = _Seen([], Counter(), [], 0)
    for event in events:
        if event.time >= end:
            continue
        before = book.status(event.alarm)
        if not book.apply(event) or event.time < start:
            continue
        entry = book.entries[event.alarm]
        if entry.status.announced and not before.announced:
            seen.announced.append((event.time, event.alarm))
        elif event.event is Event.CLEAR and before.announced:
            if event.time - entry.raised < FLEETING:
                seen.fleeting[event.alarm] += 1
        elif event.event is Event.ACKNOWLEDGE and before.announced:
            seen.answers.append(event.time - entry.raised)
        elif event.event in (Event.SHELVE, Event.OUT_OF_SERVICE):
            seen.by_hand += 1
    seen.announced.sort()
    return seen


def _load(times: FloatArray, start: float, end: float) -> list[Metric]:
    span = end - start
    edges = start + WINDOW * np.arange(int(np.ceil(span / WINDOW)) + 1)
    tens = np.histogram(times, edges)[0]
    hours = np.add.reduceat(tens, np.arange(0, tens.size, 6)) if tens.size else tens
    flood = _flood_time(times, end)
    return [
        Metric('alarms a day', times.size * DAY / span, '1/d', 150),
        Metric('alarms an hour', times.size * 3600.0 / span, '1/h', 6),
        Metric('hours with more than 30', _share(int((hours > 30).sum()), hours.size), '%', 1),
        Metric('10 minutes, mean', times.size * WINDOW / span, '1', 1),
        Metric('10 minutes, most', float(tens.max(initial=0)), '1', FLOOD_BEGINS),
        Metric('10 minutes with more than 10', _share(int((tens > 10).sum()), tens.size), '%', 1),
        Metric('time in flood', 100.0 * flood / span, '%', 1),
    ]


def _flood_time(times: FloatArray, end: float) -> float:
    """Return the seconds in which the sliding count was a flood."""
    steps = np.concatenate([times, times + WINDOW])
    change = np.concatenate([np.ones(times.size), -np.ones(times.size)])
    order = np.lexsort((change, steps))
    total, count, flood, last = 0.0, 0, False, 0.0
    for time, one in zip(steps[order].tolist(), change[order].tolist(), strict=True):
        if flood:
            total += max(0.0, min(time, end) - last)
        count += int(one)
        flood = count >= FLOOD_ENDS if flood else count > FLOOD_BEGINS
        last = time
    return total


def _chattering(announced: Sequence[tuple[float, AlarmId]]) -> tuple[AlarmId, ...]:
    by_alarm: dict[AlarmId, list[float]] = {}
    for time, name in announced:
        by_alarm.setdefault(name, []).append(time)
    return tuple(
        name
        for name, t in by_alarm.items()
        if any(b - a < CHATTER_WINDOW for a, b in zip(t, t[CHATTER - 1 :], strict=False))
    )


def _priorities(book: AlarmBook, count: Counter[AlarmId]) -> list[Metric]:
    targets = {Priority.LOW: None, Priority.MEDIUM: 15, Priority.HIGH: 5, Priority.CRITICAL: 1}
    total = sum(count.values())
    shares = Counter[Priority]()
    for name, number in count.items():
        shares[book.alarms[name].priority] += number
    return [
        Metric(f'share of priority {p.name.lower()}', _share(shares[p], total), '%', target)
        for p, target in targets.items()
    ]


def _share(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 0.0


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else 0.0
