# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the demo asks for: a seeded list of deliveries that the plant can take, and its fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NewType

import numpy as np

from linehaul_floor import ItemId, PlaceId, PlaceKind, Plant

RequestId = NewType('RequestId', str)


@dataclass(frozen=True, slots=True)
class Wish:
    """One delivery to ask for.

    Args:
        request_id: unique for ever.
        item: what.
        quantity: how many parts, at most one container.
        station: where to.
    """

    request_id: RequestId
    item: ItemId
    quantity: int
    station: PlaceId


def choose_deliveries(
    plant: Plant, count: int, rng: np.random.Generator, prefix: str
) -> tuple[Wish, ...]:
    """Choose deliveries: every station once in random order, then every station again.

    So no station is asked to hold more containers than it must, and every corner of the floor is
    driven to.

    Args:
        plant: the plant; a station's first demand is for the items it uses.
        count: how many deliveries.
        rng: source of chance.
        prefix: start of the request ids; unique for the run.

    Raises:
        ValueError: no station of the plant uses any item.
    """
    stations = [
        place
        for place in plant.places.values()
        if place.kind is PlaceKind.STATION and _items_used(place)
    ]
    if not stations:
        raise ValueError(f'no station of plant {plant.name} uses any item: nothing to deliver')
    order: list[int] = []
    while len(order) < count:
        order += [int(i) for i in rng.permutation(len(stations))]
    wishes = []
    for number, index in enumerate(order[:count], start=1):
        station = stations[index]
        used = _items_used(station)
        item = plant.items[used[int(rng.integers(len(used)))]]
        quantity = int(rng.integers(1, item.container_units, endpoint=True))
        request_id = RequestId(f'{prefix}-{number:03}')
        wishes.append(Wish(request_id, item.id, quantity, station.id))
    return tuple(wishes)


def _items_used(place: Any) -> list[ItemId]:
    return sorted(place.uses or place.items)


def cut_fleet(raw: Mapping[str, Any], count: int) -> dict[str, Any]:
    """Return a plant file's content with only the first vehicles of its fleet.

    Args:
        raw: the content of the plant file.
        count: how many vehicles stay.

    Raises:
        ValueError: the plant has fewer.
    """
    fleet: list[dict[str, Any]] = []
    missing = count
    for row in raw.get('fleet', []):
        first, last = row.get('n', (1, 1))
        taken = min(missing, last - first + 1)
        if taken > 0:
            fleet.append({**row, 'n': [first, first + taken - 1]} if 'n' in row else dict(row))
        missing -= taken
    if missing:
        raise ValueError(f'the plant has {count - missing} vehicles: ask for no more than that')
    return {**raw, 'fleet': fleet}


def shown(wish: Wish) -> str:
    """Describe a delivery in a line."""
    return f'{wish.quantity} x {wish.item} to {wish.station}'


def open_requests(wishes: Sequence[Wish], ended: Mapping[RequestId, object]) -> tuple[Wish, ...]:
    """Return the deliveries that have no result yet."""
    return tuple(wish for wish in wishes if wish.request_id not in ended)
