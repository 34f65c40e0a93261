# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""When a node runs: a small condition on the arguments.

The form is terms joined by `and`; a term is `name` or `not name` for a boolean argument,
`name == value` or `name != value` for any. An empty condition always holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .arguments import Argument, ArgumentName, ArgumentType, Scalar, Values, read
from .fields import Fields, suggestion

_COMPARE = re.compile(r'(?P<name>\w+)\s*(?P<sign>==|!=)\s*(?P<value>\S+)')
_BOOLEAN = re.compile(r'(?P<no>not\s+)?(?P<name>\w+)')


@dataclass(frozen=True, slots=True)
class Term:
    """An argument is, or is not, equal to a value."""

    argument: ArgumentName
    value: Scalar
    equal: bool

    def holds(self, values: Values) -> bool:
        """Tell whether the term is true for these values."""
        return (values[self.argument] == self.value) is self.equal


@dataclass(frozen=True, slots=True)
class Condition:
    """All of its terms hold."""

    terms: tuple[Term, ...] = ()

    def holds(self, values: Values) -> bool:
        """Tell whether the node runs with these values."""
        return all(term.holds(values) for term in self.terms)


def parse_condition(
    text: str, arguments: Mapping[ArgumentName, Argument], fields: Fields, key: str
) -> Condition:
    """Read a condition; problems are noted at the field it stands in."""
    terms = []
    for part in re.split(r'\s+and\s+', text.strip()) if text.strip() else []:
        term = _parse_term(part, arguments, fields, key)
        if term:
            terms.append(term)
    return Condition(tuple(terms))


def _parse_term(
    part: str, arguments: Mapping[ArgumentName, Argument], fields: Fields, key: str
) -> Term | None:
    match = _COMPARE.fullmatch(part) or _BOOLEAN.fullmatch(part)
    if not match:
        fields.refuse(key, f'found {part!r}', 'write `name`, `not name`, `name == value` or !=')
        return None
    argument = arguments.get(ArgumentName(match['name']))
    if argument is None:
        known = suggestion(match['name'], list(arguments))
        fields.refuse(key, f'{match["name"]!r} is not an argument', known)
        return None
    if match.re is _BOOLEAN:
        if argument.type is not ArgumentType.BOOLEAN:
            what = f'{argument.name!r} is not true or false'
            fields.refuse(key, what, f'compare it: {argument.name} == …')
        return Term(argument.name, match['no'] is None, equal=True)
    value = read(argument.type, match['value'])
    wanted = argument.type.value if value is None else argument.unfit(value)
    if value is None or wanted:
        fields.refuse(key, f'{argument.name!r} is never {match["value"]!r}', f'write {wanted}')
        return None
    return Term(argument.name, value, equal=match['sign'] == '==')
