# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Containers that are packed for certain units: what to pack next, and what a new order upsets.

A part in line order (JIS), or a kit, is asked for in batches of the next units that nothing covers
yet; a unit's parts are in one container. When the sequence changes, a request whose batch is no
longer what the line will take is withdrawn and asked for anew in the same place of the row, as
long as its container is not on a vehicle. After that cut-off a person is told, for parts in the
wrong order stop the line as surely as none.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from linehaul_line.assembly import Assembly
from linehaul_line.feeding import Ask, Intent, Withdraw
from linehaul_line.ids import NO_ORDER, ItemId, OrderId, RequestId, StationId, UnitId
from linehaul_line.line import PartKey
from linehaul_line.product import Unit
from linehaul_line.stock import PartStock, Promise


@dataclass(frozen=True, slots=True)
class Batch:
    """Parts for units in line order. contents: unit, item and parts, in the order of use."""

    station: StationId
    contents: tuple[tuple[UnitId, ItemId, int], ...]

    @property
    def units(self) -> tuple[UnitId, ...]:
        """Units that it is for, in line order."""
        return tuple(dict.fromkeys(unit for unit, _, _ in self.contents))


@dataclass(frozen=True, slots=True)
class OutOfOrder:
    """A container on its way holds parts for other units than those that come: re-pack it."""

    station: StationId
    item: ItemId
    request: RequestId
    packed: tuple[UnitId, ...]
    wanted: tuple[UnitId, ...]

    def __str__(self) -> str:
        return (
            f'{self.station}: {self.item} of request {self.request} is packed for '
            f'{", ".join(self.packed)}, but {", ".join(self.wanted) or "no unit"} will come; '
            'put it in order at the station'
        )


def takers(line: Assembly, key: PartKey) -> Iterator[tuple[Unit, int]]:
    """Yield the units that will still take a part, in line order, with how many."""
    station, item = key
    first = line.position - line.plan.stations.index(station)
    for unit in line.sequence.units[max(first - line.sequence.first, 0) :]:
        parts = line.plan.models[unit.model].bill.get(station, {}).get(item, 0)
        if parts:
            yield unit, parts


def next_batch(line: Assembly, key: PartKey, covered: int) -> Batch | None:
    """Return what the next container must hold behind so many parts; None: nothing is known."""
    capacity = line.stock[key].container_quantity
    row: list[tuple[UnitId, ItemId, int]] = []
    for unit, parts in takers(line, key):
        missing = parts - covered
        covered = max(covered - parts, 0)
        if missing <= 0:
            continue
        if row and sum(one[2] for one in row) + missing > capacity:
            break
        row.append((unit.id, key[1], min(missing, capacity)))
    return Batch(key[0], tuple(row)) if row else None


def quantity(batch: Batch) -> int:
    """Return the parts in a batch."""
    return sum(parts for _, _, parts in batch.contents)


def order_of(line: Assembly, batch: Batch) -> OrderId:
    """Return the order that a batch is for; empty where it is for several."""
    mine = set(batch.units)
    orders = {unit.order for unit in line.sequence.units if unit.id in mine}
    return orders.pop() if len(orders) == 1 else NO_ORDER


def for_batch(line: Assembly, ask: Ask, batch: Batch) -> Ask:
    """Return a request that says which units its container is for."""
    return replace(ask, order=order_of(line, batch), units=batch.units)


def renew(
    line: Assembly,
    key: PartKey,
    batches: Mapping[RequestId, Batch],
    loaded: Collection[RequestId],
    now: float,
    new_request: Callable[[], RequestId],
) -> tuple[PartStock, dict[RequestId, Batch], list[Intent], list[OutOfOrder]]:
    """Return the stock and the batches of a part as the sequence wants them, and what to tell.

    Args:
        line: as it is.
        key: station and item.
        batches: what each open request was made for; one that is not there is let be.
        loaded: requests whose container is on a vehicle.
        now: plant time [s].
        new_request: gives a request id that was never used.
    """
    part = line.stock[key]
    covered, kept = part.quantity, list[Promise]()
    found, intents, wrong = dict(batches), list[Intent](), list[OutOfOrder]()
    for one in part.promises:
        was, wanted = batches.get(one.request), next_batch(line, key, covered)
        if was is None or was.contents == (wanted.contents if wanted else ()):
            kept.append(one)
        elif one.request in loaded:
            kept.append(one)
            units = wanted.units if wanted else ()
            wrong.append(OutOfOrder(*key, one.request, was.units, units))
            del found[one.request]
        elif wanted is None:
            kept.append(one)  # nothing needs it any more: it is going to be withdrawn
        else:
            del found[one.request]
            new = Promise(new_request(), quantity(wanted), one.earliest, one.due, now)
            text = f'{key[0]}: other units come, {key[1]} is asked for anew as {new.request}'
            intents.append(Withdraw(one.request, text))
            ask = Ask(new.request, *key, new.quantity, new.earliest, new.due, _URGENT)
            intents.append(for_batch(line, ask, wanted))
            found[new.request] = wanted
            kept.append(new)
        covered += kept[-1].quantity
    return replace(part, promises=tuple(kept)), found, intents, wrong


_URGENT = 200
"""Priority of what is asked for anew: it should have been on its way already."""
