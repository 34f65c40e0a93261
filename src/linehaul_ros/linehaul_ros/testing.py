# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Helpers for tests of node shells: own context, own domain, executor in the test's thread."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator

import rclpy
from rclpy.action import ActionClient, ActionServer
from rclpy.executors import Executor

from linehaul_ros.run import make_executor


@contextlib.contextmanager
def ros_context() -> Iterator[rclpy.Context]:
    """Give a context of its own, on localhost and in a domain that other tests don't use."""
    if 'FASTDDS_DEFAULT_PROFILES_FILE' not in os.environ:  # it keeps to this machine, too
        os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    domain = int(os.environ.get('ROS_DOMAIN_ID', '0')) or 1 + os.getpid() % 100
    context = rclpy.Context()
    context.init(domain_id=domain)
    try:
        yield context
    finally:
        context.try_shutdown()
        context.destroy()


@contextlib.contextmanager
def spinning(context: rclpy.Context, *nodes: rclpy.node.Node) -> Iterator[Executor]:
    """Give an executor with `nodes`; they are destroyed at the end, with their actions.

    rclpy leaves action servers and clients to the garbage collector. They keep their participant,
    which the next test in this process then hears, until it dies in the middle of that test.
    """
    executor = make_executor(context)
    for node in nodes:
        executor.add_node(node)
    try:
        yield executor
    finally:
        for node in nodes:
            executor.remove_node(node)
            for waitable in list(node.waitables):
                if isinstance(waitable, (ActionClient, ActionServer)):
                    waitable.destroy()
            node.destroy_node()
        executor.shutdown()


def spin_until(executor: Executor, done: Callable[[], bool], timeout: float = 60.0) -> None:
    """Spin until `done()`; callback errors reach the caller.

    Raises:
        TimeoutError: not done after `timeout` seconds of wall time.
    """
    end = time.monotonic() + timeout
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f'not done after {timeout} s')
        executor.spin_once(timeout_sec=0.05)
