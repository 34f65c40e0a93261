# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The active side: a vehicle that gives a load to a port, or takes one from it.

`advance` takes one event in and gives the new state; what the vehicle says, keeps on disk, may
move and waits for are functions of the state. There is no clock: a timer that has run out is an
event like any other.

Before BUSY everything can be given up: a timeout or a port that went away withdraws the signals,
and another session begins after a while. BUSY is kept on disk before it is said. From then on the
vehicle leaves the session in two ways only: COMPT and READY off, or a person's word.
"""

from dataclasses import replace

from linehaul_transfer.events import (
    Cancel,
    Confirm,
    Expired,
    Health,
    HeardPort,
    Job,
    Lost,
    MotionFailed,
    Moved,
    Reset,
    Sensed,
    Start,
    VehicleEvent,
)
from linehaul_transfer.model import (
    FINAL,
    FINE,
    NO_VEHICLE,
    Code,
    Custody,
    Holder,
    Kind,
    Problem,
    SessionId,
    Timer,
)
from linehaul_transfer.signals import PortSignals, nonsense_of_port
from linehaul_transfer.vehicle_state import OFFERING, Phase, Result, VehicleState, timer, watches


def why_not(state: VehicleState, event: VehicleEvent) -> Problem:
    """Return why an event would change nothing, for the one who sent it; FINE: it counts."""
    match event:
        case Start(job):
            return _wrong_job(state, job)
        case Cancel():
            if state.job and state.phase not in (Phase.WAITING, Phase.HALTED, *OFFERING):
                return Problem(Code.STILL_MOVING, 'the load is already being moved')
        case Confirm(session, holder, actor):
            return _wrong_word(state, session, holder, actor)
    return FINE


def _wrong_job(state: VehicleState, job: Job) -> Problem:
    known = (state.job and state.job.id, state.result and state.result.job_id)
    if job.id in known:
        return FINE
    if state.job:
        return Problem(Code.NOT_READY, f'job {state.job.id} is still under way')
    if not job.id or not job.port_id or not job.transfers:
        return Problem(Code.INVALID_ARGUMENT, 'a job needs an id, a port and a transfer')
    for transfer in job.transfers:
        if transfer.kind is Kind.UNKNOWN or (transfer.kind is Kind.LOAD and not transfer.load_id):
            text = 'a transfer needs a kind, and the load id if it gives one'
            return Problem(Code.INVALID_ARGUMENT, text)
    return FINE


def _wrong_word(state: VehicleState, session: str, holder: Holder, actor: str) -> Problem:
    if state.phase is not Phase.FROZEN or session != state.session:
        return Problem(Code.UNKNOWN_SESSION, f'nobody is asked about session {session!r}')
    if not actor or holder not in (Holder.VEHICLE, Holder.PORT):
        return Problem(Code.INVALID_ARGUMENT, 'say who confirms, and vehicle or port')
    if state.own is None or state.own.custody is not Custody.UNKNOWN:
        return Problem(Code.INVALID_ARGUMENT, 'this port keeps records: confirm at the port')
    return FINE


def advance(state: VehicleState, event: VehicleEvent) -> VehicleState:
    """Take one event in; return the new state. Late, repeated and foreign input changes nothing.

    Whoever calls keeps `records.vehicle_record` of the new state on disk before it says the new
    levels or lets anything move.
    """
    return _settle(_take(state, event))


def _take(state: VehicleState, event: VehicleEvent) -> VehicleState:
    match event:
        case Start(job):
            return _start(state, job) if not why_not(state, event) else state
        case Cancel():
            early = state.job is not None and not why_not(state, event)
            return _end(state, Problem(Code.CANCELLED, 'cancelled')) if early else state
        case HeardPort(signals):
            return _hear(state, signals)
        case Moved(sensors):
            return replace(state, sensors=sensors, moved=state.moved or state.phase is Phase.BUSY)
        case MotionFailed(text):
            problem = Problem(Code.FROZEN, f'the load handler failed: {text}')
            return _freeze(state, problem) if state.phase is Phase.BUSY else state
        case Sensed(sensors):
            return replace(state, sensors=sensors)
        case Health(healthy):
            return replace(state, healthy=healthy, stopped=state.stopped or not healthy)
        case Reset():
            return replace(state, stopped=not state.healthy)
        case Confirm(_, holder, _):
            return state if why_not(state, event) else _believe(state, holder)
        case Lost():
            free = state.phase in (Phase.IDLE, Phase.WAITING, Phase.HALTED)
            return replace(state, peer=None, last=None) if free else state
        case Expired(which):
            return _expire(state, which)


def _start(state: VehicleState, job: Job) -> VehicleState:
    if (state.job and state.job.id == job.id) or (state.result and state.result.job_id == job.id):
        return state
    state = replace(
        state,
        job=job,
        port=job.port_id,
        index=0,
        attempt=0,
        result=None,
        problem=FINE,
        peer=None,
        last=state.last if job.port_id == state.port else None,
    )
    return _begin(_prepare(state))


def _prepare(state: VehicleState) -> VehicleState:
    """Set load and custody of the transfer that comes next."""
    kind, load = state.transfer.kind, state.transfer.load_id
    custody = Custody.MINE if kind is Kind.LOAD else Custody.NONE
    return replace(state, load=load, custody=custody)


def _begin(state: VehicleState) -> VehicleState:
    """Begin a session, or wait if the port lets nobody in."""
    if state.stopped or not state.healthy:
        return replace(state, phase=Phase.HALTED)
    peer = state.peer
    if _taken(state):
        return replace(state, phase=Phase.WAITING)
    if peer and not (peer.ho_avbl and peer.es):
        text = peer.problem.text or 'the port takes no part in hand-offs now'
        return _withdraw(state, Problem(peer.problem.code or Code.NOT_READY, text))
    made = state.made + 1
    session = SessionId(f'{state.id}-{state.boot}-{made}')
    return replace(
        state,
        phase=Phase.SELECTED,
        session=session,
        made=made,
        seen=False,
        moved=False,
        late=False,
        problem=FINE,
    )


def _taken(state: VehicleState) -> bool:
    """Another vehicle is at the port; waiting for it is no failure."""
    peer = state.peer
    other = peer is not None and peer.session and peer.vehicle_id not in (NO_VEHICLE, state.id)
    return bool(other) and peer is not None and peer.ho_avbl


def _withdraw(state: VehicleState, problem: Problem) -> VehicleState:
    """Take the signals back; try again later, or give up."""
    attempt = state.attempt + 1
    state = replace(state, attempt=attempt, problem=problem, late=False)
    if attempt >= state.attempts or problem.code in FINAL:
        return _end(state, problem)
    return replace(_prepare(state), phase=Phase.WAITING)


def _end(state: VehicleState, problem: Problem) -> VehicleState:
    job_id = state.job.id if state.job else ''
    return replace(
        state,
        phase=Phase.IDLE,
        job=None,
        index=0,
        attempt=0,
        late=False,
        moved=False,
        problem=problem,
        result=Result(job_id, state.index, problem),
    )


def _hear(state: VehicleState, signals: PortSignals) -> VehicleState:
    wanted = bool(state.port) and signals.port_id == state.port
    if not wanted or nonsense_of_port(signals):
        return state
    if state.last is not None and signals.position <= state.last:
        return state
    seen = state.seen or (bool(state.session) and signals.session == state.session)
    return replace(state, peer=signals, last=signals.position, seen=seen)


def _expire(state: VehicleState, which: Timer) -> VehicleState:
    if which is Timer.PEER and watches(state):
        problem = Problem(Code.PEER_SILENT, 'nothing is heard from the port')
        if state.phase is Phase.BUSY:
            return _freeze(state, problem)
        return _withdraw(state, problem)
    if which is not timer(state):
        return state
    match which:
        case Timer.BACKOFF:
            return _begin(state)
        case Timer.TD0 | Timer.TD1:
            return replace(state, phase=Phase.VALID)
        case Timer.TA1 if _taken(state):
            return replace(_prepare(state), phase=Phase.WAITING)
        case Timer.TA1:
            return _withdraw(state, Problem(Code.PEER_SILENT, 'the port gave no request (TA1)'))
        case Timer.TA2:
            return _withdraw(state, Problem(Code.PEER_SILENT, 'the port gave no READY (TA2)'))
        case _:
            text = 'the load is moved, but the port does not end the hand-off (TA3)'
            return replace(state, late=True, problem=Problem(Code.PEER_SILENT, text))


def _settle(state: VehicleState) -> VehicleState:
    """Go on as far as what is known allows."""
    while True:
        new = _next(state)
        if new is state:
            return state
        state = new


def _next(state: VehicleState) -> VehicleState:
    match state.phase:
        case Phase.SELECTED | Phase.VALID | Phase.REQUESTED:
            return _offer(state)
        case Phase.BUSY:
            return _busy(state)
        case Phase.COMPLETE:
            return _complete(state)
        case Phase.FROZEN:
            own = state.own
            return _believe(state, own.confirmed) if own and own.confirmed else state
        case Phase.CONFIRMED:
            closed = state.peer is not None and state.own is None
            return _part(state) if closed else state
        case Phase.HALTED:
            return _begin(state) if state.healthy and not state.stopped else state
        case Phase.WAITING:
            return state if state.healthy else replace(state, phase=Phase.HALTED)
        case Phase.IDLE:
            return state


def _offer(state: VehicleState) -> VehicleState:
    """Before BUSY: watch for reasons to withdraw, else go one step on."""
    if not state.healthy:
        return replace(state, phase=Phase.HALTED, problem=_stop('vehicle'))
    peer, own = state.peer, state.own
    if peer is None or state.phase is Phase.SELECTED:
        return state
    asked = own is not None and own.request(state.kind)
    if own and own.problem and not asked:
        return _withdraw(state, own.problem)
    if not peer.es:
        return _withdraw(state, _stop('port'))
    if not peer.ho_avbl or (state.seen and own is None):
        text = peer.problem.text or 'the port has withdrawn'
        return _withdraw(state, Problem(peer.problem.code or Code.NOT_READY, text))
    if state.phase is Phase.VALID:
        return replace(state, phase=Phase.REQUESTED) if asked else state
    if not asked:
        return _withdraw(state, Problem(Code.NOT_READY, 'the port has taken its request back'))
    return _enter(state, own) if own and own.ready else state


def _stop(side: str) -> Problem:
    return Problem(Code.EMERGENCY_STOP, f'emergency stop of the {side}')


def _enter(state: VehicleState, own: PortSignals) -> VehicleState:
    """READY is there: the load may move, if it is the right one."""
    load = state.load
    if state.kind is Kind.UNLOAD:
        read = own.sensors.load_id
        if load and read and read != load:
            return _withdraw(
                state, Problem(Code.WRONG_LOAD, f'wanted {load}, the port has {read}')
            )
        load = load or read
        if not state.sensors.clear:
            return _withdraw(state, Problem(Code.REFUSED, 'the vehicle is not empty'))
    elif not state.sensors.full:
        return _withdraw(state, Problem(Code.REFUSED, f'{load} is not in place on the vehicle'))
    custody = Custody.IN_TRANSFER
    return replace(state, phase=Phase.BUSY, custody=custody, load=load, moved=False, problem=FINE)


def _busy(state: VehicleState) -> VehicleState:
    if not state.healthy:
        return _freeze(state, _stop('vehicle'))
    own = state.own
    if own is None:
        return _freeze(state, Problem(Code.FROZEN, 'the port no longer knows this hand-off'))
    if not own.es:
        return _freeze(state, _stop('port'))
    if own.problem or not (own.ready and own.ho_avbl):
        text = own.problem.text or 'the port has taken READY back'
        return _freeze(state, Problem(own.problem.code or Code.FROZEN, text))
    if not state.moved:
        return state
    unload = state.kind is Kind.UNLOAD
    if not (state.sensors.full if unload else state.sensors.clear):
        found = 'is not in place on' if unload else 'has not left'
        return _freeze(state, Problem(Code.NOT_PLACED, f'the load {found} the vehicle'))
    if own.request(state.kind):
        return state
    custody = Custody.MINE if unload else Custody.NONE
    return replace(state, phase=Phase.COMPLETE, custody=custody, late=False)


def _freeze(state: VehicleState, problem: Problem) -> VehicleState:
    return replace(state, phase=Phase.FROZEN, problem=problem)


def _complete(state: VehicleState) -> VehicleState:
    own = state.own
    if own and own.confirmed:
        return _believe(state, own.confirmed)
    if state.peer is None or (own and own.ready):
        return state
    return _part(replace(state, problem=FINE))


def _believe(state: VehicleState, holder: Holder) -> VehicleState:
    """A person has said where the load is."""
    with_vehicle = holder is Holder.VEHICLE
    text = 'a person said that the load is ' + (
        'on the vehicle' if with_vehicle else 'at the port'
    )
    return replace(
        state,
        phase=Phase.CONFIRMED,
        custody=Custody.MINE if with_vehicle else Custody.NONE,
        problem=Problem(Code.FROZEN, text),
        moved=False,
        late=False,
    )


def _part(state: VehicleState) -> VehicleState:
    """Leave a session whose load is booked on both sides; go on to the next transfer."""
    taken = state.custody is Custody.MINE
    done = taken if state.kind is Kind.UNLOAD else not taken
    if not done:
        return _end(state, state.problem)
    if state.phase is Phase.COMPLETE and state.more:
        return _begin(_prepare(replace(state, index=state.index + 1, attempt=0)))
    last = replace(state, index=state.index + 1)
    short = last.job is not None and last.index < len(last.job.transfers)
    return _end(last, state.problem if short else FINE)
