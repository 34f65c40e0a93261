# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A machine with a clock, numbers and a disk: what a node holds for each of its hand-offs.

`Side` runs the timers of the pure machine, repeats its levels as heartbeats, and keeps the one
promise that everything rests on: **a record is saved before the levels that follow from it are
said or anything moves**. If it cannot be saved, the side falls silent and lets nothing move until
it can; the other side takes that as silence of its peer.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from linehaul_transfer import port, port_state, vehicle, vehicle_state
from linehaul_transfer.events import (
    Expired,
    HeardPort,
    HeardVehicle,
    Lost,
    PortEvent,
    VehicleEvent,
)
from linehaul_transfer.model import (
    NO_VEHICLE,
    Position,
    Problem,
    Timer,
    Timers,
    VehicleId,
)
from linehaul_transfer.port_state import PortState
from linehaul_transfer.records import port_record, vehicle_record, worth_keeping
from linehaul_transfer.signals import PortSignals, VehicleSignals
from linehaul_transfer.texts import Notice, port_notice, vehicle_notice
from linehaul_transfer.vehicle_state import VehicleState

FORGET = 10.0
"""A free side forgets a peer after so many times its silence limit: its next message then counts
whatever its number, so that a peer whose start number went back is heard again."""
LONGEST_STEP = 1.0
"""[s] A clock that jumps ahead, or a process that slept, counts as no more than this."""

S = TypeVar('S', VehicleState, PortState)
E = TypeVar('E')
M = TypeVar('M', VehicleSignals, PortSignals)

Save = Callable[[Mapping[str, Any]], None]
"""Keeps a record on disk, in the place of the one before; raises if it cannot."""


class SteadyClock:
    """Time that neither jumps nor runs backwards, whatever the clock of the machine does."""

    def __init__(self) -> None:
        self.time = 0.0
        self._seen = math.nan

    def advance(self, now: float) -> float:
        """Take the present plant time [s]; return the steady time [s]."""
        if math.isfinite(now):
            step = now - self._seen
            if step > 0.0:
                self.time += min(step, LONGEST_STEP)
            self._seen = now
        return self.time


@dataclass(frozen=True, slots=True)
class Machine(Generic[S, E, M]):
    """The functions of one of the two machines."""

    advance: Callable[[S, E], S]
    levels: Callable[[S, Position], M]
    timer: Callable[[S], Timer | None]
    watches: Callable[[S], bool]
    why_not: Callable[[S, E], Problem]
    record: Callable[[S], dict[str, Any]]
    notice: Callable[[S], Notice | None]


VEHICLE: Machine[VehicleState, VehicleEvent, VehicleSignals] = Machine(
    vehicle.advance,
    vehicle_state.levels,
    vehicle_state.timer,
    vehicle_state.watches,
    vehicle.why_not,
    vehicle_record,
    vehicle_notice,
)
PORT: Machine[PortState, PortEvent, PortSignals] = Machine(
    port.advance,
    port_state.levels,
    port_state.timer,
    port_state.watches,
    port.why_not,
    port_record,
    port_notice,
)
_START = Position('', 0)


