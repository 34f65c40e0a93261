# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Warnings for maintenance: one record a machine, with its evidence and what people found.

Signs of single channels, of a machine as a whole, and trends of its health meet in one open record
of that machine. A record is OPEN, then CONFIRMED (it is true, work is planned) or REJECTED (the
machine is sound), and CLOSED when the work is done. A record of which nothing more is seen for
some days is closed by itself, unless it was confirmed. Every change gives the whole record anew;
the book is what the last state of each record says, so that is all the journal must keep.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from enum import IntEnum
from math import inf, isfinite, isnan, nan
from typing import Any

from linehaul_sensors.channels import Channel, ChannelTable
from linehaul_sensors.codes import Code, Refusal
from linehaul_sensors.ids import ChannelId, EquipmentId, WarningId
from linehaul_sensors.machine_health import MachineState
from linehaul_sensors.machine_watch import JointSign
from linehaul_sensors.watch import Sign, Statistic

EXPIRES = 3 * 86_400.0
"""[s] without news after which an open record is closed."""
KEPT = 1_000
"""Records that are over which stay in memory."""
SHOWN = 8  # channels of a record's evidence


class WarningStatus(IntEnum):
    """Numbers as in `linehaul_interfaces/EarlyWarning`."""

    OPEN = 1
    CONFIRMED = 2
    REJECTED = 3
    CLOSED = 4


@dataclass(frozen=True, slots=True)
class WarningRecord:
    """What is known of one machine's trouble; times in s, NaN: not known.

    Attributes:
        id: unique.
        equipment: the machine.
        status: where it is.
        evidence: channels and how much each says, 0 to 1, the strongest first.
        health: 1 as new, 0 failed.
        remaining, low, high: [s] of life, median, 5 % and 95 %; NaN: no estimate.
        since: first evidence.
        raised, changed: of the record.
        message: what was seen.
        proposal: what maintenance shall look at.
        finding, actor: of the last review; '' none.
    """

    id: WarningId
    equipment: EquipmentId
    status: WarningStatus
    evidence: tuple[tuple[ChannelId, float], ...]
    health: float
    remaining: float
    low: float
    high: float
    since: float
    raised: float
    changed: float
    message: str
    proposal: str
    finding: str = ''
    actor: str = ''


def to_record(record: WarningRecord) -> dict[str, Any]:
    """Return a record as a JSON object; numbers that are not known become null."""
    found = asdict(record) | {'status': record.status.name}
    return {
        k: None if isinstance(v, float) and not isfinite(v) else v for k, v in found.items()
    } | {'evidence': [list(pair) for pair in record.evidence]}


def from_record(body: Mapping[str, Any]) -> WarningRecord:
    """Return the record that `to_record` wrote."""
    numbers = {f.name for f in fields(WarningRecord) if f.type in (float, 'float')}
    known: dict[str, Any] = {
        k: (inf if k == 'high' else nan) if v is None and k in numbers else v
        for k, v in body.items()
    }
    known['status'] = WarningStatus[body['status']]
    known['evidence'] = tuple((ChannelId(c), float(s)) for c, s in body['evidence'])
    return WarningRecord(**known)


_SEEN_BY = {
    Statistic.SPIKE: 'jumps that are larger than usual',
    Statistic.CUSUM: 'a slow shift',
    Statistic.LOUDER: 'more noise than usual',
    Statistic.QUIETER: 'less noise than usual',
}
# Quantity: what maintenance looks at first.
_LOOK_AT = {
    'vibration': 'bearings, balance and alignment',
    'acceleration': 'bearings, balance and alignment',
    'temperature': 'cooling, lubrication and friction',
    'pressure': 'leaks, valves and filters',
    'flow': 'filters, pumps and leaks',
    'level': 'inlet, outlet and leaks',
    'current': 'load, friction and winding',
    'power': 'load and friction',
    'torque': 'friction and transmission',
    'voltage': 'supply and contacts',
    'speed': 'drive and transmission',
}


@dataclass(slots=True)
class _Case:
    """The open record of a machine, with the evidence as it came: strength of each channel."""

    record: WarningRecord
    strength: dict[int, float] = field(default_factory=dict)


