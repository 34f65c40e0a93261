# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles that come at run time get work like the others, also after a restart."""

import functools
from dataclasses import replace
from math import inf, nan

import pytest
from linehaul_fleet.abilities import Abilities
from linehaul_fleet.codes import Code
from linehaul_fleet.delivery import Request
from linehaul_fleet.events import from_record, to_record
from linehaul_fleet.fleet import Fleet, class_pairs
from linehaul_fleet.joining import take_factsheet

from linehaul_floor import PlaceKind, conflict_table, load_plant
from linehaul_vda5050 import (
    Factsheet,
    Header,
    Kinematics,
    MobileRobotPosition,
    OperatingMode,
    PowerSupply,
    RobotClass,
    SafetyState,
    State,
)


@functools.cache
def plant_of_tests():
    plant = load_plant('cell')
    return plant, {(a, b): conflict_table(plant, a, b) for a, b in class_pairs(plant)}


def sheet(**changes):
    one = next(iter(plant_of_tests()[0].classes.values()))
    good = Factsheet(
        header=Header(0, 0.0),
        series_name='new',
        vehicle_class=one.id,
        kinematics=Kinematics.DIFFERENTIAL,
        mobile_robot_class=RobotClass.CARRIER,
        maximum_load_mass=one.load_mass_max,
        minimum_speed=0.0,
        maximum_speed=one.max_speed,
        maximum_speed_loaded=one.max_speed_loaded,
        maximum_acceleration=one.acceleration,
        maximum_deceleration=one.deceleration,
        maximum_rotation_speed=one.turn_rate,
        maximum_rotation_acceleration=one.turn_acceleration,
        can_reverse=True,
        footprint=tuple(map(tuple, one.footprint.tolist())),
    )
    return replace(good, **changes)


def state(plant, vehicle_id, place_id):
    place = plant.places[place_id]
    x, y = plant.roadmap.xy[place.node]
    return State(
        header=Header(1, 100.0, serial_number=vehicle_id),
        order_id='',
        order_update_id=0,
        last_node_id=plant.roadmap.node_ids[place.node],
        last_node_sequence_id=0,
        node_states=(),
        edge_states=(),
        driving=False,
        action_states=(),
        instant_action_states=(),
        power_supply=PowerSupply(0.9, False),
        operating_mode=OperatingMode.AUTOMATIC,
        errors=(),
        safety_state=SafetyState(),
        mobile_robot_position=MobileRobotPosition(x, y, place.heading, 'cell'),
        loads=(),
    )


def test_a_newcomer_is_given_deliveries_and_is_still_known_after_a_restart():
    plant, conflicts = plant_of_tests()
    fleet = Fleet(plant, conflicts)
    assert take_factsheet(fleet.situation, 'agv_new', sheet(), 100.0) is None
    home = fleet.model.vehicles['agv_new'].home
    assert home not in {spawn.place for spawn in plant.fleet}
    history = [(100.0, from_record(*to_record(e))) for e in fleet.take_events()]
    again = Fleet(plant, conflicts, history=history)
    for one in (fleet, again):
        one.vehicle_state('agv_new', state(plant, 'agv_new', home), 101.0)
        station = plant.places_of(PlaceKind.STATION)[0]
        one.request(Request('r', '', station.items[0], 1, station.id, nan, nan, 100), 101.0)
        one.container_ready('r', 'wh_out_1', 'load', 101.0)
        for k in range(4):
            one.tick(102.0 + k)
        assert one.model.deliveries['r'].vehicle_id == 'agv_new'
        assert one.model.vehicles['agv_new'].leg is not None


@pytest.mark.parametrize(
    ('vehicle_id', 'changes', 'code'),
    [
        ('a b', {}, Code.TEXT_INVALID),
        ('', {}, Code.TEXT_INVALID),
        ('agv_new', {'vehicle_class': 'boat'}, Code.INVALID_ARGUMENT),
        ('agv_new', {'footprint': ((9.0, 0.0), (9.0, 1.0), (8.0, 1.0))}, Code.INVALID_ARGUMENT),
        ('agv_new', {'footprint': ((nan, 0.0), (1.0, 1.0), (0.0, 1.0))}, Code.INVALID_ARGUMENT),
        ('agv_new', {'maximum_deceleration': nan}, Code.INVALID_ARGUMENT),
        ('agv_new', {'maximum_speed': inf}, Code.INVALID_ARGUMENT),
        ('agv_new', {'action_types': ('pick', 'beep')}, Code.INVALID_ARGUMENT),
    ],
)
def test_who_does_not_fit_does_not_join(vehicle_id, changes, code):
    fleet = Fleet(*plant_of_tests())
    answer = take_factsheet(fleet.situation, vehicle_id, sheet(**changes), 100.0)
    assert answer.code is code
    assert not fleet.take_events()


def test_there_are_only_so_many_parking_places():
    plant, conflicts = plant_of_tests()
    fleet = Fleet(plant, conflicts)
    answers = [take_factsheet(fleet.situation, f'new_{k}', sheet(), 100.0) for k in range(9)]
    free = len(plant.places_of(PlaceKind.PARKING)) - len(plant.fleet)
    assert [a is None for a in answers] == [True] * free + [False] * (9 - free)


def test_a_known_vehicle_that_is_too_large_is_set_aside_and_a_weak_one_carries_less():
    fleet = Fleet(*plant_of_tests())
    large = sheet(footprint=((9.0, 0.0), (9.0, 1.0), (8.0, 1.0)))
    assert take_factsheet(fleet.situation, 'agv_001', large, 100.0).text
    assert 'footprint' in str(fleet.model.control.aside['agv_001'])
    weak = sheet(maximum_load_mass=1.0)
    assert take_factsheet(fleet.situation, 'agv_002', weak, 100.0) is None
    assert fleet.situation.desk.load_limit('agv_002', 'agv') == 1.0


def test_a_slow_vehicle_is_planned_for_as_what_it_is():
    fleet = Fleet(*plant_of_tests())
    one = plant_of_tests()[0].classes['agv']
    slow = sheet(maximum_speed=one.max_speed / 3.0, maximum_speed_loaded=0.0)
    assert take_factsheet(fleet.situation, 'agv_001', slow, 100.0) is None
    assert fleet.situation.desk.able('agv_001') == Abilities(one.load_mass_max, 3.0, 1.0, 0)
    assert fleet.situation.desk.able('agv_002') == Abilities()
    fast = sheet(maximum_speed=9.0, maximum_order_nodes=2)  # no order drives with two nodes
    assert take_factsheet(fleet.situation, 'agv_001', fast, 100.0) is None
    assert fleet.situation.desk.able('agv_001') == Abilities(one.load_mass_max, 1.0, 1.0, 3)
