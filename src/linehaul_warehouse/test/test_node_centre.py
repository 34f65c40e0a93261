# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The distribution centre's node: events in, answers, proofs and state out, also after death."""

import json
import threading

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')

from linehaul_ros.parameters import ParameterError
from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_warehouse.centre.cli import main
from linehaul_warehouse.centre.convert import to_told, told_to_msg
from linehaul_warehouse.centre.node import DistributionNode
from linehaul_warehouse.centre.told import Action, StepName, Told
from rclpy.node import Node
from rclpy.parameter import Parameter

from linehaul_interfaces.msg import OrderSetState
from linehaul_ros import names


class Bench:
    """A centre's node and somebody who tells it things and hears its answers."""

    def __init__(self, context, folder, executor_nodes):
        values = {'state_dir': str(folder), 'lanes': 2}
        overrides = [Parameter(name, value=value) for name, value in values.items()]
        self.node = DistributionNode(context=context, parameter_overrides=overrides)
        self.tester = Node('tester', context=context)
        topic, state = names.ORDER_EVENTS, names.DISTRIBUTION_STATE.of('dc')
        self.answers, self.states = {}, []
        self.tester.create_subscription(topic.type, topic.name, self.hear, topic.qos)
        self.tester.create_subscription(state.type, state.name, self.states.append, state.qos)
        self.events = self.tester.create_publisher(topic.type, topic.name, topic.qos)
        executor_nodes += [self.node, self.tester]

    def hear(self, message):
        if message.source == 'dc':
            self.answers.setdefault(message.event_id, []).append(message)

    def tell(self, executor, event_id, step, action='OBSERVE', **fields):
        """Publish until it is answered, as a scanner does, and return the last answer."""
        values = {'order_id': '', 'owner': '', 'place_id': 'dc', 'parent_id': '', 'objects': ()}
        told = Told(event_id, step, Action[action], 50.0, **(values | {'source': 'x'} | fields))
        name = f'dc:{event_id}'
        before = len(self.answers.get(name, []))
        spin_until(executor, lambda: self.events.get_subscription_count() >= 2)
        self.events.publish(told_to_msg(told))
        spin_until(executor, lambda: len(self.answers.get(name, [])) > before)
        return self.answers[name][-1]


def ask(executor, context, *words):
    """Run `linehaul goods` in a thread, as another program; return its code and its rows."""
    lines, codes = [], []

    def work():
        codes.append(main(['--json', '--wait', '30', *words], context))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('builtins.print', lines.append)
        thread = threading.Thread(target=work)
        thread.start()
        spin_until(executor, lambda: not thread.is_alive())
    return codes[0], [json.loads(line) for line in lines]


def test_an_order_ships_whole_once_and_with_proof_although_the_node_dies(tmp_path):
    receive, stage, load = StepName.RECEIVING, StepName.STAGING, StepName.LOADING
    scan = {'place_id': 'fg_01'}
    with ros_context() as context:
        nodes = []
        bench = Bench(context, tmp_path, nodes)
        with spinning(context, *nodes) as executor:
            order = {'order_id': 'o1', 'owner': 'ann', 'objects': ('in', 'out')}
            said = bench.tell(executor, 'e1', StepName.COMMISSIONING, 'ADD', **order)
            assert said.disposition == 'in_progress'
            plan = {'parent_id': 't1', 'objects': ('o1',)}
            said = bench.tell(executor, 'e2', StepName.PLANNING, 'ADD', **plan)
            assert said.disposition == 'in_progress'
            bench.tell(executor, 'e3', receive, objects=('in',), **scan)
            said = bench.tell(executor, 'e4', stage, objects=('in',), place_id='lane_01')
            assert said.disposition.startswith('mis_sorted: in at lane_01')  # half a set
            said = bench.tell(executor, 'e5', StepName.DEPARTING, parent_id='t1')
            assert said.disposition.startswith('refused: ')
            spin_until(executor, lambda: bench.states and bench.states[-1].mis_sorts == 1)
            (shown,) = bench.states[-1].sets
            assert (shown.phase, shown.owner) == (OrderSetState.PHASE_INCOMPLETE, 'ann')
            bench.node._journal.close()  # no goodbye: what is in the file is all there is
    with ros_context() as context:
        nodes = []
        bench = Bench(context, tmp_path, nodes)
        with spinning(context, *nodes) as executor:
            again = bench.tell(executor, 'e4', stage, objects=('in',), place_id='lane_01')
            assert again.disposition.startswith('mis_sorted: in at lane_01')
            assert bench.node.desk.centre.mis_sorts == 1
            for unit in ('in', 'out'):
                bench.tell(executor, f'back_{unit}', receive, objects=(unit,), **scan)
            for step, place in ((stage, 'lane_01'), (load, 'dock_01')):
                for unit in ('in', 'out'):
                    where = {'place_id': place, 'parent_id': 't1'}
                    said = bench.tell(executor, f'{step}_{unit}', step, objects=(unit,), **where)
                    assert said.disposition == 'in_progress'
            for _ in range(2):
                bench.tell(executor, 'e9', StepName.DEPARTING, parent_id='t1')
            proofs = bench.answers['dc:shipped:o1']
            assert {(p.owner, p.parent_id, p.place_id, *p.object_ids) for p in proofs} == {
                ('ann', 't1', 'dock_01', 'in', 'out')
            }
            spin_until(executor, lambda: bench.states and bench.states[-1].shipped == 1)
            code, (first, *_, last) = ask(executor, context, 'order', 'o1')
            assert code == 0
            assert (first['step'], first['units']) == ('commissioning', 'in out')
            assert (last['step'], last['truck'], last['where']) == ('shipping', 't1', 'dock_01')
            assert ask(executor, context, 'unit', 'nobody')[0] == 1
            assert ask(executor, context)[0] == 0
            assert bench.node.close() == 0


def test_a_told_event_comes_back_from_its_message():
    told = Told('e', StepName.STAGING, Action.OBSERVE, 5.5, 'o', 'w', 'p', 't', ('u',), 's', 'r')
    assert to_told(told_to_msg(told), 9.0) == told
    message = told_to_msg(told)
    message.business_step = 'assembling'
    assert to_told(message, 9.0) is None


def test_a_plant_without_docks_cannot_have_a_centre():
    with ros_context() as context, pytest.raises(ParameterError, match='docks'):
        DistributionNode(context=context, parameter_overrides=[Parameter('plant', value='cell')])
