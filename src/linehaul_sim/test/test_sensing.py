# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated sensors: regular, seeded, inside their range, and moved by troubles alone."""

from math import inf
from pathlib import Path

import numpy as np
import pytest
from linehaul_sim.sensing import Sensing, SimChannel, Trouble, read_channels

from linehaul_floor import PlantError

TABLES = Path(__file__).resolve().parents[3] / 'config' / 'sensors'
T0 = 1_800_000_000.0


def channel(name, quantity, low, high, period=1.0):
    return SimChannel(f'm/{name}', quantity, '1', 'p', 'm', low, high, period)


DRIVE = [
    channel('v', 'vibration', 0.0, 50.0),
    channel('t', 'temperature', -20.0, 150.0, 2.0),
    channel('c', 'current', 0.0, 40.0),
]


def by_channel(sensed, number):
    rows = sensed.channel == number
    return sensed.time[rows], sensed.value[rows]


def test_readings_come_with_their_period_and_in_order():
    sensing = Sensing(DRIVE, 1, T0, inf)
    parts = [sensing.step(T0 + t) for t in (3.0, 3.1, 60.0)]
    for number, period in ((0, 1.0), (1, 2.0)):
        time = np.concatenate([by_channel(part, number)[0] for part in parts])
        assert np.allclose(np.diff(time), period)
        assert time[0] - T0 < period
        assert T0 + 60.0 - time[-1] < period
    assert not sensing.step(T0 + 60.0).channel.size


def test_the_same_seed_gives_the_same_plant():
    one, other, third = (Sensing(DRIVE, seed, T0) for seed in (1, 1, 2))
    a, b, c = (s.step(T0 + 100.0) for s in (one, other, third))
    assert np.array_equal(a.value, b.value)
    assert not np.array_equal(a.value, c.value)


@pytest.mark.parametrize(
    ('trouble', 'number', 'least'), [(Trouble.HEAT, 1, 25.0), (Trouble.WEAR, 0, 6.0)]
)
def test_a_trouble_moves_what_it_moves_and_ends(trouble, number, least):
    sensing = Sensing(DRIVE, 1, T0, 600.0)
    sensing._trouble_at = inf  # none comes by itself
    _, before = by_channel(sensing.step(T0 + 100.0), number)
    sensing.bring('m', T0 + 100.0, trouble)
    long = 1200.0 if trouble is Trouble.WEAR else 180.0
    _, worst = by_channel(sensing.step(T0 + 99.0 + long), number)
    assert worst[-1] - before.max() > least
    _, after = by_channel(sensing.step(T0 + 900.0 + long), number)
    assert abs(after[-1] - before.mean()) < least


def test_a_silent_sensor_sends_nothing():
    sensing = Sensing(DRIVE, 1, T0, 600.0)
    sensing.step(T0 + 10.0)
    sensing.bring('m', T0 + 10.0, Trouble.SILENCE)
    sensed = sensing.step(T0 + 30.0)
    assert not np.any(sensed.channel == 0)
    assert np.any(sensed.channel == 2)


def test_troubles_come_by_themselves_to_machines_by_turns():
    channels = read_channels(TABLES / 'cell' / 'channels.yaml')
    sensing = Sensing(channels, 3, T0, 300.0)
    seen = set()
    for minute in range(180):
        sensing.step(T0 + 60.0 * minute)
        seen |= {(name, m.trouble) for name, m in sensing.machines.items() if m.trouble}
    assert ('air', Trouble.LEAK) in seen
    assert {trouble for name, trouble in seen if name != 'air'} >= {Trouble.HEAT, Trouble.WEAR}
    assert not [name for name, _ in seen if name.startswith('hall')]


def test_values_stay_within_range():
    channels = read_channels(TABLES / 'cell' / 'channels.yaml')
    sensed = Sensing(channels, 5, T0, 120.0).step(T0 + 1800.0)
    low = np.array([c.minimum for c in channels])[sensed.channel]
    high = np.array([c.maximum for c in channels])[sensed.channel]
    assert np.all((sensed.value >= low) & (sensed.value <= high))


def test_what_is_not_simulated_is_left_out_and_a_bad_file_is_told(tmp_path):
    path = tmp_path / 'channels.yaml'
    row = '{id: a, quantity: colour, unit: "1", place: p, equipment: m, minimum: 0, maximum: 1}'
    path.write_text(f'channels: [{row}]')
    assert read_channels(path) == []
    path.write_text('channels: 7')
    with pytest.raises(PlantError):
        read_channels(path)
    with pytest.raises(PlantError):
        read_channels(tmp_path / 'none.yaml')
