# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The commands `linehaul alarms …` and `linehaul warnings …`: what people do with both.

    linehaul alarms [list] [--all]
    linehaul alarms ack ALARM… | unshelve | reset | back
    linehaul alarms shelve ALARM… --for 2h --reason TEXT
    linehaul alarms out ALARM… --reason TEXT
    linehaul warnings [list]
    linehaul warnings confirm | reject | close WARNING --finding TEXT

Without --actor the user of the shell acts. Exit codes: 0 done, 1 refused, 2 wrong use, 3 nobody
answers.
"""

import argparse
import getpass
import json
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from math import isfinite
from typing import Any

from rich.console import Console
from rich.table import Table

from linehaul_sensors.cli import span
from linehaul_sensors.early_warnings import duration

OK, REFUSED, NOBODY, INTERRUPTED = 0, 1, 3, 130
VERBS = ('alarms', 'warnings')
_HIDDEN = ('SHELVED', 'SUPPRESSED_BY_DESIGN', 'OUT_OF_SERVICE')
_ALARMS = {
    'ack': 'acknowledge alarms: somebody has seen them and acts',
    'shelve': 'take them out of view for some time; they come back by themselves',
    'unshelve': 'bring shelved alarms back into view',
    'reset': 'let go of latched alarms whose condition is gone',
    'out': 'take alarms out of service, as when their sensor is being mended',
    'back': 'return them to service',
}
_WARNINGS = {
    'confirm': ('it is true; work is planned', 2),
    'reject': ('the machine is sound; such a sign counts less from now on', 3),
    'close': ('work was done; the machine is learnt anew', 4),
}


def parser() -> argparse.ArgumentParser:
    """Return the parser of both commands."""
    top = argparse.ArgumentParser(
        prog='linehaul',
        description='See and answer alarms and early warnings of a running factory.',
    )
    verbs = top.add_subparsers(dest='verb', required=True)
    alarms = _add(verbs, 'alarms', 'alarms that are not normal, the most urgent first')
    alarms.add_argument('--all', action='store_true', help='also those out of view')
    actions = alarms.add_subparsers(dest='action', metavar='ACTION')
    _add(actions, 'list', 'show them', default=argparse.SUPPRESS).add_argument(
        '--all', action='store_true', default=argparse.SUPPRESS, help='also those out of view'
    )
    for name, text in _ALARMS.items():
        one = _add(actions, name, text, default=argparse.SUPPRESS)
        one.add_argument('alarm', nargs='+')
        if name == 'shelve':
            one.add_argument('--for', dest='duration', type=span, required=True, metavar='2h')
        needed = name in ('shelve', 'out')
        one.add_argument('--reason', required=needed, default='', help='why')
        one.add_argument('--actor', default='', help='who (default: the user)')
    warnings = _add(verbs, 'warnings', 'early warnings for maintenance, the most urgent first')
    actions = warnings.add_subparsers(dest='action', metavar='ACTION')
    _add(actions, 'list', 'show them', default=argparse.SUPPRESS)
    for name, (text, _) in _WARNINGS.items():
        one = _add(actions, name, text, default=argparse.SUPPRESS)
        one.add_argument('warning')
        one.add_argument('--finding', default='', help='what was found')
        one.add_argument('--actor', default='', help='who (default: the user)')
    return top


def _add(verbs: Any, name: str, text: str, default: Any = None) -> argparse.ArgumentParser:
    """Add a command; its options may stand behind its actions, too."""
    one: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    suppress = default is argparse.SUPPRESS
    one.add_argument(
        '--json', action='store_true', default=default if suppress else False, help='print JSON'
    )
    one.add_argument(
        '--wait', type=float, metavar='S', default=default if suppress else 15.0,
        help='wait so long for the sensors node',
    )  # fmt: skip
    return one


def main(words: Sequence[str] | None = None, context: Any = None) -> int:
    """Run one command; return its exit code."""
    options = parser().parse_args(words)
    from linehaul_sensors.operator_client import NoAnswerError, connected

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    try:
        with connected(options.wait, context) as client:
            act = _alarms if options.verb == 'alarms' else _warnings
            return act(options, client, console)
    except NoAnswerError as error:
        sys.stderr.write(f'linehaul: {error}\n')
        return NOBODY
    except KeyboardInterrupt:
        return INTERRUPTED


def actor(given: str) -> str:
    """Return who is at the keyboard, where nobody was named."""
    try:
        return given or getpass.getuser()
    except (KeyError, OSError):
        return 'unknown user'


def _alarms(options: argparse.Namespace, client: Any, console: Console) -> int:
    from linehaul_sensors.operator_client import COMMANDS, PRIORITIES, STATES

    if options.action in COMMANDS:
        response = client.call(
            'COMMAND_ALARM',
            alarm_ids=options.alarm,
            command=COMMANDS[options.action],
            duration=getattr(options, 'duration', 0.0),
            actor=actor(options.actor),
            reason=options.reason,
        )
        return _answer(response, options, console, f'{options.action}: {", ".join(options.alarm)}')
    told = client.latest('ALARMS')
    rows = [
        {
            'alarm': one.alarm_id,
            'state': STATES[one.state],
            'priority': PRIORITIES[one.priority],
            'since': _time(one.raised),
            'value': _number(one.value),
            'message': one.message,
            'response': one.response,
            'consequences': one.consequences,
            'cause': one.cause_alarm_id,
            'actor': one.actor,
            'reason': one.reason,
            'until': _time(one.until),
        }
        for one in told.alarms
        if options.all or STATES[one.state] not in _HIDDEN
    ]
    if options.json:
        return _json({'flood': told.flood, 'total': told.total, 'alarms': rows})
    flood = '; flood' if told.flood else ''
    title = f'{told.total} not normal, {told.raised_last_10_minutes} in ten minutes{flood}'
    shown = ('state', 'priority', 'since', 'alarm', 'message', 'response')
    console.print(_table(title, shown, rows))
    return OK


def _warnings(options: argparse.Namespace, client: Any, console: Console) -> int:
    from linehaul_sensors.operator_client import STATUSES

    if options.action in _WARNINGS:
        response = client.call(
            'REVIEW_WARNING',
            warning_id=options.warning,
            status=_WARNINGS[options.action][1],
            finding=options.finding,
            actor=actor(options.actor),
        )
        return _answer(response, options, console, f'{options.action}: {options.warning}')
    rows = [
        {
            'warning': one.warning_id,
            'status': STATUSES[one.status],
            'since': _time(one.since),
            'health': _number(one.health),
            'left': _left(one),
            'message': one.message,
            'proposal': one.proposal,
            'channels': list(one.channel_ids),
            'picture': one.picture,
        }
        for one in client.latest('EARLY_WARNINGS').warnings
    ]
    if options.json:
        return _json(rows)
    shown = ('warning', 'status', 'since', 'health', 'left', 'message', 'proposal')
    console.print(_table(f'{len(rows)} open', shown, rows))
    return OK


def _answer(response: Any, options: argparse.Namespace, console: Console, done: str) -> int:
    if options.json:
        _json({'error_code': response.error_code, 'error_msg': response.error_msg})
    elif response.error_code:
        text = f'refused ({response.error_code}): {response.error_msg}'
        console.print(text, style='red', markup=False)
    else:
        console.print(done, markup=False)
    return REFUSED if response.error_code else OK


def _json(data: Any) -> int:
    sys.stdout.write(json.dumps(data) + '\n')
    return OK


def _table(title: str, names: Sequence[str], rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(title=title, title_justify='left')
    for name in names:
        table.add_column(name.replace('_', ' '), overflow='fold')
    for row in rows:
        table.add_row(*('' if row[name] is None else str(row[name]) for name in names))
    return table


def _time(stamp: Any) -> str:
    if not stamp.sec:
        return ''
    return f'{datetime.fromtimestamp(stamp.sec, timezone.utc):%Y-%m-%d %H:%M:%S}'


def _number(value: float) -> float | None:
    return round(value, 3) if isfinite(value) else None


def _left(one: Any) -> str:
    if not isfinite(one.remaining_life):
        return ''
    low, high = one.remaining_life_low, one.remaining_life_high
    until = duration(high) if isfinite(high) else 'for ever'
    return f'{duration(one.remaining_life)} ({duration(low)} to {until})'
