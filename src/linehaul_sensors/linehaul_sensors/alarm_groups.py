# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""First-out and consequences: one alarm for one fault.

An alarm is the consequence of another if its definition names that one among its causes, directly
or through others, or if both are in one first-out group and the other came first. A consequence is
suppressed by design and counted under its cause. The cause explains it while its condition is
there and for `HOLD` after, because a plant needs time to recover; what is still there then is
announced.

A consequence may be seen before its cause, whose delay or message was longer. So a cause takes
over what was announced within `REACH` before it and has not been acknowledged.
"""

from collections.abc import Iterable, Mapping, Sequence

from linehaul_sensors.alarm_book import NO_ALARM, AlarmBook, AlarmEvent
from linehaul_sensors.alarm_states import Event, Hidden
from linehaul_sensors.alarm_table import AlarmDef
from linehaul_sensors.ids import AlarmId

HOLD = 60.0  # [s]
REACH = 30.0  # [s]


class Groups:
    """Who explains whom; made once from the definitions.

    Args:
        alarms: all alarms of the plant; their causes have no circle.
    """

    def __init__(self, alarms: Sequence[AlarmDef]) -> None:
        direct = {alarm.id: alarm.causes for alarm in alarms if alarm.causes}
        self.causes = {name: _closure(direct, name) for name in direct}
        self.explains: dict[AlarmId, list[AlarmId]] = {}
        for name, causes in self.causes.items():
            for cause in causes:
                self.explains.setdefault(cause, []).append(name)
        self.group_of = {alarm.id: alarm.group for alarm in alarms if alarm.group}
        self.in_group: dict[str, list[AlarmId]] = {}
        for name, group in self.group_of.items():
            self.in_group.setdefault(group, []).append(name)

    def cause(self, book: AlarmBook, alarm: AlarmId, now: float) -> AlarmId:
        """Return the alarm that explains `alarm` now, or NO_ALARM."""
        named = self._roots(book, self.causes.get(alarm, ()), now)
        first_out = self._roots(book, self.in_group.get(self.group_of.get(alarm, ''), ()), now)
        roots = {root for root in (*named, *first_out) if root != alarm}
        entries = book.entries
        return min(roots, key=lambda r: (entries[r].raised, r)) if roots else NO_ALARM

    def _roots(self, book: AlarmBook, names: Iterable[AlarmId], now: float) -> Iterable[AlarmId]:
        for name in names:
            entry = book.entries.get(name)
            if entry is not None and explains(book, name, now):
                yield entry.cause or name

    def came(self, book: AlarmBook, alarm: AlarmId, time: float, value: float) -> list[AlarmEvent]:
        """Return the events of a condition that came."""
        event = AlarmEvent(alarm, Event.ACTIVE, time, value)
        cause = self.cause(book, alarm, time)
        if cause and not self._was_before(book, alarm, cause, time):
            return [AlarmEvent(alarm, Event.GROUP, time, cause=cause), event]
        taken = [
            AlarmEvent(name, Event.GROUP, time, cause=alarm)
            for name in self._take_over(book, alarm, cause, time)
        ]
        return [event, *taken]

    def _was_before(self, book: AlarmBook, alarm: AlarmId, cause: AlarmId, time: float) -> bool:
        """Tell whether an alarm that is told late was in truth the first of its group."""
        same = self.group_of.get(alarm, '') == self.group_of.get(cause, NO_ALARM)
        return same and time < book.entries[cause].raised

    def _take_over(
        self, book: AlarmBook, alarm: AlarmId, later: AlarmId, time: float
    ) -> list[AlarmId]:
        found = [later] if later else []
        for name in self.explains.get(alarm, ()):
            entry = book.entries.get(name)
            if entry is not None and entry.status.announced and entry.raised >= time - REACH:
                found.append(name)
        members = [m for name in found for m in sorted(book.members.get(name, ()))]
        return [name for name in dict.fromkeys([*found, *members]) if name != alarm]

    def went(self, book: AlarmBook, alarm: AlarmId, time: float, value: float) -> list[AlarmEvent]:
        """Return the events of a condition that went."""
        events = [AlarmEvent(alarm, Event.CLEAR, time, value)]
        if book.status(alarm).hidden & Hidden.GROUPED:
            events.append(AlarmEvent(alarm, Event.UNGROUP, time))
        return events

    def released(self, book: AlarmBook, now: float) -> list[AlarmEvent]:
        """Return the events of consequences whose cause explains them no longer."""
        events = []
        for cause in [name for name in book.members if not explains(book, name, now)]:
            for name in sorted(book.members[cause]):
                other = self.cause(book, name, now)
                if other:
                    events.append(AlarmEvent(name, Event.GROUP, now, cause=other))
                else:
                    events.append(AlarmEvent(name, Event.UNGROUP, now))
        return events


def explains(book: AlarmBook, name: AlarmId, now: float) -> bool:
    """Tell whether an alarm's condition is there, or was until `HOLD` ago, and can be trusted."""
    entry = book.entries.get(name)
    if entry is None or entry.status.hidden & Hidden.OUT_OF_SERVICE:
        return False
    return entry.status.active or entry.cleared > now - HOLD


def _closure(direct: Mapping[AlarmId, tuple[AlarmId, ...]], name: AlarmId) -> tuple[AlarmId, ...]:
    """Return all causes of an alarm, the nearest first."""
    found: dict[AlarmId, None] = {}
    left = list(direct[name])
    while left:
        cause = left.pop(0)
        if cause not in found and cause != name:
            found[cause] = None
            left += direct.get(cause, ())
    return tuple(found)
