# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The one table of nodes, parsed: which nodes run, with what, and when.

The starter and the launch file are thin readers of what this module returns. It reads no file and
starts nothing. A wrong table is refused as a whole, with every problem in one error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NewType

from . import strict_yaml
from .arguments import Argument, ArgumentName, Scalar, parse_argument
from .conditions import Condition, parse_condition
from .errors import Problem, TableError
from .fields import Fields, suggestion
from .restart import Respawn
from .template import references

NodeName = NewType('NodeName', str)
Parameter = Scalar | tuple[Scalar, ...]

#: what a node may be repeated over, besides a plain list: collections of the plant
SOURCES = ('plant.vehicles', 'plant.stations', 'plant.lines', 'plant.warehouse_ports')
#: `${…}` names that are no arguments: the folder of the table
BUILT_IN = ('config',)
_ROS_NAME = re.compile(r'[a-zA-Z_]\w*(/[a-zA-Z_]\w*)*')


@dataclass(frozen=True, slots=True)
class Repeat:
    """One process for each value.

    Args:
        variable: the value's name in `${…}`.
        source: a name of SOURCES, or '' when the values are listed.
        values: the listed values.
    """

    variable: str
    source: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodeEntry:
    """One row of the table; texts may hold `${…}`.

    Args:
        name: unique name; also the ROS node name and the log's name.
        package: ROS package that holds the executable.
        executable: its name in the package's `lib` folder.
        namespace: ROS namespace, '' for the root.
        parameters: ROS parameters by name.
        parameter_files: ROS parameter files.
        remappings: ROS names from and to.
        repeat: one process for each of several values, or None.
        when: condition on the arguments.
        respawn: how it is restarted, or None for never.
        required: the plant cannot run without it.
    """

    name: NodeName
    package: str
    executable: str
    namespace: str
    parameters: Mapping[str, Parameter]
    parameter_files: tuple[str, ...]
    remappings: Mapping[str, str]
    repeat: Repeat | None
    when: Condition
    respawn: Respawn | None
    required: bool


@dataclass(frozen=True, slots=True)
class System:
    """The whole table."""

    arguments: Mapping[ArgumentName, Argument]
    nodes: tuple[NodeEntry, ...]


def parse_system(text: str, where: str = 'system.yaml') -> System:
    """Parse the table.

    Args:
        text: the YAML text.
        where: the file's name in messages.

    Raises:
        TableError: lists everything that is wrong in it.
    """
    raw, broken = strict_yaml.load(text, where)
    if broken:
        raise TableError('The table of nodes cannot be read:', [broken])
    problems: list[Problem] = []
    top = Fields.of(raw, '', problems)
    listed = top.mapping('arguments')
    arguments = {ArgumentName(k): parse_argument(k, v, listed) for k, v in listed.raw.items()}
    entries = top.mapping('nodes')
    nodes = tuple(_parse_node(k, v, entries, arguments) for k, v in entries.raw.items())
    top.finish()
    if not entries.raw:
        problems.append(Problem('nodes', 'no node in the table', 'list at least one node'))
    if problems:
        raise TableError(f'The table of nodes {where} cannot be used:', problems)
    return System(arguments, nodes)


def _parse_node(
    name: str, raw: Any, table: Fields, arguments: Mapping[ArgumentName, Argument]
) -> NodeEntry:
    fields = Fields.of(raw, table.at(name), table.problems)
    if not _ROS_NAME.fullmatch(name) or '/' in name:
        table.refuse(name, 'not a ROS node name', 'use letters, digits and _')
    node = NodeEntry(
        name=NodeName(name),
        package=fields.text('package'),
        executable=fields.text('executable'),
        namespace=fields.text('namespace', '').strip('/'),
        parameters=_parameters(fields.mapping('parameters')),
        parameter_files=_texts(fields, 'parameter_files'),
        remappings=_remappings(fields.mapping('remappings')),
        repeat=_repeat(fields),
        when=parse_condition(fields.text('when', ''), arguments, fields, 'when'),
        respawn=_respawn(fields),
        required=fields.flag('required', True),
    )
    fields.finish()
    _check_references(node, fields, arguments)
    return node


