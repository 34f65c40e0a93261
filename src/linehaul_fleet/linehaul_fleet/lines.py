# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Loads on their way to a line that stands: they serve who needs the same, or wait.

A delivery on hold is not brought. If its load is on a vehicle already and another delivery of the
same item is open, the two change places: the vehicle brings its load there, and the delivery on
hold gets what the other had. Else the vehicle parks with its load until the line runs again.
"""

from math import isnan

from linehaul_fleet.delivery import Delivery, Phase, RequestId
from linehaul_fleet.events import LoadsExchanged
from linehaul_fleet.model import Vehicle
from linehaul_fleet.situation import Situation

GAIN = 30.0
"""[s] by which the other delivery must be served earlier."""


def serve_others(s: Situation, now: float) -> None:
    """Let loads of deliveries on hold serve others that need them."""
    for vehicle in s.model.vehicles.values():
        held = s.delivery_of(vehicle)
        if held is None or not held.hold or not vehicle.loads:
            continue
        if held.phase not in (Phase.LOADED, Phase.DELIVERING) or not s.usable(vehicle, now):
            continue
        other = _who_needs_it(s, vehicle, held, now)
        if other is not None:
            _exchange(s, held, other, now)


def _who_needs_it(s: Situation, vehicle: Vehicle, held: Delivery, now: float) -> Delivery | None:
    """Return the delivery that gains most urgently by the load of another, if any gains."""
    best, least = None, float('inf')
    for other in s.model.open.values():
        if other.hold or other.phase >= Phase.LOADED or not _fits(s, vehicle, held, other):
            continue
        here, there = s.end_of_way(vehicle), s.plant.places[other.station_id].node
        drive = s.desk.travel.time(vehicle.vehicle_class, here, there)
        arrival = now + s.desk.pace_loaded(str(vehicle.vehicle_class)) * drive
        arrival += s.settings.transfer_time
        if arrival < other.earliest:
            continue  # there is no place for it yet
        slack = other.due - arrival
        gains = isnan(other.eta) or arrival < other.eta - GAIN
        if gains and (isnan(slack) or slack < least):
            best, least = other, least if isnan(slack) else slack
    return best


def _fits(s: Situation, vehicle: Vehicle, held: Delivery, other: Delivery) -> bool:
    station = s.plant.places[other.station_id]
    return (
        other.request.item_id == held.request.item_id
        and other.request.quantity <= held.request.quantity
        and vehicle.vehicle_class in station.classes
    )


def _exchange(s: Situation, held: Delivery, other: Delivery, now: float) -> None:
    request_id = held.request.request_id
    number = 2
    while RequestId(f'{request_id}.{number}') in s.model.retrievals:
        number += 1
    event = LoadsExchanged(
        request_id,
        other.request.request_id,
        RequestId(f'{request_id}.{number}'),
        f'{held.station_id} stands and {other.station_id} needs {held.request.item_id}',
    )
    s.note(event, now)
