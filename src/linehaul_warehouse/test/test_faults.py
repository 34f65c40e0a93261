# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Faults and their required reactions, cancelling at every phase, refusals, and order of work."""

from math import inf, nan

import pytest
from linehaul_warehouse.bench import Bench
from linehaul_warehouse.codes import Code
from linehaul_warehouse.model import (
    CellState,
    Load,
    Packml,
    Place,
    PlaceKind,
    RetrievalPhase,
    RetrieveRequest,
    StoragePhase,
    StoreRequest,
)
from linehaul_warehouse.rack import uniform_rack
from linehaul_warehouse.settings import Settings
from linehaul_warehouse.travel import Drive

from linehaul_warehouse import events as ev
from linehaul_warehouse import people

DRIVE = Drive(3.0, 0.75, 0.5, 0.5)
AISLES = ('a1', 'a2')


def bench(depth=1, stocked=(0, 30), collect=inf, settings=None, **more):
    """Two aisles; a load 'l<k>' of item 'fan' in each of these cells, each of its own lot."""
    rack = uniform_rack('wh', 2, 6, 2, DRIVE, depth=depth, conveyor_time=3.0, **more)
    made = Bench(rack, settings or Settings(reslot=False, dwell=False), collect=collect)
    for k in stocked:
        place = Place(PlaceKind.CELL, rack.ids[k])
        load = Load(f'l{k}', 'fan', f'L{k:03d}', 10, place, float(k))
        made.fill({rack.ids[k]: load.id})
        made.warehouse.act([ev.LoadReceived(load)], 0.0)
    made.run(1.0)
    return made


def ask(made, name='r', **more):
    made.warehouse.retrieve(RetrieveRequest(name, 'fan', 1, **more), made.now)
    return name


def bring(made, name='new', scan=None, **more):
    answer = made.warehouse.store(StoreRequest(f's_{name}', name, 'fan', 'N', 4, **more), made.now)
    assert answer.code is Code.NONE, answer
    made.deliver(answer.port_id, name, scan)
    return made.state.facts.storages[f's_{name}']


def until(made, condition, limit=300.0):
    end = made.now + limit
    while not condition():
        assert made.now < end, 'did not happen'
        made.run(made.now + 1.0)


def phase(made, name='r'):
    return made.state.facts.retrievals[name].phase


def test_double_storage_keeps_the_load_blocks_the_cell_and_finds_another():
    made = bench(stocked=())
    bring(made)
    until(made, lambda: made.state.facts.claims)
    (cell,) = made.state.facts.claims
    made.floor.cells[cell] = 'stranger'
    made.settle()
    load = made.state.facts.loads['new']
    assert load.place.kind is PlaceKind.CELL
    assert load.place.id != cell
    assert made.floor.cells[load.place.id] == 'new'
    assert made.floor.cells[cell] == 'stranger'
    assert made.state.cell_state(cell) is CellState.BLOCKED
    assert 'unknown occupant' in made.state.facts.marks[cell].reason
    assert made.state.facts.storages['s_new'].cell_id == load.place.id


def test_an_empty_retrieval_takes_the_next_lot_and_books_nothing_out():
    made = bench()
    ask(made)
    cell = made.state.facts.loads['l0'].place.id
    del made.floor.cells[cell]
    until(made, lambda: phase(made) is RetrievalPhase.AT_PORT)
    assert made.state.facts.retrievals['r'].load_id == 'l30'
    assert made.state.facts.loads['l0'].place == Place(PlaceKind.MISSING, cell)
    assert made.state.cell_state(cell) is CellState.BLOCKED
    assert made.state.facts.gone == 0


@pytest.mark.parametrize(('scan', 'code'), [('', Code.STORE_ID_UNREADABLE), ('other', Code.NONE)])
def test_an_unreadable_or_wrong_id_is_not_booked(scan, code):
    made = bench(stocked=())
    storage = bring(made, scan=scan)
    assert storage.code is code
    assert storage.phase is (StoragePhase.ENDED if code else StoragePhase.EXPECTED)
    assert made.state.facts.received == 0
    assert made.refused == ['new']


