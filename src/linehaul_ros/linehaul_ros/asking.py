# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Latched topics and services, asked with patience by a program that runs for one command."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import rclpy
from rclpy.executors import Executor
from rclpy.node import Node

from linehaul_ros import names
from linehaul_ros.run import make_executor


class NoAnswerError(Exception):
    """Nobody answers; the text says what to do."""


class Asker:
    """A node that asks, spun while it waits.

    Args:
        node: the node.
        executor: its executor.
        patience: [s] of wall time to wait for an answer.
        hint: what to look at where nobody answers, for people.
    """

    def __init__(self, node: Node, executor: Executor, patience: float, hint: str) -> None:
        self.node = node
        self._executor, self._patience, self._hint = executor, patience, hint

    def spin(self, seconds: float = 0.1) -> None:
        """Let messages come in for a moment."""
        self._executor.spin_once(timeout_sec=seconds)

    def until(self, done: Callable[[], bool], what: str) -> None:
        """Wait until something is there.

        Raises:
            NoAnswerError: it is not, after all patience; `what` says what is missing.
        """
        end = time.monotonic() + self._patience
        while not done():
            if time.monotonic() > end:
                raise NoAnswerError(f'{what} after {self._patience:g} s; {self._hint}')
            self.spin()

    def latest(self, topic: str | names.Topic) -> Any:
        """Return the present message of a latched topic, or of that name in the register of names.

        Raises:
            NoAnswerError: there is none.
        """
        known: names.Topic = getattr(names, topic) if isinstance(topic, str) else topic
        heard: list[Any] = []
        subscription = self.node.create_subscription(
            known.type, known.name, heard.append, known.qos
        )
        self.until(lambda: bool(heard), f'nothing on {known.name}')
        self.node.destroy_subscription(subscription)
        return heard[-1]

    def call(self, service: str | names.Endpoint, **fields: Any) -> Any:
        """Call a service, or that of a name in the register of names, and return its answer.

        Raises:
            NoAnswerError: nobody serves it.
        """
        found: Any = getattr(names, service) if isinstance(service, str) else service
        endpoint: names.Endpoint = found
        client: Any = self.node.create_client(endpoint.type, endpoint.name)
        self.until(client.service_is_ready, f'nobody serves {endpoint.name}')
        future = client.call_async(endpoint.type.Request(**fields))
        self.until(future.done, f'no answer from {endpoint.name}')
        return future.result()


@contextmanager
def asking(
    name: str, patience: float, hint: str, context: rclpy.Context | None = None
) -> Iterator[Asker]:
    """Give an asker with a node of a name, in a context of its own, or in a given one."""
    own = context is None
    context = context or rclpy.Context()
    if own:
        context.init()
    node = Node(name, context=context)
    executor = make_executor(context)
    executor.add_node(node)
    try:
        yield Asker(node, executor, patience, hint)
    finally:
        executor.remove_node(node)
        node.destroy_node()
        executor.shutdown()
        if own:
            context.try_shutdown()
