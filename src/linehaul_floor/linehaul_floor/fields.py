# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Typed access to one mapping of a document, with every deviation noted instead of raised.

Each getter returns a value of the right type in any case, so that one pass over the file finds
all problems; the caller discards the result when there are any.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from linehaul_floor.errors import Problem
from linehaul_floor.geometry import FloatArray

_IDENTIFIER = re.compile(r'[a-z][a-z0-9]*(_[a-z0-9]+)*\Z')
_COUNTER = re.compile(r'\{n(?::0(\d))?\}')
_MISSING = object()
FARTHEST = 10_000.0  # [m] no floor is larger
MOST = 10_000  # copies of one entry
REQUIRED: Any = object()


@dataclass(slots=True)
class Fields:
    """One mapping at `where`; `finish` reports the keys nobody asked for."""

    data: dict[str, Any]
    where: str
    problems: list[Problem]
    used: set[str] = field(default_factory=set)

    def note(self, code: str, key: str, found: str, remedy: str) -> None:
        """Add a problem of this mapping or of one of its keys."""
        where = f'{self.where}.{key}'.strip('.') or 'the file'
        self.problems.append(Problem(code, where, found, remedy))

    def get(self, key: str, default: Any = REQUIRED) -> Any:
        """Return the raw value, noting a missing one that has no default."""
        self.used.add(key)
        value = self.data.get(key, _MISSING)
        if value is not _MISSING:
            return value
        if default is REQUIRED:
            self.note('missing_key', key, 'the key is missing', f'add {key!r}')
            return _MISSING
        return default

    def has(self, key: str) -> bool:
        """Tell whether the key is written."""
        return key in self.data

    def number(
        self, key: str, default: Any = REQUIRED, *, low: float = -math.inf, high: float = math.inf
    ) -> float:
        """Return a finite number within [low, high]."""
        value = self.get(key, default)
        if value is _MISSING:
            return max(low, 1.0) if low > -math.inf else 1.0
        if not _is_number(value):
            self._wrong(key, value, 'a finite number')
        elif not low <= value <= high:
            self.note('out_of_range', key, f'{value}', f'use a value from {low:g} to {high:g}')
        else:
            return float(value)
        return max(low, 1.0) if low > -math.inf else 1.0

    def positive(self, key: str, default: Any = REQUIRED) -> float:
        """Return a finite number above zero."""
        value = self.get(key, default)
        if value is not _MISSING and (not _is_number(value) or value <= 0.0):
            self._wrong(key, value, 'a finite number above 0')
            return 1.0
        return 1.0 if value is _MISSING else float(value)

    def integer(self, key: str, default: Any = REQUIRED, *, low: int = 0) -> int:
        """Return an integer of at least low."""
        value = self.get(key, default)
        if value is _MISSING:
            return low
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            self._wrong(key, value, f'an integer of at least {low}')
            return low
        return value

    def flag(self, key: str, default: Any = REQUIRED) -> bool:
        """Return true or false."""
        value = self.get(key, default)
        if value is not _MISSING and not isinstance(value, bool):
            self._wrong(key, value, 'true or false')
        return value is True

    def text(self, key: str, default: Any = REQUIRED) -> str:
        """Return a text that is not empty."""
        value = self.get(key, default)
        if value is not _MISSING and (not isinstance(value, str) or not value.strip()):
            self._wrong(key, value, 'a text')
            return '?'
        return '?' if value is _MISSING else str(value)

    def identifier(self, key: str = 'id') -> str:
        """Return a name of lower-case words joined by single underscores (a legal ROS name)."""
        value = self.text(key)
        if value != '?' and not _IDENTIFIER.match(value):
            self.note('bad_id', key, repr(value), 'use lower-case words such as fa1_04')
        return value

    def choice(self, key: str, choices: Sequence[str], default: Any = REQUIRED) -> str:
        """Return one of the choices."""
        value = self.get(key, default)
        if value is not _MISSING and value not in choices:
            self.note('bad_choice', key, repr(value), f'use one of {", ".join(choices)}')
            return choices[0]
        return choices[0] if value is _MISSING else str(value)

    def texts(self, key: str, default: Any = REQUIRED) -> tuple[str, ...]:
        """Return a list of different texts."""
        value = self.get(key, default)
        if value is _MISSING:
            return ()
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            self._wrong(key, value, 'a list of names')
            return ()
        if len(set(value)) != len(value):
            self.note('duplicate', key, f'{list(value)}', 'name each only once')
        return tuple(dict.fromkeys(value))

    def point(self, key: str, default: Any = REQUIRED) -> FloatArray:
        """Return (2,) [m] of a pair such as [4.0, 2.5]."""
        value = self.get(key, default)
        if value is _MISSING:
            return np.zeros(2)
        if not _is_point(value):
            self._wrong(key, value, 'a pair of numbers [x, y] within 10 km')
            return np.zeros(2)
        return np.array(value, dtype=float)

    def points(self, key: str, *, low: int = 2) -> FloatArray:
        """Return (K, 2) [m] of at least `low` points."""
        value = self.get(key)
        if value is not _MISSING:
            if isinstance(value, list) and len(value) >= low and all(map(_is_point, value)):
                return np.array(value, dtype=float)
            self._wrong(key, value, f'a list of at least {low} points [[x, y], …] within 10 km')
        return np.stack([np.arange(low, dtype=float), np.arange(low, dtype=float) ** 2], axis=1)

    def numbers(self, key: str) -> dict[str, float]:
        """Return a mapping of names to numbers above zero; empty where the key is missing."""
        result = {}
        inner = self.child(key, optional=True)
        for name in inner.data:
            result[name] = inner.positive(name)
        inner.finish()
        return result

    def child(self, key: str, *, optional: bool = False) -> 'Fields':
        """Return the mapping under a key."""
        value = self.get(key, {} if optional else REQUIRED)
        return as_fields({} if value is _MISSING else value, f'{self.where}.{key}', self.problems)

    def children(self, key: str, *, optional: bool = True) -> list['Fields']:
        """Return the mappings of a list, with `n: [first, last]` repetitions written out."""
        value = self.get(key, [] if optional else REQUIRED)
        if value is _MISSING:
            return []
        if not isinstance(value, list):
            self._wrong(key, value, 'a list of mappings')
            return []
        found: list[Fields] = []
        for index, entry in enumerate(value):
            name = entry.get('id', index) if isinstance(entry, dict) else index
            item = as_fields(entry, f'{self.where}.{key}[{name}]', self.problems)
            found.extend(_repeated(item))
        return found

    def finish(self) -> None:
        """Report keys that were never asked for."""
        for key in self.data:
            if key not in self.used:
                known = ', '.join(sorted(self.used))
                self.note('unknown_key', str(key), 'the key is not known', f'known are {known}')

    def _wrong(self, key: str, value: Any, wanted: str) -> None:
        shown = repr(value)
        shown = shown if len(shown) <= 60 else f'{shown[:57]}...'
        self.note('wrong_type', key, f'found {shown}', f'write {wanted}')


