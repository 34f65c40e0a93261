# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Exceptions of the line.

LineError
├── ProductError    a product file, or what it says against the plant, is refused
├── SequenceError   demand, options or units that no order of them can meet
├── StockError      a booking that the line-side stock cannot have made
└── MappingError    a mapping file of a station's PLC is refused

Each says what was found, what was wanted, and where.
"""


class LineError(Exception):
    """Root of what linehaul_line raises on broken input and broken promises."""


class ProductError(LineError):
    """Models and bills of material that cannot be used."""


class SequenceError(LineError):
    """Input to sequencing that does not fit together."""


class StockError(LineError):
    """Line-side stock was told something impossible, such as a container in a full place."""


class MappingError(LineError):
    """A mapping of PLC values to a station that cannot be used."""
