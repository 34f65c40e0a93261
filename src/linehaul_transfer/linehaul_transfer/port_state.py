# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the passive side knows, and what follows from that alone: levels, timers, freedom."""

from dataclasses import dataclass, replace
from enum import Enum

from linehaul_transfer.events import GRANTED, Consent
from linehaul_transfer.model import (
    CLEAR,
    FINE,
    NO_LOAD,
    NO_SESSION,
    NO_VEHICLE,
    Code,
    Custody,
    Holder,
    Kind,
    LoadId,
    PortId,
    Position,
    Problem,
    Sensors,
    SessionId,
    Timer,
    VehicleId,
)
from linehaul_transfer.signals import PortSignals, VehicleSignals


class Phase(Enum):
    """Where the port is with the vehicle at it."""

    IDLE = 'idle'
    REFUSING = 'refusing'  # this session gets no request
    REQUESTING = 'requesting'  # L_REQ or U_REQ
    READY = 'ready'
    TRANSFER = 'transfer'  # BUSY was seen
    MOVED = 'moved'  # the load has come or gone: request off, READY still on
    CLOSED = 'closed'  # COMPT was seen: READY off
    CHAINED = 'chained'  # the same vehicle comes with another load
    WITHDRAWN = 'withdrawn'  # after READY: signals off, but holding still
    FROZEN = 'frozen'  # stopped after BUSY; a person must say where the load is
    CONFIRMED = 'confirmed'  # a person has; the vehicle must hear it


#: Phases that survive a restart as they are, and in which the port must hold still.
BOUND = (
    Phase.READY,
    Phase.TRANSFER,
    Phase.MOVED,
    Phase.CLOSED,
    Phase.WITHDRAWN,
    Phase.FROZEN,
    Phase.CONFIRMED,
)


@dataclass(frozen=True, slots=True)
class PortState:
    """All that the passive side knows.

    Attributes:
        id: Which port.
        attempts: Failures in a row before a person is called.
        boot: Starts of this side so far.
        phase, session, vehicle, kind, chained: Where it is, with whom, about what; whether
            another load follows.
        load, custody: Load of the session and this side's record of it.
        holding: Load that stands here by the books; empty: none.
        expected: Loads that may come; None: any.
        sensors: What is seen in the hand-off place.
        healthy, available, why: Emergency stop is released; automatic mode; why not.
        stopped: A person must reset before a hand-off begins.
        consent: What a wired station grants; always both without one.
        failures: Sessions in a row that a silent vehicle spoilt.
        peers: Newest message of each vehicle, by vehicle.
        last: Newest position of the vehicle of the session.
        late: The timer of this phase has run out, and waiting goes on.
        confirmed: Where a person said the load is.
        closed: Sessions that are over for good, oldest first.
        problem: What a person should know.
    """

    id: PortId
    attempts: int = 3
    boot: int = 1
    phase: Phase = Phase.IDLE
    session: SessionId = NO_SESSION
    vehicle: VehicleId = NO_VEHICLE
    kind: Kind = Kind.UNKNOWN
    chained: bool = False
    load: LoadId = NO_LOAD
    custody: Custody = Custody.NONE
    holding: LoadId = NO_LOAD
    expected: frozenset[LoadId] | None = None
    sensors: Sensors = CLEAR
    healthy: bool = True
    available: bool = True
    why: str = ''
    stopped: bool = False
    consent: Consent = GRANTED
    failures: int = 0
    peers: tuple[VehicleSignals, ...] = ()
    last: Position | None = None
    late: bool = False
    confirmed: Holder = Holder.UNKNOWN
    closed: tuple[SessionId, ...] = ()
    problem: Problem = FINE

    @property
    def peer(self) -> VehicleSignals | None:
        """Newest message of the vehicle of the session since this start; None: none yet."""
        return next((p for p in self.peers if p.vehicle_id == self.vehicle), None)

    @property
    def open(self) -> bool:
        """A vehicle may begin."""
        return self.healthy and self.available and not self.stopped

    @property
    def may_move(self) -> bool:
        """The port's own equipment, a crane or a person may change what stands in it."""
        return self.phase in (Phase.IDLE, Phase.REFUSING)


def levels(state: PortState, position: Position) -> PortSignals:
    """Return what the port says now."""
    phase = state.phase
    asks = phase in (Phase.READY, Phase.TRANSFER)
    asks = asks or (phase is Phase.REQUESTING and state.consent.request)
    stuck = phase in (Phase.FROZEN, Phase.CONFIRMED)
    if stuck:  # as they were; HO_AVBL says that nothing goes on
        asks = state.custody is not Custody.MINE if state.kind is Kind.LOAD else not state.late
    failed = phase is Phase.REFUSING and state.problem.code == Code.PEER_SILENT
    sensors = replace(state.sensors, load_id=state.sensors.load_id or state.holding)
    return PortSignals(
        port_id=state.id,
        position=position,
        session=state.session if phase not in (Phase.IDLE, Phase.CHAINED) else NO_SESSION,
        vehicle_id=state.vehicle,
        l_req=asks and state.kind is Kind.LOAD,
        u_req=asks and state.kind is Kind.UNLOAD,
        ready=phase in (Phase.READY, Phase.TRANSFER, Phase.MOVED) or stuck,
        ho_avbl=state.open and not (stuck or failed or state.late or phase is Phase.WITHDRAWN),
        es=state.healthy,
        sensors=sensors,
        custody=state.custody,
        confirmed=state.confirmed,
        problem=state.problem if state.problem or state.open else shut(state),
    )


def timer(state: PortState) -> Timer | None:
    """Return the timer that runs now."""
    if state.late:
        return None
    if state.phase is Phase.REQUESTING:
        waits = state.consent.request and state.peer is not None and not state.peer.tr_req
        return Timer.TP1 if waits else None
    return {
        Phase.READY: Timer.TP2,
        Phase.TRANSFER: Timer.TP3,
        Phase.MOVED: Timer.TP4,
        Phase.CLOSED: Timer.TP5,
        Phase.CHAINED: Timer.TP6,
    }.get(state.phase)


def watches(state: PortState) -> bool:
    """Tell whether silence of the vehicle counts now."""
    return state.phase not in (Phase.IDLE, Phase.FROZEN, Phase.CONFIRMED) and not state.late


def shut(state: PortState) -> Problem:
    """Return why no hand-off may begin or go on here."""
    if not state.healthy:
        return Problem(Code.EMERGENCY_STOP, f'emergency stop of {state.id}')
    if not state.available:
        return Problem(Code.NOT_READY, state.why or f'{state.id} is not in automatic mode')
    if state.stopped:
        return Problem(Code.NOT_READY, f'{state.id} waits for a person to reset it')
    return Problem(Code.EMERGENCY_STOP, f'emergency stop of {state.vehicle}')
