# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The world of the Feed-1 experiment: one paced line, twenty stations, vehicles at one depot.

Every takt all stations that the coming unit needs take one part; the line stands until all of
them are there. A vehicle takes one box: transfer, drive, transfer, drive back. A box is put down
only when at most one box is left; a vehicle that comes earlier waits before the station. The
world knows nothing of rules: a `Feeder` asks for boxes and chooses among what waits. What is
random (parts per takt, drive times) is drawn beforehand per seed, so that all rules see the same.
"""

from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Protocol

import numpy as np

STATIONS = 20
TAKT = 30.0
SHIFT = 16 * 3600.0
TRANSFER = 25.0
BOXES = (8, 12, 16, 20, 30)
USE = (0.3, 0.5, 0.7, 1.0)
DRIVE = (0.9, 1.3)
FLOOR = 1.2


@dataclass(frozen=True, slots=True)
class Instance:
    """One draw of the experiment.

    distance: (20,) m. use: (20,) probability per takt. box: (20,) parts. uses: (takts, 20) bool.
    drive: (20, trips, 2) factors of the way there and back.
    """

    distance: np.ndarray
    use: np.ndarray
    box: np.ndarray
    uses: np.ndarray
    drive: np.ndarray

    def load(self, vehicles: int) -> float:
        """Return the share of the vehicles' time that the line's demand takes."""
        trip = 2 * TRANSFER + 2 * np.mean(DRIVE) * self.distance
        return float((self.use / self.box * trip).sum() / TAKT / vehicles)


def draw(seed: int, *, floor: bool = True) -> Instance:
    """Return an instance; floor: boxes hold 1.2 times the demand over the unloaded lead time.

    The unloaded lead time is what a vehicle that waits at the depot needs to stand before the
    station: one transfer and the way at 1 m/s.
    """
    rng = np.random.default_rng(seed)
    distance = 40.0 + 12.0 * np.arange(STATIONS)
    use = rng.choice(USE, STATIONS)
    box = rng.choice(BOXES, STATIONS)
    if floor:
        box = np.maximum(box, np.ceil(FLOOR * use * (distance + TRANSFER) / TAKT).astype(int))
    takts = int(2 * SHIFT / TAKT)
    uses = rng.random((takts, STATIONS)) < use
    drive = rng.uniform(*DRIVE, (STATIONS, 600, 2))
    return Instance(distance, use, box, uses, drive)


@dataclass(frozen=True, slots=True)
class Call:
    """A box that was asked for and waits for a vehicle."""

    number: int
    station: int
    time: float
    detail: Any = None


class Feeder(Protocol):
    """What a rule decides."""

    def ask(self, world: 'World') -> list[tuple[int, Any]]:
        """Return station and own detail of each box to ask for now."""

    def choose(self, world: 'World', waiting: list[Call]) -> Call | None:
        """Return what the next free vehicle begins."""

    def begun(self, world: 'World', call: Call) -> None:
        """Take note that a vehicle begins."""

    def arrived(self, call: Call, begun: float, now: float) -> None:
        """Take note that a vehicle stands before its station."""


@dataclass
class World:
    """The state of one run; `run` plays the shift."""

    instance: Instance
    vehicles: int
    now: float = 0.0
    takt: int = 0
    next_takt: float = 0.0
    stands: bool = False
    stood: float = 0.0
    since: float = 0.0
    driving: float = 0.0
    blocked: float = 0.0
    stock_time: float = 0.0
    late: int = 0
    delivered: int = 0
    waiting: list[Call] = field(default_factory=list)
    before: dict[int, list[tuple[Call, float]]] = field(default_factory=dict)
    events: list[tuple[float, int, str, Any]] = field(default_factory=list)
    serial: int = 0

    def __post_init__(self) -> None:
        self.idle = self.vehicles
        self.stock = 2 * self.instance.box
        self.promised = np.zeros(STATIONS, int)  # boxes asked for and not yet put down
        self.putting = np.zeros(STATIONS, int)  # boxes being put down
        self.trips = np.zeros(STATIONS, int)
        self.stop_by = np.zeros(STATIONS)  # [s] that the line stood for each station

    def at(self, time: float, kind: str, what: Any = None) -> None:
        """Enter an event."""
        self.serial += 1
        heappush(self.events, (time, self.serial, kind, what))

    def room(self, station: int) -> bool:
        """Tell whether a box can be put down."""
        box = self.instance.box[station]
        return bool(self.stock[station] + self.putting[station] * box <= box)

    def lacking(self) -> np.ndarray:
        """Return the stations without the part that the coming unit needs."""
        return np.flatnonzero(self.instance.uses[self.takt] & (self.stock <= 0))


def run(instance: Instance, vehicles: int, feeder: Feeder) -> World:
    """Play one shift."""
    world = World(instance, vehicles)
    world.at(0.0, 'takt')
    while world.events:
        time, _, kind, what = heappop(world.events)
        if time > SHIFT:
            break
        world.stock_time += float(world.stock.sum()) * (time - world.now)
        world.now = time
        if kind == 'arrive':
            feeder.arrived(what[0], what[1], time)
        _HANDLERS[kind](world, what)
        for station, detail in feeder.ask(world):
            world.promised[station] += 1
            world.serial += 1
            world.waiting.append(Call(world.serial, station, time, detail))
        _begin(world, feeder)
    if world.stands:
        world.stood += SHIFT - world.since
    return world


def _begin(world: World, feeder: Feeder) -> None:
    while world.idle and world.waiting:
        call = feeder.choose(world, world.waiting)
        if call is None:
            return
        world.waiting.remove(call)
        world.idle -= 1
        feeder.begun(world, call)
        station = call.station
        way = world.instance.drive[station, world.trips[station]]
        world.trips[station] += 1
        drives = world.instance.distance[station] * way
        world.driving += 2 * TRANSFER + drives.sum()
        world.at(world.now + TRANSFER + drives[0], 'arrive', (call, world.now, drives[1]))


def _takt(world: World, _: Any) -> None:
    lacking = world.lacking()
    if len(lacking):
        world.stands, world.since = True, world.now
        return
    used = world.instance.uses[world.takt]
    world.stock[used] -= 1
    world.takt += 1
    world.next_takt = world.now + TAKT
    world.at(world.next_takt, 'takt')
    for station in [one for one in world.before if world.room(one)]:
        (call, since), *rest = world.before.pop(station)
        if rest:
            world.before[station] = rest
        world.blocked += world.now - since
        _put(world, call)


def _arrive(world: World, what: Any) -> None:
    call, _, back = what
    trip = (Call(call.number, call.station, call.time, (call.detail, back)), world.now)
    if world.room(call.station):
        _put(world, trip[0])
    else:
        world.before.setdefault(call.station, []).append(trip)


def _put(world: World, call: Call) -> None:
    world.putting[call.station] += 1
    world.at(world.now + TRANSFER, 'placed', call)


def _placed(world: World, call: Call) -> None:
    station = call.station
    world.putting[station] -= 1
    world.promised[station] -= 1
    world.stock[station] += world.instance.box[station]
    world.delivered += 1
    world.at(world.now + call.detail[1], 'home')
    if world.stands:
        if world.stock[station] == world.instance.box[station]:
            world.late += 1
        if not len(world.lacking()):
            world.stands = False
            world.stood += world.now - world.since
            world.stop_by[station] += world.now - world.since
            world.at(world.now, 'takt')


def _home(world: World, _: Any) -> None:
    world.idle += 1


def _wake(world: World, _: Any) -> None:
    """Nothing happened, but a box that had to wait may begin now."""


_HANDLERS = {'takt': _takt, 'arrive': _arrive, 'placed': _placed, 'home': _home, 'wake': _wake}
