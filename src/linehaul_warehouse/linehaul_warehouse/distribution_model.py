# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The finished-goods distribution centre: what it knows, and the events that it is a fold of.

A unit belongs to one order; an order's units are a set that ships together or not at all. A truck
has stops, one order each, in the order of its tour. Its lane is filled, and it is loaded, last
stop first, so that what is unloaded first stands at its doors.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, NewType, Union, get_args

from linehaul_warehouse.codec import build, plain
from linehaul_warehouse.errors import EventError
from linehaul_warehouse.ids import NO_ORDER, OrderId

UnitId = NewType('UnitId', str)
LaneId = NewType('LaneId', str)
DockId = NewType('DockId', str)
TruckId = NewType('TruckId', str)


class UnitPlace(IntEnum):
    """Where a unit is. CLARIFICATION: scanned where it does not belong, a person has it."""

    UNKNOWN = 0
    EXPECTED = 1
    STORED = 2
    LANE = 3
    TRUCK = 4
    SHIPPED = 5
    CLARIFICATION = 6


class SetPhase(IntEnum):
    """How far an order's set is; numbers as in OrderSetState.msg."""

    UNKNOWN = 0
    INCOMPLETE = 1
    COMPLETE = 2
    STAGED = 3
    LOADED = 4
    SHIPPED = 5


@dataclass(frozen=True, slots=True)
class OrderSet:
    """The units of an order. truck_id '': not planned yet."""

    order_id: OrderId
    owner: str
    unit_ids: tuple[UnitId, ...]
    truck_id: TruckId = TruckId('')
    shipped: bool = False


@dataclass(frozen=True, slots=True)
class Truck:
    """A truck's tour: orders in the order of its stops, its dock, lane and time window [s]."""

    id: TruckId
    stops: tuple[OrderId, ...]
    dock_id: DockId
    lane_id: LaneId
    begin: float
    end: float
    left: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """Proof of shipping: which units of an order left for whom, with which truck, and when."""

    order_id: OrderId
    owner: str
    unit_ids: tuple[UnitId, ...]
    truck_id: TruckId
    dock_id: DockId
    stop: int
    time: float


# Events.


@dataclass(frozen=True, slots=True)
class OrderAnnounced:
    """An order's set is to be expected."""

    order: OrderSet


@dataclass(frozen=True, slots=True)
class TruckPlanned:
    """A truck has a dock, a lane and a time."""

    truck: Truck


@dataclass(frozen=True, slots=True)
class UnitScanned:
    """A unit was scanned where it belongs: it is there now."""

    unit_id: UnitId
    place: UnitPlace
    at: str


@dataclass(frozen=True, slots=True)
class MisSorted:
    """A unit was scanned where it does not belong; it went to clarification."""

    unit_id: UnitId
    at: str
    wanted: str


@dataclass(frozen=True, slots=True)
class StopDropped:
    """A set that is not there stays behind; another truck may take it."""

    truck_id: TruckId
    order_id: OrderId
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class TruckLeft:
    """A truck left with these proofs."""

    truck_id: TruckId
    proofs: tuple[Proof, ...]


Happening = Union[  # noqa: UP007 (read at run time)
    OrderAnnounced, TruckPlanned, UnitScanned, MisSorted, StopDropped, TruckLeft
]


def happening_of(kind: str, body: Mapping[str, Any]) -> Happening:
    """Return the event of a record.

    Raises:
        EventError: unknown kind, or the body does not have its form.
    """
    kinds = {one.__name__: one for one in get_args(Happening)}
    if kind not in kinds:
        raise EventError(f'journal: found event kind {kind!r}, wanted one of {sorted(kinds)}')
    try:
        return build(kinds[kind], body)  # type: ignore[no-any-return]
    except ValueError as error:
        raise EventError(f'journal: {kind} has a body that does not fit: {error}') from error


def order_name(order_id: OrderId) -> str:
    """Return under which name an order is kept that was shipped."""
    return f'order:{order_id}'


def unit_name(unit_id: UnitId) -> str:
    """Return the same of a unit."""
    return f'unit:{unit_id}'


def truck_name(truck_id: TruckId) -> str:
    """Return the same of a truck."""
    return f'truck:{truck_id}'


