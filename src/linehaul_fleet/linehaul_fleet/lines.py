# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Loads on their way to a line that stands: they serve who needs the same, or wait.

A delivery on hold is not brought. If its load is on a vehicle already and another delivery of the
same item is open, the two may change places: the vehicle brings its load there, and the delivery
on hold gets what the other had. They do so where both together are late less, or no later and the
vehicle need not stand: a line that stands may run on at any moment, and has then as long to its
run-out as when it stopped. Else the vehicle waits with its load near the station (steps.py).
"""

from math import isnan

import numpy as np

from linehaul_fleet.delivery import Delivery, Phase, RequestId
from linehaul_fleet.events import LoadsExchanged
from linehaul_fleet.lateness import PATIENCE, lateness_cost, weights
from linehaul_fleet.model import Vehicle
from linehaul_fleet.situation import Situation

GAIN = 30.0
"""[s] by which the other delivery must be served earlier."""
STANDING = 60.0
"""What it is worth that the vehicle need not stand with its load, in seconds of driving."""
DOUBT = 60.0
"""[s] by which what the other had may come later than is expected now."""
NEW = 600.0
"""[s] until a delivery is served for which nothing is planned yet."""
GIVEN_UP_MOST = 2
"""After so many loads that it gave to others a delivery keeps what it has."""


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
    """Return the delivery that gains most by the load of another, if any does."""
    if held.given_up >= GIVEN_UP_MOST:
        return None
    best, most = None, 0.0
    here, own = s.end_of_way(vehicle), s.plant.places[held.station_id].node
    kept = now + _drive(s, vehicle, here, own)
    for other in s.model.open.values():
        if other.hold or other.phase >= Phase.LOADED or not _fits(s, vehicle, held, other):
            continue
        arrival = now + _drive(s, vehicle, here, s.plant.places[other.station_id].node)
        if arrival < other.earliest:
            continue  # there is no place for it yet
        without = now + NEW if isnan(other.eta) else other.eta
        if arrival >= without - GAIN:
            continue
        gain = _cost(other, without, now) - _cost(other, arrival, now) + STANDING
        gain -= _cost(held, without + DOUBT, now) - _cost(held, kept, now)
        if gain > most:
            best, most = other, gain
    return best


def _drive(s: Situation, vehicle: Vehicle, here: int, there: int) -> float:
    """Return the seconds until a loaded vehicle has brought its load from a node to another."""
    drive = s.desk.travel.time(vehicle.vehicle_class, here, there)
    pace = s.desk.able(vehicle.id).slower_loaded * s.desk.pace_loaded(str(vehicle.vehicle_class))
    return pace * drive + s.settings.transfer_time


def _cost(delivery: Delivery, arrival: float, now: float) -> float:
    """Return what it costs that a delivery arrives at a time, if its line runs on now."""
    due = delivery.due_if_released(now)
    due = delivery.requested + PATIENCE if isnan(due) else due
    priority, age = np.array([delivery.priority]), np.array([max(now - delivery.requested, 0.0)])
    weight = weights(priority.astype(float), age)
    return float(lateness_cost(np.array([arrival]), np.array([due]), weight)[0])


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
