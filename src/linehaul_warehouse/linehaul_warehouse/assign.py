# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Where a load may be stored, and what each of those cells is worth.

A cell must be free, strong and tall enough, and must not shut a double-deep lane in: the rear
cell is filled first, and no load is put before one that is about to leave. Cells outside the zone
of the load's class cost the way back to the zone; a lane with another lot at its rear costs the
relocation it may cause.
"""

from collections import Counter
from math import isnan

import numpy as np
import numpy.typing as npt

from linehaul_warehouse.ids import AisleId, LoadId
from linehaul_warehouse.model import Load, Place, PlaceKind
from linehaul_warehouse.settings import Assignment
from linehaul_warehouse.state import State
from linehaul_warehouse.turnover import Turnover, class_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FOREIGN_LANE = 30.0
"""[s] what a load before one of another lot may cost later."""
NEARNESS = 0.2
"""Share of the way out that counts when a cell is chosen: what is near is worth keeping too."""


def fits(state: State, aisle_id: AisleId, weight: float, height: float) -> Ints:
    """Return the indices of cells of an aisle that could take a load now."""
    rack, span = state.rack, state.rack.span[aisle_id]
    good = state.free[span].copy()
    if not isnan(weight):
        good &= rack.heaviest[span] >= weight
    if not isnan(height):
        good &= rack.tallest[span] >= height
    found: Ints = np.flatnonzero(good) + span.start
    if found.size and rack.mate[span.start] >= 0:
        found = found[_lane_open(state, found)]
    return found


def _lane_open(state: State, cells: Ints) -> npt.NDArray[np.bool_]:
    """Return which cells of double-deep lanes can be reached and shut nothing in."""
    rack, facts = state.rack, state.facts
    mate = rack.mate[cells]
    rear = rack.depth[cells] == 2
    good = np.where(rear, state.free[mate], ~state.free[mate])
    for k in np.flatnonzero(good & ~rear).tolist():
        behind = rack.ids[int(mate[k])]
        load_id = state.in_cell.get(behind)
        leaves = load_id is not None and facts.loads[load_id].held_by in state.open_retrievals
        good[k] = not leaves and behind not in facts.claims
    return np.asarray(good)


def worth(
    state: State, cells: Ints, load: Load, turnover: Turnover, how: Assignment, now: float
) -> Floats:
    """Return (k,) what storing a load in each of these cells costs beside the way there [s]."""
    rack = state.rack
    if how is Assignment.RANDOM:
        return np.zeros(cells.size)
    cost = NEARNESS * rack.travel[cells]
    if how is Assignment.CLASSES:
        low, high = turnover.zone(class_of(turnover, load, now))
        rank = rack.rank[cells]
        span = rack.span[rack.aisles[int(rack.aisle[cells[0]])].id]
        longest = float(rack.travel[span].max())
        cost = cost + longest * np.maximum(low - rank, 0.0)
        cost = cost + 2.0 * longest * np.maximum(rank - high, 0.0)
    else:
        cost = rack.travel[cells].copy()
    mates = rack.mate[cells]
    for k in np.flatnonzero((mates >= 0) & (rack.depth[cells] == 1)).tolist():
        behind = state.in_cell.get(rack.ids[int(mates[k])])
        other = state.facts.loads[behind] if behind else None
        if other and (other.item_id, other.lot) != (load.item_id, load.lot):
            cost[k] += FOREIGN_LANE
    return np.asarray(cost)


def pick_random(cells: Ints, load_id: LoadId, tasks: int) -> int:
    """Return one of these cells, by a number made of load and task: a replay picks the same."""
    number = sum((k + 1) * ord(c) for k, c in enumerate(load_id)) * 2654435761 + tasks * 40503
    return int(cells[number % cells.size])


def choose_aisle(
    state: State, load: Load, aisles: list[AisleId], work: dict[AisleId, int]
) -> AisleId | None:
    """Return where a load is best stored: its item spread, aisles filled and busy alike.

    A crane that fails must not strand an item, so an aisle with few loads of it comes first.
    """
    total = sum(map(len, state.by_item.get(load.item_id, {}).values())) or 1
    spread = items_in(state, load)
    best, best_key = None, None
    for aisle_id in aisles:
        if not state.usable(aisle_id):
            continue
        cells = fits(state, aisle_id, load.weight, load.height)
        if not cells.size:
            continue
        span = state.rack.span[aisle_id]
        same = spread[aisle_id]
        filled = float(state.full[span].mean())
        key = (same / total + filled + 0.1 * work.get(aisle_id, 0), aisle_id)
        if best_key is None or key < best_key:
            best, best_key = aisle_id, key
    return best


def items_in(state: State, load: Load) -> Counter[AisleId]:
    """Return how many loads of a load's item lie in each aisle."""
    return state.spread.get(load.item_id, Counter())


def cell_place(state: State, cell: int) -> Place:
    """Return a cell as a place."""
    return Place(PlaceKind.CELL, state.rack.ids[cell])
