# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The factory with a warehouse of stock and cranes, which is killed while it brings containers."""

import importlib.util
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from linehaul_bringup.arguments import resolve
from linehaul_bringup.errors import EnvironmentMissing
from linehaul_bringup.readers import plan_processes, read_table
from linehaul_bringup.starter import commands_of
from linehaul_bringup.status import read_status

PATIENCE = 120.0
MANAGED = resolve(read_table(os.environ).arguments, [('warehouse', 'managed')])
SEED = 6


@pytest.fixture(autouse=True)
def built():
    """Skip, and say why, where the nodes cannot run."""
    try:
        commands_of(plan_processes(MANAGED, os.environ), os.environ)
    except EnvironmentMissing as error:
        pytest.skip(f'the workspace is not built: {error}')
    if importlib.util.find_spec('linehaul_interfaces') is None:
        pytest.skip('linehaul_interfaces is not built')


def steps_done(journal):
    """Return how many steps the cranes have done, from the journal as it is on disk."""
    try:
        with sqlite3.connect(f'file:{journal}?mode=ro', uri=True) as db:
            query = "SELECT count(*) FROM event WHERE kind = 'StepEnded'"
            return int(db.execute(query).fetchone()[0])
    except sqlite3.Error:  # not there yet
        return 0


def until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, 'it never came to that'
        time.sleep(0.02)


def test_a_warehouse_that_is_killed_again_and_again_loses_and_doubles_nothing(tmp_path):
    rng = random.Random(SEED)
    words = ['--json', '--run-dir', 'r', '--deliveries', '2', '--speed', '20']
    demo = subprocess.Popen(
        [sys.executable, '-m', 'linehaul_bringup.demo', *words, 'warehouse:=managed'],
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    status, journal = tmp_path / 'r/status.json', tmp_path / 'r/state/wh.db'
    killed = []
    try:
        for _ in range(2):
            wanted = steps_done(journal) + rng.randint(1, 4)
            until(lambda wanted=wanted: steps_done(journal) >= wanted)
            until(lambda: read_status(status).nodes['warehouse'].pid not in [None, *killed])
            killed.append(read_status(status).nodes['warehouse'].pid)
            os.kill(killed[-1], signal.SIGKILL)
        out, err = demo.communicate(timeout=280)
    finally:
        if demo.poll() is None:
            demo.kill()
            demo.communicate()
    assert demo.returncode == 0, f'seed {SEED}\n{out}{err}'
    report = json.loads(out)
    assert report['delivered'] == report['deliveries'] == 2
    assert (report['picks'], report['drops']) == (2, 2)
    assert report['overlaps'] == report['beyond_base'] == report['custody_errors'] == 0
    assert report['restarts']['warehouse'] == 2
    with sqlite3.connect(journal) as db:
        issued = db.execute("SELECT body FROM event WHERE kind = 'LoadIssued'").fetchall()
    loads = [json.loads(body)['load_id'] for (body,) in issued]
    assert len(loads) == len(set(loads)) == 2
