# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The line node and the simulated floor: one stock beside the line, told by messages."""

import pytest

pytest.importorskip('linehaul_interfaces.msg', reason='the ROS interfaces are not built')

from linehaul_line.node import LineNode
from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_sim.loads import HolderKind
from linehaul_sim.node import SimNode
from rclpy.parameter import Parameter


def test_what_a_line_uses_up_is_gone_from_the_floor(tmp_path):
    def parameters(**values):
        return [Parameter(name, value=value) for name, value in values.items()]

    with ros_context() as context:
        about = parameters(plant='cell', speed=300.0, step=0.2, lines='simulated')
        sim = SimNode(context=context, parameter_overrides=about)
        about = parameters(plant='cell', use_sim_time=True, start=1.0, state_dir=str(tmp_path))
        line = LineNode(context=context, parameter_overrides=about)
        ledger, desks = sim.world.data.ledger, line._desks

        def counted():
            """Return what the line has beside each station, and what stands there."""
            rows = [(s, row) for desk in desks.values() for (s, _), row in desk.side.rows.items()]
            return {s: list(row) for s, row in rows}, {s: ledger.ports[s].loads for s, _ in rows}

        with spinning(context, sim, line) as executor:
            spin_until(executor, lambda: any(counted()[0].values()))
            first = {load for row in counted()[0].values() for load in row}
            assert first == set(ledger.loads)

            def some_used():
                mine, there = counted()
                gone = [load for load in ledger.loads.values() if load.holder is HolderKind.GONE]
                told = all(not desk.side.used for desk in desks.values())
                return len(gone) >= 2 and mine == there and told

            spin_until(executor, some_used, 120.0)
            line.close()
            assert sim.close() == 0
