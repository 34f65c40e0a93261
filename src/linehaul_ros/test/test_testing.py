# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What tests of nodes share: nothing of one test is there for the next."""

import time

import pytest

pytest.importorskip('linehaul_interfaces.action', reason='the ROS interfaces are not built')

from linehaul_ros.actions import action_client, action_server
from linehaul_ros.testing import ros_context, spinning
from rclpy.node import Node

from linehaul_ros import names

LISTEN = 2.0


async def nothing(_):
    raise AssertionError('nobody sends a goal')


def test_an_action_server_of_a_test_before_is_not_heard():
    kept = []  # as a test that failed keeps what was in it
    with ros_context() as context:
        node = Node('before', context=context)
        kept.append(action_server(node, names.DELIVER_MATERIAL, nothing, lambda _: None))
        client = action_client(node, names.DELIVER_MATERIAL)
        with spinning(context, node) as executor:
            end = time.monotonic() + 10.0
            while not client.server_is_ready() and time.monotonic() < end:
                executor.spin_once(timeout_sec=0.05)
            assert client.server_is_ready()
    with ros_context() as context:
        node = Node('after', context=context)
        client = action_client(node, names.DELIVER_MATERIAL)
        with spinning(context, node) as executor:
            end = time.monotonic() + LISTEN
            while time.monotonic() < end:
                executor.spin_once(timeout_sec=0.05)
                assert not client.server_is_ready()
