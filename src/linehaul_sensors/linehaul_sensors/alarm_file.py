# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Read alarm definitions from YAML; a file is used whole or not at all.

An alarm needs an operator's action (ISA-18.2): one without a response is refused, because it
should be an event. Entries may be repeated by ``n: [first, last]`` as in plant files.
"""

import re
from collections.abc import Mapping, Sequence
from math import nan
from pathlib import Path

from linehaul_floor.errors import Problem
from linehaul_floor.fields import Fields, as_fields

from linehaul_floor import strict_yaml
from linehaul_sensors.alarm_table import AlarmDef, Kind, Priority, merge
from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.errors import AlarmFileError
from linehaul_sensors.ids import AlarmId, ChannelId, EquipmentId

_ID = re.compile(r'[A-Za-z0-9][A-Za-z0-9_.:/#-]{0,159}\Z')
_KINDS = [kind.name.lower() for kind in Kind]
#: Operating states of a machine: PackML (ISA-TR88.00.02), numbers as in OPC 30050.
_PACKML = """
clearing stopped starting idle suspended execute stopping aborting aborted holding held unholding
suspending unsuspending resetting completing complete"""
STATES = {name: number for number, name in enumerate(_PACKML.split(), start=1)}
_PRIORITIES = [priority.name.lower() for priority in Priority]


def read_alarms(
    path: Path, table: ChannelTable, known: Sequence[AlarmDef]
) -> tuple[AlarmDef, ...]:
    """Return `known` with the alarms of a file added, or put in the place of those with their id.

    Raises:
        AlarmFileError: the file cannot be read, or anything in it is wrong.
    """
    try:
        text = path.read_text(encoding='utf-8-sig')
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem('unreadable', str(path), str(error), 'give a UTF-8 text file')
        raise AlarmFileError(str(path), [problem]) from error
    return parse_alarms(text, table, known, str(path))


def parse_alarms(
    text: str, table: ChannelTable, known: Sequence[AlarmDef] = (), source: str = 'alarms'
) -> tuple[AlarmDef, ...]:
    """Return `known` merged with the alarms of a YAML text with one key, `alarms`.

    Raises:
        AlarmFileError: with every problem found.
    """
    document, problems = strict_yaml.read(text)
    if document is None:
        empty = Problem('empty', 'the file', 'nothing is in it', 'list the alarms')
        raise AlarmFileError(source, problems or [empty])
    root = as_fields(document, '', problems)
    found: dict[AlarmId, AlarmDef] = {}
    for row in root.children('alarms', optional=False):
        alarm = _alarm(row, table)
        if alarm.id in found:
            row.note('duplicate', 'id', f'{alarm.id} stands there twice', 'rename it')
        found[alarm.id] = alarm
    root.finish()
    alarms = merge(known, tuple(found.values()))
    problems += _cause_problems({alarm.id: alarm for alarm in alarms})
    if problems:
        raise AlarmFileError(source, problems)
    return alarms


def _alarm(row: Fields, table: ChannelTable) -> AlarmDef:
    kind = Kind[row.choice('kind', _KINDS).upper()]
    channel = None if kind is Kind.EXTERNAL else ChannelId(row.text('channel'))
    if channel is not None and channel not in table.index:
        row.note('unknown_channel', 'channel', str(channel), 'name one of the channel table')
    limited = kind in (Kind.HIGH, Kind.LOW, Kind.EQUAL)
    equipment = table.channels[table.index[channel]].equipment if channel in table.index else ''
    alarm = AlarmDef(
        id=AlarmId(row.text('id')),
        kind=kind,
        channel=channel,
        equipment=EquipmentId(row.text('equipment', equipment or None)),
        priority=Priority[row.choice('priority', _PRIORITIES).upper()],
        message=row.text('message'),
        consequence=row.text('consequence'),
        response=row.text('response'),
        limit=row.number('limit') if limited else nan,
        deadband=row.number('deadband', 0.0, low=0.0),
        on_delay=row.number('on_delay', 0.0, low=0.0, high=86_400.0),
        off_delay=row.number('off_delay', 0.0, low=0.0, high=86_400.0),
        latching=row.flag('latching', False),
        max_shelve=row.number('max_shelve', 8 * 3600.0, low=0.0, high=30 * 86_400.0),
        group=row.text('group') if row.has('group') else '',
        causes=tuple(AlarmId(name) for name in row.texts('causes', ())),
        states=_states(row),
    )
    row.finish()
    if alarm.id != '?' and not _ID.match(alarm.id):
        row.note('bad_id', 'id', repr(alarm.id), 'use letters, digits and _.:/#-')
    return alarm


def _states(row: Fields) -> tuple[int, ...]:
    """Return the numbers of `only_in: [execute, …]`."""
    found = []
    for name in row.texts('only_in', ()):
        if name in STATES:
            found.append(STATES[name])
        else:
            row.note('bad_state', 'only_in', repr(name), f'use one of {", ".join(STATES)}')
    return tuple(found)


def _cause_problems(alarms: Mapping[AlarmId, AlarmDef]) -> list[Problem]:
    problems = []
    for alarm in alarms.values():
        problems += [
            Problem('unknown_alarm', f'{alarm.id}.causes', str(cause), 'name a known alarm')
            for cause in alarm.causes
            if cause not in alarms
        ]
    done: set[AlarmId] = set()
    for start in alarms:
        ring = _ring(alarms, start, done)
        if ring:
            done.update(ring)
            where = f'{ring[0]}.causes'
            found = ' <- '.join(ring)
            problems.append(Problem('circle', where, found, 'a cause must not explain itself'))
    return problems


def _ring(
    alarms: Mapping[AlarmId, AlarmDef], start: AlarmId, done: set[AlarmId]
) -> list[AlarmId] | None:
    """Return a circle of causes that is reached from `start`; depth first, without recursion."""
    path: list[AlarmId] = []
    stack = [(start, False)]
    while stack:
        name, leaving = stack.pop()
        if leaving:
            path.pop()
            done.add(name)
        elif name in path:
            return [*path[path.index(name) :], name]
        elif name not in done and name in alarms:
            path.append(name)
            stack.append((name, True))
            stack += [(cause, False) for cause in alarms[name].causes]
    return None
