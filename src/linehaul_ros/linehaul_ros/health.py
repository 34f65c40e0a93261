# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""How a part of the stack is: a level, a line, and values.

Imports no ROS, so that the core that judges can say it; `diagnostics` makes a message of it.
"""

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """Levels of diagnostic_msgs/DiagnosticStatus."""

    OK = 0
    WARN = 1
    ERROR = 2
    STALE = 3


@dataclass(frozen=True, slots=True)
class Health:
    """One status: name, level, message, values by key, hardware id (empty: the node itself)."""

    name: str
    level: Level
    message: str
    values: tuple[tuple[str, str], ...] = ()
    hardware: str = ''
