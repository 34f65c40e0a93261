# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a line asks of the fleet: requests made, changed and withdrawn as the line goes on.

`feed` looks at one part at a time and returns intents; it holds no state. A request carries the
run-out as its due time and the time at which there will be room as its earliest. When sequence,
speed or state of the line move the run-out by more than `tolerance`, the request is changed;
when the known sequence no longer needs it, it is withdrawn. Small moves are let be: a fleet that
is told something new each second finds no rest.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import inf

from linehaul_line.dispatch import candidate, priority
from linehaul_line.ids import ItemId, RequestId, StationId
from linehaul_line.lookahead import FloatArray, Policy, propose
from linehaul_line.response import Response
from linehaul_line.stock import PartStock, Promise, promise, withdraw


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the fleet for a container. Times [s]; priority as in deliver_material."""

    request: RequestId
    station: StationId
    item: ItemId
    quantity: int
    earliest: float
    due: float
    priority: int


@dataclass(frozen=True, slots=True)
class Change:
    """Tell the fleet another due time and priority of an open request, and why."""

    request: RequestId
    due: float
    priority: int
    reason: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Cancel an open request, and why."""

    request: RequestId
    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Ask the fleet not to bring an open request now: its line stands by its own fault."""

    request: RequestId
    reason: str


@dataclass(frozen=True, slots=True)
class Release:
    """Ask the fleet to bring an open request that was held."""

    request: RequestId
    reason: str


Intent = Ask | Change | Withdraw | Hold | Release


@dataclass(frozen=True, slots=True)
class Feeding:
    """How a line feeds itself.

    policy: look-ahead. tolerance: seconds by which a run-out may move before the fleet is told;
    share: of the time that is left, where that is more.
    """

    policy: Policy = field(default_factory=Policy)
    tolerance: float = 30.0
    share: float = 0.15


def feed(
    stock: PartStock,
    needs: FloatArray,
    response: Response,
    feeding: Feeding,
    now: float,
    new_request: Callable[[], RequestId],
) -> tuple[PartStock, list[Intent]]:
    """Return the stock with its promises as they should be, and what to tell the fleet.

    Args:
        stock: one part at one station.
        needs: (N,) plant times [s], ascending, at which the line takes each further part.
        response: measured response of the station.
        feeding: how the line feeds itself.
        now: plant time [s].
        new_request: gives a request id that was never used.
    """
    intents: list[Intent] = []
    covered = stock.quantity
    kept: list[Promise] = []
    for one in stock.promises:
        due = float(needs[covered]) if covered < len(needs) else inf
        if due == inf and one.due < inf:
            intents.append(Withdraw(one.request, 'the known sequence does not need it any more'))
            continue
        covered += one.quantity
        changed = _moved(stock, one, due, response, feeding, now)
        kept.append(one if changed is None else replace(one, due=due))
        intents += [] if changed is None else [changed]
    stock = replace(stock, promises=tuple(kept))
    for proposal in propose(stock.supply, needs, response, feeding.policy, now):
        name = new_request()
        window = proposal.earliest, proposal.due
        stock = promise(stock, Promise(name, proposal.quantity, *window, now))
        urgent = _priority(stock, name, now, window, response, now)
        ask = Ask(name, stock.station, stock.item, proposal.quantity, *window, urgent)
        intents.append(ask)
    return stock, intents


def _moved(
    stock: PartStock,
    one: Promise,
    due: float,
    response: Response,
    feeding: Feeding,
    now: float,
) -> Change | None:
    """Return the change to tell, or None where the run-out is about where it was."""
    starved = one.due <= now and due <= now + feeding.tolerance
    tolerance = max(feeding.tolerance, feeding.share * (due - now))
    if starved or abs(due - one.due) <= tolerance:
        return None
    word = 'sooner' if due < one.due else 'later'
    urgent = _priority(stock, one.request, one.asked, (one.earliest, due), response, now)
    reason = f'{stock.station} runs out of {stock.item} {abs(due - one.due):.0f} s {word}'
    return Change(one.request, due, urgent, reason)


def _priority(
    stock: PartStock,
    request: RequestId,
    asked: float,
    window: tuple[float, float],
    response: Response,
    now: float,
) -> int:
    return priority(candidate(request, stock.station, asked, window, response), now)


def lost(stock: PartStock, request: RequestId) -> PartStock:
    """Return the stock after a request failed or was cancelled: look-ahead will ask anew."""
    return withdraw(stock, request)