class EarlyWarnings:
    """The book of warnings of a plant.

    Args:
        table: the channels.
    """

    def __init__(self, table: ChannelTable) -> None:
        self._table = table
        self.records: dict[WarningId, WarningRecord] = {}
        self._cases: dict[EquipmentId, _Case] = {}
        self._count = 0

    def restore(self, records: Iterable[WarningRecord]) -> None:
        """Take in the journal: the last state of each record counts."""
        for record in records:
            self._keep(record)
            self._count = max(self._count, _number(record.id))

    def signs(self, signs: Sequence[Sign], now: float) -> list[WarningRecord]:
        """Take in signs of single channels; return the records they change."""
        changed = {}
        for sign in signs:
            channel = self._table.channels[sign.channel]
            case = self._case(channel.equipment, sign.time, now)
            case.strength[sign.channel] = max(case.strength.get(sign.channel, 0.0), sign.score)
            text = _seen(channel, sign)
            case.record = replace(self._with_evidence(case, now), message=text)
            changed[channel.equipment] = case.record
        return [self._keep(record) for record in changed.values()]

    def joint(self, signs: Sequence[JointSign], now: float) -> list[WarningRecord]:
        """Take in signs of machines as a whole; return the records they change."""
        changed = []
        for sign in signs:
            case = self._case(sign.equipment, sign.time, now)
            for number, share in zip(sign.channels, sign.shares, strict=True):
                strength = sign.score * share
                case.strength[number] = max(case.strength.get(number, 0.0), strength)
            names = ', '.join(self._table.channels[k].id for k in sign.channels[:2])
            text = f'the channels of {sign.equipment} no longer go together, {names} most of all'
            case.record = replace(self._with_evidence(case, now), message=text)
            changed.append(self._keep(case.record))
        return changed

    def states(self, states: Sequence[MachineState], now: float) -> list[WarningRecord]:
        """Take in the state of machines; those that wear get a record, open ones are updated."""
        changed = []
        for state in states:
            case = self._cases.get(state.equipment)
            if case is None and not state.wears:
                continue
            if case is None:
                case = self._case(state.equipment, state.since, now)
            pairs = zip(state.channels, state.shares, strict=True)
            strong = tuple((self._table.channels[k].id, s) for k, s in pairs if s >= 0.02)
            record = replace(case.record, health=state.health, changed=now)
            if state.wears and state.prognosis is not None:
                one = state.prognosis
                record = replace(
                    record,
                    remaining=one.remaining,
                    low=one.low,
                    high=one.high,
                    evidence=strong[:SHOWN],
                    since=min(record.since, state.since),
                    message=_wear(state, strong),
                )
            case.record = replace(record, proposal=self._proposal(record))
            changed.append(self._keep(case.record))
        return changed

    def tick(self, now: float) -> list[WarningRecord]:
        """Close open records of which nothing was seen for long; call it about once a minute."""
        old = [
            case.record
            for case in self._cases.values()
            if case.record.status is WarningStatus.OPEN and now - case.record.changed > EXPIRES
        ]
        text = 'nothing more was seen'
        return [
            self._keep(
                replace(record, status=WarningStatus.CLOSED, finding=text, actor='', changed=now)
            )
            for record in old
        ]

    def review(
        self, warning: WarningId, status: int, finding: str, actor: str, now: float
    ) -> WarningRecord | Refusal:
        """Confirm, reject or close a warning; return its record, or why not."""
        record = self.records.get(warning)
        if record is None:
            return Refusal(Code.WARNING_UNKNOWN, f'there is no warning {warning!r}')
        if not actor.strip():
            return Refusal(Code.ALARM_ACTOR_EMPTY, 'say who reviews it')
        if status not in _NEXT[record.status]:
            wanted = ', '.join(one.name for one in _NEXT[record.status]) or 'nothing'
            text = f'{warning} is {record.status.name}; status {status} found, possible: {wanted}'
            return Refusal(Code.WARNING_TRANSITION_NOT_ALLOWED, text)
        return self._keep(
            replace(
                record, status=WarningStatus(status), finding=finding, actor=actor, changed=now
            )
        )

    def views(self) -> list[WarningRecord]:
        """Return the records that are open or confirmed, the most urgent first."""
        found = [case.record for case in self._cases.values()]
        return sorted(found, key=lambda r: (_or(r.remaining, inf), _or(r.health, 1.0), -r.raised))

    def _case(self, equipment: EquipmentId, since: float, now: float) -> _Case:
        case = self._cases.get(equipment)
        if case is None:
            self._count += 1
            record = WarningRecord(
                id=WarningId(f'{equipment}#{self._count}'),
                equipment=equipment,
                status=WarningStatus.OPEN,
                evidence=(),
                health=nan,
                remaining=nan,
                low=nan,
                high=nan,
                since=since if not isnan(since) else now,
                raised=now,
                changed=now,
                message='',
                proposal='',
            )
            case = self._cases[equipment] = _Case(record)
        return case

    def _with_evidence(self, case: _Case, now: float) -> WarningRecord:
        total = sum(case.strength.values())
        order = sorted(case.strength.items(), key=lambda item: -item[1])[:SHOWN]
        evidence = tuple((self._table.channels[k].id, s / total) for k, s in order)
        record = replace(case.record, evidence=evidence, changed=now)
        return replace(record, proposal=self._proposal(record))

    def _proposal(self, record: WarningRecord) -> str:
        if not record.evidence:
            return f'look at {record.equipment}'
        channel = self._table.channels[self._table.index[record.evidence[0][0]]]
        what = _LOOK_AT.get(channel.quantity)
        text = f'look at {record.equipment} in {channel.place}'
        text += f': {what}' if what else ''
        if not isnan(record.low):
            text += f'; within {duration(record.low)}'
        return text

    def _keep(self, record: WarningRecord) -> WarningRecord:
        self.records[record.id] = record
        case = self._cases.get(record.equipment)
        if record.status in (WarningStatus.OPEN, WarningStatus.CONFIRMED):
            if case is None:
                case = self._cases[record.equipment] = _Case(record)
                pairs = ((self._table.index.get(c, -1), s) for c, s in record.evidence)
                case.strength = {k: s for k, s in pairs if k >= 0}
            case.record = record
        elif case is not None and case.record.id == record.id:
            del self._cases[record.equipment]
        while len(self.records) > KEPT + len(self._cases):
            over = next((name for name, one in self.records.items() if one.status > 2), record.id)
            del self.records[over]
        return record


