# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""ROS messages of the warehouse to dataclasses and back."""

from math import isnan, nan
from typing import Any

from linehaul_ros.time import from_time, to_time

from linehaul_interfaces.action import RetrieveLoad, StoreLoad
from linehaul_interfaces.msg import (
    CraneState,
    LoadCustody,
    PackmlState,
    StockRecord,
    WarehouseState,
)
from linehaul_warehouse.codes import Refused
from linehaul_warehouse.handover import Holder, Seen
from linehaul_warehouse.ids import ItemId, LoadId, Lot, OrderId, PortId, RequestId
from linehaul_warehouse.model import (
    Crane,
    Load,
    PlaceKind,
    Retrieval,
    RetrievalPhase,
    RetrieveRequest,
    Storage,
    StoragePhase,
    StoreRequest,
)
from linehaul_warehouse.outlook import aisle_id_of, port_of, retrieval_outlook, storage_outlook
from linehaul_warehouse.settings import Settings
from linehaul_warehouse.state import State

HOLDERS = {
    PlaceKind.CELL: LoadCustody.HOLDER_CELL,
    PlaceKind.PORT: LoadCustody.HOLDER_PORT,
    PlaceKind.CRANE: LoadCustody.HOLDER_CRANE,
    PlaceKind.MISSING: LoadCustody.HOLDER_IN_TRANSFER,
    PlaceKind.CLARIFICATION: LoadCustody.HOLDER_IN_TRANSFER,
}


def to_retrieve(goal: Any) -> RetrieveRequest:
    """Read a RetrieveLoad goal."""
    return RetrieveRequest(
        RequestId(goal.request_id),
        ItemId(goal.item_id),
        goal.quantity,
        OrderId(goal.order_id),
        PortId(goal.port_id),
        from_time(goal.due),
        goal.priority,
    )


def retrieve_goal(request: RetrieveRequest) -> RetrieveLoad.Goal:
    """Make a RetrieveLoad goal."""
    return RetrieveLoad.Goal(
        request_id=request.id,
        item_id=request.item_id,
        quantity=request.quantity,
        order_id=request.order_id,
        port_id=request.port_id,
        due=to_time(request.due),
        priority=request.priority,
    )


def to_store(goal: Any) -> StoreRequest:
    """Read a StoreLoad goal."""
    return StoreRequest(
        RequestId(goal.request_id),
        LoadId(goal.load_id),
        ItemId(goal.item_id),
        Lot(goal.lot),
        goal.quantity,
        OrderId(goal.order_id),
        port_id=PortId(goal.port_id),
        weight=_stated(goal.weight),
        height=_stated(goal.height),
        expires=from_time(goal.expires),
        wanted=from_time(goal.wanted),
    )


def _stated(value: float) -> float:
    """Return a measure; zero, what a message holds that nobody filled in, is not known."""
    return nan if value == 0.0 else float(value)


def store_goal(request: StoreRequest) -> StoreLoad.Goal:
    """Make a StoreLoad goal."""
    return StoreLoad.Goal(
        request_id=request.id,
        load_id=request.load_id,
        item_id=request.item_id,
        lot=request.lot,
        quantity=request.quantity,
        order_id=request.order_id,
        port_id=request.port_id,
        weight=request.weight,
        height=request.height,
        expires=to_time(request.expires),
        wanted=to_time(request.wanted),
    )


def retrieve_feedback(
    state: State, settings: Settings, retrieval: Retrieval, now: float
) -> RetrieveLoad.Feedback:
    """Tell how far a retrieval is."""
    before, eta = retrieval_outlook(state, settings, retrieval, now)
    phase = min(retrieval.phase, RetrievalPhase.AT_PORT)
    return RetrieveLoad.Feedback(
        phase=int(phase),
        load_id=retrieval.load_id,
        port_id=port_of(state, retrieval),
        aisle_id=aisle_id_of(state, retrieval) or '',
        queue_position=before,
        eta=to_time(eta),
    )


def retrieve_result(answer: Retrieval | Refused) -> RetrieveLoad.Result:
    """Tell how a retrieval ended, or why it was not taken."""
    if isinstance(answer, Refused):
        return RetrieveLoad.Result(error_code=int(answer.code), error_msg=answer.text)
    good = answer.phase is RetrievalPhase.AT_PORT
    return RetrieveLoad.Result(
        error_code=int(answer.code),
        error_msg=answer.text,
        load_id=answer.load_id if good else '',
        lot=answer.lot,
        quantity=answer.quantity,
        port_id=answer.port_id if good else '',
    )