def _parameters(fields: Fields) -> dict[str, Parameter]:
    found: dict[str, Parameter] = {}
    for name, value in fields.raw.items():
        items = value if isinstance(value, list) else [value]
        plain = all(isinstance(item, bool | int | float | str) for item in items)
        if not plain or len({type(item) for item in items}) > 1:
            fields.refuse(name, f'found {value!r}', 'write one value or a list of one type')
            continue
        found[name] = tuple(value) if isinstance(value, list) else value
    return found


def _texts(fields: Fields, key: str) -> tuple[str, ...]:
    def fits(value: Any) -> bool:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)

    return tuple(fields.take(key, fits, 'a list of texts', []))


def _remappings(fields: Fields) -> dict[str, str]:
    return {name: fields.text(name) for name in fields.raw}


def _repeat(fields: Fields) -> Repeat | None:
    entry = fields.mapping('repeat')
    if 'repeat' not in fields.raw:
        return None
    variable = entry.text('variable')
    values = _texts(entry, 'values')
    source = entry.text('over', '')
    entry.finish()
    if variable and not variable.isidentifier():
        entry.refuse('variable', f'found {variable!r}', 'use letters, digits and _')
    if bool(values) == bool(source):
        entry.refuse('over', 'wanted either `over` or `values`', 'write one of the two')
    if source and source not in SOURCES:
        entry.refuse('over', f'found {source!r}', suggestion(source, SOURCES))
    return Repeat(variable, source, values)


def _respawn(fields: Fields) -> Respawn | None:
    if fields.raw.get('respawn') in (True, False):
        fields.known.append('respawn')
        return Respawn() if fields.raw['respawn'] else None
    entry = fields.mapping('respawn')
    usual = Respawn()
    respawn = Respawn(
        delay=entry.number('delay', usual.delay),
        max_delay=entry.number('max_delay', usual.max_delay),
        healthy_after=entry.number('healthy_after', usual.healthy_after),
        attempts=int(entry.number('attempts', usual.attempts)),
    )
    entry.finish()
    if respawn.max_delay < respawn.delay:
        entry.refuse('max_delay', f'found {respawn.max_delay:g}', f'at least {respawn.delay:g}')
    return respawn


def texts_of(node: NodeEntry) -> dict[str, str]:
    """Every text of a node that may hold `${…}`, by its place in the table."""
    texts = {'namespace': node.namespace}
    for name, value in node.parameters.items():
        items: Sequence[Scalar] = value if isinstance(value, tuple) else (value,)
        for i, item in enumerate(items):
            if isinstance(item, str):
                texts[f'parameters.{name}' + (f'[{i}]' if len(items) > 1 else '')] = item
    texts |= {f'parameter_files[{i}]': text for i, text in enumerate(node.parameter_files)}
    return texts | {f'remappings.{name}': text for name, text in node.remappings.items()}


def _check_references(
    node: NodeEntry, fields: Fields, arguments: Mapping[ArgumentName, Argument]
) -> None:
    repeated = [node.repeat.variable] if node.repeat else []
    known = [*map(str, arguments), *BUILT_IN, *repeated]
    if node.repeat and node.repeat.variable in (*map(str, arguments), *BUILT_IN):
        fields.refuse('repeat.variable', 'taken by an argument', 'choose another name')
    for place, text in texts_of(node).items():
        names, broken = references(text)
        if broken:
            fields.refuse(place, f'found {broken!r}', 'write ${name}, or $$ for a dollar sign')
        for name in names:
            if name not in known:
                fields.refuse(place, f'${{{name}}} is not known', suggestion(name, known))
