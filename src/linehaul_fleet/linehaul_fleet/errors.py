# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The errors of linehaul_fleet, as one tree.

FleetError
└── EventError      a journal holds something that this version cannot read
"""


class FleetError(Exception):
    """Root of everything this package raises on purpose."""


class EventError(FleetError):
    """A journalled event cannot be read."""
