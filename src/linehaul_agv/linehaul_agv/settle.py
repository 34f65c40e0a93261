# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Brings a vehicle to rest after an event: starts what may start, drives what may be driven.

Blocking types (VDA 5050 3.0, 6.2.2): actions queue in array order. SOFT and HARD actions keep the
vehicle standing; SINGLE and HARD actions run alone. The way given to the drive never goes beyond
the base, and ends before a node or an edge whose actions need a standing vehicle.
"""

from dataclasses import replace

from linehaul_agv.events import CancelAction, Command, Drive, StartAction
from linehaul_agv.model import AgvState, Task
from linehaul_agv.orders import trigger
from linehaul_agv.vehicle import CANCELLABLE
from linehaul_vda5050 import ActionStatus, OperatingMode

DRIVES = frozenset({OperatingMode.AUTOMATIC, OperatingMode.SEMIAUTOMATIC})

Step = tuple[AgvState, list[Command]]


def settle(state: AgvState) -> Step:
    """Start, drive and finish everything that is possible now."""
    if state.cancelling:
        return _finish_cancel(state), []
    if state.broken:
        return state, []
    state = _enter_edge(state)
    state, commands = _start(state)
    state, drive = _drive(state)
    return state, commands + drive


def _finish_cancel(state: AgvState) -> AgvState:
    if state.driving or not all(task.ended for task in state.tasks):
        return state
    instant = tuple(
        replace(task, status=ActionStatus.FINISHED)
        if task.action.action_id in state.cancelling
        else task
        for task in state.instant
    )
    return replace(state, nodes=(), edges=(), instant=instant, cancelling=())


def _enter_edge(state: AgvState) -> AgvState:
    """Trigger the actions of the next edge once nothing at the node holds the vehicle."""
    if not state.edges or not state.edges[0].released:
        return state
    sequence = state.edges[0].sequence_id
    due = [t for t in state.tasks if t.sequence_id == sequence and not t.triggered]
    ready = sequence == state.last_sequence_id + 1 and not any(t.holds for t in state.tasks)
    return replace(state, tasks=trigger(state.tasks, sequence)) if due and ready else state


def _start(state: AgvState) -> Step:
    tasks, commands = list(state.tasks), list[Command]()
    standing = not state.driving
    for index, task in enumerate(tasks):
        if not task.triggered or task.status is not ActionStatus.WAITING:
            continue
        running = [t for t in tasks if t.active]
        kind = task.action.blocking_type
        if any(t.action.blocking_type.alone for t in running) or (kind.alone and running):
            break
        if kind.stops_driving and not standing:
            break
        tasks[index] = replace(task, status=ActionStatus.RUNNING)
        if task.action.action_type != 'waitForTrigger':
            commands.append(StartAction(task.action))
    return replace(state, tasks=tuple(tasks)), commands


def _drive(state: AgvState) -> Step:
    if state.mode not in DRIVES:
        return state, []
    end = drivable(state)
    new = tuple(e for e in state.edges[:end] if e.sequence_id > state.path_end)
    if not new:
        return state, []
    state = replace(state, driving=True, path_end=state.nodes[end - 1].sequence_id)
    return state, [Drive(new)]


def drivable(state: AgvState) -> int:
    """Return how many of the edges ahead may be driven without a stop for actions."""
    stops = {
        task.sequence_id
        for task in state.tasks
        if not task.ended and task.action.blocking_type.stops_driving
    }
    if any(task.holds for task in state.tasks):
        return 0
    count = 0
    for edge, node in zip(state.edges, state.nodes, strict=True):
        if not (edge.released and node.released) or edge.sequence_id in stops:
            break
        count += 1
        if node.sequence_id in stops:
            break
    return count


def reach_node(state: AgvState, sequence_id: int) -> Step:
    """Take in that a node was passed: drop it, end edge actions, begin node actions.

    A report for a node that is not ahead is old and changes nothing.
    """
    passed = [node for node in state.nodes if node.sequence_id <= sequence_id and node.released]
    if not passed:
        return state, []
    last = passed[-1]
    left = [
        task
        for task in state.tasks
        if task.active and task.sequence_id % 2 and task.sequence_id < last.sequence_id
    ]
    tasks = state.tasks
    for node in passed:
        tasks = trigger(tasks, node.sequence_id)
    if state.cancelling:
        tasks = tuple(_skipped(task) for task in tasks)
    state = replace(
        state,
        nodes=tuple(n for n in state.nodes if n.sequence_id > last.sequence_id),
        edges=tuple(e for e in state.edges if e.sequence_id > last.sequence_id),
        last_node_id=last.node_id,
        last_sequence_id=last.sequence_id,
        tasks=tasks,
    )
    return state, [CancelAction(task.action.action_id) for task in left if _may_stop(task)]


def _skipped(task: Task) -> Task:
    waits = task.status is ActionStatus.WAITING
    return replace(task, status=ActionStatus.FAILED, result='order cancelled') if waits else task


def _may_stop(task: Task) -> bool:
    return task.action.action_type in CANCELLABLE
