# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Types of action parameters in JSON.

Inside the stack the value of a parameter is a text. The standard wants numbers and arrays for some
predefined keys; those are given their type when written and become texts again when read.
"""

import json
from typing import Any, Final

NUMBERS: Final = frozenset({'height', 'depth', 'x', 'y', 'theta', 'duration'})
ARRAYS: Final = frozenset({'triggerType'})


def to_json(key: str, text: str) -> Any:
    """Give a parameter's text the JSON type its key wants; stay text where it does not fit."""
    if key in ARRAYS and text:
        return text.split(',')
    if key in NUMBERS:
        try:
            number = float(text)
        except ValueError:
            return text
        return number if _text(number) == text else text
    return text


def from_json(value: Any) -> str | None:
    """Turn a JSON value into the parameter's text; None for objects and mixed arrays."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        return _text(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ','.join(value)
    return None


def _text(value: bool | float) -> str:
    return json.dumps(value)
