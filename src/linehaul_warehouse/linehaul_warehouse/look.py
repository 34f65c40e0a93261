# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a crane could do now: storages and retrievals that wait for it, and room at the ports."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from linehaul_warehouse.ids import AisleId, LoadId, PortId
from linehaul_warehouse.model import Job, Load, PlaceKind, Retrieval, RetrievalPhase
from linehaul_warehouse.rack import Flow, Port
from linehaul_warehouse.settings import Settings
from linehaul_warehouse.state import State

LEAD = 60.0
"""[s] from the decision for a retrieval until its container is at the port, about."""

CYCLE = 75.0
"""[s] of a dual cycle, about."""

LEAVES_WITHIN = 30.0
"""[s] before its due time a container counts as gone; a cycle takes longer than that."""
OVERDUE = 60.0
"""[s] after its due time it counts as there again: its vehicle is not to be reckoned with."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A retrieval that could be done now. due: when a crane should have set it down [s]."""

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


def _jobs(state: State, ports: Sequence[Port]) -> list[Job]:
    """Return the jobs of the cranes at some ports that are not done."""
    aisles = dict.fromkeys(aisle for port in ports for aisle in port.aisles)
    return [job for aisle in aisles for job in state.facts.cranes[aisle].jobs]


def slots(state: State, ports: Sequence[Port], now: float) -> dict[PortId, int]:
    """Return the free slots of ports that give loads; a planned job takes one.

    A load whose vehicle is due at any moment does not count: it is gone before the next one comes.
    """
    found = {
        port.id: port.capacity - sum(not _leaves(state, n, now) for n in state.at_port[port.id])
        for port in ports
    }
    for job in _jobs(state, ports):
        if job.target.kind is PlaceKind.PORT and job.target.id in found:
            found[PortId(job.target.id)] -= 1
    return found


def _leaves(state: State, load_id: LoadId, now: float) -> bool:
    retrieval = state.facts.retrievals.get(state.facts.loads[load_id].held_by)
    if retrieval is None or retrieval.phase is not RetrievalPhase.AT_PORT:
        return False
    return -OVERDUE < retrieval.request.due - now < LEAVES_WITHIN


def stores(state: State, aisle_id: AisleId, now: float) -> list[Load]:
    """Return the loads at in-ports that a crane may fetch, first come first.

    A load at an out-port that nobody has reserved stands in the way: it goes back too, last.
    """
    ways_in, ways_out = (state.rack.ports_of(aisle_id, flow) for flow in (Flow.IN, Flow.OUT))
    waiting = [name for port in ways_in for name in state.at_port[port.id]]
    back = [name for port in ways_out for name in state.at_port[port.id]]
    if not waiting and not back:
        return []
    taken = {job.load_id for job in _jobs(state, [*ways_in, *ways_out])}
    loads = [state.facts.loads[name] for name in waiting]
    loads = [load for load in loads if load.ready <= now and load.id not in taken]
    loads.sort(key=lambda load: (load.ready, load.id))
    strays = [state.facts.loads[name] for name in back]
    return loads + [s for s in strays if not s.held_by and s.ready <= now and s.id not in taken]


def candidates(
    state: State, aisle_id: AisleId, settings: Settings, now: float, early: float
) -> list[Candidate]:
    """Return the retrievals that may be done now, most urgent first.

    A container keeps its slot at the port until its vehicle has come. So only as many as there
    are free slots are looked at, the most urgent ones, and one that comes earlier than `hold`
    must leave a slot free: none waits for a slot that a less urgent one has taken.

    Args:
        state: the warehouse.
        aisle_id: whose crane is asked for.
        settings: hold and patience.
        now: plant time [s].
        early: how long before its due time a container may stand at the port at most [s].
    """
    promised = [state.facts.retrievals[name] for name in state.promised[aisle_id]]
    dues = sorted((due_of(r, settings), r.request.id) for r in promised)
    room = slots(state, state.rack.ports_of(aisle_id, Flow.OUT), now)
    found: list[Candidate] = []
    for rank, (due, request_id) in enumerate(dues):
        retrieval = state.facts.retrievals[request_id]
        lead = LEAD + CYCLE * rank  # those due before it come first
        ahead = 0.0 if isnan(retrieval.request.due) else due - now - lead
        if ahead > early:
            break
        port = _port(state, aisle_id, retrieval, room, 1 if ahead <= settings.hold else 2)
        if port is None:
            continue
        room[port.id] -= 1
        load = state.facts.loads[retrieval.load_id]
        if load.place.kind is PlaceKind.CELL:
            by = due - port.conveyor_time - settings.margin
            found.append(Candidate(retrieval, load, port, by))
    return found


def _port(
    state: State, aisle_id: AisleId, retrieval: Retrieval, room: dict[PortId, int], least: int
) -> Port | None:
    """Return the port for a retrieval: the promised one if it has room, else the emptiest.

    All ports that it may go to must have least slots; a vehicle may be on its way to the promised.
    """
    wanted = retrieval.request.port_id
    ports = [p for p in state.rack.ports_of(aisle_id, Flow.OUT) if wanted in ('', p.id)]
    if sum(max(room[p.id], 0) for p in ports) < least:
        return None
    return max(ports, key=lambda p: (room[p.id] > 0 and p.id == retrieval.port_id, room[p.id]))