def store_feedback(state: State, storage: Storage, now: float) -> StoreLoad.Feedback:
    """Tell how far a storage is."""
    before, eta = storage_outlook(state, storage, now)
    load = state.facts.loads.get(storage.request.load_id)
    claims = (cell for cell, name in state.facts.claims.items() if load and name == load.id)
    return StoreLoad.Feedback(
        phase=int(min(storage.phase, StoragePhase.CRANE)),
        port_id=storage.port_id,
        cell_id=next(claims, storage.cell_id),
        queue_position=before,
        eta=to_time(eta),
    )


def store_result(answer: Storage | Refused) -> StoreLoad.Result:
    """Tell how a storage ended, or why it was not taken."""
    if isinstance(answer, Refused):
        return StoreLoad.Result(error_code=int(answer.code), error_msg=answer.text)
    return StoreLoad.Result(
        error_code=int(answer.code), error_msg=answer.text, cell_id=answer.cell_id
    )


def stock_record(load: Load) -> StockRecord:
    """Tell what a load is and where."""
    return StockRecord(
        load_id=load.id,
        item_id=load.item_id,
        lot=load.lot,
        quantity=load.quantity,
        quality=int(load.quality),
        order_id=load.held_for or load.order_id,
        owner=load.owner,
        cell_id=load.place.id if load.place.kind is PlaceKind.CELL else '',
        stored=to_time(load.received),
        expires=to_time(load.expires),
        reserved_until=to_time(load.held_until),
    )


def to_seen(message: Any) -> Seen:
    """Read what somebody says of a load."""
    holders = {LoadCustody.HOLDER_PORT: Holder.PORT}
    holders |= dict.fromkeys((LoadCustody.HOLDER_VEHICLE, LoadCustody.HOLDER_GONE), Holder.AWAY)
    return Seen(
        LoadId(message.load_id),
        holders.get(message.holder_kind, Holder.OTHER),
        PortId(message.holder_id),
        from_time(message.stamp),
    )


def custody(load: Load, revision: int, since: float) -> LoadCustody:
    """Tell who holds a load of ours since when [s]."""
    return LoadCustody(
        load_id=load.id,
        item_id=load.item_id,
        lot=load.lot,
        quantity=load.quantity,
        order_id=load.held_for or load.order_id,
        owner=load.owner,
        holder_kind=HOLDERS.get(load.place.kind, LoadCustody.HOLDER_UNKNOWN),
        holder_id=load.place.id,
        revision=revision,
        stamp=to_time(since),
    )


def warehouse_state(state: State, now: float) -> WarehouseState:
    """Tell the warehouse at a glance."""
    facts = state.facts
    ports = list(state.rack.ports)
    return WarehouseState(
        warehouse_id=state.rack.id,
        stamp=to_time(now),
        cranes=[crane_state(state, c) for c in facts.cranes.values()],
        cells=len(state.rack.ids),
        cells_occupied=len(state.in_cell),
        cells_blocked=len(facts.marks),
        retrievals_open=len(state.open_retrievals),
        storages_open=len(state.open_storages),
        retrievals_late=facts.late,
        port_ids=ports,
        port_load_ids=[next(iter(state.at_port[p]), '') for p in ports],
    )


def crane_state(state: State, crane: Crane) -> CraneState:
    """Tell a crane's state."""
    blocked = state.facts.blocked.get(crane.aisle_id)
    return CraneState(
        crane_id=crane.aisle_id,
        aisle_id=crane.aisle_id,
        state=PackmlState(state=int(crane.state), since=to_time(crane.since), reason=crane.reason),
        x=0.0 if isnan(crane.x) else crane.x,
        y=0.0 if isnan(crane.y) else crane.y,
        load_ids=[crane.load_id] if crane.load_id else [],
        task_id=crane.step.task_id if crane.step else '',
        queued_tasks=len(state.promised[crane.aisle_id]),
        single_cycles=crane.singles,
        dual_cycles=crane.duals,
        energy=crane.energy,
        blocked=blocked is not None,
        reason=blocked or crane.reason,
    )
