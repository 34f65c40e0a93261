# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Retrievals and storages: what is taken, what is refused and why, and cancelling.

A request id stands for one request for ever: the same again is the same one, other content is
refused. Functions return the events, or why not.
"""

from dataclasses import replace
from math import isinf, isnan

import numpy as np

from linehaul_warehouse import events as ev
from linehaul_warehouse import look
from linehaul_warehouse.assign import fits, items_in
from linehaul_warehouse.codec import dump
from linehaul_warehouse.codes import Code, Refused
from linehaul_warehouse.cranes import put_back
from linehaul_warehouse.ids import NO_CELL, AisleId, LoadId, PortId, RequestId
from linehaul_warehouse.model import (
    Load,
    Place,
    PlaceKind,
    Quality,
    Retrieval,
    RetrievalPhase,
    RetrieveRequest,
    Storage,
    StoragePhase,
    StoreRequest,
)
from linehaul_warehouse.rack import Flow, Port
from linehaul_warehouse.settings import Settings
from linehaul_warehouse.state import State
from linehaul_warehouse.stock import aisle_of, choose

Answer = list[ev.Event] | Refused
CROWDED = 400.0
"""[s] between due times from which on two retrievals are in each other's way no more."""
MOST_TEXT = 200
"""Characters that an id may have."""


def _bad_id(**ids: str) -> Refused | None:
    for name, value in ids.items():
        if len(value) > MOST_TEXT or any(not c.isprintable() for c in value):
            text = f'{name}: found {value[:40]!r}, wanted up to {MOST_TEXT} printable characters'
            return Refused(Code.INVALID_ARGUMENT, text)
    return None


def same(one: object, other: object) -> bool:
    """Say whether two requests say the same; NaN equals NaN."""
    return dump(one) == dump(other)


# Retrievals.


def ask_retrieval(
    state: State, settings: Settings, request: RetrieveRequest, now: float
) -> Answer | Retrieval:
    """Take a retrieval and reserve a load for it, or say why not; a known one is returned."""
    known = state.facts.retrievals.get(request.id)
    if known is not None:
        if same(known.request, request):
            return known
        text = f'request {request.id!r} was used before with other content'
        return Refused(Code.RETRIEVE_ID_REUSED, text)
    problem = _bad_retrieval(state, settings, request)
    if problem:
        return problem
    load = _chosen(state, settings, request, now)
    if isinstance(load, Refused):
        return load
    return [ev.RetrievalAsked(request), *_promise(state, request, load, now)]


def _bad_retrieval(state: State, settings: Settings, request: RetrieveRequest) -> Refused | None:
    if not request.id:
        return Refused(Code.INVALID_ARGUMENT, 'request_id is empty')
    bad = _bad_id(request_id=request.id, item_id=request.item_id, order_id=request.order_id)
    if bad:
        return bad
    if isinf(request.due):
        return Refused(Code.INVALID_ARGUMENT, 'due: found infinity, wanted a time or nothing')
    if request.item_id and request.quantity < 1:
        text = f'quantity: found {request.quantity}, wanted at least 1'
        return Refused(Code.RETRIEVE_QUANTITY_INVALID, text)
    known = request.item_id in state.facts.lots or request.item_id in settings.items
    if request.item_id and not known:
        return Refused(Code.RETRIEVE_UNKNOWN_ITEM, f'no item {request.item_id!r} was ever here')
    if request.port_id:
        port = state.rack.ports.get(request.port_id)
        if port is None or port.flow is not Flow.OUT:
            text = f'{request.port_id!r} is no port that gives containers'
            return Refused(Code.RETRIEVE_WRONG_PORT, text)
    return None


def _chosen(
    state: State, settings: Settings, request: RetrieveRequest, now: float
) -> Load | Refused:
    due = request.due if not isnan(request.due) else now + settings.patience

    def work(aisle_id: AisleId) -> float:
        """Return the retrievals of an aisle; those due at about the same time count most."""
        near = 0.0
        for name in state.promised[aisle_id]:
            apart = abs(look.due_of(state.facts.retrievals[name], settings) - due)
            near += 0.1 + max(0.0, 1.0 - apart / CROWDED)
        return near

    ports = (
        [state.rack.ports[request.port_id]]
        if request.port_id
        else [p for p in state.rack.ports.values() if p.flow is Flow.OUT]
    )
    aisles = frozenset(aisle for port in ports for aisle in port.aisles)
    return choose(
        state,
        request.item_id,
        request.quantity,
        request.order_id,
        now,
        settings.rotation,
        work,
        aisles,
    )


