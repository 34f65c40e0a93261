# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What must hold whatever happens: random commands, faults and crashes.

The floor (what is really where) and the books are two things; after every action the books are
held against the floor, and a replay of the journal against the books.
"""

from math import inf, nan

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from linehaul_warehouse.bench import Bench
from linehaul_warehouse.codec import dump
from linehaul_warehouse.codes import Refused
from linehaul_warehouse.model import (
    Count,
    Load,
    Packml,
    Place,
    PlaceKind,
    Quality,
    RetrievalPhase,
    RetrieveRequest,
    StoreRequest,
)
from linehaul_warehouse.rack import Flow, uniform_rack
from linehaul_warehouse.settings import Settings
from linehaul_warehouse.stock import Rotation, by_order, lot_age, usable
from linehaul_warehouse.store import Store
from linehaul_warehouse.travel import Drive

from linehaul_warehouse import events as ev
from linehaul_warehouse import people

DRIVE = Drive(3.0, 0.75, 0.5, 0.5)
ITEMS = ('fan', 'motor', '')
aisles = st.sampled_from(['a1', 'a2'])
picks = st.integers(0, 1000)
waits = st.sampled_from([0.0, 3.0, 20.0, 60.0])
FAULTS = (
    'somebody_takes_a_load',
    'a_stranger_lies_in_the_next_cell',
    'a_report_is_lost',
    'a_load_sticks_out',
    'a_crane_fails',
    'emergency_stop',
    'an_aisle_is_blocked',
    'crash_before_the_next_write',
    'crash_after_the_next_write',
    'crash',
)


class WarehouseMachine(RuleBasedStateMachine):
    """A small warehouse with double-deep lanes, so that everything meets everything."""

    @initialize(depth=st.sampled_from([1, 2]))
    def begin(self, depth):
        rack = uniform_rack('wh', 2, 3, 2, DRIVE, depth=depth, capacity=2, conveyor_time=2.0)
        config = Settings(items=frozenset(ITEMS), reslot=True)
        self.bench = Bench(rack, config, Store(':memory:'), collect=inf)
        self.number = 0
        self.asked = {}
        self.expected = {}  # load: port
        self.cells = rack.ids
        for k in range(0, len(rack.ids), 2 * depth):  # half full; with two deep, the rear cells
            name, cell = f'old{k}', rack.ids[k + depth - 1]
            place = Place(PlaceKind.CELL, cell)
            load = Load(name, ITEMS[k % 2], f'lot{k % 3}', 10, place, float(k))
            self.bench.fill({cell: name})
            self.act([ev.LoadReceived(load)])

    def teardown(self):
        if hasattr(self, 'bench'):
            self.bench.file.close()

    @property
    def state(self):
        return self.bench.state

    @property
    def warehouse(self):
        return self.bench.warehouse

    def load(self, pick):
        names = sorted(self.state.facts.loads)
        return names[pick % len(names)] if names else 'nobody'

    # Commands.

    @rule(
        item=st.sampled_from(ITEMS), lot=st.integers(0, 3), expires=st.sampled_from([nan, 900.0])
    )
    def store(self, item, lot, expires):
        self.number += 1
        request = StoreRequest(
            f's{self.number}', f'load{self.number}', item, f'lot{lot}', 10, expires=expires
        )
        answer = self.warehouse.store(request, self.bench.now)
        if not isinstance(answer, Refused):
            self.expected[request.load_id] = answer.port_id
            again = self.warehouse.store(request, self.bench.now)
            assert again == answer
        self.bench.flush()

    @rule(item=st.sampled_from(ITEMS), lot=st.integers(0, 3), seconds=waits)
    def bring(self, item, lot, seconds):
        self.store(item, lot, nan)
        self.set_down(-1, 'right')
        self.wait(seconds)

    @rule(pick=picks, read=st.sampled_from(['right', 'right', 'right', 'unreadable', 'wrong']))
    def set_down(self, pick, read):
        waiting = sorted(set(self.expected) & set(self.state.storing))
        if not waiting:
            return
        name = waiting[pick % len(waiting)]
        scan = {'right': None, 'unreadable': '', 'wrong': 'stranger'}[read]
        if self.bench.deliver(self.expected[name], name, scan):
            self.expected.pop(name)
            assert (name in self.state.facts.loads) == (read == 'right')

    @rule(item=st.sampled_from(ITEMS), seconds=waits)
    def retrieve_now(self, item, seconds):
        self.retrieve(item, 1, nan, '')
        self.wait(seconds)

    @rule(
        item=st.sampled_from(ITEMS),
        quantity=st.integers(0, 12),
        due=st.sampled_from([nan, 30.0, 400.0]),
        order=st.sampled_from(['', 'o1']),
    )
    def retrieve(self, item, quantity, due, order):
        self.number += 1
        now = self.bench.now
        request = RetrieveRequest(f'r{self.number}', item, quantity, order, due=now + due)
        own = {load.id for load in by_order(self.state, order)} if order else set()
        answer = self.warehouse.retrieve(request, now)
        if isinstance(answer, Refused):
            assert answer.text
        else:
            self.first_of_its_lot(answer, request, now, own)
            assert self.warehouse.retrieve(request, now) == answer
        self.bench.flush()

    def first_of_its_lot(self, retrieval, request, now, own):
        """No load that was free and of an older lot was left behind; an order's own come first."""
        got = self.state.facts.loads[retrieval.load_id]
        for other in self.state.facts.loads.values():
            if other.item_id != got.item_id or other.held_by or other.quantity < request.quantity:
                continue
            if (
                not usable(other, request.order_id, now)
                or other.place.id in self.state.facts.marks
            ):
                continue
            if not self.state.usable(self.state.rack.aisle_of(other.place.id).id):
                continue
            if got.id in own and other.id not in own:
                continue
            assert lot_age(self.state, got, Rotation.FIFO) <= lot_age(
                self.state, other, Rotation.FIFO
            )

    @rule(pick=picks)
    def cancel(self, pick):
        names = [*self.state.open_retrievals, *self.state.open_storages]
        if not names:
            return
        name = names[pick % len(names)]
        if name in self.state.facts.retrievals:
            assert self.warehouse.cancel_retrieval(name, self.bench.now) is None
            assert not self.state.facts.retrievals[name].open
        else:
            self.warehouse.cancel_storage(name, self.bench.now)
        self.bench.flush()

    @rule()
    def vehicles_come(self):
        for port in self.bench.rack.ports.values():
            for name in list(self.state.at_port[port.id]) if port.flow is Flow.OUT else []:
                held = self.state.facts.loads[name].held_by
                if held and self.state.facts.retrievals[held].phase is RetrievalPhase.AT_PORT:
                    self.bench.take(port.id, name)

    @rule(seconds=waits)
    def wait(self, seconds):
        self.bench.run(self.bench.now + seconds)

    @rule()
    def wait_long(self):
        self.bench.run(self.bench.now + 150.0, step=2.0)

    # People.

    def act(self, answer):
        self.warehouse.act(answer, self.bench.now)
        self.bench.flush()

    @rule(pick=picks, quality=st.sampled_from([Quality.BLOCKED, Quality.RELEASED]))
    def judge(self, pick, quality):
        self.act(people.set_quality(self.state, self.load(pick), quality, 'ann', 'look'))

    @rule(pick=picks, until=st.sampled_from([20.0, 300.0]), order=st.sampled_from(['o1', 'o2']))
    def reserve(self, pick, until, order):
        self.number += 1
        end = self.bench.now + until
        name = self.load(pick)
        self.act(people.reserve(self.state, f'v{self.number}', name, order, end, self.bench.now))

    @rule(pick=picks)
    def count_as_it_is(self, pick):
        """A person counts what is really there; twice, as a difference wants it."""
        cell = self.cells[pick % len(self.cells)]
        real = self.bench.floor.cells.get(cell, '')
        known = self.state.facts.loads.get(real)
        item, quantity = (known.item_id, known.quantity) if known else ('fan' if real else '', 0)
        for _ in range(2):
            count = Count('bob', real, item, quantity)
            self.act(people.count_cell(self.state, cell, count, self.bench.now))

    # Faults. One rule for all of them, so that they do not keep everything else from happening.

    @rule(fault=st.sampled_from(FAULTS), aisle=aisles, pick=picks, seconds=waits)
    def something_goes_wrong(self, fault, aisle, pick, seconds):
        getattr(self, fault)(aisle, pick)
        self.wait(seconds)

    def somebody_takes_a_load(self, aisle, pick):
        cells = sorted(self.bench.floor.cells)
        if cells and not self.being_moved():
            cell = cells[pick % len(cells)]
            self.bench.removed.add(self.bench.floor.cells.pop(cell))
            self.bench.disturbed.add(cell)

    def a_stranger_lies_in_the_next_cell(self, aisle, pick):
        """Where a load is about to go, or else anywhere."""
        claims = sorted(set(self.state.facts.claims) - set(self.bench.floor.cells))
        cell = (claims or self.cells)[pick % len(claims or self.cells)]
        if cell not in self.bench.floor.cells and not (self.being_moved() and not claims):
            self.number += 1
            self.bench.floor.cells[cell] = f'strange{self.number}'
            self.bench.disturbed.add(cell)

    def being_moved(self):
        return any(c.step for c in self.state.facts.cranes.values())

    def a_report_is_lost(self, aisle, pick):
        self.bench.floor.cranes[aisle].lose_reports = 1

    def a_load_sticks_out(self, aisle, pick):
        self.bench.floor.cranes[aisle].overhang = True

    def a_crane_fails(self, aisle, pick):
        self.bench.floor.stop(aisle, 'drive fault')
        self.warehouse.crane_silent(aisle)

    def emergency_stop(self, aisle, pick):
        self.warehouse.emergency_stop('ann', 'person in the aisle', self.bench.now)
        self.bench.flush()

    def an_aisle_is_blocked(self, aisle, pick):
        self.act(people.block_aisle(self.state, aisle, True, 'ann', 'inspection'))

    def crash_before_the_next_write(self, aisle, pick):
        self.bench.crash_before_write = True

    def crash_after_the_next_write(self, aisle, pick):
        self.bench.crash_after_write = True

    def crash(self, aisle, pick):
        self.bench.crash()

    @rule()
    def people_look(self):
        for aisle in ('a1', 'a2'):
            self.bench.floor.start(aisle, self.bench.now)
            self.warehouse.command_crane(aisle, Packml.IDLE, 'ann', 'looked', self.bench.now)
            self.act(people.block_aisle(self.state, aisle, False, 'ann', 'done'))
        self.bench.flush()

    @rule()
    def snapshot(self):
        self.bench.flush()
        self.bench.file.save(self.state)

    # What must always hold.

    @precondition(lambda self: hasattr(self, 'bench'))
    @invariant()
    def the_books_are_right(self):
        self.bench.flush()
        self.bench.check()
        replayed = self.bench.file.rebuild(self.bench.rack)
        assert dump(replayed.facts) == dump(self.state.facts)
        assert (replayed.free == self.state.free).all()
        assert replayed.in_cell == self.state.in_cell

    @precondition(lambda self: hasattr(self, 'bench'))
    @invariant()
    def every_load_is_somewhere(self):
        facts, floor = self.state.facts, self.bench.floor
        real = [*floor.cells.values(), *[c.load_id for c in floor.cranes.values() if c.load_id]]
        real += [name for loads in floor.ports.values() for name in loads]
        assert len(real) == len(set(real))
        missing = {n for n, load in facts.loads.items() if load.place.kind is PlaceKind.MISSING}
        assert set(facts.loads) - missing - self.bench.removed <= set(real)


