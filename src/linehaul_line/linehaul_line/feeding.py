# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a line asks of the fleet: requests made, changed, held and withdrawn as the line goes on.

`feed` looks at one part at a time and returns intents; it holds no state. A request carries the
run-out as its due time and the time at which there will be room as its earliest. When sequence,
speed or state of the line move the run-out by more than `tolerance`, the request is changed;
when the known sequence no longer needs it, it is withdrawn. A request that would come before its
place is free, because the line slowed down or stands, is held until it will be. Small moves are
let be: a fleet that is told something new each second finds no rest.

The window moves with its due time, here as in the fleet: the earliest time keeps its share of the
time that is left. What is on a vehicle counts before what is not, for it comes first.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from math import inf

from linehaul_line.dispatch import candidate, priority
from linehaul_line.ids import NO_ORDER, ItemId, OrderId, RequestId, StationId, UnitId
from linehaul_line.lookahead import FloatArray, Policy, next_window, propose
from linehaul_line.response import Response
from linehaul_line.stock import PartStock, Promise, promise, withdraw

NEAR = 10.0
"""[s] that a vehicle with the container on it needs at least when it may come."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the fleet for a container. Times [s]; priority as in deliver_material.

    order: that it is for; empty: stock of the line. units: that it is packed for, in line order.
    """

    request: RequestId
    station: StationId
    item: ItemId
    quantity: int
    earliest: float
    due: float
    priority: int
    order: OrderId = NO_ORDER
    units: tuple[UnitId, ...] = ()


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
    """Ask the fleet not to bring an open request now, and why."""

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
    loaded: Collection[RequestId] = (),
    *,
    stands: bool = False,
) -> tuple[PartStock, list[Intent]]:
    """Return the stock with its promises as they should be, and what to tell the fleet.

    Args:
        stock: one part at one station.
        needs: (N,) plant times [s], ascending, at which the line takes each further part.
        response: measured response of the station.
        feeding: how the line feeds itself.
        now: plant time [s].
        new_request: gives a request id that was never used.
        loaded: requests whose container is on a vehicle.
        stands: the line is starved, and frees no place until it runs again.
    """
    intents: list[Intent] = []
    policy = feeding.policy
    if not stock.exchange:
        clearing = max(policy.clearing, response.cleared(policy.z))
        policy = replace(policy, clearing=clearing)
    covered = stock.quantity
    kept: list[Promise] = []
    for one in sorted(stock.promises, key=lambda p: p.request not in loaded):
        due = float(needs[covered]) if covered < len(needs) else inf
        if due == inf and one.due < inf:
            intents.append(Withdraw(one.request, 'the known sequence does not need it any more'))
            continue
        covered += one.quantity
        changed = _moved(stock, one, due, response, feeding, now)
        if changed is not None:
            intents.append(changed)
        new = one if changed is None else replace(one, due=due, earliest=moved(one, due, now))
        free = _free_at(stock, kept, needs, now)
        way = response.soonest(policy.z)
        if one.request in loaded:
            way = NEAR
            fixed = stands or not stock.exchange  # nothing is free that is not free now
            free = inf if fixed and not _room_now(stock, len(kept)) else free
        new, told = hold(new, _no_room(stock, new, free, way, now))
        if one.held and not new.held:
            new = replace(new, earliest=max(new.earliest, free + policy.clearing))
        kept.append(new)
        intents += told
    stock = replace(stock, promises=tuple(kept))
    for proposal in propose(stock.supply, needs, response, policy, now):
        name = new_request()
        window = proposal.earliest, proposal.due
        stock = promise(stock, Promise(name, proposal.quantity, *window, now))
        urgent = _priority(stock, name, now, window, response, now)
        ask = Ask(name, stock.station, stock.item, proposal.quantity, *window, urgent)
        intents.append(ask)
    return stock, intents


def hold(one: Promise, why: str) -> tuple[Promise, list[Intent]]:
    """Return an open delivery held for a reason, or released where there is none, and say so."""
    if bool(why) == one.held:
        return one, []
    told = Hold(one.request, why) if why else Release(one.request, 'there is room when it comes')
    return replace(one, held=bool(why)), [told]


def moved(one: Promise | Ask, due: float, now: float) -> float:
    """Return the earliest time [s] of an open delivery whose due time moves."""
    if one.earliest <= now:
        return one.earliest
    if one.due > now:
        return now + (one.earliest - now) * max(due - now, 0.0) / (one.due - now)
    return min(one.earliest, max(due, now))


def _free_at(stock: PartStock, ahead: list[Promise], needs: FloatArray, now: float) -> float:
    """Return when there is a place [s] behind the deliveries that come before."""
    supply = replace(stock.supply, promised=tuple(other.quantity for other in ahead))
    return next_window(supply, needs, now).free


def _room_now(stock: PartStock, ahead: int) -> bool:
    """Return whether a place is free behind so many deliveries that come before."""
    blocking = 0 if stock.exchange else stock.empties
    return len(stock.contents) + blocking + ahead < stock.places


def _no_room(
    stock: PartStock,
    one: Promise,
    free: float,
    way: float,
    now: float,
) -> str:
    """Return why an open delivery would find no place when it comes; empty: it will find one.

    Args:
        stock: with its containers.
        one: which.
        free: when there is a place for it [s].
        way: seconds that it still needs at least.
        now: plant time [s].
    """
    if free <= (now + way if one.held else max(one.earliest, now + way)):
        return ''
    when = f'for {free - now:.0f} s' if free < inf else 'as far as is known'
    return f'{stock.station} has no place for {stock.item} {when}'


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
