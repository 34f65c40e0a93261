# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Search everything that can happen to one hand-off: both real machines and the air between them.

Breadth first over the joint states of vehicle, port, their disks, a bounded channel each way, and
where the load is. At any moment a message may be said, heard (again), or lost, in any order; a
timer may run out early or late; either side may die and come back from its disk; an emergency stop
may come; sensors may lag behind; a person may speak. The machines are those that run on the floor:
`advance`, `levels` and the records are called, nothing is modelled a second time. Only the numbers
of messages are replaced by their order, which is all that the machines look at.

What is checked in every state is in `wrong`; that every state can come to an end, in `Outcome`.
"""

from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from linehaul_transfer import port, port_state, vehicle, vehicle_state
from linehaul_transfer.custody import CustodyError, holder
from linehaul_transfer.events import (
    Confirm,
    Expired,
    Health,
    HeardPort,
    HeardVehicle,
    Job,
    Lost,
    Moved,
    Reset,
    Sensed,
    Start,
    Transfer,
)
from linehaul_transfer.model import (
    CLEAR,
    FINAL,
    FINE,
    NO_LOAD,
    Code,
    Custody,
    Holder,
    Kind,
    LoadId,
    PortId,
    Position,
    Problem,
    Sensors,
    Timer,
    VehicleId,
)
from linehaul_transfer.port_state import PortState
from linehaul_transfer.records import (
    port_record,
    restore_port,
    restore_vehicle,
    vehicle_record,
)
from linehaul_transfer.signals import VehicleSignals
from linehaul_transfer.vehicle_state import Result, VehicleState

LOAD = LoadId('x')
FULL = Sensors(True, True)
HALF = Sensors(True, False)
OLDER, SAME, NEWER = Position('r', 0), Position('r', 1), Position('r', 2)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may go wrong.

    Attributes:
        kind: Which way the load goes.
        channel: Messages in the air each way.
        attempts: Sessions before the vehicle gives up.
        vehicle_deaths, port_deaths, stops: How often each may happen.
        lost: Sides may forget what they heard of a peer while they are free.
        lag: Sensors may be late.
        most: States after which the search stops.
    """

    kind: Kind = Kind.LOAD
    channel: int = 1
    attempts: int = 1
    vehicle_deaths: int = 1
    port_deaths: int = 1
    stops: int = 0
    lost: bool = False
    lag: bool = True
    most: int = 10_000_000


class Air(NamedTuple):
    """One direction: order number the receiver has, the one on its disk, (message, number)s."""

    heard: int
    disk: int
    messages: tuple[tuple[int, int], ...]


class Joint(NamedTuple):
    """A joint state; machines, disks and messages are numbers in the explorer's tables."""

    vehicle: int
    port: int
    vehicle_disk: int
    port_disk: int
    to_port: Air
    to_vehicle: Air
    where: Holder
    vehicle_deaths: int
    port_deaths: int
    stops: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search found.

    Attributes:
        states, steps: Visited; steps between them.
        depth: Longest of the shortest ways from the start.
        ends: States in which both sides are free, by how the job ended.
        asking: States in which a person is asked.
        stuck: States from which no end can be reached.
        faults: Broken promises, with the way there.
        complete: The bound on states was not met.
    """

    states: int
    steps: int
    depth: int
    ends: dict[str, int]
    asking: int
    stuck: int
    faults: tuple[str, ...]
    complete: bool


class Table:
    """Things to numbers and back."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._numbers: dict[Hashable, int] = {}

    def number(self, item: Hashable) -> int:
        """Return the number of a thing, a new one if it is new."""
        number = self._numbers.setdefault(item, len(self.items))
        if number == len(self.items):
            self.items.append(item)
        return number


def plain(state: Any) -> Any:
    """Return a state without what its machine does not look at: texts and message numbers."""
    stuck = state.phase.value in ('frozen', 'confirmed')
    code = Code.FROZEN if stuck and state.problem else state.problem.code
    state = replace(state, problem=Problem(code, ''))
    last = SAME if state.last is not None else None
    if isinstance(state, VehicleState):
        peer = replace(state.peer, position=SAME) if state.peer else None
        if state.phase is vehicle_state.Phase.IDLE and state.result:
            done = state.result.done
            ended = replace(state, peer=None, problem=FINE, result=Result('j', done), made=0)
            return replace(ended, attempt=0, seen=False, last=last, moved=False)
        return replace(state, peer=peer, last=last)
    return replace(state, peers=tuple(replace(p, position=SAME) for p in state.peers), last=last)


