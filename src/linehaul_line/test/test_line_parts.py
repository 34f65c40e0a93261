# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""PackML, products, stock, sizes and late parts."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from linehaul_line.errors import ProductError, StockError
from linehaul_line.ids import ItemId, LoadId, StationId
from linehaul_line.loads import MOST_TIMES, STANDS_MOST, LineSide, line_side, of_loads
from linehaul_line.packml import Command, Refusal, State, advance, settle
from linehaul_line.product import Model, Unit, parse_products, parts_of, standard_model
from linehaul_line.resequence import around_late_part
from linehaul_line.response import prior
from linehaul_line.sizing import PartDemand, check_sizes
from linehaul_line.stock import (
    PartStock,
    Promise,
    count,
    fetch_empty,
    has_room,
    promise,
    put,
    take,
)

from linehaul_floor import load_plant

PLANT = load_plant('cell')
LINE = next(iter(PLANT.lines.values()))


# -- loads beside the line

KEY = (StationId('fa1_01'), ItemId('casing'))


@given(st.data())
def test_what_the_line_uses_up_are_the_loads_that_came_first(data):
    """Whatever comes, is used or is counted: no load is told twice, none in another order."""
    side, came, used, count = LineSide(), [], [], 0
    for number in range(data.draw(st.integers(0, 30))):
        if count < 4 and data.draw(st.booleans()):
            came.append(LoadId(f'l{number}'))
            side.came(KEY, came[-1])
            count += 1
        else:
            count = data.draw(st.integers(0, count))
        side.settle({KEY: PartStock(*KEY, 4, 10, (10,) * count)}, 1.0)
        told = side.to_tell()
        used += [one for one in told if one not in used]
        assert line_side(side.out()) == LineSide(
            side.rows, dict.fromkeys(side.used, 0), side.empties
        )
        if data.draw(st.booleans()):
            for one in told:
                side.heard(one)
            assert side.to_tell() == []
    assert used == came[: len(used)]
    assert list(side.rows.get(KEY, ())) == came[len(used) :]


def test_containers_that_nobody_knows_are_not_told_for_ever():
    side = of_loads([(KEY, LoadId('a'))])
    side.settle({KEY: PartStock(*KEY, 2, 10, (10, 10))}, 1.0)  # a person put one before it
    side.settle({KEY: PartStock(*KEY, 2, 10, ())}, 1.0)
    told = [side.to_tell() for _ in range(MOST_TIMES + 1)]
    assert told == [[LoadId('a')]] * MOST_TIMES + [[]]


def test_an_empty_that_nobody_saw_leave_is_believed_to_have_left():
    side = of_loads([(KEY, LoadId('a')), (KEY, LoadId('b'))])
    side.settle({KEY: PartStock(*KEY, 2, 10, (10,))}, 100.0)
    assert side.empties == {'a': (KEY, 100.0)}
    assert side.overdue(100.0 + STANDS_MOST) == []
    assert side.overdue(101.0 + STANDS_MOST) == ['a']
    assert line_side(side.out()).empties == side.empties
    assert side.left(LoadId('a')) == (KEY, 100.0)
    assert side.left(LoadId('a')) is None


# -- PackML


@given(st.lists(st.sampled_from(list(Command)), max_size=30))
def test_a_machine_is_always_in_a_state_and_can_always_be_aborted(commands):
    state = State.STOPPED
    for one in commands:
        after = advance(state, one)
        if isinstance(after, Refusal):
            assert one.name in after.text
        else:
            state = after
    assert state != State.UNKNOWN
    assert settle(state, Command.ABORT) == State.ABORTED or state in (
        State.ABORTED,
        State.ABORTING,
    )


def test_the_way_up_and_the_two_ways_to_stand():
    state = State.STOPPED
    for one, wanted in (
        (Command.RESET, State.IDLE),
        (Command.START, State.EXECUTE),
        (Command.HOLD, State.HELD),
        (Command.UNHOLD, State.EXECUTE),
        (Command.SUSPEND, State.SUSPENDED),
        (Command.UNSUSPEND, State.EXECUTE),
        (Command.COMPLETE, State.COMPLETE),
        (Command.STOP, State.STOPPED),
    ):
        state = settle(state, one)
        assert state == wanted
    refused = advance(State.STOPPED, Command.HOLD)
    assert isinstance(refused, Refusal)
    assert refused.text == 'HOLD found in state STOPPED, wanted ABORT, RESET'


# -- products


def test_the_standard_model_is_what_the_plant_says():
    model = standard_model(PLANT, LINE)
    assert parts_of([model]) == sorted(
        (station, item) for station in LINE.stations for item in PLANT.places[station].uses
    )


def test_products_are_read_and_every_problem_is_told():
    good = {'small': {'bill': {'fa1_01': {'casing': 2}}, 'work': {'fa1_01': 25}, 'options': ['x']}}
    (model,) = parse_products(good, PLANT, LINE)
    assert model == Model('small', {'fa1_01': {'casing': 2}}, {'fa1_01': 25.0}, frozenset({'x'}))
    bad = {
        'a': {'bill': {'nowhere': {'casing': 0}, 'fa1_01': {'gold': 1}}, 'colour': 'red'},
        'b': None,
        'c': {'bill': {'fa1_01': 3}, 'work': {'fa1_01': float('nan')}},
    }
    with pytest.raises(ProductError) as caught:
        parse_products(bad, PLANT, LINE)
    for word in ('nowhere', 'gold', 'colour', 'b: no bill', 'work nan', 'casing: 0'):
        assert word in str(caught.value)
    with pytest.raises(ProductError, match='wanted models'):
        parse_products([], PLANT, LINE)


# -- stock


