# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The words of the command line: parser and help."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]

EPILOG = """exit codes:
  0  done    1  refused or failed    2  wrong use    3  no fleet answers    130  interrupted

also: linehaul lines, alarms, warnings, sensors, goods (each with --help)

examples:
  linehaul fleet --watch
  linehaul deliver --station fa1_01 --item casing --quantity 4 --due-in 600
  linehaul vehicle send agv_001 charge_1 --reason 'it squeaks'
  linehaul edge close crossing_se --reason 'a puddle'
  linehaul pause --reason 'visitors' && linehaul resume
"""
VEHICLE = {
    'send': 'send an idle vehicle to a place, where it stays',
    'park': 'have it park at home',
    'charge': 'have it charge',
    'out': 'take it out: no new work, what it has not loaded goes to others',
    'back': 'give it back',
    'pause': 'have it stand where it is',
    'resume': 'let it go on',
    'retry': 'have a handover tried again',
    'skip': 'have a handover given up',
    'remove': 'it was taken off the floor: its place is free',
}
MODE = {
    'pause': 'have all vehicles stand where they are; orders are kept',
    'resume': 'let the fleet run again',
    'stop': 'emergency stop: all released ways are withdrawn, nothing starts by itself',
    'drain': 'finish what is loaded, then park',
}
EDGE = {
    'close': 'close edges, nodes or zones',
    'open': 'open them again',
    'slow': 'limit the speed on them',
}
CHANGE = {
    'cancel': 'cancel it; a load on its way goes back',
    'priority': 'change its priority, 0 to 255',
    'due': 'change its due time',
    'station': 'send it to another station',
    'hold': 'its line stands: do not bring it now',
    'release': 'its line runs again',
}
HOLDERS = ('vehicle', 'port', 'cell', 'gone')


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of `linehaul`."""
    parser = argparse.ArgumentParser(
        prog='linehaul',
        description='See and operate the fleet of a running factory.',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest='verb', metavar='COMMAND', required=True)
    _deliver(_add(verbs, 'deliver', 'ask for material and watch it come'))
    fleet = _add(verbs, 'fleet', 'show mode, vehicles and deliveries')
    fleet.add_argument('--watch', action='store_true', help='go on until Ctrl-C')
    for name, text in MODE.items():
        _by(_add(verbs, name, text))
    _vehicle(_add(verbs, 'vehicle', 'show vehicles, or command one'))
    _edge(_add(verbs, 'edge', 'show closed and slow roads, or change them'))
    _delivery(_add(verbs, 'delivery', 'show deliveries, or change one'))
    _load(_add(verbs, 'load', 'show loads that are lost, or say where one is'))
    events = _add(verbs, 'events', 'print what happens, line by line')
    events.add_argument('--count', type=int, default=0, help='stop after so many')
    completion = verbs.add_parser('completion', help='print tab completion for bash or zsh')
    completion.add_argument('shell', nargs='?', choices=('bash', 'zsh'), default='bash')
    completion.add_argument('--plant', default='', help='complete the ids of this plant, too')
    return parser


def _add(verbs: Verbs, name: str, text: str) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + '.')
    parser.add_argument('--json', action='store_true', help='print JSON, for programs')
    parser.add_argument(
        '--wait', type=_seconds, default=15.0, metavar='S', help='wait so long for the fleet'
    )
    return parser


def _action(verbs: Verbs, name: str, text: str) -> argparse.ArgumentParser:
    """Add an action below a command; options of the command may stand behind it, too."""
    parser = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + '.')
    parser.add_argument(
        '--json', action='store_true', default=argparse.SUPPRESS, help='print JSON, for programs'
    )
    parser.add_argument(
        '--wait', type=_seconds, default=argparse.SUPPRESS, metavar='S', help='wait for the fleet'
    )
    return parser


def _by(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--actor', default='', help='who wants it (default: the user)')
    parser.add_argument('--reason', default='', help='why, for the journal')


def actor(given: str) -> str:
    """Return who is at the keyboard, where nobody was named."""
    if given:
        return given
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return 'unknown user'


def _deliver(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--station', required=True, help='station id of the plant file')
    parser.add_argument('--item', required=True, help='item id of the plant file')
    parser.add_argument('--quantity', type=_number(0, 2**32 - 1), required=True, help='parts')
    parser.add_argument('--order', default='', help='user order it is for')
    parser.add_argument('--due-in', type=_seconds, metavar='S', help='plant seconds until due')
    parser.add_argument(
        '--priority', type=_number(0, 255), default=100, metavar='0..255', help='default 100'
    )
    parser.add_argument('--request-id', default='', help='default: a new one')
    parser.add_argument('--no-wait', action='store_true', help='return when it is accepted')


def _vehicle(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest='action', metavar='ACTION')
    for name, text in VEHICLE.items():
        one = _action(actions, name, text)
        one.add_argument('vehicle')
        if name == 'send':
            one.add_argument('place', help='station, port, charger or parking place')
        _by(one)


def _edge(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest='action', metavar='ACTION')
    for name, text in EDGE.items():
        one = _action(actions, name, text)
        one.add_argument('element', nargs='+', help='edge, node or zone id')
        if name == 'slow':
            one.add_argument('--speed', type=_speed, required=True, metavar='M/S')
        _by(one)


def _delivery(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest='action', metavar='ACTION')
    show = _action(actions, 'show', 'what has become of it')
    show.add_argument('request')
    for name, text in CHANGE.items():
        one = _action(actions, name, text)
        one.add_argument('request')
        if name == 'priority':
            one.add_argument('value', type=_number(0, 255), metavar='0..255')
        elif name == 'due':
            one.add_argument('value', type=_seconds, metavar='IN_SECONDS', help='plant seconds')
        elif name == 'station':
            one.add_argument('value', metavar='STATION')
        _by(one)


def _load(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest='action', metavar='ACTION')
    found = _action(actions, 'found', 'say where a lost load is')
    found.add_argument('load')
    found.add_argument('holder', choices=HOLDERS)
    found.add_argument('where', nargs='?', default='', help='vehicle, port or cell')
    _by(found)


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f'{text} is not within {low} and {high}')
        return value

    return read


def _seconds(text: str) -> float:
    value = float(text)
    if not (isfinite(value) and value >= 0.0):
        raise argparse.ArgumentTypeError(f'{text} is not a number of seconds')
    return value


def _speed(text: str) -> float:
    value = float(text)
    if not (isfinite(value) and value > 0.0):
        raise argparse.ArgumentTypeError(f'{text} is not a speed above 0')
    return value