def test_weight_and_height_measured_at_the_port_decide():
    limits = ((1, 900.0, 2.0), (2, 300.0, 1.0))
    made = bench(stocked=(), limits=limits)
    answer = made.warehouse.store(StoreRequest('s', 'l', 'fan', 'N', 4), 1.0)
    refused = made.warehouse.load_arrived(answer.port_id, 'l', 2.0, weight=950.0)
    assert refused.code is Code.STORE_TOO_HEAVY
    made.warehouse.store(StoreRequest('t', 'l', 'fan', 'N', 4), 2.0)
    refused = made.warehouse.load_arrived(answer.port_id, 'l', 2.0, height=2.5)
    assert refused.code is Code.STORE_CONTOUR_FAULT
    bring(made, 'heavy', weight=500.0)
    made.settle()
    assert '-01-' in made.state.facts.loads['heavy'].place.id
    heavy = made.warehouse.store(StoreRequest('u', 'x', 'fan', 'N', 4, weight=901.0), made.now)
    assert heavy.code is Code.STORE_TOO_HEAVY


def test_an_overhang_holds_the_crane_until_a_person_has_looked():
    made = bench(stocked=(0,))
    made.floor.cranes['a1'].overhang = True
    ask(made)
    until(made, lambda: made.state.facts.cranes['a1'].state is Packml.HELD)
    tasks = made.state.facts.cranes['a1'].tasks
    made.run(made.now + 100.0)
    assert made.state.facts.cranes['a1'].tasks == tasks
    assert phase(made) is RetrievalPhase.QUEUED
    assert made.warehouse.command_crane('a1', Packml.IDLE, 'ann', 'straightened', made.now) is None
    until(made, lambda: phase(made) is RetrievalPhase.AT_PORT)
    assert made.state.facts.retrievals['r'].load_id == 'l0'


def test_while_a_crane_is_held_another_aisle_does_its_retrieval():
    made = bench()
    made.floor.cranes['a1'].overhang = True
    ask(made)
    until(made, lambda: phase(made) is RetrievalPhase.AT_PORT)
    assert made.state.facts.retrievals['r'].load_id == 'l30'
    assert made.state.facts.cranes['a1'].state is Packml.HELD


def test_a_crane_that_fails_leaves_its_retrievals_to_other_aisles():
    made = bench()
    made.floor.stop('a1', 'drive fault')
    made.warehouse.crane_silent('a1')
    ask(made)
    assert made.state.facts.retrievals['r'].load_id == 'l0'
    until(made, lambda: phase(made) is RetrievalPhase.AT_PORT)
    assert made.state.facts.retrievals['r'].load_id == 'l30'
    assert made.state.facts.cranes['a1'].state is Packml.STOPPED
    none = made.warehouse.retrieve(RetrieveRequest('q', 'fan', 1), made.now)
    assert none.code is Code.RETRIEVE_CRANE_DOWN
    made.floor.start('a1', made.now)
    made.run(made.now + 5.0)
    assert made.state.facts.cranes['a1'].state is Packml.IDLE
    assert made.warehouse.retrieve(RetrieveRequest('q', 'fan', 1), made.now).load_id == 'l0'


def test_a_crane_that_fails_with_a_load_keeps_it_and_goes_on_with_it():
    made = bench()
    ask(made)
    until(made, lambda: made.state.facts.cranes['a1'].load_id == 'l0')
    made.floor.stop('a1', 'drive fault')
    made.warehouse.crane_silent('a1')
    made.run(made.now + 60.0)
    assert made.state.facts.loads['l0'].place == Place(PlaceKind.CRANE, 'a1')
    assert made.state.facts.retrievals['r'].load_id == 'l0'
    made.floor.start('a1', made.now)
    until(made, lambda: phase(made) is RetrievalPhase.AT_PORT)
    assert made.state.facts.retrievals['r'].load_id == 'l0'


def test_after_an_emergency_stop_nothing_moves_until_each_crane_is_reset():
    made = bench()
    ask(made)
    until(made, lambda: phase(made) is RetrievalPhase.CRANE)
    made.warehouse.emergency_stop('ann', 'door', made.now)
    tasks = [c.tasks for c in made.state.facts.cranes.values()]
    made.run(made.now + 100.0)
    assert [c.tasks for c in made.state.facts.cranes.values()] == tasks
    refused = made.warehouse.command_crane('a1', Packml.HELD, 'ann', 'x', made.now)
    assert refused.code is Code.NOT_ALLOWED
    for aisle in AISLES:
        assert made.warehouse.command_crane(aisle, Packml.IDLE, 'ann', 'clear', made.now) is None
    until(made, lambda: phase(made) is RetrievalPhase.AT_PORT)


