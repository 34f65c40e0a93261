# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Why something is refused or ended; numbers as in ErrorCode.msg of linehaul_interfaces."""

from dataclasses import dataclass
from enum import IntEnum


class Code(IntEnum):
    """Codes of the warehouse's answers; NONE is success."""

    NONE = 0
    NOT_READY = 2
    INVALID_ARGUMENT = 3
    UNKNOWN_ID = 4
    DISK_FULL = 5
    NOT_ALLOWED = 6
    CANCELLED = 8
    RETRIEVE_UNKNOWN_ITEM = 200
    RETRIEVE_NO_STOCK = 201
    RETRIEVE_RESERVED = 202
    RETRIEVE_BLOCKED = 203
    RETRIEVE_WRONG_PORT = 204
    RETRIEVE_ID_REUSED = 205
    RETRIEVE_CRANE_DOWN = 206
    RETRIEVE_QUANTITY_INVALID = 207
    STORE_FULL = 300
    STORE_TOO_HEAVY = 301
    STORE_WRONG_PORT = 302
    STORE_UNKNOWN_LOAD = 303
    STORE_ID_REUSED = 304
    STORE_ID_UNREADABLE = 305
    STORE_CONTOUR_FAULT = 306
    STORE_LOAD_PRESENT = 307
    STOCK_UNKNOWN_CELL = 1000
    STOCK_UNKNOWN_LOAD = 1001
    STOCK_COUNT_MISMATCH = 1002
    STOCK_NOT_ALLOWED = 1003


@dataclass(frozen=True, slots=True)
class Refused:
    """A command that is not taken: nothing has changed."""

    code: Code
    text: str
