# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""`linehaul` against a running factory: what people and scripts get to see and can do."""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys

import pytest

pytest.importorskip('linehaul_interfaces.srv', reason='the ROS interfaces are not built')

from linehaul_bringup.arguments import resolve
from linehaul_bringup.errors import EnvironmentMissing
from linehaul_bringup.readers import plan_processes, read_table
from linehaul_bringup.starter import child_environment, commands_of

PATIENCE = 120.0


@pytest.fixture
def linehaul(tmp_path):
    """Start a factory; give a function that runs the command against it."""
    if importlib.util.find_spec('linehaul_fleet') is None:
        pytest.skip('linehaul_fleet is not built')
    env = {
        **os.environ,
        'ROS_DOMAIN_ID': os.environ.get('ROS_DOMAIN_ID', str(1 + os.getpid() % 100)),
    }
    given = [('plant', 'cell'), ('run_dir', str(tmp_path)), ('speed', '10')]
    try:
        values = resolve(read_table(env, None).arguments, given)
        commands = commands_of(plan_processes(values, env), env)
    except EnvironmentMissing as error:
        pytest.skip(f'the workspace is not built: {error}')
    env = child_environment(env, tmp_path, colour=False)
    running = []
    for command in commands:
        if command.label in ('sim', 'fleet'):
            with (tmp_path / f'{command.label}.log').open('wb') as log:
                running.append(
                    subprocess.Popen(command.argv, env=env, stdout=log, stderr=subprocess.STDOUT)
                )

    def run(*words, code=0):
        done = subprocess.run(
            [sys.executable, '-m', 'linehaul_fleet.cli', *words, '--wait', str(PATIENCE)],
            env={**env, 'COLUMNS': '200'},
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )
        assert done.returncode == code, (words, done.stdout, done.stderr)
        assert 'Traceback' not in done.stderr
        return done.stdout

    yield run
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
    for log in sorted(tmp_path.glob('*.log')):
        print(f'--- {log.name}\n{log.read_text()[-4000:]}')  # noqa: T201 (shown if it fails)


def test_a_shift_leader_sees_and_operates_the_fleet(linehaul):
    result = json.loads(
        linehaul(
            *('deliver', '--station', 'fa1_01', '--item', 'casing', '--quantity', '4'),
            *('--request-id', 'r1', '--due-in', '3000', '--json'),
        )
    )
    assert (result['error_code'], result['quantity'], result['station_id']) == (0, 4, 'fa1_01')
    assert linehaul('drain', '--actor', 'anna', '--reason', 'end of shift').strip()
    assert linehaul('vehicle', 'out', 'agv_002', '--actor', 'anna', '--reason', 'it squeaks')
    assert linehaul('edge', 'close', 'crossing_se', '--reason', 'a puddle', '--actor', 'anna')
    refused = json.loads(linehaul('vehicle', 'send', 'agv_9', 'fa1_01', '--json', code=1))
    assert refused['error_code'] == 600
    told = linehaul('fleet')
    for text in ('draining', 'anna: end of shift', 'agv_002', 'out', 'crossing_se', 'a puddle'):
        assert text in told, told
    state = json.loads(linehaul('fleet', '--json'))
    assert (state['mode'], state['delivered'], len(state['vehicles'])) == (4, 1, 3)
    history = linehaul('delivery', 'show', 'r1')
    assert 'delivered' in history
    assert 'fetching' in history
    assert linehaul('delivery', 'cancel', 'r1', '--json', code=1).find('604') > 0
