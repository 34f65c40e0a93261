# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated cranes and what is really in the cells: the far end, for tests, demos and benchmarks.

It knows nothing of the stock. Reports can get lost, cells can be emptied or filled behind the
controller's back, cranes can fail; the last task of each crane is remembered, as a PLC does.
"""

from dataclasses import dataclass, field
from math import inf

from linehaul_warehouse.crane_end import Report, Status
from linehaul_warehouse.ids import NO_LOAD, AisleId, CellId, LoadId, PortId, TaskId
from linehaul_warehouse.model import Outcome, Place, PlaceKind, Step, StepKind
from linehaul_warehouse.rack import Rack
from linehaul_warehouse.travel import Drive, axis_time

CRANE_MASS = 6000.0
"""[kg] that is driven along the aisle."""
LIFT_MASS = 800.0
"""[kg] that is lifted besides the load."""
LOAD_MASS = 300.0
"""[kg] of a load, on average."""
GRAVITY = 9.81
ROLLING = 0.01
"""Rolling resistance along the aisle, per weight."""
FORK_ENERGY = 2.0e4
"""[J] of a fork cycle."""


def travel_energy(drive: Drive, dx: float, dy: float, *, loaded: bool) -> float:
    """Return the energy [J] of a move by dx, dy [m]; braking and lowering feed nothing back."""
    lifted = LIFT_MASS + (LOAD_MASS if loaded else 0.0)
    mass = CRANE_MASS + lifted
    along = abs(dx)
    peak = drive.speed_x
    if drive.acceleration_x < inf and along > 0.0:
        half = 0.5 * axis_time(along, drive.speed_x, drive.acceleration_x)
        peak = min(drive.speed_x, half * drive.acceleration_x)
    kinetic = 0.5 * mass * peak * peak if along > 0.0 else 0.0
    rolling = ROLLING * mass * GRAVITY * along
    return kinetic + rolling + lifted * GRAVITY * max(dy, 0.0)


@dataclass(slots=True)
class SimCrane:
    """One crane. end: plant time [s] at which the running step is over."""

    aisle_id: AisleId
    drive: Drive
    x: float = 0.0
    y: float = 0.0
    load_id: LoadId = NO_LOAD
    step: Step | None = None
    end: float = inf
    last: Report | None = None
    ready: bool = True
    text: str = ''
    lose_reports: int = 0
    overhang: bool = False


@dataclass(slots=True)
class SimFloor:
    """What is really where: cells, the far side of ports, and the cranes."""

    rack: Rack
    cells: dict[CellId, LoadId] = field(default_factory=dict)
    ports: dict[PortId, list[LoadId]] = field(default_factory=dict)
    cranes: dict[AisleId, SimCrane] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for aisle in self.rack.aisles:
            self.cranes.setdefault(aisle.id, SimCrane(aisle.id, aisle.drive))
        for port in self.rack.ports:
            self.ports.setdefault(port, [])

    def send(self, aisle_id: AisleId, step: Step, now: float) -> Report | None:
        """Give a crane a step; a task it knows already is answered at once, or goes on."""
        crane = self.cranes[aisle_id]
        if crane.last is not None and crane.last.task_id == step.task_id:
            return crane.last
        if crane.step is not None or not crane.ready:
            return None
        crane.step = step
        fork = 0.0 if step.kind is StepKind.MOVE else crane.drive.fork_time
        crane.end = now + crane.drive.leg((crane.x, crane.y), (step.x, step.y)) + fork
        return None

    def status(self, aisle_id: AisleId) -> Status:
        """Return how a crane stands."""
        crane = self.cranes[aisle_id]
        running = crane.step.task_id if crane.step else TaskId('')
        return Status(aisle_id, crane.ready, crane.load_id, running, crane.last, crane.text)

    def next_time(self) -> float:
        """Return when the next step is over; inf: none runs."""
        return min((c.end for c in self.cranes.values() if c.ready), default=inf)

    def advance(self, now: float) -> list[Report]:
        """Finish what is over; returns the reports that arrive."""
        arrived = []
        for crane in self.cranes.values():
            if crane.step is not None and crane.ready and crane.end <= now:
                report = self._finish(crane, crane.step)
                crane.last, crane.step, crane.end = report, None, inf
                if crane.lose_reports:
                    crane.lose_reports -= 1
                else:
                    arrived.append(report)
        return arrived

    def stop(self, aisle_id: AisleId, text: str) -> None:
        """Put a crane out of order; a running step stands still."""
        crane = self.cranes[aisle_id]
        crane.ready, crane.text = False, text

    def start(self, aisle_id: AisleId, now: float) -> None:
        """Put it in order again; a running step goes on from its beginning."""
        crane = self.cranes[aisle_id]
        if crane.ready:
            return
        crane.ready, crane.text = True, ''
        if crane.step is not None:
            crane.end = now + crane.drive.fork_time

    def _finish(self, crane: SimCrane, step: Step) -> Report:
        energy = travel_energy(
            crane.drive, step.x - crane.x, step.y - crane.y, loaded=bool(crane.load_id)
        )
        crane.x, crane.y = step.x, step.y
        outcome = Outcome.DONE
        if step.kind is not StepKind.MOVE:
            energy += FORK_ENERGY
            outcome = (
                self._pick(crane, step) if step.kind is StepKind.PICK else self._drop(crane, step)
            )
        return Report(crane.aisle_id, step.task_id, outcome, crane.x, crane.y, energy)

    def _pick(self, crane: SimCrane, step: Step) -> Outcome:
        if crane.overhang:
            crane.overhang = False
            return Outcome.OVERHANG
        found = self._at(step.place, step.load_id)
        if not found:
            return Outcome.EMPTY
        self._take(step.place, found)
        crane.load_id = found
        return Outcome.DONE

    def _drop(self, crane: SimCrane, step: Step) -> Outcome:
        if step.place.kind is PlaceKind.CELL:
            cell = CellId(step.place.id)
            if cell in self.cells:
                return Outcome.OCCUPIED
            self.cells[cell] = crane.load_id
        else:
            port = PortId(step.place.id)
            if len(self.ports[port]) >= self.rack.ports[port].capacity:
                return Outcome.OCCUPIED
            self.ports[port].append(crane.load_id)
        crane.load_id = NO_LOAD
        return Outcome.DONE

    def _at(self, place: Place, wanted: LoadId) -> LoadId:
        if place.kind is PlaceKind.CELL:
            return self.cells.get(CellId(place.id), NO_LOAD)
        return wanted if wanted in self.ports[PortId(place.id)] else NO_LOAD

    def _take(self, place: Place, load_id: LoadId) -> None:
        if place.kind is PlaceKind.CELL:
            del self.cells[CellId(place.id)]
        else:
            self.ports[PortId(place.id)].remove(load_id)
