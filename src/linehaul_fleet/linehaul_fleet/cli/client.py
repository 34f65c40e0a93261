# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The command line's end of the public interfaces: state, events, services and one action."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from linehaul_ros.actions import PersistentGoal, action_client
from linehaul_ros.asking import Asker, NoAnswerError, asking
from linehaul_ros.time import from_time, to_time

from linehaul_interfaces.action import DeliverMaterial
from linehaul_interfaces.msg import RoadLimit
from linehaul_ros import names

HINT = 'is the factory running (`make run`)?'

__all__ = ['Client', 'NoAnswerError', 'connected']


class Client:
    """What the command line asks of the fleet.

    Args:
        asker: the node that asks.
    """

    def __init__(self, asker: Asker) -> None:
        self._asker, self._node = asker, asker.node
        self.spin, self.call = asker.spin, asker.call
        self.state: Any = None
        topic = names.FLEET_STATE
        self._node.create_subscription(topic.type, topic.name, self._hear, topic.qos)

    def _hear(self, message: Any) -> None:
        self.state = message

    def fleet_state(self) -> Any:
        """Return the state of the fleet.

        Raises:
            NoAnswerError: there is none.
        """
        self._asker.until(lambda: self.state is not None, 'no state of a fleet')
        return self.state

    def now(self) -> float:
        """Return plant time [s], as the fleet told it last."""
        return from_time(self.fleet_state().stamp)

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
        self._asker.until(client.server_is_ready, 'nobody takes requests')
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
    """Give a client in a context of its own, or in a given one; patience in s of wall time."""
    with asking('linehaul_cli', patience, HINT, context) as asker:
        yield Client(asker)
