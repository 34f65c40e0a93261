# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""ROS messages of the simulated plant: loads, retrievals, faults, report."""

from math import nan
from typing import Any

from linehaul_ros.time import from_time, to_time

from linehaul_interfaces.action import RetrieveLoad, StoreLoad
from linehaul_interfaces.msg import LoadCustody, SimReport
from linehaul_sim.faults import Fault, FaultKind
from linehaul_sim.inputs import WarehouseTold
from linehaul_sim.loads import Load
from linehaul_sim.warehouse import (
    RefusalCode,
    Refused,
    Retrieval,
    RetrievalPhase,
    RetrieveRequest,
)
from linehaul_sim.world import World

CANCELLED = 8
"""ErrorCode.CANCELLED."""


def custody_to_msg(load: Load) -> LoadCustody:
    """Tell who holds a load."""
    return LoadCustody(
        load_id=load.id,
        item_id=load.item_id or '',
        lot=load.lot,
        quantity=load.quantity,
        order_id=load.order_id,
        holder_kind=int(load.holder),
        holder_id=load.holder_id,
        revision=load.revision,
        stamp=to_time(load.since),
    )


def gone_to_msg(load_id: str, now: float) -> LoadCustody:
    """Tell of a load that was here, and is remembered no more."""
    return LoadCustody(load_id=load_id, holder_kind=LoadCustody.HOLDER_GONE, stamp=to_time(now))


def store_goal(load: Load) -> StoreLoad.Goal:
    """Return the goal that has a load stored that stands at a port: its own for each visit."""
    return StoreLoad.Goal(
        request_id=f'{load.holder_id}:{load.id}:{load.since:.3f}',
        load_id=load.id,
        item_id=load.item_id or '',
        lot=load.lot if load.item_id else '',
        quantity=load.quantity,
        port_id=load.holder_id,
        weight=load.mass,
        height=nan,
    )


def told_from_msg(message: Any) -> WarehouseTold:
    """Read what a warehouse says of a load."""
    return WarehouseTold(
        message.load_id,
        message.item_id,
        message.lot,
        message.quantity,
        message.order_id,
        message.holder_kind,
        message.holder_id,
        from_time(message.stamp),
    )


def request_from_goal(goal: Any) -> RetrieveRequest:
    """Read a RetrieveLoad goal. Due time and priority mean nothing to this warehouse."""
    return RetrieveRequest(
        goal.request_id, goal.item_id, goal.quantity, goal.port_id, goal.order_id
    )


def retrieval_feedback(retrieval: Retrieval) -> RetrieveLoad.Feedback:
    """Tell how far a retrieval is."""
    return RetrieveLoad.Feedback(
        phase=min(int(retrieval.phase), int(RetrievalPhase.AT_PORT)),
        load_id=retrieval.load_id,
        port_id=retrieval.port_id,
        eta=to_time(retrieval.ready),
    )


def retrieval_result(retrieval: Retrieval, load: Load | None) -> RetrieveLoad.Result:
    """Tell how a retrieval ended."""
    if retrieval.phase is RetrievalPhase.CANCELLED:
        return RetrieveLoad.Result(error_code=CANCELLED, error_msg='cancelled on request')
    return RetrieveLoad.Result(
        load_id=retrieval.load_id,
        lot=load.lot if load else '',
        quantity=load.quantity if load else 0,
        port_id=retrieval.port_id,
    )


def refusal_result(refused: Refused) -> RetrieveLoad.Result:
    """Tell why a retrieval was not taken."""
    return RetrieveLoad.Result(error_code=int(refused.code), error_msg=refused.text)


def fault_from_request(request: Any) -> Fault | Refused:
    """Read an InjectFault request."""
    kinds = {int(kind) for kind in FaultKind if kind}
    if request.fault not in kinds:
        text = f'found fault {request.fault}, wanted 1 to {max(kinds)}'
        return Refused(RefusalCode.INVALID_ARGUMENT, text)
    if not 0.0 <= request.duration < float('inf'):
        text = f'found duration {request.duration}, wanted seconds from 0 on'
        return Refused(RefusalCode.INVALID_ARGUMENT, text)
    if not 0.0 <= request.probability <= 1.0:
        text = f'found probability {request.probability}, wanted 0 to 1'
        return Refused(RefusalCode.INVALID_ARGUMENT, text)
    kind = FaultKind(request.fault)
    return Fault(kind, request.target_id, request.duration, request.probability)


def report_to_msg(world: World, speed_factor: float) -> SimReport:
    """Tell what the plant has seen and what the checker says."""
    verdict, data = world.verdict, world.data
    return SimReport(
        stamp=to_time(world.now),
        plant=world.plant.name,
        steps=data.steps,
        speed_factor=speed_factor,
        distance=float(data.bodies.distance.sum()),
        picks=data.handling.picks,
        drops=data.handling.drops,
        transfer_failures=data.handling.failures,
        overlaps=verdict.overlaps,
        beyond_base=verdict.beyond_base + verdict.off_lane,
        custody_errors=data.custody_errors,
        violations=[*verdict.texts, *data.custody_texts][:20],
    )
