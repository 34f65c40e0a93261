# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The rules that Feed-1 compares: four of the literature, and linehaul_line's own code."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from math import inf

import numpy as np
from _feed_world import DRIVE, STATIONS, TAKT, TRANSFER, Call, Instance, World
from linehaul_line.dispatch import Candidate, candidate, choose
from linehaul_line.ids import RequestId, StationId
from linehaul_line.lookahead import Policy, Proposal, Supply, ask_at, next_window, propose
from linehaul_line.response import Response, observe_travel, observe_wait, prior

#: Takts of the sequence that the line knows ahead: one hour.
KNOWN = 120
#: Seconds after which a station is looked at again in any case.
LOOK = 300.0
MEAN_DRIVE = float(np.mean(DRIVE))


class ReorderPoint:
    """Asks for a box whenever no more than one is there or promised; serves by a key."""

    def __init__(self, key: Callable[[World, Call], float]) -> None:
        self._key = key

    def ask(self, world: World) -> list[tuple[int, None]]:
        box = world.instance.box
        short = np.flatnonzero(world.stock + world.promised * box <= box)
        return [(int(station), None) for station in short]

    def choose(self, world: World, waiting: list[Call]) -> Call | None:
        return min(waiting, key=lambda call: (self._key(world, call), call.number), default=None)

    def begun(self, world: World, call: Call) -> None:
        pass

    def arrived(self, call: Call, begun: float, now: float) -> None:
        pass


def fcfs() -> ReorderPoint:
    return ReorderPoint(lambda _, call: call.time)


def nearest() -> ReorderPoint:
    return ReorderPoint(lambda world, call: world.instance.distance[call.station])


def random(seed: int) -> ReorderPoint:
    rng = np.random.default_rng(seed)
    return ReorderPoint(lambda _world, _call: rng.random())


def least_slack() -> ReorderPoint:
    """Return the rule with the run-out taken from the mean rate."""

    def key(world: World, call: Call) -> float:
        instance, station = world.instance, call.station
        left = world.stock[station] / instance.use[station] * TAKT
        return float(left - MEAN_DRIVE * instance.distance[station] - 2 * TRANSFER)

    return ReorderPoint(key)


class _Sequence:
    """What a line knows of the needs of its stations, as times."""

    def __init__(self, instance: Instance) -> None:
        self._takts = [np.flatnonzero(instance.uses[:, i]) for i in range(STATIONS)]

    def needs(self, world: World, station: int) -> np.ndarray:
        """Return the times at which the station's next parts are taken, as far as known."""
        takts = self._takts[station]
        first, last = np.searchsorted(takts, (world.takt, world.takt + KNOWN))
        begin = max(world.next_takt, world.now)
        return begin + (takts[first:last] - world.takt) * TAKT


def supply_of(world: World, station: int) -> Supply:
    """Return the boxes of a station as linehaul_line sees them: the opened one is used first."""
    box = int(world.instance.box[station])
    full, rest = divmod(int(world.stock[station]), box)
    contents = ((rest,) if rest else ()) + (box,) * full
    return Supply(contents, (box,) * int(world.promised[station]), 0, 2, box)


class Linehaul:
    """linehaul_line: run-out from the known sequence, measured response, look-ahead requests.

    look_ahead: False asks at one box like the others, so that only the choice differs.
    """

    def __init__(self, instance: Instance, policy: Policy, *, look_ahead: bool = True) -> None:
        self._known = _Sequence(instance)
        self._policy = policy
        self._look_ahead = look_ahead
        self._reorder = fcfs()
        self._next_wake = 0.0
        self._look = np.zeros(STATIONS)
        self._promised = np.zeros(STATIONS, int)
        self._known_candidates: dict[int, tuple[float, Candidate]] = {}
        self._response = [self._prior(distance) for distance in instance.distance]

    @staticmethod
    def _prior(distance: float) -> Response:
        """Return what is thought before anything is measured: the way at nominal speed."""
        return prior(wait=0.0, travel=TRANSFER + distance, transfer=TRANSFER)

    def ask(self, world: World) -> list[tuple[int, Proposal | None]]:
        if not self._look_ahead:
            return [(station, None) for station, _ in self._reorder.ask(world)]
        due = np.flatnonzero((self._look <= world.now) | (self._promised != world.promised))
        return [(int(station), one) for station in due for one in self._ask(world, int(station))]

    def _ask(self, world: World, station: int) -> list[Proposal]:
        """Return what to ask for at a station, and note when to look at it again."""
        supply, needs = supply_of(world, station), self._known.needs(world, station)
        about = self._response[station], self._policy, world.now
        found = propose(supply, needs, *about)
        promised = supply.promised + tuple(one.quantity for one in found)
        after = world.now + LOOK
        if len(promised) < self._policy.open_limit:
            after = ask_at(replace(supply, promised=promised), needs, *about)
        self._look[station] = min(max(after, world.now + 1.0), world.now + LOOK)
        self._promised[station] = len(promised)
        return found

    def choose(self, world: World, waiting: list[Call]) -> Call | None:
        by_request = {str(call.number): call for call in waiting}
        chosen = choose(self._candidates(world, waiting), world.now)
        if chosen is None:
            self._wake(world)
            return None
        return by_request[chosen.request]

    def _wake(self, world: World) -> None:
        """Have the world look again soon, once."""
        if world.now >= self._next_wake:
            self._next_wake = world.now + 10.0
            world.at(self._next_wake, 'wake')

    def _candidates(self, world: World, waiting: list[Call]) -> list[Candidate]:
        """Return what waits, each with its window: calls of a station in their order.

        A window stays as it is while the line moves on in its takt, once it is known.
        """
        behind = Counter(call.station for call in waiting)
        shift = max(world.next_takt, world.now) - world.takt * TAKT
        found = []
        for call in waiting:
            ahead = int(world.promised[call.station]) - behind[call.station]
            behind[call.station] -= 1
            known = self._known_candidates.get(call.number)
            if known is None or known[0] != shift or inf in (known[1].due, known[1].earliest):
                known = shift, self._candidate(world, call, ahead)
                self._known_candidates[call.number] = known
            found.append(known[1])
        return found

    def _candidate(self, world: World, call: Call, ahead: int) -> Candidate:
        """Return a call whose box comes behind `ahead` others that are promised."""
        station = call.station
        supply = supply_of(world, station)
        before = replace(supply, promised=supply.promised[:ahead])
        window = next_window(before, self._known.needs(world, station), world.now)
        times = window.free, window.run_out
        name, place = RequestId(str(call.number)), StationId(str(station))
        return candidate(name, place, call.time, times, self._response[station])

    def begun(self, world: World, call: Call) -> None:
        response = self._response[call.station]
        ready = call.time
        if isinstance(call.detail, Proposal):
            ready = max(ready, call.detail.earliest - response.soonest(self._policy.z))
        waited = max(world.now - ready, 0.0)
        self._response[call.station] = observe_wait(response, waited)

    def arrived(self, call: Call, begun: float, now: float) -> None:
        station = call.station
        self._response[station] = observe_travel(self._response[station], now - begun)
