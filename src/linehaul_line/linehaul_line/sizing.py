# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Can the containers and places of a station work at all? Checked when the plant is loaded.

While one container is changed the others must last: (places - 1) containers. Two limits matter.
Below the whole response, a request that is made when a container is empty comes too late: the
station lives by look-ahead, and one lost delivery stops the line. Below the hand-over and the
spread of the arrival, no rule helps: containers that may only come when a place is free cannot
come often enough. Feed-1 still stood 4.7 % at 63 % load with boxes too small.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, sqrt

from linehaul_line.ids import ItemId, StationId
from linehaul_line.response import Response


@dataclass(frozen=True, slots=True)
class PartDemand:
    """One part at one station: parts a second at nominal speed, containers and places."""

    station: StationId
    item: ItemId
    rate: float
    places: int
    container_quantity: int


@dataclass(frozen=True, slots=True)
class SizeWarning:
    """A part whose places do not outlast the response.

    cover: seconds that the other containers last. lead: seconds of the whole response. least:
    seconds below which the line stands whatever the fleet does.
    """

    part: PartDemand
    cover: float
    lead: float
    least: float

    @property
    def hopeless(self) -> bool:
        """Tell whether the line will stand whatever the fleet does."""
        return self.cover < self.least

    def __str__(self) -> str:
        part, spare = self.part, max(self.part.places - 1, 0)
        wanted = self.least if self.hopeless else self.lead
        places = ceil(part.rate * wanted / part.container_quantity) + 1
        box = f' or containers of {ceil(part.rate * wanted / spare)}' if spare else ''
        end = (
            'the line will stand whatever the fleet does'
            if self.hopeless
            else 'it lives by requests ahead of need, and one lost delivery stops the line'
        )
        return (
            f'{part.station}, {part.item}: while one container is changed the other {spare} of '
            f'{part.container_quantity} parts last {self.cover:.0f} s, a delivery takes up to '
            f'{self.lead:.0f} s; {end}; wanted {places} places{box}'
        )


def check_sizes(
    parts: Iterable[PartDemand], response: Response, *, z: float = 2.0
) -> list[SizeWarning]:
    """Return a warning for each part that the response outlasts, the worst first.

    Args:
        parts: what the line takes.
        response: measured, or believed before anything is measured.
        z: spreads above the mean that must be lasted.
    """
    lead = response.latest(z)
    spread = sqrt(response.travel.variance + response.transfer.variance)
    least = response.transfer.mean + z * spread
    found = []
    for part in parts:
        cover = (part.places - 1) * part.container_quantity / part.rate if part.rate else lead
        if cover < lead:
            found.append(SizeWarning(part, max(cover, 0.0), lead, least))
    return sorted(found, key=lambda one: one.cover)
