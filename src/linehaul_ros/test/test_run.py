# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A process that dies or hangs says where, and ends so that it can be started again."""

import signal
import subprocess
import sys

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')

PROGRAM = """
import ctypes, sys, threading
from linehaul_ros.run import run

def waits_for_ever():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()

def waits_for_ever_with_the_interpreter():
    ctypes.PyDLL(None).pause()

def dies():
    ctypes.string_at(0)

sys.exit(run(globals()[sys.argv[1]], start_limit=1.0))
"""


def run_program(start):
    words = [sys.executable, '-c', PROGRAM, start]
    return subprocess.run(words, capture_output=True, text=True, timeout=60.0, check=False)


@pytest.mark.parametrize('start', ['waits_for_ever', 'waits_for_ever_with_the_interpreter'])
def test_a_start_that_hangs_is_ended_and_says_where(start):
    ended = run_program(start)
    assert ended.returncode == 1
    assert f'in {start}' in ended.stderr


def test_a_process_that_dies_by_a_signal_says_where():
    ended = run_program('dies')
    assert ended.returncode == -signal.SIGSEGV
    assert 'in dies' in ended.stderr
