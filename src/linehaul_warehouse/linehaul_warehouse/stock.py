# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Questions to the stock, and which load a retrieval gets.

First in, first out goes by lot: the lot whose first load came first (or expires first) is used
up before the next is touched. Within a lot the loads are equal, and the aisle with least work
and the emptier container decide.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from math import inf, isnan

from linehaul_warehouse.codes import Code, Refused
from linehaul_warehouse.ids import (
    NO_ORDER,
    AisleId,
    CellId,
    ItemId,
    LoadId,
    Lot,
    OrderId,
)
from linehaul_warehouse.model import Load, PlaceKind, Quality
from linehaul_warehouse.state import State
from linehaul_warehouse.store import Store


class Rotation(IntEnum):
    """Which lot is used first: the oldest, or the one that expires first."""

    UNKNOWN = 0
    FIFO = 1
    FEFO = 2


@dataclass(frozen=True, slots=True)
class Recall:
    """Where a lot is and went: its loads here, and all its loads with the orders they went to."""

    here: tuple[LoadId, ...]
    loads: dict[LoadId, tuple[OrderId, ...]]

    @property
    def orders(self) -> list[OrderId]:
        """Every order that got anything of the lot."""
        return sorted({order for orders in self.loads.values() for order in orders})


def by_item(state: State, item_id: ItemId) -> list[Load]:
    """Return the loads of an item ('' empty containers) that are here, oldest lot first."""
    ages = state.facts.lots.get(item_id, {})
    lots = sorted(state.by_item.get(item_id, {}).items(), key=lambda one: (ages[one[0]], one[0]))
    return [state.facts.loads[name] for _, names in lots for name in sorted(names)]


def by_order(state: State, order_id: OrderId) -> list[Load]:
    """Return the loads here that an order owns or has reserved."""
    return [state.facts.loads[name] for name in sorted(state.by_order.get(order_id, {}))]


def where(state: State, store: Store, load_id: LoadId) -> str:
    """Return where a load is or went, in words; '' if it was never here."""
    load = state.facts.loads.get(load_id)
    if load is not None:
        return f'{load.place.kind.name.lower()} {load.place.id}'.strip()
    past = store.of_load(load_id)
    if not past:
        return ''
    last = past[-1]
    return f'gone by {last.place}' + (f' for {last.order_id}' if last.order_id else '')


def recall(state: State, store: Store, lot: Lot) -> Recall:
    """Return every load of a lot, here and gone, and the orders that got them."""
    orders: dict[LoadId, set[OrderId]] = {}
    for load_id, order_id in store.of_lot(lot):
        orders.setdefault(load_id, set()).update({order_id} - {NO_ORDER})
    here = []
    for load_id, found in orders.items():
        load = state.facts.loads.get(load_id)
        if load is not None and load.lot == lot:
            here.append(load_id)
            found.update({load.order_id, load.held_for} - {NO_ORDER})
    return Recall(tuple(sorted(here)), {k: tuple(sorted(v)) for k, v in sorted(orders.items())})


# Choosing.


def aisle_of(state: State, load: Load) -> AisleId | None:
    """Return the aisle that a load lies in; None: in none."""
    if load.place.kind is not PlaceKind.CELL:
        return None
    return state.rack.aisle_of(CellId(load.place.id)).id


def lot_age(state: State, load: Load, rotation: Rotation) -> tuple[float, float, str]:
    """Return what rotation goes by: expiry first with FEFO, then the age of the lot."""
    expires = inf if isnan(load.expires) or rotation is not Rotation.FEFO else load.expires
    return expires, state.facts.lots[load.item_id][load.lot], load.lot


def usable(load: Load, order_id: OrderId, now: float) -> bool:
    """Say whether a load may be used for an order at all, whoever has reserved it."""
    if load.quality is not Quality.RELEASED or load.place.kind is not PlaceKind.CELL:
        return False
    if not isnan(load.expires) and load.expires <= now:
        return False
    return load.order_id in (NO_ORDER, order_id)


def is_held(load: Load, order_id: OrderId, now: float) -> bool:
    """Say whether somebody else has a load; a reservation for the same order may be used by it."""
    if not load.held_by or load.held_until <= now:
        return False
    reservation = not isnan(load.held_until)
    return not (reservation and order_id != NO_ORDER and load.held_for == order_id)


def choose(
    state: State,
    item_id: ItemId,
    quantity: int,
    order_id: OrderId,
    now: float,
    rotation: Rotation,
    work: Callable[[AisleId], float],
    aisles: frozenset[AisleId] | None = None,
) -> Load | Refused:
    """Return the load that a retrieval gets, or why there is none.

    Args:
        state: the warehouse.
        item_id: '' is an empty container.
        quantity: parts that must be in it at least.
        order_id: loads that this order owns or has reserved come first.
        now: plant time [s].
        rotation: which lot comes first.
        work: how much an aisle has to do; least wins within a lot.
        aisles: those that reach the port; None: all.
    """
    why = Code.RETRIEVE_NO_STOCK
    busy: dict[AisleId, float] = {}
    best, best_key = None, None
    for own, names in _groups(state, item_id, order_id, rotation):
        if best is not None:
            break
        for name in names:
            load = state.facts.loads[name]
            if load.quantity < quantity or not usable(load, order_id, now):
                continue
            aisle = aisle_of(state, load)
            if aisle is None or (aisles is not None and aisle not in aisles):
                continue
            problem = _problem(state, load, aisle, order_id, now)
            if problem:
                why = max(why, problem)
                continue
            if aisle not in busy:
                busy[aisle] = work(aisle)
            key = (not own, lot_age(state, load, rotation), busy[aisle], load.quantity, name)
            if best_key is None or key < best_key:
                best, best_key = load, key
    if best is not None:
        return best
    return Refused(why, _why(why, item_id, quantity))


def _groups(
    state: State, item_id: ItemId, order_id: OrderId, rotation: Rotation
) -> Iterator[tuple[bool, list[LoadId]]]:
    """Yield loads of an item such that the best one is in the first group that has any.

    An order's own come first; then, with FIFO, lot by lot; with FEFO all, for loads of one lot may
    expire at different times.
    """
    loads = state.facts.loads
    if order_id != NO_ORDER:
        yield True, [n for n in state.by_order.get(order_id, {}) if loads[n].item_id == item_id]
    lots = state.by_item.get(item_id, {})
    if rotation is Rotation.FEFO:
        yield False, [name for names in lots.values() for name in names]
        return
    ages = state.facts.lots.get(item_id, {})
    for lot in sorted(lots, key=lambda one: (ages[one], one)):
        yield False, list(lots[lot])


def _problem(
    state: State, load: Load, aisle: AisleId, order_id: OrderId, now: float
) -> Code | None:
    if is_held(load, order_id, now):
        return Code.RETRIEVE_RESERVED
    if CellId(load.place.id) in state.facts.marks or aisle in state.facts.blocked:
        return Code.RETRIEVE_BLOCKED
    return None if state.usable(aisle) else Code.RETRIEVE_CRANE_DOWN


def _why(code: Code, item_id: ItemId, quantity: int) -> str:
    what = f'{quantity} x {item_id!r}' if item_id else 'an empty container'
    return {
        Code.RETRIEVE_NO_STOCK: f'no load with {what} is free for this order and this port',
        Code.RETRIEVE_RESERVED: f'all loads with {what} are reserved',
        Code.RETRIEVE_BLOCKED: f'loads with {what} are only in blocked cells or aisles',
        Code.RETRIEVE_CRANE_DOWN: f'loads with {what} are only where the crane is down',
    }[code]
