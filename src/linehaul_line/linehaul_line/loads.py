# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Which loads stand beside the stations, and which of them the line has used up.

The line counts parts in containers, in the order in which they are used; the floor knows loads by
name. `LineSide` keeps the names in the same order, so that the line can say which container is
empty, and says it again until the floor has said so, too. It also remembers since when which
empties stand in places, until they are fetched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from linehaul_line.ids import NO_LOAD, ItemId, LoadId, StationId
from linehaul_line.line import PartKey
from linehaul_line.stock import PartStock

STANDS_MOST = 1800.0
"""[s] after which an empty container is believed to have left; nobody may have heard of it."""
MOST_TIMES = 100
"""So often a used load is told; then whoever holds it does not know it."""


@dataclass(slots=True)
class LineSide:
    """The loads of one line.

    rows: ids in each part's containers, in the order they are used; empty: not known. used: loads
    that are empty, and how often that was told. empties: loads that are empty and have not left,
    the oldest first: of which part, and since when [s].
    """

    rows: dict[PartKey, tuple[LoadId, ...]] = field(default_factory=dict)
    used: dict[LoadId, int] = field(default_factory=dict)
    empties: dict[LoadId, tuple[PartKey, float]] = field(default_factory=dict)

    def came(self, key: PartKey, load: LoadId) -> None:
        """Take note of a container that was put down behind the others."""
        self.rows[key] = (*self.rows.get(key, ()), load)

    def settle(self, stock: Mapping[PartKey, PartStock], now: float) -> None:
        """Take note of what the line has used until now [s]: the first of each row are empty."""
        for key, part in stock.items():
            row, count = self.rows.get(key, ()), len(part.contents)
            if len(row) < count:
                row = (NO_LOAD,) * (count - len(row)) + row
            gone = row[: len(row) - count]
            self.used |= dict.fromkeys((one for one in gone if one), 0)
            self.empties |= {one: (key, now) for one in gone if one}
            self.rows[key] = row[len(row) - count :]

    def to_tell(self) -> list[LoadId]:
        """Return the empty containers that must be told of, now."""
        for load in self.used:
            self.used[load] += 1
        self.used = {load: times for load, times in self.used.items() if times <= MOST_TIMES}
        return list(self.used)

    def heard(self, load: LoadId) -> None:
        """Take note that the floor knows that a container is empty."""
        self.used.pop(load, None)

    def left(self, load: LoadId) -> tuple[PartKey, float] | None:
        """Take note that a load has left; return of which part it was an empty, and since when."""
        return self.empties.pop(load, None)

    def overdue(self, now: float) -> list[LoadId]:
        """Return the empties that must have left by now [s], though nobody said so."""
        return [load for load, (_, since) in self.empties.items() if now - since > STANDS_MOST]

    def made_room(self, key: PartKey) -> None:
        """Take note that the oldest empty of a part must have left: another is in its place."""
        oldest = next((load for load, (of, _) in self.empties.items() if of == key), None)
        if oldest is not None:
            del self.empties[oldest]

    def out(self) -> dict[str, Any]:
        """Return what must outlive the process, as JSON can hold it."""
        return {
            'rows': [[station, item, list(row)] for (station, item), row in self.rows.items()],
            'used': list(self.used),
            'empties': [[load, *key, since] for load, (key, since) in self.empties.items()],
        }


def line_side(saved: Mapping[str, Any]) -> LineSide:
    """Return what a former process knew of the loads."""
    rows = {
        (StationId(station), ItemId(item)): tuple(LoadId(one) for one in row)
        for station, item, row in saved['rows']
    }
    empties = {
        LoadId(load): ((StationId(station), ItemId(item)), float(since))
        for load, station, item, since in saved.get('empties', ())
    }
    return LineSide(rows, {LoadId(one): 0 for one in saved['used']}, empties)


def of_loads(found: Sequence[tuple[PartKey, LoadId]]) -> LineSide:
    """Return the line side with loads that stand there, in the order they are used."""
    side = LineSide()
    for key, load in found:
        side.came(key, load)
    return side
