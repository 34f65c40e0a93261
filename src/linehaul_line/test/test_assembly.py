# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Lines that run, starve, break and are fed: what must always hold."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_line.assembly import (
    Assembly,
    Finished,
    Resumed,
    Stopped,
    command,
    fault,
    full_stock,
    mended,
    run_until,
    set_speed,
    supplied,
)
from linehaul_line.desk import LineDesk
from linehaul_line.errors import StockError
from linehaul_line.feeding import Ask, Change, Feeding, Hold, Release, Withdraw, feed
from linehaul_line.ids import (
    ItemId,
    LineId,
    ModelId,
    OrderId,
    OwnerId,
    RequestId,
    StationId,
    UnitId,
)
from linehaul_line.keeping import restore, snapshot
from linehaul_line.line import (
    LinePlan,
    LineSequence,
    known_times,
    replace_units,
    station_needs,
    tabulate,
)
from linehaul_line.lookahead import Policy
from linehaul_line.pace import Break, Pace
from linehaul_line.packml import Command, Refusal, State
from linehaul_line.product import Model, Unit
from linehaul_line.response import prior
from linehaul_line.stock import PartStock, put

TAKT = 20.0
A, B = StationId('a'), StationId('b')
FAN, LID = ItemId('fan'), ItemId('lid')
PLAIN = Model(ModelId('plain'), {A: {FAN: 1}})
RICH = Model(ModelId('rich'), {A: {FAN: 2}, B: {LID: 1}}, work={B: 30.0})
PLAN = LinePlan(LineId('fa1'), (A, B), {'plain': PLAIN, 'rich': RICH}, TAKT, frozen=3)
CALM = prior(30.0, 100.0, 20.0, relative_spread=0.1)


def units(kinds):
    return tuple(
        Unit(UnitId(f'u{i}'), OrderId(f'o{i}'), OwnerId('me'), ModelId(kind), inf)
        for i, kind in enumerate(kinds)
    )


def line(kinds=('plain',) * 200, plan=PLAN, stock=10, places=2, **changes):
    pace = Pace(TAKT, 1.0, 0.0)
    made = full_stock(plan, {A: places, B: places}, {FAN: stock, LID: stock})
    return Assembly(plan, LineSequence(0, units(kinds)), 0, pace, made, **changes)


def desk(assembly, **policy):
    return LineDesk(assembly, Feeding(Policy(**policy)), {A: CALM, B: CALM})


def test_a_line_builds_a_unit_each_takt():
    after, events = run_until(line(stock=100), 10 * TAKT)
    assert after.position == 11
    assert [e.unit for e in events if isinstance(e, Finished)] == [f'u{i}' for i in range(9)]
    assert after.stock[A, FAN].quantity == 200 - 11


def test_a_line_without_parts_stands_and_its_clock_with_it():
    starved, events = run_until(line(stock=5, places=1), 400.0)
    assert (starved.state, starved.andon) == (State.SUSPENDED, {A})
    assert events[-1] == Stopped(100.0, 'no fan at a', ((A, FAN),))
    assert starved.stood_starved == 300.0
    fed = supplied(starved, (A, FAN), put(replace(starved.stock[A, FAN], empties=0), 5))
    running, events = run_until(fed, 400.0 + TAKT)
    assert events[0] == Resumed(400.0, 300.0)
    assert (running.position, running.state) == (7, State.EXECUTE)


def test_own_faults_hold_and_their_time_is_added():
    held = fault(run_until(line(stock=100), 50.0)[0], B, 'gripper')
    assert (held.state, held.cause()) == (State.HELD, 'b: gripper')
    assert isinstance(command(held, Command.UNHOLD), Refusal)
    held = run_until(held, 150.0)[0]
    assert held.stood_own == 100.0
    after = run_until(mended(held, B), 160.0)[0]
    assert after.position == 4


def test_speed_stretches_what_is_left_of_a_step():
    slow = set_speed(run_until(line(stock=100), 10.0)[0], 0.5)
    assert slow.pace.next_step == 30.0
    assert run_until(slow, 110.0)[0].position == 4
    assert isinstance(set_speed(slow, float('nan')), Refusal)


