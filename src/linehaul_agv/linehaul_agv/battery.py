# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A battery's state of charge: told by the robot, or estimated from what the vehicle does."""

import math
from dataclasses import dataclass, replace

from linehaul_floor import Battery
from linehaul_vda5050 import PowerSupply


@dataclass(frozen=True, slots=True)
class Charge:
    """What is known of a battery.

    Attributes:
        level: State of charge, 0 to 1.
        charging: Current flows in.
        told: Time [s] at which the robot told it; -inf: never, the level is an estimate.
        voltage, current: [V], [A] as the robot told them; None: not told.
    """

    level: float
    charging: bool = False
    told: float = -math.inf
    voltage: float | None = None
    current: float | None = None

    @property
    def supply(self) -> PowerSupply:
        """As it is reported."""
        return PowerSupply(self.level, self.charging, self.voltage, self.current)


@dataclass(frozen=True, slots=True)
class BatteryReading:
    """What a robot says of its battery; NaN: not measured. level 0 to 1."""

    level: float
    charging: bool
    voltage: float = math.nan
    current: float = math.nan


def tell(charge: Charge, reading: BatteryReading, now: float) -> Charge:
    """Take in what the robot says; a level that is none is not taken."""
    if not 0.0 <= reading.level <= 1.0:
        return charge

    def known(value: float) -> float | None:
        return value if math.isfinite(value) else None

    voltage, current = known(reading.voltage), known(reading.current)
    return Charge(reading.level, reading.charging, now, voltage, current)


def estimate(
    charge: Charge, battery: Battery, *, moving: bool, charge_power: float, dt: float
) -> Charge:
    """Count a battery on by what its class draws; one that the robot tells of stays as told.

    Args:
        charge: Before.
        battery: Capacity and powers of the class.
        moving: The vehicle drives or turns; a charger is left by that.
        charge_power: Of the charger [W].
        dt: Time that went by [s].
    """
    if charge.told > -math.inf:
        return charge
    charging = charge.charging and not moving
    gain = min(charge_power, battery.charge_power) if charging else 0.0
    power = gain - battery.idle_power - (battery.drive_power if moving else 0.0)
    level = charge.level + power * dt / 3600.0 / battery.capacity_wh
    return replace(charge, level=min(max(level, 0.0), 1.0), charging=charging)
