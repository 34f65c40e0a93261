# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Exceptions of the sensor layer.

SensorsError
├── ChannelFileError   a channel table is refused; carries every problem found
├── AlarmFileError     an alarm table is refused; carries every problem found
├── MappingError       a bridge's mapping is refused; carries every problem found
├── ReadingsError      arrays of readings that do not fit each other or the channel table
├── HistoryError       a history folder or segment cannot be read or written
├── SparkplugError     a Sparkplug payload or topic is not one
└── PayloadError       a payload of another kind cannot be read
"""

from collections.abc import Sequence

from linehaul_floor.errors import Problem


class SensorsError(Exception):
    """Root of what linehaul_sensors raises on broken input."""


class _ProblemsError(SensorsError):
    """Broken input with the complete list of its problems."""

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        count = len(self.problems)
        shown = [str(problem) for problem in self.problems[:50]]
        if count > len(shown):
            shown.append(f'and {count - len(shown)} more')
        head = f'{source}: {count} problem{"" if count == 1 else "s"}'
        super().__init__('\n  '.join([head, *shown]))


class ChannelFileError(_ProblemsError):
    """A channel table that cannot be used, with every problem in it."""


class AlarmFileError(_ProblemsError):
    """An alarm table that cannot be used, with every problem in it."""


class MappingError(_ProblemsError):
    """A bridge's mapping that cannot be used, with every problem in it."""


class ReadingsError(SensorsError):
    """Arrays of readings that do not fit each other or the channel table."""


class HistoryError(SensorsError):
    """A history folder or segment that cannot be read or written; the text says which and why."""


class SparkplugError(SensorsError):
    """A Sparkplug topic or payload that breaks the specification."""


class PayloadError(SensorsError):
    """A payload that cannot be read by its mapping."""