def test_breaks_and_changeovers_and_slow_stations_take_their_time():
    pace = Pace(TAKT, 1.0, 0.0, (Break(30.0, 100.0),))
    rest = replace(line(stock=100), pace=pace)
    assert list(known_times(tabulate(PLAN, rest.sequence), 0, pace, 0.0, 4)) == [
        0.0,
        20.0,
        110.0,
        130.0,
    ]
    assert run_until(rest, 109.0)[0].position == 2
    plan = replace(PLAN, changeover=60.0)
    kinds = ('plain', 'rich', 'rich', 'plain')
    table = tabulate(plan, LineSequence(0, units(kinds)))
    times = known_times(table, 0, Pace(TAKT, 1.0, 0.0), 0.0, 5)
    assert list(np.diff(times)) == [20.0, 80.0, 30.0, 90.0]


@settings(max_examples=60, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(['plain', 'rich']), min_size=5, max_size=60),
    stock=st.integers(2, 30),
    cuts=st.lists(st.floats(0.1, 300.0), max_size=8),
    actions=st.lists(st.sampled_from(['feed', 'fault', 'mend', 'slow', 'fast', '']), max_size=8),
)
def test_parts_are_conserved_and_time_is_shared(kinds, stock, cuts, actions):
    now, state, fed = 0.0, line(kinds, stock=stock), 0
    for cut, action in zip(cuts, [*actions, *[''] * len(cuts)], strict=False):
        now += cut
        before = state.done
        state, events = run_until(state, now)
        assert state.done - before == sum(isinstance(e, Finished) for e in events)
        if action == 'feed' and len(state.stock[A, FAN].contents) < 2:
            clean = replace(state.stock[A, FAN], empties=0)
            state, fed = supplied(state, (A, FAN), put(clean, stock)), fed + stock
        elif action == 'fault':
            state = fault(state, B, 'x')
        elif action == 'mend':
            state = mended(state, B)
        elif action:
            state = (
                set_speed(state, 0.5 if action == 'slow' else 1.5) if action != 'feed' else state
            )
        built = kinds[: state.position]
        used = sum(2 if kind == 'rich' else 1 for kind in built)
        assert state.stock[A, FAN].quantity == 2 * stock + fed - used
        assert state.stood_starved + state.stood_own <= now + 1e-6
        assert (state.state == State.SUSPENDED) == bool(state.starved)
    split = run_until(line(kinds, stock=stock), now)[0]
    half = run_until(run_until(line(kinds, stock=stock), now / 2)[0], now)[0]
    assert (half.position, half.state, half.stock) == (split.position, split.state, split.stock)
    assert half.stood_starved == pytest.approx(split.stood_starved)


def test_needs_follow_the_sequence_not_a_mean():
    table = tabulate(PLAN, LineSequence(0, units(('plain', 'rich', 'plain', 'rich'))))
    times = np.arange(6) * TAKT
    assert list(station_needs(table, 0, times, 0, (A, FAN))) == [0, 20, 20, 40, 60, 60]
    assert list(station_needs(table, 0, times, 1, (B, LID))) == [40.0, 80.0]


def test_a_desk_asks_in_time_and_the_line_never_stands():
    """Deliveries take what was measured; two places of twelve parts last 240 s each."""
    one = desk(line(stock=12, plan=replace(PLAN, models={'plain': PLAIN, 'rich': RICH})), z=2.0)
    coming: list[tuple[float, Ask]] = []
    for now in np.arange(0.0, 1800.0, 5.0):
        for time, ask in [pair for pair in coming if pair[0] <= now]:
            coming.remove((time, ask))
            stock = one.assembly.stock[ask.station, ask.item]
            one.assembly = supplied(
                one.assembly, (ask.station, ask.item), replace(stock, empties=0)
            )
            assert one.placed(ask.request, ask.quantity, now) is None
        intents, events = one.tick(float(now))
        assert not [e for e in events if isinstance(e, Stopped)]
        coming += [(max(now + 150.0, i.earliest + 20.0), i) for i in intents if isinstance(i, Ask)]
    assert one.assembly.done > 85
    assert one.assembly.stood_starved == 0.0


def first_ask(one):
    """Return the time and the first request of a desk."""
    for now in range(1, 1000):
        asks = [i for i in one.tick(float(now))[0] if isinstance(i, Ask)]
        if asks:
            return float(now), asks[0]
    raise AssertionError('nothing was asked for')


