# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Alarm definitions: what raises an alarm, how urgent it is, and what the operator shall do.

Limits of the channel table become alarms by `limit_alarms`; further ones come from a file (see
`alarm_file`) or from other parts of the plant (kind EXTERNAL).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import isfinite, isnan, nan

from linehaul_sensors.channels import Channel, ChannelTable
from linehaul_sensors.ids import AlarmId, ChannelId, EquipmentId


class Kind(IntEnum):
    """What makes the condition of an alarm."""

    EXTERNAL = 0  # told by another part of the plant
    HIGH = 1  # value above the limit
    LOW = 2  # value below the limit
    EQUAL = 3  # value is the limit, as with states and bits
    QUALITY = 4  # no usable value: bad or stale


class Priority(IntEnum):
    """How urgent; numbers as in `linehaul_interfaces/Alarm`."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


@dataclass(frozen=True, slots=True)
class AlarmDef:
    """One alarm.

    Attributes:
        id: unique in the plant.
        kind: what makes its condition.
        channel: the channel it watches; None for EXTERNAL.
        equipment: what is wrong with what.
        priority: how urgent.
        message: what is wrong.
        consequence: what happens if nobody acts.
        response: what the operator shall do.
        limit: in the channel's unit.
        deadband: the value must come back this far behind the limit.
        on_delay: [s] the condition must hold before it counts.
        off_delay: [s] it must be gone before it counts as gone.
        latching: stays until reset.
        max_shelve: [s] longest shelving; 0: may not be shelved.
        group: first-out group; the first of it that comes is the cause of the others; '' none.
        causes: alarms that explain this one while they are there.
        states: operating states (PackML numbers) of its equipment in which it is an alarm; in
            others it is suppressed by design; empty: all.
    """

    id: AlarmId
    kind: Kind
    channel: ChannelId | None
    equipment: EquipmentId
    priority: Priority
    message: str
    consequence: str
    response: str
    limit: float = nan
    deadband: float = 0.0
    on_delay: float = 0.0
    off_delay: float = 0.0
    latching: bool = False
    max_shelve: float = 8 * 3600.0
    group: str = ''
    causes: tuple[AlarmId, ...] = ()
    states: tuple[int, ...] = ()


# Quantity: deadband as a share of the range, on and off delay [s].
_START_VALUES = {
    'flow': (0.05, 15.0),
    'level': (0.05, 60.0),
    'pressure': (0.02, 15.0),
    'temperature': (0.01, 60.0),
}
_LIMITS = (
    ('low_low', Kind.LOW, Priority.MEDIUM),
    ('low', Kind.LOW, Priority.LOW),
    ('high', Kind.HIGH, Priority.LOW),
    ('high_high', Kind.HIGH, Priority.MEDIUM),
)


def limit_alarms(table: ChannelTable) -> list[AlarmDef]:
    """Return one alarm for each limit that the channel table states.

    Deadband and delays are the usual start values for the quantity; an alarm file may give the
    same id with better ones. The second limit on a side explains the first.
    """
    return [alarm for channel in table.channels for alarm in _of_channel(channel)]


def _of_channel(channel: Channel) -> list[AlarmDef]:
    share, delay = _START_VALUES.get(channel.quantity, (0.0, 0.0))
    span = channel.maximum - channel.minimum
    found = []
    what = f'{channel.quantity} of {channel.equipment}'
    for name, kind, priority in _LIMITS:
        limit = getattr(channel, name)
        if isnan(limit):
            continue
        side = 'above' if kind is Kind.HIGH else 'below'
        outer = {'low': 'low_low', 'high': 'high_high'}.get(name, '')
        explained = outer and not isnan(getattr(channel, outer))
        found.append(
            AlarmDef(
                id=AlarmId(f'{channel.id}#{name}'),
                kind=kind,
                channel=channel.id,
                equipment=channel.equipment,
                priority=priority,
                message=f'{what} {side} {limit:g} {channel.unit}',
                consequence='it leaves the range in which it may work',
                response=f'look at {channel.equipment} in {channel.place}',
                limit=limit,
                deadband=share * span if isfinite(span) else 0.0,
                on_delay=delay,
                off_delay=delay,
                causes=(AlarmId(f'{channel.id}#{outer}'),) if explained else (),
            )
        )
    return found


def merge(*lists: Sequence[AlarmDef]) -> tuple[AlarmDef, ...]:
    """Return all alarms; where an id is in several lists, the last one's definition."""
    merged = {alarm.id: alarm for alarms in lists for alarm in alarms}
    return tuple(merged.values())
