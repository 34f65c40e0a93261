# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A factory in one process: the fleet's core, the simulated plant, and lines that ask.

No ROS and no wall clock: the same seed gives the same run. Vehicles report once a second and at
every change, and get orders by the same VDA 5050 dataclasses as over ROS.
"""

import itertools
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import isfinite, nan
from typing import Any

import numpy as np
from _fleet_demand import Shift, Want
from linehaul_fleet.changes import Change
from linehaul_fleet.codes import Refusal
from linehaul_fleet.delivery import Phase, Request, RequestId
from linehaul_fleet.events import ContainerReady, DeliveryReassigned, PhaseReached, to_record
from linehaul_fleet.fleet import Fleet
from linehaul_fleet.situation import Settings as FleetSettings
from linehaul_sim.settings import Settings
from linehaul_sim.warehouse import RetrievalPhase, RetrieveRequest
from linehaul_sim.world import World

from linehaul_floor import ConflictTable, Plant
from linehaul_traffic import TrafficPlanner
from linehaul_vda5050 import Header, InstantActions

TRY = 0.001
"""[s] that a try of a better plan takes on the counted clock."""


class CountedClock:
    """A clock that goes on by a fixed step with each look, so that runs are the same again."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@dataclass(slots=True)
class Record:
    """What is measured in a run; distances in metres.

    tick: seconds of the computer that each round took; rounds, feed: CPU seconds of all rounds and
    of taking states in. states, orders: messages; kept: values for the journal beside events.
    """

    tick: list[float] = field(default_factory=list)
    rounds: float = 0.0
    feed: float = 0.0
    states: int = 0
    orders: int = 0
    kept: int = 0
    empty: float = 0.0
    loaded: float = 0.0
    reassigned: list[str] = field(default_factory=list)
    explained: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)
    moments: dict[str, dict[str, float]] = field(default_factory=dict)


