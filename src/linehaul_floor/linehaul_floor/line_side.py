# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What stands beside the lines when a simulated plant begins: full places, each load with a name.

The simulated floor and the simulated lines are different programs; both make the same containers
from the plant file, so that they speak of the same loads from the first moment on.
"""

from collections.abc import Iterator

from linehaul_floor.ids import ItemId, PlaceId
from linehaul_floor.plant import PlaceKind, Plant


def part_places(plant: Plant, station: PlaceId) -> int:
    """Return how many containers of each of its items fit at a station."""
    place = plant.places[station]
    return max(place.capacity // max(len(place.uses), 1), 1)


def first_loads(plant: Plant) -> Iterator[tuple[PlaceId, ItemId, str]]:
    """Yield station, item and load id of each full container that stands there at first."""
    for place in plant.places_of(PlaceKind.STATION):
        if place.capacity == 0:
            continue
        for item in place.uses:
            for number in range(1, part_places(plant, place.id) + 1):
                yield place.id, item, f'{item}-{place.id}-{number}'