def bare(signals: Any) -> Any:
    """Return a message without what its receiver does not look at."""
    code = signals.problem.code
    if isinstance(signals, VehicleSignals):
        problem = Problem(Code.FROZEN if code else Code.NONE, '')
        return replace(signals, problem=problem, custody=Custody.UNKNOWN)
    code = code if not code or code in FINAL else Code.NOT_READY
    load = replace(CLEAR, load_id=signals.sensors.load_id)
    problem = Problem(code, '')
    return replace(signals, problem=problem, custody=Custody.UNKNOWN, sensors=load)


def order(air: Air) -> Air:
    """Return the same order with numbers from 0; -1 stays 'nothing heard'."""
    heard, disk, messages = air
    numbers = sorted({heard, disk, -1, *[n for _, n in messages]})
    if numbers[-1] == len(numbers) - 2:
        return air
    rank = {n: i - 1 for i, n in enumerate(numbers)}
    return Air(rank[heard], rank[disk], tuple([(m, rank[n]) for m, n in messages]))


class Look(NamedTuple):
    """What a machine does by itself in one of its states: says, waits for, may."""

    message: int
    timers: tuple[Timer, ...]
    sensors: Sensors
    may_move: bool
    healthy: bool
    resets: bool
    asks: bool


class Explorer:
    """Visits all joint states within bounds."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._vehicles, self._ports, self._messages = Table(), Table(), Table()
        self._steps: dict[tuple[Any, ...], tuple[int, bool]] = {}
        self._disks: dict[tuple[str, int, int], int] = {}
        self._looks: dict[tuple[str, int], Look] = {}
        self._verdicts: dict[tuple[int, int, Holder], str] = {}

    def start(self) -> Joint:
        """Return the state in which the vehicle has just been given its job."""
        load = self.bounds.kind is Kind.LOAD
        v = VehicleState(VehicleId('v'), self.bounds.attempts, sensors=FULL if load else CLEAR)
        p = PortState(PortId('p'), 9, sensors=CLEAR if load else FULL)
        p = replace(p, holding=NO_LOAD if load else LOAD)
        job = Job('j', PortId('p'), (Transfer(self.bounds.kind, LOAD),))
        v = plain(vehicle.advance(v, Start(job)))
        air = Air(-1, -1, ())
        b = self.bounds
        first = Joint(
            self._vehicles.number(v),
            self._ports.number(plain(p)),
            self._vehicles.number(plain(_reborn_vehicle(v))),
            self._ports.number(plain(_reborn_port(p))),
            air,
            air,
            Holder.VEHICLE if load else Holder.PORT,
            b.vehicle_deaths,
            b.port_deaths,
            b.stops,
        )
        return first

    def machines(self, joint: Joint) -> tuple[VehicleState, PortState]:
        """Return both machines of a joint state."""
        return self._vehicles.items[joint.vehicle], self._ports.items[joint.port]

    # -- one machine's step, remembered ------------------------------------------------------

    def _vehicle_step(self, joint: Joint, event: Any, heard: int | None = None) -> Joint:
        key = ('v', joint.vehicle, event)
        if key not in self._steps:
            new = vehicle.advance(self._vehicles.items[joint.vehicle], event)
            taken = new.peer is not None and new.peer.position == NEWER
            self._steps[key] = (self._vehicles.number(plain(new)), taken)
        number, taken = self._steps[key]
        new = self._vehicles.items[number]
        air = joint.to_vehicle
        if taken and heard is not None:
            air = air._replace(heard=heard)
        elif new.last is None:
            air = air._replace(heard=-1)
        disk = self._disk('v', number, joint.vehicle_disk)
        if disk != joint.vehicle_disk:
            air = air._replace(disk=air.heard)
        return joint._replace(vehicle=number, vehicle_disk=disk, to_vehicle=air)

    def _port_step(self, joint: Joint, event: Any, heard: int | None = None) -> Joint:
        key = ('p', joint.port, event)
        if key not in self._steps:
            new = port.advance(self._ports.items[joint.port], event)
            taken = any(p.position != SAME for p in new.peers)
            self._steps[key] = (self._ports.number(plain(new)), taken)
        number, taken = self._steps[key]
        new = self._ports.items[number]
        air = joint.to_port
        if taken and heard is not None:
            air = air._replace(heard=heard)
        elif new.last is None and not new.peers:
            air = air._replace(heard=-1)
        disk = self._disk('p', number, joint.port_disk)
        if disk != joint.port_disk:
            air = air._replace(disk=air.heard)
        return joint._replace(port=number, port_disk=disk, to_port=air)

    def _disk(self, side: str, number: int, old: int) -> int:
        """Return what is on disk after a step: what a restart would come back as."""
        key = (side, number, old)
        if key not in self._disks:
            table = self._vehicles if side == 'v' else self._ports
            reborn = _reborn_vehicle if side == 'v' else _reborn_port
            new = plain(reborn(table.items[number]))
            same = replace(new, last=None) == replace(table.items[old], last=None)
            self._disks[key] = old if same else table.number(new)
        return self._disks[key]

    # -- what can happen ---------------------------------------------------------------------

    def steps(self, joint: Joint) -> Iterator[tuple[str, Joint]]:
        """Yield everything that can happen next, with its name."""
        yield from self._air_steps(joint)
        yield from self._time_steps(joint)
        yield from self._floor_steps(joint)
        yield from self._death_steps(joint)

    def _look(self, side: str, number: int) -> Look:
        key = (side, number)
        if key not in self._looks:
            machine: Any = vehicle_state if side == 'v' else port_state
            state = (self._vehicles if side == 'v' else self._ports).items[number]
            running = {machine.timer(state), Timer.PEER if machine.watches(state) else None}
            self._looks[key] = Look(
                message=self._messages.number(bare(machine.levels(state, SAME))),
                timers=tuple(sorted(running - {None}, key=lambda t: str(t.value))),
                sensors=state.sensors,
                may_move=state.may_move,
                healthy=state.healthy,
                resets=state.stopped and state.healthy,
                asks=state.phase.value == 'frozen',
            )
        return self._looks[key]

    def _air_steps(self, joint: Joint) -> Iterator[tuple[str, Joint]]:
        for name, air, said in (
            ('to_port', joint.to_port, self._look('v', joint.vehicle).message),
            ('to_vehicle', joint.to_vehicle, self._look('p', joint.port).message),
        ):
            top = max(air.heard, air.disk, *(n for _, n in air.messages), -1)
            if len(air.messages) < self.bounds.channel:
                messages = (*air.messages, (said, top + 1))
                yield f'{name}: said', _with(joint, name, air._replace(messages=messages))
            for item in air.messages:
                rest = tuple(other for other in air.messages if other != item)
                yield f'{name}: lost', _with(joint, name, air._replace(messages=rest))
                yield f'{name}: heard', self._heard(joint, name, item)

    def _heard(self, joint: Joint, name: str, item: tuple[int, int]) -> Joint:
        number, rank = item
        air: Air = getattr(joint, name)
        position = NEWER if rank > air.heard else SAME if rank == air.heard else OLDER
        signals = replace(self._messages.items[number], position=position)
        if name == 'to_port':
            return self._port_step(joint, HeardVehicle(signals), rank)
        return self._vehicle_step(joint, HeardPort(signals), rank)

    def _time_steps(self, joint: Joint) -> Iterator[tuple[str, Joint]]:
        for which in self._look('v', joint.vehicle).timers:
            yield f'vehicle: {which.name}', self._vehicle_step(joint, Expired(which))
        for which in self._look('p', joint.port).timers:
            yield f'port: {which.name}', self._port_step(joint, Expired(which))
        if self.bounds.lost:
            yield 'vehicle: forgets', self._vehicle_step(joint, Lost())
            yield 'port: forgets', self._port_step(joint, Lost(VehicleId('v')))

    def _floor_steps(self, joint: Joint) -> Iterator[tuple[str, Joint]]:
        v, p = self._look('v', joint.vehicle), self._look('p', joint.port)
        at_vehicle, at_port = _seen(joint.where)
        if v.sensors != at_vehicle:
            yield 'vehicle: sensed', self._vehicle_step(joint, Sensed(at_vehicle))
        if p.sensors != at_port:
            yield 'port: sensed', self._port_step(joint, Sensed(at_port))
        if v.may_move:
            target = Holder.PORT if self.bounds.kind is Kind.LOAD else Holder.VEHICLE
            if joint.where is target:
                yield 'load handler: home', self._vehicle_step(joint, Moved(at_vehicle))
            else:
                where = target if joint.where is Holder.IN_TRANSFER else Holder.IN_TRANSFER
                yield 'load: moves', self._seen_at_once(joint._replace(where=where))
        if p.asks:
            yield from self._spoken(joint)
        if v.resets:
            yield 'vehicle: reset', self._vehicle_step(joint, Reset())
        if p.resets:
            yield 'port: reset', self._port_step(joint, Reset())
        yield from self._stop_steps(joint, v.healthy, p.healthy)

    def _spoken(self, joint: Joint) -> Iterator[tuple[str, Joint]]:
        """Let a person put the load to one side and say so."""
        state = self._ports.items[joint.port]
        for place in (Holder.VEHICLE, Holder.PORT):
            word = Confirm(state.session, place, 'a person')
            if not port.why_not(state, word):
                new = self._port_step(joint, word)._replace(where=place)
                yield f'person: {place.name}', self._seen_at_once(new)

    def _seen_at_once(self, joint: Joint) -> Joint:
        if self.bounds.lag:
            return joint
        at_vehicle, at_port = _seen(joint.where)
        return self._port_step(self._vehicle_step(joint, Sensed(at_vehicle)), Sensed(at_port))

    def _stop_steps(
        self, joint: Joint, vehicle_healthy: bool, port_healthy: bool
    ) -> Iterator[tuple[str, Joint]]:
        less = joint._replace(stops=joint.stops - 1)
        if not vehicle_healthy:
            yield 'vehicle: released', self._vehicle_step(joint, Health(True))
        elif joint.stops:
            yield 'vehicle: stop', self._vehicle_step(less, Health(False))
        if not port_healthy:
            yield 'port: released', self._port_step(joint, Health(True))
        elif joint.stops:
            yield 'port: stop', self._port_step(less, Health(False))

    def _death_steps(self, joint: Joint) -> Iterator[tuple[str, Joint]]:
        at_vehicle, at_port = _seen(joint.where)
        v, p = self.machines(joint)
        if joint.vehicle_deaths:
            kept = self._vehicles.items[joint.vehicle_disk]
            air = joint.to_vehicle._replace(heard=joint.to_vehicle.disk if kept.last else -1)
            born = replace(kept, sensors=at_vehicle, healthy=v.healthy)
            new = joint._replace(
                vehicle=self._vehicles.number(born),
                vehicle_deaths=joint.vehicle_deaths - 1,
                to_vehicle=air,
            )
            yield 'vehicle: dies', self._vehicle_step(new, Sensed(at_vehicle))
        if joint.port_deaths:
            kept = self._ports.items[joint.port_disk]
            air = joint.to_port._replace(heard=joint.to_port.disk if kept.last else -1)
            born = replace(kept, sensors=at_port, healthy=p.healthy)
            new = joint._replace(
                port=self._ports.number(born),
                port_deaths=joint.port_deaths - 1,
                to_port=air,
            )
            yield 'port: dies', self._port_step(new, Sensed(at_port))

    # -- the search --------------------------------------------------------------------------

    def wrong(self, joint: Joint) -> str:
        """Return which promise a joint state breaks; empty: none."""
        key = (joint.vehicle, joint.port, joint.where)
        if key not in self._verdicts:
            self._verdicts[key] = wrong(*self.machines(joint), joint.where)
        return self._verdicts[key]

    def run(self) -> Outcome:
        """Visit everything."""
        first = _tidy(self.start())
        seen: dict[Joint, int] = {first: 0}
        came: list[tuple[int, str]] = [(-1, '')]
        back: list[list[int]] = [[]]
        depth = [0]
        faults: list[str] = []
        queue = deque([first])
        steps = 0
        while queue and len(seen) < self.bounds.most and len(faults) < 5:
            joint = queue.popleft()
            number = seen[joint]
            problem = self.wrong(joint)
            if problem:
                faults.append(f'{problem}; way: {_way(came, number)}')
            for name, raw in self.steps(joint):
                new = _tidy(raw)
                steps += 1
                target = seen.get(new)
                if target is None:
                    target = seen[new] = len(seen)
                    came.append((number, name))
                    back.append([])
                    depth.append(depth[number] + 1)
                    queue.append(new)
                back[target].append(number)
        return self._outcome(seen, back, steps, max(depth), faults, complete=not queue)

    def _outcome(
        self,
        seen: dict[Joint, int],
        back: list[list[int]],
        steps: int,
        depth: int,
        faults: list[str],
        *,
        complete: bool,
    ) -> Outcome:
        ends: dict[str, int] = {}
        asking, goals = 0, []
        for joint, number in seen.items():
            v, p = self.machines(joint)
            asking += v.phase is vehicle_state.Phase.FROZEN or p.phase is port_state.Phase.FROZEN
            if (
                v.phase is vehicle_state.Phase.IDLE
                and p.phase is port_state.Phase.IDLE
                and v.result
            ):
                name = 'done' if v.result.done else 'undone'
                ends[name] = ends.get(name, 0) + 1
                goals.append(number)
        good = set(goals)
        todo = list(goals)
        while todo:
            for before in back[todo.pop()]:
                if before not in good:
                    good.add(before)
                    todo.append(before)
        stuck = len(seen) - len(good) if complete else -1
        return Outcome(len(seen), steps, depth, ends, asking, stuck, tuple(faults), complete)


def books(v: VehicleState, p: PortState) -> Custody:
    """Return a port's record of the load of a vehicle: that of its session, or of its place."""
    if p.session and p.load == v.load:
        return p.custody
    return Custody.MINE if p.holding else Custody.NONE