def _promise(state: State, request: RetrieveRequest, load: Load, now: float) -> list[ev.Event]:
    found: list[ev.Event] = []
    if load.held_by:  # a reservation for the same order becomes this retrieval's
        found.append(ev.LoadFreed(load.id, f'taken by {request.id}'))
    found.append(ev.LoadHeld(load.id, request.id, request.order_id))
    port = request.port_id or _likely_port(state, load, now)
    phase = RetrievalPhase.RESERVED
    return [*found, ev.RetrievalPhased(request.id, phase, load.id, port)]


def _likely_port(state: State, load: Load, now: float) -> PortId:
    """Return the port that a load will probably come to."""
    aisle = aisle_of(state, load)
    ports = state.rack.ports_of(aisle, Flow.OUT) if aisle else []
    room = look.slots(state, ports, now)
    return max(ports, key=lambda p: room[p.id]).id


def retrieval_done(state: State, retrieval: Retrieval) -> ev.RetrievalEnded:
    """Return the event of a container that waits at its port."""
    load = state.load(retrieval.load_id)
    port = retrieval.port_id
    return ev.RetrievalEnded(
        retrieval.request.id, Code.NONE, '', load.id, port, load.lot, load.quantity
    )


def remembered(known: tuple[ev.Event, ev.Event | None]) -> Retrieval | Storage | None:
    """Return a request that ended long ago, as far as the journal's two events tell it."""
    match known:
        case ev.RetrievalAsked(request), ev.RetrievalEnded() as end:
            good = end.code is Code.NONE
            return Retrieval(
                request,
                float('nan'),
                RetrievalPhase.AT_PORT if good else RetrievalPhase.ENDED,
                end.load_id,
                end.port_id,
                end.lot,
                end.quantity,
                end.code,
                end.text,
            )
        case ev.StorageAsked(store, port_id), ev.StorageEnded(_, cell_id, code, text):
            phase = StoragePhase.ENDED
            return Storage(store, float('nan'), phase, port_id, cell_id, code, text)
    return None


def promise_again(
    state: State, settings: Settings, request_id: RequestId, now: float
) -> list[ev.Event]:
    """Find a load for a retrieval that has lost its own; none: it waits for one."""
    request = state.facts.retrievals[request_id].request
    load = _chosen(state, settings, request, now)
    return [] if isinstance(load, Refused) else _promise(state, request, load, now)


def move_away(
    state: State, settings: Settings, request_id: RequestId, now: float
) -> list[ev.Event]:
    """Find another load for a retrieval whose aisle is closed; none: it waits for the aisle."""
    retrieval = state.facts.retrievals[request_id]
    load = _chosen(state, settings, retrieval.request, now)
    if isinstance(load, Refused):
        return []
    return [
        ev.LoadFreed(retrieval.load_id, 'its aisle is closed'),
        ev.RetrievalPhased(request_id, RetrievalPhase.QUEUED),
        *_promise(state, retrieval.request, load, now),
    ]


def cancel_retrieval(state: State, request_id: RequestId) -> Answer:
    """Give a retrieval up. Where the load goes depends on how far it is.

    Not begun: it stays in its cell. On the fork, or being picked: it goes back. On the conveyor,
    or being put on it: it comes to the port and is nobody's there; a crane takes it back in.
    """
    retrieval = state.facts.retrievals.get(request_id)
    if retrieval is None:
        return Refused(Code.UNKNOWN_ID, f'no retrieval {request_id!r}')
    if not retrieval.open:
        return Refused(Code.NOT_ALLOWED, f'retrieval {request_id} has ended')
    found: list[ev.Event] = []
    load = state.facts.loads.get(retrieval.load_id)
    if load is not None and load.held_by == request_id:
        if retrieval.phase is RetrievalPhase.CRANE:
            for crane in state.facts.cranes.values():
                found += put_back(state, crane.aisle_id, load.id) or []
        found.append(ev.LoadFreed(load.id, 'cancelled'))
    text = 'cancelled; the load stays in the warehouse'
    return [*found, ev.RetrievalEnded(request_id, Code.CANCELLED, text)]


