# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Stock: the journal is the truth; rotation, reservations, counts, adjustments, import, export."""

import sqlite3
from dataclasses import replace
from math import nan

import pytest
from linehaul_warehouse.codec import dump
from linehaul_warehouse.codes import Code, Refused
from linehaul_warehouse.errors import EventError, ImportFileError, RackError, StoreError
from linehaul_warehouse.exchange import export_stock, read_stock
from linehaul_warehouse.model import CellMark, CellState, Count, Load, Place, PlaceKind, Quality
from linehaul_warehouse.rack import Aisle, Rack, uniform_rack
from linehaul_warehouse.state import State
from linehaul_warehouse.stock import Rotation, by_item, by_order, choose, recall, where
from linehaul_warehouse.store import Store, append_all
from linehaul_warehouse.travel import Drive

from linehaul_warehouse import events as ev
from linehaul_warehouse import people

DRIVE = Drive(3.0, 0.75, 0.5, 0.5)
RACK = uniform_rack('wh', 2, 4, 3, DRIVE)


def cell(k):
    return RACK.ids[k]


def make(name, k, item='fan', lot='L1', quantity=10, received=0.0, **more):
    return Load(name, item, lot, quantity, Place(PlaceKind.CELL, cell(k)), received, **more)


def stocked(*loads):
    state = State(RACK)
    for load in loads:
        state.apply(load.received, ev.LoadReceived(load))
    return state


def taken(state, answer, now=1.0):
    assert not isinstance(answer, Refused), answer
    for event in answer:
        state.apply(now, event)


def chosen(state, item='fan', quantity=1, order='', now=5.0, rotation=Rotation.FIFO, aisles=None):
    found = choose(state, item, quantity, order, now, rotation, lambda _: 0.0, aisles)
    return found.code if isinstance(found, Refused) else found.id


def test_the_oldest_lot_goes_first_even_where_a_load_of_a_younger_lot_came_earlier():
    state = stocked(
        make('a', 0, lot='L1', received=0.0),
        make('b', 1, lot='L2', received=1.0),
        make('c', 2, lot='L1', received=2.0),
    )
    assert [load.id for load in by_item(state, 'fan')] == ['a', 'c', 'b']
    taken(state, people.remove(state, 'a', 'ann', 'broken'))
    assert chosen(state) == 'c'


def test_first_expired_goes_first_and_what_has_expired_does_not_go():
    state = stocked(
        make('a', 0, lot='L1', expires=900.0),
        make('b', 1, lot='L2', expires=50.0, received=1.0),
        make('c', 2, lot='L3', expires=4.0, received=2.0),
    )
    assert chosen(state, rotation=Rotation.FEFO) == 'b'
    assert chosen(state, rotation=Rotation.FIFO) == 'a'
    assert chosen(state, now=60.0, rotation=Rotation.FEFO) == 'a'


def test_an_emptier_container_of_the_lot_goes_first_if_it_has_enough():
    state = stocked(make('full', 0), make('half', 1, quantity=5))
    assert chosen(state, quantity=4) == 'half'
    assert chosen(state, quantity=6) == 'full'
    assert chosen(state, quantity=11) == Code.RETRIEVE_NO_STOCK


def test_what_an_order_owns_is_for_that_order_only():
    state = stocked(make('own', 0, lot='L9', received=9.0, order_id='o1'), make('any', 1))
    assert chosen(state, order='o1') == 'own'
    assert chosen(state, order='o2') == 'any'
    taken(state, people.remove(state, 'any', 'ann', 'broken'))
    assert chosen(state, order='o2') == Code.RETRIEVE_NO_STOCK
    assert [load.id for load in by_order(state, 'o1')] == ['own']


