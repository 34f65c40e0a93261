# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The next cycle of a crane.

Retrievals whose time has come are looked at together with the storages that wait, and with the
cells that those could take; the first cycle of the best sequence is begun, and everything is
looked at anew after it. A load in the way, in a double-deep lane, is relocated first.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linehaul_warehouse import events as ev
from linehaul_warehouse import look
from linehaul_warehouse.assign import cell_place, choose_aisle, fits, pick_random, worth
from linehaul_warehouse.ids import AisleId, CellId, LoadId
from linehaul_warehouse.look import Candidate
from linehaul_warehouse.model import Crane, Job, JobKind, Load, Place, PlaceKind, RetrievalPhase
from linehaul_warehouse.rack import Rack
from linehaul_warehouse.sequence_kernels import sequence
from linehaul_warehouse.settings import Assignment, Sequencing, Settings
from linehaul_warehouse.state import State
from linehaul_warehouse.travel import leg_matrix
from linehaul_warehouse.turnover import Turnover

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RELOCATION = 15.0
"""Travel [s] that a relocation adds, about, besides two fork cycles."""

PAIRING_WAIT = 40.0
"""[s] that a storage waits for a retrieval which makes it a dual cycle."""

LONGEST_WAIT = 300.0
"""[s] after which a storage is no longer put off for retrievals that are late."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a crane does next: a storage and its cell (-1: none), and a retrieval."""

    store: Load | None
    cell: int
    retrieval: Candidate | None


def plan_cycle(
    state: State, turnover: Turnover, settings: Settings, aisle_id: AisleId, now: float
) -> list[ev.Event]:
    """Return the events that give an idle crane its next cycle; none: there is nothing to do."""
    waiting = _stores(state, aisle_id, now)
    hold = settings.pair_hold if waiting else settings.hold
    ready = look.candidates(state, aisle_id, settings, now, hold)
    ready = _reachable(state, ready)[: settings.window]
    if len(waiting) == 1 and not ready:
        soon = look.candidates(state, aisle_id, settings, now + PAIRING_WAIT, hold)
        if soon and now - waiting[0].ready < PAIRING_WAIT:
            return []
    chosen = _choose(state, turnover, settings, aisle_id, waiting, ready, now)
    return _events(state, aisle_id, chosen) if chosen else []


def _stores(state: State, aisle_id: AisleId, now: float) -> list[Load]:
    """Return the loads that wait for this crane; a port of several aisles is shared out."""
    found = look.stores(state, aisle_id, now)
    shared = []
    for load in found:
        port = state.rack.ports.get(load.place.id)  # type: ignore[call-overload]
        aisles = list(port.aisles)
        if len(aisles) == 1 or choose_aisle(state, load, aisles, {}) == aisle_id:
            shared.append(load)
    return shared


def in_the_way(state: State, cell: CellId) -> Load | None:
    """Return the load before a cell of a double-deep lane; None: the way is free."""
    k = state.rack.index[cell]
    if state.rack.depth[k] == 1:
        return None
    name = state.in_cell.get(state.rack.ids[int(state.rack.mate[k])])
    return state.facts.loads[name] if name else None


def _reachable(state: State, ready: list[Candidate]) -> list[Candidate]:
    """Leave out what cannot be reached now: behind one that goes itself, or a bad cell."""
    going = {c.load.id for c in ready}
    found = []
    for candidate in ready:
        front = in_the_way(state, CellId(candidate.load.place.id))
        blocked = front is not None and (
            front.id in going or CellId(front.place.id) in state.facts.marks
        )
        if not blocked and CellId(candidate.load.place.id) not in state.facts.marks:
            found.append(candidate)
    return found


