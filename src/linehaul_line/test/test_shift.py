# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A shift with its own models, breaks, parts in line order and kits, and parts that are late."""

from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linehaul_line.assembly import Assembly, full_stock
from linehaul_line.desk import LineDesk
from linehaul_line.errors import ProductError
from linehaul_line.feeding import Ask, Feeding, Withdraw
from linehaul_line.ids import LineId
from linehaul_line.late import WorkedAround
from linehaul_line.line import LinePlan, LineSequence, replace_units
from linehaul_line.lookahead import Policy
from linehaul_line.pace import Pace
from linehaul_line.packing import OutOfOrder, next_batch
from linehaul_line.product import Model, Unit
from linehaul_line.response import prior
from linehaul_line.shift import parse_shift
from linehaul_line.source import make_line, more, size_warnings
from linehaul_line.stock import has_room

from linehaul_floor import load_plant

PLANT = load_plant('cell')
LINE = next(iter(PLANT.lines.values()))
SHIFT = {
    'format': 1,
    'lines': {
        'fa1': {
            'models': {
                'small': {'bill': {'fa1_01': {'casing': 1}, 'fa1_03': {'heat_exchanger': 2}}},
                'large': {'bill': {'fa1_01': {'casing': 2}, 'fa1_02': {'compressor': 1}}},
            },
            'shares': {'small': 3, 'large': 1},
            'changeover': 15.0,
            'frozen': 4,
            'breaks': [[600, 900]],
            'jis': {'fa1_01': ['casing']},
        }
    },
}


def test_a_line_builds_the_mix_of_its_shift_and_rests_in_its_breaks():
    shift = parse_shift(SHIFT, PLANT)[LINE.id]
    line = make_line(PLANT, LINE, start=100.0, known=40, shift=shift)
    kinds = [unit.model for unit in line.sequence.units]
    assert (kinds.count('small'), kinds.count('large')) == (30, 10)
    assert (line.plan.changeover, line.plan.frozen) == (15.0, 4)
    assert [(one.begin, one.end) for one in line.pace.breaks] == [(700.0, 1000.0)]
    assert set(line.stock) == {
        ('fa1_01', 'casing'),
        ('fa1_02', 'compressor'),
        ('fa1_03', 'heat_exchanger'),
    }
    later = more(replace(line, position=30), 40)
    kinds = [unit.model for unit in later.units[40:]]
    assert kinds.count('small') == 3 * kinds.count('large')


def test_every_problem_of_a_shift_is_told():
    bad = {
        'colour': 'red',
        'jis': {'fa1_04': 'fan_motor', 'fa1_01': ['gold']},
        'kits': {'fa1_03': 'casing', 'nowhere': 'casing'},
        'shares': {'none': 1},
        'breaks': [[10, 5], 'noon'],
        'changeover': -1,
    }
    with pytest.raises(ProductError) as caught:
        parse_shift({'format': 1, 'lines': {'fa1': bad, 'fa9': {}}, 'x': 1}, PLANT)
    for word in (
        'x: no such key',
        'fa9',
        'colour: no such key',
        'no model takes gold at fa1_01',
        'brings no casing there',
        "nowhere: 'casing'",
        "{'none': 1}",
        '[10, 5]',
        "'noon'",
        'changeover: -1',
    ):
        assert word in str(caught.value), word
    with pytest.raises(ProductError, match='wanted format'):
        parse_shift([], PLANT)


def test_a_kit_takes_the_place_of_the_parts_that_are_packed_into_it():
    body = {**SHIFT['lines']['fa1'], 'kits': {'fa1_03': 'heat_exchanger'}}
    shift = parse_shift({'format': 1, 'lines': {'fa1': body}}, PLANT)[LINE.id]
    small, large = shift.models
    assert small.bill['fa1_03'] == {'heat_exchanger': 1}
    assert 'fa1_03' not in large.bill
    assert shift.jis == {('fa1_01', 'casing'), ('fa1_03', 'heat_exchanger')}


def test_places_are_checked_with_the_response_of_their_own_station():
    line = make_line(PLANT, LINE, start=0.0)
    quick, slow = prior(1.0, 1.0, 1.0), prior(600.0, 3000.0, 30.0)
    desk = LineDesk(line, Feeding(), dict.fromkeys(LINE.stations, quick))
    assert size_warnings(desk) == []
    desk.responses[LINE.stations[2]] = slow
    assert {one.part.station for one in size_warnings(desk)} == {LINE.stations[2]}


# -- parts in line order

STD, INV = Model('std', {'a': {'fan': 1}}), Model('inv', {'a': {'fan': 1}, 'b': {'chip': 2}})
CALM = prior(30.0, 100.0, 20.0, relative_spread=0.1)


def units(kinds):
    return tuple(
        Unit(f'u{i}', f'o{i // 2}', f'owner{i}', kind, inf) for i, kind in enumerate(kinds)
    )


def desk(kinds, *, chips=5, frozen=3, jis=True, promised=()):
    plan = LinePlan(
        LineId('fa1'),
        ('a', 'b'),
        {'std': STD, 'inv': INV},
        20.0,
        frozen=frozen,
        jis=frozenset({('b', 'chip')}) if jis else frozenset(),
    )
    stock = full_stock(plan, {'a': 2, 'b': 2}, {'fan': 500, 'chip': chips}, exchange=True)
    made = Assembly(plan, LineSequence(0, units(kinds)), 0, Pace(20.0, 1.0, 0.0), stock)
    return LineDesk(made, Feeding(Policy(cover=60.0)), {'a': CALM, 'b': CALM})


