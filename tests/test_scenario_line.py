# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The four final lines of the reference plant, fed for an hour by a fleet that is only times.

The lines, their requests and the choice of the next delivery are the real code; a vehicle is a
drawn driving time. So this shows the feeding alone: no traffic, no warehouse.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from linehaul_line.assembly import Resumed, Stopped, command, set_speed
from linehaul_line.desk import LineDesk
from linehaul_line.dispatch import candidate, choose
from linehaul_line.feeding import Ask, Change, Feeding, Hold, Release, Withdraw, moved
from linehaul_line.lookahead import Policy
from linehaul_line.packml import Command
from linehaul_line.response import prior
from linehaul_line.source import make_line, more
from linehaul_line.stock import has_room

from linehaul_floor import load_plant

PLANT = load_plant('jiaozhou')
LINES = [line for line in PLANT.lines.values() if line.kind == 'final_assembly']
HAND_OVER = 24.0
TICK = 2.0


def way(station):
    """Return seconds from a vehicle's begin to its stand before a station: fetch, then drive."""
    return 60.0 + PLANT.roadmap.xy[PLANT.places[station].node][0] / 1.2


@dataclass
class Trip:
    """A vehicle with a container: on its way until `arrives`, handing over until `done`."""

    ask: Ask
    arrives: float
    back: float
    done: float | None = None


@dataclass
class Factory:
    """Lines and vehicles; `adjust` False: what lines tell of changes is not listened to."""

    vehicles: int
    seed: int = 1
    adjust: bool = True
    now: float = 0.0
    waiting: dict[str, Ask] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    trips: list[Trip] = field(default_factory=list)
    homing: list[float] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    stock: list[int] = field(default_factory=list)

    def __post_init__(self):
        self.rng = np.random.default_rng(self.seed)
        feeding = Feeding(Policy(z=2.0, cover=30.0))
        self.desks = {}
        for number, line in enumerate(LINES):
            responses = {one: prior(30.0, way(one) * 1.1, HAND_OVER) for one in line.stations}
            made = make_line(PLANT, line, start=3.6 * number)
            self.desks[line.id] = LineDesk(made, feeding, responses)

    def run(self, until, at=()):
        """Play on; at: (time, action on the factory), in order."""
        at = list(at)
        while self.now < until:
            self.now += TICK
            while at and at[0][0] <= self.now:
                at.pop(0)[1](self)
            self.move()
            for name, desk in self.desks.items():
                sequence = more(desk.assembly, 260)
                desk.assembly = replace(desk.assembly, sequence=sequence)
                intents, events = desk.tick(self.now)
                self.hear(intents)
                self.log += [f'{name} {e}' for e in events if isinstance(e, Stopped | Resumed)]
            self.begin()
            self.stock.append(
                sum(p.quantity for d in self.desks.values() for p in d.assembly.stock.values())
            )
        return self

    def hear(self, intents):
        for one in intents:
            if isinstance(one, Ask):
                self.waiting[one.request] = one
            elif not self.adjust:
                continue
            elif isinstance(one, Change) and one.request in self.waiting:
                ask = self.waiting[one.request]
                earliest = moved(ask, one.due, self.now)
                self.waiting[one.request] = replace(ask, due=one.due, earliest=earliest)
            elif isinstance(one, Withdraw):
                self.waiting.pop(one.request, None)
            elif isinstance(one, Hold):
                self.held.add(one.request)
            elif isinstance(one, Release):
                self.held.discard(one.request)

    def desk(self, ask):
        return self.desks[PLANT.places[ask.station].line]

    def begin(self):
        self.homing = [time for time in self.homing if time > self.now]
        while len(self.trips) + len(self.homing) < self.vehicles:
            ready = [
                candidate(
                    a.request,
                    a.station,
                    0.0,
                    (a.earliest, a.due),
                    self.desk(a).responses[a.station],
                )
                for a in self.waiting.values()
                if a.request not in self.held
            ]
            chosen = choose(ready, self.now)
            if chosen is None:
                return
            ask = self.waiting.pop(chosen.request)
            self.desk(ask).begun(ask.request, self.now)
            there, back = way(ask.station) * self.rng.uniform(0.9, 1.3, 2)
            self.trips.append(Trip(ask, self.now + there, back))
            self.log.append(f'{self.now:.0f} {ask.request} {ask.station}')

    def move(self):
        for trip in list(self.trips):
            stock = self.desk(trip.ask).assembly.stock[trip.ask.station, trip.ask.item]
            if trip.done is None and trip.arrives <= self.now:
                exchange = replace(stock, empties=0)
                if has_room(exchange):
                    self.desk(trip.ask)._set((trip.ask.station, trip.ask.item), exchange)
                    trip.done = self.now + HAND_OVER
            elif trip.done is not None and trip.done <= self.now:
                self.trips.remove(trip)
                self.homing.append(self.now + trip.back)
                no = self.desk(trip.ask).placed(trip.ask.request, trip.ask.quantity, self.now)
                if no is not None:
                    self.refused.append(no.text)

    def stood(self, line):
        return self.desks[line].assembly.stood_starved