# Storages.


def ask_storage(state: State, request: StoreRequest, now: float) -> Answer | Storage:
    """Take a storage and say which port, or why not; a known one is returned."""
    known = state.facts.storages.get(request.id)
    if known is not None:
        if same(known.request, request):
            return known
        text = f'request {request.id!r} was used before with other content'
        return Refused(Code.STORE_ID_REUSED, text)
    problem = _bad_storage(state, request)
    if problem:
        return problem
    port = _in_port(state, request, now)
    return port if isinstance(port, Refused) else [ev.StorageAsked(request, port.id)]


def _bad_storage(state: State, request: StoreRequest) -> Refused | None:
    if not request.id or not request.load_id:
        return Refused(Code.INVALID_ARGUMENT, 'request_id or load_id is empty')
    bad = _bad_id(request_id=request.id, load_id=request.load_id, item_id=request.item_id)
    bad = bad or _bad_id(lot=request.lot, order_id=request.order_id)
    if bad:
        return bad
    if request.quantity < 0:
        return Refused(Code.INVALID_ARGUMENT, f'quantity: found {request.quantity}, wanted >= 0')
    for name in ('weight', 'height', 'expires', 'wanted'):
        value = getattr(request, name)
        if isinf(value) or value < 0.0:
            text = f'{name}: found {value}, wanted a number of at least 0 or nothing'
            return Refused(Code.INVALID_ARGUMENT, text)
    load = state.facts.loads.get(request.load_id)
    if load is not None:
        where = f'{load.place.kind.name.lower()} {load.place.id}'
        text = f'load {request.load_id} is in the warehouse already: {where}'
        return Refused(Code.STORE_LOAD_PRESENT, text)
    other = state.storing.get(request.load_id)
    if other is not None:
        text = f'load {request.load_id} is expected by request {other} already'
        return Refused(Code.STORE_LOAD_PRESENT, text)
    return None


def _in_port(state: State, request: StoreRequest, now: float) -> Port | Refused:
    """Return the port: the one asked for, or that of the aisle where the load is best stored."""
    rack = state.rack
    if request.port_id:
        asked = rack.ports.get(request.port_id)
        if asked is None or asked.flow is not Flow.IN:
            text = f'{request.port_id!r} is no port that takes containers'
            return Refused(Code.STORE_WRONG_PORT, text)
        ports = [asked]
    else:
        ports = [p for p in rack.ports.values() if p.flow is Flow.IN]
    aisles = sorted({aisle for port in ports for aisle in port.aisles})
    load = load_of(request, ports[0].id, now, now)
    fault = unfit(state, load, aisles)
    if fault:
        return fault
    coming = expected(state)
    same_item = items_in(state, load)
    best, best_key = None, None
    for port in ports:
        for aisle_id in port.aisles:
            room = int(state.free[rack.span[aisle_id]].sum()) - coming.get(port.id, 0)
            if room <= 0 or not fits(state, aisle_id, load.weight, load.height).size:
                continue
            span = rack.span[aisle_id]
            spread = same_item[aisle_id] / max(state_total(state, load), 1)
            queue = coming.get(port.id, 0) + len(state.at_port[port.id])
            filled = float(np.count_nonzero(state.full[span])) / (span.stop - span.start)
            closed = not state.usable(aisle_id)
            key = (closed, spread + filled + 0.3 * queue, port.id)
            if best_key is None or key < best_key:
                best, best_key = port, key
    if best is None:
        return Refused(Code.STORE_FULL, 'no cell is free for this load')
    return best


def state_total(state: State, load: Load) -> int:
    """Return how many loads of a load's item there are."""
    return sum(map(len, state.by_item.get(load.item_id, {}).values()))


def expected(state: State) -> dict[PortId, int]:
    """Return how many loads are on their way to each port or wait there for a crane."""
    found: dict[PortId, int] = {}
    for request_id in state.open_storages:
        port = state.facts.storages[request_id].port_id
        found[port] = found.get(port, 0) + 1
    return found


