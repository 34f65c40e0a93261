# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A vehicle that is commanded by speeds and tells odometry, behind the vehicle contract.

Puts together the order executor, localisation, path following, load handling and battery of one
robot. What comes in are messages and measurements; `step` gives the next command, `take_outputs`
what has to be said. Memory must be written before outputs are sent or the command is obeyed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from linehaul_vda5050.reach import Pose

from linehaul_agv import conditions as found
from linehaul_agv import handling
from linehaul_agv.battery import BatteryReading, Charge, estimate, tell
from linehaul_agv.conditions import Conditions
from linehaul_agv.events import (
    Command,
    Drive,
    ErrorRaised,
    Event,
    Halt,
    InstantActionsReceived,
    NodeReached,
    OrderReceived,
    SendFactsheet,
    SendState,
    StartAction,
    Stopped,
)
from linehaul_agv.executor import advance
from linehaul_agv.follower import Fix, Motion, cut, drive_of, follow
from linehaul_agv.handling import Handler, Job
from linehaul_agv.legs import Way, locate, make_way
from linehaul_agv.localise import Localiser
from linehaul_agv.memory import Memory
from linehaul_agv.model import AgvState
from linehaul_agv.report import Elements, Observation, factsheet, report
from linehaul_agv.stall import StallWatch, watch
from linehaul_agv.vehicle import Vehicle
from linehaul_floor import Place
from linehaul_vda5050 import (
    Connection,
    ConnectionState,
    Error,
    Factsheet,
    Header,
    InstantActions,
    Load,
    LoadId,
    NodeId,
    Order,
    State,
)

MOST_TICK = 0.25
"""Longest time [s] counted for one tick."""
OLD_BATTERY = 60.0
"""Age [s] from which the robot's word on its battery is old."""
BACK = 0.8
"""Share of the corridor within which a vehicle that was off its way is on it again."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a robot is run.

    Attributes:
        handler: How loads are handled.
        latency: From a measurement until its command moves the wheels [s].
        corridor: Largest offset from the way [m].
        lost_time: Time without localisation after which a person is called [s].
        state_interval: Longest time between two states [s].
    """

    handler: Handler = field(default_factory=Handler)
    latency: float = 0.2
    corridor: float = 0.1
    lost_time: float = 10.0
    state_interval: float = 1.0


@dataclass(frozen=True, slots=True)
class Outputs:
    """What has to be said; calls are actions for the robot's load handler."""

    state: State | None
    factsheet: Factsheet | None
    connection: Connection | None
    calls: tuple[Job, ...]

    def __bool__(self) -> bool:
        return any((self.state, self.factsheet, self.connection, self.calls))


