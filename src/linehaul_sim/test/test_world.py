# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from itertools import pairwise

import pytest
from linehaul_sim.bench import Dispatcher
from linehaul_sim.errors import UnknownIdError
from linehaul_sim.faults import Fault, FaultKind
from linehaul_sim.loads import HolderKind
from linehaul_sim.settings import Settings
from linehaul_sim.warehouse import RefusalCode, Refused, RetrievalPhase, RetrieveRequest
from linehaul_sim.world import World

from linehaul_floor import PlaceKind, first_loads, load_plant
from linehaul_vda5050 import ActionStatus, ConnectionState, error_types, validate_state

PLANT = load_plant('cell')
PORTS = [place.id for place in PLANT.places_of(PlaceKind.STATION)]


@pytest.fixture
def world():
    return World(PLANT, Settings())


@pytest.fixture
def fleet(world):
    return Dispatcher(world)


def statuses(world, row=0):
    return [task.status for task in world.data.agvs[row].tasks]


def fetch(fleet, world, request='r1', item='fan_motor'):
    retrieval = world.retrieve(RetrieveRequest(request, item, 10))
    fleet.go('agv_001', 'wh_out_1', f'fetch-{request}')
    fleet.arrive('agv_001')
    fleet.run(lambda: world.data.warehouse.retrievals[request].phase.ended)
    fleet.go('agv_001', 'wh_out_1', f'pick-{request}', 'pick', loadId=retrieval.load_id)
    fleet.arrive('agv_001')
    return retrieval


def test_one_delivery(world, fleet):
    load = fetch(fleet, world).load_id
    assert world.data.ledger.loads[load].holder is HolderKind.VEHICLE
    assert world.state(0).loads[0].load_id == load
    fleet.go('agv_001', 'fa1_04', 'bring', 'drop', loadId=load, stationName='fa1_04')
    fleet.arrive('agv_001')
    assert statuses(world) == [ActionStatus.FINISHED]
    assert world.data.ledger.loads[load].holder_id == 'fa1_04'
    assert world.state(0).loads == ()
    fleet.run(lambda: world.data.ledger.loads[load].holder is HolderKind.GONE)
    assert world.verdict.clean
    assert world.data.custody_errors == 0
    assert world.data.handling.picks == world.data.handling.drops == 1


def test_every_state_is_valid_and_numbered(world, fleet):
    fleet.go('agv_001', 'wh_out_1', 'o', 'pick')
    numbers, times = [], []
    while not fleet.idle('agv_001'):
        world.step()
        for state in world.take_outputs().states:
            assert validate_state(state) == []
            if state.header.serial_number == 'agv_001':
                numbers.append(state.header.header_id)
                times.append(state.header.timestamp)
    assert numbers == list(range(len(numbers)))
    assert max(b - a for a, b in pairwise(times)) <= 1.0 + 1e-6


def test_empty_pick_and_occupied_drop_fail_and_the_vehicle_stays(world, fleet):
    fleet.go('agv_001', 'wh_out_1', 'o1', 'pick')
    fleet.arrive('agv_001')
    assert statuses(world) == [ActionStatus.FAILED]
    assert world.state(0).errors[0].error_type == error_types.LOAD_HANDLING_FAILED
    assert 'holds nothing' in world.state(0).errors[0].error_description
    load = fetch(fleet, world).load_id
    assert world.state(0).errors == ()
    world.inject(Fault(FaultKind.OCCUPIED_DROP, 'fa1_04'))
    fleet.go('agv_001', 'fa1_04', 'o2', 'drop')
    fleet.arrive('agv_001')
    assert statuses(world) == [ActionStatus.FAILED]
    assert world.data.ledger.carried == {'agv_001': load}
    fleet.go('agv_001', 'fa1_04', 'o3', 'drop')
    fleet.arrive('agv_001')
    assert statuses(world) == [ActionStatus.FINISHED]


def test_full_station_takes_no_more(world, fleet):
    for number in range(3):
        fetch(fleet, world, f'r{number}')
        fleet.go('agv_001', 'fa1_04', f'd{number}', 'drop')
        fleet.arrive('agv_001')
        world.data.ledger.ports['fa1_04'].next_time = 1e18  # the station stands still
    assert statuses(world) == [ActionStatus.FAILED]
    assert 'occupied' in world.data.agvs[0].errors[0].error_description


@pytest.mark.parametrize(
    ('place', 'action', 'parameters', 'text'),
    [
        ('park_4', 'pick', {}, 'no port'),
        ('fa1_04', 'pick', {'stationName': 'fa1_01'}, 'not at fa1_01'),
        ('fa1_04', 'drop', {}, 'carries nothing'),
        ('wh_in_1', 'pick', {}, 'takes loads and gives none'),
        ('park_4', 'startCharging', {}, 'no charger'),
    ],
)
def test_work_at_the_wrong_place_fails(world, fleet, place, action, parameters, text):
    fleet.go('agv_001', place, 'o', action, **parameters)
    fleet.arrive('agv_001')
    assert statuses(world) == [ActionStatus.FAILED]
    assert text in world.data.agvs[0].tasks[0].result


