# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Error codes that the fleet's core gives; the numbers are those of ErrorCode.msg.

A test holds the two equal.
"""

from dataclasses import dataclass
from enum import IntEnum


class Code(IntEnum):
    """Why something was refused or failed; NONE means it went well."""

    NONE = 0
    INTERNAL = 1
    NOT_READY = 2
    INVALID_ARGUMENT = 3
    UNKNOWN_ID = 4
    DISK_FULL = 5
    NOT_ALLOWED = 6
    REQUEST_ID_EMPTY = 100
    UNKNOWN_STATION = 101
    UNKNOWN_ITEM = 102
    ITEM_NOT_USED_AT_STATION = 103
    QUANTITY_ZERO = 104
    QUANTITY_TOO_LARGE = 105
    DUE_IN_PAST = 106
    DUE_BEFORE_EARLIEST = 107
    REQUEST_ID_REUSED = 108
    NO_STOCK = 110
    NO_VEHICLE = 111
    NO_ROUTE = 112
    PICK_FAILED = 113
    DROP_FAILED = 114
    VEHICLE_LOST = 115
    CANCELLED = 116
    FLEET_STOPPED = 117
    TEXT_INVALID = 118
    TOO_MANY_OPEN = 119
    FLEET_UNKNOWN_VEHICLE = 600
    FLEET_UNKNOWN_REQUEST = 601
    FLEET_UNKNOWN_ELEMENT = 602
    FLEET_ACTOR_EMPTY = 603
    FLEET_TOO_LATE = 604


@dataclass(frozen=True, slots=True)
class Refusal:
    """An expected 'no': the code and what was found, what was wanted, what to do."""

    code: Code
    text: str
