# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The words of the command line and what it prints, without ROS."""

import io
import subprocess
from datetime import datetime
from types import SimpleNamespace

import pytest
from linehaul_fleet.acts import Command
from linehaul_fleet.cli import main as command
from linehaul_fleet.cli import tables
from linehaul_fleet.cli.completion import completion, ids_of
from linehaul_fleet.cli.words import CHANGE, EDGE, MODE, VEHICLE, build_parser
from rich.console import Console

from linehaul_floor import load_plant


def test_every_word_is_understood_by_the_command():
    assert set(VEHICLE) == set(command._COMMANDS)
    assert set(command._COMMANDS.values()) == set(Command) - {Command.UNKNOWN}
    assert set(MODE) == set(command._MODES)
    assert set(EDGE) == set(command._ROADS)
    assert set(CHANGE) == set(command._CHANGES)


@pytest.mark.parametrize(
    'words',
    [
        [],
        ['fly'],
        ['deliver', '--station', 's', '--item', 'i', '--quantity', '-1'],
        ['deliver', '--station', 's', '--item', 'i', '--quantity', 'many'],
        ['deliver', '--station', 's', '--item', 'i', '--quantity', '1', '--due-in', 'nan'],
        ['edge', 'slow', 'e1', '--speed', '0'],
        ['edge', 'slow', 'e1', '--speed', 'nan'],
        ['edge', 'close'],
        ['delivery', 'priority', 'r', '256'],
        ['load', 'found', 'l', 'somewhere'],
        ['vehicle', 'send', 'agv_001'],
    ],
)
def test_wrong_use_is_told_before_anybody_is_asked(words, capsys):
    with pytest.raises(SystemExit) as error:
        command.main(words)
    assert error.value.code == command.WRONG
    assert 'usage: linehaul' in capsys.readouterr().err


def test_options_of_a_command_may_stand_behind_its_action():
    parser = build_parser()
    assert parser.parse_args(['vehicle', 'out', 'a', '--json', '--wait', '2']).json
    assert parser.parse_args(['vehicle', '--json', 'out', 'a']).json
    assert not parser.parse_args(['vehicle', 'out', 'a']).json


def complete(tmp_path, *words):
    """Return what bash offers for the last of some words."""
    script = tmp_path / 'completion'
    ids = ids_of(load_plant('cell'))
    script.write_text(completion(build_parser(), 'bash', ids))
    line = ' '.join(f"'{word}'" for word in words)
    done = subprocess.run(
        [
            'bash',
            '--norc',
            '-c',
            f'source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; '
            '_linehaul; echo "${COMPREPLY[@]}"',
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_bash_completes_commands_actions_and_options(tmp_path):
    assert complete(tmp_path, 'linehaul', 'de') == ['deliver', 'delivery']
    assert complete(tmp_path, 'linehaul', 'vehicle', 's') == ['send', 'skip']
    assert '--speed' in complete(tmp_path, 'linehaul', 'edge', 'slow', '--')
    assert complete(tmp_path, 'linehaul', 'pause', '--rea') == ['--reason']


def test_bash_completes_the_ids_of_a_plant(tmp_path):
    assert complete(tmp_path, 'linehaul', 'vehicle', 'out', 'agv_00')[:2] == ['agv_001', 'agv_002']
    assert complete(tmp_path, 'linehaul', 'vehicle', 'send', 'agv_001', 'charge') == ['charge_1']
    assert complete(tmp_path, 'linehaul', 'deliver', '--item', 'cas') == ['casing']
    assert 'fa1_01' in complete(tmp_path, 'linehaul', 'deliver', '--station', '')
    assert complete(tmp_path, 'linehaul', 'edge', 'close', 'cross') == ['crossing_se']
    assert complete(tmp_path, 'linehaul', 'load', 'found', 'x', 'v') == ['vehicle']


def test_completion_of_a_plant_that_is_none_is_wrong_use(capsys):
    assert command.main(['completion', '--plant', 'moon']) == command.WRONG
    assert 'moon' in capsys.readouterr().err
    assert command.main(['completion', 'zsh']) == command.OK
    assert 'bashcompinit' in capsys.readouterr().out


def message(**fields):
    names = dict.fromkeys(fields, '')
    return SimpleNamespace(**fields, get_fields_and_field_types=lambda: names)


def a_state():
    vehicle = message(
        vehicle_id='agv_001',
        work=2,
        goal_id='fa1_01',
        request_id='r1',
        load_ids=['casing-1'],
        state_of_charge=0.5,
        charging=True,
        speed=1.25,
        state_age=0.5,
        note='[bold] is no markup',
    )
    delivery = message(
        request_id='r1',
        phase=9,
        quantity=4,
        item_id='casing',
        station_id='fa1_01',
        vehicle_id='agv_001',
        eta=message(sec=0, nanosec=0),
        slack=float('nan'),
        error_msg='look for it',
    )
    names = ('delivered', 'failed', 'cancelled', 'refused', 'late', 'reassignments')
    counts = dict.fromkeys(names, 3)
    return message(
        plant='cell',
        mode=3,
        mode_reason='anna: a test',
        stamp=message(sec=10, nanosec=500_000_000),
        notices=['two vehicles are missing'],
        vehicles=[vehicle],
        deliveries=[delivery],
        limits=[message(element_id='e1', state=3, speed_limit=0.5, reason='wet')],
        lost_loads=[message(load_id='casing-1', holder_id='')],
        **counts,
    )


def test_the_tables_say_what_a_person_needs():
    console = Console(width=160, record=True, file=None, quiet=False)
    with console.capture() as capture:
        console.print(tables.fleet(a_state()))
    text = capture.get()
    for part in (
        *('cell', 'stopped', 'anna: a test', 'two vehicles are missing', 'agv_001', '50%+'),
        *('waiting for a person', '4 x casing', 'look for it', 'slow', '0.5', 'in doubt'),
    ):
        assert part in text, part
    assert 'nan' not in text


def test_json_has_no_nan_and_times_in_seconds():
    data = tables.plain(a_state())
    assert data['stamp'] == 10.5
    assert data['deliveries'][0]['slack'] is None
    assert data['deliveries'][0]['eta'] is None


def test_request_ids_are_short_and_never_the_same():
    ids = [command.new_request_id(1_767_247_200.0 + k / 1000.0) for k in range(1000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 1000
    assert {len(one) for one in ids} == {14}


@pytest.mark.parametrize(
    ('time', 'shown'),
    [
        (75.4, '0:01:15'),
        (float('nan'), 'not known'),
        (1_767_247_200.0, datetime.fromtimestamp(1_767_247_200).strftime('%Y-%m-%d %H:%M:%S')),
    ],
)
def test_plant_time_is_shown_as_people_read_it(time, shown):
    assert tables.clock(time) == shown


def test_a_narrow_terminal_folds_only_what_is_prose():
    table = tables._table(('delivery', 'text'))
    table.add_row(
        'r1d4kz0abcdefg', 'the slot is full, and nobody has taken the container away yet'
    )
    console = Console(width=40, record=True, file=io.StringIO())
    console.print(table)
    lines = console.export_text().splitlines()
    assert lines[1].startswith('r1d4kz0abcdefg')
    assert len(lines) > 2
    assert ' '.join(line[14:].strip() for line in lines[1:]).endswith('away yet')
