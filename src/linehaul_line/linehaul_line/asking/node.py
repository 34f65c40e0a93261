# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Requests of the lines as goals to the fleet, and what becomes of them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from linehaul_ros.time import from_time, now_of, to_time
from rclpy.node import Node

from linehaul_interfaces.action import DeliverMaterial
from linehaul_interfaces.msg import DeliveryState, ErrorCode
from linehaul_interfaces.srv import ChangeDelivery
from linehaul_line.convert import SOON, to_goal
from linehaul_line.desk import LineDesk
from linehaul_line.feeding import Ask, Change, Hold, Intent, Release, Withdraw
from linehaul_line.ids import LineId, LoadId, RequestId
from linehaul_line.request import RequestClient
from linehaul_ros import names

_BEGUN = (
    DeliveryState.PHASE_FETCHING,
    DeliveryState.PHASE_LOADED,
    DeliveryState.PHASE_DELIVERING,
)


class Asking:
    """Open requests of the lines of a node.

    Args:
        node: that asks.
        desks: its lines.
        adjust: tell the fleet what changes about open requests.
    """

    def __init__(self, node: Node, desks: Mapping[LineId, LineDesk], *, adjust: bool) -> None:
        self._node, self._desks, self._adjust = node, desks, adjust
        self._client = RequestClient(node)
        self._change = node.create_client(ChangeDelivery, names.CHANGE_DELIVERY.name)
        self._goals: dict[RequestId, Any] = {}
        self.open: dict[RequestId, Ask] = {}

    def kept(self) -> list[dict[str, Any]]:
        """Return the open requests, as JSON can hold them."""
        return [asdict(one) for one in self.open.values()]

    def note(self, intents: list[Intent]) -> None:
        """Take note of what will be asked for, so that it can be kept before it is sent."""
        self.open |= {one.request: one for one in intents if isinstance(one, Ask)}

    def act(self, intent: Intent, now: float) -> None:
        """Tell the fleet what a line wants."""
        if isinstance(intent, Ask):
            self.send(intent, now)
        elif isinstance(intent, Withdraw):
            if self._adjust:
                self._say(f'request={intent.request} withdrawn: {intent.reason}')
                goal = self._goals.get(intent.request)
                if goal is not None:
                    goal.cancel()
        elif self._adjust:
            self._tell(intent)

    def send(self, ask: Ask, now: float) -> None:
        """Send a request; the same one again is the same delivery."""
        self.open[ask.request] = ask
        if ask.units:
            units = ' '.join(ask.units)
            self._say(f'request={ask.request} item={ask.item} in line order for: {units}')

        def on_result(result: DeliverMaterial.Result) -> None:
            self._ended(ask, result)

        def on_state(state: DeliveryState) -> None:
            desk = self._desk_of(ask)
            desk.expects(ask.request, from_time(state.eta))
            if state.phase in _BEGUN:
                desk.begun(ask.request, now_of(self._node))
            if state.phase in _BEGUN[1:]:
                desk.loaded(ask.request)

        self._goals[ask.request] = self._client.deliver(to_goal(ask, now), on_result, on_state)

    def _desk_of(self, ask: Ask) -> LineDesk:
        return next(
            desk for desk in self._desks.values() if ask.station in desk.assembly.plan.stations
        )

    def _ended(self, ask: Ask, result: DeliverMaterial.Result) -> None:
        """Book what came, or ask anew at the next look."""
        self.open.pop(ask.request, None)
        self._goals.pop(ask.request, None)
        desk, log = self._desk_of(ask), self._node.get_logger()
        if result.error_code != ErrorCode.NONE:
            desk.failed(ask.request)
            log.warning(
                f'request={ask.request} failed: code={result.error_code} {result.error_msg}'
            )
            return
        load = LoadId(result.load_id)
        refused = desk.placed(ask.request, result.quantity, now_of(self._node), load)
        if refused is not None and desk.find(ask.request) is None:
            refused = desk.came((ask.station, ask.item), result.quantity, load)
        if refused is not None:
            desk.failed(ask.request)
            log.error(f'request={ask.request} {refused.text}')

    def _tell(self, intent: Change | Hold | Release) -> None:
        """Tell the fleet what changed about an open request."""
        wanted = ChangeDelivery.Request(request_id=intent.request, reason=intent.reason)
        wanted.actor = 'line'
        if isinstance(intent, Change):
            wanted.change = ChangeDelivery.Request.CHANGE_DUE
            wanted.due = to_time(max(intent.due, now_of(self._node) + SOON))
        elif isinstance(intent, Hold):
            wanted.change = ChangeDelivery.Request.CHANGE_HOLD
        else:
            wanted.change = ChangeDelivery.Request.CHANGE_RELEASE
        self._say(f'request={intent.request} {intent.reason}')
        if self._change.service_is_ready():
            self._change.call_async(wanted)
            if isinstance(intent, Change):
                urgent = ChangeDelivery.Request(request_id=intent.request, actor='line')
                urgent.change = ChangeDelivery.Request.CHANGE_PRIORITY
                urgent.priority, urgent.reason = intent.priority, intent.reason
                self._change.call_async(urgent)

    def _say(self, text: str) -> None:
        self._node.get_logger().info(text)
