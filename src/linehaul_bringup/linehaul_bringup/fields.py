# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Checked reading of mappings that came out of a YAML file.

A `Fields` hands out values of the wanted type and collects a `Problem` for each that does not fit,
so that one reading finds everything that is wrong. It decides nothing about what the values mean.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .errors import Problem

T = TypeVar('T')


def suggestion(word: str, known: Sequence[str]) -> str:
    """Say which known word was meant, or list all of them."""
    close = difflib.get_close_matches(word, known, n=1)
    return f'did you mean {close[0]!r}?' if close else f'use one of: {", ".join(sorted(known))}'


@dataclass(slots=True)
class Fields:
    """The fields of one mapping, each to be asked for by name and type."""

    raw: Mapping[str, Any]
    where: str
    problems: list[Problem]
    known: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, raw: Any, where: str, problems: list[Problem]) -> Fields:
        """Wrap a value that has to be a mapping with text keys."""
        if not isinstance(raw, Mapping) or not all(isinstance(key, str) for key in raw):
            problems.append(Problem(where, f'found {raw!r}', 'write a mapping of texts to values'))
            raw = {}
        return cls(raw, where, problems)

    def at(self, key: str) -> str:
        """Name the place of a field."""
        return f'{self.where}.{key}' if self.where else key

    def refuse(self, key: str, what: str, todo: str) -> None:
        """Note a problem of a field."""
        self.problems.append(Problem(self.at(key), what, todo))

    def take(self, key: str, fits: Callable[[Any], bool], wanted: str, default: T | None) -> Any:
        """Return a field that passes `fits`; without a default it has to be there."""
        self.known.append(key)
        if key not in self.raw:
            if default is None:
                self.refuse(key, 'missing', f'write {wanted}')
            return default
        value = self.raw[key]
        if fits(value):
            return value
        self.refuse(key, f'found {value!r}', f'write {wanted}')
        return default

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text field, '' where it is missing or wrong."""
        return self.take(key, lambda v: isinstance(v, str), 'a text', default) or ''

    def flag(self, key: str, default: bool) -> bool:
        """Return a true/false field."""
        return bool(self.take(key, lambda v: isinstance(v, bool), 'true or false', default))

    def number(self, key: str, default: float, minimum: float = 0.0) -> float:
        """Return a finite number at or above the minimum."""

        def fits(value: Any) -> bool:
            return is_number(value) and math.isfinite(value) and value >= minimum

        return float(self.take(key, fits, f'a number of at least {minimum:g}', default))

    def mapping(self, key: str) -> Fields:
        """Return a nested mapping, empty where it is missing."""
        self.known.append(key)
        return Fields.of(self.raw.get(key, {}), self.at(key), self.problems)

    def finish(self) -> None:
        """Note every field that nobody asked for."""
        for key in self.raw:
            if key not in self.known:
                self.refuse(key, 'unknown', suggestion(key, self.known))


def is_number(value: Any) -> bool:
    """Tell whether a value is an int or a float; true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)
