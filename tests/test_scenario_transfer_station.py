# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A foreign station in the whole factory: real fleet, simulated vehicles, its own handshake."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip('linehaul_interfaces.msg', reason='the ROS interfaces are not built')

from linehaul_ros.testing import ros_context

SCRIPT = Path(__file__).resolve().parents[1] / 'examples' / 'station.py'
PORT = 'fa1_01'


@contextlib.contextmanager
def process(words, domain):
    started = subprocess.Popen(
        [sys.executable, *words],
        env={**os.environ, 'ROS_DOMAIN_ID': domain},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield started
    finally:
        if started.poll() is None:
            started.terminate()
        try:
            started.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            started.kill()
            started.communicate()


def node(package, **parameters):
    values = [f'{name}:={value}' for name, value in parameters.items()]
    words = [word for value in values for word in ('-p', value)]
    return ['-m', f'{package}.node', '--ros-args', *words]


def test_a_station_that_only_knows_the_interfaces_is_served_by_the_fleet(tmp_path):
    with ros_context() as context:
        domain = str(context.get_domain_id())
    sim = node(
        'linehaul_sim',
        plant='cell',
        speed=5.0,
        handshake='true',
        foreign_ports=PORT,
        retrieve_time=5.0,
        state_dir=tmp_path / 'sim',
    )
    fleet = node('linehaul_fleet', plant='cell', use_sim_time='true', state_dir=tmp_path / 'fleet')
    with process(sim, domain) as plant, process(fleet, domain) as desk:
        with process([SCRIPT, PORT, 'casing', '4'], domain) as station:
            out, _ = station.communicate(timeout=150)
            assert out.strip().splitlines()[-1].startswith('got casing-'), out
            assert station.returncode == 0
        assert plant.poll() is None
        assert desk.poll() is None
        plant.terminate()
        text, _ = plant.communicate(timeout=20)
        assert plant.returncode == 0, text  # 1 where the checker found a load in two hands
