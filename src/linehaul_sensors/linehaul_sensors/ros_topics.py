# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""ROS topics of robots and machines as a source: a mapping says which field is which channel.

    topics:
      - {topic: oven_1/temperature, type: sensor_msgs/Temperature, channel: oven_1_t}
      - {topic: arm/joint_states, type: sensor_msgs/JointState, channel: arm_effort,
         field: 'effort[name=elbow]', unit: N.m}
      - {topic: /diagnostics, type: diagnostic_msgs/DiagnosticArray, channel: motor_t,
         field: 'status[name=motor].values[key=temperature].value'}

A field is a path of names. `[3]` picks one of a list, `[name=elbow]` the one whose `name` is
elbow: of the messages in the list itself, or of a list of names beside it, as in JointState.
The usual message types have a usual field and unit. Nothing here imports ROS.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from linehaul_floor.fields import Fields, as_fields

from linehaul_floor import strict_yaml
from linehaul_sensors import units
from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.errors import MappingError, PayloadError
from linehaul_sensors.ids import ChannelId
from linehaul_sensors.readings import NS, Flag, Quality, Readings, make_readings

_STEP = re.compile(r'(\w+)(?:\[(?:(\d+)|(\w+)=([^\]]+))\])?\Z')
_TYPE = re.compile(r'([a-z]\w*)/(?:msg/)?([A-Z]\w*)\Z')
# Type: its usual field and the unit of that field.
USUAL = {
    'sensor_msgs/Temperature': ('temperature', 'Cel'),
    'sensor_msgs/RelativeHumidity': ('relative_humidity', '1'),
    'sensor_msgs/FluidPressure': ('fluid_pressure', 'Pa'),
    'sensor_msgs/Illuminance': ('illuminance', 'lx'),
    'sensor_msgs/Range': ('range', 'm'),
    'sensor_msgs/BatteryState': ('percentage', '1'),
    'linehaul_interfaces/VehicleState': ('state_of_charge', '1'),
    'linehaul_interfaces/LineState': ('state.state', '1'),
    'linehaul_interfaces/StationState': ('state.state', '1'),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One name of a path, and which of a list: `index`, or `key` with the value `text`."""

    name: str
    index: int = -1
    key: str = ''
    text: str = ''


@dataclass(frozen=True, slots=True)
class RosRule:
    """One entry of the mapping; value in the channel's unit = raw * factor + offset."""

    topic: str
    package: str
    type: str
    channel: int
    path: tuple[Step, ...]
    factor: float
    offset: float


def parse_topics(text: str, table: ChannelTable, source: str = 'topics') -> tuple[RosRule, ...]:
    """Return the rules of a YAML text with one key, `topics`.

    Raises:
        MappingError: with every problem found.
    """
    document, problems = strict_yaml.read(text)
    root = as_fields({} if document is None else document, '', problems)
    rules = tuple(_rule(row, table) for row in root.children('topics', optional=False))
    root.finish()
    if problems:
        raise MappingError(source, problems)
    return rules


def _rule(row: Fields, table: ChannelTable) -> RosRule:
    topic, kind, name = row.text('topic'), row.text('type'), row.text('channel')
    found = _TYPE.match(kind)
    if found is None:
        row.note('bad_type', 'type', repr(kind), 'write a type such as sensor_msgs/Temperature')
    package, short = (found[1], found[2]) if found else ('', '')
    field, unit = USUAL.get(f'{package}/{short}', ('', ''))
    path = _path(row.text('field', field) if field else row.text('field'), row)
    number = table.index.get(ChannelId(name), -1)
    change: tuple[float, float] | None = (1.0, 0.0)
    if number < 0:
        row.note('unknown_channel', 'channel', name, 'name one of the channel table')
    else:
        unit = row.text('unit') if row.has('unit') else unit
        wanted = table.channels[number].unit
        change = units.conversion(unit, wanted) if unit else (1.0, 0.0)
        if change is None:
            row.note('wrong_unit', 'unit', f'{unit} cannot become {wanted}', 'mend one of them')
    row.finish()
    return RosRule(topic, package, short, number, path, *(change or (1.0, 0.0)))


def _path(text: str, row: Fields) -> tuple[Step, ...]:
    steps = []
    for part in re.split(r'\.(?![^\[]*\])', text):
        found = _STEP.match(part)
        if found is None:
            row.note('bad_field', 'field', repr(text), 'write a path such as values[key=t].value')
            return ()
        name, index, key, wanted = found.groups()
        steps.append(Step(name, -1 if index is None else int(index), key or '', wanted or ''))
    return tuple(steps)


def value_at(message: Any, path: Sequence[Step]) -> float:
    """Return the number at a path of a message.

    Raises:
        PayloadError: nothing is there, or it is no number.
    """
    found = message
    for step in path:
        parent, found = found, getattr(found, step.name, None)
        if step.key:
            found = _named(parent, found, step)
        elif step.index >= 0:
            found = found[step.index] if found is not None and step.index < len(found) else None
        if found is None:
            raise PayloadError(f'nothing at {step.name} of {type(parent).__name__}')
    if isinstance(found, bytes) and len(found) == 1:
        return float(found[0])
    try:
        return float(found)
    except (TypeError, ValueError) as error:
        raise PayloadError(f'{found!r:.60} is no number') from error


def _named(parent: Any, found: Any, step: Step) -> Any:
    """Return the element called `step.text`: by its own key, or by a list of names beside it."""
    if found is None:
        return None
    if len(found) and hasattr(found[0], step.key):
        return next((one for one in found if str(getattr(one, step.key)) == step.text), None)
    labels = list(getattr(parent, step.key, ()))
    place = labels.index(step.text) if step.text in labels else -1
    return found[place] if 0 <= place < len(found) else None


class RosTopics:
    """Collects the values of messages until they are drained.

    Args:
        rules: the mapping.
    """

    def __init__(self, rules: Sequence[RosRule]) -> None:
        self.rules = tuple(rules)
        self.faults: list[tuple[str, str]] = []
        self._rows: list[tuple[int, int, float, int, int]] = []

    def topics(self) -> dict[tuple[str, str, str], tuple[RosRule, ...]]:
        """Return the rules of each topic with its package and type."""
        groups: dict[tuple[str, str, str], list[RosRule]] = {}
        for rule in self.rules:
            groups.setdefault((rule.topic, rule.package, rule.type), []).append(rule)
        return {key: tuple(rules) for key, rules in groups.items()}

    def receive(self, rules: Sequence[RosRule], message: Any, received: int) -> None:
        """Take one message in.

        Args:
            rules: of its topic.
            message: with `header.stamp`, which is its source time if it is not zero.
            received: [ns].
        """
        time = _stamp(message) or received
        for rule in rules:
            try:
                raw = value_at(message, rule.path)
            except PayloadError as error:
                self.faults.append((rule.topic, str(error)))
                self._rows.append((rule.channel, time, math.nan, Quality.BAD, Flag.SOURCE))
                continue
            value = raw * rule.factor + rule.offset
            self._rows.append((rule.channel, time, value, Quality.GOOD, 0))

    def drain(self) -> tuple[Readings, list[tuple[str, str]]]:
        """Return readings and faults since the last call."""
        rows, self._rows = self._rows, []
        faults, self.faults = self.faults, []
        if not rows:
            return make_readings([], [], []), faults
        return make_readings(*map(list, zip(*rows, strict=True))), faults


def _stamp(message: Any) -> int:
    header = getattr(message, 'header', None)
    stamp = getattr(header, 'stamp', None) or getattr(message, 'stamp', None)
    return 0 if stamp is None else int(stamp.sec) * NS + int(stamp.nanosec)
