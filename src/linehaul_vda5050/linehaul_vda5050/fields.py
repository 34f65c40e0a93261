# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""How the fields of the dataclasses are written in JSON.

The dataclasses are the table: snake_case becomes camelCase, enumerations become their words, the
header is flattened, and the metadata of a field names what differs.
"""

import dataclasses
import functools
import types
import typing
from typing import Any

from linehaul_vda5050.header import Header


@dataclasses.dataclass(frozen=True, slots=True)
class FieldRule:
    """How one field of a dataclass is written."""

    name: str
    key: str
    type: Any
    optional: bool
    required: bool
    scale: float | None
    parameter: bool


def camel(name: str) -> str:
    """Turn snake_case into camelCase."""
    head, *rest = name.split('_')
    return head + ''.join(part.capitalize() for part in rest)


def unwrap(hint: Any) -> tuple[Any, bool]:
    """Split X | None into X and True. Other unions stay whole."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        rest = [arg for arg in typing.get_args(hint) if arg is not types.NoneType]
        if len(rest) == 1:
            return rest[0], True
    return getattr(hint, '__supertype__', hint), False


@functools.cache
def field_rules(cls: type) -> tuple[FieldRule, ...]:
    """Return how the fields of a dataclass are written."""
    hints = typing.get_type_hints(cls)
    rules = []
    for item in dataclasses.fields(cls):
        kind, optional = unwrap(hints[item.name])
        kind = getattr(kind, '__supertype__', kind)
        required = (
            item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
        )
        meta = item.metadata
        key = meta.get('json', camel(item.name))
        scale, parameter = meta.get('scale'), meta.get('parameter', False)
        rules.append(FieldRule(item.name, key, kind, optional, required, scale, parameter))
    return tuple(rules)


@functools.cache
def json_keys(cls: type) -> frozenset[str]:
    """Return the JSON names of all fields, those of the header among them."""
    keys: set[str] = set()
    for rule in field_rules(cls):
        keys |= json_keys(Header) if rule.type is Header else {rule.key}
    return frozenset(keys)
