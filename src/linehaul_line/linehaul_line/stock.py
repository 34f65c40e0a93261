# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Containers beside a station: what is in them, what is promised, what is empty.

Each booking returns the new stock or raises `StockError` when it cannot have happened, so that a
wrong count is seen where it is made. Containers are used up one after the other. An emptied one
stays in its place until it is fetched, unless the vehicle that brings the next takes it along
(`exchange`).
"""

from dataclasses import dataclass, replace

from linehaul_line.errors import StockError
from linehaul_line.ids import ItemId, RequestId, StationId
from linehaul_line.lookahead import Supply


@dataclass(frozen=True, slots=True)
class Promise:
    """An open delivery: parts, run-out [s] that it was asked for, earliest [s] it may come.

    held: the fleet was told not to bring it now.
    """

    request: RequestId
    quantity: int
    earliest: float
    due: float
    asked: float
    held: bool = False


@dataclass(frozen=True, slots=True)
class PartStock:
    """One part at one station.

    places: containers that fit. container_quantity: parts in a full one. contents: parts in each
    container that is not empty, in the order they are used. promises: in the order they were
    asked for. exchange: an empty leaves with the vehicle that brings the next container.
    """

    station: StationId
    item: ItemId
    places: int
    container_quantity: int
    contents: tuple[int, ...] = ()
    empties: int = 0
    promises: tuple[Promise, ...] = ()
    exchange: bool = False

    @property
    def quantity(self) -> int:
        """Parts that are there."""
        return sum(self.contents)

    @property
    def standing(self) -> int:
        """Containers in places, the empty ones with them."""
        return len(self.contents) + self.empties

    @property
    def supply(self) -> Supply:
        """What look-ahead works with. An empty that is exchanged takes no place."""
        blocking = 0 if self.exchange else self.empties
        promised = tuple(one.quantity for one in self.promises)
        return Supply(self.contents, promised, blocking, self.places, self.container_quantity)


def has_room(stock: PartStock) -> bool:
    """Return whether a container can be put down now."""
    return stock.standing < stock.places or (stock.exchange and stock.empties > 0)


def take(stock: PartStock, parts: int) -> PartStock:
    """Return the stock after the line took parts.

    Raises:
        StockError: more parts than are there, or a negative number.
    """
    if not 0 <= parts <= stock.quantity:
        raise StockError(f'{_where(stock)}: {parts} parts taken of {stock.quantity}')
    contents, empties = list(stock.contents), stock.empties
    while parts:
        used = min(parts, contents[0])
        parts -= used
        contents[0] -= used
        if contents[0] == 0:
            contents.pop(0)
            empties += 1
    return replace(stock, contents=tuple(contents), empties=empties)


def promise(stock: PartStock, one: Promise) -> PartStock:
    """Return the stock with one more open delivery.

    Raises:
        StockError: the request is open already.
    """
    if any(other.request == one.request for other in stock.promises):
        raise StockError(f'{_where(stock)}: request {one.request} is open already')
    return replace(stock, promises=(*stock.promises, one))


def withdraw(stock: PartStock, request: RequestId) -> PartStock:
    """Return the stock without an open delivery; one that is not open changes nothing."""
    return replace(stock, promises=tuple(p for p in stock.promises if p.request != request))


def put(stock: PartStock, quantity: int, request: RequestId | None = None) -> PartStock:
    """Return the stock after a container was put down, and its request is closed.

    Raises:
        StockError: no place, or parts that no container holds.
    """
    if not has_room(stock):
        raise StockError(f'{_where(stock)}: a container put down, all {stock.places} places taken')
    if not 1 <= quantity <= stock.container_quantity:
        raise StockError(
            f'{_where(stock)}: {quantity} parts found, wanted 1 to {stock.container_quantity}'
        )
    empties = stock.empties - (1 if stock.exchange and stock.empties else 0)
    placed = replace(stock, contents=(*stock.contents, quantity), empties=empties)
    return withdraw(placed, request) if request is not None else placed


def fetch_empty(stock: PartStock) -> PartStock:
    """Return the stock after a vehicle took an empty container away.

    Raises:
        StockError: there is none.
    """
    if stock.empties == 0:
        raise StockError(f'{_where(stock)}: an empty container fetched, none there')
    return replace(stock, empties=stock.empties - 1)


def count(stock: PartStock, contents: tuple[int, ...], empties: int) -> PartStock:
    """Return the stock after a person or a sensor counted it: what is seen is what is there.

    Raises:
        StockError: more containers than places, or parts that no container holds.
    """
    wrong = [one for one in contents if not 1 <= one <= stock.container_quantity]
    if wrong or empties < 0 or len(contents) + empties > stock.places:
        raise StockError(
            f'{_where(stock)}: counted {contents} and {empties} empty, '
            f'wanted at most {stock.places} containers of 1 to {stock.container_quantity}'
        )
    return replace(stock, contents=contents, empties=empties)


def _where(stock: PartStock) -> str:
    return f'{stock.station}, {stock.item}'
