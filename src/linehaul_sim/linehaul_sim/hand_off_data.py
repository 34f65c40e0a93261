# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What evolves of the handshakes of a world; a part of it, and so of its disk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from linehaul_floor import PlaceId
from linehaul_transfer import PortSide, PortSignals, VehicleSide, VehicleSignals
from linehaul_vda5050 import Action, Error


@dataclass(slots=True)
class Kept:
    """A side's record; part of the world, and so of its disk."""

    record: Mapping[str, Any] | None = None

    def __call__(self, record: Mapping[str, Any]) -> None:
        """Keep a record."""
        self.record = record


@dataclass(slots=True)
class Work:
    """One pick or drop. due: plant time [s] at which the load handler is home; inf: not begun."""

    action: Action
    place: PlaceId
    due: float = float('inf')


@dataclass(slots=True)
class HandOffs:
    """Everything of the handshakes that evolves. told: frozen vehicles whose error is raised."""

    vehicles: dict[int, VehicleSide] = field(default_factory=dict)
    ports: dict[PlaceId, PortSide] = field(default_factory=dict)
    kept: dict[int, Kept] = field(default_factory=dict)
    work: dict[int, Work] = field(default_factory=dict)
    said: list[VehicleSignals | PortSignals] = field(default_factory=list)
    told: dict[int, Error] = field(default_factory=dict)
    faulty: set[str] = field(default_factory=set)
