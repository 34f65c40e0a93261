# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The Gazebo launch file: what it starts, and what it says where Gazebo is missing.

Where ROS's launch is not installed, a recording stand-in of the launch classes that are used tells
what the launch file asks for; where it is, the real launch says what is missing.
"""

import os
import runpy
import subprocess
import sys
import types
from pathlib import Path

import pytest
from linehaul_bringup.command import ros_arguments
from linehaul_bringup.errors import GazeboMissing
from linehaul_bringup.gazebo import UNTRIED, plan_run

ROOT = Path(__file__).resolve().parents[1]
DRIVER = """
import sys
from launch import LaunchService
from launch.actions import IncludeLaunchDescription
from launch import LaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
source = PythonLaunchDescriptionSource(sys.argv[1])
given = [word.split(':=') for word in sys.argv[2:]]
service = LaunchService()
service.include_launch_description(
    LaunchDescription([IncludeLaunchDescription(source, launch_arguments=given)]))
sys.exit(service.run())
"""


@pytest.fixture
def gazebo_launch(tmp_path):
    pytest.importorskip('launch_ros', reason='launch_ros is not installed')
    (tmp_path / 'driver.py').write_text(DRIVER)

    def run(*words):
        paths = [str(ROOT / 'src' / 'linehaul_bringup'), *filter(None, sys.path)]
        return subprocess.run(
            [
                sys.executable,
                str(tmp_path / 'driver.py'),
                str(ROOT / 'launch' / 'gazebo.launch.py'),
                *words,
            ],
            env={
                **os.environ,
                'PYTHONPATH': os.pathsep.join(paths),
                'ROS_LOG_DIR': str(tmp_path / 'log'),
            },
            check=False,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def test_missing_gazebo_is_said(gazebo_launch):
    import ament_index_python

    if 'ros_gz_sim' in ament_index_python.get_packages_with_prefixes():
        pytest.skip('ros_gz_sim is installed: its absence cannot be tried')
    for words in ((), ('world_only:=true',)):
        done = gazebo_launch('plant:=cell', *words)
        assert done.returncode == 1
        assert 'install ros-gz-sim' in done.stdout + done.stderr


CLASSES = {
    'launch': ['LaunchContext', 'LaunchDescription'],
    'launch.actions': [
        'DeclareLaunchArgument',
        'EmitEvent',
        'IncludeLaunchDescription',
        'LogInfo',
        'OpaqueFunction',
        'SetEnvironmentVariable',
        'SetLaunchConfiguration',
    ],
    'launch.events': ['Shutdown'],
    'launch.launch_description_sources': ['PythonLaunchDescriptionSource'],
    'launch_ros': [],
    'launch_ros.actions': ['Node'],
    'launch_ros.substitutions': ['FindPackageShare'],
}


class Recorded:
    """What a launch class was asked to make."""

    def __init__(self, *words, **named):
        self.words, self.named = words, named

    @property
    def kind(self):
        return type(self).__name__


@pytest.fixture
def prefix(tmp_path, monkeypatch):
    """An install prefix with ros_gz and the vehicle node; the rest is the source tree's."""
    folder = tmp_path / 'prefix'
    index = folder / 'share' / 'ament_index' / 'resource_index' / 'packages'
    index.mkdir(parents=True)
    for package in ('ros_gz_sim', 'ros_gz_bridge'):
        (index / package).touch()
    vehicle = folder / 'lib' / 'linehaul_agv' / 'agv'
    vehicle.parent.mkdir(parents=True)
    vehicle.touch(0o755)
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def launched(prefix, monkeypatch):
    """The actions of the launch file for some arguments, recorded."""
    for module, names in CLASSES.items():
        stand_in = types.ModuleType(module)
        for name in names:
            setattr(stand_in, name, type(name, (Recorded,), {}))
        monkeypatch.setitem(sys.modules, module, stand_in)
    monkeypatch.delitem(sys.modules, 'linehaul_bringup.launching', raising=False)

    def start(**given):
        file = runpy.run_path(str(ROOT / 'launch' / 'gazebo.launch.py'))
        (actions,) = file['generate_launch_description']().words
        declared = {
            action.words[0]: action.named['default_value']
            for action in actions
            if action.kind == 'DeclareLaunchArgument'
        }
        assert set(given) <= set(declared)
        (opaque,) = (action for action in actions if action.kind == 'OpaqueFunction')
        context = types.SimpleNamespace(launch_configurations={**declared, **given})
        return opaque.named['function'](context)

    yield start
    sys.modules.pop('linehaul_bringup.launching', None)


def test_the_whole_run_is_gazebo_its_bridge_and_the_factory_with_ros_vehicles(launched, tmp_path):
    run_dir = tmp_path / 'r'
    said, gazebo, bridge, _, *nodes = launched(plant='cell', run_dir=str(run_dir), headless='true')
    assert said.kind == 'LogInfo'
    assert said.named['msg'] == UNTRIED
    assert gazebo.kind == 'IncludeLaunchDescription'
    arguments = dict(gazebo.named['launch_arguments'])
    assert arguments['gz_args'] == f'-r -s {ROOT / "worlds" / "cell.sdf"}'
    assert arguments['on_exit_shutdown'] == 'true'
    assert bridge.named['package'] == 'ros_gz_bridge'
    assert len(bridge.named['arguments']) == 1 + 2 * 3
    assert run_dir.is_dir()
    planned = plan_run('cell', run_dir, os.environ)
    assert [node.named['exec_name'] for node in nodes] == [process.label for process in planned]
    for node, process in zip(nodes, planned, strict=True):
        made = node.named
        assert (made['package'], made['executable']) == (process.package, process.executable)
        assert made['namespace'] == process.namespace.strip('/')
        assert made['ros_arguments'] == list(ros_arguments(process))
    vehicles = [n.named['namespace'] for n in nodes if n.named['package'] == 'linehaul_agv']
    bridged = {text.partition('@')[0].rpartition('/')[0] for text in bridge.named['arguments'][1:]}
    assert {f'/{name}' for name in vehicles} == bridged


def test_the_world_alone_is_gazebo_and_its_bridge(launched, tmp_path):
    gazebo, bridge = launched(plant='jiaozhou', world_only='true')
    arguments = dict(gazebo.named['launch_arguments'])
    assert arguments['gz_args'] == f'-r {ROOT / "worlds" / "jiaozhou.sdf"}'
    assert bridge.named['executable'] == 'parameter_bridge'
    assert not list(tmp_path.glob('run*'))


def test_the_worlds_topics_are_the_bridges(launched):
    _, bridge = launched(plant='cell', world_only='true')
    world = (ROOT / 'worlds' / 'cell.sdf').read_text()
    for text in bridge.named['arguments'][1:]:
        topic, _, _ = text.partition('@')
        assert f'topic>{topic[1:]}<' in world


def test_nothing_is_started_where_something_is_missing(launched, prefix, tmp_path):
    (prefix / 'lib' / 'linehaul_agv' / 'agv').unlink()
    with pytest.raises(GazeboMissing, match='vehicle node is not installed'):
        launched(plant='cell')
    for path in prefix.rglob('ros_gz_*'):
        path.unlink()
    with pytest.raises(GazeboMissing, match='install ros-gz-sim'):
        launched(plant='cell')
    assert not list(tmp_path.glob('run*'))
