# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Does instant actions: pause, cancel, requests, charging, triggers, retries.

An action id that was seen before is the same action and is passed over, so repeats are harmless.
"""

from dataclasses import replace

from linehaul_agv.events import (
    CancelAction,
    Command,
    Halt,
    Hold,
    SendFactsheet,
    SendState,
    StartAction,
)
from linehaul_agv.model import AgvState, Task
from linehaul_agv.orders import no_order_error, note_errors
from linehaul_agv.vehicle import CANCELLABLE
from linehaul_vda5050 import (
    Action,
    ActionId,
    ActionStatus,
    Error,
    ErrorLevel,
    InstantActions,
    Reference,
    error_types,
    serious,
    validate_instant_actions,
)

MOST_INSTANT = 64
"""Instant action states kept; the oldest ended ones go."""

Step = tuple[AgvState, list[Command]]


def take_instant_actions(state: AgvState, message: InstantActions) -> Step:
    """Do a message of instant actions, one after the other."""
    findings = serious(validate_instant_actions(message))
    if findings:
        text = '; '.join(str(finding) for finding in findings[:5])
        error = Error(error_types.VALIDATION_FAILURE, ErrorLevel.WARNING, text)
        return note_errors(state, (error,)), []
    commands: list[Command] = []
    for action in message.actions:
        if all(
            action.action_id != task.action.action_id for task in (*state.instant, *state.tasks)
        ):
            state, more = _do(state, action)
            commands += more
    return _trimmed(state), commands


def _trimmed(state: AgvState) -> AgvState:
    excess = len(state.instant) - MOST_INSTANT
    if excess <= 0:
        return state
    ended = [task for task in state.instant if task.ended][:excess]
    return replace(state, instant=tuple(task for task in state.instant if task not in ended))


def _do(state: AgvState, action: Action) -> Step:
    match action.action_type:
        case 'startPause':
            return _finish(replace(state, paused=True), action), [Hold(True)]
        case 'stopPause':
            return _finish(replace(state, paused=False), action), [Hold(False)]
        case 'stateRequest':
            return _finish(state, action), [SendState()]
        case 'factsheetRequest':
            return _finish(state, action), [SendFactsheet()]
        case 'startCharging' | 'stopCharging':
            task = Task(action, -1, ActionStatus.RUNNING, triggered=True)
            return replace(state, instant=(*state.instant, task)), [StartAction(action)]
        case 'cancelOrder':
            return cancel_order(state, action)
        case 'clearInstantActions':
            kept = tuple(task for task in state.instant if not task.ended)
            return _finish(replace(state, instant=kept), action), []
        case 'trigger':
            return _trigger(state, action), []
        case 'retry' | 'skipRetry':
            return _retry(state, action)
    return _fail(state, action, f'vehicle cannot do {action.action_type!r} at once'), []


def _finish(state: AgvState, action: Action, result: str = '') -> AgvState:
    task = Task(action, -1, ActionStatus.FINISHED, triggered=True, result=result)
    return replace(state, instant=(*state.instant, task))


def _fail(state: AgvState, action: Action, text: str) -> AgvState:
    task = Task(action, -1, ActionStatus.FAILED, triggered=True, result=text)
    reference = (Reference('actionId', action.action_id),)
    error = Error(
        error_types.INVALID_INSTANT_ACTION, ErrorLevel.WARNING, text, error_references=reference
    )
    return note_errors(replace(state, instant=(*state.instant, task)), (error,))


def cancel_order(state: AgvState, action: Action) -> Step:
    """Cancel the running order: what waits fails, what runs ends, the drive stops at a node.

    Source: VDA 5050 3.0.0, 6.1.3.
    """
    last, wanted = state.memory.last, action.parameter('orderId')
    if last is None or state.idle or wanted not in (None, '', last.order_id):
        task = Task(action, -1, ActionStatus.FAILED, True, 'no such order is active')
        state = replace(state, instant=(*state.instant, task))
        return note_errors(state, (no_order_error(action.action_id),)), []
    task = Task(action, -1, ActionStatus.RUNNING, triggered=True)
    commands: list[Command] = [Halt()] if state.driving else []
    commands += [
        CancelAction(task.action.action_id)
        for task in state.tasks
        if task.active and task.action.action_type in CANCELLABLE
    ]
    state = replace(
        state,
        memory=replace(state.memory, cancelled=True, decision_point=None),
        nodes=tuple(node for node in state.nodes if node.released),
        edges=tuple(edge for edge in state.edges if edge.released),
        tasks=tuple(_given_up(task) for task in state.tasks),
        instant=(*state.instant, task),
        cancelling=(*state.cancelling, ActionId(action.action_id)),
    )
    return state, commands


def _given_up(task: Task) -> Task:
    running = task.status in (
        ActionStatus.INITIALIZING,
        ActionStatus.RUNNING,
        ActionStatus.PAUSED,
    )
    if task.ended or (running and task.action.action_type not in CANCELLABLE):
        return task
    return replace(task, status=ActionStatus.FAILED, result='order cancelled')


def _trigger(state: AgvState, action: Action) -> AgvState:
    wanted = action.parameter('actionId')
    waiting = [
        task.action.action_id
        for task in state.tasks
        if task.status is ActionStatus.RUNNING
        and task.action.action_type == 'waitForTrigger'
        and wanted in (None, '', task.action.action_id)
    ]
    if not waiting:
        return _fail(state, action, 'nothing waits for a trigger')
    tasks = tuple(
        replace(task, status=ActionStatus.FINISHED) if task.action.action_id in waiting else task
        for task in state.tasks
    )
    return _finish(replace(state, tasks=tasks), action)


def _retry(state: AgvState, action: Action) -> Step:
    wanted = action.parameter('actionId')
    task = next(
        (
            task
            for task in state.tasks
            if task.status is ActionStatus.RETRIABLE
            and wanted in (None, '', task.action.action_id)
        ),
        None,
    )
    if task is None:
        return _fail(state, action, 'no action waits for a retry'), []
    again = action.action_type == 'retry'
    status = ActionStatus.RUNNING if again else ActionStatus.FAILED
    changed = replace(task, status=status)
    tasks = tuple(changed if item is task else item for item in state.tasks)
    state = replace(state, tasks=tasks)
    if again:
        errors = tuple(e for e in state.errors if e.reference('actionId') != task.action.action_id)
        return _finish(replace(state, errors=errors), action), [StartAction(task.action)]
    return _finish(state, action), []
