# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""When each open delivery is going to arrive."""

from math import isfinite, nan

from linehaul_fleet.delivery import Delivery, Phase
from linehaul_fleet.offers import drop_time
from linehaul_fleet.situation import Situation


def estimate(s: Situation, now: float) -> None:
    """Say when each open delivery is going to arrive; NaN while nobody can know."""
    for delivery in s.model.open.values():
        if delivery.phase is not Phase.WAITING_FOR_PERSON:
            eta = _eta(s, delivery, now)
            delivery.eta = eta if isfinite(eta) else nan


def _eta(s: Situation, delivery: Delivery, now: float) -> float:
    """Return what the vehicle's way says, or what is planned, as plant time [s]."""
    if delivery.hold:
        return nan
    vehicle = s.model.vehicles.get(delivery.vehicle_id) if delivery.vehicle_id else None
    if vehicle is not None and vehicle.job and s.on_floor(vehicle.id):
        return drop_time(s, vehicle, now)
    plan = s.desk.plans.get(delivery.request.request_id)
    return plan.arrival if plan is not None else nan
