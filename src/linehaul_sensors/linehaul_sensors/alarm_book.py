# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The book of alarms: what happened to each, and what the operator is shown.

The book is a fold of `AlarmEvent`s. Everything that changes it goes through `apply`, so that
replaying the journal after a restart gives the same book: acknowledged, shelved and latched
alarms, groups, and the counts of the last minutes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import Any

from linehaul_sensors.alarm_rate import AlarmRate
from linehaul_sensors.alarm_states import NORMAL, Event, Hidden, State, Status, advance
from linehaul_sensors.alarm_table import AlarmDef
from linehaul_sensors.ids import AlarmId

NO_ALARM = AlarmId('')


@dataclass(frozen=True, slots=True)
class AlarmEvent:
    """Something that happened to an alarm; the unit of the journal.

    Attributes:
        alarm: which.
        event: what.
        time: [s] when.
        value: that raised or cleared it; NaN: none.
        actor: who did it; '' for the plant itself.
        reason: why, of commands and suppression.
        until: [s] end of shelving; NaN: none.
        cause: with GROUP, the alarm it is a consequence of.
    """

    alarm: AlarmId
    event: Event
    time: float
    value: float = nan
    actor: str = ''
    reason: str = ''
    until: float = nan
    cause: AlarmId = NO_ALARM


def to_record(event: AlarmEvent) -> dict[str, Any]:
    """Return the event as a JSON object; what says nothing is left out."""
    record: dict[str, Any] = {'alarm': event.alarm, 'event': event.event.name, 'time': event.time}
    record |= {k: v for k in ('value', 'until') if not isnan(v := getattr(event, k))}
    return record | {k: v for k in ('actor', 'reason', 'cause') if (v := getattr(event, k))}


def from_record(record: Mapping[str, Any]) -> AlarmEvent:
    """Return the event that `to_record` wrote."""
    return AlarmEvent(**{**record, 'event': Event[record['event']]})


@dataclass(slots=True)
class Entry:
    """What the book knows of one alarm; times in s, NaN: not yet."""

    status: Status = NORMAL
    raised: float = nan
    cleared: float = nan
    changed: float = nan
    value: float = nan
    cause: AlarmId = NO_ALARM
    actor: str = ''
    reason: str = ''
    until: float = nan


@dataclass(frozen=True, slots=True)
class AlarmView:
    """One alarm as it is shown: its definition, its entry's facts, and how many it explains."""

    alarm: AlarmDef
    state: State
    active: bool
    value: float
    raised: float
    changed: float
    cause: AlarmId
    consequences: int
    actor: str
    reason: str
    until: float


class AlarmBook:
    """All alarms of the plant.

    Args:
        alarms: definitions; ids are unique.
    """

    def __init__(self, alarms: Sequence[AlarmDef]) -> None:
        self.alarms: dict[AlarmId, AlarmDef] = {alarm.id: alarm for alarm in alarms}
        self.entries: dict[AlarmId, Entry] = {}
        self.members: dict[AlarmId, set[AlarmId]] = {}
        self.rate = AlarmRate()
        self.unknown = 0  # events of alarms that are no longer defined

    def status(self, alarm: AlarmId) -> Status:
        """Return the status of an alarm."""
        entry = self.entries.get(alarm)
        return entry.status if entry else NORMAL

    def apply(self, event: AlarmEvent) -> bool:
        """Take an event in; return whether it was allowed.

        Events of alarms that are not defined (any more) are counted and change nothing.
        """
        definition = self.alarms.get(event.alarm)
        if definition is None:
            self.unknown += 1
            return False
        entry = self.entries.get(event.alarm) or Entry()
        before = entry.status
        after = advance(before, event.event, latching=definition.latching)
        if after is None:
            return False
        self.entries[event.alarm] = entry
        entry.status = after
        self._note(entry, event, before)
        if after.announced and not before.announced:
            self.rate.announce(event.alarm, event.time)
        return True

    def _note(self, entry: Entry, event: AlarmEvent, before: Status) -> None:
        if before != entry.status:
            entry.changed = event.time
        match event.event:
            case Event.ACTIVE if not before.active:
                entry.raised, entry.value, entry.cleared = event.time, event.value, nan
            case Event.CLEAR if before.active:
                entry.cleared = event.time
            case Event.GROUP:
                self._leave(event.alarm, entry)
                entry.cause = event.cause
                self.members.setdefault(event.cause, set()).add(event.alarm)
            case Event.UNGROUP:
                self._leave(event.alarm, entry)
            case Event.SHELVE | Event.OUT_OF_SERVICE | Event.SUPPRESS | Event.ACKNOWLEDGE:
                entry.actor, entry.reason, entry.until = event.actor, event.reason, event.until
            case Event.UNSHELVE | Event.RETURN_TO_SERVICE | Event.UNSUPPRESS:
                entry.actor, entry.reason, entry.until = event.actor, event.reason, nan
            case _:
                pass

    def _leave(self, alarm: AlarmId, entry: Entry) -> None:
        group = self.members.get(entry.cause)
        if group is not None:
            group.discard(alarm)
            if not group:
                del self.members[entry.cause]
        entry.cause = NO_ALARM

    def restore(self, events: Iterable[AlarmEvent]) -> None:
        """Take in the events of a journal."""
        for event in events:
            self.apply(event)

    def prune(self, before: float) -> None:
        """Forget normal alarms that have not changed since `before` [s] and explain nothing."""
        old = [
            name
            for name, entry in self.entries.items()
            if entry.status == NORMAL and entry.changed < before and name not in self.members
        ]
        for name in old:
            del self.entries[name]

    def views(self) -> list[AlarmView]:
        """Return every alarm that is not normal, the most urgent first.

        In view before out of view, unacknowledged before acknowledged, by priority, newest first.
        """
        found = [(name, entry) for name, entry in self.entries.items() if entry.status != NORMAL]
        found.sort(key=self._urgency)
        return [self._view(name, entry) for name, entry in found]

    def _urgency(self, item: tuple[AlarmId, Entry]) -> tuple[bool, bool, int, float]:
        name, entry = item
        acknowledged = entry.status.shown in (State.ACKNOWLEDGED, State.LATCHED_ACKNOWLEDGED)
        hidden = bool(entry.status.hidden)
        return hidden, acknowledged, -self.alarms[name].priority, -entry.changed

    def _view(self, name: AlarmId, entry: Entry) -> AlarmView:
        return AlarmView(
            alarm=self.alarms[name],
            state=entry.status.shown,
            active=entry.status.active,
            value=entry.value,
            raised=entry.raised,
            changed=entry.changed,
            cause=entry.cause,
            consequences=len(self.members.get(name, ())),
            actor=entry.actor,
            reason=entry.reason,
            until=entry.until,
        )

    def shelved(self) -> Iterator[tuple[AlarmId, Entry]]:
        """Yield the alarms that are shelved."""
        for name, entry in self.entries.items():
            if entry.status.hidden & Hidden.SHELVED:
                yield name, entry
