# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Drain learned from states: it finds the truth, and nonsense does not move it far."""

import functools
import itertools
from dataclasses import replace

import pytest
from linehaul_fleet.charging import Need, book, latest_begin
from linehaul_fleet.drain import DrainModel
from linehaul_fleet.strength import OVER, Strength

from linehaul_floor import load_plant
from linehaul_vda5050 import Header, OperatingMode, PowerSupply, SafetyState, State

BLANK = State(
    header=Header(0, 0.0),
    order_id='',
    order_update_id=0,
    last_node_id='n',
    last_node_sequence_id=0,
    node_states=(),
    edge_states=(),
    driving=False,
    action_states=(),
    instant_action_states=(),
    power_supply=PowerSupply(1.0, False),
    operating_mode=OperatingMode.AUTOMATIC,
    errors=(),
    safety_state=SafetyState(),
)


@functools.cache
def plant():
    return load_plant('jiaozhou')


def battery():
    return plant().classes['agv'].battery


def rates():
    full = battery().capacity_wh * 3600.0
    return battery().idle_power / full, (battery().idle_power + battery().drive_power) / full


def run(model, seconds, standing, driving, charge=1.0, vehicle='agv_001', now=0.0, step=1.0):
    """Let a vehicle drive and stand for two minutes in turn; charge is rounded as meters do."""
    for k in range(round(seconds / step)):
        moves = int(k * step) // 120 % 2 == 0
        charge -= step * (driving if moves else standing)
        now += step
        power = PowerSupply(round(charge, 3), False)
        model.see(vehicle, 'agv', replace(BLANK, driving=moves, power_supply=power), now)
    return charge, now


def test_before_anything_is_seen_the_plant_file_counts():
    model = DrainModel(plant().classes)
    assert model.rates('agv_001', 'agv') == pytest.approx(rates())


def test_a_vehicle_that_draws_more_is_known_after_some_time():
    model = DrainModel(plant().classes)
    standing, driving = rates()
    run(model, 3600.0, standing, 1.6 * driving)
    assert model.rates('agv_001', 'agv')[1] == pytest.approx(1.6 * driving, rel=0.1)


def test_a_new_vehicle_begins_with_what_its_class_has_shown():
    model = DrainModel(plant().classes)
    standing, driving = rates()
    run(model, 3600.0, standing, 1.5 * driving)
    assert model.rates('agv_002', 'agv')[1] == pytest.approx(1.5 * driving, rel=0.1)
    run(model, 2400.0, standing, driving, vehicle='agv_002')
    assert model.rates('agv_002', 'agv')[1] < model.rates('agv_001', 'agv')[1]


def test_a_jump_of_the_meter_does_not_move_it_far():
    model = DrainModel(plant().classes)
    standing, driving = rates()
    charge, now = run(model, 1800.0, standing, driving)
    charge, now = run(model, 240.0, standing, driving, charge=charge - 0.3, now=now)
    assert model.rates('agv_001', 'agv')[1] == pytest.approx(driving, rel=0.3)
    charge, now = run(model, 240.0, standing, driving, charge=1.0, now=now)  # another battery
    run(model, 600.0, standing, driving, charge=charge, now=now + 3600.0)  # a gap
    assert model.rates('agv_001', 'agv')[1] == pytest.approx(driving, rel=0.3)


@pytest.mark.parametrize('now', [0.0, -50.0, 1e12])
def test_a_clock_that_jumps_teaches_nothing(now):
    model = DrainModel(plant().classes)
    before = model.rates('agv_001', 'agv')
    model.see('agv_001', 'agv', BLANK, 100.0)
    model.see('agv_001', 'agv', replace(BLANK, power_supply=PowerSupply(0.2, False)), now)
    assert model.rates('agv_001', 'agv') == before


def test_charges_are_booked_backwards_so_that_none_waits_for_a_charger():
    needs = [Need(f'v{k}', 1000.0, 600.0) for k in range(4)]
    begins = sorted(book(needs, 2).values())
    assert begins == [400.0, 400.0, 1000.0, 1000.0]


def test_a_charge_never_begins_later_than_it_must():
    needs = [Need('a', 500.0, 900.0), Need('b', 2000.0, 900.0), Need('c', 800.0, 300.0)]
    begins = book(needs, 1)
    assert all(begins[n.vehicle] <= n.latest for n in needs)
    ordered = sorted(needs, key=lambda n: begins[n.vehicle])
    for first, second in itertools.pairwise(ordered):
        assert begins[first.vehicle] + first.duration <= begins[second.vehicle] + 1e-9


def test_without_chargers_nothing_is_booked():
    assert book([Need('a', 1.0, 1.0)], 0) == {}


def test_the_latest_begin_is_when_the_reserve_is_reached():
    assert latest_begin(0.5, 0.3, 0.001, 100.0) == pytest.approx(300.0)
    assert latest_begin(0.1, 0.3, 0.001, 100.0) == 100.0


def test_what_is_missing_is_told_once_and_that_all_is_well_after_a_while():
    strength = Strength()
    assert strength.look([], 0.0) == ''
    assert strength.look(['2 vehicles must charge'], 1.0) == 'degraded: 2 vehicles must charge'
    assert strength.look(['3 vehicles must charge'], 2.0) == ''
    assert 'late' in strength.look(['3 vehicles must charge', '1 is going to be late'], 3.0)
    assert strength.look(['1 is going to be late'], 4.0) == ''
    assert strength.look([], 5.0) == ''
    assert strength.look([], 4.0 + OVER) == 'at full strength again'
    assert strength.look([], 5.0 + OVER) == ''
