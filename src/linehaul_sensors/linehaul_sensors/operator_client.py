# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The operator's end of alarms and warnings: latched lists in, commands out."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import rclpy
from linehaul_ros.names import Endpoint, Topic
from linehaul_ros.run import make_executor
from rclpy.node import Node

from linehaul_interfaces.msg import Alarm, EarlyWarning
from linehaul_interfaces.srv import CommandAlarm
from linehaul_ros import names

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


class NoAnswerError(Exception):
    """Nobody answers; the text says what to do."""


class OperatorClient:
    """A node that asks, spun while it waits.

    Args:
        node: the node.
        executor: its executor.
        patience: [s] of wall time to wait for the sensors node.
    """

    def __init__(self, node: Node, executor: Any, patience: float) -> None:
        self._node, self._executor, self._patience = node, executor, patience

    def latest(self, topic: str) -> Any:
        """Return the present message of a latched topic, by its name in the register.

        Raises:
            NoAnswerError: there is none.
        """
        known: Topic = getattr(names, topic)
        heard: list[Any] = []
        subscription = self._node.create_subscription(
            known.type, known.name, heard.append, known.qos
        )
        self._until(lambda: bool(heard), f'nothing on {known.name}')
        self._node.destroy_subscription(subscription)
        return heard[-1]

    def call(self, service: str, **fields: Any) -> Any:
        """Call a service, by its name in the register of names, and return its answer.

        Raises:
            NoAnswerError: nobody serves it.
        """
        endpoint: Endpoint = getattr(names, service)
        client: Any = self._node.create_client(endpoint.type, endpoint.name)
        self._until(client.service_is_ready, f'nobody serves {endpoint.name}')
        future = client.call_async(endpoint.type.Request(**fields))
        self._until(future.done, f'no answer from {endpoint.name}')
        return future.result()

    def _until(self, done: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + self._patience
        while not done():
            if time.monotonic() > end:
                text = f'{what} after {self._patience:g} s; does the factory run with sensors'
                raise NoAnswerError(f'{text} (`make run ARGS="--sensors simulated"`)?')
            self._executor.spin_once(timeout_sec=0.1)


@contextmanager
def connected(patience: float, context: Any = None) -> Iterator[OperatorClient]:
    """Give a client in a context of its own, or in a given one."""
    own = context is None
    context = context or rclpy.Context()
    if own:
        context.init()
    node = Node('linehaul_operator', context=context)
    executor = make_executor(context)
    executor.add_node(node)
    try:
        yield OperatorClient(node, executor, patience)
    finally:
        executor.remove_node(node)
        node.destroy_node()
        executor.shutdown()
        if own:
            context.try_shutdown()
