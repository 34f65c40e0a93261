# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles that join at run time, and what vehicles say they are.

A vehicle that the plant file does not know joins with its factsheet: its class must be one that
ways are planned for, and it gets a parking place that is nobody's home. It leaves by being taken
out and carried away; it may come back under the same id.
"""

import re

from linehaul_fleet.abilities import abilities_of
from linehaul_fleet.acts import VehicleJoined
from linehaul_fleet.codes import Code, Refusal
from linehaul_fleet.losing import set_aside
from linehaul_fleet.situation import Situation
from linehaul_fleet.validating import check_factsheet
from linehaul_floor import ClassId, Place, PlaceKind, VehicleId
from linehaul_vda5050 import Factsheet

_ID = re.compile(r'[A-Za-z0-9_]{1,64}')


def take_factsheet(
    s: Situation, vehicle_id: VehicleId, sheet: Factsheet, now: float
) -> Refusal | None:
    """Take in what a vehicle says it is; let it join if it is new, or return why it cannot.

    A known vehicle that is not what its ways are planned for is set aside.
    """
    vehicle = s.model.vehicles.get(vehicle_id)
    if vehicle is None:
        return _join(s, vehicle_id, sheet, now)
    vehicle_class = s.plant.classes[vehicle.vehicle_class]
    wrong = check_factsheet(sheet, vehicle_class)
    if wrong:
        text = f'its factsheet does not fit: {"; ".join(wrong)}'
        set_aside(s, vehicle, text, now)
        return Refusal(Code.INVALID_ARGUMENT, f'{vehicle_id}: {text}')
    s.desk.abilities[vehicle_id] = abilities_of(sheet, vehicle_class)
    return None


def _join(s: Situation, vehicle_id: VehicleId, sheet: Factsheet, now: float) -> Refusal | None:
    if not _ID.fullmatch(vehicle_id):
        return Refusal(Code.TEXT_INVALID, f'{vehicle_id[:60]!r} is no vehicle id')
    vehicle_class = s.plant.classes.get(ClassId(sheet.vehicle_class))
    known = {name for pair in s.conflicts for name in pair}
    if vehicle_class is None or vehicle_class.id not in known:
        text = f'class {sheet.vehicle_class[:60]!r} is none of {", ".join(sorted(known))}'
        return Refusal(Code.INVALID_ARGUMENT, f'{vehicle_id}: {text}')
    wrong = check_factsheet(sheet, vehicle_class)
    if wrong:
        return Refusal(Code.INVALID_ARGUMENT, f'{vehicle_id}: {"; ".join(wrong)}')
    home = _free_home(s, vehicle_class.id)
    if home is None:
        return Refusal(Code.NOT_ALLOWED, f'{vehicle_id}: no parking place is left for it')
    s.note(VehicleJoined(vehicle_id, vehicle_class.id, home.id), now)
    s.desk.abilities[vehicle_id] = abilities_of(sheet, vehicle_class)
    return None


def _free_home(s: Situation, class_id: ClassId) -> Place | None:
    taken = {v.home for v in s.model.vehicles.values()}
    places = s.plant.places_of(PlaceKind.PARKING)
    return next((p for p in places if p.id not in taken and class_id in p.classes), None)
