# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The command line says what is wrong and returns its exit code."""

import json

import pytest
from linehaul_floor.cli import main


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))


def test_check_of_a_right_plant(root, capsys):
    assert main(['check', str(root / 'config/plants/cell.yaml')]) == 0
    assert capsys.readouterr().out == 'cell: 0 errors, 0 warnings\n'


def test_check_of_a_wrong_plant(tiny, text, tmp_path, capsys):
    tiny['warehouse_ports'][0].update(spur=[0.0, 1.2])
    path = tmp_path / 'tiny.yaml'
    path.write_text(text(tiny))
    assert main(['check', str(path)]) == 1
    error = capsys.readouterr().err
    assert '[place_blocks] place port_1' in error
    assert 'make the spur longer' in error
    assert main(['check', str(path), '--json']) == 1
    report = json.loads(capsys.readouterr().out)
    assert {p['code'] for p in report['errors']} == {'place_blocks'}


def test_refused_file_and_unknown_name(tiny, text, tmp_path, capsys):
    del tiny['size']
    path = tmp_path / 'tiny.yaml'
    path.write_text(text(tiny))
    assert main(['show', str(path)]) == 1
    assert 'missing_key' in capsys.readouterr().err
    assert main(['show', 'atlantis', '--json']) == 1
    assert json.loads(capsys.readouterr().out)['errors'][0]['code'] == 'unknown_plant'


def test_show(root, capsys):
    assert main(['show', str(root / 'config/plants/cell.yaml'), '--json']) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts['roadmap']['nodes'] == 86
    assert facts['vehicles'] == {'agv': 3}
    assert main(['show', str(root / 'config/plants/cell.yaml')]) == 0
    assert 'nodes 86' in capsys.readouterr().out


def test_export_and_draw_write_whole_files(root, tmp_path, capsys):
    plant = str(root / 'config/plants/cell.yaml')
    assert main(['export', plant, '--out', str(tmp_path / 'out'), '--json']) == 0
    written = json.loads(capsys.readouterr().out)
    maps = {'layout.lif.json', 'side.json', 'graph.geojson', 'map.yaml', 'map.pgm'}
    pictures = {'plant.svg', 'plant.png'}
    assert {p.name for p in (tmp_path / 'out/maps/cell').iterdir()} == maps | pictures
    assert str(tmp_path / 'out/worlds/cell.sdf') in written
    assert main(['draw', plant, '--out', str(tmp_path / 'pictures')]) == 0
    assert {p.name for p in (tmp_path / 'pictures').iterdir()} == pictures


def test_folder_that_cannot_be_written(root, tmp_path, capsys):
    (tmp_path / 'file').write_text('')
    plant = str(root / 'config/plants/cell.yaml')
    assert main(['draw', plant, '--out', str(tmp_path / 'file')]) == 3
    assert 'cannot write' in capsys.readouterr().err


@pytest.mark.parametrize(
    'words', [[], ['fly', 'cell'], ['check'], ['check', 'cell', '--out', 'x']]
)
def test_wrong_use(words):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
