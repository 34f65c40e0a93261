# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a crane does with idle time: it brings loads where their class belongs, or waits well."""

from functools import lru_cache

import numpy as np

from linehaul_warehouse import events as ev
from linehaul_warehouse import look
from linehaul_warehouse.assign import cell_place, fits, worth
from linehaul_warehouse.dwell import dwell_point
from linehaul_warehouse.ids import AisleId, CellId
from linehaul_warehouse.model import Job, JobKind, Load
from linehaul_warehouse.plan import in_the_way
from linehaul_warehouse.rack import Flow, Port, Rack
from linehaul_warehouse.settings import Assignment, Settings
from linehaul_warehouse.state import State
from linehaul_warehouse.turnover import Turnover, class_of

SETTLE = 5.0
"""[s] of idling before a crane moves for nothing."""
RESLOT_AFTER = 30.0
"""[s] of idling before loads are moved."""
GAIN = 15.0
"""[s] that a load must lie better by to be moved."""
LOOKED_AT = 40
"""Loads of an aisle looked at in one decision."""


def plan_idle(
    state: State,
    turnover: Turnover,
    settings: Settings,
    aisle_id: AisleId,
    now: float,
    waited: float,
) -> list[ev.Event]:
    """Return the events of a job for idle time; none: stand where you are.

    Args:
        state: the warehouse.
        turnover: classes of loads.
        settings: whether loads are moved and cranes wait elsewhere.
        aisle_id: whose crane is idle.
        now: plant time [s].
        waited: how long it has been idle [s].
    """
    if settings.reslot and waited >= RESLOT_AFTER:
        soon = look.candidates(state, aisle_id, settings, now, settings.hold + RESLOT_AFTER * 2)
        if not soon:
            found = _reslot(state, turnover, settings, aisle_id, now)
            if found:
                return found
    return _dwell(state, aisle_id) if settings.dwell and waited >= SETTLE else []


def _reslot(
    state: State, turnover: Turnover, settings: Settings, aisle_id: AisleId, now: float
) -> list[ev.Event]:
    """Move the load that lies worst among some; which, goes round with the number of tasks."""
    if settings.assignment is not Assignment.CLASSES or not turnover.limits:
        return []
    rack, span = state.rack, state.rack.span[aisle_id]
    full = np.flatnonzero(state.full[span]) + span.start
    if not full.size:
        return []
    begin = state.facts.cranes[aisle_id].tasks * LOOKED_AT + int(now)
    best, best_gain = None, GAIN
    offers: dict[tuple[int, str], tuple[int, float]] = {}
    for k in full[(begin + np.arange(min(LOOKED_AT, full.size))) % full.size].tolist():
        load = state.facts.loads[state.in_cell[rack.ids[k]]]
        number = class_of(turnover, load, now)
        low, high = turnover.zone(number)
        if low <= rack.rank[k] <= high or load.held_by or rack.ids[k] in state.facts.marks:
            continue
        if in_the_way(state, CellId(rack.ids[k])) is not None:
            continue
        made_for = (number, f'{load.weight} {load.height}')
        if made_for not in offers:
            offers[made_for] = _offer(state, turnover, settings, aisle_id, load, k, now)
        cell, there = offers[made_for]
        here = worth(state, np.array([k]), load, turnover, settings.assignment, now)[0]
        if cell >= 0 and cell != rack.mate[k] and here - there > best_gain:
            best, best_gain = (load, cell_place(state, cell)), float(here - there)
    if best is None:
        return []
    load, target = best
    job = Job(JobKind.RELOCATE, load.id, load.place, target)
    return [ev.CellClaimed(CellId(target.id), load.id), ev.CyclePlanned(aisle_id, (job,))]


def _offer(
    state: State,
    turnover: Turnover,
    settings: Settings,
    aisle_id: AisleId,
    load: Load,
    here: int,
    now: float,
) -> tuple[int, float]:
    """Return the best free cell for loads like this one and its worth; -1: none."""
    cells = fits(state, aisle_id, load.weight, load.height)
    cells = cells[cells != state.rack.mate[here]]
    if not cells.size:
        return -1, 0.0
    cost = worth(state, cells, load, turnover, settings.assignment, now)
    best = int(np.argmin(cost))
    return int(cells[best]), float(cost[best])


def _dwell(state: State, aisle_id: AisleId) -> list[ev.Event]:
    """Send the crane to its dwell point, unless it is nearly there."""
    rack, crane = state.rack, state.facts.cranes[aisle_id]
    ports = rack.ports_of(aisle_id, Flow.IN)
    if not ports or crane.load_id:
        return []
    done = max(state.facts.done_in + state.facts.done_out, 1)
    share = state.facts.done_in / done if state.facts.done_in + state.facts.done_out else 0.5
    x, y, longest = _point(rack, aisle_id, ports[0], round(share, 2))
    drive = rack.aisles[int(rack.aisle[rack.span[aisle_id].start])].drive
    if drive.leg((crane.x, crane.y), (x, y)) < 0.1 * longest:
        return []
    return [ev.CyclePlanned(aisle_id, (Job(JobKind.MOVE, x=x, y=y),))]


@lru_cache(maxsize=1024)
def _point(rack: Rack, aisle_id: AisleId, port: Port, share: float) -> tuple[float, float, float]:
    """Return the dwell point x, y [m] of an aisle and its longest way [s]."""
    span = rack.span[aisle_id]
    drive = rack.aisles[int(rack.aisle[span.start])].drive
    x, y = dwell_point((port.x, port.y), rack.xy[span], share, drive)
    return x, y, float(rack.travel[span].max())
