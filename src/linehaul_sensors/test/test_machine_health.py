# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Machines that wear are told with evidence, sound ones are not, and people's answers teach."""

import numpy as np
import pytest
from linehaul_sensors.channels import Channel, make_table
from linehaul_sensors.early_warnings import WarningStatus, from_record, to_record
from linehaul_sensors.learned import load, save
from linehaul_sensors.machine_health import KEPT, HealthRules, MachineHealth
from linehaul_sensors.machine_watch import SAMPLES, MachineWatch
from linehaul_sensors.maintenance import Maintenance, MaintenanceRules
from linehaul_sensors.watch import Sign, Statistic

HOUR, DAY = 3600.0, 86_400.0
RULES = HealthRules(interval=HOUR, learn=30, horizon=2 * DAY)
TABLE = make_table(
    [
        Channel(f'{m}/{q}', q, '1', 'hall', m, period=10.0)
        for m in ('press', 'oven')
        for q in ('vibration', 'temperature', 'current')
    ]
)
LIMITS = np.full((6, 2), np.nan)
LIMITS[0, 1] = 40.0  # vibration of the press


def run(health, hours, begin=0, slope=0.0, seed=1):
    """Return the states told while vibration of the press grows by `slope` an hour."""
    rng = np.random.default_rng(seed)
    told = []
    for k in range(begin, begin + hours):
        mean = 10.0 + rng.standard_normal(6)
        mean[0] += slope * (k - begin)
        told += health.close(mean, k * HOUR)
    return told


def test_a_worn_machine_is_told_with_its_channel_and_its_life():
    health = MachineHealth(TABLE, LIMITS, RULES)
    assert run(health, 60) == []
    told = run(health, 40, begin=60, slope=0.5)
    state = told[-1]
    assert {s.equipment for s in told} == {'press'}
    assert state.channels[0] == 0
    assert state.shares[0] > 0.9
    assert state.wears
    left = (40.0 - 10.0 - 0.5 * 39) / 0.5 * HOUR
    assert state.prognosis.low < left < state.prognosis.high
    assert 55 * HOUR < state.since < 75 * HOUR
    assert 0.0 < state.health < 0.7


def test_nothing_is_told_before_the_reference_is_known_and_gaps_do_no_harm():
    health = MachineHealth(TABLE, LIMITS, RULES)
    assert run(health, 20, slope=5.0) == []
    assert np.isnan(health.state('press').health)
    for k in range(100):
        health.close(np.full(6, np.nan), (200 + k) * HOUR)
    assert run(health, 10, begin=400) == []


def test_a_sum_of_readings_becomes_the_mean_of_its_interval():
    health = MachineHealth(TABLE, LIMITS, HealthRules(interval=HOUR, learn=8))
    health.tick(0.0)
    health.feed(np.array([0, 0, 3], np.uint32), np.array([1.0, 3.0, 7.0]))
    health.tick(HOUR)
    assert health._ring.mean[-1, [0, 3]].tolist() == [2.0, 7.0]
    assert np.isnan(health._ring.mean[-1, 1])
    health.tick(10.0)  # the clock jumped back: nothing ends, nothing breaks
    health.tick(10.0 + HOUR)
    assert np.isnan(health._ring.mean[-1]).all()


def test_after_maintenance_a_machine_is_learnt_anew_even_at_another_level():
    health = MachineHealth(TABLE, LIMITS, RULES)
    run(health, 60)
    assert run(health, 40, begin=60, slope=0.5)
    health.renew('press')
    rng = np.random.default_rng(2)
    for k in range(KEPT):
        mean = 10.0 + rng.standard_normal(6)
        mean[0] += 15.0
        assert not [s for s in health.close(mean, (100 + k) * HOUR) if s.wears]


def test_a_rejected_level_is_usual_from_then_on():
    health = MachineHealth(TABLE, LIMITS, RULES)
    run(health, 60)
    rng = np.random.default_rng(3)

    def shifted(begin, hours):
        told = []
        for k in range(begin, begin + hours):
            mean = 10.0 + rng.standard_normal(6)
            mean[0] += 8.0
            told += health.close(mean, k * HOUR)
        return told

    assert shifted(60, 15)
    health.accept('press')
    assert health.tolerance['press'] == pytest.approx(1.5)
    assert shifted(75, 30) == []
    health.trust('press')
    assert 'press' not in health.tolerance


def joint_samples(rng, broken=False):
    """Six channels that move together in threes; a break parts one from its fellows."""
    a, b = rng.standard_normal(2)
    values = np.array([a, a, -a, b, b, b]) + 0.1 * rng.standard_normal(6)
    if broken:
        values[1] = -values[1] + 3.0
    return values


