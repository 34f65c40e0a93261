# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A shift of the component warehouse: due times from the lines, empties and refills coming in.

The same requests, the same stock and the same release of retrievals by due time for every way of
deciding; only the order of work and the choice of cells differ. A vehicle comes for a container
when it is due, so a container that comes early keeps its place at the port until then.
"""

import time
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

import common
import numpy as np
from linehaul_warehouse.bench import Bench
from linehaul_warehouse.events import CyclePlanned, LoadReceived
from linehaul_warehouse.model import (
    Load,
    Place,
    PlaceKind,
    RetrievalPhase,
    RetrieveRequest,
    StoreRequest,
)
from linehaul_warehouse.rack import Flow, Rack, uniform_rack
from linehaul_warehouse.rack_file import STANDARD, rack_of_plant
from linehaul_warehouse.settings import Assignment, Sequencing, Settings
from linehaul_warehouse.turnover import measure

from linehaul_floor import load_plant

ITEMS = 100
SHARE = 0.8
"""Share of the demand that the first fifth of the items carries."""
AHEAD = 900.0
"""[s] before its due time a retrieval is asked for: what the lines know of their sequence."""
FILLED = 0.85
WAYS = {
    'FCFS, random cells': Settings(
        sequencing=Sequencing.FCFS, assignment=Assignment.RANDOM, reslot=False
    ),
    'nearest neighbour, random cells': Settings(
        sequencing=Sequencing.NEAREST, assignment=Assignment.RANDOM, reslot=False
    ),
    'nearest neighbour, our cells': Settings(sequencing=Sequencing.NEAREST),
    'ours': Settings(),
}
OURS, SEEDS = 'ours', 3
SLOTS = (1, 2)
"""Slots a port with which ours is run too, to show what the plant's slots are good for."""


@dataclass(slots=True)
class Shift:
    """What is asked of the warehouse: (time [s], item) in and (due [s], item) out."""

    coming: list[tuple[float, int]]
    due: list[tuple[float, int]]
    weights: np.ndarray
    hours: float


@dataclass(slots=True)
class Result:
    """What a way of deciding came to."""

    late: float = 0.0
    lateness: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    stood: list[float] = field(default_factory=list)
    decisions: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    utilisation: float = 0.0
    energy: float = 0.0
    singles: int = 0
    duals: int = 0
    refused: int = 0
    left: int = 0


def make_shift(hours: float, rate: float, rng: np.random.Generator) -> Shift:
    """Draw a shift: as many containers in as out an hour; lines pull evenly, with some jitter."""
    ranks = np.arange(1, ITEMS + 1) / ITEMS
    skew = np.log(SHARE) / np.log(0.2)
    weights = np.diff(np.concatenate([[0.0], ranks**skew]))
    count = int(hours * rate)
    due = AHEAD + 3600.0 / rate * (np.arange(count) + rng.uniform(-5.0, 5.0, count))
    coming = np.sort(rng.uniform(0.0, hours * 3600.0, count))
    items_out, items_in = (rng.choice(ITEMS, count, p=weights) for _ in range(2))
    return Shift(
        list(zip(coming.tolist(), items_in.tolist(), strict=True)),
        sorted(zip(due.tolist(), items_out.tolist(), strict=True)),
        weights,
        hours,
    )


def plant_rack(slots: int = 0) -> Rack:
    """Return the component warehouse of the reference plant: 6 aisles of 2,000 cells, 80 x 24 m.

    Args:
        slots: of each port that gives loads; 0: as many as the plant has.
    """
    rack = rack_of_plant(load_plant('jiaozhou'), 'wh')
    ports = {
        name: replace(port, capacity=slots) if slots and port.flow is Flow.OUT else port
        for name, port in rack.ports.items()
    }
    return Rack(rack.id, rack.aisles, ports)


def large_rack(aisles: int) -> Rack:
    """Return aisles of 2,000 cells like those of the plant, with as many ports and slots."""
    return uniform_rack(
        'wh', aisles, 50, 20, STANDARD, bay=1.6, level=1.2, capacity=3, ports=2, conveyor_time=5.0
    )


