# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Exceptions of the vehicle contract.

    Vda5050Error
    └── EncodeError     a dataclass cannot be written as a valid message

Bad content of received messages is never an exception: it comes back as findings.
"""


class Vda5050Error(Exception):
    """Base of all exceptions of this package."""


class EncodeError(Vda5050Error):
    """A message holds something that JSON or the standard has no word for."""