class Robot:
    """One robot.

    Args:
        vehicle: What it is.
        places: Places by the index of their node.
        settings: How it is run.
        localiser: Where it is; its correction is fixed or comes from a localiser.
        memory: What it remembers.
    """

    def __init__(
        self,
        vehicle: Vehicle,
        places: Mapping[int, Place],
        settings: Settings,
        localiser: Localiser,
        memory: Memory,
    ) -> None:
        self.vehicle = vehicle
        self.settings = settings
        self.localiser = localiser
        self._places = places
        errors = tuple(e for e in memory.agv.errors if e.error_type not in found.TYPES)
        self.agv: AgvState = replace(memory.agv, errors=errors)
        self.charge: Charge = replace(memory.charge, told=-math.inf)
        self.jobs = tuple(handling.interrupted(settings.handler, job) for job in memory.jobs)
        self.loads = memory.loads
        self.motion = Motion()
        self._way_end = memory.way_end
        self._numbers = dict(memory.numbers)
        self._way: Way = ()
        self._way_of: tuple[object, int] = (None, -1)
        self._conditions: Conditions = {}
        self._stall = StallWatch()
        self._fix: Fix | str = 'just started'
        self._lost_since, self._found = math.inf, False
        self._now = -math.inf
        self._next_state = -math.inf
        self._elements = Elements()
        self._dirty, self._sheet = True, True
        self._link: ConnectionState | None = ConnectionState.ONLINE
        self._calls: tuple[Job, ...] = ()

    @property
    def memory(self) -> Memory:
        """What has to be written before anything is said or done."""
        return Memory(
            self.agv,
            self.charge,
            self._way_end,
            self.jobs,
            self.loads,
            self.localiser.believed,
            dict(self._numbers),
        )

    @property
    def fix(self) -> Fix | None:
        """Where it was at the last tick, None where that is not known."""
        return None if isinstance(self._fix, str) else self._fix

    @property
    def way(self) -> Way:
        """The legs it may drive now."""
        if self._way_of != (self.agv.edges, self._way_end):
            self._way = make_way(self.vehicle, self.agv.edges, self._way_end)
            self._way_of = (self.agv.edges, self._way_end)
        return self._way

    # --- inputs ----------------------------------------------------------------------------------

    def receive_order(self, order: Order, now: float) -> None:
        """Let an order arrive."""
        self._advance(OrderReceived(order, self._pose()), now)
        self._dirty = True  # a repeat is answered too, so that its sender hears

    def receive_instant_actions(self, message: InstantActions, now: float) -> None:
        """Let instant actions arrive."""
        self._advance(InstantActionsReceived(message), now)
        self._dirty = True

    def receive_battery(self, reading: BatteryReading, now: float) -> None:
        """Let the robot tell of its battery."""
        self.charge = tell(self.charge, reading, now)

    @property
    def called(self) -> Job | None:
        """What somebody else is to do with a load: the pick or drop that is called for."""
        return next((job for job in self.jobs if job.called), None)

    @property
    def place(self) -> Place | None:
        """The place of the node that was reached last."""
        node = self.vehicle.roadmap.node_index.get(self.agv.last_node_id)  # type: ignore[call-overload]
        return self._places.get(node)

    def carry(self, load_id: str | None) -> None:
        """Let the load sensors say what the vehicle carries now; None: nothing."""
        self.loads = () if load_id is None else (Load(LoadId(load_id), 'container'),)
        self._dirty = True

    def tell_error(self, error: Error, now: float, *, active: bool) -> None:
        """Let a device raise an error, or take it back."""
        self._advance(ErrorRaised(error, active), now)
        self._dirty = True

    def end_call(self, action_id: str, text: str, now: float) -> None:
        """Let the load handler answer; text is why it failed, empty: it did not."""
        for job in self.jobs:
            if job.called and job.action.action_id == action_id:
                self._finish(replace(job, problem=text), now)

    def _pose(self) -> Pose | None:
        fix = self.fix
        if fix is None:
            return None
        on_node = not self.way and self._distance_to_node(fix) <= self.settings.corridor
        return replace(fix.pose, node_id=self.agv.last_node_id if on_node else None)

    def _distance_to_node(self, fix: Fix) -> float:
        row = self.vehicle.roadmap.node_index.get(self.agv.last_node_id)  # type: ignore[call-overload]
        if row is None:
            return math.inf
        x, y = self.vehicle.roadmap.xy[row].tolist()
        return math.hypot(fix.pose.x - x, fix.pose.y - y)

    # --- the tick --------------------------------------------------------------------------------

    def step(self, now: float) -> Motion:
        """Do one tick at a plant time [s]; return the command for the robot."""
        dt = min(max(now - self._now, 0.0), MOST_TICK)
        self._now = now
        self._fix = self.localiser.fix(now)
        fix, seen = self.fix, Conditions()
        if fix is None:
            self._lost_since = min(self._lost_since, now)
            time = now - self._lost_since
            if self._found or time > self.localiser.trust.timeout:
                long = time > self.settings.lost_time
                seen[found.LOCALIZATION_LOST] = found.lost(str(self._fix), long=long)
            self.motion, self._stall = Motion(), StallWatch()
        else:
            self._lost_since, self._found = math.inf, True
            self._find_node(fix)
            seen |= self._move(fix, dt, now)
        self._count_battery(dt, now, seen)
        for event in found.changes(self._conditions, seen):
            self._advance(event, now)
        self._conditions = seen
        for job in [job for job in self.jobs if job.due <= now]:
            self._finish(job, now)
        return self.motion

    def _move(self, fix: Fix, dt: float, now: float) -> Conditions:
        s, was_off = self.settings, found.OFF_ROUTE in self._conditions
        self._stall, stuck = watch(self._stall, self.motion, fix.pose, dt)
        corridor = s.corridor * (BACK if was_off else 1.0)
        cls = self.vehicle.vehicle_class
        drive = drive_of(cls, loaded=bool(self.loads), latency=s.latency, corridor=corridor)
        hold = self.agv.paused or found.battery_empty() in self._conditions.values()
        motion = follow(drive, self.motion, self.way, fix, dt, hold=hold)
        off = motion.off or self._off_node(fix, corridor)
        if stuck or off:
            motion = Motion(passed=motion.passed)
        for leg in self.way[: motion.passed]:
            self._advance(NodeReached(leg.end_sequence), now)
        self.motion = motion
        at_rest = not self.way and fix.standing and not motion.speed and not motion.omega
        if self.agv.driving and at_rest:
            self._advance(Stopped(), now)
        seen: Conditions = {}
        if off:
            seen[found.OFF_ROUTE] = found.off_route(off)
        if stuck:
            error = found.stalled(stuck)
            seen[error.error_type] = error
        return seen

    def _off_node(self, fix: Fix, corridor: float) -> str:
        """Say why a vehicle without a way does not stand where its way has ended."""
        if self.way or self._distance_to_node(fix) <= corridor:
            return ''
        where = self.agv.last_node_id
        return f'stands off {where!r}, its last node' if where else 'stands on no node'

    def _find_node(self, fix: Fix) -> None:
        """Take the node an idle vehicle has been put on as its last one."""
        if not self.agv.idle or self.agv.driving or not fix.standing:
            return
        if self._distance_to_node(fix) <= self.settings.corridor:
            return
        roadmap = self.vehicle.roadmap
        away = np.hypot(*(roadmap.xy - (fix.pose.x, fix.pose.y)).T)
        row = int(away.argmin())
        if away[row] <= BACK * self.settings.corridor:
            self.agv = replace(self.agv, last_node_id=NodeId(roadmap.node_ids[row]))
            self._dirty = True

    def _count_battery(self, dt: float, now: float, seen: Conditions) -> None:
        power = self.place.charge_power if self.place else 0.0
        battery = self.vehicle.vehicle_class.battery
        moving = self._moving()
        self.charge = estimate(self.charge, battery, moving=moving, charge_power=power, dt=dt)
        if self.charge.level <= 0.0:
            error = found.battery_empty()
            seen[error.error_type] = error
        if -math.inf < self.charge.told < now - OLD_BATTERY:
            seen[found.BATTERY_UNKNOWN] = found.battery_unknown()

    def _moving(self) -> bool:
        fix = self.fix
        commanded = self.motion.speed != 0.0 or self.motion.omega != 0.0
        return commanded or (fix is not None and not fix.standing)

    # --- commands of the executor ----------------------------------------------------------------

    def _advance(self, event: Event, now: float) -> None:
        self.agv, commands = advance(self.vehicle, self.agv, event, now)
        for command in commands:
            self._do(command, now)

    def _do(self, command: Command, now: float) -> None:
        match command:
            case Drive(edges):
                self._way_end = edges[-1].sequence_id + 1
            case Halt():
                self._halt()
            case StartAction(action):
                self._start(Job(action, now), now)
            case SendState():
                self._dirty = True
            case SendFactsheet():
                self._sheet = True
            case _:
                pass  # Hold is in the state; what can be cancelled ends in the executor

    def _halt(self) -> None:
        cls, s = self.vehicle.vehicle_class, self.settings
        drive = drive_of(cls, loaded=bool(self.loads), latency=s.latency, corridor=s.corridor)
        left = cut(drive, self.motion, self.way, self.fix)
        self._way_end = left[-1].end_sequence if left else self.agv.last_sequence_id

    def _start(self, wanted: Job, now: float) -> None:
        job = handling.start(self.settings.handler, wanted.action, self.place, self.loads, now)
        self.jobs = (*self.jobs, job)
        if job.called:
            self._calls = (*self._calls, job)

    def _finish(self, job: Job, now: float) -> None:
        name = job.action.action_id
        self.jobs = tuple(other for other in self.jobs if other.action.action_id != name)
        answer, self.loads = handling.finish(job, self.loads)
        if 'Charging' in job.action.action_type and not job.problem:
            charging = job.action.action_type == 'startCharging'
            self.charge = replace(self.charge, charging=charging)
        self._advance(answer, now)
        self._dirty = True

    # --- outputs ---------------------------------------------------------------------------------

    def take_outputs(self, now: float) -> Outputs:
        """Return what has to be said since the last call; says it once."""
        late = now >= self._next_state or now < self._next_state - 2 * self.settings.state_interval
        state = self._state(now) if self._dirty or late else None
        if state is not None:
            self._next_state = now + self.settings.state_interval
        sheet = factsheet(self.vehicle, self._header('factsheet', now)) if self._sheet else None
        link = self._connection(self._link, now) if self._link else None
        out = Outputs(state, sheet, link, self._calls)
        self._dirty, self._sheet, self._link, self._calls = False, False, None, ()
        return out

    def farewell(self, now: float) -> Connection:
        """Return the last word of a vehicle that is shut down."""
        return self._connection(ConnectionState.OFFLINE, now)

    def _connection(self, link: ConnectionState, now: float) -> Connection:
        return Connection(self._header('connection', now), link)

    def _header(self, topic: str, now: float) -> Header:
        number = (self._numbers.get(topic, -1) + 1) % 2**32
        self._numbers[topic] = number
        return Header(number, now, serial_number=str(self.vehicle.id))

    def _state(self, now: float) -> State:
        header = self._header('state', now)
        return report(self.vehicle, self.agv, self._observe(), header, self._elements)

    def _observe(self) -> Observation:
        fix, pose = self.fix, self.localiser.last_pose()
        along = locate(self.way[0], fix.pose).along if fix and self.way else 0.0
        return Observation(
            x=pose.x if pose else math.nan,
            y=pose.y if pose else math.nan,
            theta=pose.theta if pose else math.nan,
            speed=fix.speed if fix else 0.0,
            omega=fix.omega if fix else 0.0,
            moving=self._moving(),
            distance=max(along, 0.0),
            power=self.charge.supply,
            loads=self.loads,
            localized=fix is not None,
        )