def fill(bench: Bench, shift: Shift, seed: int, rate: float) -> None:
    """Stock the rack: quantities after the EOQ formula; by class where that is the way."""
    rng = np.random.default_rng(seed)
    rack, state = bench.rack, bench.state
    total = int(FILLED * len(rack.ids))
    stock = np.sqrt(shift.weights)
    counts = np.maximum(np.round(stock / stock.sum() * total).astype(int), 1)
    items = np.repeat(np.arange(ITEMS), counts)[: len(rack.ids)]
    state.facts.picks = {f'item_{k}': float(w * rate * 8.0) for k, w in enumerate(shift.weights)}
    state.facts.began = -8.0 * 3600.0
    per_aisle = np.array_split(rng.permutation(items), len(rack.aisles))
    for aisle, mine in zip(rack.aisles, per_aisle, strict=True):
        span = rack.span[aisle.id]
        cells = np.arange(span.start, span.stop)
        if bench.settings.assignment is Assignment.CLASSES:
            rates = shift.weights[mine] / counts[mine]
            empty = rng.permutation(span.stop - span.start)[: mine.size]
            cells = cells[np.sort(np.argsort(np.argsort(rack.travel[span]))[empty])]
            near = np.argsort(rack.travel[cells], kind='stable')
            order = np.argsort(-rates, kind='stable')
            spots = np.empty(mine.size, np.int64)
            spots[order] = cells[near]
        else:
            spots = rng.permutation(cells)[: mine.size]
        for k, cell in zip(mine.tolist(), spots.tolist(), strict=True):
            age = -float(rng.uniform(1.0, 48.0)) * 3600.0
            load_id, lot = f'old_{cell}', f'lot_{k}_{int(age // 14400)}'
            place = Place(PlaceKind.CELL, rack.ids[cell])
            load = Load(load_id, f'item_{k}', lot, 20, place, age)
            bench.fill({rack.ids[cell]: load_id})
            state.apply(0.0, LoadReceived(load))
    bench.warehouse.turnover = measure(state, 0.0)
    bench.warehouse.take()


def run(shift: Shift, settings: Settings, rack: Rack, seed: int, rate: float) -> Result:
    """Run a shift; time ends when all that was asked is done, or two hours after it."""
    bench = Bench(rack, settings, collect=inf)
    fill(bench, shift, seed, rate)
    result = Result()
    coming, due = list(shift.coming), list(shift.due)
    at_gate: list[tuple[float, str, str]] = []
    number, step = 0, 1.0
    end = shift.hours * 3600.0 + AHEAD
    while bench.now < end + 7200.0:
        bench.now += step
        now = bench.now
        while due and due[0][0] - AHEAD <= now:
            when, item = due.pop(0)
            number += 1
            request = RetrieveRequest(f'r{number}', f'item_{item}', 1, due=when)
            begin = time.perf_counter()
            answer = bench.warehouse.retrieve(request, now)
            result.asked.append(time.perf_counter() - begin)
            result.refused += not hasattr(answer, 'asked')
        while coming and coming[0][0] <= now:
            when, item = coming.pop(0)
            number += 1
            lot = f'lot_{item}_{int(when // 14400)}'
            store = StoreRequest(f's{number}', f'new_{number}', f'item_{item}', lot, 20)
            begin = time.perf_counter()
            answer = bench.warehouse.store(store, now)
            result.asked.append(time.perf_counter() - begin)
            if hasattr(answer, 'asked'):
                at_gate.append((when, answer.port_id, store.load_id))
            else:
                result.refused += 1
        at_gate = [g for g in at_gate if not _set_down(bench, g, result)]
        _advance(bench, result)
        _collect(bench, result)
        if now > end and not bench.state.open_retrievals:
            break
    _sum_up(bench, result)
    return result


def _set_down(bench: Bench, gate: tuple[float, str, str], result: Result) -> bool:
    when, port, load_id = gate
    if not bench.deliver(port, load_id):
        return False
    result.waited.append(bench.now - when)
    return True


def _advance(bench: Bench, result: Result) -> None:
    """Let the cranes go on and the controller decide; note what a decision took."""
    for report in bench.floor.advance(bench.now):
        bench.warehouse.crane_report(report, bench.now)
    begin = time.perf_counter()
    bench.warehouse.tick(bench.now)
    seconds = time.perf_counter() - begin
    planned = sum(isinstance(e, CyclePlanned) for _, e in bench.warehouse._out.events)
    if planned:
        result.decisions.append(seconds / planned)
    bench.flush()


def _collect(bench: Bench, result: Result) -> None:
    """Let vehicles take what is due."""
    state = bench.state
    for port in bench.rack.ports.values():
        for load_id in list(state.at_port[port.id]) if port.flow is Flow.OUT else []:
            retrieval = state.facts.retrievals.get(state.facts.loads[load_id].held_by)
            if retrieval is None or retrieval.phase is not RetrievalPhase.AT_PORT:
                continue
            if bench.now >= retrieval.request.due:
                result.lateness.append(retrieval.done - retrieval.request.due)
                result.stood.append(bench.now - retrieval.done)
                bench.take(port.id, load_id)


