# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Findings: what is wrong with a message, where, and in which words."""

from dataclasses import dataclass
from enum import IntEnum


class FindingCode(IntEnum):
    """Kind of a finding."""

    UNKNOWN = 0
    NOT_JSON = 1
    WRONG_TYPE = 2
    MISSING = 3
    UNKNOWN_FIELD = 4
    UNKNOWN_WORD = 5
    UNSUPPORTED = 6
    NOT_FINITE = 10
    OUT_OF_RANGE = 11
    EMPTY_ID = 12
    BAD_HEADER = 13
    NO_NODES = 20
    EDGE_COUNT = 21
    SEQUENCE = 22
    RELEASED_AFTER_UNRELEASED = 23
    EDGE_WITHOUT_ENDS = 24
    FIRST_NODE_UNRELEASED = 25
    DUPLICATE_ACTION = 26
    BLOCKING_TYPE = 27
    DUPLICATE_PARAMETER = 28
    NO_ACTIONS = 29
    DUPLICATE_LOAD = 30
    INCONSISTENT = 31


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        code: Kind of the finding.
        path: Where, such as nodes[2].nodePosition.x, in the names of the standard.
        text: What was found and what was wanted.
        tolerable: True where the rest of the message can still be used as it is meant.
    """

    code: FindingCode
    path: str
    text: str
    tolerable: bool = False

    def __str__(self) -> str:
        """Write the finding on one line."""
        return f'{self.path or "message"}: {self.text} [{self.code.name}]'


def serious(findings: list[Finding]) -> list[Finding]:
    """Return the findings that forbid to use the message."""
    return [finding for finding in findings if not finding.tolerable]
