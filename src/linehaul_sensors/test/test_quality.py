# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Every check finds its fault, leaves sound readings alone, and nothing it sees breaks it."""

from math import inf, isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from linehaul_sensors.channels import Channel, make_table
from linehaul_sensors.errors import ReadingsError
from linehaul_sensors.quality import QualityCheck
from linehaul_sensors.readings import NS, Flag, Quality, make_readings

GOOD, UNCERTAIN, BAD, STALE = Quality.GOOD, Quality.UNCERTAIN, Quality.BAD, Quality.STALE
T0 = 1_800_000_000


def make(**changes):
    stated = {'minimum': -20.0, 'maximum': 120.0, 'period': 10.0, 'rate': 1.0, 'stuck': 100.0}
    stated |= {'resolution': 0.1, **changes}
    bare = Channel('b', 'state', '1', 'p', 'e')
    return QualityCheck(make_table([Channel('a', 'temperature', 'Cel', 'p', 'e', **stated), bare]))


def feed(check, *rows, channel=0, latency=0.0, **more):
    """Send (time [s], value) one by one; return (quality, flags, live, keep) of each."""
    found = []
    for t, v in rows:
        batch = make_readings([channel], [int((T0 + t) * NS)], [v], **more)
        done = check.check(batch, int((T0 + t + latency) * NS))
        r = done.readings
        found.append((Quality(r.quality[0]), Flag(int(r.flags[0])), done.live[0], done.keep[0]))
    return found


def test_sound_readings_are_good_and_live():
    found = feed(make(), *((10 * k, 20 + 0.3 * k) for k in range(200)))
    assert set(found) == {(GOOD, Flag(0), True, True)}


@pytest.mark.parametrize('value', [nan, inf, -inf])
def test_what_is_not_finite_is_bad_and_becomes_nan(value):
    check = make()
    done = check.check(make_readings([0], [T0 * NS], [value]), T0 * NS)
    assert isnan(done.readings.value[0])
    assert done.readings.quality[0] == BAD
    assert Flag(int(done.readings.flags[0])) == Flag.NOT_FINITE


@pytest.mark.parametrize(('value', 'quality'), [(-20, GOOD), (120, GOOD), (-21, BAD), (121, BAD)])
def test_range(value, quality):
    ((found, flags, live, keep),) = feed(make(), (0, value))
    assert (found, bool(flags & Flag.RANGE)) == (quality, quality is BAD)
    assert live
    assert keep


def test_a_spike_is_suspect_and_the_return_is_not():
    found = feed(make(), (0, 20), (10, 60), (20, 21))
    assert [q for q, *_ in found] == [GOOD, UNCERTAIN, GOOD]
    assert found[1][1] == Flag.RATE


def test_a_step_is_believed_once_it_was_possible():
    found = feed(make(), (0, 20), *((10 * k, 60 + 0.2 * k) for k in range(1, 8)))
    assert [q for q, *_ in found] == [GOOD, *[UNCERTAIN] * 4, *[GOOD] * 3]


def test_stuck_begins_after_its_time_and_ends_with_a_change():
    found = feed(make(), *((10 * k, 20 + 0.05 * (k % 2)) for k in range(12)), (120, 21))
    assert [bool(f & Flag.STUCK) for _, f, *_ in found] == [*[False] * 10, True, True, False]


def test_a_gap_is_told_and_the_reading_after_it_is_good():
    found = feed(make(), (0, 20), (30, 20.5), (61, 20.8))
    assert [(q, f) for q, f, *_ in found] == [(GOOD, Flag(0)), (GOOD, Flag(0)), (GOOD, Flag.GAP)]


def test_an_exact_duplicate_is_dropped_and_a_different_one_is_kept_as_uncertain():
    found = feed(make(), (0, 20), (0, 20), (0, 25), (10, 20.5))
    assert [(q, f, live, keep) for q, f, live, keep in found] == [
        (GOOD, Flag(0), True, True),
        (UNCERTAIN, Flag.DUPLICATE, False, False),
        (UNCERTAIN, Flag.DUPLICATE, False, True),
        (GOOD, Flag(0), True, True),
    ]


def test_out_of_order_goes_to_history_only():
    check = make()
    feed(check, (0, 20), (20, 21))
    done = check.check(make_readings([0], [(T0 + 10) * NS], [20.5]), (T0 + 21) * NS)
    assert Flag(int(done.readings.flags[0])) == Flag.ORDER
    assert (done.live[0], done.keep[0]) == (False, True)
    assert feed(check, (30, 21))[0] == (GOOD, Flag(0), True, True)


