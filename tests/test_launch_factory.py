# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Both readers of the table start the same processes.

Where ROS's launch is not installed, a recording stand-in of the few launch classes that are used
tells what the launch file asks for; where it is, the real launch starts real processes.
"""

import importlib.util
import json
import os
import runpy
import signal
import subprocess
import sys
import types
from pathlib import Path

import pytest
from linehaul_bringup.arguments import resolve
from linehaul_bringup.command import command_line, ros_arguments
from linehaul_bringup.errors import ArgumentsError, PlantCannotRun
from linehaul_bringup.readers import plan_processes, read_table

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / 'src' / 'linehaul_bringup'
CLASSES = {
    'launch': ['LaunchContext', 'LaunchDescription'],
    'launch.actions': [
        'DeclareLaunchArgument',
        'EmitEvent',
        'OpaqueFunction',
        'SetEnvironmentVariable',
        'SetLaunchConfiguration',
    ],
    'launch.events': ['Shutdown'],
    'launch_ros': [],
    'launch_ros.actions': ['Node'],
}


class Recorded:
    """What a launch class was asked to make."""

    def __init__(self, *words, **named):
        self.words, self.named = words, named


class Context:
    """As much of a launch context as the reader uses."""

    is_shutdown = False

    def __init__(self, **configurations):
        self.launch_configurations = configurations


@pytest.fixture
def recorded_launch(monkeypatch):
    """Put the recording classes in launch's place."""
    for module, names in CLASSES.items():
        stand_in = types.ModuleType(module)
        for name in names:
            setattr(stand_in, name, type(name, (Recorded,), {}))
        monkeypatch.setitem(sys.modules, module, stand_in)
    monkeypatch.delitem(sys.modules, 'linehaul_bringup.launching', raising=False)
    yield
    sys.modules.pop('linehaul_bringup.launching', None)


@pytest.fixture
def factory(recorded_launch, monkeypatch, tmp_path):
    """The actions of the factory's launch file, and what it does once arguments are known."""
    monkeypatch.setenv('AMENT_PREFIX_PATH', '')
    monkeypatch.chdir(tmp_path)
    file = runpy.run_path(str(ROOT / 'launch' / 'factory.launch.py'))
    (actions,) = file['generate_launch_description']().words
    return actions


def of_kind(actions, kind):
    return [action for action in actions if type(action).__name__ == kind]


def start(actions, **given):
    defaults = {
        action.words[0]: action.named['default_value']
        for action in of_kind(actions, 'DeclareLaunchArgument')
    }
    (opaque,) = of_kind(actions, 'OpaqueFunction')
    return opaque.named['function'](Context(**{**defaults, **given}))


def test_every_argument_of_the_table_is_declared(factory):
    system = read_table({})
    declared = {a.words[0]: a.named for a in of_kind(factory, 'DeclareLaunchArgument')}
    assert set(system.arguments) <= set(declared)
    for name, argument in system.arguments.items():
        assert declared[name]['description'] == argument.description
        text = [(name, declared[name]['default_value'])]
        assert resolve(system.arguments, text)[name] == argument.default


def test_both_readers_start_the_same_processes(factory, tmp_path):
    given = {'plant': 'jiaozhou', 'speed': '10', 'run_dir': str(tmp_path / 'r')}
    nodes = of_kind(start(factory, **given), 'Node')
    processes = plan_processes(resolve(read_table({}).arguments, given.items()), {})
    assert len(nodes) == len(processes) >= 2
    for node, process in zip(nodes, processes, strict=True):
        made = node.named
        assert (made['package'], made['executable']) == (process.package, process.executable)
        # launch_ros adds these two lines of its own from the name and the namespace
        names = ['-r', f'__node:={made["name"]}', '-r', f'__ns:=/{made["namespace"]}']
        command = command_line(process, Path('executable'))
        assert command == ('executable', '--ros-args', *names, *made['ros_arguments'])
        assert made['respawn'] is (process.respawn is not None)


def test_a_wrong_argument_is_refused_under_launch_too(factory):
    with pytest.raises(ArgumentsError, match='speed: found'):
        start(factory, speed='fast')


def test_a_required_node_that_keeps_failing_ends_the_launch(factory, tmp_path):
    node = of_kind(start(factory, run_dir=str(tmp_path / 'r')), 'Node')[0].named
    event = types.SimpleNamespace(returncode=-9)
    attempts = plan_processes(resolve(read_table({}).arguments, []), {})[0].respawn.attempts
    for _ in range(attempts):
        assert node['on_exit'](event, Context()) is None
    with pytest.raises(PlantCannotRun, match='the plant cannot run without sim'):
        node['on_exit'](event, Context())


def test_ends_during_the_shutdown_are_no_failures(factory, tmp_path):
    node = of_kind(start(factory, run_dir=str(tmp_path / 'r')), 'Node')[0].named
    context = Context()
    context.is_shutdown = True
    for _ in range(100):
        assert node['on_exit'](types.SimpleNamespace(returncode=2), context) is None


