# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The distribution centre: a set ships once and whole, last stop first, mis-sorts are caught."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from linehaul_warehouse.codes import Code, Refused
from linehaul_warehouse.distribution_model import (
    Centre,
    MisSorted,
    SetPhase,
    TruckLeft,
    UnitPlace,
)
from linehaul_warehouse.errors import EventError

from linehaul_warehouse import distribution as dc

LANES = {'lane_1': 6, 'lane_2': 20}


def centre(docks=('d1', 'd2')):
    return Centre(dict(LANES), docks)


def taken(made, answer):
    assert not isinstance(answer, Refused), answer
    for event in answer:
        made.apply(event)
    return answer


def with_orders(count, **more):
    made = centre(**more)
    for k in range(count):
        taken(made, dc.announce(made, f'o{k}', f'owner{k}', [f'o{k}_in', f'o{k}_out']))
    return made


def come(made, *orders):
    for order in orders:
        for unit in made.orders[order].unit_ids:
            taken(made, dc.scan_in(made, unit, 'gate'))


def stage_all(made, truck):
    lane = made.trucks[truck].lane_id
    while units := dc.to_stage(made, truck, 50.0):
        taken(made, dc.scan_lane(made, units[0], lane, 50.0))


def load_all(made, truck):
    for unit in list(made.staged[truck]):
        taken(made, dc.scan_dock(made, unit, truck))


def test_a_set_is_complete_with_both_units_and_a_truck_is_loaded_last_stop_first():
    made = with_orders(3)
    taken(made, dc.plan_truck(made, 't', ['o0', 'o1', 'o2'], 0.0, 100.0))
    come(made, 'o0', 'o1')
    taken(made, dc.scan_in(made, 'o2_in', 'gate'))
    assert made.phase('o2') is SetPhase.INCOMPLETE
    assert dc.to_stage(made, 't', 50.0) == []  # the last stop is not complete: nothing before it
    taken(made, dc.scan_in(made, 'o2_out', 'gate'))
    assert made.phase('o2') is SetPhase.COMPLETE
    stage_all(made, 't')
    assert [made.units[u] for u in made.staged['t']] == ['o2', 'o2', 'o1', 'o1', 'o0', 'o0']
    assert dc.depart(made, 't', 99.0).code is Code.NOT_ALLOWED
    load_all(made, 't')
    assert [made.units[u] for u in made.loaded['t']] == ['o2', 'o2', 'o1', 'o1', 'o0', 'o0']
    (left,) = taken(made, dc.depart(made, 't', 99.0))
    assert [(p.order_id, p.owner, p.stop, p.dock_id) for p in left.proofs] == [
        ('o0', 'owner0', 1, 'd1'),
        ('o1', 'owner1', 2, 'd1'),
        ('o2', 'owner2', 3, 'd1'),
    ]
    assert dc.depart(made, 't', 99.0) == []
    with pytest.raises(EventError, match='twice or half'):
        made.apply(TruckLeft('t', left.proofs))


def test_a_set_that_is_not_there_stays_behind_whole():
    made = with_orders(2)
    taken(made, dc.plan_truck(made, 't', ['o0', 'o1'], 0.0, 100.0))
    come(made, 'o0', 'o1')
    stage_all(made, 't')
    taken(made, dc.scan_dock(made, 'o1_in', 't'))
    assert dc.drop_stop(made, 't', 'o1', '', '').code is Code.INVALID_ARGUMENT
    taken(made, dc.drop_stop(made, 't', 'o1', 'ann', 'damaged'))
    load_all(made, 't')
    (left,) = taken(made, dc.depart(made, 't', 60.0))
    assert [p.order_id for p in left.proofs] == ['o0']
    assert {made.places[u][0] for u in ('o1_in', 'o1_out')} == {UnitPlace.STORED}
    taken(made, dc.plan_truck(made, 'u', ['o1'], 0.0, 100.0))


def test_docks_and_lanes_are_held_for_their_windows():
    made = with_orders(5, docks=('d1',))
    taken(made, dc.plan_truck(made, 't', ['o0'], 0.0, 100.0))
    assert dc.plan_truck(made, 'u', ['o1'], 50.0, 150.0).code is Code.NOT_ALLOWED
    taken(made, dc.plan_truck(made, 'u', ['o1'], 100.0, 150.0))
    assert dc.plan_truck(made, 'v', ['o1'], 200.0, 250.0).code is Code.NOT_ALLOWED
    assert dc.plan_truck(made, 'v', ['o9'], 200.0, 250.0).code is Code.UNKNOWN_ID
    assert dc.plan_truck(made, 'v', ['o2', 'o2'], 200.0, 250.0).code is Code.INVALID_ARGUMENT
    assert dc.to_stage(made, 'u', 99.0) == []


@pytest.mark.parametrize(
    ('order', 'owner', 'units'),
    [('', 'w', ['u']), ('o', ' ', ['u']), ('o', 'w', []), ('o', 'w', ['u', 'u'])],
)
def test_an_order_needs_an_owner_and_its_own_units(order, owner, units):
    assert dc.announce(centre(), order, owner, units).code is Code.INVALID_ARGUMENT


