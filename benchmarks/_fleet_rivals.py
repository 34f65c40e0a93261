# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the assignment is compared with: the two rules that most fleet managers use.

Both give a mission to an idle vehicle and never change their mind. Everything else (when vehicles
leave, where they wait, ways, charging) is the same as with the assignment.

nearest idle: missions in the order in which they were asked for; each gets the idle vehicle that
is at the load soonest. first come, first served: the mission that was asked for first gets the
vehicle that has been idle longest.
"""

from collections.abc import Callable, Sequence

import numpy as np
from linehaul_fleet.assign import Pairing, Times, pair_times
from linehaul_fleet.missions import Mission
from linehaul_fleet.offers import Offer, Standing
from linehaul_fleet.situation import Situation

Choose = Callable[[Times, int, list[int]], int]


def nearest_idle(
    s: Situation,
    missions: Sequence[Mission],
    offers: Sequence[Offer],
    now: float,  # noqa: ARG001 (as the others)
) -> list[Pairing]:
    """Pair each mission in turn with the idle vehicle that is at its load first."""
    return _in_turn(s, missions, offers, lambda t, i, able: min(able, key=lambda j: t.start[i, j]))


class FirstComeFirstServed:
    """Pairs each mission in turn with the vehicle that has been idle longest."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def __call__(
        self, s: Situation, missions: Sequence[Mission], offers: Sequence[Offer], now: float
    ) -> list[Pairing]:
        """Return the pairings; remembers since when each vehicle is idle."""
        idle = {one.vehicle for one in offers if _idle(one)}
        self._since = {v: self._since.get(v, now) for v in sorted(idle)}
        since = [self._since.get(one.vehicle, now) for one in offers]
        return _in_turn(s, missions, offers, lambda _, __, able: min(able, key=lambda j: since[j]))


def _idle(offer: Offer) -> bool:
    return offer.standing is not Standing.BUSY and offer.mission is None


def _in_turn(
    s: Situation, missions: Sequence[Mission], offers: Sequence[Offer], choose: Choose
) -> list[Pairing]:
    column = {one.vehicle: j for j, one in enumerate(offers)}
    times = pair_times(s, missions, offers)
    free = {j for j, one in enumerate(offers) if _idle(one)}
    order = sorted(range(len(missions)), key=lambda i: (missions[i].asked, missions[i].key))
    found = []
    for i in order:
        mission = missions[i]
        kept = column.get(mission.holder) if mission.holder else None
        able = [j for j in sorted(free) if np.isfinite(times.start[i, j])]
        j = kept if kept is not None else choose(times, i, able) if able else None
        if j is None:
            found.append(Pairing(mission, None, np.inf, np.inf, 0.0))
            continue
        if kept is None and times.start[i, j] + 10.0 >= mission.ready:
            free.discard(j)
        elif kept is None:
            found.append(Pairing(mission, None, np.inf, np.inf, 0.0))  # not time to go yet
            continue
        start, arrival = float(times.start[i, j]), float(times.arrival[i, j])
        found.append(Pairing(mission, offers[j], start, arrival, float(times.empty[i, j])))
    return found
