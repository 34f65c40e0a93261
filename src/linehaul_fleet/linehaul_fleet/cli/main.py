# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""`linehaul COMMAND …`: reads the words, asks the fleet, prints the answer."""

import argparse
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.live import Live

from linehaul_fleet.acts import Command, Holder, Mode, RoadState
from linehaul_fleet.cli import tables
from linehaul_fleet.cli.words import MODE, actor, build_parser

OK, REFUSED, WRONG, NOBODY, INTERRUPTED = 0, 1, 2, 3, 130
_COMMANDS = {
    'send': Command.SEND,
    'park': Command.PARK,
    'charge': Command.CHARGE,
    'out': Command.TAKE_OUT,
    'back': Command.GIVE_BACK,
    'pause': Command.PAUSE,
    'resume': Command.RESUME,
    'retry': Command.RETRY,
    'skip': Command.SKIP_RETRY,
    'remove': Command.REMOVE,
}
_MODES = {
    'pause': Mode.PAUSED,
    'resume': Mode.RUNNING,
    'stop': Mode.STOPPED,
    'drain': Mode.DRAINING,
}
_ROADS = {'close': RoadState.CLOSED, 'open': RoadState.OPEN, 'slow': RoadState.LIMITED}
_CHANGES = {'cancel': 1, 'priority': 2, 'due': 3, 'station': 4, 'hold': 5, 'release': 6}
_ENDED = (6, 7, 8)


_DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'
WIDE = 250
"""Columns where nobody looks, such as in a pipe."""


def new_request_id(now: float) -> str:
    """Return a request id that is short and never the same twice: wall time [s] and chance."""
    number = int(now * 1000.0) << 20 | secrets.randbits(20)
    digits = (_DIGITS[number >> shift & 31] for shift in range(60, -1, -5))
    return 'r' + ''.join(digits)


class Session:
    """One command: its words, the client and where to print."""

    def __init__(self, options: argparse.Namespace, client: Any, console: Console) -> None:
        self.options, self.client, self.console = options, client, console

    def show(self, data: Any, render: Callable[[Any], Any]) -> int:
        """Print something for people or as JSON."""
        if self.options.json:
            self.print_json(data)
        else:
            self.console.print(render(data))
        return OK

    def show_part(self, part: str, render: Callable[[Any], Any]) -> int:
        """Print one list of the fleet's state: as a table, or only that list as JSON."""
        state = self.client.fleet_state()
        return self.show(getattr(state, part) if self.options.json else state, render)

    def print_json(self, data: Any) -> None:
        """Print a line of JSON."""
        print(json.dumps(tables.plain(data)), flush=True)  # noqa: T201

    def answer(self, response: Any, done: str) -> int:
        """Print what a service answered; return the exit code."""
        if self.options.json:
            self.print_json(response)
        elif response.error_code:
            self.console.print(
                f'refused ({response.error_code}): {response.error_msg}', style='red', markup=False
            )
        else:
            self.console.print(done, markup=False)
        return REFUSED if response.error_code else OK

    @property
    def by(self) -> dict[str, str]:
        """Who and why, as fields of a request."""
        return {'actor': actor(self.options.actor), 'reason': self.options.reason}


def main(words: Sequence[str] | None = None, context: Any = None) -> int:
    """Run one command; return its exit code."""
    parser = build_parser()
    options = parser.parse_args(words)
    if options.verb == 'completion':
        return _completion(parser, options)
    from linehaul_fleet.cli.client import NoAnswerError, connected

    seen = sys.stdout.isatty() or 'COLUMNS' in os.environ
    console = Console(highlight=False, width=None if seen else WIDE)
    try:
        with connected(options.wait, context) as client:
            return _run(Session(options, client, console))
    except NoAnswerError as error:
        print(f'linehaul: {error}', file=sys.stderr)  # noqa: T201
        return NOBODY
    except KeyboardInterrupt:
        return INTERRUPTED


