# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a person asks a running distribution centre."""

from contextlib import AbstractContextManager
from typing import Any

from linehaul_ros.asking import Asker, NoAnswerError, asking

from linehaul_interfaces.msg import OrderSetState
from linehaul_ros import names

PHASES = {n: k[6:].lower() for k, n in vars(OrderSetState).items() if k.startswith('PHASE_')}
HINT = 'does the factory run with one (`make run ARGS="distribution:=simulated"`)?'

__all__ = ['PHASES', 'NoAnswerError', 'connected', 'state_of', 'traced']


def connected(patience: float, context: Any = None) -> AbstractContextManager[Asker]:
    """Give a client in a context of its own, or in a given one; patience in s of wall time."""
    return asking('goods_operator', patience, HINT, context)


def state_of(client: Asker, centre_id: str) -> Any:
    """Return the present state of a centre.

    Raises:
        NoAnswerError: there is none.
    """
    return client.latest(names.DISTRIBUTION_STATE.of(centre_id))


def traced(client: Asker, centre_id: str, order_id: str, unit_id: str) -> Any:
    """Return what a centre knows of an order, or of that of a unit.

    Raises:
        NoAnswerError: nobody answers.
    """
    return client.call(names.TRACE_SHIPPING.of(centre_id), order_id=order_id, unit_id=unit_id)