def asks(one, until, begin=0.0):
    """Return what a desk tells until a time, when nothing is brought."""
    told = []
    for now in range(int(begin), int(until), 5):
        told += one.tick(float(now))[0]
    return told


@given(st.lists(st.sampled_from(['std', 'inv']), min_size=60, max_size=60), st.integers(2, 9))
def test_containers_in_line_order_hold_the_parts_of_the_next_units_unsplit(kinds, chips):
    one = desk(kinds, chips=chips)
    row = [u.id for u in one.assembly.sequence.units if u.model == 'inv']
    covered, listed = 0, []
    while (batch := next_batch(one.assembly, ('b', 'chip'), covered)) is not None:
        covered += sum(parts for _, _, parts in batch.contents)
        assert all(parts == 2 for _, _, parts in batch.contents)
        assert sum(parts for _, _, parts in batch.contents) <= chips
        listed += batch.units
    assert listed == row


def test_a_request_says_for_which_units_its_container_is_packed():
    one = desk(['inv'] * 60)
    first, second = [i for i in asks(one, 400) if isinstance(i, Ask) and i.item == 'chip'][:2]
    # ten chips are there; u4 has one of its two in the first container that is brought
    assert (first.units, first.quantity) == (('u5', 'u6'), 4)
    assert second.units == ('u7', 'u8')
    assert first.order == ''  # u5 and u6 are of two orders
    assert [p.quantity for p in one.assembly.stock['b', 'chip'].promises][:2] == [4, 4]
    assert one.assembly.stock['b', 'chip'].container_quantity == 5


def test_another_order_of_units_renews_what_is_not_on_a_vehicle_and_tells_of_what_is():
    one = desk(['inv'] * 60)
    told = [i for i in asks(one, 100) if isinstance(i, Ask) and i.item == 'chip']
    first, second = told[:2]
    one.loaded(first.request)
    line = one.assembly
    row = list(line.sequence.units)
    row[6], row[7] = row[7], row[6]
    changed = replace_units(line.plan, LineSequence(0, tuple(row)), 0, 3, row[3:])
    one.set_sequence(changed)
    intents, events = one.tick(100.0)
    (wrong,) = [e for e in events if isinstance(e, OutOfOrder)]
    assert (wrong.request, wrong.packed, wrong.wanted) == (
        first.request,
        ('u5', 'u6'),
        ('u5', 'u7'),
    )
    assert [i.request for i in intents if isinstance(i, Withdraw)] == [second.request]
    (again,) = [i for i in intents if isinstance(i, Ask) and i.item == 'chip'][:1]
    assert again.units == ('u6', 'u8')
    names = [p.request for p in one.assembly.stock['b', 'chip'].promises]
    assert names[:2] == [first.request, again.request]
    assert not [e for e in one.tick(105.0)[1] if isinstance(e, OutOfOrder)]


# -- late parts


def test_units_that_do_not_need_a_late_part_go_first_and_the_line_stands_less():
    """Chips for six units are there; the next come after nine minutes instead of two."""

    def play(tell):
        one = desk(['inv', 'std'] * 60, chips=6, jis=False)
        events, due = [], {}
        for now in range(0, 1200, 5):
            intents, seen = one.tick(float(now))
            events += seen
            for ask in intents:
                if isinstance(ask, Ask) and ask.item == 'chip':
                    due[ask.request] = max(now + 150.0, 540.0)
            for request, time in list(due.items()):
                if tell and one.find(request):
                    one.expects(request, time)
                room = has_room(one.assembly.stock['b', 'chip'])
                if time <= now and one.find(request) and room:
                    assert one.placed(request, 6, float(now)) is None
        return one.assembly, events

    late, _ = play(tell=False)
    ours, events = play(tell=True)
    told = [e for e in events if isinstance(e, WorkedAround)]
    assert late.stood_starved > 60.0
    assert ours.stood_starved < 0.5 * late.stood_starved
    swap = told[0].swaps[0]
    assert (swap.delayed.model, swap.advanced.model) == ('inv', 'std')
    assert swap.delayed.owner in str(told[0])
    assert swap.advanced.order in str(told[0])


def test_to_a_real_line_another_order_is_only_proposed():
    """Its MES has the sequence; it hears of what would be better."""
    one = desk(['inv', 'std'] * 60, chips=6, jis=False)
    one.tick(0.0)
    (request,) = [p.request for p in one.assembly.stock['b', 'chip'].promises][:1]
    one.expects(request, 600.0)
    before = one.assembly.sequence
    _, (told,) = one.tick(5.0, simulated=False)
    assert one.assembly.sequence is before
    assert not told.done
    assert 'better would be; unit' in str(told)


def test_a_promise_is_not_broken_for_a_late_part():
    one = desk(['inv', 'std'] * 60, chips=2, jis=False)
    row = [replace(unit, due=1.0 + 20.0 * i) for i, unit in enumerate(one.assembly.sequence.units)]
    one.set_sequence(LineSequence(0, tuple(row)))
    one.tick(0.0)
    (request,) = [p.request for p in one.assembly.stock['b', 'chip'].promises][:1]
    one.expects(request, 600.0)
    before = one.assembly.sequence
    _, events = one.tick(5.0)
    assert one.assembly.sequence is before
    assert not [e for e in events if isinstance(e, WorkedAround)]
