# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The demo's client against a stand-in fleet and checker in the same process."""

import pytest

pytest.importorskip('rclpy', reason='ROS is not in this environment')
pytest.importorskip('linehaul_interfaces.msg', reason='the interfaces are not built')

from linehaul_bringup.demo_client import DemoNode
from linehaul_bringup.demo_goals import RequestId, Wish
from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_ros.time import to_time
from rclpy.action import ActionServer
from rclpy.node import Node
from rosgraph_msgs.msg import Clock

from linehaul_interfaces.action import DeliverMaterial
from linehaul_interfaces.msg import DeliveryState, FleetState, SimReport
from linehaul_ros import names

WISHES = tuple(Wish(RequestId(f'd-{n}'), 'casing', n, 'fa1_01') for n in (1, 2))


class StandIn(Node):
    """A fleet that delivers the first wish after 30 s and refuses the second."""

    def __init__(self, context):
        super().__init__('stand_in', context=context)
        self._told = {
            topic.name: self.create_publisher(topic.type, topic.name, topic.qos)
            for topic in (names.CLOCK, names.FLEET_STATE, names.SIM_REPORT)
        }
        self._server = ActionServer(
            self, DeliverMaterial, names.DELIVER_MATERIAL.name, execute_callback=self._execute
        )
        self.create_timer(0.02, self._tick)
        self.goals = []

    def _tick(self):
        self._told['/clock'].publish(Clock(clock=to_time(100.0)))
        self._told['fleet/state'].publish(FleetState(plant='cell'))
        self._told['sim/report'].publish(
            SimReport(plant='cell', steps=10, distance=12.5, violations=['v'])
        )

    def _execute(self, handle):
        goal = handle.request
        self.goals.append(goal)
        state = DeliveryState(request_id=goal.request_id, vehicle_id='agv_001')
        state.phase = DeliveryState.PHASE_DELIVERING
        state.eta = to_time(120.0)
        handle.publish_feedback(DeliverMaterial.Feedback(state=state))
        if goal.request_id == 'd-1':
            handle.succeed()
            return DeliverMaterial.Result(vehicle_id='agv_001', delivered=to_time(130.0))
        handle.abort()
        return DeliverMaterial.Result(error_code=110, error_msg='no stock')


def test_asks_once_and_gathers_results_progress_and_reports():
    changes = []
    with ros_context() as context:
        demo = DemoNode(WISHES, lambda wish, progress: changes.append((wish, progress)), context)
        fleet = StandIn(context)
        with spinning(context, demo, fleet) as executor:

            def done():
                demo.ask()
                return demo.all_ended() and demo.sim.reports

            spin_until(executor, done)
    assert sorted(goal.request_id for goal in fleet.goals) == ['d-1', 'd-2']
    assert [goal.quantity for goal in fleet.goals] == [1, 2]
    delivered, refused = demo.outcomes['d-1'], demo.outcomes['d-2']
    assert (delivered.code, delivered.vehicle, delivered.duration) == (0, 'agv_001', 30.0)
    assert (refused.code, refused.text, refused.delivered) == (110, 'no stock', False)
    assert demo.sim.total('distance') == 12.5
    assert demo.sim.violations == ('v',)
    last = dict(changes)
    assert last[WISHES[0]].phase == 'delivered'
    assert last[WISHES[1]].phase == 'refused: no stock'
    assert all(progress.ended for progress in last.values())
