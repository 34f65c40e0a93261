# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Picks and drops by the handshake: what goes well, and the rows of the fault table."""

import pickle

import pytest
from linehaul_sim.bench import Dispatcher
from linehaul_sim.faults import Fault, FaultKind
from linehaul_sim.hand_offs import FROZEN
from linehaul_sim.inputs import PortReset, TransferConfirmed
from linehaul_sim.loads import HolderKind
from linehaul_sim.settings import Settings
from linehaul_sim.warehouse import RetrieveRequest
from linehaul_sim.world import World

from linehaul_floor import load_plant
from linehaul_transfer import Holder, VehicleSignals, port_state, vehicle_state
from linehaul_vda5050 import ActionStatus

PLANT = load_plant('cell')
V, P = vehicle_state.Phase, port_state.Phase


@pytest.fixture
def world():
    return World(PLANT, Settings(handshake=True))


@pytest.fixture
def fleet(world):
    return Dispatcher(world)


def status(world):
    return world.data.agvs[0].tasks[-1].status


def fetch(fleet, world):
    """Send the first vehicle to a container at the warehouse and let it begin to pick."""
    retrieval = world.retrieve(RetrieveRequest('r1', 'fan_motor', 10))
    fleet.go('agv_001', 'wh_out_1', 'fetch')
    fleet.arrive('agv_001')
    fleet.run(lambda: world.data.warehouse.retrievals['r1'].phase.ended)
    fleet.go('agv_001', 'wh_out_1', 'pick', 'pick', loadId=retrieval.load_id)
    return retrieval.load_id


def sides(world, place='wh_out_1'):
    return world.data.hand_offs.vehicles[0], world.data.hand_offs.ports[place]


def until_busy(fleet, world):
    load = fetch(fleet, world)
    fleet.run(lambda: bool(world.data.hand_offs.ports))
    fleet.run(lambda: sides(world)[1].state.phase is P.TRANSFER)
    return load


def test_a_delivery_by_two_hand_offs(world, fleet):
    load = until_busy(fleet, world)
    assert world.data.ledger.ports['wh_out_1'].claimed == 'agv_001'
    assert world.data.ledger.loads[load].holder is HolderKind.PORT
    fleet.run(lambda: status(world) is ActionStatus.FINISHED)
    assert world.data.ledger.loads[load].holder is HolderKind.VEHICLE
    fleet.go('agv_001', 'fa1_04', 'bring', 'drop', loadId=load, stationName='fa1_04')
    fleet.arrive('agv_001')
    fleet.run(lambda: status(world) is ActionStatus.FINISHED)
    assert world.data.ledger.loads[load].holder_id == 'fa1_04'
    fleet.run(lambda: world.data.ledger.ports['fa1_04'].claimed is None)
    assert world.data.handling.picks == world.data.handling.drops == 1
    assert world.data.custody_errors == 0
    assert world.verdict.clean


def test_what_is_said_comes_out(world, fleet):
    fetch(fleet, world)
    said = []
    while status(world) is not ActionStatus.FINISHED:
        world.step()
        said += world.take_outputs().signals
    busy = [m for m in said if isinstance(m, VehicleSignals) and m.busy]
    ready = [m for m in said if not isinstance(m, VehicleSignals) and m.ready]
    assert busy
    assert ready
    assert said.index(ready[0]) < said.index(busy[0])


def test_an_empty_pick_fails_with_its_text(world, fleet):
    world.inject(Fault(FaultKind.EMPTY_PICK, 'wh_out_1'))
    load = fetch(fleet, world)
    fleet.run(lambda: status(world) is ActionStatus.FAILED)
    assert 'is empty: supply it again' in world.data.agvs[0].tasks[-1].result
    assert world.data.ledger.loads[load].holder is HolderKind.PORT
    assert world.data.ledger.ports['wh_out_1'].empty_picks == 0


def test_an_occupied_drop_keeps_the_load(world, fleet):
    load = fetch(fleet, world)
    fleet.run(lambda: status(world) is ActionStatus.FINISHED)
    world.inject(Fault(FaultKind.OCCUPIED_DROP, 'fa1_04'))
    fleet.go('agv_001', 'fa1_04', 'bring', 'drop', loadId=load)
    fleet.arrive('agv_001')
    fleet.run(lambda: status(world) is ActionStatus.FAILED)
    assert 'go elsewhere' in world.data.agvs[0].tasks[-1].result
    assert world.data.ledger.loads[load].holder is HolderKind.VEHICLE


@pytest.mark.parametrize('holder', [Holder.VEHICLE, Holder.PORT])
def test_a_vehicle_that_dies_half_way_stops_both_and_a_person_ends_it(world, fleet, holder):
    load = until_busy(fleet, world)
    world.inject(Fault(FaultKind.DIE, 'agv_001'))
    fleet.run(lambda: sides(world)[1].state.phase is P.FROZEN)
    world.inject(Fault(FaultKind.REVIVE, 'agv_001'))
    fleet.run(lambda: any(e.error_type == FROZEN for e in world.data.agvs[0].errors))
    vehicle, port = sides(world)
    assert vehicle.state.phase is V.FROZEN
    fleet.run(lambda: port.state.peer.problem.code != 0)
    world.apply(TransferConfirmed('wh_out_1', port.state.session, int(holder), 'shift leader'))
    ended = ActionStatus.FINISHED if holder is Holder.VEHICLE else ActionStatus.FAILED
    fleet.run(lambda: status(world) is ended)
    wanted = HolderKind.VEHICLE if holder is Holder.VEHICLE else HolderKind.PORT
    assert world.data.ledger.loads[load].holder is wanted
    assert not any(e.error_type == FROZEN for e in world.data.agvs[0].errors)
    assert world.data.custody_errors == 0


def test_a_vehicle_that_is_not_heard_before_busy_fails_and_the_booking_stays(world, fleet):
    load = fetch(fleet, world)
    world.inject(Fault(FaultKind.LOSE_MESSAGES, 'agv_001', 120.0, 1.0))
    fleet.run(lambda: status(world) is ActionStatus.FAILED)
    assert 'TA1' in world.data.agvs[0].tasks[-1].result
    assert world.data.ledger.loads[load].holder is HolderKind.PORT


def test_lost_messages_only_cost_time(world, fleet):
    fetch(fleet, world)
    world.inject(Fault(FaultKind.LOSE_MESSAGES, 'agv_001', 120.0, 0.3))
    fleet.run(lambda: status(world).ended)
    assert status(world) is ActionStatus.FINISHED


def test_a_stored_world_goes_on_with_its_hand_offs(world, fleet):
    until_busy(fleet, world)
    twin = World(PLANT, Settings(handshake=True), pickle.loads(pickle.dumps(world.data)))
    for _ in range(300):
        world.step()
        twin.step()
    assert status(world) is status(twin) is ActionStatus.FINISHED
    assert world.take_outputs().signals == twin.take_outputs().signals


def test_a_port_that_nobody_asked_can_be_reset(world):
    world.apply(PortReset('fa1_04'))
    assert world.reset_port('fa1_04') == ''
    assert world.confirm_transfer(TransferConfirmed('fa1_01', 's', 2, 'me')).code == 507
