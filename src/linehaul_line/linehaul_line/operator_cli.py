# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The command `linehaul lines …`: how the lines run, what runs out next, and commands for them.

    linehaul lines [--line fa1] [--most 15] [--watch] [--json]
    linehaul lines hold | unhold | start | stop | reset | … LINE_OR_STATION --reason TEXT
    linehaul lines speed LINE 1.5 --reason TEXT

A station that is held has a fault of its own and stops its line. Without --actor the user of the
shell acts. Exit codes: 0 done, 1 refused, 2 wrong use, 3 nobody answers.
"""

import argparse
import getpass
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from math import isnan
from typing import Any

from rich.console import Console

from linehaul_line.operator_view import line_table, part_table, soonest

OK, REFUSED, NOBODY, INTERRUPTED = 0, 1, 3, 130
_ACTIONS = {
    'hold': 'have it stand; its deliveries wait',
    'unhold': 'let it go on; of a station: its fault is mended',
    'start': 'start it from idle',
    'stop': 'stop it for good',
    'reset': 'from stopped to idle',
    'suspend': 'have it stand for want of something from outside',
    'unsuspend': 'let it go on',
    'abort': 'stop it at once',
    'clear': 'from aborted to stopped',
}


def parser() -> argparse.ArgumentParser:
    """Return the parser."""
    top = argparse.ArgumentParser(
        prog='linehaul lines', description='See and command the assembly lines.'
    )
    top.add_argument('--line', default='', help='only what runs out beside this one')
    top.add_argument('--most', type=int, default=15, help='parts that are shown')
    top.add_argument('--watch', action='store_true', help='go on until Ctrl-C')
    top.add_argument('--json', action='store_true', help='print JSON')
    top.add_argument('--wait', type=float, default=10.0, help='seconds to wait for an answer')
    verbs = top.add_subparsers(dest='action', metavar='ACTION')
    for name, text in _ACTIONS.items():
        _by(verbs.add_parser(name, help=text, description=text))
    speed = verbs.add_parser('speed', help='change its speed')
    _by(speed)
    speed.add_argument('factor', type=float, help='above 0, at most 2; 1 is nominal')
    return top


def _by(verb: argparse.ArgumentParser) -> None:
    verb.add_argument('target', help='line or station')
    verb.add_argument('--actor', default='', help='who commands it')
    verb.add_argument('--reason', default='', help='for the log')


def main(arguments: Sequence[str] | None = None, context: Any = None) -> int:
    """Run the command; return its exit code."""
    options = parser().parse_args(arguments)
    from linehaul_line.operator_client import COMMANDS, NoAnswerError, connected

    try:
        with connected(options.wait, context) as client:
            if options.action:
                return _command(options, client, COMMANDS[options.action])
            while True:
                _show(options, client)
                if not options.watch:
                    return OK
    except NoAnswerError as error:
        sys.stderr.write(f'linehaul: {error}\n')
        return NOBODY
    except KeyboardInterrupt:
        return INTERRUPTED


def _command(options: argparse.Namespace, client: Any, number: int) -> int:
    response = client.call(
        'SET_LINE_STATE',
        line_id=options.target,
        command=number,
        speed_factor=getattr(options, 'factor', 0.0),
        actor=_actor(options.actor),
        reason=options.reason,
    )
    if response.error_code:
        sys.stderr.write(f'refused ({response.error_code}): {response.error_msg}\n')
        return REFUSED
    sys.stdout.write(f'{options.action}: {options.target}\n')
    return OK


def _actor(given: str) -> str:
    try:
        return given or getpass.getuser()
    except (KeyError, OSError):
        return 'unknown user'


def _show(options: argparse.Namespace, client: Any) -> None:
    from linehaul_line.operator_client import look

    lines, parts = look(client)
    shown = soonest(parts, options.line, options.most)
    if options.json:
        rows = [asdict(one) | {'left': None if isnan(one.left) else one.left} for one in shown]
        sys.stdout.write(json.dumps({'lines': [asdict(one) for one in lines], 'parts': rows}))
        sys.stdout.write('\n')
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    if options.watch:
        console.clear()
    console.print(line_table(lines))
    console.print()
    console.print(part_table(shown))


if __name__ == '__main__':
    sys.exit(main())
