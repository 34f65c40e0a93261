# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Which storage is paired with which retrieval, so that a block needs least travel.

Storages come in the order of the conveyor and may go to any open cell of the block; retrievals
may be fetched in any order. Small blocks are solved exactly, larger ones by an assignment, whose
cycles are cut, and a local search from there. Due times are not looked at here but by
`sequence`, which decides what is in the block.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from linehaul_warehouse import pairing_kernels as kernels
from linehaul_warehouse.travel import Drive, leg_matrix

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

EXACT_UP_TO = 10
"""Retrievals of a block that is solved exactly (below a millisecond)."""


@dataclass(frozen=True, slots=True)
class Block:
    """Cells of one decision: (m, 2) open ones and (n, 2) those of retrievals, x, y [m]."""

    opens: Floats
    retrievals: Floats
    port: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Cycle:
    """One dual cycle: store, an index of a cell as in the kernels, then fetch retrieval."""

    store: int
    retrieval: int


def times(block: Block, drive: Drive) -> tuple[Floats, Floats, Floats]:
    """Return out (m + n,), between (m + n, n) and back (n,) travel times [s] of a block."""
    cells = np.vstack([block.opens, block.retrievals])
    home = np.array([block.port], float)
    out = leg_matrix(home, cells, drive.array)[0]
    between = leg_matrix(cells, block.retrievals, drive.array)
    return out, between, out[len(block.opens) :]


def travel(cycles: list[Cycle], block: Block, drive: Drive) -> float:
    """Return the travel time [s] of cycles done one after the other, without fork cycles."""
    out, between, back = times(block, drive)
    return float(
        sum(out[c.store] + between[c.store, c.retrieval] + back[c.retrieval] for c in cycles)
    )


def pair_nearest(block: Block, drive: Drive) -> list[Cycle]:
    """Pair as the field does: the closest pair of open cell and retrieval next."""
    _, between, _ = times(block, drive)
    source, order = kernels.nearest_neighbour(between, len(block.opens))
    return [Cycle(int(source[r]), int(r)) for r in order]


def pair_best(
    block: Block, drive: Drive, *, lasting: bool = False, rounds: int = 60, seed: int = 1
) -> list[Cycle]:
    """Pair for least travel of the whole block.

    Args:
        block: at least one open cell.
        drive: how the crane moves.
        lasting: the open cells of this block are those of the next. Then the way out to them has
            to be driven sooner or later whichever is used now, and only the way between storage
            and retrieval counts; without it near cells are used up and far ones left behind.
        rounds: improvement rounds for blocks too large for the exact way.
        seed: of the improvement.
    """
    out, between, _ = times(block, drive)
    costs = between if lasting else between + out[:, None]
    return in_order(plan(costs, len(block.opens), rounds, seed), len(block.opens))


def plan(costs: Floats, opens: int, rounds: int = 60, seed: int = 1) -> Ints:
    """Return (n,) source row of each retrieval; costs as in `pairing_kernels`."""
    count = costs.shape[1]
    if count == 0:
        return np.empty(0, np.int64)
    if count <= EXACT_UP_TO:
        return np.asarray(kernels.exact(costs, opens))
    start = _assigned(costs, opens)
    return np.asarray(kernels.improve(costs, start, opens, rounds, seed))


def lower_bound(costs: Floats, opens: int) -> float:
    """Return a cost that no plan can beat: the assignment, in which cycles may close."""
    barred = _barred(costs, opens)
    rows, columns = linear_sum_assignment(barred.T)
    return float(barred[columns, rows].sum())


def _barred(costs: Floats, opens: int) -> Floats:
    barred = costs.copy()
    count = costs.shape[1]
    barred[opens + np.arange(count), np.arange(count)] = 1e9
    return barred


def _assigned(costs: Floats, opens: int) -> Ints:
    """Return a plan from the assignment: its cycles are cut and hung on an open cell."""
    columns, rows = linear_sum_assignment(_barred(costs, opens).T)
    source = np.empty(costs.shape[1], np.int64)
    source[columns] = rows
    following = {int(s): int(r) for r, s in enumerate(source)}
    reached: set[int] = set()
    for start in range(opens):
        row = start
        while row in following:
            row = opens + following[row]
            reached.add(row - opens)
    for first in range(len(source)):
        if first in reached:
            continue
        last = int(source[first]) - opens  # cut the cycle before `first`
        tail = following.pop(0, None)
        following[0], source[first] = first, 0
        row = 0
        while row != opens + last:
            row = opens + following[row]
            reached.add(row - opens)
        following.pop(row, None)
        if tail is not None:
            following[row], source[tail] = tail, row
    return source


def in_order(source: Ints, opens: int) -> list[Cycle]:
    """Return the cycles of a plan, path by path: a cell is emptied before it is filled."""
    following = {int(s): r for r, s in enumerate(source)}
    cycles = []
    for start in range(opens):
        row = start
        while row in following:
            cycles.append(Cycle(row, following[row]))
            row = opens + following[row]
    return cycles
