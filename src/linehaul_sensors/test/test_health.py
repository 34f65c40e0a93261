# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The trend is only told when it is sure, and the interval holds."""

import numpy as np
import pytest
from linehaul_sensors.health import outlook, prognosis

HOUR = 3600.0


def test_without_a_trend_there_is_no_estimate():
    rng = np.random.default_rng(2)
    time = np.arange(100) * HOUR
    sure = [prognosis(time, 0.3 + 0.1 * rng.standard_normal(100), 5.0).sure for _ in range(300)]
    assert sum(sure) == 0
    assert not prognosis(time[:4], time[:4], 5.0).sure
    assert not prognosis(time, -time, 5.0).sure


def test_the_interval_holds_the_true_life_about_nine_times_in_ten():
    rng = np.random.default_rng(3)
    time = np.arange(120) * HOUR
    inside = []
    for _ in range(300):
        slope = rng.uniform(0.01, 0.03) / HOUR
        found = prognosis(time, slope * time + 0.1 * rng.standard_normal(120), 5.0)
        true = 5.0 / slope - time[-1]
        assert found.sure
        assert found.remaining == pytest.approx(true, rel=0.25)
        inside.append(found.low <= true <= found.high)
    assert np.mean(inside) > 0.6


def test_wild_values_do_not_move_it():
    time = np.arange(100) * HOUR
    value = 0.01 * np.arange(100.0)
    clean = prognosis(time, value, 5.0)
    value[[20, 40, 60]] = [50.0, -30.0, np.nan]
    wild = prognosis(time, value, 5.0)
    assert wild.remaining == pytest.approx(clean.remaining, rel=0.02)


def test_past_the_failure_level_nothing_remains():
    found = prognosis(np.arange(50) * HOUR, np.linspace(0, 9, 50), 5.0)
    assert (found.health, found.remaining) == (0.0, 0.0)


def test_even_and_accelerating_wear_are_both_within_the_outlook():
    rng = np.random.default_rng(4)
    time = np.arange(90) * HOUR
    even = np.linspace(0.5, 6.0, 90)
    faster = 0.5 * np.exp(np.linspace(0, np.log(12.0), 90))
    for course, life in ((even, 6.0 / (5.5 / 89)), (faster, np.log(2.0) / (np.log(12.0) / 89))):
        found = outlook(time, course + 0.1 * rng.standard_normal(90), 12.0)
        assert found.sure
        assert found.low <= life * HOUR <= found.high
