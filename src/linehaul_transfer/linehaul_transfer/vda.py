# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A hand-off as VDA 5050 actions: `pick`, `drop`, and `waitForTrigger` with `trigger`.

Two kinds of vehicles. One that knows the handshake runs the active side itself while its `pick`
or `drop` is under way: `job_of` and `report`. One that does not gets `waitForTrigger` before the
action, and whoever controls it runs the active side in its place: the trigger is sent when BUSY
is on disk, and the end of the action is the end of the motion: `interlock`. VDA 5050 leaves the
timeout of a trigger to the fleet control, so giving up cancels the order.

Names of actions, states and levels are VDA 5050's own texts; nothing else of it is needed here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from linehaul_transfer.events import (
    Job,
    MotionFailed,
    Moved,
    Start,
    Transfer,
    VehicleEvent,
)
from linehaul_transfer.model import (
    CLEAR,
    FINAL,
    Code,
    Kind,
    LoadId,
    PortId,
    Problem,
    Sensors,
    SessionId,
)
from linehaul_transfer.vehicle_state import FREE, Phase, VehicleState

KINDS = {'pick': Kind.UNLOAD, 'drop': Kind.LOAD}
LOAD_HANDLING_FAILED = 'LOAD_HANDLING_FAILED'


class Status(Enum):
    """Action states of VDA 5050."""

    WAITING = 'WAITING'
    INITIALIZING = 'INITIALIZING'
    RUNNING = 'RUNNING'
    PAUSED = 'PAUSED'
    RETRIABLE = 'RETRIABLE'
    FINISHED = 'FINISHED'
    FAILED = 'FAILED'


@dataclass(frozen=True, slots=True)
class Report:
    """How an action is, and the error that goes with it; error_type empty: none."""

    status: Status
    text: str = ''
    error_type: str = ''
    error_level: str = ''
    code: int = 0


def job_of(action_id: str, action_type: str, parameters: Mapping[str, str]) -> Job | Problem:
    """Return the job of a pick or drop; the action's id is the job's, so a repeat is known.

    Args:
        action_id: Unique for ever.
        action_type: pick or drop.
        parameters: By key; stationName is the port, loadId the load (a pick may leave it out).
    """
    kind = KINDS.get(action_type)
    if kind is None:
        return Problem(Code.INVALID_ARGUMENT, f'{action_type!r} moves no load')
    port, load = parameters.get('stationName', ''), parameters.get('loadId', '')
    if not action_id or not port:
        return Problem(Code.INVALID_ARGUMENT, 'an actionId and a stationName are needed')
    if kind is Kind.LOAD and not load:
        return Problem(Code.INVALID_ARGUMENT, 'a drop at a port needs the loadId')
    return Job(action_id, PortId(port), (Transfer(kind, LoadId(load)),))


def report(state: VehicleState, action_id: str, *, retriable: bool = False) -> Report:
    """Return how the action is whose job this vehicle has, had, or does not know yet."""
    if state.job is not None and state.job.id == action_id:
        return _running(state)
    result = state.result
    if result is None or result.job_id != action_id:
        return Report(Status.WAITING)
    if not result.problem:
        return Report(Status.FINISHED, str(state.load))
    again = retriable and result.problem.code not in FINAL
    status = Status.RETRIABLE if again else Status.FAILED
    level = 'WARNING' if again else 'CRITICAL'
    return _wrong(status, level, result.problem)


def _running(state: VehicleState) -> Report:
    if state.phase is Phase.FROZEN:
        return _wrong(Status.PAUSED, 'CRITICAL', state.problem)
    if state.phase is Phase.HALTED:
        return _wrong(Status.PAUSED, 'URGENT', state.problem)
    if state.phase in FREE:
        warns = state.phase is Phase.WAITING and bool(state.problem)
        if warns:
            return _wrong(Status.INITIALIZING, 'WARNING', state.problem)
        return Report(Status.INITIALIZING)
    if state.late:
        return _wrong(Status.RUNNING, 'URGENT', state.problem)
    return Report(Status.RUNNING)


def _wrong(status: Status, level: str, problem: Problem) -> Report:
    return Report(status, problem.text, LOAD_HANDLING_FAILED, level, problem.code)


@dataclass(frozen=True, slots=True)
class Interlock:
    """What to do next for a vehicle that waits for a trigger.

    Attributes:
        event: For the active side; None: nothing new.
        trigger: Id of the `trigger` to send; a repeat of it does no harm. Empty: none.
        cancel: Why the order has to be cancelled; empty: it has not.
    """

    event: VehicleEvent | None = None
    trigger: str = ''
    cancel: str = ''


def interlock(state: VehicleState, job: Job, waiting: Status, handling: Status) -> Interlock:
    """Lead a vehicle that only knows triggers through a hand-off.

    Args:
        state: Active side that stands in for it.
        job: From its pick or drop.
        waiting: State of its waitForTrigger.
        handling: State of its pick or drop.
    """
    current = state.job is not None and state.job.id == job.id
    ended = state.result is not None and state.result.job_id == job.id
    if not current and not ended:
        return Interlock(event=Start(job) if waiting is Status.RUNNING else None)
    if ended and state.result is not None:
        problem = state.result.problem
        return Interlock(cancel=problem.text if problem else '')
    if state.phase is not Phase.BUSY or state.moved:
        return Interlock()
    if handling is Status.FINISHED:
        return Interlock(event=Moved(_after(state.kind)))
    if handling is Status.FAILED:
        return Interlock(event=MotionFailed('the vehicle reports its action as failed'))
    if waiting is Status.RUNNING:
        return Interlock(trigger=trigger_id(state.session))
    return Interlock()


def trigger_id(session: SessionId) -> str:
    """Return the id of a session's trigger."""
    return f'trigger-{session}'


def _after(kind: Kind) -> Sensors:
    """Return what a vehicle without load sensors of its own has after its action."""
    return CLEAR if kind is Kind.LOAD else Sensors(True, True)
