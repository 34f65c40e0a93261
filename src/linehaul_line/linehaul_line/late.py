# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A delivery will be too late: let units go first that do not need it.

Only units behind the frozen horizon move, and only such that no promise is broken that would have
been kept. What cannot be helped so is told with the units that will wait.
"""

from dataclasses import dataclass

from linehaul_line.assembly import Assembly
from linehaul_line.ids import ItemId, StationId
from linehaul_line.line import LineSequence, PartKey
from linehaul_line.lookahead import FloatArray
from linehaul_line.product import Unit
from linehaul_line.resequence import Swap, around_late_part


@dataclass(frozen=True, slots=True)
class WorkedAround:
    """A part comes at a time [s], after it is needed: who changes slots, and who still waits.

    done: the line builds so; else it is only proposed, for somebody else has the sequence.
    """

    station: StationId
    item: ItemId
    arrival: float
    swaps: tuple[Swap, ...]
    waiting: tuple[Unit, ...]
    done: bool = True

    def __str__(self) -> str:
        words = f'{self.item} comes to {self.station} at {self.arrival:.0f} s only'
        words += '' if self.done else '; better would be'
        changed = ''.join(f'; {swap}' for swap in self.swaps)
        names = ', '.join(f'{unit.id} of {unit.owner}' for unit in self.waiting[:5])
        more = f' and {len(self.waiting) - 5} more' if len(self.waiting) > 5 else ''
        return words + changed + (f'; {names}{more} will wait' if names else '')


def work_around(
    line: Assembly, key: PartKey, times: FloatArray, arrival: float
) -> tuple[LineSequence, WorkedAround] | None:
    """Return the sequence with units moved round a late part; None: nothing helps, or is needed.

    Args:
        line: as it is.
        key: station and item that is late.
        times: (N,) of the next steps [s].
        arrival: when more will be there [s].
    """
    station, item = key
    models, offset = line.plan.models, line.plan.stations.index(station)
    at_station = {name: model.bill.get(station, {}).get(item, 0) for name, model in models.items()}
    if all(at_station.values()) or len(times) <= offset:
        return None
    first = line.position - line.sequence.first
    before = line.sequence.units[max(first - offset, 0) : max(first, 0)]
    left = line.stock[key].quantity - sum(at_station[unit.model] for unit in before)
    coming = line.sequence.units[first:]
    found = around_late_part(
        coming,
        models,
        item,
        times,
        parts=max(left, 0),
        arrival=arrival - float(times[offset] - times[0]),
        frozen=line.plan.frozen,
        first_position=line.position,
        keep_promises=True,
    )
    if not found.swaps:
        return None
    sequence = LineSequence(line.sequence.first, line.sequence.units[:first] + found.units)
    return sequence, WorkedAround(station, item, arrival, found.swaps, found.waiting)
