# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The assignment: lateness before distance, nobody starves, minds change only for a gain."""

import functools
from dataclasses import replace
from math import inf, nan
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from linehaul_fleet.abilities import Abilities
from linehaul_fleet.assign import CHANGES_MOST, MOST, TURNS_MOST, assign, pair_times
from linehaul_fleet.desk import Desk
from linehaul_fleet.explain import explain
from linehaul_fleet.lateness import PATIENCE, lateness_cost, weights
from linehaul_fleet.missions import TURN, Mission, _in_line
from linehaul_fleet.offers import Offer, Standing
from linehaul_fleet.situation import Settings
from linehaul_fleet.travel import TravelTimes
from linehaul_fleet.work import Job, JobKind

from linehaul_floor import PlaceKind, load_plant

NOW = 1000.0


@functools.cache
def situation():
    """Return as much of a Situation as the assignment looks at; the traffic is none of it."""
    plant = load_plant('jiaozhou')
    return SimpleNamespace(plant=plant, desk=Desk(plant), settings=Settings())


def mission(key, source='wh1_out_1', target='fa1_01', due=nan, priority=100, **more):
    job = Job(JobKind.DELIVERY, target, source, key, f'load-{key}')
    given = {'ready': -inf, 'asked': NOW, 'mass': 100.0, **more}
    return Mission(key, job, given.pop('mass'), given.pop('ready'), due, priority, **given)


def offer(vehicle='agv_001', at='park_001', time=NOW, charge=0.9, standing=Standing.IDLE, **more):
    s = situation()
    name = next(v.vehicle_class for v in s.plant.fleet if v.id == vehicle)
    return Offer(vehicle, name, s.plant.places[at].node, time, charge, standing, **more)


def who(missions, offers, now=NOW):
    found = assign(situation(), missions, offers, now)
    assert len(found) == min(len(missions), MOST)
    given = [p.offer.vehicle for p in found if p.offer]
    assert len(given) == len(set(given))
    return {p.mission.key: p.offer.vehicle if p.offer else None for p in found}


def test_the_nearer_vehicle_fetches_when_nobody_is_in_a_hurry():
    near, far = offer('agv_001', 'wh1_in_1'), offer('agv_002', 'park_060')
    assert who([mission('a', due=NOW + 5000.0)], [far, near]) == {'a': 'agv_001'}


def test_with_too_few_vehicles_the_one_that_would_be_late_goes_first():
    calm = mission('calm', due=NOW + 5000.0)
    late = mission('late', source='wh6_out_1', due=NOW + 150.0)
    assert who([calm, late], [offer()]) == {'calm': None, 'late': 'agv_001'}


def test_among_late_ones_priority_decides():
    low = mission('low', due=NOW, priority=20)
    high = mission('high', due=NOW, priority=240)
    assert who([low, high], [offer()]) == {'low': None, 'high': 'agv_001'}


def test_who_waits_long_enough_outranks_any_priority():
    old = mission('old', priority=0, asked=NOW - 12.0 * PATIENCE)
    new = mission('new', priority=255, due=NOW + 60.0)
    assert who([old, new], [offer()])['old'] == 'agv_001'


def test_a_vehicle_that_drops_next_to_the_port_soon_is_better_than_an_idle_one_far_away():
    soon = offer('agv_001', 'wh1_in_1', NOW + 5.0, standing=Standing.BUSY)
    idle = offer('agv_002', 'park_060')
    assert who([mission('a', due=NOW + 5000.0)], [soon, idle]) == {'a': 'agv_001'}


def test_a_mission_keeps_its_vehicle_when_another_is_a_little_better():
    held = mission('a', due=NOW + 5000.0, holder='agv_001')
    ours = offer('agv_001', 'wh2_in_1', mission='a', standing=Standing.UNDER_WAY)
    nearer = offer('agv_002', 'wh1_in_2')
    assert who([held], [ours, nearer]) == {'a': 'agv_001'}
    assert who([replace(held, holder=None)], [ours, nearer]) == {'a': 'agv_002'}


def test_after_many_changes_a_mission_keeps_its_vehicle_whatever_comes():
    held = mission('a', due=NOW + 100.0, holder='agv_001', changes=CHANGES_MOST)
    ours = offer('agv_001', 'park_060', mission='a', standing=Standing.UNDER_WAY)
    assert who([held], [ours, offer('agv_002', 'wh1_in_1')]) == {'a': 'agv_001'}


