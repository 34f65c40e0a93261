# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Foreign stations in the whole factory: real fleet, simulated vehicles, their own handshake."""

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip('linehaul_interfaces.msg', reason='the ROS interfaces are not built')

from linehaul_ros.testing import ros_context

EXAMPLES = Path(__file__).resolve().parents[1] / 'examples'
SCRIPT = EXAMPLES / 'station.py'
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


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def wired(folder, protocol):
    """Return the words of a PLC and of its gateway, at a free port of this machine."""
    text, number = (EXAMPLES / f'plc_{protocol}.yaml').read_text(encoding='utf-8'), free_port()
    target = {'modbus': str(number), 'opcua': f'opc.tcp://127.0.0.1:{number}/plc'}[protocol]
    file = folder / f'{protocol}.yaml'
    file.write_text(text.replace('5020', str(number)).replace('4840', str(number)), 'utf-8')
    gateway = node('linehaul_transfer', mapping=file, state_dir=folder / 'ports')
    return [EXAMPLES / 'plc.py', protocol, target], gateway


def request(station, item):
    words = ('--plant', 'cell', '--station', station, '--item', item, '--quantity', '4')
    return ['-m', 'linehaul_line.request', *words, '--wait', '60', '--json']


def test_stations_that_only_know_the_interfaces_or_their_bits_are_served_by_the_fleet(tmp_path):
    """A script on ROS, a PLC on Modbus TCP and one on OPC UA, in one factory at the same time."""
    with ros_context() as context:
        domain = str(context.get_domain_id())
    sim = node(
        'linehaul_sim',
        plant='cell',
        speed=5.0,
        handshake='true',
        foreign_ports=f'{PORT},fa1_02,fa1_03',
        retrieve_time=5.0,
        state_dir=tmp_path / 'sim',
    )
    fleet = node('linehaul_fleet', plant='cell', use_sim_time='true', state_dir=tmp_path / 'fleet')
    parts = [wired(tmp_path, protocol) for protocol in ('modbus', 'opcua')]
    asked = [request('fa1_02', 'compressor'), request('fa1_03', 'heat_exchanger')]
    with contextlib.ExitStack() as running:

        def start(words):
            return running.enter_context(process(words, domain))

        plant, desk = start(sim), start(fleet)
        plcs = [start(plc) for plc, _ in parts]
        gateways = [start(gateway) for _, gateway in parts]
        requests = [start(words) for words in asked]
        station = start([SCRIPT, PORT, 'casing', '4'])
        out, _ = station.communicate(timeout=400)
        assert out.strip().splitlines()[-1].startswith('got casing-'), out
        assert station.returncode == 0
        for one in requests:
            out, _ = one.communicate(timeout=400)
            assert one.returncode == 0, out
        assert all(one.poll() is None for one in (plant, desk, *plcs, *gateways))
        for one in plcs:
            one.terminate()
            out, _ = one.communicate(timeout=20)
            assert [one for one in out.splitlines() if one.startswith('box')] == ['box came']
        plant.terminate()
        text, _ = plant.communicate(timeout=20)
        assert plant.returncode == 0, text  # 1 where the checker found a load in two hands
