# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""When a request will be done, and how many are before it: for feedback, not for decisions."""

from math import isnan, nan

from linehaul_warehouse.ids import NO_PORT, AisleId, PortId
from linehaul_warehouse.look import CYCLE, LEAD, due_of
from linehaul_warehouse.model import Retrieval, RetrievalPhase, Storage, StoragePhase
from linehaul_warehouse.rack import Flow
from linehaul_warehouse.settings import Settings
from linehaul_warehouse.state import State
from linehaul_warehouse.stock import aisle_of


def aisle_id_of(state: State, retrieval: Retrieval) -> AisleId | None:
    """Return the aisle that a retrieval's load lies in or comes from; None: not known."""
    load = state.facts.loads.get(retrieval.load_id)
    if load is None:
        return None
    aisle = aisle_of(state, load)
    if aisle is not None:
        return aisle
    for crane in state.facts.cranes.values():
        if crane.load_id == load.id:
            return crane.aisle_id
    port = state.rack.ports.get(retrieval.port_id)
    return port.aisles[0] if port and len(port.aisles) == 1 else None


def port_of(state: State, retrieval: Retrieval) -> PortId:
    """Return the port that a retrieval will surely come to; '' while several are possible.

    Vehicles leave for it, so it is not told before a crane has begun, unless there is no other.
    """
    if retrieval.phase is not RetrievalPhase.RESERVED:
        return retrieval.port_id
    aisle = aisle_id_of(state, retrieval)
    ports = state.rack.ports_of(aisle, Flow.OUT) if aisle else []
    certain = retrieval.request.port_id or len(ports) == 1
    return retrieval.port_id if certain else NO_PORT


def retrieval_outlook(
    state: State, settings: Settings, retrieval: Retrieval, now: float
) -> tuple[int, float]:
    """Return how many retrievals of the aisle come first, and when it is at its port [s]."""
    if retrieval.phase is RetrievalPhase.AT_PORT:
        return 0, retrieval.done
    if retrieval.phase is RetrievalPhase.CONVEYOR:
        return 0, state.facts.loads[retrieval.load_id].ready
    if retrieval.phase is RetrievalPhase.CRANE:
        return 0, now + LEAD
    if retrieval.phase is not RetrievalPhase.RESERVED:
        return len(state.open_retrievals), nan
    aisle = aisle_id_of(state, retrieval)
    own = (due_of(retrieval, settings), retrieval.request.id)
    names = state.promised[aisle] if aisle else {}
    others = (state.facts.retrievals[name] for name in names)
    before = sum((due_of(r, settings), r.request.id) < own for r in others)
    soonest = now + LEAD + CYCLE * before
    due = retrieval.request.due
    return before, soonest if isnan(due) else max(soonest, due - settings.hold)


def storage_outlook(state: State, storage: Storage, now: float) -> tuple[int, float]:
    """Return how many loads wait before it at its port, and when it is in its cell [s]."""
    if storage.phase is StoragePhase.ENDED:
        return 0, storage.done
    waiting = state.at_port.get(storage.port_id, [])
    name = storage.request.load_id
    before = waiting.index(name) if name in waiting else len(waiting)
    if storage.phase is StoragePhase.CRANE:
        return 0, now + LEAD / 2.0
    return before, nan if storage.phase is StoragePhase.EXPECTED else now + CYCLE * (before + 1)
