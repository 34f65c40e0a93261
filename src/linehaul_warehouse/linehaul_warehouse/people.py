# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What people do to the stock: reserve, adjust, block, count. Each says who and why.

Functions return the events to journal, or why not; nothing is changed by them.
"""

from dataclasses import replace

from linehaul_warehouse import events as ev
from linehaul_warehouse.codes import Code, Refused
from linehaul_warehouse.ids import AisleId, CellId, ItemId, LoadId, Lot, OrderId, RequestId
from linehaul_warehouse.model import (
    CellMark,
    Count,
    Load,
    Place,
    PlaceKind,
    Quality,
    RetrievalPhase,
)
from linehaul_warehouse.state import State
from linehaul_warehouse.stock import is_held

Answer = list[ev.Event] | Refused


def _who(actor: str, reason: str) -> Refused | None:
    if not actor.strip() or not reason.strip():
        return Refused(Code.INVALID_ARGUMENT, f'wanted who and why, found {actor!r}, {reason!r}')
    return None


def _unknown(load_id: LoadId) -> Refused:
    return Refused(Code.STOCK_UNKNOWN_LOAD, f'load {load_id!r} is not in the warehouse')


def _moving(state: State, load: Load) -> Refused | None:
    """Refuse to touch what a crane is about to touch."""
    crane = next((c for c in state.facts.cranes.values() if c.load_id == load.id), None)
    for other in state.facts.cranes.values():
        if any(job.load_id == load.id for job in other.jobs):
            crane = other
    if crane is None:
        return None
    text = f'load {load.id} is being moved by crane {crane.aisle_id}; wait until it stands'
    return Refused(Code.STOCK_NOT_ALLOWED, text)


def requeue(state: State, load: Load, reason: str) -> list[ev.Event]:
    """Take a load from whoever has it; a retrieval looks for another."""
    if not load.held_by:
        return []
    found: list[ev.Event] = [ev.LoadFreed(load.id, reason)]
    retrieval = state.facts.retrievals.get(load.held_by)
    if retrieval is not None and retrieval.open:
        found.append(ev.RetrievalPhased(load.held_by, RetrievalPhase.QUEUED))
    return found


def reserve(
    state: State,
    reservation: RequestId,
    load_id: LoadId,
    order_id: OrderId,
    until: float,
    now: float,
) -> Answer:
    """Reserve a load for an order until a time [s]; a second reservation is refused."""
    load = state.facts.loads.get(load_id)
    if load is None:
        return _unknown(load_id)
    if not reservation or not order_id or not until > now:
        text = f'wanted an id, an order and a time after {now:g} s, found {until:g} s'
        return Refused(Code.INVALID_ARGUMENT, text)
    if (load.held_by, load.held_for, load.held_until) == (reservation, order_id, until):
        return []
    if load.held_by and is_held(load, OrderId(''), now):
        return Refused(Code.RETRIEVE_RESERVED, f'load {load_id}: {load.held_by} has it')
    if load.order_id not in ('', order_id):
        return Refused(Code.RETRIEVE_RESERVED, f'load {load_id}: order {load.order_id} owns it')
    found: list[ev.Event] = [ev.LoadFreed(load_id, 'expired')] if load.held_by else []
    return [*found, ev.LoadHeld(load_id, reservation, order_id, until)]


def release(state: State, reservation: RequestId, load_id: LoadId) -> Answer:
    """Give a reservation up; that of a retrieval ends by its cancelling only."""
    load = state.facts.loads.get(load_id)
    if load is None:
        return _unknown(load_id)
    if not load.held_by or load.held_by != reservation:
        return Refused(Code.UNKNOWN_ID, f'load {load_id}: {reservation!r} does not have it')
    if reservation in state.open_retrievals:
        return Refused(Code.STOCK_NOT_ALLOWED, f'cancel retrieval {reservation} instead')
    return [ev.LoadFreed(load_id, 'released')]


def expire(state: State, now: float) -> list[ev.Event]:
    """End the reservations whose time is over."""
    loads = (state.facts.loads[name] for name in state.timed)
    return [ev.LoadFreed(load.id, 'expired') for load in loads if load.held_until <= now]


def set_quality(
    state: State, load_id: LoadId, quality: Quality, actor: str, reason: str
) -> Answer:
    """Release a load, block it, or send it to inspection; a retrieval of it finds another."""
    load = state.facts.loads.get(load_id)
    problem = _who(actor, reason) or (None if load else _unknown(load_id))
    if problem or load is None:
        return problem or _unknown(load_id)
    if load.quality is quality:
        return []
    bad = quality is not Quality.RELEASED
    stuck = _moving(state, load) if bad else None
    if stuck:
        return stuck
    freed = requeue(state, load, reason) if bad else []
    return [*freed, ev.QualitySet(load_id, quality, actor, reason)]


def adjust(
    state: State,
    load_id: LoadId,
    quantity: int,
    actor: str,
    reason: str,
    *,
    item_id: ItemId | None = None,
    lot: Lot | None = None,
) -> Answer:
    """Correct what is in a load."""
    load = state.facts.loads.get(load_id)
    if load is None:
        return _unknown(load_id)
    if quantity < 0:
        return Refused(Code.INVALID_ARGUMENT, f'found quantity {quantity}, wanted at least 0')
    problem = _who(actor, reason) or _moving(state, load)
    if problem:
        return problem
    item, lot = load.item_id if item_id is None else item_id, load.lot if lot is None else lot
    if (item, lot, quantity) == (load.item_id, load.lot, load.quantity):
        return []
    retrieval = state.facts.retrievals.get(load.held_by)
    lacks = retrieval is not None and (
        quantity < retrieval.request.quantity or item != retrieval.request.item_id
    )
    freed = requeue(state, load, reason) if lacks else []
    return [*freed, ev.LoadAdjusted(load_id, item, lot, quantity, actor, reason)]


def remove(state: State, load_id: LoadId, actor: str, reason: str) -> Answer:
    """Take a load out of the books."""
    load = state.facts.loads.get(load_id)
    if load is None:
        return _unknown(load_id)
    problem = _who(actor, reason) or _moving(state, load)
    if problem:
        return problem
    return [*requeue(state, load, reason), ev.LoadRemoved(load_id, actor, reason)]


def mark_cell(state: State, cell_id: CellId, mark: CellMark, actor: str, reason: str) -> Answer:
    """Block a cell, call it faulty, or open it again."""
    if cell_id not in state.rack.index:
        return Refused(Code.STOCK_UNKNOWN_CELL, f'no cell {cell_id!r} in {state.rack.id}')
    return _who(actor, reason) or [ev.CellMarked(cell_id, mark, actor, reason)]


def block_aisle(state: State, aisle_id: AisleId, blocked: bool, actor: str, reason: str) -> Answer:
    """Block an aisle or open it; what its crane has begun is finished, nothing new begins."""
    if aisle_id not in state.facts.cranes:
        return Refused(Code.UNKNOWN_ID, f'no aisle {aisle_id!r} in {state.rack.id}')
    problem = _who(actor, reason)
    if problem:
        return problem
    if (aisle_id in state.facts.blocked) == blocked:
        return []
    return [ev.AisleBlocked(aisle_id, blocked, actor, reason)]


def count_cell(
    state: State, cell_id: CellId, count: Count, now: float, tolerance: float = 0.0
) -> Answer:
    """Take a blind count.

    A count that agrees with the stock settles the cell. Another blocks it until a further count
    agrees with the last one; then the stock becomes what was found. Who counts is told only that
    a recount is wanted.

    Args:
        state: the warehouse.
        cell_id: what was counted.
        count: what was found.
        now: plant time [s].
        tolerance: share of the quantity by which a count may differ and still agree.
    """
    if cell_id not in state.rack.index:
        return Refused(Code.STOCK_UNKNOWN_CELL, f'no cell {cell_id!r} in {state.rack.id}')
    if not count.actor.strip() or count.quantity < 0:
        return Refused(Code.INVALID_ARGUMENT, f'wanted who and a quantity >= 0, found {count}')
    there = state.in_cell.get(cell_id)
    load = state.facts.loads[there] if there else None
    stuck = _moving(state, load) if load else None
    if stuck is None and cell_id in state.facts.claims:
        stuck = Refused(Code.STOCK_NOT_ALLOWED, f'cell {cell_id}: a load is on its way into it')
    if stuck:
        return stuck
    if _fits(load, count, tolerance):
        return [ev.CellCounted(cell_id, count, True), *_open(state, cell_id, count)]
    last = state.facts.counts.get(cell_id)
    if last is None or not last.agrees(count):
        reason = 'count differs: recount'
        return [
            ev.CellCounted(cell_id, count, False),
            ev.CellMarked(cell_id, CellMark.BLOCKED, count.actor, reason),
        ]
    found = _correct(state, cell_id, load, count, now)
    if isinstance(found, Refused):
        return found
    return [ev.CellCounted(cell_id, count, True), *found, *_open(state, cell_id, count)]


def _fits(load: Load | None, count: Count, tolerance: float) -> bool:
    if load is None:
        return not count.load_id
    same = (load.id, load.item_id) == (count.load_id, count.item_id)
    return same and abs(load.quantity - count.quantity) <= tolerance * load.quantity


def _open(state: State, cell_id: CellId, count: Count) -> list[ev.Event]:
    mark = state.facts.marks.get(cell_id)
    if mark is None or mark.mark is CellMark.FAULTY:
        return []
    return [ev.CellMarked(cell_id, CellMark.NONE, count.actor, 'counted')]


def _correct(
    state: State, cell_id: CellId, load: Load | None, count: Count, now: float
) -> list[ev.Event] | Refused:
    """Return the events that make the stock of a cell what was found."""
    reason = f'counted twice in {cell_id}'
    actor = count.actor
    found: list[ev.Event] = []
    if load is not None and load.id != count.load_id:
        missing = Place(PlaceKind.MISSING, cell_id)
        found += [*requeue(state, load, reason), ev.LoadMoved(load.id, missing)]
    if not count.load_id:
        return found
    here = Place(PlaceKind.CELL, cell_id)
    known = state.facts.loads.get(count.load_id)
    if known is None:
        lot = Lot('')
        new = Load(count.load_id, count.item_id, lot, count.quantity, here, now)
        return [*found, ev.LoadReceived(replace(new, quality=Quality.INSPECTION))]
    if known.place.kind not in (PlaceKind.CELL, PlaceKind.MISSING, PlaceKind.CLARIFICATION):
        text = f'load {known.id} is {known.place.kind.name.lower()} {known.place.id} in the books'
        return Refused(Code.STOCK_COUNT_MISMATCH, text)
    if known.place != here:
        stuck = _moving(state, known)
        if stuck:
            return stuck
        found += [*requeue(state, known, reason), ev.LoadMoved(known.id, here)]
        if known.place.kind is PlaceKind.CELL:
            other = CellId(known.place.id)
            found.append(ev.CellMarked(other, CellMark.BLOCKED, actor, f'{known.id}: {reason}'))
    if (known.item_id, known.quantity) != (count.item_id, count.quantity):
        if known.place == here:
            found += requeue(state, known, reason)
        found.append(
            ev.LoadAdjusted(known.id, count.item_id, known.lot, count.quantity, actor, reason)
        )
    return found
