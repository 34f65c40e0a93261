# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Exceptions of the vehicle.

AgvError
├── MemoryFileError   the stored state cannot be used
└── SettingError      the vehicle cannot run with these settings
"""


class AgvError(Exception):
    """Base of all exceptions of this package."""


class MemoryFileError(AgvError):
    """The stored state is damaged, belongs to another vehicle, or cannot be written."""


class SettingError(AgvError):
    """The settings contradict each other, the plant or the machine."""
