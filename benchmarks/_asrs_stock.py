# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Questions to the stock of a warehouse whose journal has a million transactions."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import common
import numpy as np
from linehaul_warehouse.codec import dump
from linehaul_warehouse.events import Event, LoadIssued, LoadMoved, LoadReceived
from linehaul_warehouse.model import Load, Place, PlaceKind
from linehaul_warehouse.rack import uniform_rack
from linehaul_warehouse.state import State
from linehaul_warehouse.stock import by_item, by_order, recall, where
from linehaul_warehouse.store import Store, append_all
from linehaul_warehouse.travel import Drive

ITEMS, LOTS, ORDERS = 500, 8000, 50_000
LIMIT = 10.0
"""p99 [ms]."""


def queries(transactions: int, rng: np.random.Generator) -> tuple[list[common.Figure], dict]:
    """Fill a warehouse and ask it."""
    rack = uniform_rack('wh', 20, 50, 20, Drive(3.0, 0.75, 0.5, 0.5), capacity=1000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'wh.db'
        with Store(path) as store:
            state = State(rack)
            begin = time.perf_counter()
            _fill(store, state, transactions, rng)
            store.save(state)
            filled = time.perf_counter() - begin
            rows, figures = _ask(store, state, rng, 2000)
            wanted = dump(state.facts)
        begin = time.perf_counter()
        with Store(path) as store:
            loaded = store.load(rack)
        opened = time.perf_counter() - begin
        same = dump(loaded.facts) == wanted
        size = path.stat().st_size
    figures += [
        common.figure(
            'stock: transactions', store.last, '1', target=transactions, better='higher'
        ),
        common.figure('stock: open after a crash', opened, 's', target=3.0),
        common.figure('stock: opened differs', float(not same), '1', target=0),
        common.figure('stock: written', store.last / filled, '1/s'),
        common.figure('stock: file', size / 1e6, 'MB'),
    ]
    return figures, rows


def _fill(store: Store, state: State, transactions: int, rng: np.random.Generator) -> None:
    """Receive, store and issue loads until the journal is long enough; 90 % of cells stay full."""
    cells = state.rack.ids
    free = list(rng.permutation(len(cells)))
    stored: list[str] = []
    number = 0
    while store.last < transactions:
        batch: list[tuple[float, Event]] = []
        now = float(number)
        for _ in range(500):
            number += 1
            batch += _in(number, cells[free.pop()], now, rng)
            stored.append(f'load_{number}')
            if len(stored) > 0.9 * len(cells):
                chosen = int(rng.integers(len(stored)))
                stored[chosen], stored[-1] = stored[-1], stored[chosen]
                name = stored.pop()
                load = state.facts.loads.get(name)
                if load is None or load.place.kind is not PlaceKind.CELL:
                    stored.append(name)
                    continue
                free.insert(0, state.rack.index[load.place.id])
                batch += _out(load, rng)
        append_all(store, state, [(now, event) for _, event in batch])


def _in(number: int, cell: str, now: float, rng: np.random.Generator) -> list:
    item = int(rng.integers(ITEMS))
    lot = f'lot_{int(rng.integers(LOTS))}'
    order = f'order_{int(rng.integers(ORDERS))}' if rng.random() < 0.2 else ''
    port = Place(PlaceKind.PORT, 'a1_in_1')
    load = Load(f'load_{number}', f'item_{item}', lot, 20, port, now, order_id=order)
    return [
        (now, LoadReceived(load)),
        (now, LoadMoved(load.id, Place(PlaceKind.CRANE, 'a1'))),
        (now, LoadMoved(load.id, Place(PlaceKind.CELL, cell))),
    ]


def _out(load: Load, rng: np.random.Generator) -> list:
    order = load.order_id or f'order_{int(rng.integers(ORDERS))}'
    gone = LoadIssued(load.id, load.item_id, load.lot, load.quantity, order, 'r', 'a1_out_1')
    return [
        (0.0, LoadMoved(load.id, Place(PlaceKind.CRANE, 'a2'))),
        (0.0, LoadMoved(load.id, Place(PlaceKind.PORT, 'a2_out_1'))),
        (0.0, gone),
    ]


def _ask(
    store: Store, state: State, rng: np.random.Generator, count: int
) -> tuple[dict, list[common.Figure]]:
    last = max(int(name.split('_')[1]) for name in state.facts.loads)
    asked: dict[str, Callable[[int], object]] = {
        'by item': lambda k: by_item(state, f'item_{k % ITEMS}'),
        'by order': lambda k: (
            by_order(state, f'order_{k % ORDERS}'),
            store.of_order(f'order_{k % ORDERS}'),
        ),
        'where is load': lambda k: where(state, store, f'load_{1 + k % last}'),
        'recall of a lot': lambda k: recall(state, store, f'lot_{k % LOTS}'),
    }
    figures, rows = [], {}
    for name, ask in asked.items():
        numbers = rng.integers(1 << 30, size=count).tolist()
        seconds = np.empty(count)
        for index, number in enumerate(numbers):
            begin = time.perf_counter()
            ask(number)
            seconds[index] = time.perf_counter() - begin
        p50, p99 = np.percentile(seconds, (50, 99)) * 1e3
        figures.append(common.figure(f'stock: {name} p99', p99, 'ms', target=LIMIT))
        rows[name] = {'p50': p50, 'p99': p99}
    return rows, figures
