# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What of a line must outlast its process, as JSON can hold it, and how it comes back."""

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import Any

from linehaul_line.desk import LineDesk
from linehaul_line.line import LineSequence, PartKey
from linehaul_line.loads import line_side
from linehaul_line.pace import Break
from linehaul_line.packing import Batch
from linehaul_line.packml import State
from linehaul_line.product import Unit
from linehaul_line.response import Moments, Response, phases
from linehaul_line.stock import PartStock, Promise


def snapshot(desk: LineDesk) -> dict[str, Any]:
    """Return what must outlive the process, as JSON can hold it."""
    line = desk.assembly
    return {
        'serial': desk.serial,
        'position': line.position,
        'state': int(line.state),
        'speed': line.pace.speed,
        'held': dict(line.held),
        'done': line.done,
        'stood': [line.stood_starved, line.stood_own],
        'side': desk.side.out(),
        'breaks': [[one.begin, one.end] for one in line.pace.breaks],
        'batches': [[name, one.station, one.contents] for name, one in desk.batches.items()],
        'stock': [_part_out(key, part) for key, part in line.stock.items()],
        'responses': {
            station: [[m.mean, m.variance, m.weight] for m in phases(one)]
            for station, one in desk.responses.items()
        },
        'given': desk.given,
    }


def restore(desk: LineDesk, saved: Mapping[str, Any]) -> None:
    """Take over what a former process saved; parts that no longer exist are left out."""
    stock = dict(desk.assembly.stock)
    for one in saved['stock']:
        key = (one['station'], one['item'])
        if key in stock:
            stock[key] = _part_in(stock[key], one)
    if 'side' in saved:
        desk.side = line_side(saved['side'])
    desk.batches = {
        request: Batch(station, tuple((u, i, n) for u, i, n in contents))
        for request, station, contents in saved.get('batches', ())
    }
    breaks = tuple(Break(*one) for one in saved.get('breaks', ())) or desk.assembly.pace.breaks
    starved, own = saved['stood']
    state = State(saved['state'])
    for station, rows in saved.get('responses', {}).items():
        if station in desk.responses:
            desk.responses[station] = Response(*(Moments(*row) for row in rows))
    desk.serial, desk.given = saved['serial'], saved.get('given', False)
    desk.assembly = replace(
        desk.assembly,
        stock=stock,
        position=saved['position'],
        # A starved line looks again whether its parts are there.
        state=State.EXECUTE if state == State.SUSPENDED else state,
        pace=replace(desk.assembly.pace, speed=saved['speed'], breaks=breaks),
        held=saved['held'],
        done=saved['done'],
        stood_starved=starved,
        stood_own=own,
    )


def units_out(desk: LineDesk) -> dict[str, Any]:
    """Return the sequence as JSON can hold it."""
    row = desk.assembly.sequence
    units = [[u.id, u.order, u.owner, u.model, u.due] for u in row.units]
    return {'first': row.first, 'units': units}


def units_in(desk: LineDesk, saved: Mapping[str, Any]) -> None:
    """Take over a saved sequence; units of models that no longer exist are left out."""
    units = (
        Unit(unit, order, owner, model, inf if due is None else due)
        for unit, order, owner, model, due in saved['units']
    )
    known = tuple(unit for unit in units if unit.model in desk.assembly.plan.models)
    sequence = LineSequence(saved['first'], known)
    desk.assembly = replace(desk.assembly, sequence=sequence)


def _part_out(key: PartKey, part: PartStock) -> dict[str, Any]:
    return {
        'station': key[0],
        'item': key[1],
        'contents': list(part.contents),
        'empties': part.empties,
        'promises': [
            [p.request, p.quantity, p.earliest, p.due, p.asked, p.held] for p in part.promises
        ],
    }


def _part_in(part: PartStock, saved: Mapping[str, Any]) -> PartStock:
    """Return the saved stock, cut to the places that there are now."""
    contents = tuple(min(one, part.container_quantity) for one in saved['contents'])
    contents = contents[: part.places]
    promises = tuple(Promise(*one) for one in saved['promises'])
    empties = min(saved['empties'], part.places - len(contents))
    return replace(part, contents=contents, empties=empties, promises=promises)