def _choose(
    state: State,
    turnover: Turnover,
    settings: Settings,
    aisle_id: AisleId,
    waiting: list[Load],
    ready: list[Candidate],
    now: float,
) -> Chosen | None:
    store = waiting[0] if waiting else None
    cells = fits(state, aisle_id, store.weight, store.height) if store else np.empty(0, np.int64)
    if store is None or not cells.size:
        store = None
        if not ready:
            return None
        return Chosen(None, -1, _retrieval(state, settings, aisle_id, ready, now))
    cost = worth(state, cells, store, turnover, settings.assignment, now)
    tasks = state.facts.cranes[aisle_id].tasks
    random = settings.assignment is Assignment.RANDOM
    if not ready or (random and settings.sequencing is Sequencing.FCFS):
        cell = pick_random(cells, store.id, tasks) if random else int(cells[np.argmin(cost)])
        first = _retrieval(state, settings, aisle_id, ready, now) if ready else None
        return Chosen(store, cell, first)
    return _pair(state, settings, aisle_id, store, cells, cost, len(waiting), ready, now)


def _times(
    rack: Rack, aisle_id: AisleId, ready: list[Candidate]
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return xy (n, 2) of the retrievals and times (n,) to them, back, and their extra time."""
    aisle = next(a for a in rack.aisles if a.id == aisle_id)
    xy = np.array([rack.position(CellId(c.load.place.id)) for c in ready])
    ports = np.array([(c.port.x, c.port.y) for c in ready])
    back = np.array([aisle.drive.leg(tuple(a), tuple(b)) for a, b in zip(xy, ports, strict=True)])
    return xy, ports, back, np.zeros(len(ready))


def _retrieval(
    state: State, settings: Settings, aisle_id: AisleId, ready: list[Candidate], now: float
) -> Candidate:
    """Return the retrieval of a single cycle."""
    if settings.sequencing is Sequencing.FCFS:
        return min(ready, key=lambda c: (c.retrieval.asked, c.retrieval.request.id))
    xy, _, back, _ = _times(state.rack, aisle_id, ready)
    drive = state.rack.aisles[int(state.rack.aisle[state.rack.span[aisle_id].start])].drive
    crane = state.facts.cranes[aisle_id]
    here = np.array([[crane.x, crane.y]])
    direct = leg_matrix(here, xy, drive.array)[0]
    if settings.sequencing is Sequencing.NEAREST:
        return ready[int(np.argmin(direct))]
    empty = np.zeros((0, len(ready)))
    between = np.vstack([empty, leg_matrix(xy, xy, drive.array)])
    zeros = np.zeros(len(ready))
    due = np.array([c.due for c in ready]) - now
    order, _, _ = sequence(
        0,
        between,
        zeros,
        zeros,
        direct,
        back + _extra(state, ready, drive.fork_time),
        due,
        drive.fork_time,
        settings.lateness,
        settings.scale,
    )
    return ready[int(order[0])]


def _extra(state: State, ready: list[Candidate], fork: float) -> Floats:
    """Return (n,) time [s] of the relocation that a retrieval needs."""
    ways = [in_the_way(state, CellId(c.load.place.id)) for c in ready]
    return np.array([0.0 if front is None else 2.0 * fork + RELOCATION for front in ways])


def _pair(
    state: State,
    settings: Settings,
    aisle_id: AisleId,
    store: Load,
    cells: Ints,
    cost: Floats,
    waiting: int,
    ready: list[Candidate],
    now: float,
) -> Chosen:
    """Return the first dual cycle of the best sequence."""
    rack = state.rack
    drive = rack.aisles[int(rack.aisle[cells[0]])].drive
    xy, _, back, _ = _times(rack, aisle_id, ready)
    between = leg_matrix(rack.xy[cells], xy, drive.array)
    if settings.sequencing is Sequencing.FCFS:
        first = min(ready, key=lambda c: (c.retrieval.asked, c.retrieval.request.id))
        column = between[:, ready.index(first)]
        return Chosen(store, int(cells[np.argmin(cost + column)]), first)
    if settings.sequencing is Sequencing.NEAREST:
        row, column_ = np.unravel_index(np.argmin(between + cost[:, None]), between.shape)
        return Chosen(store, int(cells[row]), ready[int(column_)])
    kept = np.argsort(cost + between.min(axis=1), kind='stable')[: settings.cells]
    nearest = np.argmin(cost[:, None] + between, axis=0)
    kept = np.unique(np.concatenate([kept, nearest]))
    open_xy = rack.xy[cells[kept]]
    port = rack.ports[store.place.id]  # type: ignore[index]
    home = np.array([[port.x, port.y]])
    rows = np.vstack([open_xy, xy])
    direct = leg_matrix(home, xy, drive.array)[0]
    between = np.vstack([between[kept], leg_matrix(xy, xy, drive.array)])
    store_cost = np.concatenate([cost[kept], np.full(len(ready), float(cost.min()))])
    out = leg_matrix(home, rows, drive.array)[0]
    back = back + _extra(state, ready, drive.fork_time)
    due = np.array([c.due for c in ready]) - now
    rest = (out, direct, back, due, drive.fork_time, settings.lateness, settings.scale)
    order, dual, opened = sequence(waiting, between, store_cost, *rest)
    fast, single, _ = sequence(0, between, store_cost, *rest)
    later = 2.0 * float(out[: len(kept)].min() + drive.fork_time)
    if single + waiting * later < dual and now - store.ready < LONGEST_WAIT:
        return Chosen(None, -1, ready[int(fast[0])])  # storages can wait, retrievals cannot
    return Chosen(store, int(cells[kept[opened]]), ready[int(order[0])])


# From the choice to events.


def _events(state: State, aisle_id: AisleId, chosen: Chosen) -> list[ev.Event]:
    found: list[ev.Event] = []
    jobs: list[Job] = []
    used: list[int] = []
    if chosen.store is not None:
        target = cell_place(state, chosen.cell)
        found.append(ev.CellClaimed(CellId(target.id), chosen.store.id))
        jobs.append(Job(JobKind.STORE, chosen.store.id, chosen.store.place, target))
        used.append(chosen.cell)
    if chosen.retrieval is not None:
        load = chosen.retrieval.load
        front = in_the_way(state, CellId(load.place.id))
        moved = _relocation(state, aisle_id, front, load, used)
        if front is None or moved is not None:
            if moved is not None:
                found.append(ev.CellClaimed(CellId(moved.target.id), moved.load_id))
                jobs.append(moved)
            request_id, port = chosen.retrieval.retrieval.request.id, chosen.retrieval.port
            place = Place(PlaceKind.PORT, port.id)
            jobs.append(Job(JobKind.RETRIEVE, load.id, load.place, place))
            found.append(ev.RetrievalPhased(request_id, RetrievalPhase.CRANE, load.id, port.id))
    return [*found, ev.CyclePlanned(aisle_id, tuple(jobs))] if jobs else []


def _relocation(
    state: State, aisle_id: AisleId, front: Load | None, load: Load, used: list[int]
) -> Job | None:
    """Return the job that clears the way to a load: to the nearest cell, same level preferred."""
    if front is None:
        return None
    rack = state.rack
    here = rack.index[CellId(front.place.id)]
    cells = fits(state, aisle_id, front.weight, front.height)
    barred = {here, rack.index[CellId(load.place.id)], *used}
    barred |= {int(rack.mate[k]) for k in used}
    cells = np.array([k for k in cells.tolist() if k not in barred], np.int64)
    if not cells.size:
        return None
    drive = rack.aisles[int(rack.aisle[here])].drive
    way = leg_matrix(rack.xy[here : here + 1], rack.xy[cells], drive.array)[0]
    level = 2.0 * (rack.xy[cells, 1] != rack.xy[here, 1])
    best = int(cells[np.argmin(way + level)])
    return Job(JobKind.RELOCATE, front.id, front.place, cell_place(state, best))


def other_cell(
    state: State, turnover: Turnover, settings: Settings, crane: Crane, load_id: LoadId, now: float
) -> Place | None:
    """Return another cell for the load on a fork, near where the crane stands; None: no room."""
    load = state.facts.loads[load_id]
    cells = fits(state, crane.aisle_id, load.weight, load.height)
    if not cells.size:
        return None
    rack = state.rack
    drive = rack.aisles[int(rack.aisle[cells[0]])].drive
    way = leg_matrix(np.array([[crane.x, crane.y]]), rack.xy[cells], drive.array)[0]
    cost = way + worth(state, cells, load, turnover, settings.assignment, now)
    return cell_place(state, int(cells[np.argmin(cost)]))