def _completion(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    from linehaul_fleet.cli.completion import completion, ids_of
    from linehaul_floor import PlantError, load_plant  # only here: it takes its time

    ids = None
    if options.plant:
        try:
            ids = ids_of(load_plant(options.plant))
        except PlantError as error:
            print(f'linehaul: {error}', file=sys.stderr)  # noqa: T201
            return WRONG
    print(completion(parser, options.shell, ids))  # noqa: T201
    return OK


def _run(session: Session) -> int:
    verb = session.options.verb
    if verb in MODE:
        return _mode(session)
    return _VERBS[verb](session)


def _mode(session: Session) -> int:
    mode = _MODES[session.options.verb]
    response = session.client.call('SET_FLEET_MODE', mode=int(mode), **session.by)
    return session.answer(response, f'the fleet is {tables.word(tables.MODES, mode)}')


def _fleet(session: Session) -> int:
    if not session.options.watch:
        return session.show(session.client.fleet_state(), tables.fleet)
    if session.options.json:
        last = None
        while True:
            if session.client.state is not last:
                last = session.client.state
                session.print_json(last)
            session.client.spin()
    with Live(console=session.console, auto_refresh=False) as live:
        while True:
            live.update(tables.fleet(session.client.fleet_state()), refresh=True)
            session.client.spin(0.5)


def _vehicle(session: Session) -> int:
    options = session.options
    if options.action is None:
        return session.show_part('vehicles', tables.vehicles)
    response = session.client.call(
        'COMMAND_VEHICLE',
        vehicle_id=options.vehicle,
        command=int(_COMMANDS[options.action]),
        place_id=getattr(options, 'place', ''),
        **session.by,
    )
    return session.answer(response, f'{options.vehicle}: {options.action}')


def _edge(session: Session) -> int:
    options = session.options
    if options.action is None:
        return session.show_part('limits', tables.roads)
    response = session.client.set_roads(
        options.element,
        int(_ROADS[options.action]),
        getattr(options, 'speed', 0.0),
        actor(options.actor),
        options.reason,
    )
    state = tables.word(tables.ROADS, _ROADS[options.action])
    return session.answer(response, f'{", ".join(options.element)}: {state}')


def _delivery(session: Session) -> int:
    options = session.options
    if options.action is None:
        return session.show_part('deliveries', tables.deliveries)
    if options.action == 'show':
        return _show_delivery(session)
    fields = {'request_id': options.request, 'change': _CHANGES[options.action], **session.by}
    if options.action == 'priority':
        fields['priority'] = options.value
    elif options.action == 'due':
        fields['due'] = session.client.now() + options.value
    elif options.action == 'station':
        fields['station_id'] = options.value
    done = f'{options.request}: {options.action} {getattr(options, "value", "")}'.rstrip()
    return session.answer(session.client.change(**fields), done)


def _show_delivery(session: Session) -> int:
    response = session.client.call('GET_DELIVERY', request_id=session.options.request)
    if session.options.json or response.error_code:
        return session.answer(response, '')
    one = response.state
    session.console.print(
        f'{one.request_id}: {tables.word(tables.PHASES, one.phase)}, {one.quantity} x '
        f'{one.item_id} to {one.station_id} {one.error_msg}'.rstrip(),
        markup=False,
    )
    for event in response.history:
        session.console.print(tables.event_line(event), markup=False, soft_wrap=True)
    return OK


def _load(session: Session) -> int:
    options = session.options
    if options.action is None:
        return session.show_part('lost_loads', tables.loads)
    response = session.client.call(
        'CONFIRM_LOAD',
        load_id=options.load,
        holder_kind=int(Holder[options.holder.upper()]),
        holder_id=options.where,
        **session.by,
    )
    return session.answer(response, f'{options.load}: {options.holder} {options.where}'.rstrip())


def _events(session: Session) -> int:
    seen = []

    def hear(event: Any) -> None:
        seen.append(event)
        if session.options.json:
            session.print_json(event)
        else:
            session.console.print(tables.event_line(event), markup=False, soft_wrap=True)

    session.client.events(hear)
    session.client.fleet_state()
    while not session.options.count or len(seen) < session.options.count:
        session.client.spin()
    return OK


def _deliver(session: Session) -> int:
    options, client = session.options, session.client
    fields = {
        'request_id': options.request_id or new_request_id(time.time()),
        'order_id': options.order,
        'item_id': options.item,
        'quantity': options.quantity,
        'station_id': options.station,
        'priority': options.priority,
    }
    due = None if options.due_in is None else client.now() + options.due_in
    states: list[Any] = []
    goal, results = client.deliver(fields, due, states.append)
    try:
        with session.console.status('asks') as status:
            while not results and not (options.no_wait and states):
                client.spin()
                if states and not options.json:
                    status.update(_progress(states[-1], client.now()))
    except KeyboardInterrupt:
        goal.cancel()
        while not results:
            client.spin()
    if not results:
        return session.show(states[-1], lambda s: f'{s.request_id} is accepted')
    return _delivered(session, fields['request_id'], results[0])


def _progress(state: Any, now: float) -> str:
    eta = tables.seconds(state.eta) - now
    words = [state.request_id, tables.word(tables.PHASES, state.phase), state.vehicle_id]
    return ' '.join(w for w in words if w) + (f', in {eta:.0f} s' if eta > 0.0 else '')


def _delivered(session: Session, request_id: str, result: Any) -> int:
    if session.options.json:
        session.print_json(result)
    elif result.error_code:
        text = f'{request_id} not delivered ({result.error_code}): {result.error_msg}'
        session.console.print(text, style='red', markup=False)
    else:
        session.console.print(
            f'{request_id}: {result.quantity} x {result.item_id} in {result.load_id} to '
            f'{result.station_id} by {result.vehicle_id} at '
            f'{tables.clock(tables.seconds(result.delivered))}',
            markup=False,
        )
    return REFUSED if result.error_code else OK


_VERBS = {
    'deliver': _deliver,
    'fleet': _fleet,
    'vehicle': _vehicle,
    'edge': _edge,
    'delivery': _delivery,
    'load': _load,
    'events': _events,
}


def run() -> None:
    """Run the command line of this process."""
    sys.exit(main())
