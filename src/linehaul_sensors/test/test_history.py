# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Nothing that was written is lost, whatever is torn or killed; questions are answered rightly."""

import os
import subprocess
import sys

import numpy as np
import pytest
from linehaul_sensors.errors import HistoryError
from linehaul_sensors.history import HOUR, History
from linehaul_sensors.history_days import downsample, forget, merge_days, size_on_disk
from linehaul_sensors.history_query import Question, query
from linehaul_sensors.readings import NS, Quality, make_readings
from linehaul_sensors.segments import SegmentWriter, encode, read_segment

from linehaul_sensors import cli, history

T0 = 1_800_000_000 // 86_400 * 86_400 * NS
NAMES = ['a', 'b/2', "c'3"]


def batch(rng, count, begin=T0, span=HOUR, channels=3):
    time = begin + np.sort(rng.integers(0, span, count)) // 1_000_000 * 1_000_000
    value = np.round(rng.normal(50, 10, count), 2)
    return make_readings(rng.integers(0, channels, count), time, value)


def same(a, b):
    return all(
        np.array_equal(getattr(a, n), getattr(b, n), equal_nan=n == 'value')
        for n in ('channel', 'time', 'value', 'quality', 'flags')
    )


def ask(folder, every=0.0, start=T0, end=T0 + 86_400 * NS, channels=()):
    return query(folder, Question(start, end, tuple(channels), every)).to_pylist()


def test_a_segment_gives_back_what_was_written(tmp_path):
    rng = np.random.default_rng(1)
    first, second = batch(rng, 100), batch(rng, 1)
    with SegmentWriter(tmp_path, T0) as writer:
        writer.append(first)
        writer.append(second)
        writer.append(make_readings([], [], []))
    found = read_segment(writer.path)
    assert found.torn == 0
    assert same(found.readings.take(np.arange(100)), first)
    assert same(found.readings.take(np.arange(100, 101)), second)


@pytest.mark.parametrize('damage', ['cut', 'garbage', 'flipped', 'zeros'])
def test_a_torn_tail_costs_only_the_tail_and_is_told(tmp_path, damage):
    rng = np.random.default_rng(2)
    first, second = batch(rng, 50), batch(rng, 60)
    with SegmentWriter(tmp_path, T0) as writer:
        kept = writer.append(first)
        writer.append(second)
    data = bytearray(writer.path.read_bytes())
    match damage:
        case 'cut':
            data = data[:-7]
        case 'garbage':
            data = data[:kept] + b'LHS1' + os.urandom(90)
        case 'flipped':
            data[-20] ^= 1
        case 'zeros':
            data = data[:kept] + bytes(4096)
    writer.path.write_bytes(data)
    found = read_segment(writer.path)
    assert same(found.readings, first)
    assert found.torn == len(data) - kept


def test_every_cut_of_a_segment_reads_as_whole_frames(tmp_path):
    rng = np.random.default_rng(3)
    frames = [encode(batch(rng, n)) for n in (3, 1, 5)]
    data = b''.join(frames)
    ends = np.cumsum([len(f) for f in frames])
    counts = np.cumsum([0, 3, 1, 5])
    path = tmp_path / 'x.seg'
    for cut in range(len(data) + 1):
        path.write_bytes(data[:cut])
        whole = int((ends <= cut).sum())
        found = read_segment(path)
        assert len(found.readings) == counts[whole]
        assert found.torn == cut - (ends[whole - 1] if whole else 0)


def test_readings_survive_the_death_of_the_process(tmp_path):
    code = (
        'import os, signal, sys; from pathlib import Path\n'
        'from linehaul_sensors.history import History\n'
        'from linehaul_sensors.readings import make_readings\n'
        'h = History(Path(sys.argv[1]), ["a"])\n'
        'for k in range(50): h.append(make_readings([0], [k * 10**9], [k]), k * 10**9)\n'
        'os.kill(os.getpid(), signal.SIGKILL)\n'
    )
    done = subprocess.run([sys.executable, '-c', code, tmp_path], env=os.environ, check=False)
    assert done.returncode == -9
    assert [row['value'] for row in ask(tmp_path, start=0)] == list(range(50))
    assert History(tmp_path, ['a']).compact().readings == 50


