# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Parts in line order, and kits: containers packed for certain units.

A JIS container holds one part for consecutive units of the sequence, in line order; a kit holds
all parts of one station for one unit. Both are packed in a supermarket before they travel, so a
change of sequence must reach it before the cut-off: `outdated` tells what to pack anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from linehaul_line.ids import ItemId, ModelId, StationId, UnitId
from linehaul_line.product import Model, Unit


@dataclass(frozen=True, slots=True)
class Batch:
    """Parts for units in line order. contents: unit, item and parts, in the order of use."""

    station: StationId
    contents: tuple[tuple[UnitId, ItemId, int], ...]

    @property
    def units(self) -> tuple[UnitId, ...]:
        """Units that it is for, in line order."""
        return tuple(dict.fromkeys(unit for unit, _, _ in self.contents))


def in_sequence(
    units: Sequence[Unit],
    models: Mapping[ModelId, Model],
    station: StationId,
    item: ItemId,
    capacity: int,
) -> list[Batch]:
    """Return JIS batches of an item for units in line order; a unit's parts are never split.

    Raises:
        ValueError: a unit needs more than a container holds.
    """
    batches: list[Batch] = []
    row: list[tuple[UnitId, ItemId, int]] = []
    for unit in units:
        parts = models[unit.model].bill.get(station, {}).get(item, 0)
        if parts > capacity:
            raise ValueError(f'{station}, {item}: unit {unit.id} needs {parts}, {capacity} fit')
        if parts and sum(one[2] for one in row) + parts > capacity:
            batches.append(Batch(station, tuple(row)))
            row = []
        if parts:
            row.append((unit.id, item, parts))
    return batches + ([Batch(station, tuple(row))] if row else [])


def kits(
    units: Sequence[Unit], models: Mapping[ModelId, Model], station: StationId
) -> list[Batch]:
    """Return one kit for each unit that needs anything at the station, in line order."""
    found = []
    for unit in units:
        bill = models[unit.model].bill.get(station, {})
        if bill:
            found.append(Batch(station, tuple((unit.id, i, n) for i, n in sorted(bill.items()))))
    return found


def outdated(batches: Sequence[Batch], units: Sequence[Unit]) -> list[Batch]:
    """Return the batches whose units left the sequence or changed order, inside or among them."""
    rank = {unit.id: index for index, unit in enumerate(units)}
    found: list[Batch] = []
    latest = -1
    for batch in batches:
        ranks = [rank.get(unit, -1) for unit in batch.units]
        if -1 in ranks or ranks != sorted(ranks) or (ranks and ranks[0] < latest):
            found.append(batch)
        else:
            latest = max([latest, *ranks])
    return found
