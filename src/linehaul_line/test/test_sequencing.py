# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_line.errors import SequenceError
from linehaul_line.exact import best_stretch, polish
from linehaul_line.goal_chasing import goal_chasing, level_cost, peak_storage
from linehaul_line.order_kernels import windows_cost
from linehaul_line.sequencing import (
    Search,
    Weights,
    assess,
    baseline,
    by_utilisation,
    improve,
    make_mix,
    restarts,
)

TEXTBOOK = np.array([[1, 0, 1, 1], [1, 1, 0, 1], [0, 1, 1, 0]])
SPACING = np.array([[1, 2], [2, 3]])


def rounds(count):
    return iter([True] * count + [False]).__next__


def test_goal_chasing_of_the_textbook():
    order = goal_chasing(np.array([2, 3, 5]), TEXTBOOK)
    assert ''.join('ABC'[one] for one in order) == 'CBACBCCABC'
    assert level_cost(order, TEXTBOOK) == pytest.approx(4.150)


def test_level_scheduling_example_with_its_storage():
    parts = np.array([[1, 1, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0], [2, 1, 0, 0], [1, 1, 1, 0]]).T
    order = np.array([3, 2, 4, 1, 4, 3, 2, 4, 1, 4]) - 1
    carrier, station = np.array([2, 2, 3, 3, 2]), np.array([0, 0, 0, 1, 1])
    one, zero = np.ones(5, int), np.zeros(5, int)
    assert level_cost(order, parts) == pytest.approx(9.6)
    assert list(peak_storage(order, parts, carrier, station, one, zero)) == [4, 3]


def test_the_textbook_optimum_is_proven():
    mix = make_mix(np.repeat([0, 1, 2], [2, 3, 5]), TEXTBOOK)
    found = best_stretch(mix, mix.model, 0, 10, seconds=30.0, workers=1)
    assert found.proven
    assert level_cost(found.models, TEXTBOOK) == pytest.approx(4.150)


@st.composite
def mixes(draw):
    models = draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    units = draw(st.integers(2, 25))
    due = np.where(rng.random(units) < 0.5, rng.integers(0, units, units), inf)
    return make_mix(
        rng.integers(0, models, units),
        rng.integers(0, 3, (models, 4)),
        options=rng.integers(0, 2, (models, 2)),
        spacing=SPACING,
        due=due,
        weights=Weights(10.0, 1.0, 2.0),
        frozen=draw(st.integers(0, units)),
    )


@settings(max_examples=60, deadline=None)
@given(mix=mixes(), seed=st.integers(0, 2**20), level=st.booleans())
def test_a_search_keeps_every_unit_and_the_frozen_part_and_is_never_worse(mix, seed, level):
    rng = np.random.default_rng(seed)
    mix = make_mix(
        mix.model,
        mix.parts,
        options=mix.options,
        spacing=mix.spacing,
        due=mix.due,
        weights=Weights(10.0, float(level), 2.0),
        frozen=mix.frozen,
    )
    start = rng.permutation(len(mix.model))
    found = improve(mix, start, rng, rounds(2), Search(steps=300, span=40))
    assert list(found[: mix.frozen]) == list(start[: mix.frozen])
    assert assess(mix, found).cost(mix.weights) <= assess(mix, start).cost(mix.weights) + 1e-6


@given(st.lists(st.integers(0, 1), min_size=1, max_size=30), st.integers(1, 5), st.integers(1, 5))
def test_windows_are_counted_like_by_hand(row, limit, width):
    has, order = np.array([row]), np.arange(len(row))
    over = sum(sum(row[s : s + width]) > limit for s in range(len(row) - width + 1))
    assert windows_cost(order, has, np.array([[limit, width]]), 0, len(row) - 1) == over


def test_polish_mends_what_is_left_and_leaves_the_frozen_part():
    mix = make_mix(np.repeat([0, 1, 2], [2, 3, 5]), TEXTBOOK, frozen=2)
    start = np.arange(10)
    found = polish(mix, start, rounds(20), width=6, seconds=5.0, workers=1)
    assert list(found[:2]) == [0, 1]
    assert assess(mix, found).level < assess(mix, start).level


def test_among_units_of_a_model_those_due_first_come_first():
    mix = make_mix(np.array([0, 0, 1]), np.eye(2, dtype=int), due=np.array([2.0, 0.0, inf]))
    order = [int(unit) for unit in baseline(mix)]
    assert order.index(1) < order.index(0)


def test_a_spacing_that_can_be_kept_is_kept():
    options = np.array([[1, 0], [0, 1], [0, 0]])
    mix = make_mix(
        np.repeat([0, 1, 2], [10, 6, 4]),
        np.zeros((3, 1), int),
        options=options,
        spacing=SPACING,
        weights=Weights(1.0, 0.0, 0.0),
    )
    rng = np.random.default_rng(0)
    assert assess(mix, restarts(mix, rng, rounds(5))).over == 0
    assert sorted(by_utilisation(mix, rng)) == list(range(20))


@pytest.mark.parametrize(
    ('change', 'text'),
    [
        ({'model': np.array([0, 7])}, 'a model outside'),
        ({'due': np.array([1.0, float('nan')])}, 'NaN'),
        ({'frozen': 3}, 'frozen 3'),
        ({'spacing': SPACING}, 'options'),
        ({'parts': -TEXTBOOK}, 'negative'),
    ],
)
def test_what_does_not_fit_together_is_refused(change, text):
    whole = {'model': np.array([0, 1]), 'parts': TEXTBOOK} | change
    with pytest.raises(SequenceError, match=text):
        make_mix(**whole)
