# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Which instant actions vehicles are to be sent: pause, go on, cancel, retry, clear.

Nothing here is an event that could be lost: each round compares what a vehicle says with what it
should say, and asks for the difference, with growing pauses. The id of an action says what it is
for, so a repeat is the same action to the vehicle, also after a restart of the fleet.
"""

from collections.abc import Iterator

from linehaul_fleet.acts import Command, Mode, PauseLifted
from linehaul_fleet.delivery import Phase
from linehaul_fleet.events import PhaseReached
from linehaul_fleet.model import Vehicle
from linehaul_fleet.roads import leads_over_closed
from linehaul_fleet.situation import Asking, Failing, Situation
from linehaul_fleet.work import Leg
from linehaul_floor import VehicleId
from linehaul_vda5050 import (
    Action,
    ActionId,
    ActionParameter,
    ActionState,
    ActionStatus,
    BlockingType,
    OperatingMode,
    State,
)

FIRST_PAUSE = 1.0
"""[s] after which an instant action without effect is sent again; doubles each time."""
LONGEST_PAUSE = 30.0
FORGET = 120.0
"""[s] after which a sent instant action is forgotten."""
SLOW_RETRY = 60.0
"""[s] between two tries of a handover for which a person is waited for."""
MOST_ENDED = 40
"""Ended instant actions in a state from which on they are cleared."""


def instant_actions(s: Situation, now: float) -> list[tuple[VehicleId, tuple[Action, ...]]]:
    """Return the instant actions to send now."""
    s.asking = {k: a for k, a in s.asking.items() if s.clock - a.sent < FORGET}
    out = []
    for vehicle in s.model.vehicles.values():
        state = vehicle.state
        if state is None or s.clock - vehicle.fresh >= s.settings.state_timeout:
            continue
        wanted = (
            *_pause(s, vehicle, state, now),
            *_cancel(s, vehicle, state),
            *_retry(s, vehicle, state, now),
            *_clear(state),
        )
        due = tuple(action for action in wanted if _due(s, vehicle.id, action))
        if due:
            out.append((vehicle.id, due))
    return out


def _due(s: Situation, vehicle_id: VehicleId, action: Action) -> bool:
    """Return whether an action is to be sent now, and take note that it is."""
    key = f'{vehicle_id}/{action.action_id}'
    asked = s.asking.get(key)
    times = asked.times if asked else 0
    if asked and s.clock - asked.sent < min(FIRST_PAUSE * 2.0 ** (times - 1), LONGEST_PAUSE):
        return False
    s.asking[key] = Asking(s.clock, times + 1)
    return True


def _action(kind: str, name: str, state: State, **parameters: str) -> Action:
    """Return an action; its id changes once the vehicle has done it and it is wanted again."""
    done = sum(a.action_status.ended for a in known(state, name))
    return Action(
        kind,
        ActionId(f'{name}.{done}'),
        BlockingType.NONE,
        tuple(ActionParameter(key, value) for key, value in parameters.items()),
    )


def known(state: State, name: str) -> list[ActionState]:
    """Return the states of the instant actions that were asked for under a name."""
    return [a for a in state.instant_action_states if a.action_id.rpartition('.')[0] == name]


# Pause.


def _pause(s: Situation, vehicle: Vehicle, state: State, now: float) -> Iterator[Action]:
    control = s.model.control
    if control.stands(vehicle.id):
        if not state.paused:
            yield _action('startPause', f'pause-{control.revision}', state)
    elif vehicle.id in control.lifting:
        name = f'go-{control.revision}'
        told = any(a.action_status is ActionStatus.FINISHED for a in known(state, name))
        if told and not state.paused:
            s.note(PauseLifted(vehicle.id), now)
        else:
            yield _action('stopPause', name, state)


# Orders that are taken back.


def _cancel(s: Situation, vehicle: Vehicle, state: State) -> Iterator[Action]:
    if why_withdraw(s, vehicle, state):
        yield _action('cancelOrder', cancel_name(state.order_id), state, orderId=state.order_id)


def cancel_name(order_id: str) -> str:
    """Return the name under which an order is cancelled."""
    return f'{order_id}.cancel'


def why_withdraw(s: Situation, vehicle: Vehicle, state: State) -> str:
    """Return why a vehicle must not go on with the order it has; empty: it may."""
    leg, control = vehicle.leg, s.model.control
    if state.idle or state.operating_mode is not OperatingMode.AUTOMATIC:
        return ''
    if leg is None or str(state.order_id) != leg.order_id:
        return f'{state.order_id} is not its order'
    if control.mode is Mode.STOPPED:
        return f'stopped by {control.actor}'
    aside = control.aside.get(vehicle.id)
    if aside is not None and not aside.by_person:
        return str(aside)
    if leads_over_closed(s, vehicle):
        return 'a road ahead is closed'
    if s.plant.places[leg.place_id].node != leg.path.nodes[-1]:
        return 'its way was given up'
    return _no_longer_wanted(s, vehicle, leg, state)


def _no_longer_wanted(s: Situation, vehicle: Vehicle, leg: Leg, state: State) -> str:
    """Return why a load must not be fetched; one that is being handed over is."""
    if leg.task.action_type != 'pick' or vehicle.loads or handing_over(state, leg):
        return ''
    if vehicle.job is None:
        return 'another fetches its load'
    if vehicle.id in s.model.control.aside:
        return str(s.model.control.aside[vehicle.id])
    return 'the fleet is drained' if s.model.control.mode is Mode.DRAINING else ''


def handing_over(state: State, leg: Leg) -> bool:
    """Return whether the action of a leg is being done; one that waits for a retry is not."""
    task = next((a for a in state.action_states if a.action_id == leg.action_id), None)
    waits = (ActionStatus.WAITING, ActionStatus.UNKNOWN, ActionStatus.RETRIABLE)
    return task is not None and not task.action_status.ended and task.action_status not in waits


# Handovers that failed and may be tried again.


def _retry(s: Situation, vehicle: Vehicle, state: State, now: float) -> Iterator[Action]:
    control = s.model.control
    for action in state.action_states:
        if action.action_status is not ActionStatus.RETRIABLE:
            if action.action_status.ended:
                s.failing.pop(action.action_id, None)
            if action.action_status is ActionStatus.RUNNING:
                control.wishes.pop(action.action_id, None)
                _goes_on(s, vehicle, now)
            continue
        name = f'{action.action_id}.retry'
        tried = sum(a.action_status.ended for a in known(state, name))
        failing = s.failing.get(action.action_id, Failing(-1, 0.0, s.clock))
        if failing.tried != tried:
            failing = s.failing[action.action_id] = Failing(tried, s.clock, failing.first)
        wish = control.wishes.get(action.action_id) or _decide(s, vehicle, failing)
        if wish is not None:
            kind = 'retry' if wish is Command.RETRY else 'skipRetry'
            yield _action(kind, name, state, actionId=action.action_id)
        elif tried >= s.settings.transfer_retries:
            _wait_for_person(s, vehicle, action, now)


def _decide(s: Situation, vehicle: Vehicle, failing: Failing) -> Command | None:
    """Return what becomes of a failed handover: tried again, given up, or None: it waits.

    Also while a person is waited for it is tried now and then: a full place becomes free. Nobody
    waits for a load that is only cleared away.
    """
    many = failing.tried >= s.settings.transfer_retries
    patience = s.settings.person_patience if s.delivery_of(vehicle) or vehicle.loads else 0.0
    if many and s.clock - failing.first >= patience:
        return Command.SKIP_RETRY
    pause = SLOW_RETRY if many else min(s.settings.retry_pause * 2.0**failing.tried, SLOW_RETRY)
    return Command.RETRY if s.clock - failing.since >= pause else None


def _wait_for_person(s: Situation, vehicle: Vehicle, action: ActionState, now: float) -> None:
    delivery, leg = s.delivery_of(vehicle), vehicle.leg
    if leg is None:
        return
    vehicle.note = f'{action.action_type} at {leg.place_id} failed: {action.action_result}'.rstrip(
        ': '
    )
    if delivery is not None and delivery.phase is not Phase.WAITING_FOR_PERSON:
        text = f'{vehicle.id}: {vehicle.note}; retry or skip it'
        request_id = delivery.request.request_id
        s.note(PhaseReached(request_id, Phase.WAITING_FOR_PERSON, text=text), now)


def _goes_on(s: Situation, vehicle: Vehicle, now: float) -> None:
    """A delivery that waited for a person goes on, because its handover runs again."""
    delivery, leg = s.delivery_of(vehicle), vehicle.leg
    if delivery is None or leg is None or delivery.phase is not Phase.WAITING_FOR_PERSON:
        return
    if delivery.load_id in s.model.control.lost:
        return
    phase = Phase.FETCHING if leg.task.action_type == 'pick' else Phase.DELIVERING
    s.note(PhaseReached(delivery.request.request_id, phase), now)


# Housekeeping.


def _clear(state: State) -> Iterator[Action]:
    """Have ended instant actions forgotten before there are too many."""
    ended = sum(a.action_status.ended for a in state.instant_action_states)
    busy = any(a.action_status is ActionStatus.RETRIABLE for a in state.action_states)
    if ended > MOST_ENDED and not busy:
        yield Action(
            'clearInstantActions', ActionId(f'clear-{state.header.header_id}'), BlockingType.NONE
        )