def wrong(v: VehicleState, p: PortState, where: Holder) -> str:
    """Return which promise two machines and the place of their load break; empty: none.

    One holder at all times; never may both sides move; a side that is free has its books right.
    """
    try:
        holder(v.custody, books(v, p))
    except CustodyError as error:
        return str(error)
    if v.may_move and p.may_move:
        return 'both sides may move'
    early = (
        vehicle_state.Phase.IDLE,
        vehicle_state.Phase.WAITING,
        vehicle_state.Phase.HALTED,
        *vehicle_state.OFFERING,
    )
    if v.phase in early and (v.custody is Custody.MINE) is not (where is Holder.VEHICLE):
        return f'vehicle is free with custody {v.custody.name}, the load is with {where.name}'
    if p.may_move and bool(p.holding) is not (where is Holder.PORT):
        return f'port is free and holds {p.holding!r}, the load is with {where.name}'
    return ''


def _seen(where: Holder) -> tuple[Sensors, Sensors]:
    """Return what the sensors of vehicle and port see when the load is somewhere."""
    if where is Holder.VEHICLE:
        return FULL, CLEAR
    return (CLEAR, FULL) if where is Holder.PORT else (HALF, HALF)


def _reborn_vehicle(state: VehicleState) -> VehicleState:
    new = restore_vehicle(state.id, state.attempts, vehicle_record(state), CLEAR)
    return replace(new, stopped=state.stopped)


