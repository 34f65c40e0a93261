# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Picks, drops and charging of a robot: what is checked, how long it takes, how it ends.

The load handler itself is the robot's. It is either trusted to have done its work after a while
(timed), or called and asked how it went (service). What a vehicle carries follows from that.
"""

import math
from dataclasses import dataclass
from enum import Enum

from linehaul_agv.events import ActionReported
from linehaul_floor import Place, PlaceKind
from linehaul_vda5050 import (
    Action,
    ActionId,
    ActionStatus,
    Error,
    ErrorLevel,
    Load,
    LoadId,
    Reference,
    error_types,
)

FAIL_TIME = 1.0
"""Time [s] after which a check that failed is told."""
DOCK_TIME = 3.0
"""Time [s] to begin charging."""
HANDLED = ('pick', 'drop')


class Method(Enum):
    """How a robot's load handler is worked with."""

    TIMED = 'timed'
    SERVICE = 'service'


@dataclass(frozen=True, slots=True)
class Handler:
    """How loads are handled: times of a pick and a drop [s], patience with the service [s].

    handshake: A pick or drop is called for, and ends when both sides have booked the load.
    """

    method: Method = Method.TIMED
    pick_time: float = 8.0
    drop_time: float = 6.0
    patience: float = 60.0
    handshake: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A device at work.

    Attributes:
        action: What it does.
        due: Plant time [s] at which it ends by itself.
        problem: Why it fails then; empty: it does not.
        called: Somebody else does it, and his answer ends the job.
    """

    action: Action
    due: float
    problem: str = ''
    called: bool = False


def start(
    handler: Handler, action: Action, place: Place | None, loads: tuple[Load, ...], now: float
) -> Job:
    """Begin an action that the executor has started.

    Args:
        handler: How.
        action: pick, drop, startCharging or stopCharging.
        place: Where the vehicle stands; None: at no place.
        loads: What it carries.
        now: Plant time [s].
    """
    problem = _problem(action, place, loads)
    if problem:
        return Job(action, now + FAIL_TIME, problem)
    if action.action_type not in HANDLED:
        return Job(action, now + (DOCK_TIME if action.action_type == 'startCharging' else 0.0))
    if handler.handshake:
        return Job(action, math.inf, called=True)
    if handler.method is Method.SERVICE:
        late = f'the {action.action_type} service gave no answer in {handler.patience:g} s'
        return Job(action, now + handler.patience, late, called=True)
    pick = action.action_type == 'pick'
    return Job(action, now + (handler.pick_time if pick else handler.drop_time))


def _problem(action: Action, place: Place | None, loads: tuple[Load, ...]) -> str:
    if action.action_type == 'startCharging':
        at_charger = place is not None and place.kind is PlaceKind.CHARGER
        return '' if at_charger else 'vehicle stands at no charger'
    if action.action_type not in HANDLED:
        return ''
    if place is None or place.capacity <= 0:
        return 'vehicle stands at no port'
    station = action.parameter('stationName')
    if station not in (None, '', str(place.id)):
        return f'vehicle stands at {place.id}, not at {station}'
    load = action.parameter('loadId')
    if action.action_type == 'pick':
        return f'vehicle carries {loads[0].load_id or "a load"!r} already' if loads else ''
    if not loads:
        return 'vehicle carries nothing'
    other = load not in (None, '', loads[0].load_id) and loads[0].load_id
    return f'vehicle carries {other}, wanted {load}' if other else ''


def finish(job: Job, loads: tuple[Load, ...]) -> tuple[ActionReported, tuple[Load, ...]]:
    """End a job; return how it went, and what the vehicle carries then."""
    action = job.action
    name, kind = ActionId(action.action_id), action.action_type
    if job.problem:
        known = error_types.CHARGING_FAILED if 'Charging' in kind else None
        return _failed(action, job.problem, known or error_types.LOAD_HANDLING_FAILED), loads
    result = ''
    if kind == 'pick':
        known = str(loads[0].load_id) if loads else ''  # a handshake has said so before
        result = action.parameter('loadId') or known
        loads = (Load(LoadId(result), 'container'),)
    elif kind == 'drop':
        result = str(loads[0].load_id) if loads else action.parameter('loadId') or ''
        loads = ()
    return ActionReported(name, ActionStatus.FINISHED, result), loads


def _failed(action: Action, text: str, error_type: str) -> ActionReported:
    hint = 'look at the place and the vehicle, then give a new order'
    about = (Reference('actionId', action.action_id),)
    error = Error(error_type, ErrorLevel.CRITICAL, text, hint, about)
    return ActionReported(ActionId(action.action_id), ActionStatus.FAILED, text, error)


def interrupted(handler: Handler, job: Job) -> Job:
    """Return the job as it is after a restart: nobody knows how a called service ended.

    A handshake goes on from its own record.
    """
    if not job.called or handler.handshake:
        return job
    text = f'the vehicle was restarted during the {job.action.action_type}; a person must look'
    return Job(job.action, -math.inf, text)
