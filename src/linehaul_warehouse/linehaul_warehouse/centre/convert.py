# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""ROS messages of the distribution centre to dataclasses and back."""

from dataclasses import replace
from math import isnan
from typing import Any

from linehaul_ros.time import from_time, to_time

from linehaul_interfaces.msg import DistributionState, OrderEvent, OrderSetState, UserOrder
from linehaul_warehouse.centre.told import Action, Call, Reply, StepName, Told, Verdict
from linehaul_warehouse.centre.trail import Mark, Traced
from linehaul_warehouse.distribution_model import Centre, Proof, UnitPlace
from linehaul_warehouse.ids import OrderId

STEPS = {step.value: step for step in StepName}
HERE = (UnitPlace.STORED, UnitPlace.LANE, UnitPlace.TRUCK)


def to_told(message: Any, now: float) -> Told | None:
    """Read an event; None: its step is none of the centre's. Without a time it is of now."""
    step = STEPS.get(message.business_step)
    if step is None:
        return None
    known = message.action in tuple(Action)
    time = from_time(message.stamp)
    return Told(
        message.event_id,
        step,
        Action(message.action) if known else Action.UNKNOWN,
        now if isnan(time) else time,
        OrderId(message.order_id),
        message.owner,
        message.place_id,
        message.parent_id,
        tuple(message.object_ids),
        message.source,
        message.disposition,
    )


def told_to_msg(told: Told) -> OrderEvent:
    """Make an event."""
    return OrderEvent(
        event_id=told.event_id,
        event_type=OrderEvent.TYPE_OBJECT,
        action=int(told.action),
        stamp=to_time(told.time),
        order_id=told.order_id,
        owner=told.owner,
        business_step=told.step.value,
        disposition=told.reason,
        place_id=told.place_id,
        source=told.source,
        parent_id=told.parent_id,
        object_ids=list(told.objects),
    )


def answer_to_msg(centre_id: str, told: Told, reply: Reply, now: float) -> OrderEvent:
    """Make the answer to an event: the same, with what it came to as its disposition.

    The disposition of a mis-sort goes on with where the unit belongs, and that of a refusal with
    why; the objects of a mis-sort are the units that go to clarification.
    """
    wrong = reply.verdict is Verdict.MIS_SORTED
    why = f': {reply.text}' if reply.text else ''
    return told_to_msg(
        replace(
            told,
            event_id=f'{centre_id}:{told.event_id}',
            action=Action.OBSERVE,
            time=now,
            objects=reply.wrong if wrong else told.objects,
            source=centre_id,
            reason=reply.verdict.value + why,
        )
    )


def proof_to_msg(centre_id: str, proof: Proof) -> OrderEvent:
    """Make the proof of shipping of an order."""
    return OrderEvent(
        event_id=f'{centre_id}:shipped:{proof.order_id}',
        event_type=OrderEvent.TYPE_TRANSACTION,
        action=OrderEvent.ACTION_ADD,
        stamp=to_time(proof.time),
        order_id=proof.order_id,
        owner=proof.owner,
        business_step='shipping',
        disposition='in_transit',
        place_id=proof.dock_id,
        source=centre_id,
        parent_id=proof.truck_id,
        object_ids=list(proof.unit_ids),
    )


def state_to_msg(centre_id: str, centre: Centre, now: float) -> DistributionState:
    """Tell the open sets, and how many were shipped and mis-sorted."""
    sets = []
    for order in centre.orders.values():
        if order.shipped:
            continue
        truck = centre.trucks.get(order.truck_id)
        present = [u for u in order.unit_ids if centre.places[u][0] in HERE]
        sets.append(
            OrderSetState(
                order_id=order.order_id,
                owner=order.owner,
                phase=int(centre.phase(order.order_id)),
                unit_ids=list(order.unit_ids),
                unit_ids_present=present,
                lane_id=truck.lane_id if truck else '',
                dock_id=truck.dock_id if truck else '',
                truck_id=order.truck_id,
                stop_number=centre.stop_of(order.order_id),
            )
        )
    return DistributionState(
        centre_id=centre_id,
        stamp=to_time(now),
        sets=sets,
        shipped=centre.shipped,
        mis_sorts=centre.mis_sorts,
    )


def call_to_msg(centre_id: str, call: Call, now: float) -> OrderEvent:
    """Make a call: the step with action ADD, told again until its scan has come."""
    return told_to_msg(
        Told(
            event_id=f'{centre_id}:call:{call.step.value}:{call.unit_id}:{call.truck_id}',
            step=call.step,
            action=Action.ADD,
            time=now,
            order_id=call.order_id,
            owner=call.owner,
            place_id=call.place_id,
            parent_id=call.truck_id,
            objects=(call.unit_id,),
            source=centre_id,
            reason='called',
        )
    )


def traced_to_msgs(centre_id: str, traced: Traced) -> tuple[UserOrder, list[OrderEvent]]:
    """Make what is known of an order: itself, and what happened, the proof of shipping last."""
    gone = traced.proof is not None
    order = UserOrder(
        order_id=traced.order_id,
        owner=traced.owner,
        status=UserOrder.STATUS_SHIPPED if gone else UserOrder.STATUS_UNKNOWN,
        unit_ids=list(traced.unit_ids),
    )
    steps = [one for one in traced.marks if one.step != 'shipping']
    events = [_mark_to_msg(centre_id, traced, k, one) for k, one in enumerate(steps)]
    if traced.proof is not None:
        events.append(proof_to_msg(centre_id, traced.proof))
    return order, events


def _mark_to_msg(centre_id: str, traced: Traced, number: int, mark: Mark) -> OrderEvent:
    return OrderEvent(
        event_id=f'{centre_id}:{traced.order_id}:{number}',
        event_type=OrderEvent.TYPE_OBJECT,
        action=OrderEvent.ACTION_OBSERVE,
        stamp=to_time(mark.time),
        order_id=traced.order_id,
        owner=traced.owner,
        business_step=mark.step,
        disposition=mark.text,
        place_id=mark.place_id,
        source=centre_id,
        parent_id=mark.truck_id,
        object_ids=list(mark.unit_ids),
    )