def test_a_machine_whose_channels_part_is_told_once():
    watch = MachineWatch(TABLE, every=300.0, budget=1.0)
    rng = np.random.default_rng(4)
    channel = np.arange(6, dtype=np.uint32)
    signs, now = [], 0.0
    for k in range(SAMPLES + 400):
        now = 300.0 * k
        watch.feed(channel, np.full(6, now), joint_samples(rng, broken=k > SAMPLES + 300))
        signs += [(k, s) for s in watch.tick(now)]
    assert [s.equipment for k, s in signs] == ['press']
    assert signs[0][0] > SAMPLES + 300
    assert signs[0][1].channels[0] in (0, 1)
    watch.feed(channel[:3], np.full(3, now), np.zeros(3))
    assert watch.tick(now + 1e6) == []  # stale values say nothing


def make():
    rules = MaintenanceRules(health=RULES, sample=60.0)
    return Maintenance(TABLE, LIMITS, rules)


SIGN = Sign(0, 5.0, 12.0, 9.0, 6.0, Statistic.SHIFT_16)


def test_signs_of_one_machine_are_one_record_and_reviews_are_followed():
    one = make()
    (first,) = one.take([SIGN], 5.0)
    (second,) = one.take([Sign(1, 9.0, 1.0, 9.0, -6.0, Statistic.LOUDER)], 9.0)
    assert second.id == first.id
    assert [c for c, _ in second.evidence] == ['press/vibration', 'press/temperature']
    assert 'bearings' in second.proposal
    assert one.review('nobody', 2, '', 'ada', 10.0).code == 802
    assert one.review(first.id, 2, '', ' ', 10.0).code == 803
    assert one.review(first.id, 7, '', 'ada', 10.0).code == 806
    assert one.review(first.id, 3, 'sound', 'ada', 10.0).status is WarningStatus.REJECTED
    assert one.book.views() == []
    assert one.health.tolerance == {'press': 1.5}
    (third,) = one.take([SIGN], 20.0)
    assert third.id != first.id


def test_what_nobody_sees_any_more_is_closed_but_not_what_was_confirmed():
    one = make()
    one.take([SIGN], 5.0)
    (other,) = one.take([Sign(3, 5.0, 1.0, 9.0, 6.0, Statistic.CUSUM)], 5.0)
    one.review(other.id, 2, 'true', 'ada', 6.0)
    for now in (10.0, 4 * DAY, 4 * DAY + 61.0):
        one.tick(now)
    assert [r.equipment for r in one.book.views()] == ['oven']


def test_records_and_what_was_learnt_come_back(tmp_path):
    one = make()
    rng = np.random.default_rng(5)
    channel = np.arange(6, dtype=np.uint32)
    records = []
    for k in range(3000):
        values, times = joint_samples(rng), np.full(6, 60.0 * k)
        signs = one.feed(channel, times, values, np.zeros(6, np.uint8))
        records += one.take(signs, 60.0 * k) + one.tick(60.0 * k)
    records += one.take([SIGN], 180_000.0)
    path = tmp_path / 'learned.npz'
    save(path, one, TABLE, 180_000.0)
    late = one.review(records[-1].id, 3, 'sound', 'ada', 180_060.0)
    other = make()
    learnt = load(path, other, TABLE)
    assert learnt == 180_000.0
    journal = [from_record(to_record(r)) for r in [*records, late]]
    other.restore(journal, learnt)
    assert other.health.tolerance == one.health.tolerance == {'press': 1.5}
    assert set(other.machines.models()) == {'oven'}  # the review made the press learn anew
    assert other.book.records.keys() == one.book.records.keys()
    values, times = joint_samples(rng), np.full(6, 180_060.0)
    zeros = np.zeros(6, np.uint8)
    a, b = (m.watch.scores(channel, times, values, zeros).score for m in (one, other))
    assert np.array_equal(a, b)


def test_a_changed_table_keeps_what_it_still_has_and_a_torn_file_is_told(tmp_path):
    from linehaul_sensors.errors import HistoryError

    one = make()
    run(one.health, 60)
    path = tmp_path / 'learned.npz'
    save(path, one, TABLE, 1.0)
    table = make_table([TABLE.channels[5], TABLE.channels[0]])
    other = Maintenance(table, None, MaintenanceRules(health=RULES))
    load(path, other, table)
    assert other.health._middle.tolist() == one.health._middle[[5, 0]].tolist()
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(HistoryError, match='damaged'):
        load(path, other, table)
