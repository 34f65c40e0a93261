# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The words of `linehaul alarms` and `linehaul warnings`, and what they print, without a node."""

import io
import json
from types import SimpleNamespace

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')

from linehaul_ros.time import to_time
from linehaul_sensors.operator_cli import _alarms, _warnings, main, parser
from rich.console import Console

from linehaul_interfaces.msg import Alarm, Alarms, EarlyWarning, EarlyWarnings


class Client:
    """Answers with what it was given, and keeps what it was asked."""

    def __init__(self, message=None, code=0):
        self.message, self.code, self.calls = message, code, []

    def latest(self, _topic):
        return self.message

    def call(self, service, **fields):
        self.calls.append((service, fields))
        return SimpleNamespace(error_code=self.code, error_msg='no')


def run(client, *words):
    console = Console(width=200, record=True, quiet=False, file=io.StringIO())
    options = parser().parse_args(words)
    act = _alarms if options.verb == 'alarms' else _warnings
    code = act(options, client, console)
    return code, console.export_text()


def alarms():
    shown = Alarm(alarm_id='a#high', state=2, priority=3, message='hot', raised=to_time(60.0))
    hidden = Alarm(alarm_id='b#high', state=7, priority=1, message='shelved one')
    return Client(Alarms(alarms=[shown, hidden], total=2, flood=True))


def test_alarms_are_listed_without_those_out_of_view():
    code, text = run(alarms(), 'alarms')
    assert code == 0
    assert 'UNACKNOWLEDGED' in text
    assert 'flood' in text
    assert 'shelved one' not in text
    assert 'shelved one' in run(alarms(), 'alarms', 'list', '--all')[1]


def test_json_is_for_programs(capsys):
    run(alarms(), 'alarms', '--json')
    told = json.loads(capsys.readouterr().out)
    assert [one['alarm'] for one in told['alarms']] == ['a#high']
    assert told['alarms'][0]['since'] == '1970-01-01 00:01:00'


@pytest.mark.parametrize(
    ('words', 'number'),
    [('ack a b', 1), ('shelve a b --for 2h --reason r', 2), ('unshelve a b', 3), ('reset a b', 4),
     ('out a b --reason r', 5), ('back a b', 6)],
)  # fmt: skip
def test_each_action_is_its_command(words, number):
    client = Client()
    code, _ = run(client, 'alarms', *words.split(), '--actor', 'ada')
    ((service, fields),) = client.calls
    assert (code, service, fields['command']) == (0, 'COMMAND_ALARM', number)
    assert (fields['alarm_ids'], fields['actor']) == (['a', 'b'], 'ada')
    assert fields['duration'] == (7200.0 if number == 2 else 0.0)


def test_a_refusal_is_told_and_is_an_exit_code():
    code, text = run(Client(code=801), 'alarms', 'ack', 'a')
    assert code == 1
    assert 'refused (801): no' in text


def test_warnings_are_listed_and_reviewed():
    one = EarlyWarning(
        warning_id='w#1', status=1, health=0.4, message='it wears', proposal='look',
        remaining_life=864000.0, remaining_life_low=432000.0, remaining_life_high=1728000.0,
    )  # fmt: skip
    code, text = run(Client(EarlyWarnings(warnings=[one])), 'warnings')
    assert code == 0
    assert '10.0 days (5.0 days to 20.0 days)' in text
    for word, status in (('confirm', 2), ('reject', 3), ('close', 4)):
        client = Client()
        run(client, 'warnings', word, 'w#1', '--finding', 'f', '--actor', 'ada')
        ((service, fields),) = client.calls
        assert (service, fields['status'], fields['finding']) == ('REVIEW_WARNING', status, 'f')


@pytest.mark.parametrize(
    'words', [[], ['alarms', 'ack'], ['alarms', 'shelve', 'a', '--for', '2h'],
              ['alarms', 'shelve', 'a', '--reason', 'r', '--for', 'long'], ['alarms', 'out', 'a'],
              ['warnings', 'confirm']],
)  # fmt: skip
def test_wrong_use_is_told_before_anybody_is_asked(words):
    with pytest.raises(SystemExit) as error:
        main(words)
    assert error.value.code == 2