def test_a_blocked_aisle_ends_what_it_has_begun_and_begins_nothing():
    made = bench()
    ask(made)
    until(made, lambda: made.state.facts.cranes['a1'].load_id == 'l0')
    made.warehouse.act(people.block_aisle(made.state, 'a1', True, 'ann', 'inspection'), made.now)
    until(made, lambda: phase(made) is RetrievalPhase.AT_PORT)
    tasks = made.state.facts.cranes['a1'].tasks
    made.warehouse.load_taken('a1_out_1', 'l0', made.now)
    bring(made, port_id='a1_in_1')
    made.run(made.now + 100.0)
    assert made.state.facts.cranes['a1'].tasks == tasks
    assert made.state.facts.loads['new'].place.kind is PlaceKind.PORT


@pytest.mark.parametrize(
    'when', ['reserved', 'planned', 'picking', 'fork', 'dropping', 'conveyor']
)
def test_cancelling_has_a_defined_effect_at_every_phase(when):
    made = bench(stocked=(8,))
    ask(made)
    crane = lambda: made.state.facts.cranes['a1']  # noqa: E731
    kind = lambda: crane().step.kind.name if crane().step else ''  # noqa: E731
    reached = {
        'reserved': lambda: phase(made) is RetrievalPhase.RESERVED,
        'planned': lambda: phase(made) is RetrievalPhase.CRANE,
        'picking': lambda: kind() == 'PICK',
        'fork': lambda: crane().load_id == 'l8',
        'dropping': lambda: kind() == 'DROP',
        'conveyor': lambda: phase(made) is RetrievalPhase.CONVEYOR,
    }
    until(made, reached[when])
    assert made.warehouse.cancel_retrieval('r', made.now) is None
    ended = made.state.facts.retrievals['r']
    assert (ended.phase, ended.code) == (RetrievalPhase.ENDED, Code.CANCELLED)
    made.settle()
    made.run(made.now + 120.0)
    load = made.state.facts.loads['l8']
    assert load.place.kind is PlaceKind.CELL
    assert not load.held_by
    made.check()
    assert made.warehouse.cancel_retrieval('r', made.now).code is Code.NOT_ALLOWED
    assert made.warehouse.retrieve(RetrieveRequest('again', 'fan', 1), made.now).load_id == 'l8'


def test_what_stands_at_the_port_cannot_be_cancelled():
    made = bench()
    made.warehouse.store(StoreRequest('s', 'l', 'fan', 'N', 4), made.now)
    assert made.warehouse.cancel_storage('s', made.now) is None
    assert made.state.facts.storages['s'].code is Code.CANCELLED
    bring(made)
    assert made.warehouse.cancel_storage('s_new', made.now).code is Code.NOT_ALLOWED
    ask(made)
    until(made, lambda: phase(made) is RetrievalPhase.AT_PORT)
    assert made.warehouse.cancel_retrieval('r', made.now).code is Code.NOT_ALLOWED


@pytest.mark.parametrize(
    ('fields', 'code'),
    [
        ({'id': ''}, Code.INVALID_ARGUMENT),
        ({'id': 'x' * 300}, Code.INVALID_ARGUMENT),
        ({'id': 'a\nb'}, Code.INVALID_ARGUMENT),
        ({'item_id': 'nothing'}, Code.RETRIEVE_UNKNOWN_ITEM),
        ({'quantity': 0}, Code.RETRIEVE_QUANTITY_INVALID),
        ({'quantity': 11}, Code.RETRIEVE_NO_STOCK),
        ({'port_id': 'nowhere'}, Code.RETRIEVE_WRONG_PORT),
        ({'port_id': 'a1_in_1'}, Code.RETRIEVE_WRONG_PORT),
        ({'due': inf}, Code.INVALID_ARGUMENT),
    ],
)
def test_every_bad_retrieval_has_its_code(fields, code):
    made = bench()
    good = {'id': 'q', 'item_id': 'fan', 'quantity': 1}
    answer = made.warehouse.retrieve(RetrieveRequest(**(good | fields)), made.now)
    assert answer.code is code
    assert answer.text
    assert made.warehouse.take().events == []


