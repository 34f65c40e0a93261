# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""One vehicle: executes VDA 5050 orders over whatever drive and devices stand behind it."""

from linehaul_agv.events import (
    ActionReported,
    CancelAction,
    Command,
    Drive,
    ErrorRaised,
    Event,
    Halt,
    Hold,
    InstantActionsReceived,
    ModeChanged,
    NodeReached,
    OrderReceived,
    SendFactsheet,
    SendState,
    StartAction,
    Stopped,
)
from linehaul_agv.executor import advance
from linehaul_agv.model import AgvState, Task
from linehaul_agv.report import Elements, Observation, factsheet, report
from linehaul_agv.vehicle import INSTANT_ACTIONS, ORDER_ACTIONS, Vehicle

__all__ = [
    'INSTANT_ACTIONS',
    'ORDER_ACTIONS',
    'ActionReported',
    'AgvState',
    'CancelAction',
    'Command',
    'Drive',
    'Elements',
    'ErrorRaised',
    'Event',
    'Halt',
    'Hold',
    'InstantActionsReceived',
    'ModeChanged',
    'NodeReached',
    'Observation',
    'OrderReceived',
    'SendFactsheet',
    'SendState',
    'StartAction',
    'Stopped',
    'Task',
    'Vehicle',
    'advance',
    'factsheet',
    'report',
]
