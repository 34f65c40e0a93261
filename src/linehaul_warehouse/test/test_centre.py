# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The distribution centre as events: idempotent, written first, mis-sorts answered at the scan."""

import random

import pytest
from linehaul_warehouse.centre.desk import Desk, reply_name
from linehaul_warehouse.centre.told import Action, StepName, Told, Verdict
from linehaul_warehouse.codec import plain
from linehaul_warehouse.codes import Code
from linehaul_warehouse.distribution_model import Centre, SetPhase, UnitPlace, happening_of
from linehaul_warehouse.errors import EventError

GATE, DC = 'fg_01', 'dc'


class Floor:
    """People and scanners of a centre; its file is a list, and it can crash."""

    def __init__(self):
        self.file, self.told = [], 0
        self.kept, self.snapshot = {}, (0, None)
        self.desk = self.open()

    def open(self):
        desk = Desk(
            Centre({'lane_01': 8}, ('dock_01',)),
            frozenset([GATE]),
            3600.0,
            self.write,
            self.kept.get,
        )
        after, body = self.snapshot
        if body is not None:
            desk.restore(body)
        for event_id, rows in self.file[after:]:
            desk.apply(event_id, [happening_of(kind, body) for kind, body in rows], 0.0)
        return desk

    def write(self, told, happened, reply):
        self.kept[reply_name(told.event_id)] = plain(reply)
        self.file.append((told.event_id, [(type(one).__name__, plain(one)) for one in happened]))

    def crash(self):
        before = plain(self.desk.centre)
        self.desk = self.open()
        assert plain(self.desk.centre) == before

    def save(self):
        gone = self.desk.set_aside()
        self.snapshot = len(self.file), plain(self.desk.snapshot())
        self.kept |= plain(gone)

    def tell(self, step, action=Action.OBSERVE, time=100.0, event_id='', **fields):
        self.told += 1
        values = {'order_id': '', 'owner': '', 'place_id': DC, 'parent_id': '', 'objects': ()}
        values |= {'source': 'ann', 'reason': ''} | fields
        told = Told(event_id or f'e{self.told}', step, action, time, **values)
        return self.desk.tell(told)

    def announce(self, order, *units, **more):
        fields = {'order_id': order, 'owner': f'{order}_owner', 'objects': units}
        return self.tell(StepName.COMMISSIONING, Action.ADD, **(fields | more))

    def plan(self, truck, *orders, **more):
        return self.tell(StepName.PLANNING, Action.ADD, parent_id=truck, objects=orders, **more)

    def scan(self, step, unit, place, truck='', **more):
        return self.tell(step, place_id=place, parent_id=truck, objects=(unit,), **more)


def test_an_event_is_taken_once_also_after_a_crash():
    floor = Floor()
    first = floor.announce('o', 'u1', 'u2', event_id='a')
    assert first.verdict is Verdict.TAKEN
    floor.scan(StepName.RECEIVING, 'stranger', GATE, event_id='b')
    assert floor.desk.centre.mis_sorts == 1
    floor.crash()
    assert floor.scan(StepName.RECEIVING, 'stranger', GATE, event_id='b').wrong == ('stranger',)
    assert floor.announce('o', 'u1', 'u2', event_id='a') == first
    assert floor.desk.centre.mis_sorts == 1
    assert len(floor.file) == 2


@pytest.mark.parametrize(
    ('call', 'code'),
    [
        (lambda f: f.announce('o', 'u', owner=''), Code.INVALID_ARGUMENT),
        (lambda f: f.announce('o', 'u', event_id=' '.strip()), Code.NONE),
        (lambda f: f.plan('t', 'nobody'), Code.UNKNOWN_ID),
        (lambda f: f.tell(StepName.DEPARTING, parent_id='t'), Code.UNKNOWN_ID),
        (lambda f: f.scan(StepName.STAGING, 'u', 'lane_99'), Code.UNKNOWN_ID),
        (lambda f: f.tell(StepName.LOADING, objects=('u', 'v')), Code.INVALID_ARGUMENT),
        (lambda f: f.tell(StepName.DEPARTING, Action.ADD, parent_id='t'), Code.INVALID_ARGUMENT),
    ],
)
def test_refusals_have_a_code_and_are_not_written(call, code):
    floor = Floor()
    reply = call(floor)
    assert reply.code is code
    assert (reply.verdict is Verdict.REFUSED) == bool(code) == bool(reply.text)
    assert len(floor.file) == (not code)


def test_the_places_of_events_say_whose_they_are():
    desk = Floor().desk
    assert desk.concerns(StepName.RECEIVING, GATE, DC)
    assert not desk.concerns(StepName.RECEIVING, 'fg_99', DC)
    assert desk.concerns(StepName.STAGING, 'lane_01', DC)
    assert desk.concerns(StepName.LOADING, 'dock_01', DC)
    assert not desk.concerns(StepName.PLANNING, 'other', DC)


def test_a_record_that_does_not_fit_is_told():
    with pytest.raises(EventError, match='kind'):
        happening_of('Nothing', {})
    with pytest.raises(EventError, match='does not fit'):
        happening_of('UnitScanned', {'unit_id': 'u'})


