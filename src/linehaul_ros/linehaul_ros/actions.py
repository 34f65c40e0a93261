# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Action servers and clients for many goals at once, and a goal that survives its server's death.

rclpy's defaults keep 10 messages and a result for 10 s of the node's clock. Forty stations that
ask again after a restart overflow the one, and a plant that runs at 20 times real time the other;
`action_server` and `action_client` keep more.

Every goal of linehaul carries a caller-made request id, and servers treat a repeat as the same
request. So the client's part is simple: when nothing has been heard of a goal for a while, send it
again. `PersistentGoal` does that until a result is there or the caller gives up.
"""

from collections.abc import Callable
from typing import Any

from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient, ActionServer
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from linehaul_ros.names import Endpoint
from linehaul_ros.qos import EVENTS

RESULTS_KEPT = 3600
"""[s] of the server's clock for which the result of a goal is kept."""
UNHEARD = 10.0
"""[s] of wall time without a word from the server after which a goal says so in the log, once."""
_ENDED = (GoalStatus.STATUS_SUCCEEDED, GoalStatus.STATUS_ABORTED, GoalStatus.STATUS_CANCELED)


def action_server(
    node: Node, endpoint: Endpoint, execute: Callable[..., Any], cancel: Callable[..., Any]
) -> ActionServer:
    """Return a server that can take hundreds of goals at once.

    Args:
        node: who serves.
        endpoint: name and type of the action.
        execute: coroutine that runs a goal and returns its result.
        cancel: callback that says whether a goal may be cancelled.
    """
    return ActionServer(
        node,
        endpoint.type,
        endpoint.name,
        execute_callback=execute,
        cancel_callback=cancel,
        goal_service_qos_profile=EVENTS,
        result_service_qos_profile=EVENTS,
        cancel_service_qos_profile=EVENTS,
        feedback_pub_qos_profile=EVENTS,
        result_timeout=RESULTS_KEPT,
    )


def action_client(node: Node, endpoint: Endpoint) -> ActionClient:
    """Return a client that can have hundreds of goals at once."""
    return ActionClient(
        node,
        endpoint.type,
        endpoint.name,
        goal_service_qos_profile=EVENTS,
        result_service_qos_profile=EVENTS,
        cancel_service_qos_profile=EVENTS,
        feedback_sub_qos_profile=EVENTS,
    )


class PersistentGoal:
    """One goal, sent again whenever the server falls silent.

    Args:
        node: whose executor runs the callbacks.
        client: action client; its server must send feedback at least once a second of wall time
            and must treat a goal with a known request id as the same request.
        goal: the goal message, with a request id in it.
        on_result: called once with the result message.
        on_feedback: called with each feedback message.
        silence: wall seconds without feedback after which the goal is sent again.
    """

    def __init__(
        self,
        node: Node,
        client: ActionClient,
        goal: Any,
        on_result: Callable[[Any], None],
        on_feedback: Callable[[Any], None] = lambda _: None,
        silence: float = 3.0,
    ) -> None:
        self._client = client
        self._goal = goal
        self._on_result = on_result
        self._on_feedback = on_feedback
        self._silence = silence
        self._handle: Any = None
        self._cancelled = False
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._heard = -1e9
        self._spoken = self._now()
        self._warned = False
        self.done = False
        self.sent = 0
        self._node = node
        self._timer = node.create_timer(0.2, self._check, clock=self._steady)
        self._check()

    @property
    def unanswered(self) -> bool:
        """Whether the server is not there, or has not answered the last attempt."""
        return not self.done and (self._handle is None or not self._client.server_is_ready())

    def cancel(self) -> None:
        """Ask the server to cancel; the result still comes through `on_result`."""
        self._cancelled = True
        if self._handle is not None:
            self._handle.cancel_goal_async()

    def forget(self) -> None:
        """Stop caring: no more callbacks, no more sending."""
        self.done = True
        self._node.destroy_timer(self._timer)

    def _now(self) -> float:
        return self._steady.now().nanoseconds * 1e-9

    def _warn(self) -> None:
        """Tell once that nobody answers, and whether there is a server at all."""
        self._warned = True
        there = 'is there' if self._client.server_is_ready() else 'is missing'
        self._node.get_logger().warning(
            f'goal={type(self._goal).__name__} unanswered, sent={self.sent}, the server {there}'
        )

    def _check(self) -> None:
        if not self.done and not self._warned and self._now() - self._spoken > UNHEARD:
            self._warn()
        if self.done or self._now() - self._heard < self._silence:
            return
        if not self._client.server_is_ready():
            return
        self._heard = self._now()
        self._handle = None
        self.sent += 1
        future = self._client.send_goal_async(
            self._goal, feedback_callback=lambda m: self._feedback(m.feedback)
        )
        future.add_done_callback(lambda f: self._accepted(f.result()))

    def _feedback(self, feedback: Any) -> None:
        if not self.done:
            self._heard = self._spoken = self._now()
            self._on_feedback(feedback)

    def _accepted(self, handle: Any) -> None:
        """Wait for the result of an attempt, also of an earlier one: all are one request.

        Where this process is so busy that answers come after the next attempt, they count too.
        """
        if self.done:
            return
        self._heard = self._spoken = self._now()
        if not handle.accepted:
            return  # the server is not ready for goals; the silence brings the next attempt
        self._handle = handle
        if self._cancelled:
            handle.cancel_goal_async()
        handle.get_result_async().add_done_callback(lambda f: self._result(f.result()))

    def _result(self, answer: Any) -> None:
        if self.done or answer.status not in _ENDED:
            return
        self.forget()
        self._on_result(answer.result)