_NEXT = {
    WarningStatus.OPEN: (
        WarningStatus.CONFIRMED,
        WarningStatus.REJECTED,
        WarningStatus.CLOSED,
    ),
    WarningStatus.CONFIRMED: (WarningStatus.REJECTED, WarningStatus.CLOSED),
    WarningStatus.REJECTED: (),
    WarningStatus.CLOSED: (),
}


def duration(seconds: float) -> str:
    """Return a time for people: minutes, hours or days."""
    for name, size in (('days', 86_400.0), ('hours', 3600.0)):
        if seconds >= 2.0 * size:
            return f'{seconds / size:.1f} {name}'
    return f'{max(seconds, 0.0) / 60.0:.0f} minutes'


def _number(warning: WarningId) -> int:
    tail = warning.rpartition('#')[2]
    return int(tail) if tail.isdigit() else 0


def _or(value: float, other: float) -> float:
    return other if isnan(value) else value


def _seen(channel: Channel, sign: Sign) -> str:
    what = _SEEN_BY.get(sign.statistic, 'a shift of its level')
    text = f'{channel.quantity} of {channel.equipment}: {what}; {sign.value:.6g} {channel.unit}'
    if abs(sign.residual) < 2.0:
        return text
    side = 'above' if sign.residual > 0 else 'below'
    return f'{text}, {abs(sign.residual):.1f} times its spread {side} usual'


def _wear(state: MachineState, strong: Sequence[tuple[ChannelId, float]]) -> str:
    one = state.prognosis
    left = '' if one is None else f', {duration(one.remaining)} left'
    names = ', '.join(name for name, _ in strong[:3])
    return f'{state.equipment} wears: health {state.health:.2f}{left}; seen in {names}'
