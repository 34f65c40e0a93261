# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Pairing into dual cycles: plans that can be driven, and none cheaper for small blocks."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_warehouse.pairing import (
    Block,
    in_order,
    lower_bound,
    pair_best,
    pair_nearest,
    plan,
    travel,
)
from linehaul_warehouse.pairing_kernels import total_cost
from linehaul_warehouse.travel import Drive

DRIVE = Drive(1.0, 1.0)
sizes = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32 - 1))


def random_costs(opens, count, seed):
    return np.random.default_rng(seed).random((opens + count, count))


def drivable(cycles, opens, count):
    """Every retrieval once, every cell filled at most once and only while it is empty."""
    free = set(range(opens))
    for cycle in cycles:
        assert cycle.store in free
        free.remove(cycle.store)
        free.add(opens + cycle.retrieval)
    assert sorted(c.retrieval for c in cycles) == list(range(count))


def cheapest(costs, opens):
    """Try every order and every open cell in it."""
    count = costs.shape[1]
    best = np.inf
    for order in permutations(range(count)):
        stack = [(0, 0.0, frozenset(range(opens)))]
        while stack:
            turn, cost, free = stack.pop()
            if turn == count:
                best = min(best, cost)
                continue
            r = order[turn]
            stack += [(turn + 1, cost + costs[s, r], (free - {s}) | {opens + r}) for s in free]
    return best


@given(sizes)
@settings(max_examples=60)
def test_a_small_block_is_solved_exactly(size):
    opens, count, seed = size
    costs = random_costs(opens, count, seed)
    source = plan(costs, opens)
    drivable(in_order(source, opens), opens, count)
    assert total_cost(costs, source) == pytest.approx(cheapest(costs, opens))


@given(st.integers(1, 25), st.integers(11, 25), st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_a_large_block_is_drivable_and_between_its_bounds(opens, count, seed):
    rng = np.random.default_rng(seed)
    block = Block(rng.random((opens, 2)), rng.random((count, 2)))
    best, near = pair_best(block, DRIVE, rounds=5), pair_nearest(block, DRIVE)
    drivable(best, opens, count)
    drivable(near, opens, count)
    assert travel(best, block, DRIVE) <= travel(near, block, DRIVE) + 1e-9


@given(st.integers(1, 12), st.integers(11, 20), st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_no_plan_beats_the_assignment_and_any_costs_do(opens, count, seed):
    costs = random_costs(opens, count, seed)
    source = plan(costs, opens, rounds=3)
    drivable(in_order(source, opens), opens, count)
    assert total_cost(costs, source) >= lower_bound(costs, opens) - 1e-9
    assert (plan(costs, opens, rounds=3) == source).all()


def test_blocks_beat_the_published_nearest_neighbour():
    rng = np.random.default_rng(5)
    for count, opens, table in ((10, 1, 1.571), (5, 5, 1.505), (10, 10, 1.452)):
        blocks = [Block(rng.random((opens, 2)), rng.random((count, 2))) for _ in range(60)]
        mean = np.mean([travel(pair_best(b, DRIVE), b, DRIVE) for b in blocks]) / count
        assert mean < table


def test_nothing_to_fetch_is_an_empty_plan():
    assert pair_best(Block(np.zeros((1, 2)), np.zeros((0, 2))), DRIVE) == []
