# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A test bench: one vehicle, one port, one load, two disks, and an air that loses and mixes.

Everything that can happen is a method, so that a test, a random walk or a person can play it; the
two sides are those that nodes use, with their timers. Tests, benchmarks and the example of
`linehaul_transfer.draw` use this module; nothing else does.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from linehaul_transfer import port_state, vehicle_state
from linehaul_transfer.events import (
    Confirm,
    Health,
    HeardPort,
    HeardVehicle,
    Job,
    Moved,
    Reset,
    Sensed,
    Start,
    Transfer,
)
from linehaul_transfer.explore import books, wrong
from linehaul_transfer.model import (
    CLEAR,
    NO_LOAD,
    Custody,
    Holder,
    Kind,
    LoadId,
    PortId,
    Problem,
    Sensors,
    Timers,
    VehicleId,
)
from linehaul_transfer.records import restore_port, restore_vehicle
from linehaul_transfer.side import PortSide, VehicleSide, port_side, vehicle_side
from linehaul_transfer.signals import PortSignals, VehicleSignals

VEHICLE, PORT, LOAD = VehicleId('agv_001'), PortId('fa1_01'), LoadId('box-7')
FULL = Sensors(True, True)
HALF = Sensors(True, False)

Message = VehicleSignals | PortSignals


@dataclass(frozen=True, slots=True)
class Settled:
    """How a fair run ended: outcome 'done', 'undone' or 'person', and after how long [s]."""

    outcome: str
    time: float


class Rig:
    """Two sides and what is between them.

    Args:
        kind: Which way the load goes first.
        timers: As in the plant.
        heard: Is told of every message said, with the time [s].
    """

    def __init__(
        self,
        kind: Kind = Kind.LOAD,
        timers: Timers | None = None,
        heard: Callable[[float, Message], None] = lambda _, __: None,
    ) -> None:
        self.timers = timers or Timers()
        self.now, self.clock = 1000.0, 0.0
        self.where = Holder.VEHICLE if kind is Kind.LOAD else Holder.PORT
        self.air: list[Message] = []
        self.disks: dict[str, Mapping[str, Any] | None] = {'vehicle': None, 'port': None}
        self.full: set[str] = set()
        self.healthy = {'vehicle': True, 'port': True}
        self.jobs = 0
        self._heard = heard
        self.port = self._make_port()
        holding = LOAD if self.where is Holder.PORT else NO_LOAD
        state = replace(self.port.state, holding=holding)
        self.port = port_side(state, self.timers, self._saver('port'), self.now)
        self.vehicle = self._make_vehicle()

    # -- the two sides -----------------------------------------------------------------------

    def _saver(self, name: str) -> Callable[[Mapping[str, Any]], None]:
        def save(record: Mapping[str, Any]) -> None:
            if name in self.full:
                raise OSError('disk full')
            self.disks[name] = record

        return save

    def _make_vehicle(self) -> VehicleSide:
        state = restore_vehicle(
            VEHICLE,
            self.timers.attempts,
            self.disks['vehicle'],
            self.seen()[0],
            healthy=self.healthy['vehicle'],
        )
        return vehicle_side(state, self.timers, self._saver('vehicle'), self.now)

    def _make_port(self) -> PortSide:
        state = restore_port(
            PORT,
            self.timers.attempts,
            self.disks['port'],
            self.seen()[1],
            healthy=self.healthy['port'],
        )
        return port_side(state, self.timers, self._saver('port'), self.now)

    def seen(self) -> tuple[Sensors, Sensors]:
        """Return what the sensors of vehicle and port see."""
        if self.where is Holder.VEHICLE:
            return FULL, CLEAR
        return (CLEAR, FULL) if self.where is Holder.PORT else (HALF, HALF)

    # -- what can happen ---------------------------------------------------------------------

    def start(self, *kinds: Kind) -> Problem:
        """Give the vehicle a job; without kinds, the one that fits to where the load is."""
        self.jobs += 1
        fits = Kind.LOAD if self.where is Holder.VEHICLE else Kind.UNLOAD
        transfers = tuple(Transfer(kind, LOAD) for kind in kinds or (fits,))
        return self.vehicle.handle(Start(Job(f'job-{self.jobs}', PORT, transfers)), self.now)

    def tick(self, seconds: float = 0.1) -> None:
        """Let time pass; what the sides say goes into the air."""
        self.now += seconds
        self.clock += seconds
        for message in (self.vehicle.tick(self.now), self.port.tick(self.now)):
            if message is not None:
                self._heard(self.clock, message)
                self.air.append(message)

    def hear(self, index: int = 0, *, again: bool = False) -> None:
        """Let a message arrive; again: it stays in the air and will arrive once more."""
        message = self.air[index] if again else self.air.pop(index)
        if isinstance(message, VehicleSignals):
            self.port.handle(HeardVehicle(message), self.now)
        else:
            self.vehicle.handle(HeardPort(message), self.now)

    def lose(self, index: int = 0) -> None:
        """Let a message be lost."""
        self.air.pop(index)

    def move(self) -> None:
        """Let the load handler go one step on, if it may."""
        if not self.vehicle.may_move:
            return
        load = self.vehicle.state.kind is Kind.LOAD
        target = Holder.PORT if load else Holder.VEHICLE
        if self.where is target:
            self.vehicle.handle(Moved(self.seen()[0]), self.now)
        else:
            self.where = target if self.where is Holder.IN_TRANSFER else Holder.IN_TRANSFER

    def sense(self, side: str = '') -> None:
        """Let the sensors of one side, or both, catch up with the load."""
        at_vehicle, at_port = self.seen()
        if side != 'port' and self.vehicle.state.sensors != at_vehicle:
            self.vehicle.handle(Sensed(at_vehicle), self.now)
        if side != 'vehicle' and self.port.state.sensors != at_port:
            self.port.handle(Sensed(at_port), self.now)

    def die(self, side: str) -> None:
        """Kill one side and start it again from its disk."""
        if side == 'vehicle':
            self.vehicle = self._make_vehicle()
        else:
            self.port = self._make_port()

    def health(self, side: str, *, healthy: bool) -> None:
        """Press or release an emergency stop."""
        self.healthy[side] = healthy
        where = self.vehicle if side == 'vehicle' else self.port
        where.handle(Health(healthy), self.now)  # type: ignore[arg-type]

    def reset(self) -> None:
        """Let a person release both emergency stops and reset both sides."""
        for side in ('vehicle', 'port'):
            self.health(side, healthy=True)
        self.vehicle.handle(Reset(), self.now)
        self.port.handle(Reset(), self.now)

    def say(self, place: Holder) -> Problem:
        """Let a person put the load somewhere and say so; return why nobody listens."""
        word = Confirm(self.port.state.session, place, 'a person')
        problem = self.port.handle(word, self.now)
        if not problem:
            self.where = place
        return problem

    # -- what must hold ----------------------------------------------------------------------

    @property
    def asks(self) -> bool:
        """A person is called."""
        notices = (self.vehicle.notice, self.port.notice)
        return any(notice is not None and notice.ask for notice in notices)

    @property
    def over(self) -> bool:
        """Both sides are free."""
        idle = self.vehicle.state.phase is vehicle_state.Phase.IDLE
        return idle and self.port.state.phase is port_state.Phase.IDLE

    def fault(self) -> str:
        """Return which promise is broken now; empty: none."""
        if self.vehicle.may_move and self.port.may_move:
            return 'both sides may move'
        return wrong(self.vehicle.state, self.port.state, self.where)

    @property
    def custody(self) -> tuple[Custody, Custody]:
        """Both records of the load: vehicle, port."""
        return self.vehicle.state.custody, books(self.vehicle.state, self.port.state)

    def fair(self) -> None:
        """Let a tenth of a second pass in which all works as it should.

        Raises:
            AssertionError: a promise is broken.
        """
        self.tick()
        self.sense()
        self.move()
        while self.air:
            self.hear()
            assert not self.fault(), self.fault()

    def settle(self, limit: float = 400.0) -> Settled:
        """Run on with nothing more going wrong, until both are free or a person is called.

        Raises:
            AssertionError: a promise is broken, or there is no end.
        """
        begin = self.clock
        self.full.clear()
        while self.clock - begin < limit:
            self.fair()
            if self.over and self.vehicle.state.result:
                done = not self.vehicle.state.result.problem
                return Settled('done' if done else 'undone', self.clock - begin)
            if self.asks:
                return Settled('person', self.clock - begin)
        raise AssertionError(
            f'no end after {limit} s: {self.vehicle.state.phase}, {self.port.state.phase}'
        )

    def attend(self, place: Holder) -> None:
        """Let a person do all that is asked, until nothing is."""
        for _ in range(20):
            if self.over and not self.asks:
                return
            self.reset()
            self.say(place)
            for _ in range(100):
                self.fair()
        raise AssertionError('a person cannot bring this to an end')