def test_why_there_is_no_load_is_told_by_its_own_code():
    state = stocked(make('a', 0))
    taken(state, people.reserve(state, 'res', 'a', 'o1', 100.0, 1.0))
    assert chosen(state) == Code.RETRIEVE_RESERVED
    taken(state, people.release(state, 'res', 'a'))
    taken(state, people.block_aisle(state, 'a1', True, 'ann', 'inspection'))
    assert chosen(state) == Code.RETRIEVE_BLOCKED
    taken(state, people.block_aisle(state, 'a1', False, 'ann', 'done'))
    taken(state, people.set_quality(state, 'a', Quality.BLOCKED, 'ann', 'rust'))
    assert chosen(state) == Code.RETRIEVE_NO_STOCK


def test_a_second_reservation_is_refused_until_the_first_has_expired():
    state = stocked(make('a', 0))
    taken(state, people.reserve(state, 'r1', 'a', 'o1', 50.0, 1.0))
    assert people.reserve(state, 'r1', 'a', 'o1', 50.0, 2.0) == []
    assert people.reserve(state, 'r2', 'a', 'o2', 90.0, 2.0).code == Code.RETRIEVE_RESERVED
    assert chosen(state, order='o1') == 'a'
    assert chosen(state, order='o2') == Code.RETRIEVE_RESERVED
    assert people.expire(state, 49.0) == []
    taken(state, people.expire(state, 50.0), 50.0)
    taken(state, people.reserve(state, 'r2', 'a', 'o2', 90.0, 51.0))
    assert people.release(state, 'r1', 'a').code == Code.UNKNOWN_ID
    with pytest.raises(EventError, match='r2 has it'):
        state.apply(52.0, ev.LoadHeld('a', 'r3', 'o3', nan))


def test_what_must_never_be_is_refused_by_the_fold():
    state = stocked(make('a', 0))
    for event, text in (
        (ev.LoadReceived(make('a', 1)), 'is at'),
        (ev.LoadReceived(make('b', 0)), 'in it before'),
        (ev.LoadMoved('z', Place(PlaceKind.CELL, cell(1))), 'not in the warehouse'),
        (ev.LoadMoved('a', Place(PlaceKind.GONE)), 'leaves by'),
        (ev.CellClaimed(cell(0), 'b'), 'not FREE'),
        (ev.LoadReceived(replace(make('c', 0), place=Place(PlaceKind.CELL, 'x'))), 'wanted one'),
    ):
        with pytest.raises(EventError, match=text):
            State(RACK, state.facts).apply(1.0, event)
        state = stocked(make('a', 0))


# Counting.


def count(name='', item='', quantity=0, actor='bob'):
    return Count(actor, name, item, quantity)


def test_a_count_that_agrees_opens_a_blocked_cell():
    state = stocked(make('a', 0))
    taken(state, people.mark_cell(state, cell(0), CellMark.BLOCKED, 'ann', 'double storage'))
    assert state.cell_state(cell(0)) is CellState.BLOCKED
    taken(state, people.count_cell(state, cell(0), count('a', 'fan', 10), 2.0))
    assert state.cell_state(cell(0)) is CellState.OCCUPIED


def test_stock_changes_only_when_two_counts_in_a_row_agree():
    state = stocked(make('a', 0))
    for quantity, expected in ((9, 10), (8, 10), (8, 8)):
        taken(state, people.count_cell(state, cell(0), count('a', 'fan', quantity), 2.0))
        assert state.facts.loads['a'].quantity == expected
    assert state.cell_state(cell(0)) is CellState.OCCUPIED
    assert not state.facts.counts


def test_a_load_that_is_not_found_is_missing_and_comes_back_where_it_is_found():
    state = stocked(make('a', 0), make('b', 1))
    for _ in range(2):
        taken(state, people.count_cell(state, cell(0), count(), 2.0))
    assert state.facts.loads['a'].place == Place(PlaceKind.MISSING, cell(0))
    assert state.cell_state(cell(0)) is CellState.FREE
    for _ in range(2):
        taken(state, people.count_cell(state, cell(5), count('a', 'fan', 10), 3.0))
    assert state.in_cell[cell(5)] == 'a'


