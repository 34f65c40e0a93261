# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The demo's loop: spin the client and look after the factory until all has ended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

import rclpy
from linehaul_ros.run import make_executor
from rclpy.signals import SignalHandlerOptions

from linehaul_floor import Plant

from .demo_client import DemoNode
from .demo_factory import Factory
from .demo_goals import Wish
from .demo_report import Facts
from .demo_view import View

#: after the last result, how long a last word of the checker is awaited [s]
LAST_WORD = 5.0


def watch(
    factory: Factory, plant: Plant, wishes: Sequence[Wish], view: View, timeout: float
) -> Facts:
    """Ask for the deliveries and listen to what becomes of them.

    Args:
        factory: the running factory.
        plant: its plant.
        wishes: what to ask for.
        view: where to show it.
        timeout: when it counts as failed [s] of wall time.

    Raises:
        KeyboardInterrupt: SIGINT or SIGTERM came.
    """
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    node = DemoNode(wishes, lambda wish, progress: view.change(node.elapsed(), wish, progress))
    executor = make_executor()
    executor.add_node(node)
    loop = _Loop(factory, node, executor, view)
    handlers = {n: signal.signal(n, loop.interrupt) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        broken = loop.until(node.all_ended, timeout)
        heard = node.sim.reports
        if not broken:
            loop.until(lambda: node.sim.reports > heard, LAST_WORD)
        return Facts(
            plant=plant.name,
            vehicles=len(plant.fleet),
            wishes=tuple(wishes),
            outcomes=tuple(node.outcomes.values()),
            sim=node.sim,
            restarts=loop.restarts,
            broken=broken,
            wall_time=time.monotonic() - factory.began,
            plant_time=node.elapsed(),
        )
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        executor.remove_node(node)
        node.destroy_node()
        rclpy.try_shutdown()


class _Loop:
    """Spins until something holds, while the factory runs."""

    def __init__(self, factory: Factory, node: DemoNode, executor: Any, view: View) -> None:
        self._factory, self._node, self._executor, self._view = factory, node, executor, view
        self.restarts: dict[str, int] = {}
        self._interrupted = False

    def interrupt(self, *_: object) -> None:
        """Take note of a signal; raised in a callback, an interrupt could be lost there."""
        self._interrupted = True

    def until(self, done: Callable[[], bool], patience: float) -> str:
        """Spin until it is done; return '' or why it was not."""
        end = time.monotonic() + patience
        while not done():
            self._executor.spin_once(timeout_sec=0.1)
            if self._interrupted:
                raise KeyboardInterrupt
            self._node.ask()
            self._tell_restarts()
            if broken := self._factory.broken():
                return broken
            if time.monotonic() > end:
                return f'not done after {patience:g} s'
        return ''

    def _tell_restarts(self) -> None:
        now = self._factory.restarts() or self.restarts
        for label, count in now.items():
            if count > self.restarts.get(label, 0):
                self._view.say(f'{label} died and was started again')
        self.restarts = now