def hold(line):
    return lambda f: order(f, line, Command.HOLD)


def unhold(line):
    return lambda f: order(f, line, Command.UNHOLD)


def order(factory, line, what):
    factory.desks[line].assembly = command(factory.desks[line].assembly, what)


def test_an_hour_at_the_reference_rate_stands_for_less_than_one_percent():
    factory = Factory(vehicles=36).run(3600.0)
    for line in LINES:
        assert factory.desks[line.id].assembly.done > 235
        assert factory.stood(line.id) < 36.0, line.id
    assert factory.refused == []
    full = sum(
        PLANT.places[s].capacity * PLANT.items[i].container_units
        for line in LINES
        for s in line.stations
        for i in PLANT.places[s].uses
    )
    assert np.mean(factory.stock) < 0.85 * full


def test_the_same_seed_gives_the_same_log():
    assert Factory(vehicles=36).run(900.0).log == Factory(vehicles=36).run(900.0).log


@pytest.mark.parametrize('adjust', [True, False])
def test_lines_that_run_do_not_starve_for_one_that_stands(adjust):
    events = [(900.0, hold('fa1')), (1500.0, unhold('fa1'))]
    factory = Factory(vehicles=36, adjust=adjust).run(2400.0, events)
    assert factory.desks['fa1'].assembly.stood_own == pytest.approx(600.0, abs=2 * TICK)
    assert factory.refused == []
    if adjust:
        for line in ('fa2', 'fa3', 'fa4'):
            assert factory.stood(line) < 24.0


def test_while_a_line_stands_nothing_is_begun_for_it():
    factory = Factory(vehicles=36).run(900.0)
    hold('fa1')(factory)
    factory.run(904.0)
    begun = len(factory.log)
    factory.run(1400.0)
    assert not [one for one in factory.log[begun:] if ' fa1_' in one]
    assert [one for one in factory.log[begun:] if ' fa3_' in one]


@pytest.mark.parametrize('seed', [1, 2, 3])
def test_when_vehicles_are_scarce_the_others_gain_by_what_a_line_tells(seed):
    """What is gained with vehicles to spare is in docs/line.md."""

    def faster(factory):
        factory.desks['fa2'].assembly = set_speed(factory.desks['fa2'].assembly, 1.6)

    events = [(600.0, hold('fa1')), (600.0, faster)]
    on = Factory(vehicles=20, seed=seed).run(1800.0, events)
    off = Factory(vehicles=20, seed=seed, adjust=False).run(1800.0, events)
    running = ('fa2', 'fa3', 'fa4')
    assert sum(map(on.stood, running)) < 0.5 * sum(map(off.stood, running))
    assert on.desks['fa2'].assembly.done > on.desks['fa3'].assembly.done
