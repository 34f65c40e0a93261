# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Which order each vehicle is sent and when: grants, updates, repeats of the unconfirmed."""

from linehaul_fleet.model import Vehicle
from linehaul_fleet.orders import Sending, make_order, progress
from linehaul_fleet.situation import Situation
from linehaul_fleet.work import JobKind, Leg
from linehaul_vda5050 import Order, State


def next_order(s: Situation, vehicle: Vehicle, leg: Leg, state: State, now: float) -> Order | None:
    """Return the order to send to a vehicle now, None if it has what it may have."""
    sending = s.sending.get(vehicle.id)
    if sending is not None:
        return _resend(s, vehicle, sending, now)
    done = progress(leg, state)
    granted, wait = s.graph.grant(vehicle.id, s.settings.lookahead)
    if wait is not None:
        s.waits[vehicle.id] = wait
    else:
        s.waits.pop(vehicle.id, None)
    if done is not None and granted <= done.base:
        return None
    order = make_order(
        leg,
        s.plant.roadmap,
        s.plant.name,
        first=0 if done is None else done.base,
        granted=granted,
        update=0 if done is None else done.update + 1,
        with_task=_still_wanted(s, vehicle, leg),
    )
    s.sending[vehicle.id] = Sending(order, now, 1)
    s.kept[f'granted/{vehicle.id}'] = {'order_id': leg.order_id, 'granted': granted}
    return order


def _resend(s: Situation, vehicle: Vehicle, sending: Sending, now: float) -> Order | None:
    if not sending.due(now):
        return None
    s.sending[vehicle.id] = sending.again(now)
    reason = _rejection(vehicle.state, sending.order)
    vehicle.note = f'does not confirm order {sending.order.order_id}' + reason
    return sending.order


def _still_wanted(s: Situation, vehicle: Vehicle, leg: Leg) -> bool:
    """A pick for a delivery that was cancelled is left out, unless it is already released."""
    job = vehicle.job
    if job is None or job.kind is not JobKind.DELIVERY or leg.task.action_type != 'pick':
        return True
    return job.request_id in s.model.open


def _rejection(state: State | None, order: Order) -> str:
    if state is None:
        return ''
    for error in state.errors:
        if error.reference('orderId') == order.order_id:
            return f': {error.error_type} {error.error_description}'.rstrip()
    return ''
