# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Checks a request before it becomes a delivery. Refuses with a code and a text; never raises."""

import re
from math import isfinite, isnan

from linehaul_fleet.codes import Code, Refusal
from linehaul_fleet.delivery import Request
from linehaul_floor import Flow, Place, PlaceKind, Plant

_ID = re.compile(r'[A-Za-z0-9_.:-]{1,128}')
MAX_QUANTITY = 2**32 - 1


def check(request: Request, plant: Plant, now: float) -> Refusal | None:
    """Return why a request cannot become a delivery on this plant, or None.

    Args:
        request: as it came in, any content.
        plant: the plant.
        now: plant time [s].
    """
    for look in (_ids, _material, _times):
        refusal = look(request, plant, now)
        if refusal is not None:
            return refusal
    return None


def is_destination(plant: Plant, place: Place) -> bool:
    """Return whether material can be ordered to a place.

    Those are stations, and ports that take in only certain items: docks for pallets, stands for
    equipment. Where any container may go in, the fleet decides which.
    """
    if place.kind is PlaceKind.WAREHOUSE_PORT:
        return place.flow in (Flow.IN, Flow.BOTH) and len(place.items) < len(plant.items)
    return place.kind is PlaceKind.STATION


def _ids(request: Request, plant: Plant, _: float) -> Refusal | None:
    if not request.request_id:
        return Refusal(Code.REQUEST_ID_EMPTY, 'request_id is empty; give each request its own id')
    for name, text in (('request_id', request.request_id), ('order_id', request.order_id)):
        if text and not _ID.fullmatch(text):
            shown = text[:40]
            return Refusal(
                Code.TEXT_INVALID,
                f'{name} {shown!r}: ids have 1 to 128 characters of A-Z a-z 0-9 _ - . :',
            )
    place = plant.places.get(request.station_id)
    if place is None or not is_destination(plant, place):
        known = _some(p.id for p in plant.places_of(PlaceKind.STATION))
        return Refusal(
            Code.UNKNOWN_STATION, f'no station {request.station_id[:60]!r}; stations are {known}'
        )
    return None


def _material(request: Request, plant: Plant, _: float) -> Refusal | None:
    item = plant.items.get(request.item_id)
    if item is None:
        return Refusal(
            Code.UNKNOWN_ITEM,
            f'no item {request.item_id[:60]!r}; items are {_some(plant.items)}',
        )
    place = plant.places[request.station_id]
    if request.item_id not in place.items:
        return Refusal(
            Code.ITEM_NOT_USED_AT_STATION,
            f'{place.id} does not use {request.item_id}; it uses {_some(place.items)}',
        )
    if request.quantity <= 0:
        return Refusal(Code.QUANTITY_ZERO, 'quantity is 0; ask for at least 1')
    if request.quantity > item.container_units:
        return Refusal(
            Code.QUANTITY_TOO_LARGE,
            f'{request.quantity} of {request.item_id}: a container holds {item.container_units}; '
            'send one request for each container',
        )
    if not 0 <= request.priority <= 255:
        return Refusal(
            Code.INVALID_ARGUMENT, f'priority {request.priority} is not within 0 and 255'
        )
    return None


def _times(request: Request, _: Plant, now: float) -> Refusal | None:
    for name, value in (('earliest', request.earliest), ('due', request.due)):
        if not isnan(value) and not isfinite(value):
            return Refusal(Code.INVALID_ARGUMENT, f'{name} is not finite')
    if request.earliest < 0.0:
        return Refusal(
            Code.INVALID_ARGUMENT, f'earliest is {request.earliest:.1f} s; leave it zero for now'
        )
    if request.due < now:
        return Refusal(
            Code.DUE_IN_PAST, f'due {request.due:.1f} s is past, it is {now:.1f} s plant time'
        )
    if request.due < request.earliest:
        return Refusal(
            Code.DUE_BEFORE_EARLIEST,
            f'due {request.due:.1f} s is before earliest {request.earliest:.1f} s',
        )
    return None


def _some(names: object, most: int = 8) -> str:
    listed = [str(name) for name in names]  # type: ignore[attr-defined]
    rest = len(listed) - most
    return ', '.join(listed[:most]) + (f' and {rest} more' if rest > 0 else '')
