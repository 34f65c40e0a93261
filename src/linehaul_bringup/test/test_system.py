# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest
from linehaul_bringup.errors import TableError
from linehaul_bringup.restart import Respawn
from linehaul_bringup.system import parse_system

ROOT = Path(__file__).resolve().parents[3]

GOOD = """
arguments:
  plant: {default: cell, choices: [cell, jiaozhou], description: which plant}
  speed: {type: float, default: 2, minimum: 0.1, description: how fast}
  show: {type: boolean, default: false, description: a picture}
nodes:
  sim:
    package: linehaul_sim
    executable: sim
    parameters: {plant: '${plant}', speed: '${speed}', gains: [1.0, 2.0]}
    parameter_files: ['${config}/sim.param.yaml']
    respawn: {delay: 1, attempts: 2}
  station:
    package: linehaul_line
    executable: station
    namespace: station/${station}
    repeat: {variable: station, over: plant.stations}
    remappings: {clock: /clock}
    when: show and plant != cell
    required: false
    respawn: false
"""


def problems_of(text):
    with pytest.raises(TableError) as caught:
        parse_system(text)
    return [str(problem) for problem in caught.value.problems]


def test_reads_every_field():
    system = parse_system(GOOD)
    sim, station = system.nodes
    assert [str(name) for name in system.arguments] == ['plant', 'speed', 'show']
    assert system.arguments['speed'].default == 2.0
    assert isinstance(system.arguments['speed'].default, float)
    assert sim.parameters == {'plant': '${plant}', 'speed': '${speed}', 'gains': (1.0, 2.0)}
    assert sim.respawn == Respawn(delay=1.0, attempts=2)
    assert sim.required
    assert station.respawn is None
    assert not station.required
    assert station.repeat.source == 'plant.stations'
    assert station.namespace == 'station/${station}'


def test_the_table_of_the_repository_is_right():
    system = parse_system((ROOT / 'config' / 'system.yaml').read_text())
    assert {'sim', 'fleet'} <= {node.name for node in system.nodes}
    assert {'plant', 'speed', 'seed', 'run_dir'} <= set(system.arguments)
    assert all(argument.description for argument in system.arguments.values())


def test_all_problems_come_at_once():
    problems = problems_of("""
arguments:
  speed: {type: flaot, default: a, description: x}
  seed: {type: integer, default: 1.5}
  mode: {default: fast, choices: [slow, 3], description: x}
nodes:
  sim:
    package: 7
    executable: sim
    paramters: {}
    parameters: {a: [1, x], b: '${sped}', c: 'cost $5', d: null}
    namespace: '${nobody}'
    when: plant == cell and speed
    respawn: {delay: fast, attempts: -1, forever: true}
    repeat: {variable: i, over: plant.dogs}
    required: 'yes'
extra: 1
""")
    places = [problem.split(': ')[0] for problem in problems]
    expected = """arguments.speed.type arguments.seed.description arguments.seed.default
        arguments.mode.default
        arguments.mode.choices nodes.sim.package nodes.sim.paramters nodes.sim.parameters.a
        nodes.sim.parameters.b nodes.sim.parameters.c nodes.sim.parameters.d nodes.sim.namespace
        nodes.sim.when nodes.sim.respawn.delay nodes.sim.respawn.attempts
        nodes.sim.respawn.forever nodes.sim.repeat.over nodes.sim.required extra"""
    assert set(expected.split()) == set(places)
    assert any("did you mean 'parameters'?" in problem for problem in problems)
    assert any("did you mean 'speed'?" in problem for problem in problems)


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('nodes: {', 'mend the YAML'),
        ('', 'write a mapping'),
        ('[]', 'write a mapping'),
        ('nodes: {}', 'list at least one node'),
        ('nodes:\n  a: {package: p, executable: e}\n  a: {}', "'a' stands twice"),
        ('nodes: {a/b: {package: p, executable: e}}', 'not a ROS node name'),
        ('nodes: {a: 3}', 'write a mapping'),
        ('nodes: {a: {executable: e}}', 'nodes.a.package: missing'),
        ('nodes: {1: {}}', 'write a mapping of texts'),
        ('nodes: {a: {package: p, executable: e, respawn: {delay: .nan}}}', 'at least 0'),
        ('nodes: {a: {package: p, executable: e, respawn: {delay: 20}}}', 'max_delay'),
        ('nodes: {a: {package: p, executable: e, repeat: {variable: x}}}', 'write one of the two'),
        ('arguments: {Big: {default: 1}}\nnodes: {}', 'not a usable name'),
        ('arguments: {a: {type: float, default: .nan}}\nnodes: {}', 'a value of type float'),
        ('arguments: {a: {type: integer, default: 0, minimum: 1}}\nnodes: {}', 'at least 1'),
    ],
)
def test_each_mistake_is_told(text, said):
    assert any(said in problem for problem in problems_of(text))


@pytest.mark.parametrize(
    ('when', 'said'),
    [
        ('speed', 'is not true or false'),
        ('nothing', 'is not an argument'),
        ('plant == mars', "'plant' is never 'mars'"),
        ('show or plant == cell', 'write `name`'),
    ],
)
def test_a_wrong_condition_is_told(when, said):
    assert any(said in p for p in problems_of(GOOD.replace('show and plant != cell', when)))