def test_a_stranger_is_taken_in_for_inspection_and_a_swapped_load_blocks_its_old_cell():
    state = stocked(make('a', 0), make('b', 1))
    for _ in range(2):
        taken(state, people.count_cell(state, cell(3), count('new', 'fan', 4), 2.0))
    assert state.facts.loads['new'].quality is Quality.INSPECTION
    for _ in range(2):
        taken(state, people.count_cell(state, cell(0), count('b', 'fan', 10), 2.0))
    assert state.facts.loads['a'].place.kind is PlaceKind.MISSING
    assert state.in_cell[cell(0)] == 'b'
    assert state.cell_state(cell(1)) is CellState.BLOCKED


@pytest.mark.parametrize(
    ('call', 'code'),
    [
        (lambda s: people.count_cell(s, 'x', count(), 1.0), Code.STOCK_UNKNOWN_CELL),
        (lambda s: people.count_cell(s, cell(0), count(actor=' '), 1.0), Code.INVALID_ARGUMENT),
        (lambda s: people.adjust(s, 'z', 1, 'ann', 'why'), Code.STOCK_UNKNOWN_LOAD),
        (lambda s: people.adjust(s, 'a', -1, 'ann', 'why'), Code.INVALID_ARGUMENT),
        (lambda s: people.adjust(s, 'a', 1, 'ann', ''), Code.INVALID_ARGUMENT),
        (lambda s: people.remove(s, 'a', '', 'why'), Code.INVALID_ARGUMENT),
        (lambda s: people.block_aisle(s, 'a9', True, 'ann', 'why'), Code.UNKNOWN_ID),
        (lambda s: people.mark_cell(s, 'x', CellMark.FAULTY, 'a', 'w'), Code.STOCK_UNKNOWN_CELL),
        (lambda s: people.reserve(s, 'r', 'a', 'o', nan, 1.0), Code.INVALID_ARGUMENT),
        (lambda s: people.set_quality(s, 'z', Quality.BLOCKED, 'a', 'w'), Code.STOCK_UNKNOWN_LOAD),
    ],
)
def test_wrong_commands_have_codes(call, code):
    answer = call(stocked(make('a', 0)))
    assert isinstance(answer, Refused)
    assert answer.code is code
    assert answer.text


# The file.


def history(store, state):
    append_all(store, state, [(0.0, ev.LoadReceived(make('a', 0, lot='L7')))])
    append_all(store, state, [(1.0, ev.LoadReceived(make('b', 1, lot='L7', expires=9.5)))])
    taken_ = people.adjust(state, 'a', 6, 'ann', 'six left')
    append_all(store, state, [(2.0, event) for event in taken_])
    issued = ev.LoadIssued('a', 'fan', 'L7', 6, 'o1', 'r1', 'a1_out_1')
    append_all(store, state, [(3.0, issued)])
    append_all(store, state, [(4.0, ev.LoadHeld('b', 'res', 'o2', 99.0))])


def test_the_stock_is_the_journal_with_and_without_a_snapshot(tmp_path):
    with Store(tmp_path / 'wh.db') as store:
        state = State(RACK)
        history(store, state)
        store.save(state)
        append_all(store, state, [(5.0, ev.LoadFreed('b', 'released'))])
        wanted = dump(state.facts)
    with Store(tmp_path / 'wh.db') as store:
        assert dump(store.load(RACK).facts) == wanted
        assert dump(store.rebuild(RACK).facts) == wanted
        assert recall(store.load(RACK), store, 'L7').orders == ['o1']


def test_recall_and_where_know_the_past():
    with Store(':memory:') as store:
        state = State(RACK)
        history(store, state)
        found = recall(state, store, 'L7')
        assert found.here == ('b',)
        assert found.loads == {'a': ('o1',), 'b': ('o2',)}
        assert where(state, store, 'a') == 'gone by port a1_out_1 for o1'
        assert where(state, store, 'b') == f'cell {cell(1)}'
        assert where(state, store, 'nobody') == ''
        assert [t.load_id for t in store.of_order('o1')] == ['a']


