# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Run one node in one process: start, spin, stop cleanly, exit with a code that tells."""

import contextlib
import faulthandler
import signal
import sys
from collections.abc import Callable
from typing import Protocol

import rclpy
from rclpy.executors import Executor, ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from linehaul_ros.parameters import ParameterError

START_LIMIT = 300.0
"""[s] of wall time after which a node that is not made yet is ended; planners compile for 100."""


class Closable(Protocol):
    """What a node of linehaul has beside rclpy's own: `close` returns the exit code."""

    def close(self) -> int:
        """Stop, save, and return the process's exit code."""
        ...


def make_executor(context: rclpy.Context | None = None) -> Executor:
    """Return the events executor where rclpy has it (4 times the messages), else the plain one."""
    try:
        from rclpy.experimental import EventsExecutor
    except ImportError:
        return SingleThreadedExecutor(context=context)
    return EventsExecutor(context=context)


def spin(executor: Executor, stopped: Callable[[], bool]) -> None:
    """Spin until `stopped()`, or until somebody else shuts the context down.

    Not by `Executor.spin`: the events executor of rclpy 9.1 never wakes from it once there is a
    timer, and uses a whole core; `spin_once` with a timeout has neither fault.
    """
    with contextlib.suppress(ExternalShutdownException):
        while executor.context.ok() and not stopped():
            executor.spin_once(timeout_sec=0.2)


def run(
    make: Callable[[], Node],
    broken: tuple[type[Exception], ...] = (),
    start_limit: float = START_LIMIT,
) -> int:
    """Run a node until SIGINT or SIGTERM.

    A process that dies by a signal, and one whose start hangs (in the middleware, say), tells on
    stderr where it was; the second ends with exit code 1, so that who started it tries again.

    Args:
        make: builds the node; rclpy is initialised before it is called.
        broken: exceptions of `make` that mean 'this cannot run': told in one line, exit code 2.
        start_limit: wall time [s] that the start may take.

    Returns:
        The exit code: 0 after a clean stop, 2 if the node cannot run as configured, else what
        the node's `close` says.
    """
    faulthandler.enable()
    faulthandler.dump_traceback_later(start_limit, exit=True)
    # Not rclpy's own handlers: they shut the context down in the middle of a callback.
    signals: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda n, _: signals.append(n))
    rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = make()
    except Exception as error:
        if not isinstance(error, (ParameterError, *broken)):
            raise
        print(f'cannot run: {error}', file=sys.stderr, flush=True)  # noqa: T201
        rclpy.try_shutdown()
        return 2
    finally:
        faulthandler.cancel_dump_traceback_later()
    executor = make_executor()
    executor.add_node(node)
    code = 0
    try:
        spin(executor, lambda: bool(signals))
    finally:
        close = getattr(node, 'close', None)
        code = close() if close else 0
        executor.remove_node(node)
        node.destroy_node()
        rclpy.try_shutdown()
    return code
