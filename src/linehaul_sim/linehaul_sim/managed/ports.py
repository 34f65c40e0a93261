# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Ports behind which a warehouse node works, with cranes and stock of its own.

At such a port loads change hands between that node and the floor. Each side says again and again
which loads stand at its ports: the node at those that give, the simulation at those that take.
The other side answers with who really has a load. So a word that was lost, came late or twice, or
was said while the other side was dead, changes nothing in the end.
"""

from enum import Enum
from fnmatch import fnmatchcase

from linehaul_floor import ItemId, PlaceId, PlaceKind, Plant
from linehaul_sim.inputs import WarehouseTold
from linehaul_sim.loads import HolderKind, Ledger, Load, gives, has_port
from linehaul_sim.warehouse import EMPTY_MASS
from linehaul_vda5050 import LoadId

TOLERANCE = 1e-3
"""[s] by which times of messages may be off."""
THEIRS = (HolderKind.CELL, HolderKind.CRANE)


class Heard(Enum):
    """What a word of the warehouse came to: no news, taken in, or the load is not there."""

    NOTHING = 0
    TAKEN = 1
    ELSEWHERE = 2


def managed_ports(plant: Plant, patterns: str) -> tuple[str, ...]:
    """Return the warehouse ports whose names fit one of some patterns, joined by commas."""
    wanted = [pattern.strip() for pattern in patterns.split(',')]
    ports = [place for place in plant.places_of(PlaceKind.WAREHOUSE_PORT) if has_port(place)]
    return tuple(str(p.id) for p in ports if any(fnmatchcase(p.id, name) for name in wanted))


def hear_warehouse(
    plant: Plant, ledger: Ledger, managed: tuple[str, ...], told: WarehouseTold, now: float
) -> Heard:
    """Take in what a warehouse says of a load at one of its ports, or in its hands."""
    load_id = LoadId(told.load_id)
    load = ledger.loads.get(load_id)
    if told.holder in THEIRS:
        ours = load is not None and load.holder is HolderKind.PORT and load.holder_id in managed
        if load is None or not ours or told.since < load.since - TOLERANCE:
            return Heard.NOTHING
        ledger.hand_over(load_id)
        return Heard.TAKEN
    place = plant.places.get(PlaceId(told.holder_id))
    if told.holder != HolderKind.PORT or place is None or place.id not in managed:
        return Heard.NOTHING
    if load is not None and load.holder is HolderKind.PORT and load.holder_id == place.id:
        return Heard.NOTHING
    if not gives(place):
        return Heard.NOTHING
    if load is not None or told.since <= ledger.came.get(load_id, float('-inf')) + TOLERANCE:
        return Heard.ELSEWHERE
    item = plant.items.get(ItemId(told.item_id))
    mass = item.container_mass + told.quantity * item.unit_mass if item else EMPTY_MASS
    ledger.set_down(
        Load(
            load_id,
            item.id if item else None,
            told.lot,
            told.quantity,
            mass,
            told.order_id,
            HolderKind.PORT,
            str(place.id),
            1,
            now,
        ),
        told.since,
    )
    return Heard.TAKEN
