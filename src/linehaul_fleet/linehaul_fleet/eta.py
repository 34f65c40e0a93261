# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""When each open delivery is going to arrive."""

from math import isfinite

from linehaul_fleet.delivery import Delivery, Phase
from linehaul_fleet.model import Vehicle
from linehaul_fleet.situation import Situation


def estimate(s: Situation, now: float) -> None:
    """Say when each open delivery is going to arrive; NaN while nobody can know."""
    for delivery in s.model.open.values():
        vehicle = _carrier(s, delivery)
        if vehicle is None or delivery.port_id is None:
            continue
        port = s.plant.places[delivery.port_id]
        station = s.plant.places[delivery.request.station_id]
        left = _left(s, vehicle, now)
        if delivery.phase < Phase.LOADED:
            left += s.time(vehicle, s.end_of_way(vehicle), port) + s.settings.transfer_time
            left += s.time(vehicle, port.node, station)
        else:
            left += s.time(vehicle, s.end_of_way(vehicle), station)
        if isfinite(left):
            delivery.eta = now + left + s.settings.transfer_time


def _carrier(s: Situation, delivery: Delivery) -> Vehicle | None:
    if delivery.vehicle_id is None:
        return None
    vehicle = s.model.vehicles[delivery.vehicle_id]
    return vehicle if vehicle.id in s.graph.vehicles else None


def _left(s: Situation, vehicle: Vehicle, now: float) -> float:
    """Return the time [s] until the vehicle is expected at the end of its leg."""
    if vehicle.leg is None:
        return 0.0
    return max(s.graph.arrival(vehicle.id) - now, 0.0)
