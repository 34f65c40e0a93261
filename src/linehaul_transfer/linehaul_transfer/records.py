# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What each side keeps on disk, as JSON objects, and how it comes back after a restart.

A record is written before the levels that follow from it are said. It is small and takes the
place of the one before; `linehaul_ros.journal.Journal.append` takes it as a kept value. Changes
of custody are also events, for whoever wants to know later.
"""

from collections.abc import Mapping
from typing import Any

from linehaul_transfer import port_state, vehicle_state
from linehaul_transfer.errors import RecordError
from linehaul_transfer.events import Job, Transfer
from linehaul_transfer.model import (
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
    VehicleId,
)
from linehaul_transfer.port_state import PortState
from linehaul_transfer.vehicle_state import Result, VehicleState

Body = dict[str, Any]
FORMAT = 1
#: Parts of a record whose change alone is not worth a write.
PASSING = frozenset({'last'})


def worth_keeping(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> bool:
    """Tell whether a record differs from the one on disk in more than what passes."""
    if old is None:
        return True
    return any(old.get(key) != value for key, value in new.items() if key not in PASSING)


def vehicle_record(state: VehicleState) -> Body:
    """Return what the active side keeps."""
    bound = state.phase is vehicle_state.Phase.BUSY or state.phase in vehicle_state.BOUND
    early = vehicle_state.Phase.WAITING if state.job else vehicle_state.Phase.IDLE
    return {
        'format': FORMAT,
        'vehicle': state.id,
        'boot': state.boot,
        'port': state.port,
        'phase': (state.phase if bound else early).value,
        'session': state.session if bound else '',
        'job': _job_body(state.job) if state.job else None,
        'index': state.index,
        'attempt': state.attempt,
        'load': state.load,
        'custody': int(state.custody),
        'stopped': state.stopped,
        'last': _position_body(state.last),
        'problem': _problem_body(state.problem) if bound else None,
        'result': _result_body(state.result) if state.result else None,
    }


def restore_vehicle(
    name: VehicleId,
    attempts: int,
    record: Mapping[str, Any] | None,
    sensors: Sensors,
    *,
    healthy: bool = True,
) -> VehicleState:
    """Return the active side as it begins: sensors first, then what was kept.

    A load handler that was moving has been interrupted, so BUSY comes back as frozen; what came
    before BUSY is given up and begun anew.

    Raises:
        RecordError: the record is not one of this vehicle.
    """
    fresh = VehicleState(name, attempts, sensors=sensors, healthy=healthy, stopped=not healthy)
    if record is None:
        return fresh
    try:
        _check(record, 'vehicle', name)
        phase = vehicle_state.Phase(record['phase'])
        problem = _problem(record['problem'])
        if phase is vehicle_state.Phase.BUSY:
            phase = vehicle_state.Phase.FROZEN
            problem = Problem(Code.FROZEN, f'{name} was started again while the load moved')
        job = _job(record['job']) if record['job'] else None
        if (job is None) is not (phase is vehicle_state.Phase.IDLE):
            raise RecordError(f'phase {phase.value} does not go with job {job}')
        return VehicleState(
            id=name,
            attempts=attempts,
            boot=int(record['boot']) + 1,
            phase=phase,
            port=PortId(str(record['port'])),
            session=SessionId(str(record['session'])),
            job=job,
            index=int(record['index']) if job else 0,
            attempt=int(record['attempt']),
            load=LoadId(str(record['load'])),
            custody=Custody(record['custody']),
            sensors=sensors,
            healthy=healthy,
            stopped=bool(record['stopped']) or not healthy,
            last=_position(record['last']),
            problem=problem,
            result=_result(record['result']) if record['result'] else None,
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise RecordError(f'vehicle {name}: cannot use what was kept: {error}') from error


def port_record(state: PortState) -> Body:
    """Return what the passive side keeps."""
    bound = state.phase in port_state.BOUND
    return {
        'format': FORMAT,
        'port': state.id,
        'boot': state.boot,
        'phase': (state.phase if bound else port_state.Phase.IDLE).value,
        'session': state.session if bound else '',
        'vehicle': state.vehicle if bound else '',
        'kind': int(state.kind) if bound else 0,
        'chained': state.chained and bound,
        'load': state.load if bound else '',
        'custody': int(state.custody) if bound else 0,
        'holding': state.holding,
        'expected': None if state.expected is None else sorted(state.expected),
        'stopped': state.stopped,
        'failures': state.failures,
        'off': state.late and state.phase is port_state.Phase.FROZEN,
        'last': _position_body(state.last) if bound else None,
        'confirmed': int(state.confirmed),
        'closed': list(state.closed),
        'problem': _problem_body(state.problem) if bound else None,
    }


def restore_port(
    name: PortId,
    attempts: int,
    record: Mapping[str, Any] | None,
    sensors: Sensors,
    *,
    healthy: bool = True,
    available: bool = True,
) -> PortState:
    """Return the passive side as it begins: sensors first, then what was kept.

    A port that has promised to hold still goes on doing so.

    Raises:
        RecordError: the record is not one of this port.
    """
    fresh = PortState(
        name,
        attempts,
        sensors=sensors,
        healthy=healthy,
        available=available,
        stopped=not healthy,
    )
    if record is None:
        return fresh
    try:
        _check(record, 'port', name)
        expected = record['expected']
        return PortState(
            id=name,
            attempts=attempts,
            boot=int(record['boot']) + 1,
            phase=port_state.Phase(record['phase']),
            session=SessionId(str(record['session'])),
            vehicle=VehicleId(str(record['vehicle'])),
            kind=Kind(record['kind']),
            chained=bool(record['chained']),
            load=LoadId(str(record['load'])),
            custody=Custody(record['custody']),
            holding=LoadId(str(record['holding'])),
            expected=None if expected is None else frozenset(map(LoadId, map(str, expected))),
            sensors=sensors,
            healthy=healthy,
            available=available,
            stopped=bool(record['stopped']) or not healthy,
            failures=int(record['failures']),
            last=_position(record['last']),
            late=bool(record['off']),
            confirmed=Holder(record['confirmed']),
            closed=tuple(SessionId(str(name)) for name in record['closed']),
            problem=_problem(record['problem']),
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise RecordError(f'port {name}: cannot use what was kept: {error}') from error


def _check(record: Mapping[str, Any], side: str, name: str) -> None:
    if record['format'] != FORMAT or record[side] != name:
        text = f'found format {record["format"]} of {record[side]!r}, wanted {FORMAT} of {name!r}'
        raise RecordError(text)


def _job_body(job: Job) -> Body:
    transfers = [[int(t.kind), t.load_id] for t in job.transfers]
    return {'id': job.id, 'port': job.port_id, 'transfers': transfers}


def _job(body: Body) -> Job:
    transfers = tuple(Transfer(Kind(kind), LoadId(load)) for kind, load in body['transfers'])
    return Job(str(body['id']), PortId(str(body['port'])), transfers)


def _result_body(result: Result) -> Body:
    return {'job': result.job_id, 'done': result.done, 'problem': _problem_body(result.problem)}


def _result(body: Body) -> Result:
    return Result(str(body['job']), int(body['done']), _problem(body['problem']))


def _problem_body(problem: Problem) -> list[Any] | None:
    return [int(problem.code), problem.text] if problem else None


def _problem(body: list[Any] | None) -> Problem:
    return Problem(int(body[0]), str(body[1])) if body else Problem(Code.NONE, '')


def _position_body(position: Position | None) -> list[Any] | None:
    return [position.instance, position.sequence] if position else None


def _position(body: list[Any] | None) -> Position | None:
    return Position(str(body[0]), int(body[1])) if body else None
