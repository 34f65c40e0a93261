# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""One line and what it asks for: the core behind the line node.

`LineDesk` joins the line (simulated, or seen through a station client), the measured response
and the open requests. `tick` moves it to a time and returns what to tell the fleet; what the
fleet answers comes back through `begun`, `placed` and `failed`. Nothing here sends anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

from linehaul_line.assembly import Assembly, Event, run_until
from linehaul_line.feeding import Feeding, Hold, Intent, feed, hold, lost
from linehaul_line.ids import NO_LOAD, LoadId, RequestId, StationId
from linehaul_line.line import (
    LineSequence,
    PartKey,
    SequenceTable,
    known_times,
    station_needs,
    tabulate,
)
from linehaul_line.loads import LineSide, line_side
from linehaul_line.lookahead import FloatArray, run_out
from linehaul_line.packml import Refusal, State
from linehaul_line.product import Unit
from linehaul_line.response import Response, observe_clearing, observe_travel, observe_wait
from linehaul_line.stock import PartStock, Promise, fetch_empty, has_room, put


@dataclass(slots=True)
class LineDesk:
    """A line and its requests.

    steps: how far the sequence is looked at. serial: requests made so far, in the request ids, so
    that a restarted desk never uses one twice. side: which loads stand beside the stations.
    """

    assembly: Assembly
    feeding: Feeding
    responses: dict[StationId, Response]
    steps: int = 250
    serial: int = 0
    side: LineSide = field(default_factory=LineSide)
    _begun: dict[RequestId, float] = field(default_factory=dict)
    _loaded: set[RequestId] = field(default_factory=set)
    _delayed: set[RequestId] = field(default_factory=set)
    _table: SequenceTable | None = None

    def tick(self, now: float, *, simulated: bool = True) -> tuple[list[Intent], list[Event]]:
        """Move the line to a time [s]; return what to tell the fleet and what happened.

        Args:
            now: plant time [s].
            simulated: False for a line that is only seen; its clock is somewhere else.
        """
        events: list[Event] = []
        if simulated:
            self.assembly, events = run_until(self.assembly, now)
        else:
            self.assembly = replace(self.assembly, now=now)
        self.side.settle(self.assembly.stock, now)
        times = self.times(now)
        intents: list[Intent] = []
        stock = dict(self.assembly.stock)
        why, starved = self._stands(), self.assembly.state == State.SUSPENDED
        for key, part in self.assembly.stock.items():
            if why:
                stock[key], found = _hold_all(part, why)
            else:
                needs, response = self.needs(key, times), self.responses[key[0]]
                about = self.feeding, now, self._new_request, self._loaded
                stock[key], found = feed(part, needs, response, *about, stands=starved)
            intents += found
        self.assembly = replace(self.assembly, stock=stock)
        self._delayed |= {one.request for one in intents if isinstance(one, Hold)}
        return intents, events

    def _stands(self) -> str:
        """Return why nothing is to come now; empty: the line runs, or waits for what must come."""
        line = self.assembly
        if line.state in (State.EXECUTE, State.SUSPENDED):
            return ''
        return f'line {line.plan.id} stands: {line.cause()}'

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

    def left(self, load: LoadId, now: float) -> None:
        """Book a container that has left its place: an empty one that was fetched makes room."""
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

    def snapshot(self) -> dict[str, Any]:
        """Return what must outlive the process, as JSON can hold it."""
        line = self.assembly
        return {
            'serial': self.serial,
            'position': line.position,
            'state': int(line.state),
            'speed': line.pace.speed,
            'held': dict(line.held),
            'done': line.done,
            'stood': [line.stood_starved, line.stood_own],
            'side': self.side.out(),
            'stock': [_part_out(key, part) for key, part in line.stock.items()],
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take over what a former process saved; parts that no longer exist are left out."""
        stock = dict(self.assembly.stock)
        for one in saved['stock']:
            key = (one['station'], one['item'])
            if key in stock:
                stock[key] = _part_in(stock[key], one)
        if 'side' in saved:
            self.side = line_side(saved['side'])
        starved, own = saved['stood']
        state = State(saved['state'])
        self.serial = saved['serial']
        self.assembly = replace(
            self.assembly,
            stock=stock,
            position=saved['position'],
            # A starved line looks again whether its parts are there.
            state=State.EXECUTE if state == State.SUSPENDED else state,
            pace=replace(self.assembly.pace, speed=saved['speed']),
            held=saved['held'],
            done=saved['done'],
            stood_starved=starved,
            stood_own=own,
        )

    def units_out(self) -> dict[str, Any]:
        """Return the sequence as JSON can hold it."""
        row = self.assembly.sequence
        units = [[u.id, u.order, u.owner, u.model, u.due] for u in row.units]
        return {'first': row.first, 'units': units}

    def units_in(self, saved: Mapping[str, Any]) -> None:
        """Take over a saved sequence; units of models that no longer exist are left out."""
        units = (
            Unit(unit, order, owner, model, inf if due is None else due)
            for unit, order, owner, model, due in saved['units']
        )
        known = tuple(unit for unit in units if unit.model in self.assembly.plan.models)
        sequence = LineSequence(saved['first'], known)
        self.assembly = replace(self.assembly, sequence=sequence)

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


def _part_out(key: PartKey, part: PartStock) -> dict[str, Any]:
    return {
        'station': key[0],
        'item': key[1],
        'contents': list(part.contents),
        'empties': part.empties,
        'promises': [
            [p.request, p.quantity, p.earliest, p.due, p.asked, p.held] for p in part.promises
        ],
    }


def _part_in(part: PartStock, saved: Mapping[str, Any]) -> PartStock:
    """Return the saved stock, cut to the places that there are now."""
    contents = tuple(min(one, part.container_quantity) for one in saved['contents'])
    contents = contents[: part.places]
    promises = tuple(Promise(*one) for one in saved['promises'])
    empties = min(saved['empties'], part.places - len(contents))
    return replace(part, contents=contents, empties=empties, promises=promises)
