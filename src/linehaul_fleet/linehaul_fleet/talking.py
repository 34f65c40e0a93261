# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Which order each vehicle is sent and when: grants, updates, repeats of the unconfirmed.

Repeats come with growing pauses and are bounded: a vehicle that refuses its order every time is
set aside, and its work goes to another.
"""

from dataclasses import replace

from linehaul_fleet.losing import set_aside
from linehaul_fleet.model import Vehicle
from linehaul_fleet.orders import Sending, make_order, progress
from linehaul_fleet.roads import slowed
from linehaul_fleet.situation import Situation
from linehaul_fleet.work import JobKind, Leg
from linehaul_vda5050 import Node, Order, State

ASKED = 2.0
"""So much further a way is released to a vehicle that says that its base ends soon."""
UNANSWERED = 4
"""How many more times an order is sent that is neither confirmed nor refused."""


def next_order(s: Situation, vehicle: Vehicle, leg: Leg, state: State, now: float) -> Order | None:
    """Return the order to send to a vehicle now, None if it has what it may have."""
    if leg.path.nodes[-1] != s.plant.places[leg.place_id].node:
        return None  # its way was given up
    sending = s.sending.get(vehicle.id)
    if sending is not None:
        return _resend(s, vehicle, sending, now)
    done = progress(leg, state)
    further = ASKED if state.new_base_request else 1.0
    granted, wait = s.graph.grant(vehicle.id, further * s.settings.lookahead)
    if wait is not None:
        s.waits[vehicle.id] = wait
    else:
        s.waits.pop(vehicle.id, None)
    if done is not None and granted <= done.base:
        return None
    first = 0 if done is None else done.base
    most = s.desk.able(vehicle.id).nodes
    order = make_order(
        leg,
        s.plant.roadmap,
        s.plant.name,
        first=first,
        granted=min(granted, first + most - 1) if most else granted,
        most=most,
        update=0 if done is None else done.update + 1,
        with_task=_still_wanted(s, vehicle, leg),
    )
    order = slowed(s, _retriable(order))
    s.sending[vehicle.id] = Sending(order, s.clock, 1)
    s.kept[f'granted/{vehicle.id}'] = {'order_id': leg.order_id, 'granted': granted}
    return order


def _retriable(order: Order) -> Order:
    """Let handovers that fail wait for retry or skipRetry."""

    def changed(node: Node) -> Node:
        actions = tuple(
            replace(a, retriable=a.action_type in ('pick', 'drop')) for a in node.actions
        )
        return replace(node, actions=actions) if actions else node

    return replace(order, nodes=tuple(map(changed, order.nodes)))


def _resend(s: Situation, vehicle: Vehicle, sending: Sending, now: float) -> Order | None:
    if not sending.due(s.clock) or not s.usable(vehicle, now):
        return None
    reason = _rejection(vehicle.state, sending.order)
    most = s.settings.order_attempts + (0 if reason else UNANSWERED)
    if sending.times >= most:
        text = f'order {sending.order.order_id} was sent {sending.times} times'
        set_aside(s, vehicle, text + (reason or ': no answer'), now)
        return None
    s.sending[vehicle.id] = sending.again(s.clock)
    vehicle.note = f'does not confirm order {sending.order.order_id}' + reason
    return sending.order


def _still_wanted(s: Situation, vehicle: Vehicle, leg: Leg) -> bool:
    """A pick whose job was cancelled or went to another is left out, unless it is released."""
    job = vehicle.job
    if leg.task.action_type != 'pick':
        return True
    if job is None:
        return False
    return job.kind is not JobKind.DELIVERY or job.request_id in s.model.open


def _rejection(state: State | None, order: Order) -> str:
    if state is None:
        return ''
    for error in state.errors:
        if error.reference('orderId') == order.order_id:
            return f': {error.error_type} {error.error_description[:200]}'.rstrip()
    return ''
