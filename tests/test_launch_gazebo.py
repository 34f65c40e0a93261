# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The Gazebo launch file under the real launch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_what_is_missing_for_a_whole_run_is_said(gazebo_launch):
    done = gazebo_launch('plant:=cell')
    assert done.returncode == 1
    assert 'the vehicle node that obeys orders over cmd_vel and odom does not exist yet' in (
        done.stdout + done.stderr
    )


def test_missing_gazebo_is_said(gazebo_launch):
    import ament_index_python

    if 'ros_gz_sim' in ament_index_python.get_packages_with_prefixes():
        pytest.skip('ros_gz_sim is installed: its absence cannot be tried')
    done = gazebo_launch('plant:=cell', 'world_only:=true')
    assert done.returncode == 1
    assert 'install ros-gz-sim' in done.stdout + done.stderr
