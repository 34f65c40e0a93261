# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What vehicles draw from their batteries, learned from the states they report.

Each vehicle has two rates, standing and driving, in charge (0..1) per second. They begin as the
plant file says, follow what all vehicles of the class show, and then what the vehicle itself
shows. A vehicle's charge is compared over WINDOW seconds; windows with a gap, a charger or a rise
are left out, and one that is far from what was expected (a changed battery, a wrong meter) weighs
little: the step of the estimate is bounded.

Source: recursive least squares with a bounded residual (Huber 1964), per class and per vehicle.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import hypot

import numpy as np
from linehaul_floor.geometry import FloatArray

from linehaul_floor import ClassId, VehicleClass, VehicleId
from linehaul_vda5050 import State

WINDOW = 60.0
"""[s] over which a vehicle's charge is compared."""
GAP = 15.0
"""[s] between two states after which a window begins anew."""
NOISE = 0.002
"""Charge by which a reported state of charge may be wrong."""
HUBER = 2.0
"""Residuals beyond so many times the noise count no more than that."""
PRIOR = 0.5
"""How unsure a rate of the plant file is, as a share of it."""
DRIVING = 0.7
"""Share of a mission's time in which a vehicle drives, for what it is going to use."""
SLOWEST = 0.1
"""Share of the plant file's rates below which nothing is believed."""


@dataclass(slots=True)
class _Estimate:
    """Rates (2,) standing and driving, and their covariance (2, 2)."""

    rate: FloatArray
    covariance: FloatArray

    def learn(self, seconds: FloatArray, used: float, least: FloatArray) -> None:
        """Take in that a vehicle used so much charge in (2,) seconds standing and driving."""
        gain = self.covariance @ seconds
        spread = float(seconds @ gain) + NOISE**2
        residual = used - float(seconds @ self.rate)
        bound = HUBER * spread**0.5
        self.rate = self.rate + gain / spread * min(max(residual, -bound), bound)
        self.rate = np.maximum(self.rate, least)
        self.covariance = self.covariance - np.outer(gain, gain) / spread

    def copy(self, covariance: FloatArray) -> '_Estimate':
        """Return the same rates with another covariance."""
        return _Estimate(self.rate.copy(), covariance.copy())


@dataclass(slots=True)
class _Window:
    """Since when a vehicle is watched [s], its charge then, and (2,) seconds since."""

    begun: float
    charge: float
    last: float
    seconds: FloatArray = field(default_factory=lambda: np.zeros(2))


class DrainModel:
    """Drain of the vehicles of a fleet.

    Args:
        classes: the vehicle classes with the batteries that the plant file gives them.
    """

    def __init__(self, classes: Mapping[ClassId, VehicleClass]) -> None:
        self._file: dict[str, FloatArray] = {}
        self._classes: dict[str, _Estimate] = {}
        for name, one in classes.items():
            b = one.battery
            full = max(b.capacity_wh, 1.0) * 3600.0
            rates = np.array([b.idle_power, b.idle_power + b.drive_power]) / full
            self._file[name] = rates
            self._classes[name] = _Estimate(rates.copy(), np.diag((PRIOR * rates) ** 2))
        self._vehicles: dict[VehicleId, _Estimate] = {}
        self._windows: dict[VehicleId, _Window] = {}

    def see(self, vehicle: VehicleId, vehicle_class: str, state: State, now: float) -> None:
        """Take in what a vehicle reports at a plant time [s]."""
        power = state.power_supply
        window = self._windows.get(vehicle)
        passed = now - window.last if window else 0.0
        if window is None or power.charging or not 0.0 <= passed <= GAP:
            self._windows[vehicle] = _Window(now, power.state_of_charge, now)
            return
        window.seconds[int(_moves(state))] += passed
        window.last = now
        if now - window.begun >= WINDOW:
            used = window.charge - power.state_of_charge
            if used >= -NOISE:
                self._learn(vehicle, vehicle_class, window.seconds, used)
            self._windows[vehicle] = _Window(now, power.state_of_charge, now)

    def _learn(self, vehicle: VehicleId, name: str, seconds: FloatArray, used: float) -> None:
        least = SLOWEST * self._file[name]
        shared = self._classes[name]
        own = self._vehicles.get(vehicle)
        if own is None:
            prior = np.diag((0.5 * PRIOR * self._file[name]) ** 2)
            own = self._vehicles[vehicle] = shared.copy(prior)
        own.learn(seconds, used, least)
        shared.learn(seconds, used, least)

    def rates(self, vehicle: VehicleId, vehicle_class: str) -> tuple[float, float]:
        """Return charge per second, standing and driving."""
        known = self._vehicles.get(vehicle) or self._classes[vehicle_class]
        standing, driving = known.rate.tolist()
        return standing, max(driving, standing)

    def rate(self, vehicle: VehicleId, vehicle_class: str) -> float:
        """Return charge per second on a mission."""
        standing, driving = self.rates(vehicle, vehicle_class)
        return (1.0 - DRIVING) * standing + DRIVING * driving

    def use(self, vehicle: VehicleId, vehicle_class: str, seconds: float) -> float:
        """Return the charge used in so many seconds on a mission."""
        return self.rate(vehicle, vehicle_class) * max(seconds, 0.0)


def _moves(state: State) -> bool:
    velocity = state.velocity
    if velocity is None:
        return state.driving
    return hypot(velocity.vx, velocity.vy) > 0.01 or abs(velocity.omega) > 0.01
