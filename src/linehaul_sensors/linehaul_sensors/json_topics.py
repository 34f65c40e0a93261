# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Plain JSON topics: a mapping says which topics are which channels and where values stand.

topics:
- topic: 'hall/+/climate'        # + is one level, # the rest
channel: 'climate_{1}_t'       # {1} is what the first wildcard matched
value: /temperature            # JSON pointer; '' is the whole payload
time: /ts                      # optional; without it the receipt counts
time_unit: ms                  # s, ms, us, ns, or iso
unit: '[degF]'                 # optional; converted to the channel's
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import orjson
from linehaul_floor.fields import Fields, as_fields

from linehaul_floor import strict_yaml
from linehaul_sensors import units
from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.errors import MappingError, PayloadError
from linehaul_sensors.ids import ChannelId
from linehaul_sensors.readings import NS, Flag, Quality, Readings, make_readings

_SCALES = {'s': NS, 'ms': 1_000_000, 'us': 1_000, 'ns': 1}
_LEVEL = re.compile(r'\{(\d)\}')


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of the mapping."""

    topic: str
    pattern: re.Pattern[str]
    channel: str
    value: tuple[str, ...]
    time: tuple[str, ...] | None
    time_unit: str
    unit: str


def parse_mapping(text: str, source: str = 'mapping') -> tuple[Rule, ...]:
    """Return the rules of a YAML text with one key, `topics`.

    Raises:
        MappingError: with every problem found.
    """
    document, problems = strict_yaml.read(text)
    root = as_fields({} if document is None else document, '', problems)
    rules = [_rule(row) for row in root.children('topics', optional=False)]
    root.finish()
    if problems:
        raise MappingError(source, problems)
    return tuple(rules)


def _rule(row: Fields) -> Rule:
    topic = row.text('topic')
    if not _is_filter(topic):
        row.note('bad_topic', 'topic', repr(topic), '+ and # stand alone in a level, # at the end')
    value, time = row.get('value', ''), row.get('time', None)
    for key, pointer in (('value', value), ('time', time if time is not None else '')):
        if not isinstance(pointer, str) or (pointer and not pointer.startswith('/')):
            row.note('bad_pointer', key, repr(pointer), 'write a JSON pointer such as /a/b')
    unit = row.text('unit') if row.has('unit') else ''
    rule = Rule(
        topic=topic,
        pattern=_pattern(topic),
        channel=row.text('channel'),
        value=_pointer(str(value)),
        time=None if time is None else _pointer(str(time)),
        time_unit=row.choice('time_unit', [*_SCALES, 'iso'], 'ms'),
        unit=unit,
    )
    row.finish()
    return rule


def _is_filter(topic: str) -> bool:
    levels = topic.split('/')
    alone = all(level in ('+', '#') or not set(level) & set('+#') for level in levels)
    return alone and '#' not in levels[:-1]


def _pattern(topic: str) -> re.Pattern[str]:
    parts = {'+': '([^/]+)', '#': '(.*)'}
    levels = (parts.get(level, re.escape(level)) for level in topic.split('/'))
    return re.compile('/'.join(levels) + r'\Z')


def _pointer(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    return tuple(p.replace('~1', '/').replace('~0', '~') for p in text[1:].split('/'))


class JsonTopics:
    """Reads JSON messages by a mapping.

    Args:
        table: the channels.
        rules: the mapping; a message may match several.
    """

    def __init__(self, table: ChannelTable, rules: tuple[Rule, ...]) -> None:
        self._table = table
        self._rules = rules
        self._matches: dict[str, list[tuple[Rule, int]]] = {}
        self.unmapped = 0

    def filters(self) -> tuple[str, ...]:
        """Return the topic filters to subscribe to."""
        return tuple(dict.fromkeys(rule.topic for rule in self._rules))

    def receive(self, topic: str, data: bytes, received: int) -> Readings:
        """Return the readings in a message.

        Args:
            topic: of the message.
            data: its payload.
            received: [ns].

        Raises:
            PayloadError: it is no JSON, or what the mapping names is not in it.
        """
        matches = self._match(topic)
        if not matches:
            return make_readings([], [], [])
        try:
            document = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise PayloadError(f'{topic}: no JSON: {error}') from error
        rows = list(self._rows(topic, matches, document, received))
        return make_readings(*map(list, zip(*rows, strict=True)))

    def _match(self, topic: str) -> list[tuple[Rule, int]]:
        known = self._matches.get(topic)
        if known is not None:
            return known
        found = []
        for rule in self._rules:
            match = rule.pattern.match(topic)
            if match is None:
                continue
            name = _filled(rule.channel, match)
            number = self._table.index.get(ChannelId(name))
            if number is None:
                self.unmapped += 1
            else:
                found.append((rule, number))
        if len(self._matches) < 1_000_000:
            self._matches[topic] = found
        return found

    def _rows(
        self, topic: str, matches: list[tuple[Rule, int]], document: Any, received: int
    ) -> Iterator[tuple[int, int, float, int, int]]:
        for rule, number in matches:
            value = _at(document, rule.value, topic)
            time = received
            if rule.time is not None:
                time = _time(_at(document, rule.time, topic), rule.time_unit, topic)
            if isinstance(value, bool):
                value = float(value)
            if value is None:
                value = math.nan
            if not isinstance(value, (int, float)):
                raise PayloadError(
                    f'{topic}: {value!r:.60} at {"/".join(rule.value)} is no number'
                )
            unit = self._table.channels[number].unit
            change = units.conversion(rule.unit, unit) if rule.unit else (1.0, 0.0)
            if change is None:
                yield number, time, float(value), Quality.BAD, Flag.SOURCE
            else:
                yield number, time, float(value) * change[0] + change[1], Quality.GOOD, 0


def _filled(channel: str, match: re.Match[str]) -> str:
    """Return the channel's name with {1} … replaced by what the wildcards matched."""
    groups = ('', *match.groups())
    return _LEVEL.sub(lambda m: groups[int(m[1])] if int(m[1]) < len(groups) else '', channel)


def _at(document: Any, pointer: tuple[str, ...], topic: str) -> Any:
    found = document
    for step in pointer:
        if isinstance(found, dict) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            raise PayloadError(f'{topic}: nothing at /{"/".join(pointer)}')
    return found


def _time(value: Any, unit: str, topic: str) -> int:
    if unit == 'iso':
        try:
            when = datetime.fromisoformat(str(value).replace('Z', '+00:00'))
        except ValueError as error:
            raise PayloadError(f'{topic}: {value!r:.60} is no ISO time') from error
        when = when if when.tzinfo else when.replace(tzinfo=timezone.utc)
        return int(when.timestamp() * 1e6) * 1000
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise PayloadError(f'{topic}: {value!r:.60} is no time')
    return max(min(int(value * _SCALES[unit]), 1 << 62), 0)