def _sum_up(bench: Bench, result: Result) -> None:
    cranes = list(bench.state.facts.cranes.values())
    late = sum(one > 0.0 for one in result.lateness)
    result.left = len(bench.state.open_retrievals)
    result.late = (late + result.left) / max(len(result.lateness) + result.left, 1)
    result.utilisation = sum(c.busy for c in cranes) / (len(cranes) * bench.now)
    result.energy = sum(c.energy for c in cranes) / 3.6e6 / max(sum(c.moved for c in cranes), 1)
    result.singles = sum(c.singles for c in cranes)
    result.duals = sum(c.duals for c in cranes)


def shifts(hours: float, seed: int, seeds: int) -> tuple[list, dict[str, Any]]:
    """Run the reference rate in every way, the same shifts each time, over several seeds."""
    rate, found = 240.0, dict[str, list[Result]]()
    for one in range(seed, seed + seeds):
        shift = make_shift(hours, rate, np.random.default_rng(one))
        runs = [(name, settings, 0) for name, settings in WAYS.items()]
        runs += [(f'{OURS}, {k} slots a port', WAYS[OURS], k) for k in SLOTS]
        for name, settings, slots in runs:
            result = run(shift, settings, plant_rack(slots), one, rate)
            found.setdefault(name, []).append(result)
    figures = []
    for name, results in found.items():
        figures += report(f'shift, {name}', results, 0.5 if name == OURS else None)
    return figures, {name: [_row(one) for one in results] for name, results in found.items()}


def scale(hours: float, seed: int) -> tuple[list, dict[str, Any]]:
    """Run 20 aisles with 40,000 cells at 2,000 moves an hour."""
    rate = 1000.0
    shift = make_shift(hours, rate, np.random.default_rng(seed))
    result = run(shift, Settings(), large_rack(20), seed, rate)
    figures = report('20 aisles, 2,000 moves/h', [result], None)
    moves = len(result.lateness) / hours * 2.0
    figures.append(common.figure('20 aisles, 2,000 moves/h: moves', moves, '1/h'))
    return figures, _row(result)


def report(name: str, results: list[Result], target: float | None) -> list[common.Figure]:
    """Return the figures of one way over all its runs; target: share [%] late at most."""

    def all_of(part: str) -> np.ndarray:
        return np.array([x for one in results for x in getattr(one, part)] or [0.0])

    p50, p99 = np.percentile(all_of('decisions'), (50, 99)) * 1e3
    asked = np.percentile(all_of('asked'), 99) * 1e3
    lateness = np.maximum(all_of('lateness'), 0.0)
    late = [one.late * 100.0 for one in results]
    moves = sum(one.singles + 2 * one.duals for one in results)
    return [
        common.figure(f'{name}: late', float(np.mean(late)), '%', target=target),
        common.figure(f'{name}: late, worst seed', max(late), '%', target=target),
        common.figure(f'{name}: lateness p99', float(np.percentile(lateness, 99)), 's'),
        common.figure(f'{name}: lateness, most', float(lateness.max()), 's'),
        common.figure(f'{name}: stands at port', float(all_of('stood').mean()), 's'),
        common.figure(f'{name}: wait to set down p95', _p95(all_of('waited')), 's'),
        common.figure(f'{name}: crane utilisation', _mean(results, 'utilisation') * 100.0, '%'),
        common.figure(f'{name}: energy a move', _mean(results, 'energy'), 'kWh'),
        common.figure(f'{name}: share of dual cycles', _duals(results) * 100.0, '%'),
        common.figure(f'{name}: decision p50', p50, 'ms', target=5.0 if target else None),
        common.figure(f'{name}: decision p99', p99, 'ms'),
        common.figure(f'{name}: choice of load or port p99', asked, 'ms'),
        common.figure(f'{name}: moves', float(moves), '1'),
    ]


def _mean(results: list[Result], part: str) -> float:
    return float(np.mean([getattr(one, part) for one in results]))


def _duals(results: list[Result]) -> float:
    duals, singles = (sum(getattr(one, part) for one in results) for part in ('duals', 'singles'))
    return duals / max(duals + singles, 1)


def _p95(values: np.ndarray) -> float:
    return float(np.percentile(values, 95))


def _row(result: Result) -> dict[str, Any]:
    return {
        'late': result.late,
        'left': result.left,
        'refused': result.refused,
        'singles': result.singles,
        'duals': result.duals,
        'lateness p50': float(np.median(result.lateness or [0.0])),
    }
