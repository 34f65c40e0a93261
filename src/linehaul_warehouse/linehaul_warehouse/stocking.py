# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The stock of a warehouse that has just been built, for demos: some of everything."""

from collections.abc import Sequence

import numpy as np

from linehaul_floor import PlaceKind as PlantPlace
from linehaul_floor import Plant
from linehaul_warehouse import events as ev
from linehaul_warehouse.ids import ItemId, LoadId, Lot
from linehaul_warehouse.model import Load, Place, PlaceKind
from linehaul_warehouse.rack import Rack


def items_of_plant(plant: Plant) -> list[tuple[ItemId, int]]:
    """Return what the stations of a plant use, with the parts in a full container; and empties."""
    used = {
        item
        for place in plant.places_of(PlantPlace.STATION)
        for item in (place.uses or place.items)
    }
    full = [(ItemId(i.id), i.container_units) for i in plant.items.values() if i.id in used]
    return [*full, (ItemId(''), 0)]


def first_stock(
    rack: Rack, items: Sequence[tuple[ItemId, int]], share: float, now: float
) -> list[ev.Event]:
    """Return the events that fill a share of the cells, items and aisles in turn.

    Args:
        rack: with no load in it.
        items: (item, parts in a full container).
        share: 0..1 of each aisle's cells.
        now: plant time [s]; the loads come in lots a second apart.
    """
    found: list[ev.Event] = []
    for span in rack.span.values():
        cells = [rack.ids[k] for k in range(span.start, span.stop)]
        deep, travel = rack.depth[span], rack.travel[span]
        order = np.lexsort((travel, deep != 2)).tolist()  # the rear of a lane first
        for k, number in enumerate(order[: int(share * len(cells))] if items else []):
            cell = cells[number]
            item, quantity = items[k % len(items)]
            lot = Lot(f'first_{k // len(items) // 10}')
            place = Place(PlaceKind.CELL, cell)
            load = Load(LoadId(f'wl_{cell}'), item, lot, quantity, place, now)
            found.append(ev.LoadReceived(load))
    return found
