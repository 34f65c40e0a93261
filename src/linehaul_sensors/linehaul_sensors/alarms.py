# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The alarm system: readings and commands in, events out.

`Alarms` ties the conditions, the book, the groups and the commands together. What its methods
return has happened in memory; the caller writes it to the journal before it tells anybody. After a
restart `restore` with the journal's events gives the same alarms.
"""

from collections.abc import Iterable, Sequence
from math import isfinite

from linehaul_sensors.alarm_book import AlarmBook, AlarmEvent, AlarmView
from linehaul_sensors.alarm_conditions import Change, Conditions
from linehaul_sensors.alarm_groups import HOLD, Groups
from linehaul_sensors.alarm_states import Event, Hidden, advance
from linehaul_sensors.alarm_table import AlarmDef
from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.codes import Code, Refusal
from linehaul_sensors.ids import AlarmId
from linehaul_sensors.quality import Checked

COMMANDS = frozenset(
    {
        Event.ACKNOWLEDGE,
        Event.RESET,
        Event.SHELVE,
        Event.UNSHELVE,
        Event.OUT_OF_SERVICE,
        Event.RETURN_TO_SERVICE,
    }
)
_NEED_REASON = frozenset({Event.SHELVE, Event.OUT_OF_SERVICE})


class Alarms:
    """The alarm system of a plant.

    Args:
        alarms: all definitions; their ids are unique and their causes known, without circles.
        table: the channels they watch.
    """

    def __init__(self, alarms: Sequence[AlarmDef], table: ChannelTable) -> None:
        self.definitions = tuple(alarms)
        self.number = {alarm.id: k for k, alarm in enumerate(alarms)}
        self.book = AlarmBook(alarms)
        self.conditions = Conditions(alarms, table)
        self.groups = Groups(alarms)

    def restore(self, events: Iterable[AlarmEvent]) -> None:
        """Take in the journal's events, then go on as if there had been no restart."""
        self.book.restore(events)
        entries = self.book.entries.items()
        self.conditions.restore(self.number[name] for name, e in entries if e.status.active)

    def readings(self, checked: Checked) -> list[AlarmEvent]:
        """Return what the live readings of a batch make happen."""
        rows = checked.live
        changes = self.conditions.evaluate(checked.readings.take(rows), checked.used[rows])
        return self._changes(changes)

    def tick(self, now: float) -> list[AlarmEvent]:
        """Return what time alone makes happen: delays, end of shelving, end of explanations.

        Args:
            now: [s]; call it about once a second.
        """
        events = self._changes(self.conditions.tick(now))
        due = [name for name, entry in self.book.shelved() if entry.until <= now]
        ends = [AlarmEvent(name, Event.UNSHELVE, now, reason='time is up') for name in due]
        events += self._apply(ends)
        events += self._apply(self.groups.released(self.book, now))
        self.book.rate.advance(now)
        self.book.prune(now - HOLD)
        return events

    def set_condition(self, alarm: AlarmId, active: bool, now: float) -> list[AlarmEvent]:
        """Take in the condition of an EXTERNAL alarm as its owner tells it, as often as it likes.

        Raises:
            KeyError: there is no such alarm.
        """
        number = self.number[alarm]
        if self.book.status(alarm).active == active:
            return []
        return self._changes([Change(number, active, now, float('nan'))])

    def suppress(
        self, alarms: Sequence[AlarmId], on: bool, reason: str, now: float
    ) -> list[AlarmEvent]:
        """Suppress alarms by design, or end it: a rule of the plant, such as a machine at rest."""
        event = Event.SUPPRESS if on else Event.UNSUPPRESS
        wanted = [
            name for name in alarms if bool(self.book.status(name).hidden & Hidden.DESIGN) != on
        ]
        return self._apply([AlarmEvent(name, event, now, reason=reason) for name in wanted])

    def command(
        self,
        event: Event,
        alarms: Sequence[AlarmId],
        *,
        actor: str,
        now: float,
        reason: str = '',
        duration: float = 0.0,
    ) -> list[AlarmEvent] | Refusal:
        """Do what a person asks for, for all the alarms or for none.

        Args:
            event: one of `COMMANDS`.
            alarms: which.
            actor: who; required.
            now: [s].
            reason: why; required for shelving and for taking out of service.
            duration: [s] of shelving.
        """
        refusal = self._refuse(event, alarms, actor, reason, duration)
        if refusal:
            return refusal
        until = now + duration if event is Event.SHELVE else float('nan')
        wanted = [
            AlarmEvent(a, event, now, actor=actor, reason=reason, until=until) for a in alarms
        ]
        return self._apply(wanted)

    def _refuse(
        self, event: Event, alarms: Sequence[AlarmId], actor: str, reason: str, duration: float
    ) -> Refusal | None:
        if event not in COMMANDS:
            return Refusal(Code.INVALID_ARGUMENT, f'{event.name} is not a command for people')
        if not alarms:
            return Refusal(Code.INVALID_ARGUMENT, 'no alarm is named')
        if not actor.strip():
            return Refusal(Code.ALARM_ACTOR_EMPTY, 'say who asks for it')
        if event in _NEED_REASON and not reason.strip():
            return Refusal(Code.ALARM_REASON_EMPTY, f'{event.name} needs a reason')
        for name in alarms:
            definition = self.book.alarms.get(name)
            if definition is None:
                return Refusal(Code.ALARM_UNKNOWN, f'there is no alarm {name!r}')
            longest = definition.max_shelve
            if event is Event.SHELVE and not (isfinite(duration) and 0.0 < duration <= longest):
                text = f'{name}: shelving for {duration:g} s; allowed is up to {longest:g} s'
                return Refusal(Code.ALARM_DURATION_INVALID, text)
            if not self._allowed(name, event):
                state = self.book.status(name).shown.name
                text = f'{name} is {state}; {event.name} is not possible'
                return Refusal(Code.ALARM_TRANSITION_NOT_ALLOWED, text)
        return None

    def _allowed(self, name: AlarmId, event: Event) -> bool:
        latching = self.book.alarms[name].latching
        return advance(self.book.status(name), event, latching=latching) is not None

    def views(self) -> list[AlarmView]:
        """Return every alarm that is not normal, the most urgent first."""
        return self.book.views()

    def _changes(self, changes: Iterable[Change]) -> list[AlarmEvent]:
        events: list[AlarmEvent] = []
        for change in sorted(changes, key=lambda c: c.time):
            name = self.definitions[change.alarm].id
            decide = self.groups.came if change.active else self.groups.went
            events += self._apply(decide(self.book, name, change.time, change.value))
        return events

    def _apply(self, events: Iterable[AlarmEvent]) -> list[AlarmEvent]:
        return [event for event in events if self.book.apply(event)]
