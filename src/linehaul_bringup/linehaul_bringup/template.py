# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Texts with `${name}` in them, `$$` for a dollar sign."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .arguments import Scalar, spell

_PIECE = re.compile(r'\$\$|\$\{(?P<name>\w+)\}')


def references(text: str) -> tuple[tuple[str, ...], str | None]:
    """Return the names a text refers to, and the first `$…` that is none or None."""
    names = tuple(match['name'] for match in _PIECE.finditer(text) if match['name'])
    rest = _PIECE.sub('', text)
    start = rest.find('$')
    return names, rest[start : start + 12] if start >= 0 else None


def fill(text: str, values: Mapping[str, Scalar]) -> Scalar:
    """Put values into a text.

    Returns:
        The value itself, with its type, where the text is one `${name}` and nothing else;
        otherwise a text.
    """
    whole = _PIECE.fullmatch(text)
    if whole and whole['name']:
        return values[whole['name']]
    return fill_text(text, values)


def fill_text(text: str, values: Mapping[str, Scalar]) -> str:
    """Put values into a text that stays a text."""
    return _PIECE.sub(lambda m: spell(values[m['name']]) if m['name'] else '$', text)
