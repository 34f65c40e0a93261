# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The operator's end of alarms and warnings: latched lists in, commands out."""

from contextlib import AbstractContextManager
from typing import Any

from linehaul_ros.asking import Asker, NoAnswerError, asking

from linehaul_interfaces.msg import Alarm, EarlyWarning
from linehaul_interfaces.srv import CommandAlarm

STATES = {n: k[6:] for k, n in vars(Alarm).items() if k.startswith('STATE_')}
PRIORITIES = {n: k[9:] for k, n in vars(Alarm).items() if k.startswith('PRIORITY_')}
STATUSES = {n: k[7:] for k, n in vars(EarlyWarning).items() if k.startswith('STATUS_')}
COMMANDS = {
    'ack': CommandAlarm.Request.COMMAND_ACKNOWLEDGE,
    'shelve': CommandAlarm.Request.COMMAND_SHELVE,
    'unshelve': CommandAlarm.Request.COMMAND_UNSHELVE,
    'reset': CommandAlarm.Request.COMMAND_RESET_LATCH,
    'out': CommandAlarm.Request.COMMAND_OUT_OF_SERVICE,
    'back': CommandAlarm.Request.COMMAND_RETURN_TO_SERVICE,
}
HINT = 'does the factory run with sensors (`make run ARGS="--sensors simulated"`)?'

__all__ = ['COMMANDS', 'PRIORITIES', 'STATES', 'STATUSES', 'NoAnswerError', 'connected']


def connected(patience: float, context: Any = None) -> AbstractContextManager[Asker]:
    """Give a client in a context of its own, or in a given one; patience in s of wall time."""
    return asking('linehaul_operator', patience, HINT, context)
