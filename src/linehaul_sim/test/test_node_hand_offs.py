# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The node with the handshake: signals of both sides, and a person's word by a service."""

import pytest

pytest.importorskip('linehaul_interfaces.msg', reason='the ROS interfaces are not built')

from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_sim.bench import Dispatcher
from linehaul_sim.faults import Fault, FaultKind
from linehaul_sim.loads import HolderKind
from linehaul_sim.node import SimNode
from linehaul_sim.warehouse import RetrieveRequest
from linehaul_transfer.port_state import Phase
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from linehaul_interfaces.msg import LoadCustody
from linehaul_interfaces.srv import ConfirmLoad
from linehaul_ros import names

PORT = 'wh_out_1'


def test_a_hand_off_that_stops_is_ended_by_a_service():
    with ros_context() as context:
        values = {'plant': 'cell', 'speed': 15.0, 'handshake': True, 'pick_time': 40.0}
        overrides = [Parameter(name, value=value) for name, value in values.items()]
        sim = SimNode(context=context, parameter_overrides=overrides)
        client = Node('client', context=context)
        said = []
        for topic in (names.STATION_SIGNALS.of(PORT), names.VEHICLE_SIGNALS.of(PORT)):
            client.create_subscription(topic.type, topic.name, said.append, topic.qos)
        confirm = client.create_client(ConfirmLoad, names.CONFIRM_TRANSFER.of(PORT).name)
        reset = client.create_client(Trigger, names.RESET_PORT.of(PORT).name)
        with spinning(context, sim, client) as executor:
            world, fleet = sim.world, Dispatcher(sim.world)
            load = world.retrieve(RetrieveRequest('r1', 'fan_motor', 10)).load_id
            fleet.go('agv_001', PORT, 'pick', 'pick', loadId=load)
            ports = world.data.hand_offs.ports
            moving = lambda: PORT in ports and ports[PORT].state.phase is Phase.TRANSFER  # noqa: E731
            spin_until(executor, moving, 60.0)
            world.inject(Fault(FaultKind.DIE, 'agv_001'))
            frozen = lambda m: hasattr(m, 'ready') and m.ready and not m.ho_avbl  # noqa: E731
            spin_until(executor, lambda: any(map(frozen, said)), 60.0)
            assert any(getattr(m, 'busy', False) for m in said)
            session = next(m.session_id for m in said if frozen(m))
            world.inject(Fault(FaultKind.REVIVE, 'agv_001'))
            spin_until(
                executor, lambda: any(getattr(m, 'custody', 0) and m.error_code for m in said)
            )
            word = ConfirmLoad.Request(
                port_id=PORT,
                session_id=session,
                load_id=load,
                holder_kind=LoadCustody.HOLDER_VEHICLE,
                actor='shift leader',
            )
            answer = None
            while answer is None or answer.error_code == 509:  # it has not said that it stands
                future = confirm.call_async(word)
                spin_until(executor, future.done)
                answer = future.result()
            assert answer.error_code == 0, answer.error_msg
            spin_until(executor, lambda: world.data.hand_offs.work == {}, 60.0)
            assert world.data.ledger.loads[load].holder is HolderKind.VEHICLE
            future = reset.call_async(Trigger.Request())
            spin_until(executor, future.done)
            assert future.result().success
            assert sim.close() == 0
