# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Both links over real topics, with a restart of either and a word from a person."""

import pytest

pytest.importorskip('linehaul_interfaces.msg', reason='the ROS interfaces are not built')

from dataclasses import replace

from linehaul_ros.journal import Journal
from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_transfer.convert import PortLink, VehicleLink
from rclpy.node import Node

from linehaul_interfaces.srv import ConfirmLoad
from linehaul_ros import names
from linehaul_transfer import (
    CLEAR,
    Custody,
    Holder,
    Job,
    Kind,
    Moved,
    Sensed,
    Sensors,
    Timers,
    Transfer,
    port_state,
    vehicle_state,
)

FULL = Sensors(True, True)
V, P = vehicle_state.Phase, port_state.Phase
QUICK = Timers(td0=0.05, peer=1.0, heartbeat=0.2, backoff=0.2)


class Plant:
    """A vehicle with a box, an empty port, and their journals."""

    def __init__(self, context, folder):
        self.context, self.folder = context, folder
        self.node = Node('plant', context=context)
        self.journals = {side: Journal(folder / f'{side}.db') for side in ('vehicle', 'port')}
        self.begin('vehicle', FULL)
        self.begin('port', CLEAR)

    def begin(self, side, sensors):
        journal = self.journals[side]
        if side == 'vehicle':
            self.vehicle = VehicleLink(self.node, 'agv_001', QUICK, journal, sensors)
        else:
            self.port = PortLink(self.node, 'fa1_01', QUICK, journal, sensors)

    def close(self):
        for journal in self.journals.values():
            journal.close()


@pytest.fixture
def plant(tmp_path):
    with ros_context() as context:
        made = Plant(context, tmp_path)
        with spinning(context, made.node) as executor:
            made.executor = executor
            yield made
        made.close()


def give(plant):
    job = Job('drop-1', 'fa1_01', (Transfer(Kind.LOAD, 'box-7'),))
    assert not plant.vehicle.start(job)
    spin_until(plant.executor, lambda: plant.port.side.state.phase is P.TRANSFER)
    assert plant.vehicle.side.may_move
    assert not plant.port.side.may_move


def test_a_load_is_given_and_both_journals_say_so(plant):
    give(plant)
    plant.port.handle(Sensed(FULL))
    plant.vehicle.handle(Moved(CLEAR))
    spin_until(plant.executor, lambda: plant.vehicle.parted)
    assert plant.vehicle.side.state.result.done == 1
    assert plant.port.side.state.holding == 'box-7'
    kept = plant.journals['port'].kept()['transfer/port/fa1_01']
    assert (kept['holding'], kept['phase']) == ('box-7', 'idle')
    steps = [r.body['custody'] for r in plant.journals['port'].replay()]
    assert steps == [0, Custody.NONE, Custody.IN_TRANSFER, Custody.MINE, 0][-len(steps) :]
    assert Custody.IN_TRANSFER in steps


def test_a_vehicle_that_dies_half_way_freezes_both_and_a_person_ends_it(plant):
    give(plant)
    node = Node('reborn', context=plant.context)
    plant.executor.add_node(node)
    old = plant.vehicle
    old._publisher.publish = lambda _: None  # it is dead
    plant.vehicle = VehicleLink(node, 'agv_001', QUICK, plant.journals['vehicle'], CLEAR)
    assert plant.vehicle.side.state.phase is V.FROZEN
    spin_until(plant.executor, lambda: plant.port.side.state.phase is P.FROZEN)
    service = names.CONFIRM_TRANSFER.of('fa1_01')
    client = node.create_client(service.type, service.name)
    assert client.wait_for_service(10.0)
    word = ConfirmLoad.Request(
        port_id='fa1_01',
        session_id=plant.port.side.state.session,
        load_id='box-7',
        holder_kind=int(Holder.PORT),
        actor='shift leader',
    )
    answer = client.call_async(word)
    spin_until(plant.executor, answer.done)
    assert answer.result().error_code == 0
    spin_until(plant.executor, lambda: plant.port.side.state.phase is P.IDLE)
    assert plant.port.side.state.holding == 'box-7'
    assert plant.vehicle.side.state.custody is Custody.NONE
    late = client.call_async(word)
    spin_until(plant.executor, late.done)
    assert late.result().error_code == 507
    plant.executor.remove_node(node)
    node.destroy_node()


def test_the_next_port_waits_until_the_last_one_knows_the_end(plant):
    give(plant)
    plant.port.handle(Sensed(FULL))
    plant.vehicle.handle(Moved(CLEAR))
    spin_until(plant.executor, lambda: plant.vehicle.side.state.phase is V.IDLE)
    state = replace(plant.vehicle.side.state, peer=None)
    plant.vehicle.side.state = state
    other = Job('pick-2', 'fa1_02', (Transfer(Kind.UNLOAD),))
    assert plant.vehicle.start(other).code == 2
    spin_until(plant.executor, lambda: plant.vehicle.parted)
    assert not plant.vehicle.start(other)
    assert plant.vehicle.side.state.job == other
