# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Exceptions of the warehouse.

WarehouseError
├── RackError      a rack, port or crane is described wrongly
├── SettingError   settings contradict each other or the warehouse
├── StoreError     the journal cannot be read or written
│   └── StoreFullError   the disk is full; nothing of the batch was written
├── EventError     an event does not fit the state it is applied to: a broken promise
└── ImportFileError   a file of stock cannot be taken in; nothing of it was
"""


class WarehouseError(Exception):
    """Base of all exceptions of this package."""


class RackError(WarehouseError):
    """A rack, port or crane is described wrongly; the text says what was found and wanted."""


class SettingError(WarehouseError):
    """The settings contradict each other or the warehouse."""


class StoreError(WarehouseError):
    """The journal cannot be read or written; the text says which file and why."""


class StoreFullError(StoreError):
    """The disk is full; nothing of the batch was written."""


class EventError(WarehouseError):
    """An event does not fit the state it is applied to."""


class ImportFileError(WarehouseError):
    """A file of stock cannot be taken in; the text says which line and why."""
