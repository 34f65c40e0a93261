# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The demo's ROS side: asks for the deliveries, and listens to fleet and checker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import isnan, nan
from typing import Any

import rclpy
from linehaul_line.request import PHASES, RequestClient
from linehaul_ros.time import from_time, now_of
from rclpy.node import Node
from rclpy.parameter import Parameter

from linehaul_interfaces.action import DeliverMaterial
from linehaul_interfaces.msg import DeliveryState, SimReport
from linehaul_ros import names

from .demo_goals import RequestId, Wish
from .demo_report import COUNTERS, Outcome, SimTotals
from .demo_view import Progress

Changed = Callable[[Wish, Progress], None]


class DemoNode(Node):
    """Asks for every wish once the fleet is there, and gathers what becomes of it."""

    def __init__(
        self, wishes: Sequence[Wish], changed: Changed, context: rclpy.Context | None = None
    ) -> None:
        """Build the node.

        Args:
            wishes: what to ask for.
            changed: called whenever a delivery's progress changes.
            context: of ROS; None for the usual one.
        """
        simulated = Parameter('use_sim_time', value=True)
        super().__init__('demo', parameter_overrides=[simulated], context=context)
        self._wishes = tuple(wishes)
        self._changed = changed
        self._client = RequestClient(self)
        self._asked: dict[RequestId, float] = {}
        self._fleet_heard = False
        self.outcomes: dict[RequestId, Outcome] = {}
        self.sim = SimTotals()
        self._began = nan
        topics = ((names.FLEET_STATE, self._fleet), (names.SIM_REPORT, self._report))
        for topic, callback in topics:
            self.create_subscription(topic.type, topic.name, callback, topic.qos)

    def now(self) -> float:
        """Return plant time [s]."""
        return float(now_of(self))

    def elapsed(self) -> float:
        """Return the plant time [s] since the deliveries were asked for, 0 before."""
        return max(0.0, self.now() - self._began) if self.asked else 0.0

    @property
    def asked(self) -> bool:
        """Whether the fleet was there to be asked."""
        return bool(self._asked)

    def ask(self) -> None:
        """Ask for everything as soon as the fleet is there."""
        if self.asked or not (self._client.ready() and self._fleet_heard and self.now() > 0.0):
            return
        self._began = self.now()
        for wish in self._wishes:
            self._asked[wish.request_id] = self.now()
            goal = DeliverMaterial.Goal(
                request_id=wish.request_id,
                item_id=wish.item,
                quantity=wish.quantity,
                station_id=wish.station,
                priority=100,
            )
            self._client.deliver(goal, partial(self._ended, wish), partial(self._moved, wish))

    def all_ended(self) -> bool:
        """Tell whether every delivery has its result."""
        return len(self.outcomes) == len(self._wishes)

    def _fleet(self, _message: Any) -> None:
        self._fleet_heard = True

    def _report(self, message: SimReport) -> None:
        counters = {name: float(getattr(message, name)) for name in COUNTERS}
        self.sim = self.sim.told(counters, list(message.violations))

    def _moved(self, wish: Wish, state: DeliveryState) -> None:
        phase = PHASES.get(state.phase, 'unknown').replace('_', ' ')
        eta = from_time(state.eta) - self.now()
        self._changed(wish, Progress(phase, state.vehicle_id, nan if isnan(eta) else eta))

    def _ended(self, wish: Wish, result: DeliverMaterial.Result) -> None:
        duration = from_time(result.delivered) - self._asked[wish.request_id]
        outcome = Outcome(
            wish=wish,
            code=result.error_code,
            text=result.error_msg,
            vehicle=result.vehicle_id,
            duration=nan if result.error_code else duration,
        )
        self.outcomes[wish.request_id] = outcome
        words = 'delivered' if outcome.delivered else f'refused: {outcome.text}'
        self._changed(wish, Progress(words, outcome.vehicle, nan, ended=True))
