# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""History is written behind: a disk that hangs or refuses holds up nobody and costs nothing."""

import threading

import pytest
from linehaul_sensors.errors import HistoryError
from linehaul_sensors.history import MINUTE, History
from linehaul_sensors.history_query import Question, query
from linehaul_sensors.readings import NS, make_readings
from linehaul_sensors.write_behind import WriteBehind

T0 = 1_800_000_000 * NS


def batch(k, size=1):
    return make_readings([0] * size, [T0 + k * NS] * size, [float(k + j) for j in range(size)])


def values(folder):
    question = Question(T0 - MINUTE, T0 + 10 * MINUTE, (), 0.0)
    return query(folder, question).column('value').to_pylist()


class Hanging(History):
    """A history whose disk hangs, and may refuse, until it is told to go on."""

    def __init__(self, folder, wrong=''):
        super().__init__(folder, ['a'])
        self.go, self.asked, self.wrong = threading.Event(), threading.Event(), wrong

    def append(self, readings, now):
        self.asked.set()
        if self.wrong:
            raise HistoryError(self.wrong)
        self.go.wait(30.0)
        return super().append(readings, now)


def test_nobody_waits_for_a_disk_that_hangs_and_nothing_is_lost(tmp_path):
    history = Hanging(tmp_path)
    line = WriteBehind(history)
    for k in range(200):  # over four minutes of segments
        line.append(batch(k), T0 + k * NS)
    assert line.waiting == 200
    history.go.set()
    assert line.close() == 0
    assert values(tmp_path) == [float(k) for k in range(200)]


def test_what_a_full_disk_refused_is_written_when_there_is_room(tmp_path):
    history = Hanging(tmp_path, 'no space left')
    history.go.set()
    line = WriteBehind(history)
    line.append(batch(1), T0)
    history.asked.wait(30.0)
    line.append(batch(2), T0 + NS)
    history.wrong = ''
    assert line.close() == 0
    assert (values(tmp_path), line.trouble) == ([1.0, 2.0], '')


def test_a_line_that_is_full_refuses_and_says_why(tmp_path):
    history = Hanging(tmp_path, 'no space left')
    line = WriteBehind(history, most=10)
    line.append(batch(0, 40), T0)  # alone it is always taken
    with pytest.raises(HistoryError, match='40 readings wait'):
        line.append(batch(1), T0)
    assert line.close() == 40
    assert line.trouble == 'no space left'
