# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Dataclasses to VDA 5050 3.0 JSON: strict, so that what is sent is always valid."""

import dataclasses
import json
import math
from enum import IntEnum
from typing import Any

from linehaul_vda5050.errors import EncodeError
from linehaul_vda5050.fields import FieldRule, field_rules
from linehaul_vda5050.header import Header
from linehaul_vda5050.order import ActionParameter
from linehaul_vda5050.parameters import to_json
from linehaul_vda5050.timestamps import format_time, is_time

Json = dict[str, Any]


def _write_value(value: Any, rule: FieldRule, path: str) -> Any:
    if rule.name == 'timestamp':
        if not is_time(value):
            raise EncodeError(f'{path}: {value!r} is no time, wanted seconds since 1970')
        return format_time(value)
    if rule.scale is not None:
        value = value * rule.scale
    return _write(value, path)


def _write(value: Any, path: str) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _write_object(value, path)
    if isinstance(value, IntEnum):
        if value == 0:
            raise EncodeError(f'{path}: {type(value).__name__} is UNKNOWN, wanted a known word')
        return value.name
    if isinstance(value, tuple):
        return [_write(item, f'{path}[{index}]') for index, item in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise EncodeError(f'{path}: {value} is not a finite number')
    return value


def _left_out(value: Any, rule: FieldRule) -> bool:
    return value is None or (value == '' and not rule.required)


def _write_object(value: Any, path: str = '') -> Json:
    if isinstance(value, ActionParameter):
        return {'key': value.key, 'value': to_json(value.key, value.value)}
    out: Json = {}
    for rule in field_rules(type(value)):  # type: ignore[arg-type]
        item = getattr(value, rule.name)
        if rule.type is Header:
            out.update(_write_object(item))
        elif not _left_out(item, rule):
            out[rule.key] = _write_value(item, rule, f'{path}.{rule.key}' if path else rule.key)
    return out


def to_dict(message: Any) -> Json:
    """Turn a message into the object that JSON writes.

    Raises:
        EncodeError: a number is not finite, a word is UNKNOWN, or the time is none.
    """
    return _write_object(message)


def encode(message: Any) -> str:
    """Write a message as VDA 5050 3.0 JSON.

    Raises:
        EncodeError: see to_dict.
    """
    return json.dumps(to_dict(message), allow_nan=False, separators=(',', ':'))