class FactoryRun:
    """One run.

    Args:
        plant: with its fleet.
        conflicts: tables of all pairs of classes.
        shift: what is asked for when.
        seed: of everything random in the plant.
        pair: how missions are paired with vehicles; None: by the fleet's assignment.
        charge: (low, high) charges at the beginning, drawn uniformly.
        cycle: [s] between two rounds of decisions.
        tries: better plans tried in a round.
        step: of the simulation [s].
        check: watch for overlaps.
        reports: longest time between two states of a vehicle [s].
        told_use: stations begin full, and lines say what they have used up.
        managed: ports behind which something else than the simulation's stand-in works.
    """

    def __init__(
        self,
        plant: Plant,
        conflicts: dict[tuple[str, str], ConflictTable],
        shift: Shift,
        seed: int,
        pair: Any = None,
        charge: tuple[float, float] = (0.35, 0.95),
        cycle: float = 0.5,
        tries: int = 3,
        step: float = 0.2,
        settings: FleetSettings | None = None,
        check: bool = True,
        reports: float = 1.0,
        told_use: bool = False,
        managed: tuple[str, ...] = (),
    ) -> None:
        self.plant, self.shift = plant, shift
        world = Settings(seed=seed, step=step, start_time=1000.0, station_empty_time=60.0)
        world = replace(world, check=check, state_interval=reports, told_use=told_use)
        world = replace(world, managed_ports=managed)
        self.world = World(plant, world)
        bodies = self.world.data.bodies
        rng = np.random.default_rng([seed, 7])
        bodies.energy[:] = self.world.drives.capacity * rng.uniform(*charge, bodies.energy.size)
        self.fleet = Fleet(plant, conflicts, settings or FleetSettings())
        situation = self.fleet.situation
        situation.planner = TrafficPlanner(situation.graph, clock=CountedClock(TRY))
        situation.desk.pair = pair
        self.world.announce()
        self.begin = self.measured_from = self.world.now
        self.last_orders: list[Any] = []
        self.record = Record()
        self.tries = tries
        self._sent = 0
        self.wall = 0.0
        self._every = max(1, round(cycle / step))
        self._wants, self._events = list(shift.wants)[::-1], list(shift.events)[::-1]
        self._speed = {line: clock.speeds[0] for line, clock in shift.clocks.items()}
        self._asked: dict[str, Any] = {}
        self._feed()

    @property
    def seconds(self) -> float:
        """Plant time since the beginning [s]."""
        return self.world.now - self.begin

    def go(self, until: float, over: Callable[[], bool] = lambda: False) -> None:
        """Run to a time after the beginning [s], or until it is over for now."""
        began = time.perf_counter()
        while self.seconds < until and not over():
            distance = self.world.data.bodies.distance.copy()
            self.world.step()
            self._measure(distance)
            self._feed()
            if self.world.data.steps % self._every == 0:
                self._round()
        self.wall += time.perf_counter() - began

    def _measure(self, before: np.ndarray) -> None:
        b = self.world.data.bodies
        driven = b.distance - before
        self.record.loaded += float(driven[b.loaded].sum())
        self.record.empty += float(driven[~b.loaded].sum())

    def _feed(self) -> None:
        out = self.world.take_outputs()
        begin = time.process_time()
        for connection in out.connections:
            self.fleet.connection(_id(connection), connection)
        for state in out.states:
            self.fleet.vehicle_state(_id(state), state, self.world.now)
        for retrieval in out.retrievals:
            if retrieval.phase is RetrievalPhase.AT_PORT:
                name = RequestId(retrieval.request.request_id)
                self.fleet.container_ready(
                    name, retrieval.port_id, retrieval.load_id, self.world.now
                )
        self.record.feed += time.process_time() - begin
        self.record.states += len(out.states)

    def set_rhythm(self, cycle: float, tries: int) -> None:
        """Change the time between two rounds [s] and the better plans tried in one."""
        self._every, self.tries = max(1, round(cycle / self.world.settings.step)), tries

    def start_measuring(self) -> None:
        """Forget what the run took so far, and begin to measure."""
        self.record = Record()
        self.measured_from = self.world.now

    def delivered_since_measuring(self) -> int:
        """Return the deliveries that ended well since."""
        done = self.fleet.model.deliveries.values()
        return sum(d.phase is Phase.DELIVERED and d.ended > self.measured_from for d in done)

    @property
    def rates(self) -> dict[str, float]:
        """Messages a second of plant time since measuring began."""
        seconds = max(self.world.now - self.measured_from, 1.0)
        return {'states': self.record.states / seconds, 'orders': self.record.orders / seconds}

    def _round(self) -> None:
        self._lines()
        self._warehouse()
        fleet, now = self.fleet, self.world.now
        begin, cpu = time.perf_counter(), time.process_time()
        fleet.tick(now, TRY * self.tries)
        orders, actions = fleet.take_orders(now), fleet.take_actions(now)
        events = fleet.take_events()
        kept = fleet.take_kept()
        records = [to_record(event) for event in events]
        self.record.tick.append(time.perf_counter() - begin)
        self.record.rounds += time.process_time() - cpu
        self.record.orders += len(orders)
        self.record.kept += len(kept)
        self.last_orders = [order for _, order in orders] or self.last_orders
        self.record.events.update(kind for kind, _ in records)
        for event in events:
            if isinstance(event, (ContainerReady, PhaseReached)):
                stage = event.phase.name if isinstance(event, PhaseReached) else 'AT_PORT'
                self.record.moments.setdefault(event.request_id, {})[stage] = now
            if isinstance(event, DeliveryReassigned):
                self.record.reassigned.append(event.request_id)
                self.record.explained.append(event.reason)
        for vehicle_id, order in orders:
            self.world.send_order(vehicle_id, replace(order, header=self._header(vehicle_id)))
        for vehicle_id, wanted in actions:
            message = InstantActions(self._header(vehicle_id), wanted)
            self.world.send_instant_actions(vehicle_id, message)

    def _header(self, vehicle_id: str) -> Header:
        self._sent += 1
        return Header(self._sent, self.world.now, serial_number=vehicle_id)

    def _warehouse(self) -> None:
        now = self.world.now
        for delivery in self.fleet.retrievals(now):
            if delivery.retrieval_id in self._asked:
                continue
            request = delivery.request
            answer = self.world.retrieve(
                RetrieveRequest(delivery.retrieval_id, request.item_id, request.quantity)
            )
            self._asked[delivery.retrieval_id] = answer
            self.fleet.container_promised(
                delivery.retrieval_id, answer.port_id, answer.load_id, now, answer.ready
            )

    # Lines.

    def _lines(self) -> None:
        while self._events and self._events[-1].at <= self.seconds:
            event = self._events.pop()
            self._speed[event.line_id] = event.speed
            self._tell(event.line_id)
        while self._wants and self._wants[-1].at <= self.seconds:
            self._ask(self._wants.pop())

    def _ask(self, want: Want) -> None:
        due = self._due(want)
        request = Request(
            RequestId(want.request_id),
            '',
            want.item_id,
            want.quantity,
            want.station_id,
            nan,
            due if isfinite(due) else nan,
            want.priority,
        )
        answer = self.fleet.request(request, self.world.now)
        if isinstance(answer, Refusal):
            self.record.refused.append(answer.text)

    def _due(self, want: Want) -> float:
        """Return when a station runs out as its line goes now [s of the plant]; inf: it stands."""
        speed = self._speed[want.line_id]
        if speed <= 0.0:
            return float('inf')
        clock = self.shift.clocks[want.line_id]
        left = max(want.units - clock.at(self.seconds), 0.0) * clock.takt / speed
        return self.world.now + left

    def _tell(self, line_id: str) -> None:
        """Tell the fleet what a change of a line means for its open deliveries."""
        by_id = {w.request_id: w for w in self.shift.wants if w.line_id == line_id}
        for name in list(self.fleet.model.open):
            want = by_id.get(name)
            if want is None:
                continue
            due = self._due(want)
            stands = not isfinite(due)
            change = Change(hold=True) if stands else Change(due=due, hold=False)
            self.fleet.change(
                name, change, str(line_id), 'stands' if stands else 'runs', self.world.now
            )

    # Result.

    def result(self) -> dict[str, Any]:
        """Return the figures of the run."""
        now, begin, bodies = self.world.now, self.begin, self.world.data.bodies
        measured = max(now - self.measured_from, 1.0)
        model = self.fleet.model
        wants = [w for w in self.shift.wants if w.request_id in model.deliveries]
        late, took, undone = [], [], 0
        for want in wants:
            delivery = model.deliveries[RequestId(want.request_id)]
            if delivery.phase is Phase.DELIVERED:
                late.append(max(delivery.ended - begin - want.true_due, 0.0))
                took.append(delivery.ended - delivery.requested)
            elif want.true_due <= now - begin:
                undone += 1
                late.append(now - begin - want.true_due)
        changes = Counter(self.record.reassigned)
        tick = np.array(self.record.tick) * 1e3
        phases = Counter(d.phase.name for d in model.deliveries.values())
        return {
            'deliveries': len(wants),
            'phases': dict(phases),
            'late': int(sum(x > 0.0 for x in late)),
            'mean_lateness_s': float(np.mean(late)) if late else 0.0,
            'worst_lateness_s': float(np.max(late, initial=0.0)),
            'undone_and_due': undone,
            'latency_s': _spread(took),
            'lateness_s': late,
            'stages_s': self._stages(),
            'empty_share': self.record.empty / max(self.record.empty + self.record.loaded, 1.0),
            'distance_m': self.record.empty + self.record.loaded,
            'reassignments': len(self.record.reassigned),
            'reassignments_per_hour': 3600.0 * len(self.record.reassigned) / measured,
            'most_changes_of_one': max(changes.values(), default=0),
            'tick_ms': _spread(tick.tolist()),
            'core_cpu_share': (self.record.rounds + self.record.feed) / measured,
            'lowest_charge': float((bodies.energy / self.world.drives.capacity).min()),
            'overlaps': self.world.verdict.overlaps,
            'failures': self.world.data.handling.failures,
            'explained': self.record.explained[:20],
        }

    def _stages(self) -> dict[str, dict[str, float]]:
        """Return how long deliveries that have ended well took from each stage to the next."""
        model = self.fleet.model
        spent: dict[str, list[float]] = {stage: [] for stage in STAGES[1:]}
        for name, moments in self.record.moments.items():
            if model.deliveries[RequestId(name)].phase is Phase.DELIVERED:
                known = {'REQUESTED': model.deliveries[RequestId(name)].requested, **moments}
                for before, stage in itertools.pairwise(STAGES):
                    if before in known and stage in known:
                        spent[stage].append(known[stage] - known[before])
        return {f'until {stage.lower()}': _spread(spent[stage]) for stage in STAGES[1:]}


STAGES = ('REQUESTED', 'AT_PORT', 'LOADED', 'DELIVERING', 'DELIVERED')
"""Where the time of a delivery goes: until its container is there, until a vehicle has it, until
its station is free for it, until it is there."""


def _spread(values: list[float]) -> dict[str, float]:
    found = values or [0.0]
    p50, p95, p99 = np.percentile(found, [50, 95, 99])
    return {
        'mean': float(np.mean(found)),
        'p50': float(p50),
        'p95': float(p95),
        'p99': float(p99),
        'max': float(np.max(found)),
    }


def _id(message: Any) -> Any:
    return message.header.serial_number
