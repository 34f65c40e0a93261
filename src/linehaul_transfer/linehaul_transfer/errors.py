# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with the input of this package.

    TransferError
    ├── SettingsError    a timer or a setting is missing, not finite or out of range
    ├── RecordError      what was kept on disk is not a record of this side
    ├── MappingError     the mapping file of a wired station is wrong
    └── LogError         a log of signals cannot be read

Refusals that belong to the work (port occupied, wrong load, a statement that comes too early) are
values, see `linehaul_transfer.model.Problem`.
"""


class TransferError(ValueError):
    """Input of this package is broken; the text says what was found and what was wanted."""


class SettingsError(TransferError):
    """A timer or a setting is missing, not finite or out of range."""


class RecordError(TransferError):
    """What was kept on disk is not a record of this side."""


class MappingError(TransferError):
    """The mapping file of a wired station is wrong; the text names the entry."""


class LogError(TransferError):
    """A log of signals cannot be read; the text names the line."""
