# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a shift leader sees."""

from math import nan

from linehaul_line.operator_cli import parser
from linehaul_line.operator_view import LineRow, PartRow, line_table, part_table, soonest
from rich.console import Console


def part(station, left, andon=False, line='fa1'):
    return PartRow(line, station, 'fan', 3, 40, 1, left, ('fa1-7',), 'no fan', andon)


def text_of(table):
    console = Console(width=120, highlight=False)
    with console.capture() as said:
        console.print(table)
    return said.get()


def test_who_calls_stands_first_then_what_runs_out_next():
    rows = [part('a', nan), part('b', 90.0), part('c', 30.0, line='fa2'), part('d', 400.0, True)]
    assert [one.station for one in soonest(rows)] == ['d', 'c', 'b', 'a']
    assert [one.station for one in soonest(rows, 'fa1', most=2)] == ['d', 'b']


def test_tables_say_what_a_person_needs():
    said = text_of(part_table([part('fa1_08', -5.0, True), part('fa1_09', nan)]))
    first, second = said.splitlines()[2:4]
    assert first.split() == ['0', 's', 'fa1_08', 'fan', '3', '40', '1', 'fa1-7', 'no', 'fan']
    assert second.split() == ['-', 'fa1_09', 'fan', '3', '40', '1', 'fa1-7']
    said = text_of(line_table([LineRow('fa1', 'held', 0.0, 12, 61.2, 'plain', 'b: gripper')]))
    assert said.splitlines()[1].split() == [
        'fa1',
        'held',
        '0',
        '12',
        '61',
        's',
        'plain',
        'b:',
        'gripper',
    ]


def test_a_command_names_its_target_and_options_come_before_it():
    options = parser().parse_args(['--wait', '3', 'speed', 'fa1', '1.5', '--reason', 'late'])
    assert (options.action, options.target, options.factor) == ('speed', 'fa1', 1.5)
    assert parser().parse_args([]).action is None
