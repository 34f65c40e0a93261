# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The command `linehaul goods …`: sets in the distribution centre, an order and its proof.

    linehaul goods [list]
    linehaul goods order ORDER
    linehaul goods unit UNIT

Exit codes: 0 done, 1 no such order or unit, 2 wrong use, 3 nobody answers.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

OK, REFUSED, NOBODY, INTERRUPTED = 0, 1, 3, 130


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    top = argparse.ArgumentParser(prog='linehaul goods', description='Finished goods and trucks.')
    top.add_argument('--centre', default='dc', help='name of the centre (default: dc)')
    top.add_argument('--json', action='store_true', help='print JSON')
    top.add_argument('--wait', type=float, default=15.0, metavar='S', help='wait for an answer')
    actions = top.add_subparsers(dest='action', metavar='ACTION')
    actions.add_parser('list', help='the sets that are not shipped yet')
    order = actions.add_parser('order', help='all that happened to an order, and its proof')
    order.add_argument('order')
    unit = actions.add_parser('unit', help='the same of the order that a unit belongs to')
    unit.add_argument('unit')
    return top


def main(words: Sequence[str] | None = None, context: Any = None) -> int:
    """Run one command; return its exit code."""
    given = list(sys.argv[1:] if words is None else words)
    options = parser().parse_args(given[1:] if given[:1] == ['goods'] else given)
    from linehaul_warehouse.centre.client import NoAnswerError, connected

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    try:
        with connected(options.wait, context) as client:
            act = _trace if options.action in ('order', 'unit') else _list
            return act(options, client, console)
    except NoAnswerError as error:
        sys.stderr.write(f'linehaul: {error}\n')
        return NOBODY
    except KeyboardInterrupt:
        return INTERRUPTED


def _print(options: argparse.Namespace, console: Console, rows: list[dict[str, Any]]) -> None:
    """Print rows as a table or, each in a line, as JSON."""
    if options.json:
        for row in rows:
            print(json.dumps(row))  # noqa: T201
        return
    table = Table(*(rows[0] if rows else ['nothing here']))
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    console.print(table)


def _list(options: argparse.Namespace, client: Any, console: Console) -> int:
    from linehaul_warehouse.centre.client import PHASES, state_of

    state = state_of(client, options.centre)
    rows = [
        {
            'order': one.order_id,
            'owner': one.owner,
            'set': PHASES.get(one.phase, '?'),
            'here': f'{len(one.unit_ids_present)} of {len(one.unit_ids)}',
            'truck': one.truck_id,
            'stop': one.stop_number or '',
            'lane': one.lane_id,
            'dock': one.dock_id,
        }
        for one in sorted(state.sets, key=lambda one: (-one.phase, one.order_id))
    ]
    _print(options, console, rows)
    if not options.json:
        console.print(f'{state.shipped} orders shipped, {state.mis_sorts} mis-sorts caught')
    return OK


def _trace(options: argparse.Namespace, client: Any, console: Console) -> int:
    from linehaul_warehouse.centre.client import traced

    order = getattr(options, 'order', '')
    answer = traced(client, options.centre, order, getattr(options, 'unit', ''))
    if answer.error_code:
        sys.stderr.write(f'linehaul: {answer.error_msg}\n')
        return REFUSED
    found = answer.orders[0]
    rows = [
        {
            'time': f'{event.stamp.sec + event.stamp.nanosec * 1e-9:.1f}',
            'step': event.business_step,
            'where': event.place_id,
            'truck': event.parent_id,
            'units': ' '.join(event.object_ids),
            'text': event.disposition,
        }
        for event in answer.events
    ]
    if not options.json:
        gone = rows and rows[-1]['step'] == 'shipping'
        what = 'shipped, with this proof in the last line' if gone else 'not shipped yet'
        console.print(f'{found.order_id} of {found.owner}: {what}')
    _print(options, console, rows)
    return OK
