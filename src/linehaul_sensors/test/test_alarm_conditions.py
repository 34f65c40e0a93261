# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Limits, deadband and delays: conditions come and go when they should, and only then."""

from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from linehaul_sensors.alarm_conditions import Conditions
from linehaul_sensors.alarm_table import AlarmDef, Kind, Priority, limit_alarms
from linehaul_sensors.channels import Channel, make_table
from linehaul_sensors.errors import ReadingsError
from linehaul_sensors.readings import NS, Quality, make_readings

TABLE = make_table(
    [
        Channel('a', 'temperature', 'Cel', 'p', 'e', minimum=0.0, maximum=100.0, high=80.0),
        Channel('b', 'state', '1', 'p', 'e'),
    ]
)


def alarm(kind=Kind.HIGH, channel='a', name='x', **more):
    more = {'limit': 80.0, **more}
    return AlarmDef(name, kind, channel, 'e', Priority.LOW, 'm', 'c', 'r', **more)


def run(conditions, *rows, channel=0):
    """Feed (time, value[, quality]); return (time, active, value) of every change."""
    found = []
    for t, v, *q in rows:
        batch = make_readings([channel], [t * NS], [v], q or None)
        changes = conditions.evaluate(batch, batch.time)
        found += [(c.time, c.active, c.value) for c in changes]
    return found


def test_deadband_holds_until_the_value_is_well_back():
    conditions = Conditions([alarm(deadband=5.0)], TABLE)
    rows = [(0, 79.0), (1, 80.0), (2, 81.0), (3, 79.0), (4, 76.0), (5, 75.0), (6, 79.0), (7, 81.0)]
    assert run(conditions, *rows) == [(2.0, True, 81.0), (5.0, False, 75.0), (7.0, True, 81.0)]


def test_low_is_the_mirror_of_high():
    conditions = Conditions([alarm(Kind.LOW, limit=20.0, deadband=5.0)], TABLE)
    rows = [(0, 20.0), (1, 19.0), (2, 21.0), (3, 25.0)]
    assert run(conditions, *rows) == [(1.0, True, 19.0), (3.0, False, 25.0)]


def test_equal_watches_states():
    conditions = Conditions([alarm(Kind.EQUAL, 'b', limit=9.0)], TABLE)
    rows = [(0, 6.0), (1, 9.0), (2, 9.0), (3, 2.0)]
    assert run(conditions, *rows, channel=1) == [(1.0, True, 9.0), (3.0, False, 2.0)]


def test_on_delay_needs_the_condition_without_a_break():
    conditions = Conditions([alarm(on_delay=10.0)], TABLE)
    rows = [(0, 81), (9, 81), (9.5, 70), (10, 81), (19, 81), (20, 85), (30, 70)]
    rows = [(int(t), v) for t, v in rows]
    assert run(conditions, *rows) == [(20.0, True, 85.0), (30.0, False, 70.0)]


def test_a_delay_runs_out_without_a_further_reading():
    conditions = Conditions([alarm(on_delay=10.0, off_delay=5.0)], TABLE)
    assert run(conditions, (0, 81)) == []
    assert conditions.tick(9.9) == []
    (change,) = conditions.tick(12.0)
    assert (change.active, change.time, change.value) == (True, 10.0, 81.0)
    assert conditions.tick(20.0) == []
    run(conditions, (30, 70))
    (change,) = conditions.tick(40.0)
    assert (change.active, change.time) == (False, 35.0)


def test_bad_values_hold_the_condition_and_break_a_running_delay():
    conditions = Conditions([alarm(), alarm(name='y', on_delay=10.0)], TABLE)
    assert run(conditions, (0, 81)) == [(0.0, True, 81.0)]
    assert run(conditions, (5, nan, Quality.BAD), (6, 10.0, Quality.STALE)) == []
    assert conditions.tick(100.0) == []
    assert run(conditions, (101, 70, Quality.UNCERTAIN)) == [(101.0, False, 70.0)]


def test_no_usable_value_is_a_condition_of_its_own():
    conditions = Conditions([alarm(Kind.QUALITY, limit=nan)], TABLE)
    rows = [(0, 5.0), (1, 5.0, Quality.UNCERTAIN), (2, nan, Quality.BAD), (3, 5.0, Quality.STALE)]
    (came,) = run(conditions, *rows)
    assert came[:2] == (2.0, True)
    assert isnan(came[2])
    assert run(conditions, (4, 5.0))[0][:2] == (4.0, False)


def test_an_external_alarm_has_no_channel():
    conditions = Conditions([alarm(Kind.EXTERNAL, None), alarm(name='y')], TABLE)
    batch = make_readings([0, 1], [0, 0], [99.0, 99.0])
    assert [c.alarm for c in conditions.evaluate(batch, batch.time)] == [1]


def test_unknown_channels_are_refused():
    with pytest.raises(ReadingsError):
        Conditions([alarm()], TABLE).evaluate(
            make_readings([5], [0], [1.0]), np.zeros(1, np.int64)
        )


def test_restored_conditions_are_not_raised_again():
    conditions = Conditions([alarm()], TABLE)
    conditions.restore([0])
    assert run(conditions, (0, 81), (1, 70)) == [(1.0, False, 70.0)]


def test_limits_of_the_channel_table_become_alarms():
    (high,) = limit_alarms(TABLE)
    assert (high.id, high.limit, high.deadband, high.on_delay) == ('a#high', 80.0, 1.0, 60.0)


@given(
    st.lists(st.tuples(st.integers(1, 8), st.floats(60, 100)), max_size=40),
    st.sampled_from([0.0, 4.0]),
    st.integers(0, 12),
    st.integers(0, 12),
)
def test_against_the_plain_definition(steps, band, on, off):
    conditions = Conditions(
        [alarm(deadband=band, on_delay=float(on), off_delay=float(off))], TABLE
    )
    time, rows = 0, []
    for step, value in steps:
        time += step
        rows.append((time, value))
    wanted, there, since = [], False, None
    for t, v in rows:
        opposite = v <= 80.0 - band if there else v > 80.0
        since = (t if since is None else since) if opposite else None
        if since is not None and t - since >= (off if there else on):
            there, since = not there, None
            wanted.append((float(t), there, v))
    assert run(conditions, *rows) == wanted
