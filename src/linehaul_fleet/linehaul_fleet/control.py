# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What people have decided and what is broken: the part of the model that restricts the rest."""

from dataclasses import dataclass, field

from linehaul_fleet.acts import (
    Act,
    Command,
    LoadFound,
    LoadStranded,
    Mode,
    ModeSet,
    PauseLifted,
    RoadLimited,
    RoadState,
    VehicleCommanded,
    VehicleSetAside,
)
from linehaul_fleet.delivery import LoadId
from linehaul_floor import VehicleId


@dataclass(frozen=True, slots=True)
class Aside:
    """Why a vehicle gets no work. actor: who took it out; empty: the fleet, for its behaviour."""

    actor: str
    reason: str

    @property
    def by_person(self) -> bool:
        """True where a person took it out, so that it may finish what it carries."""
        return bool(self.actor)

    def __str__(self) -> str:
        by = f'taken out by {self.actor}' if self.actor else 'set aside'
        return f'{by}: {self.reason}' if self.reason else by


@dataclass(slots=True)
class Control:
    """A fold of `Act` events.

    revision counts the changes that pause or resume somebody, for ids of instant actions. held:
    vehicles that a person paused. lifting: vehicles that are to be told to go on. gone: vehicles
    that a person has taken off the floor. limits: roads that are not open, by element id. lost,
    found: loads that a person must look for, and where one was found. wishes: retry or skipRetry
    by the id of the action.
    """

    mode: Mode = Mode.RUNNING
    actor: str = ''
    reason: str = ''
    revision: int = 0
    aside: dict[VehicleId, Aside] = field(default_factory=dict)
    held: set[VehicleId] = field(default_factory=set)
    lifting: set[VehicleId] = field(default_factory=set)
    gone: set[VehicleId] = field(default_factory=set)
    limits: dict[str, RoadLimited] = field(default_factory=dict)
    lost: dict[LoadId, LoadStranded] = field(default_factory=dict)
    found: dict[LoadId, tuple[int, str]] = field(default_factory=dict)
    wishes: dict[str, Command] = field(default_factory=dict)

    @property
    def works(self) -> bool:
        """True where vehicles may be given orders."""
        return self.mode in (Mode.RUNNING, Mode.DRAINING)

    def stands(self, vehicle_id: VehicleId) -> bool:
        """Return whether a vehicle has to stand still where it is."""
        return vehicle_id in self.held or self.mode in (Mode.PAUSED, Mode.STOPPED)

    def apply(self, event: Act, vehicles: list[VehicleId]) -> None:
        """Take an event in; `vehicles` are those of the fleet."""
        match event:
            case ModeSet(mode, actor, reason):
                stood = [v for v in vehicles if self.stands(v)]
                self.mode, self.actor, self.reason = mode, actor, reason
                self._lift(stood)
            case RoadLimited(element_id, state):
                self.limits.pop(element_id, None)
                if state is not RoadState.OPEN:
                    self.limits[element_id] = event
            case VehicleCommanded():
                self._command(event)
            case PauseLifted(vehicle_id):
                self.lifting.discard(vehicle_id)
            case VehicleSetAside(vehicle_id, reason):
                self.aside[vehicle_id] = Aside('', reason)
            case LoadStranded(load_id):
                self.lost[load_id] = event
                self.found.pop(load_id, None)
            case LoadFound(load_id, holder, holder_id):
                self.lost.pop(load_id, None)
                self.found[load_id] = (int(holder), holder_id)

    def _lift(self, stood: list[VehicleId]) -> None:
        """Count a change; who stood and need not any more is told to go on."""
        self.revision += 1
        self.lifting = {v for v in (*self.lifting, *stood) if not self.stands(v)}

    def _command(self, event: VehicleCommanded) -> None:
        vehicle_id = event.vehicle_id
        match event.command:
            case Command.TAKE_OUT:
                self.aside[vehicle_id] = Aside(event.actor, event.reason)
            case Command.GIVE_BACK:
                self.aside.pop(vehicle_id, None)
                self.gone.discard(vehicle_id)
            case Command.REMOVE:
                self.aside[vehicle_id] = Aside(event.actor, event.reason)
                self.gone.add(vehicle_id)
            case Command.PAUSE:
                self.held.add(vehicle_id)
                self._lift([])
            case Command.RESUME:
                self.held.discard(vehicle_id)
                self._lift([vehicle_id])
            case Command.RETRY | Command.SKIP_RETRY:
                self.wishes[event.action_id] = event.command
