# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Lines of a plant with something to build, for the simulated end: units without orders.

Where no order system gives a sequence, each line builds a levelled mix of its models.
"""

from collections.abc import Sequence
from math import inf, isfinite

import numpy as np

from linehaul_floor import Flow, Line, PlaceKind, Plant, RouteTable, first_loads, part_places
from linehaul_line.assembly import Assembly, full_stock
from linehaul_line.desk import LineDesk
from linehaul_line.goal_chasing import goal_chasing
from linehaul_line.ids import LineId, LoadId, ModelId, OrderId, OwnerId, StationId, UnitId
from linehaul_line.line import LinePlan, LineSequence
from linehaul_line.loads import LineSide, of_loads
from linehaul_line.pace import Break, Pace
from linehaul_line.product import Model, Unit, parts_of, standard_model
from linehaul_line.response import Response, prior
from linehaul_line.shift import LineShift
from linehaul_line.sizing import PartDemand, SizeWarning, check_sizes


def units(
    line: LineId, models: Sequence[Model], shares: Sequence[int], first: int, count: int
) -> tuple[Unit, ...]:
    """Return units in a level order of the models' shares, from a position on.

    Args:
        line: for the unit ids.
        models: what it builds.
        shares: (M,) units of each model in a round.
        first: position of the first unit.
        count: units wanted; whole rounds are made, so there may be more.
    """
    keys = parts_of(models)
    bill = [[model.bill.get(s, {}).get(i, 0) for s, i in keys] for model in models]
    order = goal_chasing(np.array(shares), np.array(bill, np.int64).reshape(len(models), -1))
    rounds = -(-count // len(order))
    return tuple(
        Unit(
            UnitId(f'{line}-u{first + number:07d}'),
            OrderId(''),
            OwnerId('stock'),
            models[int(kind)].id,
            inf,
        )
        for number, kind in enumerate(np.tile(order, rounds))
    )


def make_line(
    plant: Plant,
    line: Line,
    models: Sequence[Model] = (),
    *,
    start: float,
    known: int = 500,
    exchange: bool = True,
    shift: LineShift | None = None,
) -> Assembly:
    """Return a line of the plant with full places and units to build.

    Args:
        plant: with the stations' places and the items' containers.
        line: which.
        models: what it builds; none: the standard model of the plant file.
        start: plant time [s] of its first step.
        known: units in its sequence.
        exchange: empties leave with the vehicle that brings the next container.
        shift: what it builds and when it rests; instead of `models`.

    Raises:
        ProductError: the plant file has no standard model.
    """
    shift = shift or LineShift(tuple(models) or (standard_model(plant, line),))
    made = list(shift.models)
    plan = LinePlan(
        line.id,
        line.stations,
        {one.id: one for one in made},
        line.takt,
        shift.changeover,
        shift.families,
        shift.frozen,
        shift.shares,
        shift.jis,
    )
    places = {station: part_places(plant, station) for station in line.stations}
    containers = {item.id: item.container_units for item in plant.items.values()}
    row = units(line.id, made, _shares(plan), 0, known)
    stock = full_stock(plan, places, containers, exchange=exchange)
    breaks = tuple(Break(start + one.begin, start + one.end) for one in shift.breaks)
    pace = Pace(line.takt, 1.0, start, breaks)
    return Assembly(plan, LineSequence(0, row), 0, pace, stock, now=start)


def _shares(plan: LinePlan) -> list[int]:
    return [plan.shares.get(model, 1) for model in plan.models]


def first_side(plant: Plant, line: Line) -> LineSide:
    """Return the loads that stand beside a line of a simulated plant at the beginning."""
    return of_loads([
        ((station, item), LoadId(load))
        for station, item, load in first_loads(plant)
        if station in line.stations
    ])  # fmt: skip


def expected_responses(
    plant: Plant, line: Line, *, wait: float, transfer: float
) -> dict[StationId, Response]:
    """Return what is believed of each station's response before anything was measured.

    The travel is the way to a port of the warehouse that has the item, taken as long as that
    from the nearest parking place, the hand-over there, and the way to the station.

    Args:
        plant: with roadmap and places.
        line: whose stations.
        wait: seconds until a vehicle begins.
        transfer: seconds of one hand-over.
    """
    routes = RouteTable(plant.roadmap)
    ports = [one for one in plant.places_of(PlaceKind.WAREHOUSE_PORT) if one.flow is Flow.OUT]
    parking = [one.node for one in plant.places_of(PlaceKind.PARKING)]
    empty = [
        min((float(routes.times(port.node)[node]) for node in parking), default=0.0)
        for port in ports
    ]
    found = {}
    for station in line.stations:
        times = routes.times(plant.places[station].node)
        ways = [
            before + transfer + float(times[port.node])
            for port, before in zip(ports, empty, strict=True)
        ]
        finite = [way for way in ways if isfinite(way)]
        travel = float(np.median(finite)) if finite else transfer
        found[station] = prior(wait, travel, transfer)
    return found


def more(line: Assembly, known: int) -> LineSequence:
    """Return the sequence with units added behind, so that so many are known."""
    sequence = line.sequence
    end = sequence.first + len(sequence.units)
    missing = known - (end - line.position)
    if missing <= 0:
        return sequence
    models = list(line.plan.models.values())
    row = units(line.plan.id, models, _shares(line.plan), end, missing)
    return LineSequence(sequence.first, sequence.units + row)


def demands(line: Assembly) -> list[PartDemand]:
    """Return the mean demand of each part over the known sequence, for the check of sizes."""
    usage: dict[tuple[StationId, ModelId], int] = {}
    for unit in line.sequence.units:
        for station in line.plan.models[unit.model].bill:
            usage[station, unit.model] = usage.get((station, unit.model), 0) + 1
    span = max(len(line.sequence.units), 1) * line.plan.takt
    found = []
    for (station, item), part in line.stock.items():
        parts = sum(
            count * line.plan.models[model].bill[station].get(item, 0)
            for (where, model), count in usage.items()
            if where == station
        )
        found.append(PartDemand(station, item, parts / span, part.places, part.container_quantity))
    return found


def size_warnings(desk: LineDesk, *, z: float = 2.0) -> list[SizeWarning]:
    """Return where places or containers of a line are too small, each station by its response."""
    by_station: dict[StationId, list[PartDemand]] = {}
    for demand in demands(desk.assembly):
        by_station.setdefault(demand.station, []).append(demand)
    found = [check_sizes(d, desk.responses[s], z=z) for s, d in by_station.items()]
    return sorted((one for row in found for one in row), key=lambda one: one.cover)
