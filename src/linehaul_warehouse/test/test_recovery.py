# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The controller dies at any write, and the stock is that of a run in which it never did."""

from math import nan

import numpy as np
import pytest
from linehaul_warehouse.bench import Bench
from linehaul_warehouse.codes import Code
from linehaul_warehouse.crane_end import Status
from linehaul_warehouse.model import Packml, PlaceKind, RetrieveRequest, StoreRequest
from linehaul_warehouse.rack import uniform_rack
from linehaul_warehouse.settings import Settings
from linehaul_warehouse.store import Store
from linehaul_warehouse.travel import Drive

from linehaul_warehouse import state as state_module

DRIVE = Drive(3.0, 0.75, 0.5, 0.5)


def small(depth=1, **more):
    return uniform_rack('wh', 2, 6, 4, DRIVE, depth=depth, conveyor_time=3.0, **more)


def drive(bench, rng):
    """Thirty storages and twenty retrievals; with rng the controller dies a hundred times."""

    def pause(seconds):
        if rng is not None:
            if rng.random() < 0.5:
                bench.crash_before_write = True
            else:
                bench.crash_after_write = True
        bench.run(bench.now + seconds)

    for k in range(30):
        request = StoreRequest(f's{k}', f'l{k}', ('fan', 'motor')[k % 2], f'L{k // 6}', 10 + k)
        answer = bench.warehouse.store(request, bench.now)
        bench.flush()
        while request.id not in bench.state.facts.storages:  # died before it was written
            answer = bench.warehouse.store(request, bench.now)  # so the client asks again
            bench.flush()
        while not bench.deliver(answer.port_id, request.load_id):
            pause(5.0)
        pause(9.0)
        pause(9.0)
    for k in range(20):
        request = RetrieveRequest(f'r{k}', ('fan', 'motor')[k % 2], 1, f'o{k}')
        while bench.warehouse.retrieve(request, bench.now) and (
            bench.flush() or request.id not in bench.state.facts.retrievals
        ):
            pass
        pause(15.0)
        pause(15.0)
        bench.check()
    bench.crash_before_write = bench.crash_after_write = False
    bench.settle()
    bench.check()


def contents(bench):
    facts = bench.state.facts
    return {
        (load.id, load.item_id, load.lot, load.quantity, load.place.kind)
        for load in facts.loads.values()
    }


@pytest.mark.parametrize('depth', [1, 2])
def test_a_hundred_deaths_and_the_same_stock(tmp_path, depth):
    calm = Bench(small(depth), Settings(), Store(':memory:'), collect=2.0)
    drive(calm, None)
    with Store(tmp_path / 'wh.db') as store:
        wild = Bench(small(depth), Settings(), store, collect=2.0)
        drive(wild, np.random.default_rng(depth))
        assert wild.crashes >= 80
        assert contents(wild) == contents(calm)
        assert sorted(wild.out) == sorted(calm.out)
        assert len(set(wild.out)) == len(wild.out) == 20
        traced = [t.load_id for k in range(20) for t in store.of_order(f'o{k}') if not t.came]
        assert sorted(traced) == sorted(wild.out)
    calm.file.close()


def test_a_load_on_the_fork_is_not_forgotten_when_everything_dies_and_the_report_is_lost():
    bench = Bench(small(), Settings(), Store(':memory:'))
    answer = bench.warehouse.store(StoreRequest('s', 'l', 'fan', 'L', 1), 0.0)
    bench.deliver(answer.port_id, 'l')
    aisle = bench.rack.ports[answer.port_id].aisles[0]
    bench.floor.cranes[aisle].lose_reports = 5
    while not bench.floor.cranes[aisle].load_id:
        bench.run(bench.now + 1.0)
    assert bench.state.facts.loads['l'].place.kind is PlaceKind.PORT  # nobody told
    bench.crash()
    bench.run(bench.now + 1.0)
    assert bench.state.facts.loads['l'].place.kind is PlaceKind.CRANE
    bench.settle()
    assert bench.state.facts.loads['l'].place.kind is PlaceKind.CELL
    bench.check()
    bench.file.close()


def test_a_fork_that_carries_what_the_books_do_not_know_is_left_to_a_person():
    bench = Bench(small(), Settings(), Store(':memory:'))
    bench.floor.cranes['a1'].load_id = 'stranger'
    bench.run(3.0)
    crane = bench.state.facts.cranes['a1']
    assert crane.state is Packml.HELD
    assert 'stranger' in crane.reason
    assert bench.state.facts.cranes['a2'].state is Packml.IDLE
    bench.floor.cranes['a1'].load_id = ''
    bench.warehouse.command_crane('a1', Packml.IDLE, 'ann', 'taken down', bench.now)
    bench.run(6.0)
    assert bench.state.facts.cranes['a1'].state is Packml.IDLE
    bench.file.close()


def test_a_crane_is_asked_before_anything_is_sent():
    bench = Bench(small(), Settings(), Store(':memory:'))
    answer = bench.warehouse.store(StoreRequest('s', 'l', 'fan', 'L', 1), 0.0)
    bench.deliver(answer.port_id, 'l')
    bench.run(4.0)  # it is told to fetch the load
    aisle = bench.rack.ports[answer.port_id].aisles[0]
    step = bench.state.facts.cranes[aisle].step
    bench.crash()
    bench.warehouse.tick(bench.now)
    out = bench.warehouse.take()
    assert {type(c).__name__ for c in out.commands} == {'AskStatus'}
    bench.warehouse.crane_status(Status(aisle, True, '', '', None), bench.now)
    (sent,) = bench.warehouse.take().commands  # it never got the step: the same is sent again
    assert sent.step == step
    bench.file.close()


def test_an_id_is_known_for_ever(monkeypatch):
    monkeypatch.setattr(state_module, 'ENDED_KEPT', 3)
    bench = Bench(small(), Settings(), Store(':memory:'), collect=0.0)
    asked = [StoreRequest('x', 'l', 'fan', 'L', 4)]
    asked += [StoreRequest(f's{k}', f'l{k}', 'fan', 'L', 4) for k in range(8)]
    for request in asked:
        bench.deliver(bench.warehouse.store(request, bench.now).port_id, request.load_id)
        bench.settle()
    first = RetrieveRequest('x', 'fan', 1)  # ids of retrievals are their own
    for request in [first, *[RetrieveRequest(f'r{k}', 'fan', 1) for k in range(7)]]:
        bench.warehouse.retrieve(request, bench.now)
        bench.settle()
    assert 'x' not in bench.state.facts.retrievals
    assert 'x' not in bench.state.facts.storages
    again = bench.warehouse.retrieve(first, bench.now)
    assert (again.load_id, again.quantity, again.code) == (bench.out[0], 4, Code.NONE)
    assert bench.warehouse.store(asked[0], bench.now).cell_id
    other = bench.warehouse.retrieve(RetrieveRequest('x', 'fan', 2), bench.now)
    assert other.code is Code.RETRIEVE_ID_REUSED
    other = bench.warehouse.store(StoreRequest('x', 'l', 'fan', 'L', 5, weight=nan), bench.now)
    assert other.code is Code.STORE_ID_REUSED
    bench.file.close()
