# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The passive side: a port of a station, a warehouse or a chain.

As in `linehaul_transfer.vehicle`: `advance` takes one event in, everything else is a function of
the state, and there is no clock.

READY is a promise: it is kept on disk before it is said, and from then on the port holds still
until the vehicle itself shows that it has left the session, or a person has spoken. A timeout
takes the signals back but not the promise, because a vehicle that is only slow to be heard may be
moving the load.
"""

from dataclasses import replace

from linehaul_transfer.events import (
    Available,
    Booked,
    Confirm,
    Consent,
    Expired,
    Forget,
    Health,
    HeardVehicle,
    Lost,
    PortEvent,
    Reset,
    Sensed,
)
from linehaul_transfer.model import (
    FINE,
    NO_LOAD,
    NO_SESSION,
    Code,
    Custody,
    Holder,
    Kind,
    Problem,
    Timer,
    VehicleId,
)
from linehaul_transfer.port_checks import unfit, wrong_load
from linehaul_transfer.port_state import Phase, PortState, shut, timer, watches
from linehaul_transfer.signals import VehicleSignals, nonsense_of_vehicle

MOST_PEERS = 256
MOST_CLOSED = 64


def why_not(state: PortState, event: PortEvent) -> Problem:
    """Return why an event would change nothing, for the one who sent it; FINE: it counts."""
    match event:
        case Confirm(session, holder, actor):
            return _wrong_word(state, session, holder, actor, sure=False)
        case Forget(session, holder, actor):
            return _wrong_word(state, session, holder, actor, sure=True)
        case Booked() if not state.may_move:
            return Problem(Code.STILL_MOVING, f'{state.vehicle} is at the port')
    return FINE


def _wrong_word(
    state: PortState, session: str, holder: Holder, actor: str, *, sure: bool
) -> Problem:
    asked = (Phase.FROZEN, Phase.CONFIRMED, *((Phase.WITHDRAWN,) if sure else ()))
    if state.phase not in asked or session != state.session:
        return Problem(Code.UNKNOWN_SESSION, f'nobody is asked about session {session!r}')
    if not actor or holder not in (Holder.VEHICLE, Holder.PORT):
        return Problem(Code.INVALID_ARGUMENT, 'say who confirms, and vehicle or port')
    if sure:
        return FINE
    if state.confirmed not in (Holder.UNKNOWN, holder):
        where = 'on the vehicle' if state.confirmed is Holder.VEHICLE else 'at the port'
        return Problem(Code.ALREADY_CONFIRMED, f'a person has said already that it is {where}')
    peer = state.peer
    if peer is None or peer.session != session or not peer.stands:
        text = f'{state.vehicle} has not said that it stands; wait for it, or start it again'
        return Problem(Code.STILL_MOVING, text)
    return FINE


def advance(state: PortState, event: PortEvent) -> PortState:
    """Take one event in; return the new state. Late, repeated and foreign input changes nothing.

    Whoever calls keeps `records.port_record` of the new state on disk before it says the new
    levels.
    """
    return _settle(_take(state, event))


def _take(state: PortState, event: PortEvent) -> PortState:
    match event:
        case HeardVehicle(signals):
            return _hear(state, signals)
        case Sensed(sensors):
            return replace(state, sensors=sensors)
        case Health(healthy):
            return replace(state, healthy=healthy, stopped=state.stopped or not healthy)
        case Available(available, text):
            return replace(state, available=available, why='' if available else text)
        case Consent():
            return replace(state, consent=event)
        case Booked(holding, expected):
            if not state.may_move:
                return state
            return replace(state, holding=holding, expected=expected)
        case Reset():
            return _reset(state)
        case Confirm(_, holder, _):
            return state if why_not(state, event) else _ask_vehicle(state, holder)
        case Forget(_, holder, _):
            return state if why_not(state, event) else _close(_booked(state, holder))
        case Lost(vehicle):
            return _lose(state, vehicle)
        case Expired(which):
            return _expire(state, which)


def _reset(state: PortState) -> PortState:
    problem = FINE if state.phase is Phase.IDLE else state.problem
    return replace(state, stopped=not state.healthy, failures=0, problem=problem)


def _hear(state: PortState, signals: VehicleSignals) -> PortState:
    if signals.port_id != state.id or nonsense_of_vehicle(signals):
        return state
    vehicle = signals.vehicle_id
    before = next((p for p in state.peers if p.vehicle_id == vehicle), None)
    if before is not None and signals.position <= before.position:
        return state
    mine = vehicle == state.vehicle
    if mine and state.last is not None and signals.position < state.last:
        return state
    others = [p for p in state.peers if p.vehicle_id != vehicle]
    if len(others) >= MOST_PEERS:
        others = [p for p in others if p.valid or p.vehicle_id == state.vehicle][-MOST_PEERS:]
    peers = tuple(sorted([*others, signals], key=lambda p: p.vehicle_id))
    return replace(state, peers=peers, last=signals.position if mine else state.last)


def _lose(state: PortState, vehicle: VehicleId) -> PortState:
    mine = vehicle == state.vehicle
    if mine and state.phase is not Phase.IDLE:
        return state
    return replace(_without(state, vehicle), last=None if mine else state.last)


def _without(state: PortState, vehicle: VehicleId) -> PortState:
    return replace(state, peers=tuple(p for p in state.peers if p.vehicle_id != vehicle))


def _expire(state: PortState, which: Timer) -> PortState:
    silent = which is Timer.PEER and watches(state)
    if not silent and which is not timer(state):
        return state
    name = '' if silent else f' ({which.name})'
    quiet = Problem(Code.PEER_SILENT, f'no answer from {state.vehicle}{name}')
    match state.phase:
        case Phase.REFUSING:
            return _leave(_without(state, state.vehicle))
        case Phase.REQUESTING:
            return _fail(replace(state, phase=Phase.REFUSING, problem=quiet))
        case Phase.READY:
            return _fail(replace(state, phase=Phase.WITHDRAWN, problem=quiet))
        case Phase.TRANSFER:
            placed = state.kind is Kind.UNLOAD or not state.sensors.present
            text = 'the load is there but not in its place (TP3)'
            return _freeze(state, quiet if placed or silent else Problem(Code.NOT_PLACED, text))
        case Phase.MOVED:
            return _freeze(state, quiet)
        case Phase.CLOSED | Phase.WITHDRAWN:
            return replace(state, late=True, problem=quiet)
        case Phase.CHAINED:
            return _leave(state)
        case _:
            return state


def _fail(state: PortState) -> PortState:
    failures = state.failures + 1
    return replace(state, failures=failures, stopped=state.stopped or failures >= state.attempts)


def _settle(state: PortState) -> PortState:
    while True:
        new = _next(state)
        if new is state:
            return state
        state = new


def _next(state: PortState) -> PortState:
    match state.phase:
        case Phase.IDLE | Phase.CHAINED:
            return _pick_up(state)
        case Phase.REFUSING | Phase.REQUESTING:
            return _early(state)
        case Phase.READY | Phase.WITHDRAWN:
            return _promised(state)
        case Phase.TRANSFER | Phase.MOVED:
            return _moving(state)
        case Phase.CLOSED:
            return _close(state) if _has_left(state) else state
        case Phase.CONFIRMED:
            peer = state.peer
            answered = peer is not None and peer.session == state.session and not peer.valid
            return _close(_booked(state, state.confirmed)) if answered else state
        case Phase.FROZEN:
            return state


def _has_left(state: PortState) -> bool:
    """The vehicle itself shows that it takes no part in the session any more."""
    peer = state.peer
    return peer is not None and (peer.session != state.session or not peer.valid)


def _pick_up(state: PortState) -> PortState:
    """See whether a vehicle wants something; in a chain only the one that is here."""
    if state.phase is Phase.CHAINED:
        peer = state.peer
        if peer is not None and not peer.cs:
            return _leave(state)
        callers = [peer] if peer else []
    else:
        callers = list(state.peers)
    for peer in callers:
        if not peer.valid or peer.session in state.closed:
            continue
        if peer.busy or peer.compt:
            text = f'{peer.vehicle_id} is in a hand-off that this port does not know'
            return _freeze(_adopt(state, peer), Problem(Code.FROZEN, text))
        if state.open:
            state = _adopt(state, peer)
            problem = unfit(state)
            phase = Phase.REFUSING if problem else Phase.REQUESTING
            return replace(state, phase=phase, problem=problem)
    return state


def _adopt(state: PortState, peer: VehicleSignals) -> PortState:
    unload = peer.kind is Kind.UNLOAD
    return replace(
        state,
        session=peer.session,
        vehicle=peer.vehicle_id,
        kind=peer.kind,
        chained=False,
        load=(peer.load_id or state.holding) if unload else peer.load_id,
        custody=Custody.MINE if unload and state.holding else Custody.NONE,
        last=peer.position,
        late=False,
        confirmed=Holder.UNKNOWN,
        problem=FINE,
    )


def _early(state: PortState) -> PortState:
    """Before READY: nothing is promised yet."""
    peer = state.peer
    if peer is None or _has_left(state):
        return _leave(state)
    if peer.busy or peer.compt:
        text = f'{state.vehicle} began to move without READY'
        return _freeze(state, Problem(Code.FROZEN, text))
    if state.phase is Phase.REFUSING:
        return state
    if not state.open or not peer.es:
        return replace(state, phase=Phase.REFUSING, problem=shut(state))
    problem = unfit(state)
    if not problem and peer.tr_req and state.consent.request and state.consent.ready:
        problem = wrong_load(state)
        if not problem:
            return replace(state, phase=Phase.READY)
    return replace(state, phase=Phase.REFUSING, problem=problem) if problem else state


def _promised(state: PortState) -> PortState:
    """READY was said: hold still until the vehicle moves or shows that it will not."""
    peer = state.peer
    if peer is not None:
        if _has_left(state):
            return _leave(state)
        if peer.busy or peer.compt:
            moving = _take_part(state)
            if state.phase is Phase.READY and not peer.compt:
                return moving
            cause = state.problem.text or 'READY was skipped'
            text = f'{cause}, and {state.vehicle} had begun to move'
            return _freeze(moving, Problem(state.problem.code or Code.FROZEN, text))
    if state.phase is Phase.WITHDRAWN:
        return state
    if not state.open or (peer is not None and not peer.es):
        return replace(state, phase=Phase.WITHDRAWN, problem=shut(state))
    if not (state.consent.request and state.consent.ready):
        text = f'{state.id} has taken READY back'
        return replace(state, phase=Phase.WITHDRAWN, problem=Problem(Code.NOT_READY, text))
    problem = unfit(state)
    return replace(state, phase=Phase.WITHDRAWN, problem=problem) if problem else state


def _take_part(state: PortState) -> PortState:
    """BUSY was seen: from here on the load is in transfer."""
    peer = state.peer
    chained = peer is not None and peer.cont
    return replace(
        state,
        phase=Phase.TRANSFER,
        custody=Custody.IN_TRANSFER,
        holding=NO_LOAD,
        chained=chained,
        problem=FINE,
        late=False,
    )


def _moving(state: PortState) -> PortState:
    peer, load = state.peer, state.kind is Kind.LOAD
    over = state.sensors.full if load else state.sensors.clear
    if state.phase is Phase.MOVED and over and peer is not None and peer.compt:
        custody = state.custody if load else Custody.NONE
        return replace(state, phase=Phase.CLOSED, custody=custody, failures=0, problem=FINE)
    if not state.open:
        return _freeze(state, shut(state))
    if state.phase is Phase.TRANSFER and not state.consent.ready:
        return _freeze(state, Problem(Code.FROZEN, f'{state.id} has taken READY back'))
    if peer is not None and (not peer.es or (peer.busy and peer.problem)):
        stop = Problem(Code.EMERGENCY_STOP, f'emergency stop of {state.vehicle}')
        return _freeze(state, peer.problem or stop)
    if peer is not None and _has_left(state):
        text = f'{state.vehicle} has left in the middle of the hand-off'
        return _freeze(state, Problem(Code.FROZEN, text))
    if state.phase is Phase.TRANSFER:
        if not over:
            return state
        custody = Custody.MINE if load else state.custody
        holding = state.load if load else NO_LOAD
        return replace(state, phase=Phase.MOVED, custody=custody, holding=holding)
    if not over:
        text = 'the load has left its place again' if load else 'the load has come back'
        return _freeze(state, Problem(Code.NOT_PLACED, text))
    return state


def _freeze(state: PortState, problem: Problem) -> PortState:
    # For an UNLOAD `late` remembers that U_REQ had gone off; a LOAD's custody tells it.
    off = state.phase is Phase.MOVED
    if state.custody is not Custody.MINE or state.phase not in (Phase.TRANSFER, Phase.MOVED):
        state = replace(state, custody=Custody.IN_TRANSFER, holding=NO_LOAD)
    return replace(state, phase=Phase.FROZEN, late=off, problem=problem)


def _ask_vehicle(state: PortState, holder: Holder) -> PortState:
    """A person has spoken: the vehicle must take it in first, then this side."""
    kept = state.custody is Custody.MINE and holder is Holder.PORT
    return replace(
        state,
        phase=Phase.CONFIRMED,
        confirmed=holder,
        custody=Custody.MINE if kept else Custody.IN_TRANSFER,
        holding=state.load if kept else NO_LOAD,
        stopped=not state.healthy,
    )


def _booked(state: PortState, holder: Holder) -> PortState:
    here = holder is Holder.PORT
    return replace(
        state,
        custody=Custody.MINE if here else Custody.NONE,
        holding=state.load if here else NO_LOAD,
    )


def _close(state: PortState) -> PortState:
    """The session is over for good; the same vehicle may go on with its next load."""
    chained = state.chained and state.phase is Phase.CLOSED
    closed = (*state.closed, state.session)[-MOST_CLOSED:]
    state = replace(_leave(state), closed=closed, failures=0)
    return replace(state, phase=Phase.CHAINED) if chained else state


def _leave(state: PortState) -> PortState:
    """Go back to where any vehicle may begin; what a silent one spoilt stays told."""
    silent = state.stopped and state.problem.code == Code.PEER_SILENT
    return replace(
        state,
        phase=Phase.IDLE,
        session=NO_SESSION,
        kind=Kind.UNKNOWN,
        late=False,
        chained=False,
        confirmed=Holder.UNKNOWN,
        problem=state.problem if silent else FINE,
    )
