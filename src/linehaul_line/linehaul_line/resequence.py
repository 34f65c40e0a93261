# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A part is late: which units wait, and whose promise that touches.

Units that need the missing part before it comes swap slots with units further back that do not,
behind the frozen horizon. A swap is only worth it when no promise is broken by it that would have
been kept: each one names both owners, for someone promised something to both of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from linehaul_line.ids import ItemId, ModelId
from linehaul_line.lookahead import FloatArray
from linehaul_line.product import Model, Unit


@dataclass(frozen=True, slots=True)
class Swap:
    """Two units that change slots; each finishes at another time [s] than before."""

    early_position: int
    late_position: int
    delayed: Unit
    advanced: Unit
    delayed_from: float
    delayed_to: float

    @property
    def breaks_promise(self) -> bool:
        """Tell whether the delayed unit was in time and no longer is."""
        return self.delayed_from <= self.delayed.due < self.delayed_to

    def __str__(self) -> str:
        to, back = self.delayed, self.advanced
        return (
            f'unit {to.id} of {to.owner} (order {to.order}) moves {self.delayed_to:.0f} s instead '
            f'of {self.delayed_from:.0f} s; unit {back.id} of {back.owner} (order {back.order}) '
            f'comes first in its slot'
        )


@dataclass(frozen=True, slots=True)
class Resequenced:
    """units: in their new order. swaps: what changed. waiting: units that still need the part."""

    units: tuple[Unit, ...]
    swaps: tuple[Swap, ...]
    waiting: tuple[Unit, ...]


def around_late_part(
    units: Sequence[Unit],
    models: Mapping[ModelId, Model],
    item: ItemId,
    times: FloatArray,
    *,
    parts: int,
    arrival: float,
    frozen: int,
    first_position: int = 0,
    keep_promises: bool = False,
) -> Resequenced:
    """Return an order in which the line goes on while a part is late.

    Args:
        units: in their present order.
        models: bills of material.
        item: the late part.
        times: (N,) seconds at which each slot needs its parts.
        parts: of the item that are still there.
        arrival: when more will be there [s].
        frozen: slots at the beginning that may not change.
        first_position: position of units[0].
        keep_promises: leave units where they are whose swap would break a promise.
    """
    order = list(units)
    swaps: list[Swap] = []
    left = parts
    for slot, unit in enumerate(order[: len(times)]):
        needed = _parts(models[unit.model], item)
        if times[slot] >= arrival:
            break
        if needed <= left:
            left -= needed
        elif slot >= frozen and (swap := _swap(order, models, item, times, slot, arrival, left)):
            if keep_promises and swap[1].breaks_promise:
                continue
            order[slot], order[swap[0]] = order[swap[0]], order[slot]
            left -= _parts(models[order[slot].model], item)
            swaps.append(_described(swap[1], first_position))
    return Resequenced(
        tuple(order), tuple(swaps), _waiting(order, models, item, times, parts, arrival)
    )


def _swap(
    order: Sequence[Unit],
    models: Mapping[ModelId, Model],
    item: ItemId,
    times: FloatArray,
    slot: int,
    arrival: float,
    left: int,
) -> tuple[int, Swap] | None:
    """Return the nearest unit that can take the slot, rather one that harms no one, or None."""
    found: list[tuple[bool, int, Swap]] = []
    for other in range(slot + 1, min(len(order), len(times))):
        if times[other] < arrival or _parts(models[order[other].model], item) > left:
            continue
        moved = (float(times[slot]), float(times[other]))
        swap = Swap(slot, other, order[slot], order[other], *moved)
        found.append((swap.breaks_promise, other, swap))
        if not swap.breaks_promise:
            break
    best = min(found, key=lambda one: one[:2], default=None)
    return None if best is None else (best[1], best[2])


def _described(swap: Swap, first: int) -> Swap:
    return Swap(
        swap.early_position + first,
        swap.late_position + first,
        swap.delayed,
        swap.advanced,
        swap.delayed_from,
        swap.delayed_to,
    )


def _parts(model: Model, item: ItemId) -> int:
    return sum(parts.get(item, 0) for parts in model.bill.values())


def _waiting(
    order: Sequence[Unit],
    models: Mapping[ModelId, Model],
    item: ItemId,
    times: FloatArray,
    parts: int,
    arrival: float,
) -> tuple[Unit, ...]:
    """Return the units whose slot comes before the part does."""
    found, left = [], parts
    for unit, time in zip(order, times, strict=False):
        needed = _parts(models[unit.model], item)
        if time < arrival and needed > left:
            found.append(unit)
        elif time < arrival:
            left -= needed
    return tuple(found)
