# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The command line's end of the public interfaces: state, events, services and one action."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import rclpy
from linehaul_ros.actions import PersistentGoal, action_client
from linehaul_ros.names import Endpoint
from linehaul_ros.run import make_executor
from linehaul_ros.time import from_time, to_time
from rclpy.node import Node

from linehaul_interfaces.action import DeliverMaterial
from linehaul_interfaces.msg import RoadLimit
from linehaul_ros import names


class NoAnswerError(Exception):
    """Nobody answers; the text says what to do."""


class Client:
    """A node that asks, spun while it waits.

    Args:
        node: the node.
        executor: its executor.
        patience: [s] of wall time to wait for the fleet.
    """

    def __init__(self, node: Node, executor: Any, patience: float) -> None:
        self._node, self._executor, self._patience = node, executor, patience
        self.state: Any = None
        topic = names.FLEET_STATE
        node.create_subscription(topic.type, topic.name, self._hear, topic.qos)

    def _hear(self, message: Any) -> None:
        self.state = message

    def spin(self, seconds: float = 0.1) -> None:
        """Let messages come in for a moment."""
        self._executor.spin_once(timeout_sec=seconds)

    def _until(self, done: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + self._patience
        while not done():
            if time.monotonic() > end:
                text = f'{what} after {self._patience:g} s; is the factory running (`make run`)?'
                raise NoAnswerError(text)
            self.spin()

    def fleet_state(self) -> Any:
        """Return the state of the fleet.

        Raises:
            NoAnswerError: there is none.
        """
        self._until(lambda: self.state is not None, 'no state of a fleet')
        return self.state

    def now(self) -> float:
        """Return plant time [s], as the fleet told it last."""
        return from_time(self.fleet_state().stamp)

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

    def set_roads(self, elements: list[str], state: int, speed: float, by: str, why: str) -> Any:
        """Close, open or slow roads."""
        limits = [
            RoadLimit(element_id=element, state=state, speed_limit=speed, reason=why)
            for element in elements
        ]
        return self.call('SET_ROAD_STATE', limits=limits, actor=by)

    def change(self, **fields: Any) -> Any:
        """Change a delivery; due: plant time [s]."""
        if 'due' in fields:
            fields['due'] = to_time(fields['due'])
        return self.call('CHANGE_DELIVERY', **fields)

    def events(self, hear: Callable[[Any], None]) -> None:
        """Have every event told."""
        topic = names.FLEET_EVENTS
        self._node.create_subscription(topic.type, topic.name, hear, topic.qos)

    def deliver(
        self, fields: dict[str, Any], due: float | None, hear: Callable[[Any], None]
    ) -> tuple[PersistentGoal, list[Any]]:
        """Ask for material; the result will be in the list.

        Raises:
            NoAnswerError: nobody takes requests.
        """
        client = action_client(self._node, names.DELIVER_MATERIAL)
        self._until(client.server_is_ready, 'nobody takes requests')
        goal = DeliverMaterial.Goal(**fields)
        results: list[Any] = []
        if due is not None:
            goal.due = to_time(due)
        sent = PersistentGoal(
            self._node, client, goal, results.append, lambda feedback: hear(feedback.state)
        )
        return sent, results


@contextmanager
def connected(patience: float, context: Any = None) -> Iterator[Client]:
    """Give a client in a context of its own, or in a given one."""
    own = context is None
    context = context or rclpy.Context()
    if own:
        context.init()
    node = Node('linehaul_cli', context=context)
    executor = make_executor(context)
    executor.add_node(node)
    try:
        yield Client(node, executor, patience)
    finally:
        executor.remove_node(node)
        node.destroy_node()
        executor.shutdown()
        if own:
            context.try_shutdown()
