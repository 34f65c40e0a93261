# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The files under maps/ and worlds/ are what the plant files give."""

import io

import numpy as np
import pytest
from linehaul_floor.export import all_files
from PIL import Image

REMEDY = 'run python -m linehaul_floor export PLANT'


@pytest.fixture(scope='module')
def files(plant):
    return all_files(plant)


def test_generated_files_are_up_to_date(root, files):
    for path, wanted in files.items():
        found = (root / path).read_bytes()
        if path.suffix == '.png':
            close(found, wanted, path)
        else:
            assert found == wanted, f'{path} is out of date: {REMEDY}'


def close(found, wanted, path):
    """Encoders and fonts differ between Pillow versions: compare pixels, with a little room."""
    first, second = (
        np.array(Image.open(io.BytesIO(data)).convert('RGB'), int) for data in (found, wanted)
    )
    assert first.shape == second.shape, f'{path} is out of date: {REMEDY}'
    different = (np.abs(first - second).max(axis=2) > 40).mean()
    assert different < 0.01, f'{path} is out of date: {REMEDY}'


def test_nothing_else_is_in_the_folders(root, plant, files):
    kept = {p.relative_to(root) for p in (root / 'maps' / plant.name).iterdir()}
    assert kept == {p for p in files if p.parts[0] == 'maps'}
