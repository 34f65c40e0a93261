# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A foreign station as a process of its own: it asks, does the handshake, and is served."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip('linehaul_interfaces.msg', reason='the ROS interfaces are not built')

from linehaul_ros.journal import Journal
from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_transfer.convert import VehicleLink
from linehaul_transfer.vehicle_state import Phase
from rclpy.action import ActionServer, GoalResponse
from rclpy.node import Node

from linehaul_interfaces.action import DeliverMaterial
from linehaul_transfer import CLEAR, Custody, Job, Kind, Moved, Sensors, Timers, Transfer

SCRIPT = Path(__file__).resolve().parents[1] / 'examples' / 'station.py'


class Fleet:
    """Takes one request and serves it with one vehicle that carries the box already."""

    def __init__(self, context, folder):
        self.node = Node('fleet', context=context)
        self.journal = Journal(folder / 'vehicle.db')
        self.vehicle = VehicleLink(
            self.node, 'agv_001', Timers(), self.journal, Sensors(True, True), self.changed
        )
        self.goal, self.unloaded = None, None
        self.server = ActionServer(
            self.node,
            DeliverMaterial,
            'deliver_material',
            self.serve,
            goal_callback=self.take,
        )

    def take(self, goal):
        self.goal = goal
        job = Job(goal.request_id, goal.station_id, (Transfer(Kind.LOAD, 'casing-000001'),))
        assert not self.vehicle.start(job)
        return GoalResponse.ACCEPT

    async def serve(self, handle):
        from rclpy.task import Future

        self.unloaded = self.unloaded or Future()
        await self.unloaded
        handle.succeed()
        return DeliverMaterial.Result(load_id='casing-000001', item_id=self.goal.item_id)

    def changed(self, before):
        state = self.vehicle.side.state
        if state.result and state.result.done and self.unloaded and not self.unloaded.done():
            self.unloaded.set_result(None)


def lines_of_code(text):
    """Return how many lines a script has without imports, docstrings, comments and blank lines."""
    tree = ast.parse(text)
    apart = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            apart += [node.body[0]] if ast.get_docstring(node) else []
    left_out = {row for n in apart for row in range(n.lineno, n.end_lineno + 1)}
    rows = enumerate(text.splitlines(), 1)
    return sum(
        row not in left_out and bool(line.strip()) and not line.strip().startswith('#')
        for row, line in rows
    )


def test_a_forty_line_station_is_served(tmp_path):
    text = SCRIPT.read_text(encoding='utf-8')
    assert 'import linehaul_' not in text.replace('linehaul_interfaces', '')
    assert lines_of_code(text) <= 40
    with ros_context() as context:
        fleet = Fleet(context, tmp_path)
        domain = str(context.get_domain_id())
        station = subprocess.Popen(
            [sys.executable, SCRIPT, 'fa1_01', 'casing', '4'],
            env={**os.environ, 'ROS_DOMAIN_ID': domain},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            with spinning(context, fleet.node) as executor:
                side = fleet.vehicle.side
                spin_until(executor, lambda: side.may_move, 40.0)
                fleet.vehicle.handle(Moved(CLEAR))
                assert side.state.phase is Phase.BUSY
                spin_until(executor, lambda: station.poll() is not None, 40.0)
            out, errors = station.communicate()
            assert out.strip() == 'got casing-000001', errors
            assert (fleet.goal.item_id, fleet.goal.quantity) == ('casing', 4)
            assert side.state.custody is Custody.NONE
            assert not side.state.result.problem
        finally:
            if station.poll() is None:
                station.kill()
                station.communicate()
            fleet.journal.close()
