# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the active side knows, and what follows from that alone: levels, timers, freedom."""

from dataclasses import dataclass
from enum import Enum

from linehaul_transfer.events import Job, Transfer
from linehaul_transfer.model import (
    CLEAR,
    FINE,
    NO_LOAD,
    NO_PORT,
    NO_SESSION,
    Custody,
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
    """Where the vehicle is in its job."""

    IDLE = 'idle'
    WAITING = 'waiting'  # before the first or the next attempt
    HALTED = 'halted'  # emergency stop before BUSY; a person must reset
    SELECTED = 'selected'  # CS
    VALID = 'valid'
    REQUESTED = 'requested'  # TR_REQ
    BUSY = 'busy'
    COMPLETE = 'complete'  # COMPT
    FROZEN = 'frozen'  # stopped in BUSY; a person must say where the load is
    CONFIRMED = 'confirmed'  # a person has; the port must hear it


OFFERING = (Phase.SELECTED, Phase.VALID, Phase.REQUESTED)
#: Nothing of the load is moving, nor has it.
FREE = (Phase.IDLE, Phase.WAITING, Phase.HALTED, *OFFERING)
#: Phases that survive a restart as they are.
BOUND = (Phase.COMPLETE, Phase.FROZEN, Phase.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Result:
    """How a job ended: transfers done in their order, and why not more of them."""

    job_id: str
    done: int
    problem: Problem = FINE


@dataclass(frozen=True, slots=True)
class VehicleState:
    """All that the active side knows.

    Attributes:
        id: Which vehicle.
        attempts: Sessions before it gives a transfer up.
        boot: Starts of this side so far; part of session ids.
        made: Sessions made since this start.
        phase, port, session: Where it is; port and session stay named until the next begin.
        job, index, attempt: What to do, which of its transfers, and how often that has failed.
        load, custody: Load of the session and this side's record of it.
        sensors, moved: Own load sensors; the load handler has ended its motion.
        healthy, stopped: Emergency stop is released; a person must reset before anything begins.
        peer, last: Newest message of the port, and its position.
        seen: The port has answered in this session.
        late: The timer of this phase has run out, and waiting goes on.
        problem: What a person should know.
        result: How the last job ended.
    """

    id: VehicleId
    attempts: int = 3
    boot: int = 1
    made: int = 0
    phase: Phase = Phase.IDLE
    port: PortId = NO_PORT
    session: SessionId = NO_SESSION
    job: Job | None = None
    index: int = 0
    attempt: int = 0
    load: LoadId = NO_LOAD
    custody: Custody = Custody.NONE
    sensors: Sensors = CLEAR
    moved: bool = False
    healthy: bool = True
    stopped: bool = False
    peer: PortSignals | None = None
    last: Position | None = None
    seen: bool = False
    late: bool = False
    problem: Problem = FINE
    result: Result | None = None

    @property
    def transfer(self) -> Transfer:
        """The transfer under way; of kind UNKNOWN without a job."""
        return self.job.transfers[self.index] if self.job else Transfer(Kind.UNKNOWN)

    @property
    def kind(self) -> Kind:
        """Which way the load goes."""
        return self.transfer.kind

    @property
    def more(self) -> bool:
        """Another load follows this one."""
        return self.job is not None and self.index + 1 < len(self.job.transfers)

    @property
    def own(self) -> PortSignals | None:
        """What the port says about this session; None: nothing."""
        peer = self.peer
        return peer if peer and self.session and peer.session == self.session else None

    @property
    def may_move(self) -> bool:
        """The load handler may move. It stops at once when this ends."""
        return self.phase is Phase.BUSY and not self.moved and self.healthy


def levels(state: VehicleState, position: Position) -> VehicleSignals:
    """Return what the vehicle says now."""
    phase = state.phase
    offered = phase in OFFERING or phase in (Phase.BUSY, Phase.COMPLETE, Phase.FROZEN)
    busy = phase in (Phase.BUSY, Phase.FROZEN)
    return VehicleSignals(
        port_id=state.port,
        vehicle_id=state.id,
        position=position,
        session=state.session,
        kind=state.kind,
        load_id=state.load,
        cs=offered,
        valid=offered and phase is not Phase.SELECTED,
        tr_req=phase is Phase.REQUESTED or busy,
        busy=busy,
        compt=phase is Phase.COMPLETE,
        cont=(busy or phase is Phase.COMPLETE) and state.more,
        es=state.healthy,
        custody=state.custody,
        problem=state.problem,
    )


def timer(state: VehicleState) -> Timer | None:
    """Return the timer that runs now."""
    if state.late:
        return None
    if state.phase is Phase.SELECTED:
        return Timer.TD1 if state.index else Timer.TD0
    return {
        Phase.WAITING: Timer.BACKOFF,
        Phase.VALID: Timer.TA1,
        Phase.REQUESTED: Timer.TA2,
        Phase.COMPLETE: Timer.TA3,
    }.get(state.phase)


def watches(state: VehicleState) -> bool:
    """Tell whether silence of the port counts now."""
    return state.phase in (Phase.VALID, Phase.REQUESTED, Phase.BUSY)