def test_mis_sorts_one_in_a_thousand_are_caught_at_the_next_scan():
    """3,000 orders: every thousandth unit is pushed where another belongs; each is caught."""
    made = centre(docks=('d1',))
    injected = caught = moves = 0
    for first in range(0, 3000, 3):
        orders = [f'o{first + k}' for k in range(3)]
        for order in orders:
            taken(made, dc.announce(made, order, 'w', [f'{order}_in', f'{order}_out']))
        come(made, *orders)
        truck = f't{first}'
        taken(made, dc.plan_truck(made, truck, orders, 0.0, 100.0))
        lane = made.trucks[truck].lane_id
        while units := dc.to_stage(made, truck, 50.0):
            moves += 1
            unit = units[0]
            if moves % 1000 == 0:  # the conveyor swaps it for one of the tour's first stop
                injected += 1
                unit = next(u for u in made.orders[orders[0]].unit_ids if u not in units)
                unit = unit if made.places[unit][0] is UnitPlace.STORED else 'stranger'
            events = taken(made, dc.scan_lane(made, unit, lane, 50.0))
            for event in events:
                if isinstance(event, MisSorted):
                    caught += 1
                    if event.unit_id in made.places:
                        taken(made, dc.scan_in(made, event.unit_id, 'person'))
        load_all(made, truck)
        taken(made, dc.depart(made, truck, 90.0))
    assert injected == caught == made.mis_sorts == 6
    assert len(made.proofs) == 3000
    assert {made.places[u][0] for u in made.units} == {UnitPlace.SHIPPED}


class CentreMachine(RuleBasedStateMachine):
    """Random scans anywhere, by machines and people that do not know what they do."""

    def __init__(self):
        super().__init__()
        self.made = centre()
        self.log = []
        self.number = 0

    def act(self, answer):
        if isinstance(answer, Refused):
            assert answer.text
            return
        for event in answer:
            self.made.apply(event)
            self.log.append(event)

    def unit(self, pick):
        units = sorted(self.made.units) or ['stranger']
        return units[pick % len(units)]

    @rule(count=st.integers(1, 3))
    def order(self, count):
        self.number += 1
        name = f'o{self.number}'
        self.act(dc.announce(self.made, name, 'w', [f'{name}_{k}' for k in range(count)]))
        for k in range(count - self.number % 2):
            self.act(dc.scan_in(self.made, f'{name}_{k}', 'gate'))

    @rule(pick=st.integers(0, 99), count=st.integers(1, 3))
    def truck(self, pick, count):
        self.number += 1
        orders = sorted(self.made.orders)
        stops = (orders * 2)[pick % max(len(orders), 1) :][:count]
        self.act(dc.plan_truck(self.made, f't{self.number}', stops, 0.0, 100.0))

    @rule(pick=st.integers(0, 99), where=st.sampled_from(['in', 'lane', 'lane', 'dock']))
    def scan_anything(self, pick, where):
        unit = self.unit(pick)
        trucks = sorted(self.made.trucks) or ['t']
        if where == 'in':
            self.act(dc.scan_in(self.made, unit, 'gate'))
        elif where == 'lane':
            self.act(dc.scan_lane(self.made, unit, sorted(LANES)[pick % 2], 50.0))
        else:
            self.act(dc.scan_dock(self.made, unit, trucks[pick % len(trucks)]))

    @rule(pick=st.integers(0, 99))
    def work_well(self, pick):
        trucks = sorted(self.made.trucks)
        if trucks:
            truck = trucks[pick % len(trucks)]
            stage_all(self.made, truck)
            for unit in list(self.made.staged[truck]):
                self.act(dc.scan_dock(self.made, unit, truck))

    @rule(pick=st.integers(0, 99), drop=st.booleans())
    def leave(self, pick, drop):
        trucks = sorted(self.made.trucks)
        if trucks:
            truck = trucks[pick % len(trucks)]
            stops = self.made.trucks[truck].stops
            if drop and stops:
                self.act(dc.drop_stop(self.made, truck, stops[pick % len(stops)], 'ann', 'late'))
            self.act(dc.depart(self.made, truck, 90.0))

    @invariant()
    def every_set_ships_once_and_whole(self):
        proofs = [p for e in self.log if isinstance(e, TruckLeft) for p in e.proofs]
        assert len({p.order_id for p in proofs}) == len(proofs)
        shipped = {u for u, (place, _) in self.made.places.items() if place is UnitPlace.SHIPPED}
        assert shipped == {u for p in proofs for u in p.unit_ids}
        for proof in proofs:
            assert set(proof.unit_ids) == set(self.made.orders[proof.order_id].unit_ids)

    @invariant()
    def every_truck_is_loaded_last_stop_first(self):
        for truck in self.made.trucks.values():
            if not truck.left:
                stops = [self.made.stop_of(self.made.units[u]) for u in self.made.loaded[truck.id]]
                assert stops == sorted(stops, reverse=True)

    @invariant()
    def every_unit_is_in_one_place(self):
        for truck in self.made.trucks:
            for units, place in ((self.made.staged, 'LANE'), (self.made.loaded, 'TRUCK')):
                for unit in units[truck] if not self.made.trucks[truck].left else ():
                    assert self.made.places[unit][0].name == place


def test_random_scans_never_ship_half_a_set_or_one_twice():
    run_state_machine_as_test(
        CentreMachine, settings=settings(max_examples=40, stateful_step_count=30)
    )


def test_scans_may_be_repeated():
    made = with_orders(1)
    come(made, 'o0')
    taken(made, dc.plan_truck(made, 't', ['o0'], 0.0, 100.0))
    stage_all(made, 't')
    assert dc.scan_lane(made, 'o0_in', 'lane_1', 50.0) == []
    load_all(made, 't')
    assert dc.scan_dock(made, 'o0_in', 't') == []
