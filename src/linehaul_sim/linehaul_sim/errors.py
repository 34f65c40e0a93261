# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Exceptions of the simulated plant.

SimError
├── SnapshotError   the stored world cannot be used
└── UnknownIdError  a vehicle, port or request that the plant does not have
"""


class SimError(Exception):
    """Base of all exceptions of this package."""


class SnapshotError(SimError):
    """The stored world is damaged or belongs to another plant."""


class UnknownIdError(SimError):
    """No such vehicle, port or request."""