def test_the_journal_cannot_be_changed(tmp_path):
    with Store(tmp_path / 'wh.db') as store:
        history(store, State(RACK))
    db = sqlite3.connect(tmp_path / 'wh.db')
    for statement in ('DELETE FROM event', "UPDATE event SET kind = 'x'"):
        with pytest.raises(sqlite3.IntegrityError, match='append-only'):
            db.execute(statement)
    db.close()


def test_a_batch_is_written_whole_or_not_at_all(tmp_path):
    with Store(tmp_path / 'wh.db') as store:
        history(store, State(RACK))
        last = store.last
        asked = ev.RetrievalAsked(ev.RetrieveRequest('r1', 'fan', 1))
        with pytest.raises(StoreError, match='cannot write'):
            store.append([(9.0, asked), (9.0, asked)])
        assert store.last == last
        assert len(list(store.replay())) == last


def test_a_damaged_file_is_told(tmp_path):
    (tmp_path / 'wh.db').write_bytes(b'nonsense' * 1000)
    with pytest.raises(StoreError, match='cannot open'):
        Store(tmp_path / 'wh.db')
    with pytest.raises(EventError, match='wanted one of'):
        ev.from_record('Nothing', {})
    with pytest.raises(EventError, match='does not fit'):
        ev.from_record('LoadMoved', {'load_id': 'a'})


def test_a_damaged_snapshot_costs_nothing_but_time(tmp_path):
    with Store(tmp_path / 'wh.db') as store:
        state = State(RACK)
        history(store, state)
        store.save(state)
    db = sqlite3.connect(tmp_path / 'wh.db', isolation_level=None)
    db.execute('UPDATE snapshot SET body = \'{"loads": 3}\'')
    db.close()
    with Store(tmp_path / 'wh.db') as store:
        assert dump(store.load(RACK).facts) == dump(state.facts)


# Import and export.


@pytest.mark.parametrize('ending', ['.csv', '.parquet'])
def test_what_is_exported_can_be_imported(tmp_path, ending):
    loads = [
        make('a', 0, lot='01', expires=7.5, weight=120.0, order_id='o1', owner='Li'),
        make('b', 1, item='', lot='', quantity=0, quality=Quality.INSPECTION),
    ]
    path = tmp_path / f'stock{ending}'
    assert export_stock(stocked(*loads), path) == 2
    other = State(RACK)
    for event in read_stock(other, path, 50.0):
        other.apply(50.0, event)
    assert dump(other.facts.loads) == dump({load.id: load for load in loads})


@pytest.mark.parametrize(
    ('text', 'problem'),
    [
        ('load_id,cell_id\na,nowhere\n', 'wanted a cell of wh'),
        ('load_id,cell_id\nold,a1-l001-02-1\n', 'there already'),
        ('load_id,cell_id\na,a1-l001-02-1\nb,a1-l001-02-1\n', 'row 2: cell'),
        ('load_id,cell_id,quantity\na,a1-l001-02-1,-4\n', 'quantity'),
        ('load_id,cell_id,quantity\na,a1-l001-02-1,many\n', 'quantity'),
        ('load_id,cell_id,quality\na,a1-l001-02-1,FINE\n', 'quality'),
        ('load_id,where\na,b\n', 'columns'),
        ('', 'cannot read'),
    ],
)
def test_a_file_with_a_problem_is_not_taken_in(tmp_path, text, problem):
    path = tmp_path / 'stock.csv'
    path.write_text(text)
    with pytest.raises(ImportFileError, match=problem):
        read_stock(stocked(make('old', 0)), path, 1.0)
    with pytest.raises(ImportFileError, match='ending'):
        export_stock(State(RACK), tmp_path / 'stock.xls')


def test_a_rack_that_cannot_be_is_refused():
    good = Aisle('a1', 2, 2, 1.0, 1.0, DRIVE)
    with pytest.raises(RackError, match='each once'):
        Rack('wh', (good, good), {})
    with pytest.raises(RackError, match='depth'):
        Aisle('a1', 2, 2, 1.0, 1.0, DRIVE, depth=3)
    with pytest.raises(RackError, match='id'):
        Aisle('a-1', 2, 2, 1.0, 1.0, DRIVE)