class Side(Generic[S, E, M]):
    """One side of one port, or one vehicle.

    Args:
        machine: VEHICLE or PORT.
        state: How it begins, from `restore_vehicle` or `restore_port`.
        timers: How long everything takes.
        save: See `Save`.
        now: Plant time [s].
    """

    def __init__(
        self, machine: Machine[S, E, M], state: S, timers: Timers, save: Save, now: float
    ) -> None:
        self._machine: Machine[S, E, M] = machine
        self._timers, self._save = timers, save
        self.state: S = state
        self._clock = SteadyClock()
        self._clock.advance(now)
        self._kept: dict[str, Any] | None = None
        self._said: M | None = None
        self._said_at = -math.inf
        self._sequence = 0
        self._heard_at = 0.0
        self._heard: dict[VehicleId, float] = {}
        self._key: object = None
        self._due = math.inf
        self._watching: object = None
        self.trouble: Exception | None = None
        self._keep()
        self._arm()

    @property
    def saved(self) -> bool:
        """The record on disk is that of the present state."""
        return self.trouble is None

    @property
    def may_move(self) -> bool:
        """This side's own equipment may move a load now."""
        return self.saved and self.state.may_move

    @property
    def notice(self) -> Notice | None:
        """What a person should know now."""
        return self._machine.notice(self.state)

    def handle(self, event: E, now: float) -> Problem:
        """Take an event in; return why it does not count, if the machine refuses it."""
        self._clock.advance(now)
        problem = self._machine.why_not(self.state, event)
        name = event.signals.vehicle_id if isinstance(event, HeardVehicle) else NO_VEHICLE
        before, mine = self._newest(name), self._peer()
        self.state = self._machine.advance(self.state, event)
        if isinstance(event, HeardPort | HeardVehicle):
            if self._newest(name) != before:
                self._heard[name] = self._clock.time
            if self._peer() != mine:
                self._heard_at = self._clock.time
        self._keep()
        self._arm()
        return problem

    def tick(self, now: float) -> M | None:
        """Let time pass; return a message if one has to be sent now. Call it every 0.1 s or so."""
        time = self._clock.advance(now)
        if self.trouble is not None:
            self._keep()
        for _ in range(4):  # timers of length 0 may follow each other
            silent = self._machine.watches(self.state) and (
                time - self._heard_at >= self._timers.peer
            )
            running = self._machine.timer(self.state)
            if silent:
                self._advance(Expired(Timer.PEER))
                self._heard_at = time
            elif running is not None and time >= self._due:
                self._key = None
                self._advance(Expired(running))
            else:
                break
        self._forget(time)
        return self._message(time)

    def _forget(self, time: float) -> None:
        for name, heard in list(self._heard.items()):
            if time - heard >= FORGET * self._timers.peer:
                self._advance(Lost(name))
                if self._newest(name) is None:
                    del self._heard[name]
                else:
                    self._heard[name] = time

    def _advance(self, event: Any) -> None:
        self.state = self._machine.advance(self.state, event)
        self._keep()
        self._arm()

    def _peer(self) -> Position | None:
        """Return which message of the peer at work is the newest."""
        peer = self.state.peer
        return peer.position if peer is not None else None

    def _newest(self, name: VehicleId) -> Position | None:
        """Return which message of a peer is the newest; a vehicle's only peer has no name."""
        if isinstance(self.state, VehicleState):
            return self._peer()
        return next((p.position for p in self.state.peers if p.vehicle_id == name), None)

    def _keep(self) -> None:
        record = self._machine.record(self.state)
        if not worth_keeping(self._kept, record):
            self.trouble = None
            return
        try:
            self._save(record)
        except Exception as error:  # noqa: BLE001 (whatever it is, nothing was kept)
            self.trouble = error
            return
        self._kept, self.trouble = record, None

    def _arm(self) -> None:
        """Start the timer of the phase when the phase begins, and the watch with a session."""
        state, timer = self.state, self._machine.timer(self.state)
        attempt = getattr(state, 'attempt', 0)
        key = (state.phase, state.session, attempt, timer)
        if key != self._key:
            self._key = key
            seconds = self._timers.seconds(timer, attempt) if timer else math.inf
            self._due = self._clock.time + seconds
        watching = self._machine.watches(state) and state.session
        if watching != self._watching:
            self._watching = watching
            self._heard_at = self._clock.time

    def _message(self, time: float) -> M | None:
        if not self.saved:
            return None
        levels = self._machine.levels(self.state, _START)
        if levels == self._said and time - self._said_at < self._timers.heartbeat:
            return None
        self._said, self._said_at = levels, time
        self._sequence += 1
        instance = f'{self.state.boot:010d}'
        return replace(levels, position=Position(instance, self._sequence))


VehicleSide = Side[VehicleState, VehicleEvent, VehicleSignals]
PortSide = Side[PortState, PortEvent, PortSignals]


def vehicle_side(state: VehicleState, timers: Timers, save: Save, now: float) -> VehicleSide:
    """Return a vehicle's side."""
    return Side(VEHICLE, state, timers, save, now)


def port_side(state: PortState, timers: Timers, save: Save, now: float) -> PortSide:
    """Return a port's side."""
    return Side(PORT, state, timers, save, now)
