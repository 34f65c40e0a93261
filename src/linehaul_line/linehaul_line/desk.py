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
from linehaul_line.feeding import Feeding, Hold, Intent, Release, feed, lost
from linehaul_line.ids import RequestId, StationId
from linehaul_line.line import (
    LineSequence,
    PartKey,
    SequenceTable,
    known_times,
    station_needs,
    tabulate,
)
from linehaul_line.lookahead import FloatArray, run_out
from linehaul_line.packml import Refusal, State
from linehaul_line.product import Unit
from linehaul_line.response import Response, observe_travel, observe_wait
from linehaul_line.stock import PartStock, Promise, fetch_empty, has_room, put


@dataclass(slots=True)
class LineDesk:
    """A line and its requests.

    steps: how far the sequence is looked at. serial: requests made so far, in the request ids, so
    that a restarted desk never uses one twice.
    """

    assembly: Assembly
    feeding: Feeding
    responses: dict[StationId, Response]
    steps: int = 250
    serial: int = 0
    _begun: dict[RequestId, float] = field(default_factory=dict)
    _table: SequenceTable | None = None
    _holding: bool = False

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
        times = self.times(now)
        intents = self._holds()
        stock = dict(self.assembly.stock)
        for key, part in self.assembly.stock.items():
            needs = self.needs(key, times)
            response = self.responses[key[0]]
            if self._holding:
                continue
            stock[key], found = feed(part, needs, response, self.feeding, now, self._new_request)
            intents += found
        self.assembly = replace(self.assembly, stock=stock)
        return intents, events

    def _holds(self) -> list[Intent]:
        """Return the holds or releases of all open requests when the line goes down or up.

        A starved line is not down: what it waits for must come.
        """
        down = self.assembly.state not in (State.EXECUTE, State.SUSPENDED)
        if down == self._holding:
            return []
        self._holding = down
        kind = Hold if down else Release
        line = self.assembly
        reason = f'line {line.plan.id} stands: {line.cause()}' if down else 'the line runs again'
        return [kind(p.request, reason) for part in line.stock.values() for p in part.promises]

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
        full place, so that requests made far ahead do not look like a slow fleet.
        """
        found = self.find(request)
        if found is None or request in self._begun:
            return
        self._begun[request] = now
        (station, _), one = found
        response = self.responses[station]
        ready = max(one.asked, one.earliest - response.soonest(self.feeding.policy.z))
        self.responses[station] = observe_wait(response, max(now - ready, 0.0))

    def placed(self, request: RequestId, quantity: int, now: float) -> Refusal | None:
        """Book a container that came, or return why it cannot stand there."""
        found = self.find(request)
        if found is None:
            return Refusal(f'request {request} delivered, it is not open here')
        key, one = found
        part = _as_found(self.assembly.stock[key])
        if not has_room(part):
            return Refusal(f'{key[0]}, {key[1]}: delivered into a full place; count it')
        quantity = min(max(quantity, 1), part.container_quantity)
        self._set(key, put(part, quantity, request))
        begun = self._begun.pop(request, one.asked)
        handed = self.responses[key[0]].transfer.mean
        self.responses[key[0]] = observe_travel(
            self.responses[key[0]], max(now - begun - handed, 0.0)
        )
        return None

    def came(self, key: PartKey, quantity: int) -> Refusal | None:
        """Book a container that came although its request was withdrawn, or say why not."""
        part = _as_found(self.assembly.stock[key])
        if not has_room(part):
            return Refusal(f'{key[0]}, {key[1]}: delivered into a full place; count it')
        self._set(key, put(part, min(max(quantity, 1), part.container_quantity)))
        return None

    def failed(self, request: RequestId) -> None:
        """Close a request that brought nothing; the next tick asks anew where it is needed."""
        found = self.find(request)
        self._begun.pop(request, None)
        if found is not None:
            self._set(found[0], lost(self.assembly.stock[found[0]], request))

    def fetched(self, key: PartKey) -> None:
        """Book an empty container that a vehicle took away.

        Raises:
            StockError: there was none.
        """
        self._set(key, fetch_empty(self.assembly.stock[key]))

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
            'stock': [_part_out(key, part) for key, part in line.stock.items()],
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take over what a former process saved; parts that no longer exist are left out."""
        stock = dict(self.assembly.stock)
        for one in saved['stock']:
            key = (one['station'], one['item'])
            if key in stock:
                stock[key] = _part_in(stock[key], one)
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

    def _set(self, key: PartKey, part: PartStock) -> None:
        self.assembly = replace(self.assembly, stock={**self.assembly.stock, key: part})

    def _new_request(self) -> RequestId:
        self.serial += 1
        return RequestId(f'{self.assembly.plan.id}-{self.serial}')


def _as_found(part: PartStock) -> PartStock:
    """Return the stock that a container was put into: an empty in its way must have gone."""
    return fetch_empty(part) if not has_room(part) and part.empties else part


def _part_out(key: PartKey, part: PartStock) -> dict[str, Any]:
    return {
        'station': key[0],
        'item': key[1],
        'contents': list(part.contents),
        'empties': part.empties,
        'promises': [[p.request, p.quantity, p.earliest, p.due, p.asked] for p in part.promises],
    }


def _part_in(part: PartStock, saved: Mapping[str, Any]) -> PartStock:
    """Return the saved stock, cut to the places that there are now."""
    contents = tuple(min(one, part.container_quantity) for one in saved['contents'])
    contents = contents[: part.places]
    promises = tuple(Promise(*one) for one in saved['promises'])
    empties = min(saved['empties'], part.places - len(contents))
    return replace(part, contents=contents, empties=empties, promises=promises)
