# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from linehaul_line.dispatch import Candidate, Rule, choose, priority, slack
from linehaul_line.lookahead import Policy, Supply, ask_at, next_window, propose, run_out
from linehaul_line.response import Moments, Response, observe, prior

STEADY = np.arange(200.0) * 30.0
FIXED = Response(Moments(60.0, 0.0), Moments(100.0, 0.0), Moments(25.0, 0.0))


def supply(*contents: int, promised=(), empties=0, places=2):
    return Supply(contents, promised, empties, places, 10)


def test_the_run_out_is_the_first_part_that_is_not_there():
    assert run_out(supply(3, 10), STEADY) == 13 * 30.0
    assert run_out(supply(3, promised=(10,)), STEADY) == 13 * 30.0
    assert run_out(supply(3, promised=(10,)), STEADY, promised=False) == 3 * 30.0
    assert run_out(supply(10), STEADY[:10]) == inf


def test_a_full_place_is_free_when_its_container_is_used_up():
    assert next_window(supply(3, 10), STEADY, 0.0).free == 2 * 30.0
    assert next_window(supply(3), STEADY, 0.0).free == -inf
    assert next_window(supply(3, promised=(10,)), STEADY, 0.0).free == 2 * 30.0
    assert next_window(supply(3, empties=1), STEADY, 50.0, clearing=40.0).free == 90.0
    assert next_window(supply(3, 10), STEADY, 0.0, clearing=40.0).free == 100.0


def test_nothing_is_asked_for_before_it_must_be():
    policy = Policy(z=3.0, cover=120.0)
    due = 13 * 30.0
    margin = 60.0 + 25.0
    early = due - 120.0 - margin
    assert ask_at(supply(3, 10), STEADY, FIXED, policy, 0.0) == early - 185.0
    assert propose(supply(3, 10), STEADY, FIXED, policy, early - 186.0) == []
    (one,) = propose(supply(3, 10), STEADY, FIXED, policy, early - 185.0)
    assert (one.quantity, one.earliest, one.due) == (10, early, due)


def test_a_wider_spread_asks_earlier():
    wide = Response(Moments(60.0, 900.0), FIXED.travel, FIXED.transfer)
    policy = Policy(z=2.0)
    narrow = ask_at(supply(3, 10), STEADY, FIXED, policy, 0.0)
    assert ask_at(supply(3, 10), STEADY, wide, policy, 0.0) == narrow - 60.0 - 60.0


rows = st.lists(st.integers(1, 10), max_size=4).map(tuple)


@given(
    contents=rows,
    promised=rows,
    empties=st.integers(0, 3),
    places=st.integers(1, 4),
    gaps=st.lists(st.floats(0.0, 100.0), max_size=80),
    now=st.floats(0.0, 1000.0),
)
def test_no_container_is_asked_for_without_a_place_and_none_too_late_to_plan(
    contents, promised, empties, places, gaps, now
):
    needs = now + np.cumsum(np.array(gaps))
    stock = Supply(contents, promised, empties, places, 10)
    found = propose(stock, needs, FIXED, Policy(cover=inf, open_limit=50), now)
    row = [*contents, *promised]
    for one in found:
        # Containers in places at `earliest`: those of the row not emptied by then.
        emptied = np.cumsum([0, *row])[1:]
        left = sum(1 for total in emptied if total > (needs <= one.earliest).sum())
        assert left + 1 <= places
        assert one.earliest <= max(one.due, now)
        assert one.due == max(now, needs[sum(row)])
        row.append(one.quantity)


def test_measured_moments_come_to_the_truth_and_forget():
    rng = np.random.default_rng(1)
    moments = prior(0.0, 10.0, 0.0).travel
    for value in rng.normal(100.0, 20.0, 400):
        moments = observe(moments, value)
    assert moments.mean == pytest.approx(100.0, abs=10.0)
    assert moments.spread == pytest.approx(20.0, abs=8.0)


@pytest.mark.parametrize('value', [float('nan'), inf, -1.0])
def test_an_impossible_duration_is_not_believed(value):
    moments = Moments(5.0, 1.0, 3.0)
    assert observe(moments, value) == moments


def waiting(name, due, served=100.0, earliest=-inf, requested=0.0):
    return Candidate(name, name, requested, earliest, due, served, soonest=80.0)


def test_least_slack_goes_first():
    near, far = waiting('near', 500.0, served=60.0), waiting('far', 520.0, served=200.0)
    assert choose([near, far], 0.0) == far


def test_nothing_is_begun_for_a_full_place():
    full, calm = waiting('full', 300.0, earliest=200.0), waiting('calm', 900.0)
    assert choose([full, calm], 0.0) == calm
    assert choose([full], 0.0) is None
    assert choose([full, calm], 120.0) == full


def test_what_has_waited_for_ever_is_due():
    old, urgent = waiting('old', inf), waiting('urgent', 4000.0, requested=3000.0)
    assert choose([old, urgent], 3700.0, Rule(age_limit=3600.0)) == old
    assert choose([old, urgent], 3500.0, Rule(age_limit=3600.0)) == urgent


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_priority_follows_slack(first, second):
    one, two = waiting('a', first), waiting('b', second)
    if slack(one, 0.0) <= slack(two, 0.0):
        assert priority(one, 0.0) >= priority(two, 0.0)
    assert 100 <= priority(one, 0.0) <= 255
