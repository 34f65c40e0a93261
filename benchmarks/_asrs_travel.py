# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Travel times, storage classes and dwell points against the published closed forms."""

from math import inf

import common
import numpy as np
from linehaul_warehouse.classes import (
    best_radii,
    class_travel,
    full_turnover,
    rack_shares,
    rank_classes,
    skewness,
)
from linehaul_warehouse.dwell import dwell_point, threshold
from linehaul_warehouse.travel import (
    Drive,
    dual_command,
    fem_points,
    leg_times,
    mean_cycles,
    shape,
    single_command,
    travel_between,
)

#: Length and height [m] and fork cycle of the reference rack; its drive.
REFERENCE_RACK = (80.0, 24.0)
REFERENCE_DRIVE = Drive(3.0, 0.75, 0.5, 0.5, fork_time=8.0)
REFERENCE_SC, REFERENCE_DC = 46.73, 64.28
#: Top 20 % of the items carry this share: full turnover, two and three classes, cuts in %.
CUTS = {0.6: (26.4, 18.1, 22.4), 0.7: (36.9, 25.5, 31.4), 0.8: (50.9, 35.9, 43.8)}
CUTS[0.9] = (70.4, 52.9, 62.5)


def continuous(pairs: int, rng: np.random.Generator) -> tuple[list[common.Figure], list]:
    """Cycle means of continuous racks of several shapes, no acceleration."""
    figures, rows = [], []
    for b in (1.0, 0.8, 0.5, 0.25):
        drive = Drive(1.0, 1.0)
        size = np.array([1.0, b])
        stores, retrieves = rng.random((pairs, 2)) * size, rng.random((pairs, 2)) * size
        single, dual = (t.mean() for t in mean_cycles(stores, retrieves, drive))
        longest, found_b = shape(1.0, b, drive)
        wanted = single_command(longest, found_b), dual_command(longest, found_b)
        error = max(abs(single / wanted[0] - 1.0), abs(dual / wanted[1] - 1.0)) * 100.0
        figures.append(common.figure(f'Bozer-White b={b:g}: error', error, '%', target=1.0))
        between = dual - single
        rows.append({'b': b, 'SC/T': single, 'TB/T': between, 'DC/T': dual})
        rows[-1]['TB/T formula'] = travel_between(longest, found_b)
    return figures, rows


def accelerated(pairs: int, rng: np.random.Generator) -> tuple[list[common.Figure], dict]:
    """Cycle means of the reference rack with acceleration."""
    size = np.array(REFERENCE_RACK)
    stores, retrieves = rng.random((pairs, 2)) * size, rng.random((pairs, 2)) * size
    single, dual = (t.mean() for t in mean_cycles(stores, retrieves, REFERENCE_DRIVE))
    one, two = (np.array([p]) for p in fem_points(*REFERENCE_RACK))
    fem_one, fem_dual = mean_cycles(one, two, REFERENCE_DRIVE)
    fem_two, _ = mean_cycles(two, one, REFERENCE_DRIVE)
    figures = []
    for name, found, wanted in (('single', single, REFERENCE_SC), ('dual', dual, REFERENCE_DC)):
        error = abs(found / wanted - 1.0) * 100.0
        figures.append(common.figure(f'reference rack: {name} command', found, 's'))
        figures.append(common.figure(f'reference rack: {name} error', error, '%', target=0.5))
    fork = REFERENCE_DRIVE.fork_time
    detail = {
        'single': single,
        'dual': dual,
        'FEM 9.851 single': float(fem_one[0] + fem_two[0]) / 2.0,
        'FEM 9.851 dual': float(fem_dual[0]),
        'single cycles/h': 3600.0 / (single + 2.0 * fork),
        'loads/h by dual cycles': 7200.0 / (dual + 4.0 * fork),
    }
    return figures, detail


def classes(picks: int, rng: np.random.Generator) -> tuple[list[common.Figure], list]:
    """Cuts of mean one-way travel by storage classes, on a rack of 200 x 200 cells."""
    side = 200
    axis = (np.arange(side) + 0.5) / side
    cells = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    times = np.sort(leg_times(np.zeros((1, 2)), cells, Drive(1.0, 1.0, inf, inf).array))
    figures, rows = [], []
    for share, wanted in CUTS.items():
        s = skewness(share)
        edges = (np.arange(times.size + 1) / times.size) ** (2.0 * s / (s + 1.0))
        turnover = rng.permutation(np.diff(edges))  # measured, as it were: loads in no order
        random = _mean_travel(times, np.zeros(times.size, np.int64), turnover, picks, rng)
        zones = [np.argsort(np.argsort(-turnover, kind='stable'), kind='stable')]
        for count in (2, 3):
            zones.append(rank_classes(turnover, rack_shares(best_radii(count, s))))
        found = [_mean_travel(times, zone, turnover, picks, rng) for zone in zones]
        cuts = [100.0 * (1.0 - value / random) for value in found]
        worst = max(abs(a - b) for a, b in zip(cuts, wanted, strict=True))
        name = f'classes, 20 % carry {share:.0%}: off the table'
        figures.append(common.figure(name, worst, 'points', target=1.0))
        rows.append({'share': share, 'cuts': cuts, 'table': wanted, 'closed form': _closed(s)})
    return figures, rows


def _mean_travel(
    times: np.ndarray,
    zone: np.ndarray,
    turnover: np.ndarray,
    picks: int,
    rng: np.random.Generator,
) -> float:
    """Fetch loads as often as they turn over; return the mean one-way travel.

    A load is stored anew each time, at a random cell of its zone; the cells (sorted by travel)
    are dealt out to the zones from the nearest on.
    """
    loads = rng.choice(times.size, picks, p=turnover / turnover.sum())
    sizes = np.bincount(zone)
    first = np.concatenate([[0], np.cumsum(sizes)])
    wanted = zone[loads]
    return float(times[first[wanted] + rng.integers(sizes[wanted])].mean())


def _closed(s: float) -> list[float]:
    values = [full_turnover(s)] + [class_travel(best_radii(n, s), s) for n in (2, 3)]
    return [100.0 * (1.0 - value * 1.5) for value in values]


def dwell(cells: int, rng: np.random.Generator) -> tuple[list[common.Figure], list]:
    """Find the p at which the rule changes from the centre to the input/output point."""
    figures, rows = [], []
    drive = Drive(1.0, 1.0)
    for b in (1.0, 0.8, 0.6):
        places = rng.random((cells, 2)) * np.array([1.0, b])
        low, high = 0.0, 1.0
        while high - low > 1e-4:
            p = (low + high) / 2.0
            at_port = dwell_point((0.0, 0.0), places, p, drive) == (0.0, 0.0)
            low, high = (low, p) if at_port else (p, high)
        error = abs(high - threshold(b))
        figures.append(common.figure(f'dwell point b={b:g}: off', error, '1', target=0.005))
        rows.append({'b': b, 'found': high, 'closed form': threshold(b)})
    return figures, rows
