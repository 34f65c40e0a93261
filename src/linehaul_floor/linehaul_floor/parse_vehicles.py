# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicle classes, the fleet and the items of a plant file."""

from collections.abc import Mapping

import numpy as np

from linehaul_floor.fields import Fields
from linehaul_floor.geometry import FloatArray, freeze, rectangle
from linehaul_floor.ids import ClassId, ItemId, PlaceId, VehicleId
from linehaul_floor.plant import Battery, Item, Place, PlaceKind, VehicleClass, VehicleSpawn


def read_classes(top: Fields) -> dict[ClassId, VehicleClass]:
    """Return the vehicle classes by id, in file order."""
    classes: dict[ClassId, VehicleClass] = {}
    for item in top.children('classes', optional=False):
        one = _class(item)
        if one.id in classes:
            item.note('duplicate_id', 'id', f'{one.id!r} is used twice', 'give each class its own')
        classes[one.id] = one
    if not classes:
        top.note('no_classes', 'classes', 'there is no vehicle class', 'describe at least one')
    if len(classes) > 31:
        top.note('too_many', 'classes', f'{len(classes)} classes', 'use at most 31')
    return classes


def _class(item: Fields) -> VehicleClass:
    empty = read_outline(item, 'footprint')
    top_speed = item.positive('max_speed')
    one = VehicleClass(
        id=ClassId(item.identifier()),
        name=item.text('name'),
        footprint=empty,
        loaded_footprint=read_outline(item, 'loaded_footprint', empty),
        height=item.positive('height'),
        max_speed=top_speed,
        max_speed_loaded=item.number('max_speed_loaded', top_speed, low=0.01, high=top_speed),
        acceleration=item.positive('acceleration'),
        deceleration=item.positive('deceleration'),
        turn_rate=item.positive('turn_rate'),
        turn_acceleration=item.positive('turn_acceleration'),
        margin=item.number('margin', low=0.0, high=5.0),
        load_mass_max=item.positive('load_mass_max'),
        can_reverse=item.flag('can_reverse', True),
        battery=_battery(item.child('battery')),
    )
    item.finish()
    return one


def _battery(item: Fields) -> Battery:
    battery = Battery(
        capacity_wh=item.positive('capacity_wh'),
        idle_power=item.number('idle_power', low=0.0),
        drive_power=item.positive('drive_power'),
        charge_power=item.positive('charge_power'),
    )
    item.finish()
    return battery


def read_outline(item: Fields, key: str, default: FloatArray | None = None) -> FloatArray:
    """Return a convex outline (K, 2) [m], counter-clockwise, that holds the vehicle's origin.

    Written as [length, width] of a rectangle about the origin, or as a list of corners.
    """
    if default is not None and not item.has(key):
        item.used.add(key)
        return default
    value = item.get(key)
    if isinstance(value, list) and len(value) == 2 and not isinstance(value[0], list):
        length, width = item.point(key)
        if min(length, width) > 0.0:
            return freeze(rectangle(-length / 2, -width / 2, length / 2, width / 2))
        item.note('out_of_range', key, f'{value!r}', 'write [length, width], both above 0')
        return freeze(rectangle(-1.0, -1.0, 1.0, 1.0))
    outline = item.points(key, low=3)
    after = np.roll(outline, -1, axis=0)
    edge, following = after - outline, np.roll(after, -1, axis=0) - after
    convex = (edge[:, 0] * following[:, 1] - edge[:, 1] * following[:, 0] > 0.0).all()
    inside = (edge[:, 0] * -outline[:, 1] + edge[:, 1] * outline[:, 0] > 0.0).all()
    if value is not None and isinstance(value, list) and not (convex and inside):
        item.note(
            'bad_outline',
            key,
            'the corners are not convex, counter-clockwise and round the origin',
            'list the corners of the hull counter-clockwise',
        )
    return freeze(outline)


def read_items(top: Fields) -> dict[ItemId, Item]:
    """Return the items by id, in file order."""
    items: dict[ItemId, Item] = {}
    for entry in top.children('items'):
        one = Item(
            id=ItemId(entry.identifier()),
            name=entry.text('name'),
            unit_mass=entry.positive('unit_mass'),
            container_units=entry.integer('container_units', low=1),
            container_mass=entry.number('container_mass', low=0.0),
        )
        entry.finish()
        if one.id in items:
            entry.note('duplicate_id', 'id', f'{one.id!r} is used twice', 'give each item its own')
        items[one.id] = one
    return items


def read_fleet(
    top: Fields, classes: Mapping[ClassId, VehicleClass], places: Mapping[PlaceId, Place]
) -> tuple[VehicleSpawn, ...]:
    """Return the vehicles, each with a parking place of its own that its class may enter."""
    fleet: list[VehicleSpawn] = []
    ids: set[str] = set()
    homes: set[str] = set()
    for item in top.children('fleet'):
        one = VehicleSpawn(
            id=VehicleId(item.identifier()),
            vehicle_class=ClassId(item.text('class')),
            place=PlaceId(item.text('home')),
        )
        item.finish()
        if one.id in ids:
            item.note(
                'duplicate_id', 'id', f'{one.id!r} is used twice', 'give each vehicle its own'
            )
        if one.vehicle_class not in classes:
            item.note(
                'unknown_class', 'class', repr(one.vehicle_class), 'name a class of the plant'
            )
        if one.place in homes:
            item.note(
                'home_taken', 'home', f'{one.place!r} is home twice', 'use another parking place'
            )
        _check_home(item, one, places)
        ids.add(one.id)
        homes.add(one.place)
        fleet.append(one)
    return tuple(fleet)


def _check_home(item: Fields, one: VehicleSpawn, places: Mapping[PlaceId, Place]) -> None:
    home = places.get(one.place)
    if home is None or home.kind is not PlaceKind.PARKING:
        item.note(
            'unknown_home', 'home', f'{one.place!r} is no parking place', 'name a parking place'
        )
    elif one.vehicle_class not in home.classes:
        item.note(
            'wrong_home',
            'home',
            f'{one.place!r} is closed to {one.vehicle_class}',
            'use another place',
        )
