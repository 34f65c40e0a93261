# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Early warning finds what was put in, learns what is usual, and keeps to its budget."""

import numpy as np
import pytest
from linehaul_sensors.errors import ReadingsError
from linehaul_sensors.watch import START_THRESHOLD, Statistic, Watch, WatchRules

from linehaul_sensors import watch_kernels as kernels

PERIOD = 60.0


def series(rng, days, day=3.0, noise=1.0):
    t = np.arange(int(days * 86_400 / PERIOD)) * PERIOD
    return t, 50 + day * np.sin(2 * np.pi * t / 86_400) + noise * rng.standard_normal(t.size)


def feed(watch, t, values, channel=0, context=None):
    size = t.size
    context = np.zeros(size, np.uint8) if context is None else context
    return watch.feed(np.full(size, channel, np.uint32), t, values, context)


def learnt(rng, days=5):
    watch = Watch(1)
    t, x = series(rng, days)
    feed(watch, t, x)
    return watch, t[-1] + PERIOD


FAULTS = {
    'step': (lambda t, x, rng: x + 5.0, {Statistic.SHIFT_4, Statistic.SHIFT_16}),
    'drift': (lambda t, x, rng: x + t / 1_800.0, None),
    'spike': (lambda t, x, rng: x + 20.0 * (np.arange(t.size) == 30), {Statistic.SPIKE}),
    'variance': (lambda t, x, rng: x + 4.0 * rng.standard_normal(t.size), None),
    'stuck': (lambda t, x, rng: np.full(t.size, x[0]), None),
}


@pytest.mark.parametrize('name', FAULTS)
def test_each_kind_of_fault_is_found_within_six_hours(name):
    rng = np.random.default_rng(5)
    watch, start = learnt(rng)
    change, kinds = FAULTS[name]
    t, x = series(rng, 0.25)
    # The course of the day goes on: six hours make a quarter of it.
    signs = feed(watch, start + t, change(t, x, rng))
    assert signs
    assert kinds is None or signs[0].statistic in kinds
    assert signs[0].score >= watch.threshold


def test_a_healthy_channel_with_a_daily_course_is_quiet():
    rng = np.random.default_rng(6)
    watch, start = learnt(rng)
    t, _ = series(rng, 1)
    x = 50 + 3 * np.sin(2 * np.pi * (start + t) / 86_400) + rng.standard_normal(t.size)
    assert len(feed(watch, start + t, x)) <= 1


def test_a_change_of_operating_state_is_no_surprise():
    rng = np.random.default_rng(7)
    watch = Watch(1, contexts=2)
    t = np.arange(8000) * PERIOD
    context = ((t // 7_200) % 2).astype(np.uint8)
    x = np.where(context == 1, 80.0, 40.0) + rng.standard_normal(t.size)
    signs = feed(watch, t, x, context=context)
    changes = t[1:][np.diff(context) != 0]
    assert len(signs) < changes.size / 10  # what chance gives at the start threshold
    assert all(np.abs(changes - sign.time).min() > 5 * PERIOD for sign in signs)
    # The same value in the other state is one.
    late = np.arange(60) * PERIOD + t[-1] + PERIOD
    assert feed(watch, late, np.full(60, 80.0) + rng.standard_normal(60),
                context=np.zeros(60, np.uint8))  # fmt: skip


def test_one_excursion_is_one_warning():
    rng = np.random.default_rng(8)
    watch, start = learnt(rng)
    t, x = series(rng, 0.25)
    assert len(feed(watch, start + t, x + 8.0)) == 1


def test_channels_do_not_touch_each_other():
    rng = np.random.default_rng(9)
    t, x = series(rng, 2)
    one, two = Watch(1), Watch(2)
    alone = one.scores(np.zeros(t.size, np.uint32), t, x, np.zeros(t.size, np.uint8)).score
    mixed = np.repeat(t, 2)
    channel = np.tile(np.array([0, 1], np.uint32), t.size)
    values = np.stack([x, rng.pareto(1.0, t.size)], axis=1).ravel()
    both = two.scores(channel, mixed, values, np.zeros(mixed.size, np.uint8)).score
    assert np.array_equal(alone, both[::2])


def test_batches_of_any_size_give_the_same():
    rng = np.random.default_rng(10)
    t, x = series(rng, 1)
    zeros, flat = np.zeros(t.size, np.uint32), np.zeros(t.size, np.uint8)
    whole = Watch(1).scores(zeros, t, x, flat).score
    parts, watch = [], Watch(1)
    for begin in range(0, t.size, 97):
        cut = slice(begin, begin + 97)
        parts.append(watch.scores(zeros[cut], t[cut], x[cut], flat[cut]).score)
    assert np.array_equal(whole, np.concatenate(parts))


@pytest.mark.parametrize('value', [0.0, 1e-300, 1e300, -5.0])
def test_constant_and_extreme_values_do_no_harm(value):
    watch = Watch(1)
    t = np.arange(2000) * PERIOD
    x = np.full(t.size, value)
    found = watch.scores(np.zeros(t.size, np.uint32), t, x, np.zeros(t.size, np.uint8))
    assert np.isfinite(found.score).all()
    assert found.score.max() < 2.0


def test_the_threshold_follows_the_budget():
    rng = np.random.default_rng(11)
    size = 300
    found = {}
    for budget in (1e6, 3.0, 1e-3):
        watch = Watch(size, rules=WatchRules(budget=budget))
        channel, flat = np.arange(size, dtype=np.uint32), np.zeros(size, np.uint8)
        for k in range(1200):
            watch.scores(channel, np.full(size, k * PERIOD), rng.standard_normal(size), flat)
        assert watch.threshold == START_THRESHOLD
        found[budget] = watch.set_threshold()
    assert found[1e6] == START_THRESHOLD
    assert found[1e6] <= found[3.0] < found[1e-3] < 100


def test_scores_do_not_rise_with_the_age_of_a_channel():
    """The threshold comes from the past; it must hold for channels that are a day older."""
    stat = np.linspace(1.0, 4.0, kernels.STATISTICS)
    past = np.ones((3, kernels.STATISTICS + 2))
    scores = []
    for blocks in (100.0, 400.0, 1000.0, 5000.0):
        past[1, kernels.BLOCKS] = blocks
        scores.append(kernels._judge(stat, past.copy(), 6.0)[0])
    assert scores[0] < scores[1] == scores[2] == scores[3]


def test_after_maintenance_a_channel_learns_anew():
    rng = np.random.default_rng(12)
    watch, start = learnt(rng)
    watch.forget([0])
    t, x = series(rng, 0.5)
    assert feed(watch, start + t, x + 30.0) == []


@pytest.mark.parametrize(
    ('channel', 'context', 'value'), [(1, 0, 1.0), (0, 1, 1.0), (0, 0, np.nan), (0, 0, np.inf)]
)
def test_what_does_not_fit_is_refused(channel, context, value):
    with pytest.raises(ReadingsError):
        Watch(1).scores(
            np.array([channel], np.uint32),
            np.array([0.0]),
            np.array([value]),
            np.array([context], np.uint8),
        )