def test_a_slower_line_tells_the_fleet_that_there_is_time():
    one = desk(line(stock=12), cover=60.0)
    now, ask = first_ask(one)
    one.assembly = set_speed(one.assembly, 0.5)
    (change,) = [i for i in one.tick(now + 1.0)[0] if isinstance(i, Change)]
    assert change.due > ask.due
    assert change.priority < ask.priority or change.priority == 100
    assert 'later' in change.reason
    one.assembly = set_speed(one.assembly, 2.0)
    (change,) = [i for i in one.tick(now + 2.0)[0] if isinstance(i, Change)]
    assert 'sooner' in change.reason


def test_a_line_that_stands_has_its_deliveries_held_and_needs_them_later():
    one = desk(line(stock=12), cover=60.0)
    now, ask = first_ask(one)
    one.assembly = fault(one.assembly, B, 'gripper')
    (hold,) = one.tick(now + 1.0)[0]
    assert hold == Hold(ask.request, 'line fa1 stands: b: gripper')
    assert one.tick(now + 100.0)[0] == []
    one.assembly = mended(one.assembly, B)
    change, release = one.tick(now + 101.0)[0]
    assert release == Release(ask.request, 'there is room when it comes')
    assert isinstance(change, Change)
    assert change.due == pytest.approx(ask.due + 100.0, abs=2.0)


def test_a_request_that_was_held_says_nothing_of_how_long_the_fleet_takes():
    """After a stop of ten minutes lines once asked far too early, for a response of minutes."""
    one = desk(line(stock=12), cover=60.0)
    now, ask = first_ask(one)
    one.begun(ask.request, now)
    before = one.responses[ask.station]
    one.assembly = fault(one.assembly, B, 'gripper')
    one.tick(now + 1.0)
    one.assembly = mended(one.assembly, B)
    one.tick(now + 600.0)
    one.begun(ask.request, now + 600.0)
    one.placed(ask.request, ask.quantity, now + 900.0)
    assert one.responses[ask.station] == before
    (again,) = [i for t in range(900, 2000) for i in one.tick(now + t)[0] if isinstance(i, Ask)][
        :1
    ]
    one.begun(again.request, now + 2000.0)
    assert one.responses[again.station] != before


def test_a_request_that_comes_before_its_place_is_free_is_held_and_released_once():
    one = desk(line(stock=12), cover=1000.0)
    now, ask = first_ask(one)
    one.assembly = set_speed(one.assembly, 0.2)
    told = []
    for time in range(int(now) + 1, int(now) + 900):
        room = len(one.assembly.stock[ask.station, ask.item].contents) < 2
        found = [i for i in one.tick(float(time))[0] if getattr(i, 'request', '') == ask.request]
        told += [(i, room, time) for i in found if isinstance(i, Hold | Release)]
    (hold, _, at), (release, free, then) = told
    assert isinstance(hold, Hold)
    assert 'has no place for fan for' in hold.reason
    assert isinstance(release, Release)
    assert at < then
    assert free or then > at + CALM.soonest(2.0)


def test_a_starved_line_is_not_held_off_what_it_waits_for():
    one = desk(line(stock=12), cover=60.0)
    intents = [i for now in range(0, 900, 5) for i in one.tick(float(now))[0]]
    assert one.assembly.state == State.SUSPENDED
    assert not [i for i in intents if isinstance(i, Hold | Withdraw)]


def test_a_line_that_is_starved_frees_no_place_for_what_comes():
    """Vehicles once stood before full places of a line that waited for another part."""
    one = desk(line(stock=12), cover=60.0)
    _, ask = first_ask(one)
    one.loaded(ask.request)
    key, promise = one.find(ask.request)
    stock = replace(one.assembly.stock[key], contents=(1, 12), exchange=True)
    one.assembly = supplied(one.assembly, key, stock)
    needs = np.arange(100.0) * TAKT
    about = CALM, one.feeding, -1.0, lambda: RequestId('x'), {ask.request}
    soon = replace(stock, promises=(replace(promise, earliest=-5.0, due=13 * TAKT),))
    _, told = feed(soon, needs, *about)
    assert not [i for i in told if isinstance(i, Hold)]  # the place is free in a second
    _, told = feed(soon, needs, *about, stands=True)
    assert [i.request for i in told if isinstance(i, Hold)] == [ask.request]
    empty = replace(soon, contents=())
    _, told = feed(empty, needs, *about, stands=True)
    assert not [i for i in told if isinstance(i, Hold)]  # that is what it waits for


