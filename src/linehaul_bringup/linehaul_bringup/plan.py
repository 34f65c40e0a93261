# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""From the table and the values of its arguments to the list of processes.

Both readers start exactly this list: the starter as command lines, the launch file as actions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .arguments import Scalar, Values
from .errors import Problem, TableError
from .restart import Respawn
from .system import NodeEntry, NodeName, Parameter, System
from .template import fill, fill_text

_NAMESPACE = re.compile(r'/|(/[a-zA-Z_]\w*)+')


@dataclass(frozen=True, slots=True)
class NodeProcess:
    """One process to run; no `${…}` is left in it.

    Args:
        label: unique name for logs: the node's name, with its namespace where it is repeated.
        name: ROS node name.
        package: ROS package.
        executable: executable in the package.
        namespace: absolute ROS namespace.
        parameters: ROS parameters.
        parameter_files: ROS parameter files, in the order they are read.
        remappings: ROS names from and to.
        respawn: how it is restarted, or None for never.
        required: the plant cannot run without it.
    """

    label: str
    name: NodeName
    package: str
    executable: str
    namespace: str
    parameters: tuple[tuple[str, Parameter], ...]
    parameter_files: tuple[str, ...]
    remappings: tuple[tuple[str, str], ...]
    respawn: Respawn | None
    required: bool


def needed_sources(system: System, values: Values) -> frozenset[str]:
    """Name the collections of the plant that the running nodes are repeated over."""
    return frozenset(
        node.repeat.source
        for node in system.nodes
        if node.repeat and node.repeat.source and node.when.holds(values)
    )


def plan(
    system: System,
    values: Values,
    config: str,
    sources: Mapping[str, Sequence[str]] | None = None,
) -> tuple[NodeProcess, ...]:
    """List the processes of a run.

    Args:
        system: the table.
        values: a value for each argument.
        config: folder of the table, for `${config}`.
        sources: the values behind each of `needed_sources`.

    Raises:
        TableError: two processes would have one name, or a namespace is no ROS name.
    """
    known: dict[str, Scalar] = {**{str(k): v for k, v in values.items()}, 'config': config}
    processes = []
    for node in system.nodes:
        if not node.when.holds(values):
            continue
        if node.repeat is None:
            processes.append(_process(node, known, None))
            continue
        each = node.repeat.values or (sources or {})[node.repeat.source]
        for value in each:
            processes.append(_process(node, {**known, node.repeat.variable: value}, value))
    _check(processes)
    return tuple(processes)


def _process(node: NodeEntry, known: Mapping[str, Scalar], value: str | None) -> NodeProcess:
    return NodeProcess(
        label=node.name if value is None else f'{node.name}.{value}',
        name=node.name,
        package=node.package,
        executable=node.executable,
        namespace='/' + fill_text(node.namespace, known),
        parameters=tuple((k, _fill(v, known)) for k, v in node.parameters.items()),
        parameter_files=tuple(fill_text(text, known) for text in node.parameter_files),
        remappings=tuple((k, fill_text(v, known)) for k, v in node.remappings.items()),
        respawn=node.respawn,
        required=node.required,
    )


def _fill(value: Parameter, known: Mapping[str, Scalar]) -> Parameter:
    if isinstance(value, tuple):
        return tuple(fill(item, known) if isinstance(item, str) else item for item in value)
    return fill(value, known) if isinstance(value, str) else value


def _check(processes: Sequence[NodeProcess]) -> None:
    problems = [
        Problem(p.label, f'{p.namespace!r} is no ROS namespace', 'use letters, digits and _')
        for p in processes
        if not _NAMESPACE.fullmatch(p.namespace)
    ]
    names = Counter((p.namespace, p.name) for p in processes)
    problems += [
        Problem(f'{space.rstrip("/")}/{name}', f'{count} nodes have this name', 'add a namespace')
        for (space, name), count in names.items()
        if count > 1
    ]
    if not processes:
        problems.append(Problem('nodes', 'no node runs with these arguments', 'mend `when`'))
    if problems:
        raise TableError('The nodes cannot run together:', problems)
