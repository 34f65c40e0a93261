# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
import pytest
from linehaul_bringup.arguments import resolve
from linehaul_bringup.errors import TableError
from linehaul_bringup.plan import needed_sources, plan
from linehaul_bringup.system import parse_system

TABLE = """
arguments:
  plant: {default: cell, description: plant}
  speed: {type: float, default: 1.0, description: speed}
  show: {type: boolean, default: false, description: show}
nodes:
  sim:
    package: linehaul_sim
    executable: sim
    parameters: {plant: '${plant}', speed: '${speed}', note: '${plant} at $$${speed}', fast: true}
    parameter_files: ['${config}/sim.yaml']
  station:
    package: linehaul_line
    executable: station
    namespace: station/${station}
    parameters: {station: '${station}', all: ['${station}', b]}
    repeat: {variable: station, over: plant.stations}
    when: show
"""


def processes(given=(), sources=None, table=TABLE):
    system = parse_system(table)
    return plan(system, resolve(system.arguments, given), '/c', sources)


def test_values_keep_their_type_and_texts_are_filled():
    (sim,) = processes([('speed', '10'), ('plant', 'jiaozhou')])
    assert dict(sim.parameters) == {
        'plant': 'jiaozhou',
        'speed': 10.0,
        'note': 'jiaozhou at $10.0',
        'fast': True,
    }
    assert sim.parameter_files == ('/c/sim.yaml',)
    assert (sim.label, sim.name, sim.namespace) == ('sim', 'sim', '/')


def test_one_process_for_each_value():
    _, first, second = processes([('show', 'true')], {'plant.stations': ('s1', 's2')})
    assert (first.label, first.namespace, second.namespace) == (
        'station.s1',
        '/station/s1',
        '/station/s2',
    )
    assert dict(second.parameters) == {'station': 's2', 'all': ('s2', 'b')}


def test_the_plant_is_needed_only_when_a_repeated_node_runs():
    system = parse_system(TABLE)
    assert not needed_sources(system, resolve(system.arguments, []))
    assert needed_sources(system, resolve(system.arguments, [('show', 'true')])) == {
        'plant.stations'
    }


def test_names_that_ros_does_not_take_are_refused():
    with pytest.raises(TableError, match='no ROS namespace'):
        processes([('show', 'true')], {'plant.stations': ('s-1',)})


def test_two_nodes_of_one_name_are_refused():
    table = TABLE.replace('station/${station}', 'station')
    with pytest.raises(TableError, match='/station/station: 2 nodes have this name'):
        processes([('show', 'true')], {'plant.stations': ('a', 'b')}, table)


def test_a_run_without_nodes_is_refused():
    table = TABLE.replace('executable: sim\n', 'executable: sim\n    when: show\n')
    with pytest.raises(TableError, match='no node runs'):
        processes(table=table)
