# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""One line and what it asks for: the core behind the line node.

`LineDesk` joins the line (simulated, or seen through a station client), the measured response
and the open requests. `tick` moves it to a time and returns what to tell the fleet; what the
fleet answers comes back through `begun`, `placed` and `failed`. Nothing here sends anything.
"""

from dataclasses import dataclass, field, replace
from math import inf, nan

from linehaul_line.assembly import Assembly, Event, run_until
from linehaul_line.feeding import Ask, Feeding, Hold, Intent, feed, hold, lost
from linehaul_line.ids import NO_LOAD, LoadId, RequestId, StationId
from linehaul_line.late import WorkedAround, work_around
from linehaul_line.line import (
    LineSequence,
    PartKey,
    SequenceTable,
    known_times,
    station_needs,
    tabulate,
)
from linehaul_line.loads import LineSide
from linehaul_line.lookahead import FloatArray, run_out
from linehaul_line.packing import Batch, OutOfOrder, for_batch, next_batch, quantity, renew
from linehaul_line.packml import Refusal, State
from linehaul_line.response import Response, observe_clearing, observe_travel, observe_wait
from linehaul_line.stock import PartStock, Promise, fetch_empty, has_room, put

LATE = 20.0
"""[s] after its run-out that a delivery counts as late."""
RETRY = 30.0
"""[s] between two tries to let other units go first."""


@dataclass(slots=True)
class LineDesk:
    """A line and its requests.

    steps: how far the sequence is looked at. serial: requests made so far, in the request ids, so
    that a restarted desk never uses one twice. side: which loads stand beside the stations.
    batches: what requests for parts in line order are packed for. given: somebody gave the
    sequence; else the line builds its mix for stock.
    """

    assembly: Assembly
    feeding: Feeding
    responses: dict[StationId, Response]
    steps: int = 250
    serial: int = 0
    side: LineSide = field(default_factory=LineSide)
    batches: dict[RequestId, Batch] = field(default_factory=dict)
    given: bool = False
    _begun: dict[RequestId, float] = field(default_factory=dict)
    _loaded: set[RequestId] = field(default_factory=set)
    _delayed: set[RequestId] = field(default_factory=set)
    _expected: dict[RequestId, float] = field(default_factory=dict)
    _worked: dict[PartKey, float] = field(default_factory=dict)
    _checked: LineSequence | None = None
    _table: SequenceTable | None = None

    def tick(
        self, now: float, *, simulated: bool = True
    ) -> tuple[list[Intent], list[Event | OutOfOrder | WorkedAround]]:
        """Move the line to a time [s]; return what to tell the fleet and what happened.

        Args:
            now: plant time [s].
            simulated: False for a line that is only seen; its clock is somewhere else.
        """
        events: list[Event | OutOfOrder | WorkedAround] = []
        if simulated:
            self.assembly, seen = run_until(self.assembly, now)
            events += seen
        else:
            self.assembly = replace(self.assembly, now=now)
        self.side.settle(self.assembly.stock, now)
        for load in self.side.overdue(now):
            self.left(load, nan)
        times = self.times(now)
        events += self._work_around(times, now, own=simulated)
        intents = self._renew_batches(now, events)
        stock = dict(self.assembly.stock)
        why = self._stands()
        for key, part in self.assembly.stock.items():
            if why:
                stock[key], found = _hold_all(part, why)
            else:
                stock[key], found = self._feed(key, part, times, now)
            intents += found
        self.assembly = replace(self.assembly, stock=stock)
        self._delayed |= {one.request for one in intents if isinstance(one, Hold)}
        return intents, events

    def _feed(
        self, key: PartKey, part: PartStock, times: FloatArray, now: float
    ) -> tuple[PartStock, list[Intent]]:
        """Return a part with its requests as they should be, and what to tell the fleet."""
        needs, response = self.needs(key, times), self.responses[key[0]]
        about = now, self._new_request, self._loaded
        stands = self.assembly.state == State.SUSPENDED
        if key not in self.assembly.plan.jis:
            return feed(part, needs, response, self.feeding, *about, stands=stands)
        covered = part.quantity + sum(one.quantity for one in part.promises)
        batch = next_batch(self.assembly, key, covered)
        most = len(part.promises) + (batch is not None)
        limit = min(most, self.feeding.policy.open_limit)
        feeding = replace(self.feeding, policy=replace(self.feeding.policy, open_limit=limit))
        size = part.container_quantity if batch is None else quantity(batch)
        packed = replace(part, container_quantity=size)
        after, found = feed(packed, needs, response, feeding, *about, stands=stands)
        for index, one in enumerate(found):
            if isinstance(one, Ask) and batch is not None:
                self.batches[one.request] = batch
                found[index] = for_batch(self.assembly, one, batch)
        return replace(after, container_quantity=part.container_quantity), found

    def _renew_batches(
        self, now: float, events: list[Event | OutOfOrder | WorkedAround]
    ) -> list[Intent]:
        """Ask anew for what is packed for other units than those that come."""
        intents: list[Intent] = []
        if self._checked is self.assembly.sequence:
            return intents
        self._checked = self.assembly.sequence
        for key in sorted(self.assembly.plan.jis):
            about = self.batches, self._loaded, now, self._new_request
            part, self.batches, found, wrong = renew(self.assembly, key, *about)
            self._set(key, part)
            intents += found
            events += wrong
        return intents

    def _work_around(self, times: FloatArray, now: float, *, own: bool) -> list[WorkedAround]:
        """Let units go first that do not need what is late; to a real line only propose it."""
        told = []
        for key, part in self.assembly.stock.items():
            coming = [self._expected.get(one.request, inf) for one in part.promises]
            arrival = min((eta for eta in coming if eta < inf), default=-inf)
            if arrival < now or now - self._worked.get(key, -inf) < RETRY:
                continue
            if arrival < run_out(part.supply, self.needs(key, times), promised=False) + LATE:
                continue
            self._worked[key] = now
            found = work_around(self.assembly, key, times, arrival)
            if found is not None and own:
                self.assembly = replace(self.assembly, sequence=found[0])
            if found is not None:
                told.append(replace(found[1], done=own))
        return told

    def expects(self, request: RequestId, arrival: float) -> None:
        """Take note of when the fleet expects to have brought a container [s]; inf: not known."""
        self._expected[request] = arrival

    def _stands(self) -> str:
        """Return why nothing is to come now; empty: the line runs, or waits for what must come."""
        line = self.assembly
        if line.state in (State.EXECUTE, State.SUSPENDED):
            return ''
        return f'line {line.plan.id} stands: {line.cause()}'

    def set_sequence(self, sequence: LineSequence) -> None:
        """Build other units behind the frozen horizon."""
        self.assembly, self.given = replace(self.assembly, sequence=sequence), True

    def times(self, now: float) -> FloatArray:
        """Return the times (N,) [s] of the next steps, as far as known."""
        line = self.assembly
        if self._table is None or self._table.sequence is not line.sequence:
            self._table = tabulate(line.plan, line.sequence)
        return known_times(self._table, line.position, line.pace, now, self.steps)

    def needs(self, key: PartKey, times: FloatArray) -> FloatArray:
        """Return the times (N,) [s] at which a station takes each further part.

        Args:
            key: station and item.
            times: what `times` said of the same moment.
        """
        line = self.assembly
        station = line.plan.stations.index(key[0])
        table = self._table or tabulate(line.plan, line.sequence)
        return station_needs(table, line.position, times, station, key)

    def run_outs(self, now: float) -> dict[PartKey, float]:
        """Return when each part runs out if nothing comes [s]; inf: not in the known sequence."""
        times = self.times(now)
        return {
            key: run_out(part.supply, self.needs(key, times), promised=False)
            for key, part in self.assembly.stock.items()
        }

    def begun(self, request: RequestId, now: float) -> None:
        """Take note that a vehicle began with a request.

        What counts as waiting begins when a vehicle could have begun without standing before a
        full place, so that requests made far ahead do not look like a slow fleet. A request that
        was held says nothing of the fleet.
        """
        found = self.find(request)
        if found is None or request in self._begun or request in self._delayed:
            return
        self._begun[request] = now
        (station, _), one = found
        response = self.responses[station]
        ready = max(one.asked, one.earliest - response.soonest(self.feeding.policy.z))
        self.responses[station] = observe_wait(response, max(now - ready, 0.0))

    def loaded(self, request: RequestId) -> None:
        """Take note that the container of a request is on a vehicle."""
        self._loaded.add(request)

    def placed(
        self, request: RequestId, quantity: int, now: float, load: LoadId = NO_LOAD
    ) -> Refusal | None:
        """Book a container that came, or return why it cannot stand there."""
        found = self.find(request)
        if found is None:
            return Refusal(f'request {request} delivered, it is not open here')
        key, one = found
        part = self._as_found(key)
        if not has_room(part):
            return Refusal(f'{key[0]}, {key[1]}: delivered into a full place; count it')
        quantity = min(max(quantity, 1), part.container_quantity)
        self._set(key, put(part, quantity, request))
        self.side.came(key, load)
        if request not in self._delayed:
            response = self.responses[key[0]]
            took = now - self._begun.get(request, one.asked) - response.transfer.mean
            self.responses[key[0]] = observe_travel(response, max(took, 0.0))
        self._forget(request)
        return None

    def came(self, key: PartKey, quantity: int, load: LoadId = NO_LOAD) -> Refusal | None:
        """Book a container that came although its request was withdrawn, or say why not."""
        part = self._as_found(key)
        if not has_room(part):
            return Refusal(f'{key[0]}, {key[1]}: delivered into a full place; count it')
        self._set(key, put(part, min(max(quantity, 1), part.container_quantity)))
        self.side.came(key, load)
        return None

    def failed(self, request: RequestId) -> None:
        """Close a request that brought nothing; the next tick asks anew where it is needed."""
        found = self.find(request)
        self._forget(request)
        if found is not None:
            self._set(found[0], lost(self.assembly.stock[found[0]], request))

    def _forget(self, request: RequestId) -> None:
        self._begun.pop(request, None)
        self._loaded.discard(request)
        self._delayed.discard(request)
        self._expected.pop(request, None)
        self.batches.pop(request, None)

    def left(self, load: LoadId, now: float) -> None:
        """Book a container that has left its place: an empty one that was fetched makes room.

        Args:
            load: which.
            now: plant time [s]; NaN: nobody saw when.
        """
        found = self.side.left(load)
        if found is None:
            return
        key, since = found
        part = self.assembly.stock[key]
        if not part.exchange and part.empties:
            self._set(key, fetch_empty(part))
            response = self.responses[key[0]]
            self.responses[key[0]] = observe_clearing(response, now - since)

    def find(self, request: RequestId) -> tuple[PartKey, Promise] | None:
        """Return the part and the promise of an open request."""
        for key, part in self.assembly.stock.items():
            for one in part.promises:
                if one.request == request:
                    return key, one
        return None

    def _as_found(self, key: PartKey) -> PartStock:
        """Return the stock that a container was put into: an empty in its way must have gone."""
        part = self.assembly.stock[key]
        if has_room(part) or not part.empties:
            return part
        self.side.made_room(key)
        return fetch_empty(part)

    def _set(self, key: PartKey, part: PartStock) -> None:
        self.assembly = replace(self.assembly, stock={**self.assembly.stock, key: part})

    def _new_request(self) -> RequestId:
        self.serial += 1
        return RequestId(f'{self.assembly.plan.id}-{self.serial}')


def _hold_all(part: PartStock, why: str) -> tuple[PartStock, list[Intent]]:
    told = [hold(one, why) for one in part.promises]
    intents = [intent for _, found in told for intent in found]
    return replace(part, promises=tuple(one for one, _ in told)), intents