@dataclass(slots=True)
class Centre:
    """Orders, trucks, where each unit is, and what was proved.

    lanes: units a staging lane holds. docks: dock doors. gone: orders that were shipped and are
    no longer known here (`set_aside`).
    """

    lanes: dict[LaneId, int]
    docks: tuple[DockId, ...]
    orders: dict[OrderId, OrderSet] = field(default_factory=dict)
    trucks: dict[TruckId, Truck] = field(default_factory=dict)
    units: dict[UnitId, OrderId] = field(default_factory=dict)
    places: dict[UnitId, tuple[UnitPlace, str]] = field(default_factory=dict)
    proofs: dict[OrderId, Proof] = field(default_factory=dict)
    staged: dict[TruckId, list[UnitId]] = field(default_factory=dict)
    loaded: dict[TruckId, list[UnitId]] = field(default_factory=dict)
    mis_sorts: int = 0
    gone: int = 0

    def apply(self, event: Happening) -> None:
        """Fold one event in.

        Raises:
            EventError: it does not fit: a unit twice, an order shipped twice or half.
        """
        match event:
            case OrderAnnounced(order):
                if order.order_id in self.orders or set(order.unit_ids) & set(self.units):
                    raise EventError(f'order {order.order_id} or one of its units is known')
                self.orders[order.order_id] = order
                for unit in order.unit_ids:
                    self.units[unit] = order.order_id
                    self.places[unit] = (UnitPlace.EXPECTED, '')
            case TruckPlanned(truck):
                self.trucks[truck.id] = truck
                self.staged[truck.id], self.loaded[truck.id] = [], []
                for order_id in truck.stops:
                    self.orders[order_id] = replace(self.orders[order_id], truck_id=truck.id)
            case UnitScanned(unit_id, place, at):
                self._leave(unit_id)
                self.places[unit_id] = (place, at)
                truck_id = self.orders[self.units[unit_id]].truck_id
                if place is UnitPlace.LANE:
                    self.staged[truck_id].append(unit_id)
                elif place is UnitPlace.TRUCK:
                    self.loaded[truck_id].append(unit_id)
            case MisSorted(unit_id, at):
                self.mis_sorts += 1
                known = unit_id in self.places
                if known and self.places[unit_id][0] is not UnitPlace.SHIPPED:
                    self._leave(unit_id)
                    self.places[unit_id] = (UnitPlace.CLARIFICATION, at)
            case StopDropped(truck_id, order_id):
                truck = self.trucks[truck_id]
                rest = tuple(o for o in truck.stops if o != order_id)
                self.trucks[truck_id] = replace(truck, stops=rest)
                for unit in self.orders[order_id].unit_ids:
                    if self.places[unit][0] in (UnitPlace.LANE, UnitPlace.TRUCK):
                        self._leave(unit)
                        self.places[unit] = (UnitPlace.STORED, '')
                order = replace(self.orders[order_id], truck_id=TruckId(''))
                self.orders[order_id] = order
            case TruckLeft(truck_id, proofs):
                self._left(truck_id, proofs)

    def _leave(self, unit_id: UnitId) -> None:
        truck_id = self.orders[self.units[unit_id]].truck_id
        for lists in (self.staged, self.loaded):
            if truck_id and unit_id in lists[truck_id]:
                lists[truck_id].remove(unit_id)

    def _left(self, truck_id: TruckId, proofs: tuple[Proof, ...]) -> None:
        self.trucks[truck_id] = replace(self.trucks[truck_id], left=True)
        for proof in proofs:
            order = self.orders[proof.order_id]
            if order.shipped or set(proof.unit_ids) != set(order.unit_ids):
                raise EventError(f'order {order.order_id} would ship twice or half')
            for unit in order.unit_ids:
                if self.places[unit] != (UnitPlace.TRUCK, truck_id):
                    raise EventError(f'unit {unit} is not on truck {truck_id}')
                self.places[unit] = (UnitPlace.SHIPPED, truck_id)
            self.orders[order.order_id] = replace(order, shipped=True)
            self.proofs[order.order_id] = proof

    @property
    def shipped(self) -> int:
        """Orders that were shipped, ever."""
        return self.gone + len(self.proofs)

    def set_aside(self) -> dict[str, dict[str, Any]]:
        """Forget the trucks that have left with their orders; return all that, by name.

        Names are those of `order_name`, `unit_name` and `truck_name`.
        """
        found: dict[str, dict[str, Any]] = {}
        for truck in [t for t in self.trucks.values() if t.left]:
            del self.trucks[truck.id], self.staged[truck.id], self.loaded[truck.id]
            found[truck_name(truck.id)] = plain(truck)
            for order_id in truck.stops:
                order, proof = self.orders.pop(order_id), self.proofs.pop(order_id)
                self.gone += 1
                found[order_name(order_id)] = {'order': plain(order), 'proof': plain(proof)}
                for unit in order.unit_ids:
                    del self.units[unit], self.places[unit]
                    found[unit_name(unit)] = {'order_id': order_id}
        return found

    def phase(self, order_id: OrderId) -> SetPhase:
        """Return how far an order's set is."""
        order = self.orders[order_id]
        places = {self.places[unit][0] for unit in order.unit_ids}
        if order.shipped:
            return SetPhase.SHIPPED
        if places == {UnitPlace.TRUCK}:
            return SetPhase.LOADED
        if places <= {UnitPlace.LANE, UnitPlace.TRUCK}:
            return SetPhase.STAGED
        here = {UnitPlace.STORED, UnitPlace.LANE, UnitPlace.TRUCK}
        return SetPhase.COMPLETE if places <= here else SetPhase.INCOMPLETE

    def stop_of(self, order_id: OrderId) -> int:
        """Return the stop of an order on its truck's tour, 1 is first; 0: none."""
        truck = self.trucks.get(self.orders[order_id].truck_id)
        return truck.stops.index(order_id) + 1 if truck and order_id in truck.stops else 0

    def in_turn(self, order_id: OrderId, units: list[UnitId]) -> bool:
        """Say whether none of these units is for an earlier stop: they would stand in the way."""
        stop = self.stop_of(order_id)
        return all(self.stop_of(self.units[unit]) >= stop for unit in units)

    def next_stop(self, truck_id: TruckId, units: list[UnitId]) -> OrderId:
        """Return the last stop whose set is not all among these units; '' all are."""
        for order_id in reversed(self.trucks[truck_id].stops):
            if not set(self.orders[order_id].unit_ids) <= set(units):
                return order_id
        return NO_ORDER
