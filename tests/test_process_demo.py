# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The whole factory as processes: the demo delivers, also when any of its nodes is killed."""

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from linehaul_bringup.arguments import resolve
from linehaul_bringup.errors import EnvironmentMissing
from linehaul_bringup.readers import plan_processes, read_table
from linehaul_bringup.starter import commands_of
from linehaul_bringup.status import read_status

PATIENCE = 60.0
PROCESSES = plan_processes(resolve(read_table(os.environ).arguments, []), os.environ)
NODES = [process.label for process in PROCESSES]


@pytest.fixture(autouse=True)
def built():
    """Skip, and say why, where the nodes cannot run."""
    try:
        commands_of(PROCESSES, os.environ)
    except EnvironmentMissing as error:
        pytest.skip(f'the workspace is not built: {error}')
    if importlib.util.find_spec('linehaul_interfaces') is None:
        pytest.skip('linehaul_interfaces is not built')


@pytest.fixture
def demo(tmp_path):
    """Start a demo in a directory of its own."""
    started = []

    def start(*words):
        process = subprocess.Popen(
            [sys.executable, '-m', 'linehaul_bringup.demo', '--json', '--run-dir', 'r', *words],
            cwd=tmp_path,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def read_until(process, word):
    """Read the demo's progress up to a line with a word in it."""
    seen = ''
    while word not in seen:
        line = process.stderr.readline()
        assert line, f'{word!r} was never said; it ended after:\n{seen}'
        seen += line
    return seen


def report_of(process):
    out, err = process.communicate(timeout=280)
    assert process.returncode == 0, out + err
    return json.loads(out)


def pids_of(run_dir):
    status = read_status(run_dir / 'status.json')
    return [status.pid, *(node.pid for node in status.nodes.values() if node.pid)]


def is_alive(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    return False


def test_the_cell_delivers(demo):
    report = report_of(demo('--deliveries', '3', '--speed', '20'))
    assert report['ok'] is True
    assert report['delivered'] == report['deliveries'] == 3
    assert report['overlaps'] == report['beyond_base'] == report['custody_errors'] == 0
    assert report['distance'] > 0
    assert report['picks'] >= 3
    assert not any(report['restarts'].values())


@pytest.mark.parametrize('node', NODES)
def test_the_cell_delivers_although_a_node_is_killed(demo, tmp_path, node):
    process = demo('--deliveries', '3', '--speed', '20')
    read_until(process, 'delivering')
    os.kill(read_status(tmp_path / 'r' / 'status.json').nodes[node].pid, signal.SIGKILL)
    report = report_of(process)
    assert report['ok'] is True
    assert report['delivered'] + len(report['refused']) == 3
    assert report['restarts'] == {name: int(name == node) for name in NODES}


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_of_an_ended_demo(demo, tmp_path, number):
    process = demo('--speed', '10')
    read_until(process, 'fetching')
    pids = pids_of(tmp_path / 'r')
    assert all(map(is_alive, pids))
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == (1 if number == signal.SIGINT else -signal.SIGKILL)
    end = time.monotonic() + PATIENCE
    while any(map(is_alive, pids)):
        assert time.monotonic() < end, 'processes are left'
        time.sleep(0.02)


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['--plant', 'mars'], 'known plants'),
        (['--vehicles', '99'], 'the plant has 3 vehicles'),
        (['--deliveries', '0'], 'at least 1'),
    ],
)
def test_wrong_use_is_told(demo, words, said):
    process = demo(*words)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert said in err
    assert 'Traceback' not in err
