# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The common form of benchmarks, and the runner that prints one table of them."""

import argparse
import importlib.util
import json
import sys

import pytest


@pytest.fixture
def module(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / 'benchmarks'))

    def load(name):
        spec = importlib.util.spec_from_file_location(
            f'bench_{name}', root / f'benchmarks/{name}.py'
        )
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        return loaded

    yield load
    sys.modules.pop('common', None)


def test_figure_is_met_on_the_better_side(module):
    figure = module('common').figure
    assert figure('a', 1.0, 's', target=1.0)['met']
    assert not figure('a', 1.1, 's', target=1.0)['met']
    assert figure('a', 2.0, '1/s', target=1.0, better='higher')['met']
    assert not figure('a', 0.5, '1/s', target=1.0, better='higher')['met']
    assert figure('a', 0.5, '1/s')['met']
    assert not figure('a', float('nan'), 's')['met']


def test_result_has_the_common_form(module, tmp_path, capsys):
    common = module('common')
    args = argparse.Namespace(out=tmp_path / 'deep' / 'x.json', quick=True, seed=3)
    figures = [
        common.figure('time', 1.5, 's', target=2.0),
        common.figure('rate', float('inf'), '1/s'),
    ]
    common.finish('x', args, figures, detail={'runs': [1, 2]})
    result = json.loads(args.out.read_text())
    assert result['figures'][0] == {
        'name': 'time', 'value': 1.5, 'unit': 's', 'target': 2.0, 'better': 'lower', 'met': True,
    }  # fmt: skip
    assert result['figures'][1]['value'] is None
    assert {'machine', 'commit', 'seed', 'runs'} <= set(result)
    assert 'time' in capsys.readouterr().out
    with pytest.raises(ValueError, match='commit'):
        common.finish('x', args, figures, detail={'commit': 'mine'})


def test_standard_runs_are_read_without_running(module):
    runner = module('__main__')
    assert runner.standard_runs("RUNS = [['--map', 'a'], []]\nraise SystemExit") == [
        ['--map', 'a'],
        [],
    ]
    assert runner.standard_runs('x = 1') is None
    assert 'floor' in runner.names()
    assert 'common' not in runner.names()


def test_broken_run_is_reported(module, tmp_path, capsys):
    runner = module('__main__')
    script = tmp_path / 'bad.py'
    script.write_text("import sys\nsys.exit('it fell over')\n")
    args = argparse.Namespace(seed=1, quick=True, timeout=60.0)
    result = runner.run(script, [], tmp_path / 'bad.json', args)
    assert result == {'error': 'exit code 1: it fell over'}
    assert runner.report({'bad': result}, strict=False) == 1
    assert '1 broken off' in capsys.readouterr().out