def test_random_commands_faults_and_crashes():
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        WarehouseMachine, settings=settings(max_examples=20, stateful_step_count=30)
    )


@pytest.mark.parametrize('depth', [1, 2])
def test_after_any_faults_everything_goes_on_when_people_have_looked(depth):
    """Nothing is stuck for ever: with the cranes reset and cells counted, all requests end."""
    rack = uniform_rack('wh', 2, 4, 3, DRIVE, depth=depth, capacity=2)
    bench = Bench(rack, Settings(), Store(':memory:'), collect=1.0)
    for k in range(16):
        answer = bench.warehouse.store(StoreRequest(f's{k}', f'l{k}', 'fan', 'L', 5), bench.now)
        bench.floor.cranes['a1'].lose_reports += k % 3 == 0
        bench.floor.cranes['a2'].overhang |= k % 5 == 0
        while not bench.deliver(answer.port_id, f'l{k}'):
            bench.run(bench.now + 10.0)
            for aisle in ('a1', 'a2'):
                bench.warehouse.command_crane(aisle, Packml.IDLE, 'ann', 'looked', bench.now)
    for k in range(10):
        bench.warehouse.retrieve(RetrieveRequest(f'r{k}', 'fan', 1), bench.now)
        if k == 5:
            bench.warehouse.emergency_stop('ann', 'test', bench.now)
            bench.flush()
        bench.run(bench.now + 30.0)
        bench.check()
        for aisle in ('a1', 'a2'):
            bench.warehouse.command_crane(aisle, Packml.IDLE, 'ann', 'looked', bench.now)
    bench.settle()
    bench.check()
    assert len(bench.out) == 10
    assert bench.state.facts.received == 16
    bench.file.close()
