# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of nodes: good ones are read, bad ones stop the node with all reasons at once."""

from dataclasses import dataclass

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')

from linehaul_ros.parameters import ParameterError, declare, setting
from linehaul_ros.testing import ros_context
from rclpy.node import Node
from rclpy.parameter import Parameter


@dataclass(frozen=True)
class Config:
    name: str = setting('cell', doc='A name.', choices=('cell', 'jiaozhou'))
    speed: float = setting(1.0, doc='A speed.', unit='m/s', low=0.1, high=2.0)
    count: int = setting(3, doc='A count.', low=1, high=9)


def read(**given):
    with ros_context() as context:
        node = Node(
            'n',
            context=context,
            parameter_overrides=[Parameter(k, value=v) for k, v in given.items()],
        )
        try:
            return declare(node, Config), node.describe_parameter('speed').description
        finally:
            node.destroy_node()


def test_defaults_and_overrides_are_read_and_described():
    assert read() == (Config(), 'A speed. [m/s]')
    assert read(speed=2, use_sim_time=True)[0] == Config(speed=2.0)


@pytest.mark.parametrize(
    ('given', 'text'),
    [
        ({'sped': 1.0}, 'sped: no such parameter'),
        ({'speed': 5.0}, 'speed: found 5.0, wanted 0.1 to 2.0 m/s'),
        ({'speed': float('nan')}, 'speed: found nan'),
        ({'speed': 'fast'}, "speed: found 'fast', wanted float"),
        ({'count': 2.5}, 'count: found 2.5, wanted int'),
        ({'name': 'moon'}, "name: found 'moon', wanted one of cell, jiaozhou"),
    ],
)
def test_what_does_not_fit_is_named(given, text):
    with pytest.raises(ParameterError) as caught:
        read(**given)
    assert text in str(caught.value)
