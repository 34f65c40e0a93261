# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Loads and who holds them: exactly one holder at all times.

The ledger knows every load, the port places and what each vehicle carries. A transfer is one
step: either the load has moved with all its records, or nothing has changed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from linehaul_floor import Flow, ItemId, Place, PlaceId, PlaceKind, Plant, VehicleId, first_loads
from linehaul_vda5050 import LoadId

MOST_CAME = 20_000
"""Loads of a warehouse node that are remembered, so that an old word is known as one."""


class HolderKind(IntEnum):
    """Who holds a load; numbers as HOLDER_* in LoadCustody.msg."""

    UNKNOWN = 0
    VEHICLE = 1
    PORT = 2
    CELL = 3
    CRANE = 4
    GONE = 7


@dataclass(frozen=True, slots=True)
class Load:
    """A container.

    item_id None is an empty container. revision counts its changes. since is the plant time [s]
    of the last one. mass in kg.
    """

    id: LoadId
    item_id: ItemId | None
    lot: str
    quantity: int
    mass: float
    order_id: str
    holder: HolderKind
    holder_id: str
    revision: int
    since: float


@dataclass(slots=True)
class Port:
    """What evolves of a port.

    Attributes:
        loads: What stands there, first come first.
        claimed: Vehicle whose pick or drop is running; nothing else changes the port meanwhile.
        next_time: Plant time [s] at which the port takes its first load away; inf: none.
        free_at: Plant time [s] at which the crane behind the port is free.
        empty_picks, occupied_drops: Faults still to come.
    """

    loads: list[LoadId] = field(default_factory=list)
    claimed: VehicleId | None = None
    next_time: float = float('inf')
    free_at: float = 0.0
    empty_picks: int = 0
    occupied_drops: int = 0


@dataclass(slots=True)
class Ledger:
    """All loads, ports and what vehicles carry. changed lists the loads to be told of.

    came: when [s] a warehouse node set a load down here last.
    """

    loads: dict[LoadId, Load] = field(default_factory=dict)
    ports: dict[PlaceId, Port] = field(default_factory=dict)
    carried: dict[VehicleId, LoadId] = field(default_factory=dict)
    changed: list[LoadId] = field(default_factory=list)
    made: int = 0
    came: dict[LoadId, float] = field(default_factory=dict)

    def make(
        self, item_id: ItemId | None, quantity: int, mass: float, order_id: str, now: float
    ) -> LoadId:
        """Make a container in the warehouse."""
        self.made += 1
        name = LoadId(f'{item_id or "empty"}-{self.made:06d}')
        lot = f'lot-{self.made // 50 + 1:04d}'
        self.loads[name] = Load(
            name, item_id, lot, quantity, mass, order_id, HolderKind.CELL, 'warehouse', 1, now
        )
        self.changed.append(name)
        return name

    def give(self, load_id: LoadId, kind: HolderKind, holder_id: str, now: float) -> None:
        """Move a load to another holder, with all records."""
        load = self.loads[load_id]
        if load.holder is HolderKind.PORT:
            self.ports[PlaceId(load.holder_id)].loads.remove(load_id)
        elif load.holder is HolderKind.VEHICLE:
            del self.carried[VehicleId(load.holder_id)]
        if kind is HolderKind.PORT:
            self.ports[PlaceId(holder_id)].loads.append(load_id)
        elif kind is HolderKind.VEHICLE:
            self.carried[VehicleId(holder_id)] = load_id
        self._change(load, holder=kind, holder_id=holder_id, since=now)

    def set_down(self, load: Load, came: float) -> None:
        """Let a load stand at its port that a warehouse has set down there.

        Args:
            load: The load, held by a port.
            came: When the warehouse did so [s].
        """
        self.loads[load.id] = load
        self.ports[PlaceId(load.holder_id)].loads.append(load.id)
        self.came.pop(load.id, None)
        self.came[load.id] = came
        if len(self.came) > MOST_CAME:
            del self.came[next(iter(self.came))]
        self.changed.append(load.id)

    def hand_over(self, load_id: LoadId) -> None:
        """Leave a load at a port to the warehouse, which tells of it from now on."""
        load = self.loads.pop(load_id)
        self.ports[PlaceId(load.holder_id)].loads.remove(load_id)

    def consume(self, load_id: LoadId, now: float, *, keep: bool) -> None:
        """Use up what is in a container; the empty one stays or is taken away by hand."""
        load = self.loads[load_id]
        if keep:
            self._change(load, item_id=None, quantity=0, since=now)
        else:
            self.give(load_id, HolderKind.GONE, '', now)

    def _change(self, load: Load, **changes: object) -> None:
        new = replace(load, revision=load.revision + 1, **changes)  # type: ignore[arg-type]
        self.loads[load.id] = new
        self.changed.append(load.id)

    def forget(self, most: int) -> None:
        """Drop the oldest loads that are gone, so that the ledger stays small."""
        gone = [load.id for load in self.loads.values() if load.holder is HolderKind.GONE]
        for name in gone[: max(len(gone) - most, 0)]:
            del self.loads[name]

    def faults(self) -> list[str]:
        """Return every load that has no or two holders, in words."""
        seen: dict[LoadId, list[str]] = {}
        for place, port in self.ports.items():
            for name in port.loads:
                seen.setdefault(name, []).append(f'port {place}')
        for vehicle, name in self.carried.items():
            seen.setdefault(name, []).append(f'vehicle {vehicle}')
        texts = []
        for load in self.loads.values():
            holders = seen.get(load.id, [])
            wanted = 1 if load.holder in (HolderKind.VEHICLE, HolderKind.PORT) else 0
            if len(holders) != wanted:
                where = ' and '.join(holders) or 'nobody'
                texts.append(f'load {load.id} is with {where}, the ledger says {load.holder.name}')
        texts += [f'load {name} is unknown' for name in seen if name not in self.loads]
        return texts