def _reborn_port(state: PortState) -> PortState:
    return restore_port(state.id, state.attempts, port_record(state), CLEAR)


def _tidy(joint: Joint) -> Joint:
    """Forget messages that can never count again, and number the rest anew."""
    dies = joint.port_deaths > 0
    to_port, to_vehicle = joint.to_port, joint.to_vehicle
    return joint._replace(
        to_port=_alive(to_port, dies, joint.port_deaths),
        to_vehicle=_alive(to_vehicle, False, joint.vehicle_deaths),
    )


def _alive(air: Air, again: bool, deaths: int) -> Air:
    """Drop what the receiver ignores; after a restart, a port takes its last message again."""
    floor = min(air.disk, air.heard) if deaths else air.heard
    messages = tuple([m for m in air.messages if m[1] > floor or (again and m[1] == floor)])
    return order(Air(air.heard, air.disk if deaths else -1, messages))


def _with(joint: Joint, name: str, air: Air) -> Joint:
    if name == 'to_port':
        return joint._replace(to_port=air)
    return joint._replace(to_vehicle=air)


def _way(came: list[tuple[int, str]], number: int) -> str:
    names: list[str] = []
    while number >= 0:
        number, name = came[number]
        names.append(name)
    return ', '.join(reversed(names[:-1]))