def test_a_window_moves_with_its_due_time_and_stays_before_it():
    one = desk(line(stock=12), cover=60.0)
    now, ask = first_ask(one)
    before = one.find(ask.request)[1]
    one.assembly = set_speed(one.assembly, 2.0)
    intents = one.tick(now + 1.0)[0]
    after = one.find(ask.request)[1]
    assert [i.due for i in intents if isinstance(i, Change)] == [after.due]
    half = now + 1.0 + (before.earliest - now - 1.0) / 2.0
    assert after.earliest == pytest.approx(half, abs=TAKT)
    assert after.earliest < after.due
    assert not [i for i in intents if isinstance(i, Hold)]


def test_what_is_on_a_vehicle_comes_before_what_was_asked_for_first():
    one = desk(line(stock=12), cover=60.0)
    _, ask = first_ask(one)
    key, first = one.find(ask.request)
    second = replace(first, request=RequestId('second'))
    stock = replace(one.assembly.stock[key], contents=(3, 12), promises=(first, second))
    needs = np.arange(100.0) * TAKT
    after, _ = feed(stock, needs, CALM, one.feeding, 0.0, lambda: RequestId('x'), {'second'})
    assert [one.request for one in after.promises][:2] == ['second', first.request]
    assert after.promises[0].due < after.promises[1].due


def test_what_the_sequence_no_longer_needs_is_withdrawn():
    one = desk(line(stock=12))
    now, ask = first_ask(one)
    assembly = one.assembly
    first = assembly.position + PLAN.frozen
    changed = replace_units(PLAN, assembly.sequence, assembly.position, first, ())
    assert isinstance(changed, LineSequence)
    one.assembly = replace(assembly, sequence=changed)
    gone = [i for i in one.tick(now + 1.0)[0] if isinstance(i, Withdraw)]
    assert [w.request for w in gone] == [ask.request]
    assert one.find(ask.request) is None


def test_the_frozen_part_of_a_sequence_stays():
    sequence = LineSequence(0, units(('plain',) * 20))
    assert replace_units(PLAN, sequence, 5, 7, ()) == 8
    assert replace_units(PLAN, sequence, 5, 40, ()) == 8
    changed = replace_units(PLAN, sequence, 5, 8, units(('rich',)))
    assert isinstance(changed, LineSequence)
    assert len(changed.units) == 9


def test_a_failed_request_is_asked_again_with_a_new_id():
    one = desk(line(stock=12))
    now, ask = first_ask(one)
    one.failed(ask.request)
    (again,) = [i for i in one.tick(now + 1.0)[0] if isinstance(i, Ask)]
    assert again.request != ask.request


def test_a_desk_comes_back_as_it_was():
    one = desk(line(stock=12))
    first_ask(one)
    again = desk(line(stock=12))
    restore(again, snapshot(one))
    assert snapshot(again) == snapshot(one)
    assert again.assembly.stock == one.assembly.stock
    fresh = [i.request for i in again.tick(400.0)[0] if isinstance(i, Ask)]
    old = {p.request for part in one.assembly.stock.values() for p in part.promises}
    assert not old & set(fresh)


def test_nothing_goes_into_a_full_place():
    full = PartStock(A, FAN, 2, 10, (3, 10))
    with pytest.raises(StockError, match='all 2 places taken'):
        put(full, 10)
    one = desk(line(stock=12))
    assert one.placed(RequestId('unknown'), 12, 0.0) is not None


def test_a_container_that_came_was_put_where_an_empty_had_gone():
    """A line whose empties nobody books away once refused every container that came."""
    one = desk(line(stock=12))
    now, ask = first_ask(one)
    key = (ask.station, ask.item)
    part = one.assembly.stock[key]
    blocked = replace(part, contents=part.contents[-1:], empties=1)
    one.assembly = supplied(one.assembly, key, blocked)
    assert one.placed(ask.request, ask.quantity, now) is None
    assert one.assembly.stock[key].empties == 0
    assert one.came(key, 12) is not None
