# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a crane is told next, and what follows from its answers and faults.

A job is a pick and a drop; which of them is next follows from what the fork carries, so nothing
but the jobs must be remembered. Faults change bookings only by what was seen: a load that was
not found is missing and never booked out; a load that did not fit stays on the fork.
"""

from dataclasses import replace
from math import isnan

from linehaul_warehouse import events as ev
from linehaul_warehouse import look
from linehaul_warehouse.codes import Code, Refused
from linehaul_warehouse.crane_end import Report, Status
from linehaul_warehouse.ids import NO_LOAD, AisleId, CellId, LoadId, PortId, TaskId
from linehaul_warehouse.model import (
    CellMark,
    Crane,
    Job,
    JobKind,
    Outcome,
    Packml,
    Place,
    PlaceKind,
    RetrievalPhase,
    Step,
    StepKind,
    StoragePhase,
)
from linehaul_warehouse.people import requeue
from linehaul_warehouse.plan import other_cell
from linehaul_warehouse.settings import Settings
from linehaul_warehouse.state import State
from linehaul_warehouse.turnover import Turnover

CONTROLLER = 'controller'
"""Who did it, where a fault and not a person was the cause."""


def next_step(state: State, aisle_id: AisleId) -> Step | None:
    """Return the step that a crane with jobs and no step is told; None: no job."""
    crane = state.facts.cranes[aisle_id]
    if not crane.jobs or crane.step is not None:
        return None
    job = crane.jobs[0]
    task = TaskId(f'{aisle_id}:{crane.tasks + 1}')
    if job.kind is JobKind.MOVE:
        return Step(task, StepKind.MOVE, Place(PlaceKind.UNKNOWN), NO_LOAD, job.x, job.y)
    carries = crane.load_id == job.load_id
    place = job.target if carries else job.source
    x, y = position(state, place)
    return Step(task, StepKind.DROP if carries else StepKind.PICK, place, job.load_id, x, y)


def position(state: State, place: Place) -> tuple[float, float]:
    """Return x, y [m] of a cell or port in its aisle."""
    if place.kind is PlaceKind.CELL:
        return state.rack.position(CellId(place.id))
    port = state.rack.ports[PortId(place.id)]
    return port.x, port.y


# Answers.


def answered(
    state: State, turnover: Turnover, settings: Settings, report: Report, now: float
) -> list[ev.Event]:
    """Return what follows from a report; none for one that is not expected, such as a repeat."""
    crane = state.facts.cranes.get(report.aisle_id)
    if crane is None or crane.step is None or crane.step.task_id != report.task_id:
        return []
    step = crane.step
    x, y = report.x, report.y
    if isnan(x) or isnan(y):
        x, y = step.x, step.y
    ended = ev.StepEnded(report.aisle_id, report.task_id, report.outcome, x, y, report.energy)
    if step.kind is StepKind.MOVE and report.outcome is Outcome.DONE:
        return [ended]
    match report.outcome:
        case Outcome.DONE:
            job = crane.jobs[0]
            done = _picked(state, crane, job) if step.kind is StepKind.PICK else None
            return [ended, *(done if done is not None else _dropped(state, job, now))]
        case Outcome.EMPTY:
            return [ended, *_empty(state, crane, step)]
        case Outcome.OCCUPIED if step.place.kind is PlaceKind.CELL:
            return [ended, *_occupied(state, turnover, settings, crane, step, now)]
        case Outcome.OCCUPIED:
            return [ended, *_port_full(state, turnover, settings, crane, now)]
        case _:
            reason = f'{report.outcome.name.lower()} at {step.place.id}: a person must look'
            return [ended, ev.CraneChanged(crane.aisle_id, Packml.HELD, CONTROLLER, reason)]


def _picked(state: State, crane: Crane, job: Job) -> list[ev.Event]:
    found: list[ev.Event] = [ev.LoadMoved(job.load_id, Place(PlaceKind.CRANE, crane.aisle_id))]
    request_id = state.storing.get(job.load_id)
    if request_id is not None:
        found.append(ev.StoragePhased(request_id, StoragePhase.CRANE))
    return found


def _dropped(state: State, job: Job, now: float) -> list[ev.Event]:
    if job.target.kind is PlaceKind.PORT:
        port = state.rack.ports[PortId(job.target.id)]
        moved = ev.LoadMoved(job.load_id, job.target, now + port.conveyor_time)
        load = state.facts.loads[job.load_id]
        retrieval = state.facts.retrievals.get(load.held_by)
        if retrieval is None or not retrieval.open:
            return [moved]
        phase = RetrievalPhase.CONVEYOR
        return [moved, ev.RetrievalPhased(load.held_by, phase, load.id, port.id)]
    found: list[ev.Event] = [ev.LoadMoved(job.load_id, job.target)]
    request_id = state.storing.get(job.load_id)
    if request_id is not None:
        found.append(ev.StorageEnded(request_id, CellId(job.target.id)))
    load = state.facts.loads[job.load_id]
    retrieval = state.facts.retrievals.get(load.held_by)
    if retrieval is not None and retrieval.phase is RetrievalPhase.CRANE:
        found.append(ev.RetrievalPhased(load.held_by, RetrievalPhase.QUEUED))
        found.append(ev.LoadFreed(load.id, 'put back'))
    return found


def _empty(state: State, crane: Crane, step: Step) -> list[ev.Event]:
    """Empty retrieval: book nothing out; the load is missing, its cell blocked and counted."""
    load = state.facts.loads[step.load_id]
    found: list[ev.Event] = []
    if step.place.kind is PlaceKind.CELL:
        reason = f'empty retrieval of {load.id}: count it'
        cell = CellId(step.place.id)
        found.append(ev.CellMarked(cell, CellMark.BLOCKED, CONTROLLER, reason))
    found += requeue(state, load, 'not found')
    found.append(ev.LoadMoved(load.id, Place(PlaceKind.MISSING, step.place.id)))
    request_id = state.storing.get(load.id)
    if request_id is not None:
        text = f'load {load.id} was not at port {step.place.id} when the crane came'
        found.append(ev.StorageEnded(request_id, CellId(''), Code.STORE_UNKNOWN_LOAD, text))
    job = crane.jobs[0]
    if job.target.kind is PlaceKind.CELL:
        found.append(ev.CellClaimed(CellId(job.target.id), NO_LOAD))
    return [*found, ev.CyclePlanned(crane.aisle_id, crane.jobs[1:])]


def _occupied(
    state: State, turnover: Turnover, settings: Settings, crane: Crane, step: Step, now: float
) -> list[ev.Event]:
    """Double storage: the load stays on the fork, the cell is blocked, another is chosen."""
    cell = CellId(step.place.id)
    reason = f'double storage of {step.load_id}: unknown occupant, count it'
    found: list[ev.Event] = [
        ev.CellClaimed(cell, NO_LOAD),
        ev.CellMarked(cell, CellMark.BLOCKED, CONTROLLER, reason),
    ]
    place = other_cell(state, turnover, settings, crane, step.load_id, now)
    if place is None:
        reason = f'no cell for {step.load_id} on the fork: a person must look'
        return [*found, ev.CraneChanged(crane.aisle_id, Packml.HELD, CONTROLLER, reason)]
    job = replace(crane.jobs[0], target=place)
    claim = ev.CellClaimed(CellId(place.id), step.load_id)
    return [*found, claim, ev.CyclePlanned(crane.aisle_id, (job, *crane.jobs[1:]))]


def _port_full(
    state: State, turnover: Turnover, settings: Settings, crane: Crane, now: float
) -> list[ev.Event]:
    """Return none to try again, where a slot is about to be free; else the load goes back."""
    job = crane.jobs[0]
    port = state.rack.ports[PortId(job.target.id)]
    if look.slots(state, [port], now)[port.id] >= 0:
        return []
    place = job.source
    if place.kind is not PlaceKind.CELL or not state.free[state.rack.index[CellId(place.id)]]:
        found = other_cell(state, turnover, settings, crane, job.load_id, now)
        if found is None:
            return []
        place = found
    back = replace(job, kind=JobKind.RELOCATE, target=place)
    claim = ev.CellClaimed(CellId(place.id), job.load_id)
    return [claim, ev.CyclePlanned(crane.aisle_id, (back, *crane.jobs[1:]))]


# Giving up what has not begun.


def give_up(state: State, aisle_id: AisleId, reason: str) -> list[ev.Event]:
    """Return the events that take back every job whose load is not on the fork or being picked.

    Retrievals look for another load, storages wait at their port again.
    """
    crane = state.facts.cranes[aisle_id]
    begun = {crane.load_id, crane.step.load_id if crane.step else NO_LOAD} - {NO_LOAD}
    kept = tuple(
        j for j in crane.jobs if j.load_id in begun or (crane.step and j.kind is JobKind.MOVE)
    )
    if kept == crane.jobs:
        return []
    found: list[ev.Event] = []
    for job in crane.jobs:
        if job in kept:
            continue
        if job.target.kind is PlaceKind.CELL:
            found.append(ev.CellClaimed(CellId(job.target.id), NO_LOAD))
        if job.kind is JobKind.RETRIEVE:
            found += requeue(state, state.facts.loads[job.load_id], reason)
    return [*found, ev.CyclePlanned(aisle_id, kept)]


def put_back(state: State, aisle_id: AisleId, load_id: LoadId) -> list[ev.Event] | None:
    """Return the events that turn a retrieval under way into a storage; None: it is too late.

    Its own cell is still empty, so it goes there again unless that was blocked or taken.
    """
    crane = state.facts.cranes[aisle_id]
    if not any(j.load_id == load_id and j.kind is JobKind.RETRIEVE for j in crane.jobs):
        return None
    job = next(j for j in crane.jobs if j.load_id == load_id and j.kind is JobKind.RETRIEVE)
    dropping = crane.step is not None and crane.step.kind is StepKind.DROP
    if crane.step is not None and crane.step.load_id == load_id and dropping:
        return None
    waiting = load_id != crane.load_id and not (crane.step and crane.step.load_id == load_id)
    rest = tuple(j for j in crane.jobs if j is not job)
    if waiting:
        return [ev.CyclePlanned(aisle_id, rest)]
    cell = CellId(job.source.id)
    if load_id == crane.load_id:
        if not state.free[state.rack.index[cell]]:
            return None
        claim: list[ev.Event] = [ev.CellClaimed(cell, load_id)]
    else:
        claim = []  # being picked: the cell is still booked as full, and free when the load is up
    back = Job(JobKind.RELOCATE, load_id, job.source, job.source)
    return [*claim, ev.CyclePlanned(aisle_id, tuple(back if j is job else j for j in crane.jobs))]


# After silence.


def compare(state: State, status: Status) -> tuple[str, Report | None]:
    """Return what a status means: 'wait', 'send', 'report', 'down', or 'look', and its report.

    'look': the fork carries something else than the books say, and a person must look.
    """
    crane = state.facts.cranes[status.aisle_id]
    step = crane.step
    if step is not None and status.last is not None and status.last.task_id == step.task_id:
        return 'report', status.last
    if not status.ready:
        return 'down', None
    if step is not None and status.running == step.task_id:
        return 'wait', None
    if status.load_id != crane.load_id:
        return 'look', None
    return 'send', None


def changed(aisle_id: AisleId, state: Packml, actor: str, reason: str) -> list[ev.Event]:
    """Return the event of a crane's new machine state."""
    return [ev.CraneChanged(aisle_id, state, actor, reason)]


def command(
    state: State, aisle_id: AisleId, wanted: Packml, actor: str, reason: str
) -> list[ev.Event] | Refused:
    """Let a person hold (HELD), stop (STOPPED), abort (ABORTED) or reset (IDLE) a crane."""
    crane = state.facts.cranes.get(aisle_id)
    if crane is None:
        return Refused(Code.UNKNOWN_ID, f'no crane in aisle {aisle_id!r}')
    if not actor.strip():
        return Refused(Code.INVALID_ARGUMENT, 'wanted who, found nothing')
    if wanted not in (Packml.HELD, Packml.STOPPED, Packml.ABORTED, Packml.IDLE):
        return Refused(Code.INVALID_ARGUMENT, f'{wanted.name} cannot be commanded')
    if wanted is Packml.IDLE and crane.state in (Packml.IDLE, Packml.EXECUTE):
        return []
    if crane.state is Packml.ABORTED and wanted is not Packml.IDLE:
        return Refused(Code.NOT_ALLOWED, 'after an emergency stop only a reset leads on')
    if wanted is Packml.IDLE and (crane.jobs or crane.step):
        wanted = Packml.EXECUTE
    return changed(aisle_id, wanted, actor, reason)