def test_charging_fills_the_battery_and_ends_with_driving(world, fleet):
    world.data.bodies.energy[0] = 300.0
    fleet.go('agv_001', 'charge_1', 'o', 'startCharging')
    fleet.arrive('agv_001')
    assert world.state(0).power_supply.charging
    before = world.data.bodies.energy[0]
    fleet.run(lambda: world.data.bodies.energy[0] > before + 10.0)
    fleet.go('agv_001', 'park_1', 'p')
    fleet.arrive('agv_001')
    assert not world.state(0).power_supply.charging


def test_empty_battery_is_fatal(world, fleet):
    fleet.go('agv_001', 'wh_out_1', 'o')
    world.data.bodies.energy[0] = 0.2
    fleet.run(lambda: bool(world.data.agvs[0].errors))
    assert world.state(0).errors[0].error_type == error_types.BATTERY_EMPTY
    for _ in range(50):
        world.step()
    assert world.data.bodies.speed[0] == 0.0


def test_stops_at_the_end_of_the_base_by_itself(world, fleet):
    route = fleet.route('agv_001', 'wh_out_1')
    world.send_order('agv_001', fleet.order('agv_001', route, 'o', base=4))
    fleet.run(lambda: not world.data.bodies.busy[0])
    assert world.data.bodies.node[0] == route.nodes[3]
    assert world.state(0).new_base_request
    world.send_order('agv_001', fleet.order('agv_001', route, 'o', first=3, update=1))
    fleet.arrive('agv_001')
    assert world.data.bodies.node[0] == route.nodes[-1]
    assert world.verdict.clean


def test_cancel_stops_at_a_node(world, fleet):
    route = fleet.go('agv_001', 'wh_out_1', 'o')
    fleet.run(lambda: world.data.bodies.speed[0] > 1.2)
    fleet.instant('agv_001', 'cancelOrder', 'c')
    took = fleet.arrive('agv_001')
    assert took < 10.0
    node = int(world.data.bodies.node[0])
    assert node in route.nodes
    assert node != route.nodes[-1]
    assert world.data.bodies.pose[0, :2].tolist() == PLANT.roadmap.xy[node].tolist()
    assert world.state(0).last_node_id == PLANT.roadmap.node_ids[node]
    fleet.go('agv_001', 'park_1', 'home')
    fleet.arrive('agv_001')
    assert world.verdict.clean


def test_pause_between_nodes_and_cancel(world, fleet):
    fleet.go('agv_001', 'wh_out_1', 'o')
    fleet.run(lambda: world.data.bodies.speed[0] > 1.0)
    fleet.instant('agv_001', 'startPause', 'p')
    fleet.run(lambda: world.data.bodies.speed[0] == 0.0)
    fleet.instant('agv_001', 'cancelOrder', 'c')
    for _ in range(50):
        world.step()
    assert not fleet.idle('agv_001')
    fleet.instant('agv_001', 'stopPause', 'q')
    fleet.arrive('agv_001')
    assert world.verdict.clean


def test_stall_death_and_return(world, fleet):
    world.take_outputs()
    fleet.go('agv_001', 'wh_out_1', 'o')
    world.inject(Fault(FaultKind.STALL, 'agv_001', 30.0))
    assert fleet.arrive('agv_001') > 45.0
    world.inject(Fault(FaultKind.DIE, 'agv_001', 20.0))
    world.step()
    outputs = world.take_outputs()
    assert [c.connection_state for c in outputs.connections] == [ConnectionState.CONNECTION_BROKEN]
    assert all(s.header.serial_number != 'agv_001' for s in outputs.states)
    fleet.go('agv_001', 'park_1', 'home')
    assert world.data.agvs[0].memory.last.order_id == 'o'
    links = []
    for _ in range(210):
        world.step()
        links += world.take_outputs().connections
    assert [c.connection_state for c in links] == [ConnectionState.ONLINE]
    fleet.go('agv_001', 'park_1', 'home')
    fleet.arrive('agv_001')


def test_lost_messages_are_lost_for_a_while(world, fleet):
    world.inject(Fault(FaultKind.LOSE_MESSAGES, 'agv_001', 5.0, 1.0))
    fleet.go('agv_001', 'wh_out_1', 'o')
    assert world.data.agvs[0].memory.last is None
    for _ in range(60):
        world.step()
    fleet.go('agv_001', 'wh_out_1', 'o')
    assert world.data.agvs[0].memory.last is not None


