# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""VDA 5050 3.0 JSON to dataclasses: tolerant, with findings.

Every difference from the standard comes back as a finding; unknown fields are passed over, and
only what cannot be understood at all makes the message unusable. Content is judged by validate.
"""

import dataclasses
import json
import typing
from enum import IntEnum
from typing import Any, TypeVar

from linehaul_vda5050.fields import FieldRule, field_rules, json_keys, unwrap
from linehaul_vda5050.findings import Finding, FindingCode, serious
from linehaul_vda5050.header import Header
from linehaul_vda5050.parameters import from_json
from linehaul_vda5050.timestamps import parse_time

Message = TypeVar('Message')
Json = dict[str, Any]


class _Bad(Exception):  # noqa: N818 - internal jump, never leaves this module
    """A value that cannot be understood; its finding is noted already."""


class _Reader:
    """Reads one message and gathers the findings on the way."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def note(self, code: FindingCode, path: str, text: str, *, tolerable: bool = False) -> None:
        self.findings.append(Finding(code, path, text, tolerable))

    def bad(self, code: FindingCode, path: str, text: str) -> _Bad:
        self.note(code, path, text)
        return _Bad(text)

    def wrong(self, path: str, value: Any, wanted: str) -> _Bad:
        text = f'found {_kind(value)}, wanted {wanted}'
        return self.bad(FindingCode.WRONG_TYPE, path, text)

    def value(self, value: Any, rule: FieldRule, path: str) -> Any:
        if rule.name == 'timestamp':
            return self.time(value, path)
        if rule.parameter:
            return self.parameter(value, path)
        read = self.read(value, rule.type, path)
        return read / rule.scale if rule.scale is not None else read

    def time(self, value: Any, path: str) -> float:
        time = parse_time(value) if isinstance(value, str) else None
        if time is not None:
            return time
        if isinstance(value, str) and (time := parse_time(value + 'Z')) is not None:
            text = f'{value!r} has no time zone, taken as UTC'
            self.note(FindingCode.BAD_HEADER, path, text, tolerable=True)
            return time
        text = f'{value!r} is no time, wanted YYYY-MM-DDTHH:mm:ss.fffZ'
        raise self.bad(FindingCode.BAD_HEADER, path, text)

    def read(self, value: Any, kind: Any, path: str) -> Any:
        if typing.get_origin(kind) is tuple:
            return self.array(value, typing.get_args(kind)[0], path)
        if dataclasses.is_dataclass(kind):
            return self.object(value, typing.cast(type, kind), path)
        if issubclass(kind, IntEnum):
            return self.word(value, kind, path)
        return self.scalar(value, kind, path)

    def scalar(self, value: Any, kind: type, path: str) -> Any:
        if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
            return self.number(value, path)
        whole = isinstance(value, float) and value.is_integer()
        if kind is int and whole:
            return int(value)
        if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
            return value
        raise self.wrong(path, value, {float: 'number', str: 'text'}.get(kind, kind.__name__))

    def number(self, value: float, path: str) -> float:
        try:
            return float(value)
        except OverflowError:
            raise self.wrong(path, value, 'a number of double precision') from None

    def word(self, value: Any, kind: type[IntEnum], path: str) -> IntEnum:
        words = [member.name for member in kind if member]
        if isinstance(value, str) and value in words:
            return kind[value]
        raise self.bad(
            FindingCode.UNKNOWN_WORD, path, f'found {value!r}, wanted one of {", ".join(words)}'
        )

    def parameter(self, value: Any, path: str) -> str:
        text = from_json(value)
        if text is not None:
            return text
        text = f'{_kind(value)} as a value is not taken, wanted a scalar or an array of texts'
        raise self.bad(FindingCode.UNSUPPORTED, path, text)

    def array(self, value: Any, kind: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise self.wrong(path, value, 'array')
        inner, _ = unwrap(kind)
        out, failed = [], None
        for index, item in enumerate(value):
            try:
                out.append(self.read(item, inner, f'{path}[{index}]'))
            except _Bad as error:
                failed = error
        if failed is not None:
            raise failed
        return tuple(out)

    def object(self, value: Any, cls: type[Message], path: str = '') -> Message:
        if not isinstance(value, dict):
            raise self.wrong(path, value, 'object')
        fields, failed = self.fields(value, cls, path)
        known = json_keys(cls)  # type: ignore[arg-type]
        for key in value.keys() - known:
            where = f'{path}.{key}' if path else str(key)
            text = 'not a field this stack knows; passed over'
            self.note(FindingCode.UNKNOWN_FIELD, where, text, tolerable=True)
        if failed is not None:
            raise failed
        return cls(**fields)

    def fields(self, value: Json, cls: type, path: str) -> tuple[Json, _Bad | None]:
        out: Json = {}
        failed: _Bad | None = None
        for rule in field_rules(cls):
            where = f'{path}.{rule.key}' if path else rule.key
            try:
                if rule.type is Header:
                    out[rule.name] = Header(**self.required(value, Header, ''))
                elif value.get(rule.key) is not None:
                    out[rule.name] = self.value(value[rule.key], rule, where)
                elif rule.required:
                    raise self.bad(FindingCode.MISSING, where, 'missing, but required')
            except _Bad as error:
                failed = error
        return out, failed

    def required(self, value: Json, cls: type, path: str) -> Json:
        """Read fields that must all be given, whatever their defaults are."""
        out, failed = self.fields(value, cls, path)
        missing = [r.key for r in field_rules(cls) if r.name not in out and not r.required]
        for key in missing:
            failed = self.bad(FindingCode.MISSING, key, 'missing, but required')
        if failed is not None:
            raise failed
        return out


def _kind(value: Any) -> str:
    names = {dict: 'object', list: 'array', str: 'text', bool: 'boolean', type(None): 'null'}
    name = names.get(type(value), 'number')
    return name if name in ('object', 'array', 'null') else f'{name} {value!r}'


def from_dict(cls: type[Message], value: Any) -> tuple[Message | None, list[Finding]]:
    """Read a message of the given class from a JSON object.

    Returns:
        The message and the findings; None where a finding is serious. Content is not judged
        here: see validate.
    """
    reader = _Reader()
    try:
        message = reader.object(value, cls)
    except _Bad:
        return None, reader.findings
    return (None if serious(reader.findings) else message), reader.findings


def _no_repeats(pairs: list[tuple[str, Any]]) -> Json:
    out = dict(pairs)
    if len(out) != len(pairs):
        names = [key for key, _ in pairs]
        twice = sorted({key for key in names if names.count(key) > 1})
        raise ValueError(f'key given twice: {", ".join(twice)}')
    return out


def decode(cls: type[Message], text: str | bytes) -> tuple[Message | None, list[Finding]]:
    """Read a message from JSON text; never raises on bad content."""
    value, findings = read_object(text)
    return (None, findings) if value is None else from_dict(cls, value)


def read_object(text: str | bytes) -> tuple[Json | None, list[Finding]]:
    """Read a JSON object with each key once; None with a finding where the text is none."""
    try:
        value = json.loads(text, object_pairs_hook=_no_repeats)
    except (ValueError, RecursionError) as error:
        return None, [Finding(FindingCode.NOT_JSON, '', f'not readable as JSON: {error}')]
    if isinstance(value, dict):
        return value, []
    wrong = f'found {_kind(value)}, wanted object'
    return None, [Finding(FindingCode.WRONG_TYPE, '', wrong)]