# From here on with the real launch.

TABLE = {
    'arguments': {
        'text': {'default': 'yes', 'description': 'a text that YAML would take for true'},
        'speed': {'type': 'float', 'default': 2, 'description': 'a number'},
        'run_dir': {'default': '', 'description': 'the run directory'},
    },
    'nodes': {
        'first': {
            'package': 'stand_ins',
            'executable': 'echo',
            'parameters': {'text': '${text}', 'speed': '${speed}', 'list': ['007', 'b']},
            'remappings': {'clock': '/clock'},
            'respawn': False,
        },
        'second': {
            'package': 'stand_ins',
            'executable': 'echo',
            'namespace': 'station/${i}',
            'repeat': {'variable': 'i', 'values': ['a', 'b']},
            'required': False,
        },
    },
}
DRIVER = """
import sys
from pathlib import Path
from launch import LaunchDescription, LaunchDescriptionSource, LaunchService
from launch.actions import IncludeLaunchDescription
from linehaul_bringup.launching import describe
source = LaunchDescriptionSource(describe(Path(sys.argv[1])))
given = [word.split(':=') for word in sys.argv[2:]]
service = LaunchService()
service.include_launch_description(
    LaunchDescription([IncludeLaunchDescription(source, launch_arguments=given)]))
sys.exit(service.run())
"""


@pytest.fixture
def real_launch(tmp_path):
    """A table of stand-ins, and a run of it under the real launch."""
    reason = 'launch_ros is not installed: the real launch is not tried, its stand-in is'
    if importlib.util.find_spec('launch_ros') is None:
        pytest.skip(reason)
    prefix = tmp_path / 'prefix'
    index = prefix / 'share' / 'ament_index' / 'resource_index' / 'packages'
    index.mkdir(parents=True)
    (index / 'stand_ins').touch()
    folder = prefix / 'lib' / 'stand_ins'
    folder.mkdir(parents=True)
    for name, body in {
        'echo': 'import signal, sys\nprint("ARGV", *sys.argv[1:], flush=True)\nsignal.pause()',
        'broken': 'import sys\nsys.exit(3)',
    }.items():
        (folder / name).write_text(f'#!{sys.executable} -IS\n{body}\n')
        (folder / name).chmod(0o755)
    running = []

    def run(table, *words):
        file = tmp_path / 'system.yaml'
        file.write_text(json.dumps(table))
        driver = tmp_path / 'driver.py'
        driver.write_text(DRIVER)
        env = {
            **os.environ,
            'AMENT_PREFIX_PATH': f'{prefix}{os.pathsep}{os.environ.get("AMENT_PREFIX_PATH", "")}',
            'PYTHONPATH': os.pathsep.join([str(SOURCE), *filter(None, sys.path)]),
            'ROS_LOG_DIR': str(tmp_path / 'log'),
        }
        command = [sys.executable, str(driver), str(file), f'run_dir:={tmp_path / "r"}', *words]
        process = subprocess.Popen(
            command,
            env=env,
            cwd=tmp_path,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        running.append(process)
        return process, file

    yield run
    for process in running:
        process.kill()
        process.communicate()


def test_the_real_launch_gives_the_processes_the_starters_arguments(real_launch):
    process, file = real_launch(TABLE, 'text:=no')
    lines = []
    while sum('ARGV' in line for line in lines) < 3:
        line = process.stdout.readline()
        assert line, ''.join(lines)
        lines.append(line)
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=20)
    assert process.returncode == 0, rest
    values = resolve(read_table({}, file).arguments, [('text', 'no')])
    planned = plan_processes(values, {}, file)
    assert dict(planned[0].parameters) == {'text': 'no', 'speed': 2.0, 'list': ('007', 'b')}
    names = ['-r', '__node:={p.name}', '-r', '__ns:={p.namespace}']
    expected = [
        ' '.join(['--ros-args', *ros_arguments(p), '--ros-args', *names]).format(p=p)
        for p in planned
    ]
    seen = [line.partition('ARGV ')[2].strip() for line in lines if 'ARGV' in line]
    # launch_ros may leave out the flag in front of nothing
    assert sorted(map(without_flags, seen)) == sorted(map(without_flags, expected))


def without_flags(command):
    return [word for word in command.split() if word != '--ros-args']


def test_the_real_launch_fails_when_the_plant_cannot_run(real_launch):
    nodes = {
        'broken': {
            'package': 'stand_ins',
            'executable': 'broken',
            'respawn': {'delay': 0.01, 'attempts': 2},
        },
        'steady': {'package': 'stand_ins', 'executable': 'echo'},
    }
    process, _ = real_launch({**TABLE, 'nodes': nodes})
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert 'the plant cannot run without broken, which ended with exit code 3' in out
    assert out.count('exit code 3, cmd') == 3