def test_faults_at_nothing_are_refused(world):
    with pytest.raises(UnknownIdError, match='agv_999'):
        world.inject(Fault(FaultKind.STALL, 'agv_999', 1.0))
    with pytest.raises(UnknownIdError, match='no port'):
        world.inject(Fault(FaultKind.EMPTY_PICK, 'park_1'))


@pytest.mark.parametrize(
    ('request_', 'code'),
    [
        (RetrieveRequest('', 'casing', 1), RefusalCode.INVALID_ARGUMENT),
        (RetrieveRequest('r', 'gold', 1), RefusalCode.RETRIEVE_UNKNOWN_ITEM),
        (RetrieveRequest('r', 'casing', 0), RefusalCode.RETRIEVE_QUANTITY_INVALID),
        (RetrieveRequest('r', 'casing', 10**6), RefusalCode.RETRIEVE_QUANTITY_INVALID),
        (RetrieveRequest('r', 'casing', 1, 'wh_in_1'), RefusalCode.RETRIEVE_WRONG_PORT),
        (RetrieveRequest('r', 'casing', 1, 'nowhere'), RefusalCode.RETRIEVE_WRONG_PORT),
    ],
)
def test_wrong_retrievals_are_refused(world, request_, code):
    answer = world.retrieve(request_)
    assert isinstance(answer, Refused)
    assert answer.code is code


def test_retrievals_are_known_by_their_id(world, fleet):
    request = RetrieveRequest('r', 'casing', 1)
    first = world.retrieve(request)
    assert world.retrieve(request) == first
    reused = world.retrieve(RetrieveRequest('r', 'casing', 2))
    assert reused.code is RefusalCode.RETRIEVE_ID_REUSED
    assert world.retrieve(RetrieveRequest('second', '', 0)).load_id != first.load_id
    fleet.run(lambda: world.data.warehouse.retrievals['r'].phase is RetrievalPhase.AT_PORT)
    assert world.data.ledger.ports['wh_out_1'].loads == [first.load_id]
    for _ in range(600):
        world.step()
    assert world.data.warehouse.open == ['second']  # the port has room for one
    assert not world.cancel_retrieval('r')
    assert world.cancel_retrieval('second')
    assert [r.phase for r in world.take_outputs().retrievals] == [RetrievalPhase.CANCELLED]
    assert world.data.ledger.faults() == []


def test_in_port_takes_containers_in(world, fleet):
    load = fetch(fleet, world).load_id
    fleet.go('agv_001', 'wh_in_1', 'back', 'drop')
    fleet.arrive('agv_001')
    fleet.run(lambda: world.data.ledger.loads[load].holder is HolderKind.GONE)
    assert world.data.ledger.ports['wh_in_1'].loads == []


def test_empties_can_stay_at_the_station():
    world = World(PLANT, Settings(keep_empties=True, station_empty_time=5.0))
    fleet = Dispatcher(world)
    load = fetch(fleet, world).load_id
    fleet.go('agv_001', 'fa1_04', 'bring', 'drop')
    fleet.arrive('agv_001')
    fleet.run(lambda: world.data.ledger.loads[load].quantity == 0)
    assert world.data.ledger.loads[load].item_id is None
    fleet.go('agv_001', 'fa1_04', 'again', 'pick', loadId=load)
    fleet.arrive('agv_001')
    assert world.data.ledger.carried == {'agv_001': load}


def test_a_container_lasts_until_its_line_says_that_it_is_empty():
    world = World(PLANT, Settings(told_use=True, station_empty_time=1.0))
    fleet = Dispatcher(world)
    stations = {
        place: [load for p, _, load in first_loads(PLANT) if p == place] for place in PORTS
    }
    load = fetch(fleet, world).load_id
    assert {p: world.data.ledger.ports[p].loads for p in PORTS} == stations
    first = stations['fa1_04'][0]
    assert not world.use_load(load)
    assert not world.use_load('nothing')
    fleet.go('agv_001', 'fa1_04', 'early', 'drop')
    fleet.arrive('agv_001')
    assert 'is occupied' in world.data.agvs[0].tasks[-1].result
    assert world.use_load(first)
    assert not world.use_load(first)
    assert world.data.ledger.loads[first].holder is HolderKind.GONE
    fleet.go('agv_001', 'fa1_04', 'bring', 'drop')
    fleet.arrive('agv_001')
    assert world.data.ledger.ports['fa1_04'].loads == [stations['fa1_04'][1], load]
    assert world.data.custody_errors == 0


def test_orders_for_nobody(world, fleet):
    order = fleet.order('agv_001', fleet.route('agv_001', 'park_1'), 'o')
    with pytest.raises(UnknownIdError, match='agv_999'):
        world.send_order('agv_999', order)


def test_same_seed_same_world():
    def play(seed):
        world = World(PLANT, Settings(seed=seed))
        fleet = Dispatcher(world)
        fetch(fleet, world)
        return world.now, world.data.bodies.energy.tolist()

    assert play(3) == play(3)
    assert play(3) != play(4)
