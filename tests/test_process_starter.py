# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The starter with real processes: stand-ins instead of nodes, so that no ROS is needed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / 'src' / 'linehaul_bringup'
PATIENCE = 20.0

# Each stand-in is a whole program; `-I -S` starts it in a few milliseconds.
STAND_INS = {
    'steady': """
        import signal, sys
        print('argv', *sys.argv[1:], flush=True)
        signal.pause()
    """,
    'stubborn': """
        import signal
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print('ready', flush=True)
        while True:
            signal.pause()
    """,
    'broken': """
        import sys
        print('the map is upside down', file=sys.stderr)
        sys.exit(3)
    """,
    'refusing': """
        import sys
        print('cannot run: no such plant')
        sys.exit(2)
    """,
    'finishing': """
        print('done')
    """,
    'parent': """
        import signal, subprocess, sys
        grandchild = subprocess.Popen([sys.executable, '-I', '-S', '-c',
            'import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\\n'
            'while True: signal.pause()'])
        print('grandchild', grandchild.pid, flush=True)
        signal.pause()
    """,
    'endless': """
        while True:
            print('x' * 200)
    """,
}


@pytest.fixture
def plant(tmp_path):
    """A folder with stand-in executables, and a starter that runs a table of them."""
    folder = tmp_path / 'prefix' / 'lib' / 'stand_ins'
    folder.mkdir(parents=True)
    for name, text in STAND_INS.items():
        file = folder / name
        body = '\n'.join(line[8:] for line in text.splitlines())
        file.write_text(f'#!{sys.executable} -IS\n{body}\n')
        file.chmod(0o755)
    running = []

    def start(nodes, *words, env=(), program=('-m', 'linehaul_bringup'), **how):
        table = tmp_path / 'system.yaml'
        arguments = {'run_dir': {'default': '', 'description': 'the run directory'}}
        rows = {
            name: {'package': 'stand_ins', 'executable': name.split('_')[0], **row}
            for name, row in nodes.items()
        }
        table.write_text(json.dumps({'arguments': arguments, 'nodes': rows}))
        process = subprocess.Popen(
            [sys.executable, *program, '--system', str(table), *words],
            env={**environment(tmp_path), **dict(env)},
            cwd=tmp_path,
            text=True,
            **{'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, **how},
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def environment(tmp_path):
    paths = [str(SOURCE), *sys.path]
    return {
        **{name: value for name, value in os.environ.items() if name != 'NO_COLOR'},
        'AMENT_PREFIX_PATH': str(tmp_path / 'prefix'),
        'PYTHONPATH': os.pathsep.join(path for path in paths if path),
        'TMPDIR': str(tmp_path),
    }


def wait_for(what, condition):
    """Poll until a condition holds; its value is returned."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < end, f'{what} did not happen within {PATIENCE} s'
        time.sleep(0.01)
    return value


def status_of(tmp_path, run='r'):
    with contextlib.suppress(FileNotFoundError):
        return json.loads((tmp_path / run / 'status.json').read_text())
    return None


def running_pid(tmp_path, node, restarts=0):
    """Wait for a node's process that said something, after this number of restarts."""

    def look():
        status = status_of(tmp_path)
        row = status['nodes'][node] if status else {'pid': None}
        if not row['pid'] or row['restarts'] < restarts:
            return None
        spoken = (tmp_path / 'r' / f'{node}.log').read_text().count('\n')
        return row['pid'] if spoken > restarts else None

    return wait_for(f'{node} runs', look)


def is_alive(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    return False


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_clean_stop_when_asked(plant, tmp_path, number):
    starter = plant({'steady': {'parameters': {'plant': 'cell'}}, 'steady_b': {}}, 'run_dir:=r')
    pids = [running_pid(tmp_path, 'steady'), running_pid(tmp_path, 'steady_b')]
    starter.send_signal(number)
    out, err = starter.communicate(timeout=PATIENCE)
    assert (starter.returncode, err) == (0, '')
    assert 'steady   | argv --ros-args -r __node:=steady -r __ns:=/ -p plant:="cell"' in out
    assert '\x1b' not in out
    assert not any(map(is_alive, pids))
    assert status_of(tmp_path)['state'] == 'stopped'


def test_a_stubborn_node_is_ended_within_five_seconds(plant, tmp_path):
    starter = plant({'stubborn': {}, 'steady': {}}, '--run-dir', 'r')
    pids = [running_pid(tmp_path, 'stubborn'), running_pid(tmp_path, 'steady')]
    began = time.monotonic()
    starter.send_signal(signal.SIGINT)
    starter.communicate(timeout=PATIENCE)
    assert starter.returncode == 0
    assert time.monotonic() - began < 5.0
    assert not any(map(is_alive, pids))
    assert status_of(tmp_path)['nodes']['stubborn']['last_exit'] == -signal.SIGKILL


def test_a_second_ctrl_c_ends_at_once(plant, tmp_path):
    starter = plant({'stubborn': {}}, 'run_dir=r')
    running_pid(tmp_path, 'stubborn')
    began = time.monotonic()
    starter.send_signal(signal.SIGINT)
    wait_for('stopping', lambda: status_of(tmp_path)['state'] == 'stopping')
    starter.send_signal(signal.SIGINT)
    starter.communicate(timeout=PATIENCE)
    assert time.monotonic() - began < 2.0


def test_ctrl_c_of_a_background_job_still_reaches_the_nodes(plant, tmp_path):
    """A shell starts background jobs with SIGINT ignored, and that is inherited."""
    starter = plant(
        {'steady': {}},
        'run_dir=r',
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    running_pid(tmp_path, 'steady')
    starter.send_signal(signal.SIGINT)
    starter.communicate(timeout=PATIENCE)
    assert status_of(tmp_path)['nodes']['steady']['last_exit'] == -signal.SIGINT


def test_a_killed_node_is_started_again(plant, tmp_path):
    starter = plant({'steady': {'respawn': {'delay': 0.05}}, 'steady_b': {}}, 'run_dir=r')
    first = running_pid(tmp_path, 'steady')
    other = running_pid(tmp_path, 'steady_b')
    os.kill(first, signal.SIGKILL)
    second = running_pid(tmp_path, 'steady', restarts=1)
    assert second != first
    assert status_of(tmp_path)['nodes']['steady_b']['pid'] == other
    starter.send_signal(signal.SIGTERM)
    out, _ = starter.communicate(timeout=PATIENCE)
    assert starter.returncode == 0
    assert 'steady was killed by SIGKILL' in out
    assert 'starts again in 0.1 s' in out or 'starts again in 0.0 s' in out


def test_a_node_that_keeps_failing_ends_the_plant_and_says_why(plant, tmp_path):
    nodes = {'broken': {'respawn': {'delay': 0.01, 'attempts': 2}}, 'steady': {}}
    starter = plant(nodes, 'run_dir=r')
    out, err = starter.communicate(timeout=PATIENCE)
    assert starter.returncode == 1
    assert 'the plant cannot run without broken, which ended 3 times in a row' in err
    assert 'exit code 3' in err
    assert 'the map is upside down' in err
    assert out.count('broken  | the map is upside down') == 3
    assert status_of(tmp_path)['state'] == 'failed'
    assert status_of(tmp_path)['nodes']['steady']['pid'] is None


def test_a_node_that_refuses_its_configuration_is_not_started_again(plant, tmp_path):
    starter = plant({'refusing': {}, 'steady': {}}, 'run_dir=r')
    out, err = starter.communicate(timeout=PATIENCE)
    assert starter.returncode == 1
    assert out.count('refusing | cannot run: no such plant') == 1
    assert 'cannot run: no such plant' in err


def test_a_node_that_is_not_required_is_given_up_alone(plant, tmp_path):
    nodes = {'broken': {'required': False, 'respawn': False}, 'steady': {}}
    starter = plant(nodes, 'run_dir=r')
    running_pid(tmp_path, 'steady')
    wait_for('giving up', lambda: status_of(tmp_path)['nodes']['broken']['state'] == 'given_up')
    assert starter.poll() is None
    starter.send_signal(signal.SIGINT)
    out, _ = starter.communicate(timeout=PATIENCE)
    assert starter.returncode == 0
    assert 'the plant goes on without it' in out


def test_the_run_ends_with_a_required_node_that_finishes(plant, tmp_path):
    starter = plant({'finishing': {'respawn': False}, 'steady': {}}, 'run_dir=r')
    out, err = starter.communicate(timeout=PATIENCE)
    assert (starter.returncode, err) == (0, '')
    assert 'finishing | done' in out


def test_nothing_is_left_when_the_starter_is_killed(plant, tmp_path):
    starter = plant({'parent': {}, 'stubborn': {}}, 'run_dir=r')
    pids = [running_pid(tmp_path, 'parent'), running_pid(tmp_path, 'stubborn')]
    pids.append(int((tmp_path / 'r' / 'parent.log').read_text().split()[1]))
    assert all(map(is_alive, pids))
    starter.kill()
    wait_for('the end of all', lambda: not any(map(is_alive, pids)))


def test_the_demo_takes_its_factory_with_it_when_it_is_killed(plant, tmp_path):
    (tmp_path / 'r').mkdir()
    program = (
        '-c',
        'import signal, sys; from pathlib import Path\n'
        'from linehaul_bringup.demo_factory import Factory\n'
        'factory = Factory(Path("r").resolve(), sys.argv[1:])\n'
        'signal.pause()',
    )
    demo = plant({'steady': {}}, program=program)
    node = running_pid(tmp_path, 'steady')
    starter = status_of(tmp_path)['pid']
    demo.kill()
    wait_for('the end of the factory', lambda: not (is_alive(node) or is_alive(starter)))
    assert status_of(tmp_path)['state'] == 'stopped'


def test_what_a_node_started_goes_with_it(plant, tmp_path):
    starter = plant({'parent': {}}, 'run_dir=r')
    running_pid(tmp_path, 'parent')
    grandchild = int((tmp_path / 'r' / 'parent.log').read_text().split()[1])
    starter.send_signal(signal.SIGINT)
    starter.communicate(timeout=PATIENCE)
    assert not is_alive(grandchild)


def test_a_reader_that_goes_away_does_not_stop_the_plant(plant, tmp_path):
    starter = plant({'endless': {}, 'steady': {}}, 'run_dir=r')
    running_pid(tmp_path, 'endless')
    log = tmp_path / 'r' / 'endless.log'
    wait_for('a log', log.exists)
    starter.stdout.close()
    size = log.stat().st_size
    wait_for('more log', lambda: log.stat().st_size > size + 200_000)
    assert starter.poll() is None
    starter.send_signal(signal.SIGINT)
    assert starter.wait(timeout=PATIENCE) == 0


def test_two_factories_do_not_share_a_domain(plant, tmp_path):
    starter = plant({'steady': {}}, 'run_dir=r', env={'ROS_DOMAIN_ID': '11'})
    running_pid(tmp_path, 'steady')
    second = plant({'steady': {}}, 'run_dir=r2', env={'ROS_DOMAIN_ID': '11'})
    _, err = second.communicate(timeout=PATIENCE)
    assert second.returncode == 2
    assert f'a factory already runs in ROS domain 11 (pid {starter.pid})' in err
    third = plant({'steady': {}}, 'run_dir=r', env={'ROS_DOMAIN_ID': '12'})
    _, err = third.communicate(timeout=PATIENCE)
    assert 'choose another run_dir' in err


@pytest.mark.parametrize(
    ('nodes', 'words', 'env', 'said'),
    [
        ({'steady': {}}, ['sped=3'], {}, 'sped: unknown argument'),
        ({'steady': {}}, ['word'], {}, 'not of the form name=value'),
        ({'steady': {'respwan': {}}}, [], {}, "did you mean 'respawn'?"),
        ({'absent': {}}, [], {}, 'no executable absent of stand_ins'),
        ({'steady': {}}, [], {'AMENT_PREFIX_PATH': ''}, 'run it through `tools/env`'),
        ({'steady': {'parameter_files': ['/no/file']}}, [], {}, '/no/file is missing'),
        ({'steady': {}}, ['run_dir=/proc/no'], {}, 'cannot be made'),
    ],
)
def test_what_is_wrong_is_told_before_anything_starts(plant, tmp_path, nodes, words, env, said):
    starter = plant(nodes, *words, env=env)
    out, err = starter.communicate(timeout=PATIENCE)
    assert starter.returncode == 2
    assert said in err
    assert (out, 'Traceback' in err) == ('', False)
    assert not (tmp_path / 'run').exists()


def test_a_missing_table_is_told(plant, tmp_path):
    starter = plant({'steady': {}}, '--system', str(tmp_path / 'absent.yaml'))
    _, err = starter.communicate(timeout=PATIENCE)
    assert starter.returncode == 2
    assert 'absent.yaml cannot be read' in err


def test_dry_run_prints_the_commands_and_starts_nothing(plant, tmp_path):
    starter = plant({'steady': {}, 'broken': {}}, '--dry-run')
    out, _ = starter.communicate(timeout=PATIENCE)
    assert starter.returncode == 0
    assert [line.split()[0].rsplit('/', 1)[1] for line in out.splitlines()] == ['steady', 'broken']
    assert not (tmp_path / 'run').exists()


def test_each_run_has_its_own_directory(plant, tmp_path):
    starter = plant({'finishing': {'respawn': False}})
    starter.communicate(timeout=PATIENCE)
    (run_dir,) = (tmp_path / 'run').iterdir()
    assert (run_dir / 'finishing.log').read_text().startswith('done\n')
