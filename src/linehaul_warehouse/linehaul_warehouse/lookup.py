# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""One question to the stock with several filters, as a person or a screen asks it."""

from linehaul_warehouse.ids import ItemId, LoadId, OrderId
from linehaul_warehouse.model import Load
from linehaul_warehouse.state import State
from linehaul_warehouse.stock import by_item, by_order


def look_up(
    state: State, item_id: str, order_id: str, load_id: str, lot: str, limit: int
) -> tuple[list[Load], bool]:
    """Return at most limit loads that fit all filters that are not '', and whether there are more.

    The narrowest index is used first; without any filter all loads are looked through.
    """
    if load_id:
        load = state.facts.loads.get(LoadId(load_id))
        found = [load] if load else []
    elif order_id:
        found = by_order(state, OrderId(order_id))
    elif item_id:
        found = by_item(state, ItemId(item_id))
    else:
        found = sorted(state.facts.loads.values(), key=lambda one: one.id)
    fits = [
        load
        for load in found
        if (not item_id or load.item_id == item_id)
        and (not lot or load.lot == lot)
        and (not order_id or order_id in (load.order_id, load.held_for))
    ]
    return fits[:limit], len(fits) > limit
