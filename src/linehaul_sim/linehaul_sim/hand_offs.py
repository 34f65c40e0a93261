# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Picks and drops by the load handshake: vehicles are its active side, ports its passive one.

Both sides are the machines of `linehaul_transfer`. What they keep on disk is part of the world,
which writes its inputs before anything that follows from them is heard. The air between a vehicle
and a port loses what the vehicle's radio loses; a vehicle that is dead neither speaks nor hears,
and comes back from its record. A load changes hands in the ledger when the load handler is home.
"""

from linehaul_transfer.model import NO_LOAD, Code

from linehaul_agv import ErrorRaised, Event, Vehicle
from linehaul_floor import Place, PlaceId, Plant
from linehaul_floor import VehicleId as AgvId
from linehaul_sim.hand_off_data import HandOffs, Kept, Work
from linehaul_sim.handling import done, failed
from linehaul_sim.loads import HolderKind, Ledger, gives, has_port, takes
from linehaul_sim.settings import Settings
from linehaul_sim.warehouse import draw_duration
from linehaul_sim.world_data import WorldData
from linehaul_transfer import (
    CLEAR,
    Booked,
    Confirm,
    HeardPort,
    HeardVehicle,
    Holder,
    Job,
    Kind,
    LoadId,
    Moved,
    PortId,
    PortSide,
    PortSignals,
    Problem,
    Reset,
    Sensed,
    Sensors,
    SessionId,
    Start,
    Transfer,
    VehicleSide,
    VehicleSignals,
    patient,
    port_side,
    restore_port,
    restore_vehicle,
    vehicle_side,
)
from linehaul_transfer import VehicleId as TransferVehicleId
from linehaul_vda5050 import Action, Error, ErrorLevel, Reference, error_types
from linehaul_vda5050 import LoadId as VdaLoadId

FULL = Sensors(True, True)
FROZEN = 'LOAD_TRANSFER_STOPPED'
"""Error of a vehicle whose hand-off a person must end."""
IDLE_EVERY = 5
"""Steps between two looks at ports with nobody at them."""


def own_problem(place: Place | None, ledger: Ledger, vehicle: Vehicle, action: Action) -> str:
    """Return what a vehicle itself sees wrong with a pick or drop; the port sees the rest."""
    if place is None or not has_port(place):
        return 'vehicle stands at no port'
    station, wanted = action.parameter('stationName'), action.parameter('loadId')
    if station not in (None, '', str(place.id)):
        return f'vehicle stands at {place.id}, not at {station}'
    carried = ledger.carried.get(vehicle.id)
    if action.action_type == 'pick':
        if carried is not None:
            return f'vehicle carries {carried!r} already'
        if not gives(place):
            return f'{place.id} takes loads and gives none'
        load = ledger.loads.get(VdaLoadId(wanted or ''))
        limit = vehicle.vehicle_class.load_mass_max
        if load is not None and load.mass > limit:
            return f'{load.id} has {load.mass:.0f} kg, the vehicle lifts {limit:.0f} kg'
        return ''
    if carried is None:
        return 'vehicle carries nothing'
    if wanted not in (None, '', carried):
        return f'vehicle carries {carried}, wanted {wanted}'
    return '' if takes(place) else f'{place.id} gives loads and takes none'


class Transfers:
    """Runs the handshakes of one world. Times are plant time [s]."""

    def __init__(
        self, plant: Plant, settings: Settings, vehicles: list[Vehicle], data: WorldData
    ) -> None:
        self._plant, self._settings = plant, settings
        self._vehicles, self._data = vehicles, data
        self._timers = patient(settings.patience)

    @property
    def _all(self) -> HandOffs:
        return self._data.hand_offs

    def start(self, i: int, action: Action, place: Place | None, now: float) -> str:
        """Begin a vehicle's pick or drop; return why it cannot, empty if it can."""
        ledger, vehicle = self._data.ledger, self._vehicles[i]
        problem = own_problem(place, ledger, vehicle, action)
        if problem or place is None:
            return problem
        drop = action.action_type == 'drop'
        load = ledger.carried[vehicle.id] if drop else action.parameter('loadId') or ''
        transfer = Transfer(Kind.LOAD if drop else Kind.UNLOAD, LoadId(load))
        side = self._vehicle(i, now)
        side.handle(Sensed(FULL if drop else CLEAR), now)
        refused = side.handle(Start(Job(action.action_id, PortId(place.id), (transfer,))), now)
        if refused:
            return refused.text
        self._all.work[i] = Work(action, place.id)
        return ''

    def _vehicle(self, i: int, now: float) -> VehicleSide:
        found = self._all.vehicles.get(i)
        return found if found is not None else self.revive(i, now)

    def revive(self, i: int, now: float) -> VehicleSide:
        """Let a vehicle's side begin, or begin again from its record."""
        vehicle = self._vehicles[i]
        kept = self._all.kept.setdefault(i, Kept())
        seen = FULL if vehicle.id in self._data.ledger.carried else CLEAR
        state = restore_vehicle(
            TransferVehicleId(vehicle.id), self._timers.attempts, kept.record, seen
        )
        side = vehicle_side(state, self._timers, kept, now)
        self._all.vehicles[i] = side
        return side

    def _port(self, place: PlaceId, now: float) -> PortSide:
        found = self._all.ports.get(place)
        if found is None:
            state = restore_port(PortId(place), self._timers.attempts, None, CLEAR)
            found = self._all.ports[place] = port_side(state, self._timers, Kept(), now)
        return found

    # -- the step ----------------------------------------------------------------------------

    def step(self, now: float) -> list[tuple[int, Event]]:
        """Let both sides of all ports speak, hear and work; return what vehicles report."""
        for i, side in self._all.vehicles.items():
            if not self._data.bodies.dead[i]:
                self._speak(i, side, now)
        for place, port in self._all.ports.items():
            if not port.may_move or self._data.steps % IDLE_EVERY == 0:
                self._answer(port, now)
            held = port.state.vehicle if not port.may_move else None
            self._data.ledger.ports[place].claimed = held  # type: ignore[assignment]
        reports: list[tuple[int, Event]] = []
        for i in [i for i in self._all.work if not self._data.bodies.dead[i]]:
            self._work(i, now)
            reports += [(i, event) for event in self._reports(i)]
        return reports

    def _speak(self, i: int, side: VehicleSide, now: float) -> None:
        message = side.tick(now)
        if message is None or not message.port_id:
            return
        self._all.said.append(message)
        if not self._data.radio.lost(i, self._data.rng):
            self.hear_vehicle(message, now)

    def hear_vehicle(self, message: VehicleSignals, now: float) -> None:
        """Let the port at which a vehicle stands hear it, and answer."""
        place = PlaceId(message.port_id)
        if place in self._settings.foreign_ports or place not in self._data.ledger.ports:
            return
        port = self._port(place, now)
        if port.may_move:
            self._look(port, message, now)
        port.handle(HeardVehicle(message), now)
        self._answer(port, now)

    def _answer(self, port: PortSide, now: float) -> None:
        message = port.tick(now)
        if message is None:
            return
        self._all.said.append(message)
        self.hear(message, now)

    def hear(self, message: PortSignals, now: float) -> None:
        """Let the vehicles at a port hear it."""
        for i, side in self._all.vehicles.items():
            deaf = self._data.bodies.dead[i] or self._data.radio.lost(i, self._data.rng)
            if side.state.port == message.port_id and not deaf:
                side.handle(HeardPort(message), now)

    def _look(self, port: PortSide, message: VehicleSignals, now: float) -> None:
        """Let a port see, before it answers, the place that a vehicle asks about."""
        place = PlaceId(port.state.id)
        here = self._data.ledger.ports[place]
        new = message.valid and message.session != port.state.session
        if message.kind is Kind.LOAD:
            taken = len(here.loads) >= self._plant.places[place].capacity
            if new and here.occupied_drops:
                here.occupied_drops -= 1
                self._all.faulty.add(message.session)
            taken = taken or message.session in self._all.faulty
            holding, seen = LoadId(here.loads[0]) if taken and here.loads else NO_LOAD, taken
        else:
            wanted = VdaLoadId(message.load_id)
            there = wanted if wanted in here.loads else next(iter(here.loads), '')
            if new and here.empty_picks:
                here.empty_picks -= 1
                self._all.faulty.add(message.session)
            holding = LoadId(there)
            seen = bool(there) and message.session not in self._all.faulty
        port.handle(Booked(holding), now)
        port.handle(Sensed(FULL if seen else CLEAR), now)

    def _work(self, i: int, now: float) -> None:
        """Run the load handler while it may move."""
        side, work = self._all.vehicles[i], self._all.work[i]
        if not side.may_move:
            work.due = float('inf')
            return
        if work.due == float('inf'):
            pick = side.state.kind is Kind.UNLOAD
            mean = self._settings.pick_time if pick else self._settings.drop_time
            work.due = now + draw_duration(self._data.rng, mean)
        elif now >= work.due:
            self._put(i, Holder.VEHICLE if side.state.kind is Kind.UNLOAD else Holder.PORT, now)
            side.handle(Moved(side.state.sensors), now)

    def _put(self, i: int, holder: Holder, now: float) -> None:
        """Move the load of a hand-off, with what both sides see of it."""
        side, work = self._all.vehicles[i], self._all.work[i]
        load, vehicle = VdaLoadId(side.state.load), self._vehicles[i].id
        aboard = holder is Holder.VEHICLE and load in self._data.ledger.loads
        has = self._data.ledger.carried.get(vehicle) == load
        if aboard is not has:
            kind = HolderKind.VEHICLE if aboard else HolderKind.PORT
            self._data.ledger.give(load, kind, vehicle if aboard else str(work.place), now)
        self._data.bodies.loaded[i] = vehicle in self._data.ledger.carried
        side.handle(Sensed(FULL if aboard else CLEAR), now)
        if work.place not in self._settings.foreign_ports:
            self._port(work.place, now).handle(Sensed(CLEAR if aboard else FULL), now)

    def _reports(self, i: int) -> list[Event]:
        side, work = self._all.vehicles[i], self._all.work[i]
        events: list[Event] = self._calls(i, side)
        result = side.state.result
        if side.state.job is not None or result is None or result.job_id != work.action.action_id:
            return events
        del self._all.work[i]
        self._all.faulty.discard(side.state.session)
        handling = self._data.handling
        if result.problem:
            handling.failures += 1
            kind = error_types.LOAD_HANDLING_FAILED
            return [*events, failed(work.action, result.problem.text, kind)]
        pick = work.action.action_type == 'pick'
        handling.picks += pick
        handling.drops += not pick
        return [*events, done(work.action, str(side.state.load))]

    def _calls(self, i: int, side: VehicleSide) -> list[Event]:
        """Raise an error while a person is called, and take it back afterwards."""
        notice, before = side.notice, self._all.told.get(i)
        now = None
        if notice is not None and notice.ask:
            about = (Reference('sessionId', side.state.session),)
            hint = 'look where the load is, then confirm it at the port'
            now = Error(FROZEN, ErrorLevel.URGENT, notice.text, hint, about)
        if now == before:
            return []
        events: list[Event] = []
        if before is not None:
            del self._all.told[i]
            events.append(ErrorRaised(before, active=False))
        if now is not None:
            self._all.told[i] = now
            events.append(ErrorRaised(now))
        return events

    def sense(self, place: PlaceId, vehicle: AgvId, loads: tuple[str, ...], now: float) -> None:
        """Let a port see that a vehicle which is not simulated here has moved its load handler.

        Args:
            place: The port that the vehicle stands at.
            vehicle: Who.
            loads: What it carries now.
            now: Plant time [s].
        """
        port = self._all.ports.get(place)
        if port is None or str(port.state.vehicle) != vehicle:
            return
        load = VdaLoadId(port.state.load)
        here = load in self._data.ledger.ports[place].loads
        if here is not (load in loads):
            port.handle(Sensed(FULL if here else CLEAR), now)

    # -- people ------------------------------------------------------------------------------

    def confirm(
        self, place: PlaceId, session: str, holder: int, actor: str, now: float
    ) -> Problem:
        """Let a person put the load of a stopped hand-off to one side and say so."""
        port = self._all.ports.get(place)
        if place in self._settings.foreign_ports:
            return self._confirm_at_vehicle(place, session, holder, actor, now)
        if port is None:
            return Problem(Code.UNKNOWN_SESSION, f'nobody is asked about session {session!r}')
        where = Holder(holder) if holder in list(Holder) else Holder.UNKNOWN
        problem = port.handle(Confirm(SessionId(session), where, actor), now)
        if not problem:
            for i in list(self._all.work):
                if self._all.vehicles[i].state.session == session:
                    self._put(i, where, now)
        return problem

    def _confirm_at_vehicle(
        self, place: PlaceId, session: str, holder: int, actor: str, now: float
    ) -> Problem:
        """Let the vehicle take the word, at a port that keeps no record."""
        where = Holder(holder) if holder in list(Holder) else Holder.UNKNOWN
        word = Confirm(SessionId(session), where, actor)
        for i, work in self._all.work.items():
            side = self._all.vehicles[i]
            if work.place == place and side.state.session == session:
                problem = side.handle(word, now)
                if not problem:
                    self._put(i, where, now)
                return problem
        return Problem(Code.UNKNOWN_SESSION, f'nobody is asked about session {session!r}')

    def reset(self, place: PlaceId, now: float) -> str:
        """Let a person reset a port; return what still keeps it shut, empty: nothing."""
        port = self._port(place, now)
        port.handle(Reset(), now)
        return '' if port.state.open else (port.notice.text if port.notice else 'not available')
