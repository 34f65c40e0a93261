# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Definitions of ROS message types as text, put together from installed interface files.

A recording must carry the definition of each type with all it is made of (schema encoding
ros2msg), so that whoever reads it later needs nothing else.
"""

import re
from collections.abc import Sequence
from pathlib import Path

_FIELD = re.compile(r'^\s*([A-Za-z]\w*(?:/\w+)*)(?:<=\d+)?(?:\[[^\]]*\])?\s+[A-Za-z]\w*')
_NUMBERS = 'bool byte char float32 float64 int8 uint8 int16 uint16 int32 uint32 int64 uint64'
_PLAIN = frozenset(_NUMBERS.split()) | {'string', 'wstring'}
_LINE = '=' * 80


def definition(name: str, prefixes: Sequence[Path]) -> str | None:
    """Return the definition of a type such as sensor_msgs/msg/Imu; None if it is not installed.

    Args:
        name: package/msg/Type.
        prefixes: install prefixes, the first that has it counts.
    """
    text = _read(name, prefixes)
    if text is None:
        return None
    parts, known, left = [text], {name}, _inner(text, name)
    while left:
        one = left.pop(0)
        if one in known:
            continue
        known.add(one)
        inner = _read(one, prefixes)
        if inner is None:
            return None
        short = one.replace('/msg/', '/')
        parts.append(f'{_LINE}\nMSG: {short}\n{inner}')
        left += _inner(inner, one)
    return '\n'.join(parts)


def _read(name: str, prefixes: Sequence[Path]) -> str | None:
    package, _, short = name.partition('/msg/')
    for prefix in prefixes:
        path = prefix / 'share' / package / 'msg' / f'{short}.msg'
        if path.is_file():
            return path.read_text(encoding='utf-8')
    return None


def _inner(text: str, owner: str) -> list[str]:
    """Return the message types that the fields of a definition have."""
    package = owner.partition('/')[0]
    found = []
    for line in text.splitlines():
        match = _FIELD.match(line.partition('#')[0])
        if match is None or match[1] in _PLAIN:
            continue
        parts = match[1].split('/')
        head = {'Header': 'std_msgs'}.get(parts[0], package) if len(parts) == 1 else parts[0]
        found.append(f'{head}/msg/{parts[-1]}')
    return found
