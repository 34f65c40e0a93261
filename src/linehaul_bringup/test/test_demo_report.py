# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
import io
import json
from dataclasses import replace
from math import nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_bringup.demo_goals import RequestId, Wish
from linehaul_bringup.demo_report import (
    COUNTERS,
    Facts,
    Outcome,
    SimTotals,
    failures,
    report_lines,
    summary,
)
from linehaul_bringup.demo_view import PlainView, Progress

WISHES = tuple(Wish(RequestId(f'd-{n}'), 'casing', n, 'fa1_01') for n in (1, 2, 3))
DONE = tuple(Outcome(wish, 0, '', 'agv_001', 10.0 * wish.quantity) for wish in WISHES)
COUNTED = {**dict.fromkeys(COUNTERS, 0.0), 'steps': 100.0, 'distance': 250.0}
GOOD = Facts(
    plant='cell',
    vehicles=3,
    wishes=WISHES,
    outcomes=DONE,
    sim=SimTotals().told(COUNTED, ()),
    restarts={'sim': 0, 'fleet': 1},
    broken='',
    wall_time=10.0,
    plant_time=100.0,
)


def told(**counters):
    return SimTotals().told({**COUNTED, **counters}, ())


def test_a_good_demo_has_no_failures_and_a_report():
    assert failures(GOOD) == ()
    text = '\n'.join(report_lines(GOOD))
    assert '3 of 3 done, 0 refused' in text
    assert 'mean 20 s, p95 29 s' in text
    assert '250 m driven' in text
    assert 'restarts     fleet 1' in text
    assert '(10.0x)' in text
    assert json.loads(json.dumps(summary(GOOD), allow_nan=False))['ok'] is True


def test_a_refusal_in_words_is_no_failure():
    refused = replace(DONE[0], code=110, text='no stock of casing', duration=nan)
    facts = replace(GOOD, outcomes=(refused, *DONE[1:]))
    assert failures(facts) == ()
    assert summary(facts)['refused'][0]['error_msg'] == 'no stock of casing'
    assert 'refused      d-1: code 110: no stock of casing' in report_lines(facts)


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        ({'broken': 'sim keeps failing'}, 'sim keeps failing'),
        ({'outcomes': DONE[:2]}, 'no result for 3 x casing to fa1_01'),
        ({'outcomes': (replace(DONE[0], code=1, text=' '), *DONE[1:])}, 'without a text'),
        (
            {'outcomes': tuple(replace(d, code=1, text='no') for d in DONE)},
            'nothing was delivered',
        ),
        ({'sim': SimTotals()}, 'never heard'),
        ({'sim': told(overlaps=1.0)}, '1 overlaps of two vehicles'),
        ({'sim': told(beyond_base=2.0)}, '2 drives beyond a released base'),
        ({'sim': told(custody_errors=1.0)}, 'loads with no or two holders'),
        ({'sim': GOOD.sim.told(COUNTED, ['agv_001 met agv_002'])}, 'agv_001 met agv_002'),
    ],
)
def test_each_failure_is_told(change, said):
    facts = replace(GOOD, **change)
    assert any(said in text for text in failures(facts))
    assert any('FAILED' in line and said in line for line in report_lines(facts))
    assert summary(facts)['ok'] is False


def test_many_missing_results_are_told_in_short():
    (text, *_) = failures(replace(GOOD, wishes=WISHES * 2, outcomes=()))
    assert text.endswith('and 3 more')


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(1, 20), min_size=1, max_size=5), min_size=1, max_size=4))
def test_counters_add_up_over_lives(lives):
    sim, total = SimTotals(), 0.0
    for number, life in enumerate(lives):
        driven = 0.0
        # a new life is recognised by its smaller number of steps
        first = 1000.0 * (len(lives) - number)
        for i, metres in enumerate(life):
            driven += metres
            sim = sim.told({**COUNTED, 'steps': first + i, 'distance': driven}, ())
        total += driven
    assert sim.total('distance') == total


def test_plain_lines_come_only_on_changes():
    stream = io.StringIO()
    view = PlainView(stream)
    view.change(1.0, WISHES[0], Progress('fetching', 'agv_001', 40.0))
    view.change(2.0, WISHES[0], Progress('fetching', 'agv_001', 39.0))
    view.change(3.0, WISHES[0], Progress('delivered', 'agv_001', nan, ended=True))
    view.close()
    assert stream.getvalue().splitlines() == [
        '     1.0 s  1 x casing to fa1_01: fetching, agv_001, in 40 s',
        '     3.0 s  1 x casing to fa1_01: delivered, agv_001',
    ]