@pytest.mark.parametrize('changes', [0, CHANGES_MOST])
def test_a_vehicle_with_a_low_battery_loses_its_mission(changes):
    held = mission('a', due=NOW + 500.0, holder='agv_001', changes=changes)
    low = offer('agv_001', 'wh1_in_1', charge=0.09, mission='a', standing=Standing.UNDER_WAY)
    assert who([held], [low, offer('agv_002', 'park_060')]) == {'a': 'agv_002'}


def test_a_vehicle_that_was_sent_to_and_fro_keeps_its_mission_whatever_comes():
    held = mission('a', due=NOW + 100.0, holder='agv_001', turned=TURNS_MOST)
    ours = offer('agv_001', 'park_060', mission='a', standing=Standing.UNDER_WAY)
    assert who([held], [ours, offer('agv_002', 'wh1_in_1')]) == {'a': 'agv_001'}
    urgent = mission('b', due=NOW - 500.0, priority=255)
    assert who([held, urgent], [ours]) == {'a': 'agv_001', 'b': None}


@pytest.mark.parametrize('seed', range(3))
def test_however_arrivals_sway_nobody_dithers_for_ever(seed):
    """Two missions, two vehicles, and expected times that go up and down by minutes."""
    rng = np.random.default_rng(seed)
    turned = {'agv_001': 0, 'agv_002': 0}
    missions = [mission(f'to {v}', due=NOW + 60.0, holder=v) for v in turned]
    for sways in rng.uniform(0.0, 300.0, (25, 2)):
        has = {m.holder: m.key for m in missions}
        offers = [
            offer(v, 'park_001', NOW + sway, mission=has.get(v), standing=Standing.UNDER_WAY)
            for v, sway in zip(turned, sways, strict=True)
        ]
        found = who(missions, offers)
        for k, m in enumerate(missions):
            if m.holder is not None and found[m.key] != m.holder:
                turned[m.holder] += 1
                missions[k] = replace(m, changes=m.changes + 1)
            missions[k] = replace(missions[k], holder=found[m.key])
        missions = [replace(m, turned=turned.get(m.holder, 0)) for m in missions]
    assert sum(turned.values()) > 0
    assert all(m.changes <= CHANGES_MOST for m in missions)
    assert all(n <= TURNS_MOST for n in turned.values())


def test_what_a_class_may_not_enter_or_lift_is_never_given_to_it():
    fork = next(v.id for v in situation().plant.fleet if v.vehicle_class == 'fork')
    assert who([mission('a')], [offer(fork, 'park_045')]) == {'a': None}
    assert who([mission('a', mass=601.0)], [offer()]) == {'a': None}


def test_a_factsheet_can_only_lower_the_limit():
    s = situation()
    s.desk.abilities['agv_001'] = Abilities(load_mass=50.0)
    try:
        assert who([mission('a', mass=60.0)], [offer()]) == {'a': None}
        assert s.desk.load_limit('agv_002', 'agv') == 600.0
    finally:
        del s.desk.abilities['agv_001']


def test_a_slow_vehicle_is_further_away():
    s = situation()
    s.desk.abilities['agv_001'] = Abilities(slower=4.0, slower_loaded=2.0)
    try:
        near, far = offer('agv_001', 'wh2_in_1'), offer('agv_002', 'wh4_in_1')
        times = pair_times(s, [mission('a')], [near, replace(near, vehicle='agv_002')])
        assert times.empty[0, 0] == pytest.approx(4.0 * times.empty[0, 1])
        assert times.loaded[0, 0] > times.loaded[0, 1] + 30.0
        assert who([mission('a', due=NOW + 5000.0)], [near, far]) == {'a': 'agv_002'}
    finally:
        del s.desk.abilities['agv_001']


def test_a_vehicle_that_would_not_come_back_to_a_charger_stays():
    assert who([mission('a')], [offer(charge=0.081)]) == {'a': None}


def test_who_stands_in_the_bay_takes_what_stands_there():
    comes = mission('comes', ready=NOW + 300.0, holder='agv_001')
    there = mission('there', holder='agv_002')
    bay = offer('agv_001', 'wh1_out_1', mission='comes', in_bay=True)
    other = offer('agv_002', 'wh1_in_1', mission='there', standing=Standing.UNDER_WAY)
    assert who([comes, there], [bay, other])['there'] == 'agv_001'


