# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The header that every message of the contract carries."""

from dataclasses import dataclass

PROTOCOL_VERSION = '3.0.0'


@dataclass(frozen=True, slots=True)
class Header:
    """Sender, number and time of one message.

    Attributes:
        header_id: Number of the message on its topic, uint32, one up with every message sent.
        timestamp: Time of sending [s since the epoch of the plant's clock].
        version: Protocol version, major.minor.patch.
        manufacturer: Maker of the vehicle.
        serial_number: Vehicle id at the maker, characters A-Z a-z 0-9 _ . : -
    """

    header_id: int
    timestamp: float
    version: str = PROTOCOL_VERSION
    manufacturer: str = 'linehaul'
    serial_number: str = ''
