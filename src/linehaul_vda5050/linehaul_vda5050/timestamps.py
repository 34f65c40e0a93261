# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Times of messages: seconds since the epoch and ISO 8601 with milliseconds, UTC."""

import math
import re
from datetime import datetime, timezone

# Four-digit years only: ISO 8601 has no room for more.
LATEST = 253402300799.0
_ISO = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)')


def format_time(time: float) -> str:
    """Write a time [s] as YYYY-MM-DDTHH:mm:ss.fffZ, to the nearest millisecond."""
    millis = round(time * 1000)
    stamp = datetime.fromtimestamp(millis // 1000, tz=timezone.utc)
    return f'{stamp:%Y-%m-%dT%H:%M:%S}.{millis % 1000:03d}Z'


def parse_time(text: str) -> float | None:
    """Read an ISO 8601 time [s]; None where it is none. An offset other than Z is taken."""
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    try:
        whole = datetime.fromisoformat(text[:19] + match[2].replace('Z', '+00:00'))
    except ValueError:
        return None
    fraction = match[1] or '.0'
    nanos = int(fraction[1:].ljust(9, '0'))
    seconds = int((whole - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds())
    return (seconds * 10**9 + nanos) / 10**9


def is_time(time: float) -> bool:
    """Tell whether a number can be a time of a message."""
    return math.isfinite(time) and 0.0 <= time <= LATEST
