# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Lines, goods and distribution centre: units come off the lines, sets are whole, trucks ship."""

import time

import pytest
import yaml

pytest.importorskip('linehaul_interfaces.msg', reason='the ROS interfaces are not built')

from linehaul_floor.find import plant_path
from linehaul_line.node import LineNode
from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_ros.time import to_time
from linehaul_sim.goods.node import GoodsNode
from linehaul_warehouse.centre.node import DistributionNode
from rclpy.node import Node
from rclpy.parameter import Parameter

from linehaul_interfaces.srv import TraceOrder
from linehaul_ros import names


def parameters(**values):
    return [Parameter(name, value=value) for name, value in values.items()]


def two_lines(folder):
    """Return the file of the cell with its line cut in two kinds, an entrance and a dock."""
    raw = yaml.safe_load(plant_path('cell').read_text(encoding='utf-8'))
    (line,) = raw['lines']
    first, second = line['stations'][:2], line['stations'][2:]
    raw['lines'] = [{**line, 'stations': first}, {**line, 'id': 'fa2', 'stations': second}]
    port = {'spur': [2.0, 0.0], 'items': ['casing']}
    raw['warehouse_ports'] += [
        {'id': 'fg_01', 'name': 'Entrance', 'flow': 'out', 'at': [30.0, 12.0], **port},
        {'id': 'dock_01', 'name': 'Dock 1', 'flow': 'in', 'at': [30.0, 14.0], **port},
        {'id': 'dock_02', 'name': 'Dock 2', 'flow': 'in', 'at': [30.0, 8.0], **port},
    ]
    file = folder / 'two_lines.yaml'
    file.write_text(yaml.safe_dump(raw, sort_keys=False), encoding='utf-8')
    return str(file)


class Plant:
    """The nodes of two lines and their goods on a clock that is turned by hand."""

    def __init__(self, context, folder):
        self.context, self.folder, self.now = context, folder, 1000.0
        self.common = {'use_sim_time': True, 'plant': two_lines(folder)}
        self.line = LineNode(context=context, parameter_overrides=parameters(**self.common))
        self.hand = Node('hand', context=context)
        clock, events = names.CLOCK, names.ORDER_EVENTS
        self.clock = self.hand.create_publisher(clock.type, clock.name, clock.qos)
        self.proofs, self.wrong = {}, []
        self.hand.create_subscription(events.type, events.name, self.heard, events.qos)
        trace = names.TRACE_SHIPPING.of('dc')
        self.tracer = self.hand.create_client(trace.type, trace.name)
        self.open()

    def open(self):
        mine = {**self.common, 'state_dir': str(self.folder)}
        quick = {'ahead': 6, 'stops': 2, 'chain': 60.0, 'patience': 60.0, 'mis_sort': 0.2}
        self.centre = DistributionNode(
            context=self.context, parameter_overrides=parameters(**mine)
        )
        self.goods = GoodsNode(
            context=self.context, parameter_overrides=parameters(**mine, **quick)
        )

    def kill(self, executor):
        """Lose both without a word, and start them again from their files."""
        for node in (self.centre, self.goods):
            executor.remove_node(node)
            node._journal.close()
            node.destroy_node()
        self.open()
        for node in (self.centre, self.goods):
            executor.add_node(node)

    def heard(self, message):
        if message.source == 'dc' and message.business_step == 'shipping':
            self.proofs.setdefault(message.order_id, set()).add(
                (message.owner, message.parent_id, message.place_id, *message.object_ids)
            )
        if message.source == 'dc' and message.disposition.startswith('mis_sorted'):
            self.wrong.append(message.event_id)

    def until(self, executor, done, speed):
        """Let the clock run at a speed until something is so."""
        last = time.monotonic()

        def look():
            nonlocal last
            now = time.monotonic()
            if now - last >= 0.02:
                self.now, last = self.now + speed * min(now - last, 0.1), now
                self.clock.publish(names.CLOCK.type(clock=to_time(self.now)))
            return done()

        spin_until(executor, look, 90.0)

    def trace(self, executor, **what):
        future = self.tracer.call_async(TraceOrder.Request(**what))
        spin_until(executor, future.done)
        return future.result()


def test_units_of_the_lines_are_scanned_sets_ship_whole_and_once_although_both_nodes_die(tmp_path):
    with ros_context() as context:
        plant = Plant(context, tmp_path)
        nodes = (plant.line, plant.centre, plant.goods, plant.hand)
        with spinning(context, *nodes) as executor:
            given = plant.goods.flow.goods.seen
            plant.until(  # before any line moves, all have units of orders
                executor, lambda: len(given) == 2 and all(map(len, given.values())), 2.0
            )
            plant.until(executor, lambda: plant.goods.flow.goods.left >= 2, 400.0)
            plant.kill(executor)
            plant.until(executor, lambda: plant.proofs, 250.0)
            plant.kill(executor)
            plant.until(executor, lambda: len(plant.proofs) >= 3, 250.0)
            assert all(len(told) == 1 for told in plant.proofs.values())
            order_id = min(plant.proofs)
            ((owner, truck, dock, *units),) = plant.proofs[order_id]
            answer = plant.trace(executor, order_id=order_id)
            assert (answer.error_code, answer.orders[0].owner) == (0, owner)
            assert owner.startswith('customer_')
            proof = answer.events[-1]
            assert (proof.business_step, proof.parent_id, proof.place_id) == (
                'shipping',
                truck,
                dock,
            )
            kinds = {unit.rpartition('.')[2] for unit in units}
            assert kinds == {'1', '2'}  # an indoor and an outdoor unit at least
            for unit in units:
                steps = [e.business_step for e in answer.events if unit in e.object_ids]
                assert steps.count('receiving') == 1 + steps.count('mis_sorted')
                assert steps[-1] == 'shipping'
            assert plant.trace(executor, unit_id=units[0]).events == answer.events
            assert plant.trace(executor, order_id='nobody').error_code == 4
            assert plant.centre.desk.centre.mis_sorts >= len(set(plant.wrong))
            assert plant.centre.close() == plant.goods.close() == 0
