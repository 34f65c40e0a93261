# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Instances for the sequencing benchmark: CSPLib 001, and a shift of the reference plant."""

import re
from math import inf
from pathlib import Path

import numpy as np
from linehaul_line.sequencing import Mix, Weights, make_mix

CSPLIB = Path(__file__).resolve().parents[2] / 'shared' / 'data' / 'csplib001' / 'data.txt'
#: At most so many in so many: the capacity of all instances, which the short blocks leave out.
SPACING = np.array([[1, 2], [2, 3], [1, 3], [2, 5], [1, 5]])
ONLY_SPACING = Weights(spacing=1.0, level=0.0, lateness=0.0)


def csplib(text: str) -> dict[str, Mix]:
    """Return the instances of CSPLib 001 by name.

    Raises:
        ValueError: a block does not hold what its first line says.
    """
    blocks: dict[str, list[list[int]]] = {}
    rows: list[list[int]] = []
    for line in text.splitlines():
        name = re.match(r'#\s*Problem\s+(\d+[/-]\d+)', line)
        if name:
            rows = blocks.setdefault(name[1], [])
        elif line.strip() and re.fullmatch(r'[\d\s]+', line):
            rows.append([int(word) for word in line.split()])
    return {name: _instance(name, rows) for name, rows in blocks.items()}


def _instance(name: str, rows: list[list[int]]) -> Mix:
    (cars, options, classes), *rest = rows
    spacing = SPACING
    if len(rest) == classes + 2:
        spacing = np.array(rest[:2]).T
        rest = rest[2:]
    demand = np.array([row[1] for row in rest])
    has = np.array([row[2:] for row in rest])
    if len(rest) != classes or demand.sum() != cars or has.shape[1] != options:
        raise ValueError(f'CSPLib 001, {name}: {len(rest)} classes of {demand.sum()} cars found')
    nothing = np.zeros((classes, 1), np.int64)
    model = np.repeat(np.arange(classes), demand)
    return make_mix(model, nothing, options=has, spacing=spacing, weights=ONLY_SPACING)


#: Variants of the part at each of the ten stations of an indoor line of the reference plant.
VARIANTS = (2, 4, 3, 2, 2, 5, 3, 6, 2, 5)


def plant_shift(seed: int, *, units: int = 2000, models: int = 30) -> Mix:
    """Return a shift of an indoor line of the reference plant: 8 h at takt 14.4 s.

    Every model takes one variant of the part at each of the ten stations. A few models make most
    of the demand. Options are spaced for the work they bring. Half of the units belong to
    customers who were promised a slot within the shift.
    """
    rng = np.random.default_rng(seed)
    parts = np.zeros((models, sum(VARIANTS)), np.int64)
    for station, count in enumerate(VARIANTS):
        first = sum(VARIANTS[:station])
        parts[np.arange(models), first + rng.integers(count, size=models)] = 1
    share = rng.dirichlet(np.full(models, 0.7))
    demand = rng.multinomial(units - models, share) + 1
    model = np.repeat(np.arange(models), demand)
    options = _options(rng, demand)
    due = np.where(rng.random(units) < 0.5, rng.integers(units // 10, units, units), inf)
    return make_mix(model, parts, options=options, spacing=SPACING, due=due)


def _options(rng: np.random.Generator, demand: np.ndarray) -> np.ndarray:
    """Return (M, 5) options, each in no more units than nine tenths of what its spacing allows."""
    has = np.zeros((len(demand), len(SPACING)), np.int64)
    for option, (limit, width) in enumerate(SPACING):
        room = 0.9 * demand.sum() * limit / width
        for model in rng.permutation(len(demand)):
            if demand[model] <= room and rng.random() < 0.8:
                has[model, option] = 1
                room -= demand[model]
    return has
