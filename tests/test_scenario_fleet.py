# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What users of other fleet managers complain about, as scenarios on a simulated plant.

Each test lets plant time pass in one process; the simulation's checker watches every step for
overlaps, vehicles beyond their base and loads with no or two holders.
"""

from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from linehaul_fleet.acts import Command, Holder, Mode, RoadState
from linehaul_fleet.codes import Code, Refusal
from linehaul_fleet.delivery import Phase
from linehaul_fleet.situation import Settings
from linehaul_fleet.work import JobKind
from linehaul_sim.bench import Dispatcher

from linehaul_floor import PlaceKind
from linehaul_traffic import WaitReason
from linehaul_vda5050 import Error, ErrorLevel, OperatingMode, Reference

_SPEC = spec_from_file_location('fleet_world', Path(__file__).with_name('fleet_world.py'))
_MODULE = module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
FleetWorld = _MODULE.FleetWorld

FIRST, SECOND, THIRD = 'agv_001', 'agv_002', 'agv_003'


def fetching(world, name='d'):
    """Request a delivery and return its vehicle on the way to the container."""
    world.request(name)
    world.until(lambda: world.carrier(name) and world.carrier(name).leg)
    vehicle = world.carrier(name)
    world.until(lambda: vehicle.state.driving)
    return vehicle


def loaded(world, name='d'):
    """Request a delivery and return its vehicle under way with the load."""
    world.request(name)
    world.until(lambda: world.phase(name) is Phase.DELIVERING)
    vehicle = world.carrier(name)
    world.until(lambda: vehicle.state.driving)
    return vehicle


# Vehicles in each other's way.


def stands_at(world, vehicle_id, place_id):
    row, node = world.world.vehicle(vehicle_id), world.plant.places[place_id].node
    bodies = world.world.data.bodies
    return bodies.node[row] == node and bodies.way_at[row] == bodies.way_end[row]


def test_two_vehicles_swap_places_again_and_again():
    world = FleetWorld()
    world.run(2.0)
    places = ['fa1_01', 'fa1_03']
    for lap in range(4):
        goals = {FIRST: places[lap % 2], SECOND: places[(lap + 1) % 2]}
        for vehicle_id, goal in goals.items():
            assert world.command(vehicle_id, Command.SEND, goal) is None
        world.until(lambda g=goals: all(stands_at(world, v, p) for v, p in g.items()), 400.0)


def test_an_idle_vehicle_in_the_way_is_moved():
    world = FleetWorld()
    world.run(2.0)
    assert world.command(FIRST, Command.SEND, 'fa1_01') is None
    world.until(lambda: stands_at(world, FIRST, 'fa1_01'))
    world.run(60.0)
    assert stands_at(world, FIRST, 'fa1_01')  # it stays where it was sent
    world.request('d', station='fa1_01')
    world.until(world.all_delivered)


def test_six_deliveries_to_one_station_from_one_port_all_arrive():
    world = FleetWorld()
    for k in range(6):
        world.request(f'd{k}', station='fa1_02')
    world.until(world.all_delivered, 3000.0)


# Handovers that fail.


def test_a_failed_pick_is_tried_again_and_the_vehicle_does_not_drive_on():
    world = FleetWorld()
    port = next(p for p in world.plant.places_of(PlaceKind.WAREHOUSE_PORT) if p.flow.name == 'OUT')
    world.fault('EMPTY_PICK', port.id)
    world.request('d')
    world.until(lambda: any(a.action_type == 'retry' for _, _, a in world.asked))
    vehicle = world.carrier('d')
    assert world.world.data.bodies.node[world.world.vehicle(vehicle.id)] == port.node
    world.until(world.all_delivered)


def test_a_handover_that_fails_again_and_again_waits_for_a_person_who_may_skip_it():
    world = FleetWorld(settings=Settings(retry_pause=1.0))
    port = next(p for p in world.plant.places_of(PlaceKind.WAREHOUSE_PORT) if p.flow.name == 'OUT')
    for _ in range(3):
        world.fault('EMPTY_PICK', port.id)
    world.request('d')
    world.until(lambda: world.phase('d') is Phase.WAITING_FOR_PERSON)
    vehicle = world.carrier('d')
    world.run(20.0)
    assert world.world.data.bodies.node[world.world.vehicle(vehicle.id)] == port.node
    assert 'pick' in vehicle.note
    assert world.command(vehicle.id, Command.SKIP_RETRY) is None
    world.until(lambda: world.phase('d').ended)
    assert (world.phase('d'), world.delivery('d').code) == (Phase.FAILED, Code.PICK_FAILED)
    world.request('e')
    world.until(lambda: world.phase('e') is Phase.DELIVERED)


def test_a_person_has_a_failed_drop_tried_again():
    world = FleetWorld(settings=Settings(transfer_retries=0))
    vehicle = loaded(world)
    world.fault('OCCUPIED_DROP', world.delivery('d').station_id)
    world.until(lambda: world.phase('d') is Phase.WAITING_FOR_PERSON)
    assert vehicle.loads
    assert world.command(vehicle.id, Command.RETRY) is None
    world.until(world.all_delivered, 200.0)


def test_nobody_comes_so_the_handover_is_given_up_and_the_load_goes_back():
    world = FleetWorld(settings=Settings(transfer_retries=0, person_patience=30.0))
    vehicle = loaded(world)
    world.fault('OCCUPIED_DROP', world.delivery('d').station_id)
    world.until(lambda: world.phase('d') is Phase.FAILED)
    assert world.delivery('d').code is Code.DROP_FAILED
    world.until(lambda: not vehicle.loads)
    assert vehicle.job is None or vehicle.job.kind is not JobKind.DELIVERY


# Vehicles that are lost.


def test_a_vehicle_that_dies_without_a_load_loses_its_delivery_to_another():
    world = FleetWorld(settings=Settings(lookahead=3.0))
    victim = fetching(world)
    world.fault('DIE', victim.id)
    world.until(lambda: world.carrier('d') not in (None, victim), 100.0)
    world.run(15.0)
    assert world.command(victim.id, Command.REMOVE) is None
    row = world.world.vehicle(victim.id)
    world.world.data.bodies.pose[row, :2] = -50.0  # somebody has carried it away
    world.until(world.all_delivered)
    assert world.delivery('d').vehicle_id != victim.id


def test_a_silent_vehicle_that_may_have_picked_its_load_leaves_a_doubt_for_a_person():
    world = FleetWorld()
    world.hear_custody = False
    victim = fetching(world)
    world.until(lambda: world.world.data.ledger.carried.get(victim.id) is None)
    world.fault('DIE', victim.id)
    world.until(lambda: world.phase('d') is Phase.WAITING_FOR_PERSON, 100.0)
    (lost,) = world.fleet.model.control.lost.values()
    assert lost.in_doubt
    assert lost.port_id == 'wh_out_1'
    world.fault('REVIVE', victim.id)
    world.until(world.all_delivered)
    assert not world.fleet.model.control.lost


def test_a_vehicle_that_dies_loaded_leaves_a_load_whose_place_is_known():
    world = FleetWorld()
    victim = loaded(world)
    load_id = world.delivery('d').load_id
    world.fault('DIE', victim.id)
    world.until(lambda: world.phase('d') is Phase.WAITING_FOR_PERSON, 100.0)
    lost = world.fleet.model.control.lost[load_id]
    assert (lost.vehicle_id, lost.node_id) == (victim.id, victim.state.last_node_id)
    assert load_id in world.delivery('d').text or load_id in lost.load_id
    world.run(100.0)
    assert world.phase('d') is Phase.WAITING_FOR_PERSON
    world.fault('REVIVE', victim.id)
    world.until(world.all_delivered)
    assert world.delivery('d').vehicle_id == victim.id
    assert not world.fleet.model.control.lost


def test_a_vehicle_that_died_loaded_is_not_taken_for_empty_by_the_next_fleet():
    world = FleetWorld()
    victim = loaded(world)
    world.fault('DIE', victim.id)
    world.restart()
    world.until(lambda: world.phase('d') is Phase.WAITING_FOR_PERSON, 100.0)
    assert world.carrier('d').id == victim.id
    (lost,) = world.fleet.model.control.lost.values()
    assert not lost.in_doubt
    world.fault('REVIVE', victim.id)
    world.until(world.all_delivered)


def test_a_person_says_where_a_stranded_load_is_and_another_vehicle_fetches_it():
    world = FleetWorld()
    victim = loaded(world)
    load_id = world.delivery('d').load_id
    world.fault('DIE', victim.id)
    world.until(lambda: world.phase('d') is Phase.WAITING_FOR_PERSON, 100.0)
    assert world.found(load_id, Holder.PORT, 'nowhere').code is Code.FLEET_UNKNOWN_ELEMENT
    assert world.found('other', Holder.PORT, 'wh_out_1').code is Code.UNKNOWN_ID
    assert world.found(load_id, Holder.PORT, 'wh_out_1') is None
    assert world.found(load_id, Holder.PORT, 'wh_out_1') is None  # the same again is no error
    delivery = world.delivery('d')
    assert (delivery.phase, delivery.port_id) == (Phase.ACCEPTED, 'wh_out_1')
    world.until(lambda: world.carrier('d') is not None, 60.0)
    assert world.carrier('d').id != victim.id


def test_a_person_says_a_stranded_load_is_gone_and_its_delivery_fails_with_a_reason():
    world = FleetWorld()
    victim = loaded(world)
    world.fault('DIE', victim.id)
    world.until(lambda: world.phase('d') is Phase.WAITING_FOR_PERSON, 100.0)
    assert world.found(world.delivery('d').load_id, Holder.GONE) is None
    assert (world.phase('d'), world.delivery('d').code) == (Phase.FAILED, Code.VEHICLE_LOST)
    assert 'anna' in world.delivery('d').text


@pytest.mark.parametrize('mode', [OperatingMode.MANUAL, OperatingMode.SERVICE])
def test_a_vehicle_that_is_driven_by_hand_loses_its_delivery(mode):
    world = FleetWorld()
    victim = fetching(world)
    world.turn_key(victim.id, mode)
    world.until(lambda: world.carrier('d') not in (None, victim), 60.0)
    other = world.carrier('d')
    world.run(30.0)
    world.turn_key(victim.id, OperatingMode.AUTOMATIC)
    world.until(world.all_delivered)
    assert world.delivery('d').vehicle_id == other.id
    world.request('e')
    world.request('f')
    world.request('g')
    world.until(world.all_delivered)
    assert victim.id in {world.delivery(k).vehicle_id for k in 'efg'}


def test_a_vehicle_with_a_fatal_error_loses_its_delivery_at_once():
    world = FleetWorld()
    victim = fetching(world)
    i = world.world.vehicle(victim.id)
    agvs = world.world.data.agvs
    error = Error('MOTOR', ErrorLevel.FATAL, 'smoke')
    agvs[i] = replace(agvs[i], errors=(error,))
    world.world.data.dirty[i] = None
    world.until(lambda: world.carrier('d') is not victim, 5.0)
    assert 'MOTOR' in victim.note
    world.until(lambda: world.phase('d') is Phase.DELIVERED)


def test_a_stuck_vehicle_holds_up_only_those_who_need_its_place_and_goes_on():
    world = FleetWorld()
    victim = loaded(world)
    world.fault('STALL', victim.id, 60.0)
    world.request('e')
    world.until(world.all_delivered, 2000.0)


# Vehicles that do not obey.


def test_a_vehicle_that_rejects_its_order_for_ever_is_set_aside_and_another_delivers():
    world = FleetWorld()
    accept = world.world.send_order
    refused = []

    def send(vehicle_id, order):
        i = world.world.vehicle(vehicle_id)
        refused[:] = refused or [vehicle_id]  # whoever gets the first order
        if vehicle_id != refused[0]:
            return accept(vehicle_id, order)
        reference = (Reference('orderId', order.order_id),)
        error = Error('VALIDATION_FAILURE', ErrorLevel.WARNING, 'no', '', reference)
        agvs = world.world.data.agvs
        agvs[i] = replace(agvs[i], errors=(error,))
        world.world.data.dirty[i] = None
        return None

    world.world.send_order = send
    world.request('d')
    world.until(lambda: refused and refused[0] in world.fleet.model.control.aside, 120.0)
    sent = [order for _, v, order in world.sent if v == refused[0]]
    assert len(sent) == Settings().order_attempts
    assert 'VALIDATION_FAILURE' in str(world.fleet.model.control.aside[refused[0]])
    world.until(world.all_delivered)
    assert world.delivery('d').vehicle_id != refused[0]
    count = len(world.sent)
    world.run(100.0)
    assert not [v for _, v, _ in world.sent[count:] if v == refused[0]]
    world.world.send_order = accept
    assert world.command(refused[0], Command.GIVE_BACK) is None
    for name in ('e', 'f', 'g'):
        world.request(name)
    world.until(world.all_delivered)
    assert refused[0] in {world.delivery(k).vehicle_id for k in 'efg'}


def test_a_vehicle_that_drives_an_order_of_somebody_else_is_stopped_and_taken_as_it_is():
    world = FleetWorld()
    world.run(2.0)
    other = Dispatcher(world.world)
    order = other.order(FIRST, other.route(FIRST, 'fa1_03'), 'not-ours')
    world.world.send_order(FIRST, order)
    world.until(
        lambda: any(v == FIRST and a.action_type == 'cancelOrder' for _, v, a in world.asked)
    )
    for name in ('e', 'f', 'g'):
        world.request(name)
    world.until(world.all_delivered)
    assert FIRST in {world.delivery(k).vehicle_id for k in 'efg'}


# What people do.


def test_pause_holds_everybody_and_resume_goes_on_with_the_same_orders():
    world = FleetWorld()
    vehicle = loaded(world)
    order = vehicle.leg.order_id
    assert world.mode(Mode.PAUSED) is None
    world.run(10.0)
    pose = world.world.data.bodies.pose.copy()
    world.run(30.0)
    assert (world.world.data.bodies.pose == pose).all()
    assert vehicle.state.paused
    assert world.phase('d') is Phase.DELIVERING
    assert world.mode(Mode.RUNNING) is None
    world.until(lambda: vehicle.state.driving, 20.0)
    assert vehicle.leg.order_id == order
    world.until(world.all_delivered)


def test_stop_withdraws_the_base_and_nothing_starts_by_itself():
    world = FleetWorld()
    vehicle = loaded(world)
    assert world.mode(Mode.STOPPED) is None
    world.run(5.0)
    assert not vehicle.state.driving
    assert any(a.action_type == 'cancelOrder' for _, v, a in world.asked if v == vehicle.id)
    assert isinstance(world.request('e'), Refusal)
    assert world.request('e').code is Code.FLEET_STOPPED
    world.restart()
    sent = len(world.sent)
    world.run(60.0)
    assert len(world.sent) == sent
    assert world.fleet.model.control.mode is Mode.STOPPED
    assert world.mode(Mode.RUNNING) is None
    world.until(world.all_delivered)
    assert world.request('e').phase is Phase.ACCEPTED


def test_drain_finishes_what_is_loaded_keeps_the_rest_and_parks():
    world = FleetWorld()
    loaded(world)
    world.request('e')
    world.until(lambda: world.carrier('e') is not None)
    assert world.mode(Mode.DRAINING) is None
    world.until(lambda: world.phase('d') is Phase.DELIVERED)
    world.run(2.0)
    world.until(lambda: not any(v.job or v.leg for v in world.fleet.model.vehicles.values()))
    for vehicle in world.fleet.model.vehicles.values():
        row = world.world.vehicle(vehicle.id)
        place = world.plant.place_of_node(int(world.world.data.bodies.node[row]))
        assert place.kind is PlaceKind.PARKING
    assert world.phase('e') is Phase.ACCEPTED
    assert world.mode(Mode.RUNNING) is None
    world.until(world.all_delivered)


def test_a_vehicle_that_is_taken_out_gives_its_work_to_another_and_parks():
    world = FleetWorld()
    vehicle = fetching(world)
    assert world.command(vehicle.id, Command.TAKE_OUT) is None
    world.until(world.all_delivered)
    assert world.delivery('d').vehicle_id != vehicle.id
    home = world.plant.places[vehicle.home].node
    world.until(lambda: world.world.data.bodies.node[world.world.vehicle(vehicle.id)] == home)
    assert world.command(vehicle.id, Command.SEND, 'fa1_01').code is Code.NOT_ALLOWED
    assert world.command(vehicle.id, Command.GIVE_BACK) is None
    assert world.command(vehicle.id, Command.SEND, 'fa1_01') is None


def test_a_vehicle_that_is_taken_out_loaded_delivers_first():
    world = FleetWorld()
    vehicle = loaded(world)
    assert world.command(vehicle.id, Command.TAKE_OUT) is None
    world.until(world.all_delivered)
    assert world.delivery('d').vehicle_id == vehicle.id
    world.request('e')
    world.until(world.all_delivered)
    assert world.delivery('e').vehicle_id != vehicle.id


def test_one_paused_vehicle_stands_and_the_others_work():
    world = FleetWorld()
    vehicle = fetching(world)
    assert world.command(vehicle.id, Command.PAUSE) is None
    world.until(lambda: vehicle.state.paused)
    world.run(30.0)
    assert not vehicle.state.driving
    assert world.command(vehicle.id, Command.RESUME) is None
    world.until(world.all_delivered)
    assert world.delivery('d').vehicle_id == vehicle.id


def test_a_vehicle_that_is_carried_away_is_in_nobodys_way():
    world = FleetWorld()
    victim = loaded(world)
    world.fault('DIE', victim.id)
    world.until(lambda: world.phase('d') is Phase.WAITING_FOR_PERSON, 100.0)
    assert world.command(victim.id, Command.REMOVE) is None
    assert victim.id not in world.fleet.graph.vehicles
    assert world.fleet.model.control.lost
    world.restart()
    world.run(5.0)
    assert victim.id not in world.fleet.graph.vehicles
    world.fault('REVIVE', victim.id)
    world.run(5.0)
    assert victim.id not in world.fleet.graph.vehicles
    assert world.command(victim.id, Command.GIVE_BACK) is None
    world.until(world.all_delivered)


def test_a_closed_road_takes_released_orders_back_and_ways_lead_round_it_or_wait():
    world = FleetWorld()
    vehicle = loaded(world)
    path, _, _ = world.fleet.graph.path(vehicle.id)
    edge = world.plant.roadmap.edge_ids[path.edges[-3]]
    assert world.road(edge) is None
    world.run(60.0)
    assert edge not in {
        e.edge_id for t, v, o in world.sent if t > world.now - 60.0 for e in o.edges if e.released
    }
    world.restart()
    assert world.fleet.graph.closed.sum() == 1
    assert world.road(edge, RoadState.OPEN) is None
    world.until(world.all_delivered)


def test_a_slow_road_is_slow_in_every_order():
    world = FleetWorld()
    roadmap = world.plant.roadmap
    for edge in roadmap.edge_ids:
        assert world.road(edge, RoadState.LIMITED, 0.3) is None
    loaded(world)
    start = world.now
    speeds = [e.maximum_speed for t, _, o in world.sent if t > start - 30.0 for e in o.edges]
    assert speeds
    assert max(speeds) <= 0.3
    assert abs(world.world.data.bodies.pose).any()


def test_a_slow_road_takes_longer_in_plans_also_after_a_restart_until_it_is_opened():
    world = FleetWorld()
    edge = int(world.plant.roadmap.length.argmax())
    name = world.plant.roadmap.edge_ids[edge]
    assert world.road(name, RoadState.LIMITED, 0.3) is None
    world.restart()
    slower = world.fleet.graph.model.slower()[:, edge]
    assert slower.min() > 1.5
    assert world.road(name, RoadState.OPEN) is None
    assert (world.fleet.graph.model.slower()[:, edge] == 1.0).all()


def test_who_waits_behind_a_vehicle_that_broke_down_is_told_so_and_the_watchdog_knows_it():
    world = FleetWorld()
    for name in 'abc':
        world.request(name)
    world.run(100.0)
    victim = next(v for v in world.fleet.model.vehicles.values() if v.state.driving)
    world.fault('DIE', victim.id)
    looks = []
    watchdog = world.fleet.situation.watchdog
    look = watchdog.look
    watchdog.look = lambda asked, unable: looks.append((asked, unable)) or look(asked, unable)
    world.until(world.fleet.explain_waits, 300.0)
    world.run(60.0)
    waits = world.fleet.explain_waits().values()
    assert {(w.reason, w.root) for w in waits} == {(WaitReason.BLOCKED, victim.id)}
    assert min(w.since for w in waits) <= world.now - 60.0
    asked, unable = looks[-1]
    assert unable == {victim.id}
    assert {w.vehicle for w in waits} <= set(asked)


def test_whatever_a_person_does_is_in_the_journal_once_with_who_and_why():
    world = FleetWorld()
    world.run(3.0)
    for _ in range(2):
        assert world.mode(Mode.PAUSED) is None
        assert world.road('crossing_se') is None
        assert world.command(FIRST, Command.TAKE_OUT) is None
    for kind, why in (
        ('ModeSet', 'a test'),
        ('RoadLimited', 'a puddle'),
        ('VehicleCommanded', 'a test'),
    ):
        (event,) = world.events(kind)
        assert (event['actor'], event['reason']) == ('anna', why)
