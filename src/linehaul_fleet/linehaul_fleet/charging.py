# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Who charges when, so that nobody runs empty and the fleet keeps its strength at peaks.

Chargers are few, so charges are booked backwards: each vehicle must begin before its charge falls
to what it needs to get to a charger, and where more want to begin at the same time than there are
chargers, some begin earlier. Vehicles that have nothing to do charge meanwhile, so that a peak
finds them full. Work may take such a vehicle from its charger at any time, and one that had to
charge once it has enough; below its reserve nobody takes work. At a peak, when there is more to do
than vehicles, charging is put off: vehicles work on down to a lower reserve.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import inf

from linehaul_floor import VehicleId

FLOOR = 0.08
"""Charge that nobody plans to go below."""
LEAVE = 0.5
"""Charge from which on work may take a vehicle off its charger."""
TOP_UP = 0.85
"""Charge below which a vehicle with nothing to do goes to a charger."""
SPARE = 2.0
"""A vehicle keeps so many times what the way to a charger takes."""
PEAK_RESERVE = 0.15
"""Charge down to which vehicles work at a peak, instead of what the settings say."""
FOLLOW = 60.0
"""[s] in which the load of the fleet is followed, so that a peak does not come and go."""
PEAK = 0.5, 0.25
"""Share of the time in which there is more to do than vehicles: above the first a peak begins,
below the second it is over."""
AHEAD = 60.0
"""[s] before a booked charge begins from which on its vehicle goes."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a vehicle needs: latest plant time [s] to begin charging, and for how long [s]."""

    vehicle: VehicleId
    latest: float
    duration: float


def book(needs: Iterable[Need], chargers: int) -> dict[VehicleId, float]:
    """Return when each vehicle should begin to charge at the latest [s], with so many chargers.

    Charges are laid backwards from the latest: each begins as late as it can, and ends before the
    one that follows on its charger begins.
    """
    if chargers < 1:
        return {}
    begins = {}
    free = [-inf] * chargers  # negated: when the next charge on each charger begins
    heapify(free)
    for need in sorted(needs, key=lambda n: (-n.latest, n.vehicle)):
        next_begin = -heappop(free)
        begin = min(need.latest, next_begin - need.duration)
        begins[need.vehicle] = begin
        heappush(free, -begin)
    return begins


def latest_begin(charge: float, reserve: float, rate: float, now: float) -> float:
    """Return when a vehicle's charge is going to be down to its reserve [s].

    Args:
        charge: 0..1.
        reserve: charge it must not go below.
        rate: charge per second that it is going to use.
        now: plant time [s].
    """
    return now + max(charge - reserve, 0.0) / rate if rate > 0.0 else inf
