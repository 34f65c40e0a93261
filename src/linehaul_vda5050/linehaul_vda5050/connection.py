# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Liveliness of a vehicle (VDA 5050 3.0.0, 7.8)."""

from dataclasses import dataclass

from linehaul_vda5050.enums import ConnectionState
from linehaul_vda5050.header import Header


@dataclass(frozen=True, slots=True)
class Connection:
    """Whether a vehicle can be reached. Order by arrival: a last will carries an old time."""

    header: Header
    connection_state: ConnectionState
