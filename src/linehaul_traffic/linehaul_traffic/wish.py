# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a vehicle wants of the planner, and that it cannot have it."""

from dataclasses import dataclass

from linehaul_floor import VehicleClass, VehicleId


@dataclass(frozen=True, slots=True)
class Wish:
    """A vehicle that rests somewhere wants to go to a node; heading is its yaw [rad] now."""

    vehicle: VehicleId
    vehicle_class: VehicleClass
    start: int
    goal: int
    heading: float | None


@dataclass(frozen=True, slots=True)
class NoWay:
    """There is no way to the goal, whoever moves."""

    wish: Wish