def walk(rig: Rig, rng: random.Random) -> str:
    """Do one thing at random, often something bad; return its name."""
    roll = rng.random()
    if roll < 0.30 and rig.air:
        index = 0 if rng.random() < 0.6 else rng.randrange(len(rig.air))
        rig.hear(index, again=rng.random() < 0.2)
        return 'hear'
    if roll < 0.36 and rig.air:
        rig.lose(rng.randrange(len(rig.air)))
        return 'lose'
    if roll < 0.66:
        rig.tick(rng.choice((0.05, 0.1, 0.3, 0.6, 1.0)))
        if len(rig.air) > 12:
            rig.lose(rng.randrange(len(rig.air)))
        return 'tick'
    if roll < 0.76:
        rig.move()
        return 'move'
    if roll < 0.90:
        rig.sense(rng.choice(('vehicle', 'port')))
        return 'sense'
    return _rare(rig, rng)


def _rare(rig: Rig, rng: random.Random) -> str:
    roll = rng.random()
    side = rng.choice(('vehicle', 'port'))
    if roll < 0.12:
        rig.die(side)
        return f'{side} dies'
    if roll < 0.17:
        rig.health(side, healthy=False)
        return f'{side} stops'
    if roll < 0.30:
        rig.reset()
        return 'reset'
    if roll < 0.55:
        rig.say(rng.choice((Holder.VEHICLE, Holder.PORT)))
        return 'person'
    if roll < 0.60:
        rig.now += rng.choice((-3600.0, 3600.0, float('nan'))) if rng.random() < 0.5 else 0.0
        rig.now = rig.now if rig.now == rig.now else 1000.0
        return 'clock'
    if roll < 0.65:
        rig.full.add(side) if rng.random() < 0.3 else rig.full.clear()
        return 'disk'
    if rig.vehicle.state.job is None and rig.where is not Holder.IN_TRANSFER:
        chain = (
            (Kind.LOAD, Kind.UNLOAD) if rig.where is Holder.VEHICLE else (Kind.UNLOAD, Kind.LOAD)
        )
        rig.start(*(chain if rng.random() < 0.3 else ()))
        return 'start'
    return 'nothing'
