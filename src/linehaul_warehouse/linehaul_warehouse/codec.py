# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Dataclasses to JSON and back.

Writing is orjson's own; reading builds the types that the annotations name. NaN and infinities
are null in JSON, and null comes back as NaN where a float is wanted.
"""

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from math import nan
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson

T = TypeVar('T')


def dump(value: Any) -> bytes:
    """Return the JSON of dataclasses, dictionaries with text keys, enums and plain values."""
    return orjson.dumps(value)


def plain(value: Any) -> Any:
    """Return what reading the JSON of a value gives: dictionaries, lists, text and numbers."""
    return orjson.loads(orjson.dumps(value))


def build(kind: type[T], value: Any) -> T:
    """Return the plain value as an instance of a type.

    Raises:
        ValueError: it does not have that form.
    """
    try:
        return _builder(kind)(value)  # type: ignore[arg-type, no-any-return]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f'found {str(value)[:60]!r}, wanted a {kind}: {error!r}') from error


def _same(value: Any) -> Any:
    return value


def _float(value: Any) -> float:
    return nan if value is None else float(value)


@cache
def _builder(kind: Any) -> Callable[[Any], Any]:
    kind = getattr(kind, '__supertype__', kind)
    if kind is float:
        return _float
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple:
        return _tuple(inner)
    if origin is dict:
        make = _builder(inner[1])
        return lambda value: {k: make(v) for k, v in value.items()}
    if origin in (Union, types.UnionType):
        (one,) = (a for a in inner if a is not type(None))
        make = _builder(one)
        return lambda value: None if value is None else make(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return _dataclass(kind) if is_dataclass(kind) else _same


def _tuple(inner: tuple[Any, ...]) -> Callable[[Any], Any]:
    if len(inner) == 2 and inner[1] is Ellipsis:
        make = _builder(inner[0])
        return lambda value: tuple(make(v) for v in value)
    makers = [_builder(one) for one in inner]
    return lambda value: tuple(m(v) for m, v in zip(makers, value, strict=True))


def _dataclass(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    parts = [(f.name, _builder(hints[f.name])) for f in fields(kind) if f.init]

    def make(value: Any) -> Any:
        return kind(**{name: one(value[name]) for name, one in parts if name in value})

    return make