def test_who_stands_in_the_bay_but_has_changed_too_often_leaves_it():
    comes = mission('comes', ready=NOW + 300.0, holder='agv_001', changes=CHANGES_MOST)
    there = mission('there', holder='agv_002')
    bay = offer('agv_001', 'wh1_out_1', mission='comes', in_bay=True)
    other = offer('agv_002', 'wh1_in_1', mission='there', standing=Standing.UNDER_WAY)
    assert who([comes, there], [bay, other]) == {'comes': 'agv_001', 'there': 'agv_002'}


def test_a_load_in_front_is_as_urgent_as_those_behind_it():
    front = mission('front', due=NOW + 5000.0, ready=NOW + 10.0)
    behind = mission('behind', due=NOW + 100.0, ready=NOW + 20.0, priority=200)
    first, second = sorted(_in_line([front, behind], NOW), key=lambda m: m.ready)
    assert (first.key, first.press, first.behind) == ('front', NOW + 100.0 - TURN, 1)
    assert first.priority == 200
    assert (second.press, second.behind) == (inf, 0)
    assert second.ready >= NOW + TURN


def test_nothing_to_do_and_nobody_to_do_it_are_fine():
    assert assign(situation(), [], [offer()], NOW) == []
    assert who([mission('a')], []) == {'a': None}


def test_a_backlog_beyond_measure_is_cut_to_the_most_urgent():
    many = [mission(f'm{k}', due=NOW + k) for k in range(MOST + 50)]
    assert len(who(many, [offer()])) == MOST


@given(
    arrival=st.floats(-1e5, 1e5),
    later=st.floats(0.0, 1e4),
    due=st.floats(-1e5, 1e5),
    priority=st.integers(0, 255),
    age=st.floats(0.0, 1e5),
)
def test_later_never_costs_less_and_older_or_more_important_never_weighs_less(
    arrival, later, due, priority, age
):
    weight = weights(np.array([float(priority)]), np.array([age]))
    more = weights(np.array([priority + 1.0]), np.array([age + 1.0]))
    first = lateness_cost(np.array([arrival]), np.array([due]), weight)
    second = lateness_cost(np.array([arrival + later]), np.array([due]), weight)
    assert 0.0 <= first[0] <= second[0] + 1e-6
    assert more[0] >= weight[0] > 0.0


@pytest.mark.parametrize(
    ('new', 'slack', 'instead', 'line'),
    [
        (
            'agv_2',
            (-20.0, 35.0),
            None,
            'd1: agv_1 -> agv_2, slack -20 s -> +35 s, because it arrives 55 s earlier',
        ),
        (
            None,
            (90.0, 40.0),
            ('d2', -5.0),
            'd1: agv_1 -> later, slack +90 s -> +40 s, '
            'because agv_1 fetches d2 instead (slack -5 s)',
        ),
        (
            'agv_2',
            (nan, nan),
            None,
            'd1: agv_1 -> agv_2, slack unknown -> unknown, because the way there is shorter',
        ),
    ],
)
def test_a_change_is_told_in_one_line(new, slack, instead, line):
    assert explain('agv_1', new, mission('d1'), slack, instead) == line


def test_closed_edges_count_at_once_and_congestion_after_it_was_seen_for_some_time():
    s = situation()
    travel = TravelTimes(s.plant.roadmap, s.plant.classes)
    source = s.plant.places_of(PlaceKind.PARKING)[0].node
    goal = s.plant.places['fa1_01'].node
    free = travel.time('agv', source, goal)
    closed = np.zeros(s.plant.roadmap.edge_count, bool)
    closed[s.plant.roadmap.edges_into(goal)] = True
    assert travel.close(closed)
    assert travel.time('agv', source, goal) == inf
    assert travel.close(np.zeros_like(closed))
    assert travel.time('agv', source, goal) == pytest.approx(free)
    alone = np.ones(closed.size)
    for _ in range(20):
        travel.measure(3.0 * alone, alone)
        travel.refresh(5)
    assert travel.time('agv', source, goal) > 2.0 * free
    for _ in range(300):
        travel.measure(0.0 * alone, 0.0 * alone)
        travel.refresh(5)
    assert travel.time('agv', source, goal) < 1.3 * free
