# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Every parameter file in config/ names parameters that its node has, with values that fit."""

import dataclasses
import importlib
from pathlib import Path

import pytest
import yaml

pytest.importorskip('rclpy', reason='no ROS 2 here')

SHELLS = {'gateway': 'agv.gateway'}
"""Nodes that are not named as their package."""
FILES = sorted((Path(__file__).parents[1] / 'config').glob('*.param.yaml'))


def test_there_are_parameter_files():
    assert FILES


@pytest.mark.parametrize('path', FILES, ids=lambda p: p.name)
def test_the_file_fits_its_node(path):
    node = path.name.removesuffix('.param.yaml')
    config = importlib.import_module(f'linehaul_{SHELLS.get(node, node)}.node').Config
    fields = {f.name: f for f in dataclasses.fields(config)}
    values = yaml.safe_load(path.read_text(encoding='utf-8'))['/**']['ros__parameters']
    assert values
    for name, value in values.items():
        field = fields[name]
        assert type(value) is type(field.default), name
        if isinstance(value, (int, float)):
            assert field.metadata['low'] <= value <= field.metadata['high'], name
