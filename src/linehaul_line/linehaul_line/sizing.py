# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Can the containers and places of a station work at all? Checked when the plant is loaded.

While one container is fetched the others must last: (places - 1) containers have to hold the
demand over the response time with its spread. Where they cannot, no dispatching rule helps, and
the line should know before the shift: Feed-1 still stood 4.7 % at 63 % load with boxes too small.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

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
    """A part whose places cannot work. cover, lead: seconds that they last, and must last."""

    part: PartDemand
    cover: float
    lead: float

    def __str__(self) -> str:
        part, spare = self.part, max(self.part.places - 1, 0)
        places = ceil(part.rate * self.lead / part.container_quantity) + 1
        box = ceil(part.rate * self.lead / spare) if spare else None
        wanted = f'{places} places' + (f' or containers of {box}' if box else '')
        return (
            f'{part.station}, {part.item}: while one container is fetched the other {spare} of '
            f'{part.container_quantity} parts last {self.cover:.0f} s, a delivery takes up to '
            f'{self.lead:.0f} s; the line will stand whatever the fleet does; wanted {wanted}'
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
    found = []
    for part in parts:
        cover = (part.places - 1) * part.container_quantity / part.rate if part.rate else lead
        if cover < lead:
            found.append(SizeWarning(part, max(cover, 0.0), lead))
    return sorted(found, key=lambda one: one.cover)