class StockMachine(RuleBasedStateMachine):
    """Containers come, are used up and leave; nothing appears, vanishes or has no place."""

    def __init__(self):
        super().__init__()
        self.stock = PartStock('s', 'i', 3, 10)
        self.brought = self.taken = self.containers = 0

    @precondition(lambda self: has_room(self.stock))
    @rule(quantity=st.integers(1, 10))
    def bring(self, quantity):
        exchanged = self.stock.exchange and self.stock.empties > 0
        self.stock = put(self.stock, quantity)
        self.brought += quantity
        self.containers += 0 if exchanged else 1

    @precondition(lambda self: not has_room(self.stock))
    @rule(quantity=st.integers(1, 10))
    def bring_into_a_full_place(self, quantity):
        with pytest.raises(StockError):
            put(self.stock, quantity)

    @rule(parts=st.integers(-1, 40))
    def use(self, parts):
        if not 0 <= parts <= self.stock.quantity:
            with pytest.raises(StockError):
                take(self.stock, parts)
        else:
            self.stock = take(self.stock, parts)
            self.taken += parts

    @rule()
    def fetch(self):
        if self.stock.empties:
            self.stock = fetch_empty(self.stock)
            self.containers -= 1
        else:
            with pytest.raises(StockError):
                fetch_empty(self.stock)

    @rule(exchange=st.booleans())
    def change_the_way_of_empties(self, exchange):
        self.stock = replace(self.stock, exchange=exchange)

    @invariant()
    def all_is_there(self):
        assert self.stock.quantity == self.brought - self.taken
        assert self.stock.standing == self.containers <= self.stock.places
        assert all(1 <= one <= 10 for one in self.stock.contents)


TestStock = StockMachine.TestCase


def test_a_request_is_promised_once_and_closed_by_its_container():
    stock = promise(PartStock('s', 'i', 2, 10), Promise('r1', 10, 0.0, 100.0, 0.0))
    with pytest.raises(StockError, match='open already'):
        promise(stock, stock.promises[0])
    assert put(stock, 10, 'r1').promises == ()
    assert put(stock, 10, 'other').promises == stock.promises


def test_what_is_counted_is_what_is_there():
    assert count(PartStock('s', 'i', 2, 10, (3, 10)), (4,), 1).quantity == 4
    with pytest.raises(StockError, match='counted'):
        count(PartStock('s', 'i', 2, 10), (4, 4), 1)
    with pytest.raises(StockError, match='wanted 1 to 10'):
        put(PartStock('s', 'i', 2, 10), 11)


# -- sizes


def test_places_that_cannot_work_are_told_with_what_would():
    response = prior(60.0, 240.0, 30.0, relative_spread=0.0)
    parts = [
        PartDemand('a', 'panel', 1 / 14.4, 2, 24),
        PartDemand('b', 'compressor', 1 / 14.4, 2, 16),
        PartDemand('c', 'none', 0.0, 1, 10),
        PartDemand('d', 'single', 1 / 14.4, 1, 100),
    ]
    first, second = check_sizes(parts, response)
    assert (first.part.station, second.part.station) == ('d', 'b')
    assert first.hopeless
    assert 'will stand whatever the fleet does; wanted 2 places' in str(first)
    assert not second.hopeless
    assert 'last 230 s, a delivery takes up to 330 s; it lives by requests ahead' in str(second)
    assert 'wanted 3 places or containers of 23' in str(second)


# -- late parts


def unit(number, model, due=inf):
    return Unit(f'u{number}', f'o{number}', f'owner{number}', model, due)


MODELS = {'inv': Model('inv', {'s': {'chip': 1}}), 'std': Model('std', {'s': {}})}
TIMES = np.arange(10) * 10.0


def test_a_late_part_moves_the_units_that_need_it_and_names_both_owners():
    row = [unit(i, kind) for i, kind in enumerate(('inv', 'std', 'inv', 'std', 'std', 'std'))]
    found = around_late_part(
        row, MODELS, 'chip', TIMES, parts=0, arrival=35.0, frozen=1, first_position=100
    )
    assert [one.id for one in found.units] == ['u0', 'u1', 'u4', 'u3', 'u2', 'u5']
    (swap,) = found.swaps
    assert (swap.early_position, swap.late_position) == (102, 104)
    assert 'unit u2 of owner2 (order o2) moves 40 s instead of 20 s' in str(swap)
    assert 'u4 of owner4' in str(swap)
    assert [one.id for one in found.waiting] == ['u0']


def test_a_promise_is_rather_kept():
    row = [unit(0, 'inv', due=45.0), *(unit(i, 'std') for i in range(1, 4))]
    row += [unit(4, 'inv'), unit(5, 'std')]
    found = around_late_part(row, MODELS, 'chip', TIMES, parts=0, arrival=25.0, frozen=0)
    assert not found.swaps[0].breaks_promise
    late = around_late_part(row, MODELS, 'chip', TIMES, parts=0, arrival=48.0, frozen=0)
    assert late.swaps[0].breaks_promise


@given(
    st.lists(st.sampled_from(['inv', 'std']), min_size=1, max_size=10),
    st.integers(0, 3),
    st.floats(0.0, 120.0),
    st.integers(0, 10),
)
def test_resequencing_keeps_all_units_and_the_frozen_ones_in_place(kinds, parts, arrival, frozen):
    row = [unit(i, kind) for i, kind in enumerate(kinds)]
    found = around_late_part(
        row, MODELS, 'chip', TIMES, parts=parts, arrival=arrival, frozen=frozen
    )
    assert sorted(one.id for one in found.units) == sorted(one.id for one in row)
    assert list(found.units[:frozen]) == row[:frozen]
    before = around_late_part(
        row, MODELS, 'chip', TIMES, parts=parts, arrival=arrival, frozen=len(row)
    )
    assert len(found.waiting) <= len(before.waiting)
