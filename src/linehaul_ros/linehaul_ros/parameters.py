# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Node parameters as one frozen dataclass per node.

A field made by `setting` carries its unit, bounds and meaning; `declare` turns the dataclass into
ROS parameters, so that ``ros2 param describe`` says the same as the code, and reads the values.
Unknown names and values out of bounds are errors, before the node does anything.
"""

from dataclasses import MISSING, field, fields
from math import inf, isfinite
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

C = TypeVar('C')

# Parameters that every rclpy node has by itself.
_BUILT_IN = ('use_sim_time', 'start_type_description_service')


class ParameterError(ValueError):
    """A node cannot run with the parameters it was given."""


def setting(
    default: Any = MISSING,
    *,
    doc: str,
    unit: str = '',
    low: float = -inf,
    high: float = inf,
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare one field of a node's Config: default, meaning, unit and bounds (inclusive)."""
    metadata = {'doc': doc, 'unit': unit, 'low': low, 'high': high, 'choices': choices}
    return field(default=default, metadata=metadata)


def declare(node: Node, config: type[C]) -> C:
    """Declare `config`'s fields as parameters of `node` and return the values.

    Raises:
        ParameterError: a name is unknown, a required one is missing, or a value is out of bounds.
    """
    known = {f.name for f in fields(config)}  # type: ignore[arg-type]
    given = node._parameter_overrides
    unknown = sorted(n for n in given if n not in known and not n.startswith((*_BUILT_IN, 'qos_')))
    problems = [f'{n}: no such parameter; known are {", ".join(sorted(known))}' for n in unknown]
    values = {}
    for f in fields(config):  # type: ignore[arg-type]
        default = None if f.default is MISSING else f.default
        if default is None and f.name not in given:
            problems.append(f'{f.name}: required ({f.metadata["doc"]})')
            continue
        override = given.get(f.name)
        wanted = type(default) if default is not None else str
        if override is not None and not _fits(override.value, wanted):
            problems.append(f'{f.name}: found {override.value!r}, wanted {wanted.__name__}')
            continue
        value = _as(override.value if override else default, wanted)
        wrong = _check(f, value)
        problems += wrong
        if not wrong:
            node.declare_parameter(f.name, value, _descriptor(f, wanted), ignore_override=True)
        values[f.name] = value
    if problems:
        raise ParameterError(f'{node.get_name()}: ' + '; '.join(problems))
    return config(**values)


def _fits(value: Any, wanted: type) -> bool:
    if wanted is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return type(value) is wanted


def _as(value: Any, wanted: type) -> Any:
    return float(value) if wanted is float else value


def _check(f: Any, value: Any) -> list[str]:
    m = f.metadata
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if number and not (isfinite(value) and m['low'] <= value <= m['high']):
        bounds = f'{m["low"]} to {m["high"]} {m["unit"]}'.strip()
        return [f'{f.name}: found {value}, wanted {bounds}']
    if m['choices'] and value not in m['choices']:
        return [f'{f.name}: found {value!r}, wanted one of {", ".join(m["choices"])}']
    return []


def _descriptor(f: Any, wanted: type) -> ParameterDescriptor:
    m = f.metadata
    text = m['doc'] + (f' [{m["unit"]}]' if m['unit'] else '')
    if m['choices']:
        text += f' One of: {", ".join(m["choices"])}.'
    descriptor = ParameterDescriptor(description=text, read_only=True)
    if isfinite(m['low']) and isfinite(m['high']):
        if wanted is float:
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(m['low']), to_value=float(m['high']))
            ]
        elif wanted is int:
            descriptor.integer_range = [
                IntegerRange(from_value=int(m['low']), to_value=int(m['high']))
            ]
    return descriptor