def test_a_source_clock_that_is_ahead_does_not_block_the_channel():
    check = make()
    found = feed(check, (0, 20), latency=-3600)
    assert found == [(UNCERTAIN, Flag.CLOCK, True, True)]
    # Its clock is set right: a time before the last source time, but the channel goes on.
    assert feed(check, (-3590, 20.1)) == [(GOOD, Flag(0), True, True)]


def test_a_source_clock_that_jumps_back_costs_one_reading():
    check = make()
    feed(check, (0, 20), (10, 20))
    found = [feed(check, (10 * k - 3600, 20 + 0.2 * k), latency=3600)[0] for k in range(2, 6)]
    assert [(f, live) for _, f, live, _ in found] == [
        (Flag.CLOCK | Flag.ORDER, False),
        *[(Flag.CLOCK, True)] * 3,
    ]
    assert {q for q, *_ in found} == {UNCERTAIN}


def test_stored_readings_sent_late_without_saying_so_reach_only_history():
    check = make()
    feed(check, (0, 20), (10, 20))
    batch = make_readings(np.zeros(50), (T0 - 3600 + 10 * np.arange(50)) * NS, np.full(50, 21.0))
    done = check.check(batch, (T0 + 20) * NS)
    assert not done.live.any()
    assert done.keep.all()


def test_historical_readings_are_good_and_never_live():
    check = make()
    found = feed(check, (0, 20), (10, 20.5), latency=7200, flags=[Flag.HISTORICAL])
    assert found == [(GOOD, Flag.HISTORICAL, False, True)] * 2


@pytest.mark.parametrize(('said', 'quality'), [(0, UNCERTAIN), (2, UNCERTAIN), (3, BAD), (4, BAD)])
def test_what_the_source_says_counts(said, quality):
    ((found, flags, *_),) = feed(make(), (0, 20), quality=[said])
    assert (found, flags) == (quality, Flag.SOURCE)


def test_silence_makes_stale_once_and_a_reading_ends_it():
    check = make()
    feed(check, (0, 20))
    feed(check, (0, 1), channel=1)
    assert len(check.stale((T0 + 50) * NS)) == 0
    stale = check.stale((T0 + 51) * NS)
    assert stale.channel.tolist() == [0]  # the other reports on change: silence says nothing
    assert (stale.value[0], stale.quality[0]) == (20.0, STALE)
    assert len(check.stale((T0 + 60) * NS)) == 0
    feed(check, (70, 20))
    assert check.lost([0, 1], (T0 + 71) * NS).channel.tolist() == [0, 1]
    assert len(check.lost([0, 1], (T0 + 72) * NS)) == 0


def test_a_channel_never_heard_of_is_not_stale():
    assert len(make().stale((T0 + 10**6) * NS)) == 0


def test_our_own_clock_jumping_back_only_delays_stale():
    check = make()
    feed(check, (0, 20))
    assert len(check.stale((T0 - 3600) * NS)) == 0
    assert check.stale((T0 - 3600 + 51) * NS).channel.tolist() == [0]


def test_an_exchanged_sensor_begins_anew():
    check = make()
    feed(check, (0, 20))
    check.reset([0])
    assert feed(check, (10, 90))[0][0] == GOOD


def test_a_channel_that_is_not_in_the_table_is_refused():
    with pytest.raises(ReadingsError, match='channel 7 of 2'):
        make().check(make_readings([7], [0], [1.0]), 0)


def test_arrays_of_different_length_are_refused():
    with pytest.raises(ReadingsError, match='lengths'):
        make_readings([0, 1], [0], [1.0, 2.0])


ANY = st.tuples(
    st.integers(0, 1),
    st.one_of(st.integers(-(2**61), 2**61), st.integers(T0 * NS, (T0 + 100) * NS)),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(0, 255),
)


@given(st.lists(ANY, max_size=60), st.integers(T0 * NS, (T0 + 100) * NS))
def test_garbage_never_breaks_it_and_live_time_goes_forward(rows, received):
    check = make()
    columns = list(zip(*rows, strict=True)) or [[], [], [], []]
    batch = make_readings(columns[0], columns[1], columns[2], columns[3])
    done = check.check(batch, received)
    r = done.readings
    assert set(r.quality.tolist()) <= {GOOD, UNCERTAIN, BAD}
    assert np.array_equal(np.isnan(r.value), (r.flags & Flag.NOT_FINITE) > 0)
    assert (r.quality[np.isnan(r.value)] == BAD).all()
    assert not (done.live & ~done.keep).any()
    for c in (0, 1):
        times = done.used[done.live & (r.channel == c)]
        assert (np.diff(times) > 0).all()
    assert feed(check, (200, 20))[0][2]