@pytest.mark.parametrize(
    ('fields', 'code'),
    [
        ({'id': ''}, Code.INVALID_ARGUMENT),
        ({'load_id': ''}, Code.INVALID_ARGUMENT),
        ({'load_id': 'l0'}, Code.STORE_LOAD_PRESENT),
        ({'quantity': -1}, Code.INVALID_ARGUMENT),
        ({'weight': inf}, Code.INVALID_ARGUMENT),
        ({'expires': -1.0}, Code.INVALID_ARGUMENT),
        ({'port_id': 'a1_out_1'}, Code.STORE_WRONG_PORT),
    ],
)
def test_every_bad_storage_has_its_code(fields, code):
    made = bench()
    good = {'id': 'q', 'load_id': 'z', 'item_id': 'fan', 'lot': 'L', 'quantity': 1}
    answer = made.warehouse.store(StoreRequest(**(good | fields)), made.now)
    assert answer.code is code
    assert answer.text
    assert made.warehouse.take().events == []


def test_a_full_warehouse_says_so():
    made = bench(stocked=range(48))
    answer = made.warehouse.store(StoreRequest('q', 'z', 'fan', 'L', 1), made.now)
    assert answer.code is Code.STORE_FULL


def test_a_load_in_the_way_is_relocated_and_stays_booked():
    made = bench(depth=2, stocked=(0, 1), collect=0.0)  # front l0 is older; l1 is behind it
    made.warehouse.act(people.adjust(made.state, 'l0', 3, 'ann', 'three left'), made.now)
    made.warehouse.retrieve(RetrieveRequest('r', 'fan', 5), made.now)
    made.settle()
    assert made.out == ['l1']
    front = made.state.facts.loads['l0'].place
    assert front.kind is PlaceKind.CELL
    assert front.id != made.rack.ids[0]
    assert made.floor.cells[front.id] == 'l0'


def test_an_old_retrieval_without_due_time_is_not_starved_by_near_ones():
    made = bench(stocked=(23, *range(8)), collect=0.0)
    assert made.warehouse.retrieve(RetrieveRequest('far', 'fan', 1, port_id='a1_out_1'), 1.0)
    far = made.state.facts.retrievals['far'].load_id
    for k in range(40):
        made.run(made.now + 20.0)
        if far in made.out:
            return
        name = f'x{k}'
        place = Place(
            PlaceKind.CELL, next(c for c in made.rack.ids if c not in made.state.in_cell)
        )
        made.fill({place.id: name})
        made.warehouse.act(
            [ev.LoadReceived(Load(name, 'fan', 'Z', 10, place, made.now))], made.now
        )
        made.warehouse.retrieve(RetrieveRequest(name, 'fan', 1), made.now)
    pytest.fail('starved')


def test_a_container_comes_just_before_it_is_due():
    made = bench()
    due = made.now + 1000.0
    ask(made, due=due)
    until(made, lambda: phase(made) is RetrievalPhase.AT_PORT, 1100.0)
    early = due - made.state.facts.retrievals['r'].done
    assert 0.0 <= early <= made.settings.hold + 60.0


def test_a_clock_that_jumps_hurts_nothing():
    made = bench()
    ask(made)
    made.warehouse.tick(nan)
    made.warehouse.tick(made.now + 1e6)
    made.warehouse.tick(made.now - 1e6)
    made.flush()
    until(made, lambda: phase(made) is RetrievalPhase.AT_PORT)
    made.check()


@pytest.mark.parametrize('comes', [True, False])
def test_a_load_for_a_full_port_waits_a_little_for_the_vehicle_and_then_goes_back(comes):
    made = bench(capacity=1, collect=inf)
    due = made.now + 120.0
    ask(made, 'first', due=due, port_id='a1_out_1')
    until(made, lambda: phase(made, 'first') is RetrievalPhase.AT_PORT)
    place = Place(PlaceKind.CELL, made.rack.ids[5])
    made.fill({place.id: 'next'})
    made.warehouse.act([ev.LoadReceived(Load('next', 'fan', 'L000', 9, place, 0.0))], made.now)
    until(made, lambda: made.now > due - 20.0)
    ask(made, 'second', due=due + 40.0, port_id='a1_out_1')
    until(made, lambda: made.state.facts.cranes['a1'].load_id == 'next')
    if comes:
        made.take('a1_out_1', 'l0')
        until(made, lambda: phase(made, 'second') is RetrievalPhase.AT_PORT)
    else:
        until(made, lambda: not made.state.facts.cranes['a1'].jobs, 400.0)
        assert made.state.facts.loads['next'].place == place
        assert phase(made, 'second') in (RetrievalPhase.RESERVED, RetrievalPhase.QUEUED)
    made.check()