def new_ledger(plant: Plant) -> Ledger:
    """Return a ledger with the empty ports of a plant."""
    return Ledger(ports={place.id: Port() for place in plant.places.values() if has_port(place)})


def fill_stations(plant: Plant, ledger: Ledger, now: float) -> None:
    """Put full containers into all places of the stations."""
    for station, item_id, name in first_loads(plant):
        item = plant.items[item_id]
        load = Load(
            LoadId(name), item_id, 'lot-0000', item.container_units, item.load_mass, '',
            HolderKind.PORT, station, 1, now,
        )  # fmt: skip
        ledger.loads[load.id] = load
        ledger.ports[station].loads.append(load.id)
        ledger.changed.append(load.id)


def has_port(place: Place) -> bool:
    """Tell whether loads can stand at a place."""
    kinds = (PlaceKind.STATION, PlaceKind.WAREHOUSE_PORT, PlaceKind.CHAIN_PORT)
    return place.kind in kinds and place.capacity > 0


def gives(place: Place) -> bool:
    """Tell whether a vehicle may pick here: out ports give full containers, stations empties."""
    return place.flow in (Flow.OUT, Flow.BOTH)


def takes(place: Place) -> bool:
    """Tell whether a vehicle may drop here."""
    return place.flow in (Flow.IN, Flow.BOTH)


def out_ports(places: Mapping[PlaceId, Place], item_id: ItemId | None) -> list[PlaceId]:
    """Return the warehouse ports that give containers of an item, only the most special ones.

    Pallets of finished goods and tooling have ports of their own beside those that give anything.
    """
    found = [
        place
        for place in places.values()
        if place.kind is PlaceKind.WAREHOUSE_PORT
        and gives(place)
        and has_port(place)
        and (item_id is None or not place.items or item_id in place.items)
    ]
    if item_id is None:
        return [place.id for place in found]
    many = {place.id: len(place.items) or math.inf for place in found}  # none named: any
    return [name for name in many if many[name] == min(many.values())]