@pytest.mark.parametrize('seed', [1, 2, 3])
def test_trucks_leave_whole_and_once_with_crashes_and_one_mis_sort_in_a_thousand(seed):
    """250 trucks with two orders each; 1 scan in 1,000 is of a unit that belongs elsewhere."""
    floor, rng = Floor(), random.Random(seed)
    injected = scans = 0
    proofs = []
    for k in range(250):
        truck, orders = f't{k}', [f'o{k}_1', f'o{k}_2']
        for order in orders:
            floor.announce(order, f'{order}_in', f'{order}_out')
        floor.plan(truck, *orders, time=100.0)
        units = [u for o in orders for u in floor.desk.centre.orders[o].unit_ids]
        for unit in rng.sample(units, len(units)):
            assert floor.scan(StepName.RECEIVING, unit, GATE).verdict is Verdict.TAKEN
        for step, place in ((StepName.STAGING, 'lane_01'), (StepName.LOADING, 'dock_01')):
            for order in reversed(orders):
                for unit in floor.desk.centre.orders[order].unit_ids:
                    scans += 1
                    if scans % 1000 == 500:  # the first stop's unit comes in the last one's turn
                        injected += 1
                        wrong = f'{orders[0]}_in' if order == orders[1] else 'stranger'
                        reply = floor.scan(step, wrong, place, truck)
                        assert (reply.verdict, reply.wrong) == (Verdict.MIS_SORTED, (wrong,))
                        if wrong != 'stranger':
                            assert floor.desk.centre.phase(orders[0]) is SetPhase.INCOMPLETE
                            refused = floor.tell(StepName.DEPARTING, parent_id=truck)
                            assert refused.code is Code.NOT_ALLOWED
                            floor.scan(StepName.RECEIVING, wrong, GATE)
                            if step is StepName.LOADING:  # through its lane again, in its turn
                                floor.scan(StepName.STAGING, wrong, 'lane_01')
                    assert floor.scan(step, unit, place, truck).verdict is Verdict.TAKEN
                    if rng.random() < 0.01:
                        floor.crash()
                    if rng.random() < 0.005:
                        floor.save()
        reply = floor.tell(StepName.DEPARTING, parent_id=truck, time=200.0, event_id=f'left{k}')
        again = floor.tell(StepName.DEPARTING, parent_id=truck, time=300.0, event_id=f'left{k}')
        assert reply == again
        proofs += reply.proofs
    assert injected == floor.desk.centre.mis_sorts == 2
    assert len(proofs) == floor.desk.centre.shipped == len({p.order_id for p in proofs}) == 500
    assert {place for place, _ in floor.desk.centre.places.values()} <= {UnitPlace.SHIPPED}
    for proof in proofs:
        traced = floor.desk.trace(proof.order_id)
        assert (traced.proof, traced.phase) == (proof, 'SHIPPED')
        scans = [m.step for m in traced.marks if m.step in ('receiving', 'staging', 'loading')]
        assert len(scans) >= 6
        assert traced.marks[-1].step == 'shipping'
        assert floor.desk.trace(unit_id=proof.unit_ids[1]) == traced
    assert {p.stop for p in proofs} == {1, 2}


def test_what_was_shipped_is_set_aside_and_stays_what_it_was():
    floor = Floor()
    floor.announce('o', 'u1', 'u2', event_id='a')
    floor.plan('t', 'o')
    for unit in ('u1', 'u2'):
        floor.scan(StepName.RECEIVING, unit, GATE, event_id=f'in_{unit}')
    assert [(c.step, c.unit_id, c.place_id) for c in floor.desk.calls(150.0)] == [
        (StepName.STAGING, 'u1', 'lane_01'),
        (StepName.STAGING, 'u2', 'lane_01'),
    ]
    assert floor.desk.calls(50.0) == []  # before its window
    floor.scan(StepName.STAGING, 'u1', 'lane_01')
    floor.scan(StepName.STAGING, 'u2', 'lane_01')
    (first, _) = floor.desk.calls(150.0)
    assert (first.step, first.truck_id, first.place_id) == (StepName.LOADING, 't', 'dock_01')
    for unit in ('u1', 'u2'):
        floor.scan(StepName.LOADING, unit, 'dock_01', 't')
    assert floor.desk.calls(150.0) == []
    left = floor.tell(StepName.DEPARTING, parent_id='t', event_id='left')
    before = floor.desk.trace('o')
    floor.save()
    floor.crash()
    assert not floor.desk.centre.orders
    assert not floor.desk.trails
    assert floor.desk.centre.shipped == 1
    assert floor.desk.trace('o').proof == before.proof == left.proofs[0]
    assert [m.step for m in floor.desk.trace('o').marks] == [m.step for m in before.marks]
    floor.desk.replies.clear()
    assert floor.tell(StepName.DEPARTING, parent_id='t', event_id='left') == left
    assert floor.scan(StepName.RECEIVING, 'u1', GATE, event_id='in_u1').verdict is Verdict.TAKEN
    assert floor.announce('o', 'u1', 'u2').verdict is Verdict.TAKEN  # known, and not anew
    assert not floor.desk.centre.orders
    assert floor.announce('o', 'u1', 'u3').code is Code.INVALID_ARGUMENT
    assert floor.announce('p', 'u1').code is Code.INVALID_ARGUMENT
    assert floor.plan('t', 'o').code is Code.INVALID_ARGUMENT
    assert floor.plan('t2', 'o').code is Code.UNKNOWN_ID
    assert floor.tell(StepName.DEPARTING, parent_id='t').verdict is Verdict.TAKEN
    assert floor.scan(StepName.RECEIVING, 'u2', GATE).verdict is Verdict.MIS_SORTED
    assert floor.desk.trace('nobody') is None
    assert floor.desk.trace() is None


def test_a_snapshot_that_does_not_fit_is_told():
    with pytest.raises(EventError, match='snapshot'):
        Floor().desk.restore({'centre': {}})
