# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Radio links on which messages are lost, come late, overtake each other, or fail for a while."""

import heapq
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

Content = TypeVar('Content')


@dataclass(frozen=True, slots=True)
class Link:
    """What goes wrong on the way of a message.

    lost, late: chances of each message. delay: [s] mean of what is late.
    outage: chance per message that the sender is cut off, for up to cut_off [s].
    """

    lost: float = 0.05
    late: float = 0.05
    delay: float = 3.0
    outage: float = 0.0005
    cut_off: float = 60.0


class Links(Generic[Content]):
    """Messages under way between N vehicles and the fleet, in one direction."""

    def __init__(self, link: Link, rng: np.random.Generator, vehicles: int) -> None:
        self.lost = 0
        self.late = 0
        self._link, self._rng = link, rng
        self._cut_until = np.full(vehicles, -np.inf)
        self._under_way: list[tuple[float, int, int, Content]] = []
        self._sent = 0

    def send(self, now: float, vehicle: int, content: Content) -> None:
        """Send a message; who sends repeats it until it is answered."""
        link, chance = self._link, self._rng.random(3)
        if chance[0] < link.outage:
            self._cut_until[vehicle] = now + link.cut_off * chance[1] ** 2
        if now < self._cut_until[vehicle] or chance[1] < link.lost:
            self.lost += 1
            return
        delay = 0.0
        if chance[2] < link.late:
            delay = float(self._rng.exponential(link.delay))
            self.late += 1
        self._sent += 1
        heapq.heappush(self._under_way, (now + delay, self._sent, vehicle, content))

    def arrived(self, now: float) -> list[tuple[int, Content]]:
        """Return (vehicle, content) of what has arrived by now, in the order of arrival."""
        found = []
        while self._under_way and self._under_way[0][0] <= now:
            _, _, vehicle, content = heapq.heappop(self._under_way)
            found.append((vehicle, content))
        return found