def as_fields(value: Any, where: str, problems: list[Problem]) -> Fields:
    """Return Fields over a value that should be a mapping with text keys."""
    where = where.removeprefix('.')
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return Fields(value, where, problems)
    problems.append(
        Problem(
            'wrong_type', where or 'the file', f'found {value!r:.60}', 'write a mapping key: value'
        )
    )
    return Fields({}, where, problems)


def _repeated(item: Fields) -> Iterator[Fields]:
    """Yield the entry, or its copies for n = first..last with ids counted and points moved."""
    if not item.has('n'):
        yield item
        return
    span, step = item.get('n'), item.point('step', [0.0, 0.0])
    if not (
        _is_point(span)
        and all(type(v) is int for v in span)
        and 0 <= span[0] <= span[1] < span[0] + MOST
    ):
        item.note('wrong_type', 'n', f'found {span!r}', f'write [first, last], 1 to {MOST} copies')
        return
    for count in range(span[0], span[1] + 1):
        shift = step * (count - span[0])
        data = {
            k: _moved(k, v, count, shift) for k, v in item.data.items() if k not in {'n', 'step'}
        }
        yield Fields(data, f'{item.where}(n={count})', item.problems)


def _moved(key: str, value: Any, count: int, shift: FloatArray) -> Any:
    if isinstance(value, str):
        return _COUNTER.sub(lambda match: f'{count:0{match[1] or 1}d}', value)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return [_moved(key, one, count, shift) for one in value]
    if key == 'at' and _is_point(value):
        return [float(value[0] + shift[0]), float(value[1] + shift[1])]
    if key == 'path' and isinstance(value, list) and all(map(_is_point, value)):
        return [[float(x + shift[0]), float(y + shift[1])] for x, y in value]
    if (
        key == 'rect'
        and isinstance(value, list)
        and len(value) == 4
        and all(map(_is_number, value))
    ):
        return [float(v + s) for v, s in zip(value, [*shift, *shift], strict=True)]
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_point(value: Any) -> bool:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return False
    return all(_is_number(v) and abs(v) <= FARTHEST for v in value)
