# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Refusals of services: a number from `linehaul_interfaces/ErrorCode` and a text."""

from dataclasses import dataclass
from enum import IntEnum


class Code(IntEnum):
    """The numbers that this package uses."""

    NONE = 0
    INVALID_ARGUMENT = 3
    ALARM_UNKNOWN = 800
    ALARM_TRANSITION_NOT_ALLOWED = 801
    WARNING_UNKNOWN = 802
    ALARM_ACTOR_EMPTY = 803
    ALARM_REASON_EMPTY = 804
    ALARM_DURATION_INVALID = 805
    WARNING_TRANSITION_NOT_ALLOWED = 806


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command was not done; nothing of it was."""

    code: Code
    text: str