def unfit(state: State, load: Load, aisles: list[AisleId]) -> Refused | None:
    """Return why a load can go to no cell of these aisles, free or not."""
    rack = state.rack
    heaviest = max(float(rack.heaviest[rack.span[a]].max()) for a in aisles)
    if not isnan(load.weight) and load.weight > heaviest:
        text = f'found {load.weight:g} kg, wanted at most {heaviest:g} kg'
        return Refused(Code.STORE_TOO_HEAVY, text)
    fit = [
        bool(
            np.any(
                (isnan(load.weight) | (rack.heaviest[rack.span[a]] >= load.weight))
                & (isnan(load.height) | (rack.tallest[rack.span[a]] >= load.height))
            )
        )
        for a in aisles
    ]
    if not any(fit):
        text = f'no cell is made for {load.height:g} m of height and {load.weight:g} kg'
        return Refused(Code.STORE_CONTOUR_FAULT, text)
    return None


def load_of(request: StoreRequest, port_id: PortId, now: float, ready: float) -> Load:
    """Return the load of a storage as it stands at a port."""
    return Load(
        request.load_id,
        request.item_id,
        request.lot,
        request.quantity,
        Place(PlaceKind.PORT, port_id),
        now,
        quality=request.quality or Quality.RELEASED,
        order_id=request.order_id,
        owner=request.owner,
        weight=request.weight,
        height=request.height,
        expires=request.expires,
        wanted=request.wanted,
        ready=ready,
    )


def arrived(
    state: State, port_id: PortId, load_id: LoadId, now: float, weight: float, height: float
) -> list[ev.Event]:
    """Take what the identification point of a port has read; '' is unreadable.

    Raises nothing and books nothing for what nobody expects: it goes to clarification. Weight
    [kg] and height [m] are measured, NaN where not.
    """
    request_id = state.storing.get(load_id) if load_id else None
    if not load_id:
        waiting = [
            name
            for name in state.open_storages
            if state.facts.storages[name].port_id == port_id
            and state.facts.storages[name].phase is StoragePhase.EXPECTED
        ]
        text = f'the id of the load at {port_id} cannot be read; it goes to clarification'
        code = Code.STORE_ID_UNREADABLE
        return [ev.StorageEnded(waiting[0], NO_CELL, code, text)] if waiting else []
    if request_id is None or state.facts.storages[request_id].phase is not StoragePhase.EXPECTED:
        return []
    request = state.facts.storages[request_id].request
    port = state.rack.ports[port_id]
    load = load_of(request, port_id, now, now + port.conveyor_time)
    weight = weight if not isnan(weight) else load.weight
    height = height if not isnan(height) else load.height
    load = replace(load, weight=weight, height=height)
    fault = unfit(state, load, list(port.aisles))
    if fault:
        return [ev.StorageEnded(request_id, NO_CELL, fault.code, fault.text)]
    return [ev.LoadReceived(load), ev.StoragePhased(request_id, StoragePhase.IDENTIFIED)]


def cancel_storage(state: State, request_id: RequestId) -> Answer:
    """Give a storage up while its load has not come; what stands at the port is stored."""
    storage = state.facts.storages.get(request_id)
    if storage is None:
        return Refused(Code.UNKNOWN_ID, f'no storage {request_id!r}')
    if storage.phase is not StoragePhase.EXPECTED:
        text = f'storage {request_id}: the load is in our hands, or it has ended'
        return Refused(Code.NOT_ALLOWED, text)
    return [ev.StorageEnded(request_id, NO_CELL, Code.CANCELLED, 'cancelled')]


def taken(state: State, port_id: PortId, load_id: LoadId) -> Answer:
    """Book a load out that a vehicle has taken from a port."""
    load = state.facts.loads.get(load_id)
    here = Place(PlaceKind.PORT, port_id)
    if load is None or load.place != here:
        return Refused(Code.STOCK_UNKNOWN_LOAD, f'load {load_id!r} is not at {port_id}')
    retrieval = state.facts.retrievals.get(load.held_by)
    found: list[ev.Event] = []
    if retrieval is not None and retrieval.open:
        found.append(retrieval_done(state, retrieval))
    order = load.held_for or load.order_id
    issued = ev.LoadIssued(
        load.id, load.item_id, load.lot, load.quantity, order, load.held_by, port_id
    )
    request_id = state.storing.get(load_id)
    if request_id is not None:
        text = 'taken away again'
        found.append(ev.StorageEnded(request_id, NO_CELL, Code.CANCELLED, text))
    return [*found, issued]
