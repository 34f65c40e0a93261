# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Warehouse node and simulated floor: containers go out, come back and are stored, each once."""

import pytest

pytest.importorskip('linehaul_interfaces.msg', reason='the ROS interfaces are not built')

from linehaul_ros.actions import PersistentGoal, action_client
from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_sim.bench import Dispatcher
from linehaul_sim.loads import HolderKind
from linehaul_sim.node import SimNode
from linehaul_warehouse.model import PlaceKind
from linehaul_warehouse.node import WarehouseNode
from rclpy.node import Node
from rclpy.parameter import Parameter

from linehaul_interfaces.action import RetrieveLoad
from linehaul_ros import names


def parameters(**values):
    return [Parameter(name, value=value) for name, value in values.items()]


class Factory:
    """Both nodes in one executor, and somebody who wants containers."""

    def __init__(self, context, folder):
        self.context, self.folder = context, folder
        made = parameters(plant='cell', speed=40.0, warehouse='managed', handshake=True)
        self.sim = SimNode(context=context, parameter_overrides=made)
        self.fleet = Dispatcher(self.sim.world)
        self.tester = Node('tester', context=context)
        self.client = action_client(self.tester, names.RETRIEVE_LOAD)
        self.open()

    def open(self):
        made = parameters(use_sim_time=True, state_dir=str(self.folder), fill=0.02)
        self.node = WarehouseNode(context=self.context, parameter_overrides=made)

    def kill(self, executor):
        """Lose the warehouse without a word, and start it again from its file."""
        executor.remove_node(self.node)
        self.node._store.close()
        self.node.destroy_node()
        self.open()
        executor.add_node(self.node)

    def retrieve(self, executor, name):
        results = []
        goal = RetrieveLoad.Goal(request_id=name, item_id='casing', quantity=1)
        PersistentGoal(self.tester, self.client, goal, results.append)
        spin_until(executor, lambda: results)
        assert results[0].error_code == 0, results[0].error_msg
        return results[0].load_id

    def drive(self, executor, place, what, load_id):
        handling = self.sim.world.data.handling
        done = getattr(handling, f'{what}s')
        self.fleet.go('agv_001', place, f'{what}-{place}-{done}', what, loadId=load_id)
        spin_until(executor, lambda: getattr(handling, f'{what}s') == done + 1)


def test_containers_go_out_come_back_and_go_out_again_although_the_warehouse_dies(tmp_path):
    with ros_context() as context:
        made = Factory(context, tmp_path)
        ledger = made.sim.world.data.ledger
        with spinning(context, made.sim, made.node, made.tester) as executor:
            load_id = made.retrieve(executor, 'first')
            spin_until(executor, lambda: load_id in ledger.ports['wh_out_1'].loads)
            made.kill(executor)
            made.drive(executor, 'wh_out_1', 'pick', load_id)
            books = made.node.warehouse.state.facts.loads
            spin_until(executor, lambda: load_id not in books)
            made.kill(executor)
            made.drive(executor, 'wh_in_1', 'drop', load_id)
            made.kill(executor)
            facts = made.node.warehouse.state.facts
            stored = facts.loads
            spin_until(executor, lambda: load_id in stored)
            spin_until(executor, lambda: stored[load_id].place.kind is PlaceKind.CELL)
            spin_until(executor, lambda: load_id not in ledger.loads)
            assert stored[load_id].item_id == 'casing'
            again = made.retrieve(executor, 'second')
            spin_until(executor, lambda: again in ledger.ports['wh_out_1'].loads)
            assert ledger.loads[again].holder is HolderKind.PORT
            assert made.node.warehouse.state.in_cell == made.node.end.floor.cells
            assert len(facts.storages) == 1
            assert facts.received - facts.gone == len(stored)
            assert made.sim.world.data.custody_errors == 0
            made.node.close()
