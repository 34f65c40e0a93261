# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a crane could do now: storages and retrievals that wait for it, and room at the ports."""

from dataclasses import dataclass
from math import isnan

from linehaul_warehouse.ids import AisleId, LoadId, PortId
from linehaul_warehouse.model import Job, Load, PlaceKind, Retrieval
from linehaul_warehouse.rack import Flow, Port
from linehaul_warehouse.settings import Settings
from linehaul_warehouse.state import State

LEAD = 60.0
"""[s] from the decision for a retrieval until its container is at the port, about."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A retrieval that could be done now. due: at the port [s of plant time]."""

    retrieval: Retrieval
    load: Load
    port: Port
    due: float


def due_of(retrieval: Retrieval, settings: Settings) -> float:
    """Return by when a retrieval should be at its port [s]; one without a due time ages."""
    if not isnan(retrieval.request.due):
        return retrieval.request.due
    share = 1.0 - 0.9 * min(max(retrieval.request.priority, 0), 255) / 255.0
    return retrieval.asked + settings.patience * share


def jobs(state: State) -> list[Job]:
    """Return the jobs of all cranes that are not done."""
    return [job for crane in state.facts.cranes.values() for job in crane.jobs]


def slots(state: State) -> dict[PortId, int]:
    """Return the free slots of every port that gives loads; a planned job takes one."""
    found = {
        port.id: port.capacity - len(state.at_port[port.id])
        for port in state.rack.ports.values()
        if port.flow is Flow.OUT
    }
    for job in jobs(state):
        if job.target.kind is PlaceKind.PORT:
            found[PortId(job.target.id)] -= 1
    return found


def stores(state: State, aisle_id: AisleId, now: float) -> list[Load]:
    """Return the loads at in-ports that a crane may fetch, first come first.

    A load at an out-port that nobody has reserved stands in the way: it goes back too, last.
    """
    taken = {job.load_id for job in jobs(state)}
    waiting: list[LoadId] = []
    back: list[LoadId] = []
    for flow, names in ((Flow.IN, waiting), (Flow.OUT, back)):
        for port in state.rack.ports_of(aisle_id, flow):
            names.extend(state.at_port[port.id])
    loads = [state.facts.loads[name] for name in waiting]
    loads = [load for load in loads if load.ready <= now and load.id not in taken]
    loads.sort(key=lambda load: (load.ready, load.id))
    strays = [state.facts.loads[name] for name in back]
    return loads + [s for s in strays if not s.held_by and s.ready <= now and s.id not in taken]


def candidates(
    state: State, aisle_id: AisleId, settings: Settings, now: float, hold: float
) -> list[Candidate]:
    """Return the retrievals whose time has come and whose port has room, most urgent first.

    Args:
        state: the warehouse.
        aisle_id: whose crane is asked for.
        settings: patience.
        now: plant time [s].
        hold: how long before its due time a container may stand at the port [s].
    """
    found = []
    room = slots(state)
    for request_id in state.promised[aisle_id]:
        retrieval = state.facts.retrievals[request_id]
        due = due_of(retrieval, settings)
        if not isnan(retrieval.request.due) and now + LEAD < due - hold:
            continue
        port = _port(state, aisle_id, retrieval, room)
        load = state.facts.loads[retrieval.load_id]
        if port is not None and load.place.kind is PlaceKind.CELL:
            found.append(Candidate(retrieval, load, port, due - port.conveyor_time))
    found.sort(key=lambda c: (c.due, c.retrieval.request.id))
    return found


def _port(
    state: State, aisle_id: AisleId, retrieval: Retrieval, room: dict[PortId, int]
) -> Port | None:
    wanted = retrieval.request.port_id
    ports = state.rack.ports_of(aisle_id, Flow.OUT)
    open_ports = [p for p in ports if room[p.id] > 0 and wanted in ('', p.id)]
    return max(open_ports, key=lambda p: room[p.id], default=None)
