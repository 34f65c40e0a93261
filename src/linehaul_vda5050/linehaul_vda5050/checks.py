# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of single values, shared by the validators of orders and states."""

import math
import re
from collections.abc import Iterable, Iterator

from linehaul_vda5050.enums import BlockingType
from linehaul_vda5050.findings import Finding, FindingCode
from linehaul_vda5050.header import Header
from linehaul_vda5050.order import Action
from linehaul_vda5050.timestamps import is_time

UINT32_MAX = 2**32 - 1
ANGLE_SLACK = 1e-9
_SERIAL = re.compile(r'[A-Za-z0-9_.:-]+')
_VERSION = re.compile(r'\d+\.\d+\.\d+')

Findings = Iterator[Finding]


def finite(value: float | None, path: str) -> Findings:
    """Want a finite number or none."""
    if value is not None and not math.isfinite(value):
        yield Finding(FindingCode.NOT_FINITE, path, f'found {value}, wanted a finite number')


def between(value: float | None, low: float, high: float, path: str) -> Findings:
    """Want a number in a closed range or none."""
    if value is None:
        return
    if not math.isfinite(value):
        yield from finite(value, path)
    elif not low <= value <= high:
        text = f'found {value:g}, wanted {low:g} to {high:g}'
        yield Finding(FindingCode.OUT_OF_RANGE, path, text)


def at_least(value: float | None, low: float, path: str) -> Findings:
    """Want a number not below a bound or none."""
    if value is not None and math.isfinite(value) and value < low:
        text = f'found {value:g}, wanted at least {low:g}'
        yield Finding(FindingCode.OUT_OF_RANGE, path, text)
    yield from finite(value, path)


def positive(value: float | None, path: str) -> Findings:
    """Want a number above 0 or none."""
    if value is not None and value <= 0:
        yield Finding(FindingCode.OUT_OF_RANGE, path, f'found {value:g}, wanted more than 0')
    yield from finite(value, path)


def angle(value: float | None, path: str, limit: float = math.pi) -> Findings:
    """Want an angle [rad] of at most a limit to both sides or none."""
    return between(value, -limit - ANGLE_SLACK, limit + ANGLE_SLACK, path)


def uint32(value: int, path: str) -> Findings:
    """Want a number that fits in 32 bits without sign."""
    if not 0 <= value <= UINT32_MAX:
        text = f'found {value}, wanted 0 to {UINT32_MAX}'
        yield Finding(FindingCode.OUT_OF_RANGE, path, text)


def identifier(value: str, path: str) -> Findings:
    """Want an id that is not empty."""
    if not value.strip():
        yield Finding(FindingCode.EMPTY_ID, path, 'empty, wanted an id')
    elif '\0' in value:
        yield Finding(FindingCode.EMPTY_ID, path, 'has a zero character in it')


def repeats(ids: Iterable[str], path: str) -> Findings:
    """Want every action id once."""
    seen: set[str] = set()
    for item in ids:
        if item in seen:
            text = f'actionId {item!r} is given twice'
            yield Finding(FindingCode.DUPLICATE_ACTION, path, text)
        seen.add(item)


def header(header: Header) -> Findings:
    """Want number, time, version and receiver of a message."""
    yield from uint32(header.header_id, 'headerId')
    if not is_time(header.timestamp):
        text = f'{header.timestamp} is no time, wanted seconds since 1970'
        yield Finding(FindingCode.BAD_HEADER, 'timestamp', text)
    if not _VERSION.fullmatch(header.version):
        text = f'found {header.version!r}, wanted major.minor.patch'
        yield Finding(FindingCode.BAD_HEADER, 'version', text, tolerable=True)
    if not header.manufacturer:
        text = 'empty, wanted the maker of the vehicle'
        yield Finding(FindingCode.BAD_HEADER, 'manufacturer', text, tolerable=True)
    if not _SERIAL.fullmatch(header.serial_number):
        text = f'found {header.serial_number!r}, wanted characters A-Z a-z 0-9 _ . : -'
        yield Finding(FindingCode.BAD_HEADER, 'serialNumber', text)


def actions(actions: tuple[Action, ...], path: str) -> Findings:
    """Want ids, types and blocking types of actions, and each parameter once."""
    for index, action in enumerate(actions):
        where = f'{path}[{index}]'
        yield from identifier(action.action_id, f'{where}.actionId')
        yield from identifier(action.action_type, f'{where}.actionType')
        if action.blocking_type is BlockingType.UNKNOWN:
            text = 'missing or unknown, wanted NONE, SINGLE, SOFT or HARD'
            yield Finding(FindingCode.BLOCKING_TYPE, f'{where}.blockingType', text)
        keys = [parameter.key for parameter in action.action_parameters]
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            text = f'parameter {key!r} is given twice'
            yield Finding(FindingCode.DUPLICATE_PARAMETER, f'{where}.actionParameters', text)