def test_compacted_and_fresh_readings_are_one_answer(tmp_path):
    rng = np.random.default_rng(4)
    memory = History(tmp_path, NAMES)
    first, second = batch(rng, 500, span=3 * HOUR), batch(rng, 100, begin=T0 + 3 * HOUR)
    memory.append(first, T0)
    memory.roll()
    done = memory.compact()
    assert (done.readings, done.torn) == (500, 0)
    memory.append(second, T0 + HOUR)
    rows = ask(tmp_path)
    assert len(rows) == 600
    order = [(r['channel'], r['time']) for r in rows]
    assert order == sorted(order)
    parts = [(first.channel, first.time, first.value), (second.channel, second.time, second.value)]
    value = {
        (NAMES[c], t // 1_000_000, v)
        for columns in parts
        for c, t, v in zip(*(column.tolist() for column in columns), strict=True)
    }
    assert {(r['channel'], r['time'], r['value']) for r in rows} == value


def test_intervals_are_those_of_numpy(tmp_path):
    rng = np.random.default_rng(5)
    memory = History(tmp_path, NAMES)
    got = batch(rng, 3000, span=2 * HOUR)
    memory.append(got, T0)
    memory.roll()
    memory.compact()
    rows = ask(tmp_path, every=600.0, channels=["c'3"])
    mine = got.channel == 2
    bucket = got.time[mine] // (600 * NS)
    for row in rows:
        part = got.value[mine][bucket == row['time'] * 1_000_000 // (600 * NS)]
        assert row['channel'] == "c'3"
        assert (row['minimum'], row['maximum'], row['count']) == (
            part.min(),
            part.max(),
            part.size,
        )
        assert row['mean'] == pytest.approx(part.mean())
        assert row['worst'] == Quality.GOOD
    assert len(rows) == 12


def test_bad_values_count_only_as_quality(tmp_path):
    memory = History(tmp_path, ['a'])
    quality = [Quality.GOOD, Quality.BAD, Quality.UNCERTAIN, Quality.STALE]
    memory.append(make_readings([0] * 4, [T0 + k for k in range(0, 4 * NS, NS)],
                                [1.0, np.nan, 3.0, 99.0], quality), T0)  # fmt: skip
    (row,) = ask(tmp_path, every=60.0)
    assert (row['minimum'], row['mean'], row['maximum'], row['count']) == (1.0, 2.0, 3.0, 2)
    assert row['worst'] == Quality.STALE


def test_duplicates_go_and_different_values_of_one_time_stay(tmp_path):
    memory = History(tmp_path, ['a'])
    for value in (1.0, 1.0, 2.0):
        memory.append(make_readings([0], [T0], [value]), T0)
    memory.roll()
    assert memory.compact().duplicates == 1
    assert sorted(row['value'] for row in ask(tmp_path)) == [1.0, 2.0]


def test_late_readings_find_their_hour(tmp_path):
    memory = History(tmp_path, ['a'])
    for hour in (5, 1, 5):
        memory.append(make_readings([0], [T0 + hour * HOUR], [float(hour)]), T0 + 6 * HOUR)
        memory.roll()
        memory.compact()
    assert [row['value'] for row in ask(tmp_path)] == [1.0, 5.0, 5.0]
    assert [r['value'] for r in ask(tmp_path, start=T0 + HOUR, end=T0 + 2 * HOUR)] == [1.0]


@pytest.mark.parametrize('stop', range(6))
def test_a_compaction_that_dies_at_any_step_loses_and_doubles_nothing(tmp_path, monkeypatch, stop):
    rng = np.random.default_rng(6)
    memory = History(tmp_path, NAMES)
    got = batch(rng, 300, span=2 * HOUR)
    memory.append(got, T0)
    memory.roll()
    steps = []

    def dying(real):
        def step(*args, **more):
            steps.append(1)
            if len(steps) > stop:
                raise KeyboardInterrupt
            return real(*args, **more)

        return step

    with monkeypatch.context() as patch:
        patch.setattr(history.os, 'replace', dying(os.replace))
        patch.setattr(history, 'write_parquet', dying(history.write_parquet))
        patch.setattr(history.Path, 'unlink', dying(history.Path.unlink))
        with pytest.raises(KeyboardInterrupt):
            memory.compact()
    History(tmp_path, NAMES).compact()
    assert len(ask(tmp_path)) == 300
    assert not list(tmp_path.glob('**/*.part'))


def test_numbers_stay_with_their_ids(tmp_path):
    History(tmp_path, ['a', 'b']).append(make_readings([1], [T0], [2.0]), T0)
    memory = History(tmp_path, ['c', 'b', 'a'])
    memory.append(make_readings([0, 1], [T0 + NS] * 2, [3.0, 2.5]), T0 + HOUR)
    found = {(r['channel'], r['value']) for r in ask(tmp_path)}
    assert found == {('b', 2.0), ('c', 3.0), ('b', 2.5)}


def test_old_days_become_minutes_and_then_nothing(tmp_path):
    rng = np.random.default_rng(7)
    memory = History(tmp_path, NAMES)
    got = batch(rng, 5000, span=2 * HOUR)
    memory.append(got, T0)
    memory.roll()
    memory.compact()
    before = ask(tmp_path, every=3600.0)
    now = T0 + 40 * 86_400 * NS
    assert len(downsample(tmp_path, 30, now)) == 1
    assert not list((tmp_path / 'raw').glob('**/*.parquet'))
    after = ask(tmp_path, every=3600.0)
    for a, b in zip(before, after, strict=True):
        assert a['mean'] == pytest.approx(b['mean'])
        assert {**a, 'mean': 0} == {**b, 'mean': 0}
    assert downsample(tmp_path, 30, now) == []
    assert forget(tmp_path, 39, now) != []
    assert ask(tmp_path, every=3600.0) == []


def test_a_day_of_sorted_readings_is_small_on_disk(tmp_path):
    rng = np.random.default_rng(8)
    memory = History(tmp_path, [f'c{k}' for k in range(500)])
    count = 60_000
    channel = np.tile(np.arange(500), count // 500)
    time = T0 + np.arange(count) * (HOUR // count) // 1_000_000 * 1_000_000
    memory.append(make_readings(channel, time, np.round(rng.normal(20, 1, count), 2)), T0)
    memory.roll()
    memory.compact()
    assert size_on_disk(tmp_path / 'raw') / count <= 4.0


@pytest.mark.parametrize(
    'question',
    [
        Question(T0, T0 + NS, ('nobody',)),
        Question(T0, T0),
        Question(T0, T0 + NS, (), -1.0),
    ],
)
def test_questions_without_sense_are_refused(tmp_path, question):
    History(tmp_path, ['a'])
    with pytest.raises(HistoryError):
        query(tmp_path, question)


def test_a_folder_that_cannot_be_used_is_refused(tmp_path):
    (tmp_path / 'file').write_text('x')
    with pytest.raises(HistoryError):
        History(tmp_path / 'file', ['a'])
    (tmp_path / 'channels.json').write_text('{')
    with pytest.raises(HistoryError, match='damaged'):
        History(tmp_path, ['a'])


# -- the command


@pytest.fixture
def filled(tmp_path):
    memory = History(tmp_path, ['a', 'b'])
    memory.append(make_readings([0, 1, 0], [T0, T0 + NS, T0 + 61 * NS], [1.0, 5.0, 2.0]), T0)
    memory.close()
    return tmp_path


def run(*words):
    return cli.main([str(w) for w in words], now=(T0 + 3600 * NS) / NS)


def test_the_command_prints_tables_and_csv(filled, capsys):
    assert run('query', filled, 'a', '--from', '-2h', '--every', '1m', '--form', 'csv') == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == 'channel,time,minimum,mean,maximum,count,worst'
    assert lines[1].endswith('T00:00:00.000Z,1,1,1,1,good')
    assert len(lines) == 3
    assert run('query', filled, '--from', '-2h', '--every', '0') == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_the_command_writes_parquet_and_a_picture(filled):
    for form in ('parquet', 'plot'):
        out = filled / f'x.{"png" if form == "plot" else form}'
        assert run('query', filled, '--from', '-2h', '--form', form, '--out', out) == 0
        assert out.stat().st_size > 500


def test_the_command_compacts_and_retains(filled, capsys):
    assert run('compact', filled) == 0
    assert capsys.readouterr().out.startswith('3 readings of 1 segments')
    assert run('retain', filled, '--days', '1') == 0


@pytest.mark.parametrize(
    'words',
    [
        ('query', '{}', '--form', 'plot'),
        ('query', '{}', 'nobody'),
        ('query', '{}', '--from', 'yesterday'),
        ('query', '{}', '--from', 'now', '--to', '-1h'),
        ('check', '{}/none.yaml'),
    ],
)
def test_wrong_use_is_told_in_one_line(filled, words, capsys):
    assert run(*(w.format(filled) for w in words)) == 2
    assert capsys.readouterr().err.strip()


def sums(rows, step):
    """Return what intervals must say, from single readings."""
    found = {}
    for row in rows:
        found.setdefault((row['channel'], row['time'] // step * step), []).append(row)
    return {
        key: (
            min((r['value'] for r in part if r['quality'] < 3), default=None),
            max((r['value'] for r in part if r['quality'] < 3), default=None),
            sum(r['quality'] < 3 for r in part),
            max(r['quality'] for r in part),
        )
        for key, part in found.items()
    }


def days_of_readings(folder):
    """Fill a history in several compactions, so that hours have several files; NaN among them."""
    rng = np.random.default_rng(11)
    memory = History(folder, NAMES)
    for k in range(3):
        part = batch(rng, 4000, T0 + 20 * HOUR, span=6 * HOUR)
        part.value[::50], part.quality[::50] = np.nan, Quality.BAD
        memory.append(part, T0 + k * HOUR)
        memory.roll()
        if k < 2:
            memory.compact()
    memory.close()


@pytest.fixture(scope='module')
def two_days(tmp_path_factory):
    folder = tmp_path_factory.mktemp('history')
    days_of_readings(folder)
    return folder


@pytest.mark.parametrize(
    ('start', 'end'), [(0, 24), (20.5, 25.25), (21.1, 21.9), (22, 23), (23.5, 25.5), (19.2, 21.1)]
)
@pytest.mark.parametrize('every', [3600.0, 7200.0])
def test_sums_of_hours_say_what_their_readings_say(two_days, start, end, every):
    limits = {'start': T0 + int(start * HOUR), 'end': T0 + int(end * HOUR)}
    single = ask(two_days, 0.0, **limits)
    found = {
        (row['channel'], row['time']): (
            row['minimum'], row['maximum'], row['count'], row['worst'],
        )
        for row in ask(two_days, every, **limits)
    }  # fmt: skip
    assert found == sums(single, int(every * 1000))


def test_a_day_that_is_over_becomes_one_file_and_says_the_same(tmp_path):
    days_of_readings(tmp_path)
    History(tmp_path, NAMES).compact()
    limits = [
        {'start': T0 + a * HOUR, 'end': T0 + b * HOUR} for a, b in ((0, 48), (21, 23), (22, 30))
    ]
    before = [ask(tmp_path, 0.0, **one) for one in limits]
    now = T0 + 26 * HOUR
    (day,) = merge_days(tmp_path, now)
    assert len(list((tmp_path / 'raw' / day).rglob('*.parquet'))) == 1
    assert repr([ask(tmp_path, 0.0, **one) for one in limits]) == repr(before)  # with its NaN
    assert merge_days(tmp_path, now) == []
    late = History(tmp_path, NAMES)
    late.append(batch(np.random.default_rng(1), 10), T0 + 60 * HOUR)
    late.close()
    late.compact()
    assert merge_days(tmp_path, now) == []  # too few late ones to write the day again
    assert len(ask(tmp_path, 0.0, **limits[0])) == len(before[0]) + 10


def test_a_second_process_leaves_a_compaction_alone(tmp_path):
    days_of_readings(tmp_path)
    other = History(tmp_path, NAMES)
    with history.sole(tmp_path) as alone:
        assert alone
        assert other.compact().segments == 0
        assert merge_days(tmp_path, T0 + 72 * HOUR) == []
    assert other.compact(running=True).segments == 0  # the newest is being written
    assert other.compact().segments == 1
