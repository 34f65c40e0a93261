# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from collections import Counter

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_bringup.demo import prepare_plant
from linehaul_bringup.demo_goals import choose_deliveries, cut_fleet

from linehaul_floor import load_plant

CELL = load_plant('cell')


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_every_delivery_is_one_the_plant_can_take(count, seed):
    wishes = choose_deliveries(CELL, count, np.random.default_rng(seed), 'x')
    assert len({wish.request_id for wish in wishes}) == count
    for wish in wishes:
        station, item = CELL.places[wish.station], CELL.items[wish.item]
        assert wish.item in station.uses
        assert 1 <= wish.quantity <= item.container_units
    visits = Counter(wish.station for wish in wishes)
    assert max(visits.values()) - min((visits[s] for s in visits), default=0) <= 1


def test_the_same_seed_asks_for_the_same():
    first, second = (choose_deliveries(CELL, 10, np.random.default_rng(7), 'x') for _ in range(2))
    assert first == second


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data())
def test_a_cut_fleet_has_the_first_vehicles(sizes, data):
    rows = [{'id': 'v', 'n': [10 * i + 1, 10 * i + size]} for i, size in enumerate(sizes)]
    count = data.draw(st.integers(1, sum(sizes)))
    numbers = [n for row in rows for n in range(row['n'][0], row['n'][1] + 1)]
    cut = cut_fleet({'fleet': rows, 'name': 'x'}, count)
    kept = [n for row in cut['fleet'] for n in range(row['n'][0], row['n'][1] + 1)]
    assert kept == numbers[:count]
    assert cut['name'] == 'x'


def test_more_vehicles_than_there_are_is_told():
    with pytest.raises(ValueError, match='the plant has 3 vehicles'):
        cut_fleet({'fleet': [{'n': [1, 2]}, {'id': 'one'}]}, 4)


def test_a_plant_with_fewer_vehicles_is_a_right_plant(tmp_path):
    file = prepare_plant('cell', 2, tmp_path)
    assert [spawn.id for spawn in load_plant(file).fleet] == ['agv_001', 'agv_002']
    assert yaml.safe_load((tmp_path / 'cell.yaml').read_text())['name'] == 'cell'
    assert prepare_plant('cell', 0, tmp_path) == prepare_plant('cell', 3, tmp_path) == 'cell'


def test_an_unknown_plant_is_told(tmp_path):
    with pytest.raises(ValueError, match='known plants: cell'):
        prepare_plant('mars', 0, tmp_path)
