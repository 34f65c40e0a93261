# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Dataclasses of the floor as JSON values and back, and their comparison by content.

Written once for every dataclass by its type hints: arrays become lists, enumerations names,
mappings objects, sets sorted lists. Reading back notes every deviation as a problem.
"""

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np

from linehaul_floor.errors import Problem
from linehaul_floor.geometry import freeze


def to_plain(value: Any) -> Any:
    """Return a dataclass or one of its values as JSON can hold it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): to_plain(inner) for key, inner in value.items()}
    if isinstance(value, frozenset):
        return sorted(to_plain(inner) for inner in value)
    if isinstance(value, list | tuple):
        return [to_plain(inner) for inner in value]
    return value


def same(first: Any, second: Any) -> bool:
    """Tell whether two values of the floor have the same content."""
    if isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
        return np.array_equal(first, second) and first.dtype == second.dtype
    if dataclasses.is_dataclass(first) and type(first) is type(second):
        return all(
            same(getattr(first, f.name), getattr(second, f.name))
            for f in dataclasses.fields(first)
        )
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return list(first) == list(second) and all(same(first[k], second[k]) for k in first)
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return bool(first == second)


def from_plain(kind: Any, value: Any, where: str, problems: list[Problem]) -> Any:
    """Return a value of a type from its JSON form; None, with problems noted, where it is wrong.

    Args:
        kind: a dataclass, or a type as it occurs in the hints of one.
        value: the JSON value.
        where: path of the value, for messages.
        problems: deviations are appended.
    """
    kind = getattr(kind, '__supertype__', kind)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in {types.UnionType, typing.Union}:
        return None if value is None else from_plain(inner[0], value, where, problems)
    if origin is tuple:
        return _tuple(inner, value, where, problems)
    if origin is frozenset:
        return frozenset(_tuple((inner[0], ...), value, where, problems))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(inner, value, where, problems)
    if origin is np.ndarray:
        return _array(value, where, problems)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind, value, where, problems)
    return _scalar(kind, value, where, problems)


def _scalar(kind: Any, value: Any, where: str, problems: list[Problem]) -> Any:
    if isinstance(kind, type) and issubclass(kind, Enum):
        if isinstance(value, str) and value in kind.__members__:
            return kind[value]
        return _wrong(value, f'one of {", ".join(kind.__members__)}', where, problems)
    if kind is float and type(value) in {int, float} and math.isfinite(value):
        return float(value)
    if kind is not float and type(value) is kind:
        return value
    return _wrong(value, f'a finite {kind.__name__}', where, problems)


def _tuple(inner: tuple[Any, ...], value: Any, where: str, problems: list[Problem]) -> tuple:
    kinds = [inner[0]] * len(value) if isinstance(value, list) and inner[-1] is ... else inner
    if not isinstance(value, list) or len(value) != len(kinds):
        _wrong(value, 'a list', where, problems)
        return ()
    parts = enumerate(zip(kinds, value, strict=True))
    return tuple(from_plain(kind, v, f'{where}[{i}]', problems) for i, (kind, v) in parts)


def _mapping(
    inner: tuple[Any, ...], value: Any, where: str, problems: list[Problem]
) -> dict[Any, Any]:
    if not isinstance(value, dict):
        _wrong(value, 'an object', where, problems)
        return {}
    return {key: from_plain(inner[1], v, f'{where}.{key}', problems) for key, v in value.items()}


def _array(value: Any, where: str, problems: list[Problem]) -> np.ndarray:
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        array = np.full((1, 2), math.nan)
    if array.ndim != 2 or array.shape[1] != 2 or not np.isfinite(array).all():
        _wrong(value, 'a list of finite points', where, problems)
    return freeze(array)


def _dataclass(kind: type, value: Any, where: str, problems: list[Problem]) -> Any:
    hints = typing.get_type_hints(kind)
    names = {field.name for field in dataclasses.fields(kind)}
    if not isinstance(value, dict) or set(value) != names:
        keys = sorted(set(value) ^ names) if isinstance(value, dict) else value
        return _wrong(keys, f'exactly the keys {", ".join(sorted(names))}', where, problems)
    before = len(problems)
    parts = {key: from_plain(hints[key], value[key], f'{where}.{key}', problems) for key in names}
    return kind(**parts) if len(problems) == before else None


def _wrong(value: Any, wanted: str, where: str, problems: list[Problem]) -> None:
    problems.append(Problem('wrong_type', where, f'found {value!r:.80}', f'write {wanted}'))
