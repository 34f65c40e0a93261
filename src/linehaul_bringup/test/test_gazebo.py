# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
import pytest
from linehaul_bringup.errors import GazeboMissing
from linehaul_bringup.gazebo import bridge_arguments, check, plan_run


@pytest.fixture
def prefix(tmp_path):
    """An install prefix with ros_gz, a world and the vehicle node."""
    index = tmp_path / 'share' / 'ament_index' / 'resource_index' / 'packages'
    index.mkdir(parents=True)
    for package in ('ros_gz_sim', 'ros_gz_bridge'):
        (index / package).touch()
    worlds = tmp_path / 'share' / 'linehaul_bringup' / 'worlds'
    worlds.mkdir(parents=True)
    (worlds / 'cell.sdf').touch()
    vehicle = tmp_path / 'lib' / 'linehaul_agv' / 'agv'
    vehicle.parent.mkdir(parents=True)
    vehicle.touch(0o755)
    return tmp_path


def problems_of(prefix, plant='cell', *, world_only=False):
    with pytest.raises(GazeboMissing) as caught:
        check(plant, {'AMENT_PREFIX_PATH': str(prefix)}, world_only=world_only)
    return [problem.where for problem in caught.value.problems]


def test_with_everything_there_the_world_is_returned(prefix):
    env = {'AMENT_PREFIX_PATH': str(prefix)}
    assert check('cell', env, world_only=False).name == 'cell.sdf'
    assert check('plants/cell.yaml', env, world_only=True).name == 'cell.sdf'


def test_everything_missing_is_told_at_once(prefix):
    for path in prefix.rglob('ros_gz_*'):
        path.unlink()
    (prefix / 'lib' / 'linehaul_agv' / 'agv').unlink()
    *packages, world, vehicle = problems_of(prefix, 'mars')
    assert packages == ['ros_gz_sim', 'ros_gz_bridge']
    assert world.endswith('mars.sdf')
    assert vehicle == 'linehaul_agv/agv'


def test_the_world_alone_needs_no_vehicle_node(prefix):
    (prefix / 'lib' / 'linehaul_agv' / 'agv').unlink()
    assert problems_of(prefix) == ['linehaul_agv/agv']
    assert check('cell', {'AMENT_PREFIX_PATH': str(prefix)}, world_only=True)


def test_the_bridge_commands_vehicles_and_reads_their_odometry():
    clock, command, odometry = bridge_arguments(['agv_001'])
    assert clock == '/clock@rosgraph_msgs/msg/Clock[gz.msgs.Clock'
    assert command == '/agv/agv_001/cmd_vel@geometry_msgs/msg/Twist]gz.msgs.Twist'
    assert odometry == '/agv/agv_001/odom@nav_msgs/msg/Odometry[gz.msgs.Odometry'


def test_the_factory_in_gazebo_has_ros_vehicles_and_follows_its_clock(tmp_path):
    processes = {process.label: process for process in plan_run('cell', tmp_path, {})}
    assert set(processes) >= {'sim', 'fleet', 'agv.agv_001', 'agv.agv_002', 'agv.agv_003'}
    sim = dict(processes['sim'].parameters)
    assert sim['vehicles'] == 'ros'
    assert sim['clock'] == 'follow'
    assert 'speed' not in sim
    for label in ('sim', 'fleet', 'agv.agv_001'):
        assert dict(processes[label].parameters)['use_sim_time'] is True
        assert dict(processes[label].parameters)['state_dir'] == f'{tmp_path}/state'
    vehicle = processes['agv.agv_002']
    assert (vehicle.namespace, vehicle.name) == ('/agv/agv_002', 'agv')
    assert not vehicle.required
