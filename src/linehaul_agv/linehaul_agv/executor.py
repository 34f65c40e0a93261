# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The order executor of one vehicle: events in, new state and commands out.

It takes orders by the rules of VDA 5050, keeps base and horizon, drives released edges only, runs
actions by their blocking types, and says what to report. It knows neither transport nor physics:
the drive and the devices behind it may be simulated, a ROS robot, or a gateway.
"""

from dataclasses import replace

from linehaul_agv.events import (
    ActionReported,
    Command,
    ErrorRaised,
    Event,
    Halt,
    InstantActionsReceived,
    ModeChanged,
    NodeReached,
    OrderReceived,
    SendState,
    Stopped,
)
from linehaul_agv.instant import cancel_order, take_instant_actions
from linehaul_agv.model import AgvState, Task
from linehaul_agv.orders import note_errors, take_order
from linehaul_agv.settle import reach_node, settle
from linehaul_agv.vehicle import Vehicle
from linehaul_vda5050 import (
    Action,
    ActionId,
    ActionStatus,
    BlockingType,
    OperatingMode,
)

CLEARS_ORDER = frozenset(
    {OperatingMode.MANUAL, OperatingMode.SERVICE, OperatingMode.STARTUP, OperatingMode.TEACH_IN}
)

Step = tuple[AgvState, list[Command]]


def advance(vehicle: Vehicle, state: AgvState, event: Event, now: float) -> Step:
    """Take one event in.

    Args:
        vehicle: What the vehicle is.
        state: What it remembers.
        event: What happened.
        now: Plant time [s].

    Returns:
        The new memory, and what drive, devices and radio have to do, in order. SendState is among
        the commands whenever the reported state changes.
    """
    before = state
    state, commands = _take(vehicle, state, event, now)
    state, more = settle(state)
    commands += more
    if state != before and not any(isinstance(c, SendState) for c in commands):
        commands.append(SendState())
    return state, commands


def _take(vehicle: Vehicle, state: AgvState, event: Event, now: float) -> Step:
    match event:
        case OrderReceived():
            return take_order(vehicle, state, event), []
        case InstantActionsReceived(message):
            return take_instant_actions(state, message)
        case NodeReached(sequence_id):
            return reach_node(state, sequence_id)
        case Stopped():
            return replace(state, driving=False), []
        case ActionReported():
            return _report(state, event), []
        case ErrorRaised(error, active):
            if active:
                return note_errors(state, (error,)), []
            kept = tuple(e for e in state.errors if e.error_type != error.error_type)
            return replace(state, errors=kept), []
        case ModeChanged(mode):
            return _change_mode(state, mode, now)


def _report(state: AgvState, event: ActionReported) -> AgvState:
    """Take in what a device says; an ended or unknown action is left as it is."""
    retriable = False

    def changed(task: Task) -> Task:
        nonlocal retriable
        if task.action.action_id != event.action_id or not task.active:
            return task
        status = event.status
        if status is ActionStatus.FAILED and task.action.retriable and not state.cancelling:
            status, retriable = ActionStatus.RETRIABLE, True
        return replace(task, status=status, result=event.result or task.result)

    tasks, instant = tuple(map(changed, state.tasks)), tuple(map(changed, state.instant))
    if (tasks, instant) == (state.tasks, state.instant):
        return state
    state = replace(state, tasks=tasks, instant=instant)
    return state if event.error is None or retriable else note_errors(state, (event.error,))


def _change_mode(state: AgvState, mode: OperatingMode, now: float) -> Step:
    if mode is state.mode:
        return state, []
    commands: list[Command] = []
    if mode in CLEARS_ORDER and not state.idle:
        name = ActionId(f'mode-{mode.name.lower()}-{now:.3f}')
        action = Action('cancelOrder', name, BlockingType.NONE)
        state, commands = cancel_order(state, action)
        commands = [c for c in commands if not isinstance(c, Halt)] + [Halt()]
    return replace(state, mode=mode), commands
