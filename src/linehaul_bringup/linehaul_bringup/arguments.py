# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments of the table: their types, limits, and the reading of values given as text.

The same arguments become options of the starter and declared arguments of the launch file.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NewType

from .errors import ArgumentsError, Problem
from .fields import Fields, is_number, suggestion

ArgumentName = NewType('ArgumentName', str)
Scalar = bool | int | float | str
Values = Mapping[ArgumentName, Scalar]


class ArgumentType(Enum):
    """What kind of value an argument takes."""

    STRING = 'string'
    INTEGER = 'integer'
    FLOAT = 'float'
    BOOLEAN = 'boolean'


@dataclass(frozen=True, slots=True)
class Argument:
    """One thing a person may set for a run.

    Args:
        name: its name; the starter's option and the launch argument.
        type: what kind of value.
        default: the value when nobody sets it.
        description: its meaning, for --help and `ros2 launch --show-args`.
        choices: the only values allowed; empty allows all.
        minimum: lowest number allowed, or None.
        maximum: highest number allowed, or None.
    """

    name: ArgumentName
    type: ArgumentType
    default: Scalar
    description: str
    choices: tuple[Scalar, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    def unfit(self, value: Scalar) -> str | None:
        """Say what a value should have been, or None when it fits."""
        if not _has_type(value, self.type):
            return f'a value of type {self.type.value}'
        if self.choices and value not in self.choices:
            return f'one of {", ".join(map(spell, self.choices))}'
        if self.minimum is not None and is_number(value) and value < self.minimum:  # type: ignore[operator]
            return f'at least {self.minimum:g}'
        if self.maximum is not None and is_number(value) and value > self.maximum:  # type: ignore[operator]
            return f'at most {self.maximum:g}'
        return None


def _has_type(value: object, kind: ArgumentType) -> bool:
    if kind is ArgumentType.STRING:
        return isinstance(value, str)
    if kind is ArgumentType.BOOLEAN:
        return isinstance(value, bool)
    if kind is ArgumentType.INTEGER:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, float) and math.isfinite(value)


def spell(value: Scalar) -> str:
    """Write a value as text that `read` takes back."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def read(kind: ArgumentType, text: str) -> Scalar | None:
    """Read a value from text; None when it is not of the kind."""
    if kind is ArgumentType.STRING:
        return text
    if kind is ArgumentType.BOOLEAN:
        return {'true': True, 'false': False}.get(text.strip().lower())
    try:
        return int(text) if kind is ArgumentType.INTEGER else float(text)
    except ValueError:
        return None


def parse_argument(name: str, raw: object, fields: Fields) -> Argument:
    """Read one argument of the table; problems go to the fields' list."""
    entry = Fields.of(raw, fields.at(name), fields.problems)
    if not name.isidentifier() or not name.islower():
        fields.refuse(name, 'not a usable name', 'use lower case letters, digits and _')
    kinds = [kind.value for kind in ArgumentType]
    kind = ArgumentType(
        entry.take('type', lambda v: v in kinds, f'one of {", ".join(kinds)}', 'string')
    )
    argument = Argument(
        name=ArgumentName(name),
        type=kind,
        default=_scalar(entry, 'default', kind),
        description=entry.text('description'),
        choices=tuple(
            entry.take('choices', lambda v: isinstance(v, list), 'a list of values', [])
        ),
        minimum=_limit(entry, 'minimum'),
        maximum=_limit(entry, 'maximum'),
    )
    entry.finish()
    _check(argument, entry)
    return argument


def _scalar(entry: Fields, key: str, kind: ArgumentType) -> Scalar:
    value = entry.take(key, lambda v: isinstance(v, bool | int | float | str), 'one value', None)
    widen = kind is ArgumentType.FLOAT and is_number(value)
    return float(value) if widen else '' if value is None else value


def _limit(entry: Fields, key: str) -> float | None:
    entry.known.append(key)
    return entry.take(key, is_number, 'a number', math.nan) if key in entry.raw else None


def _check(argument: Argument, entry: Fields) -> None:
    wanted = argument.unfit(argument.default)
    if 'default' in entry.raw and wanted:
        entry.refuse('default', f'found {argument.default!r}', f'write {wanted}')
    for choice in argument.choices:
        if not _has_type(choice, argument.type):
            entry.refuse('choices', f'found {choice!r}', f'write {argument.type.value} values')


def resolve(
    arguments: Mapping[ArgumentName, Argument], given: Iterable[tuple[str, str]]
) -> dict[ArgumentName, Scalar]:
    """Give every argument a value.

    Args:
        arguments: the table's arguments by name.
        given: names and texts from a command line, in their order.

    Returns:
        One value of the right type for each argument.

    Raises:
        ArgumentsError: unknown name, wrong type, outside the limits, or given twice differently.
    """
    problems: list[Problem] = []
    texts: dict[str, str] = {}
    values = {name: argument.default for name, argument in arguments.items()}
    for name, text in given:
        if name not in arguments:
            problems.append(Problem(name, 'unknown argument', suggestion(name, list(arguments))))
            continue
        if texts.setdefault(name, text) != text:
            what = f'given as {texts[name]!r} and as {text!r}'
            problems.append(Problem(name, what, 'give it once'))
            continue
        argument = arguments[ArgumentName(name)]
        value = read(argument.type, text)
        wanted = f'a value of type {argument.type.value}'
        unfit = wanted if value is None else argument.unfit(value)
        if unfit or value is None:
            problems.append(Problem(name, f'found {text!r}', f'give {unfit}'))
        else:
            values[argument.name] = value
    if problems:
        raise ArgumentsError('The arguments cannot be used:', problems)
    return values
