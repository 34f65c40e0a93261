# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Blocks of dual cycles: nearest neighbour against the table, and ours on the same blocks."""

import time
from functools import partial

import common
import numpy as np
from linehaul_warehouse.pairing import Block, Cycle, pair_best, pair_nearest, times, travel
from linehaul_warehouse.travel import Drive

DRIVE = Drive(1.0, 1.0)
#: (retrievals, open cells): nearest neighbour's TB/T and DC/T.
TABLE = {(5, 1): (0.321, 1.644), (10, 1): (0.246, 1.571), (5, 5): (0.187, 1.505)}
TABLE |= {(10, 10): (0.128, 1.452), (20, 20): (0.087, 1.419)}
#: Blocks on which ours must beat nearest neighbour.
BEATEN = ((10, 1), (5, 5), (10, 10))


def blocks(count: int, rng: np.random.Generator) -> tuple[list[common.Figure], list]:
    """Solve the same random blocks by nearest neighbour and by ours."""
    figures, rows = [], []
    for (n, m), (between, wanted) in TABLE.items():
        drawn = [Block(rng.random((m, 2)), rng.random((n, 2))) for _ in range(count)]
        pair_best(drawn[0], DRIVE)  # compiles
        near = [pair_nearest(block, DRIVE) for block in drawn]
        seconds, best = np.empty(count), []
        for index, block in enumerate(drawn):
            begin = time.perf_counter()
            best.append(pair_best(block, DRIVE))
            seconds[index] = time.perf_counter() - begin
        near_tb, near_dc = _between(near, drawn), _mean(near, drawn)
        ours = _mean(best, drawn)
        off = 100.0 * max(abs(near_tb / between - 1.0), abs(near_dc / wanted - 1.0))
        name = f'({n},{m})'
        figures.append(common.figure(f'{name} nearest neighbour: off table', off, '%', target=2.0))
        target = wanted if (n, m) in BEATEN else None
        figures.append(common.figure(f'{name} ours: DC/T', ours, '1', target=target))
        p50, p99 = np.percentile(seconds, (50, 99)) * 1e3
        figures.append(common.figure(f'{name} decision p50', p50, 'ms', target=5.0))
        figures.append(common.figure(f'{name} decision p99', p99, 'ms'))
        rows.append({'n': n, 'm': m, 'NN': near_dc, 'ours': ours, 'NN TB/T': near_tb})
        rows[-1] |= {
            'ours TB/T': _between(best, drawn),
            'carried over': _carried(n, m, count, rng),
        }
    return figures, rows


def _mean(plans: list[list[Cycle]], drawn: list[Block]) -> float:
    """Return the mean DC/T; T is 1."""
    total = sum(travel(plan, block, DRIVE) for plan, block in zip(plans, drawn, strict=True))
    return total / sum(map(len, plans))


def _between(plans: list[list[Cycle]], drawn: list[Block]) -> float:
    total = 0.0
    for plan, block in zip(plans, drawn, strict=True):
        _, between, _ = times(block, DRIVE)
        total += sum(between[c.store, c.retrieval] for c in plan)
    return total / sum(map(len, plans))


def _carried(n: int, m: int, count: int, rng: np.random.Generator) -> dict[str, float]:
    """Let the open cells of one block be those of the next: no gain from what is left behind."""
    first = rng.random((m, 2))
    drawn = [rng.random((n, 2)) for _ in range(count)]
    found = {}
    for name, pair in (('NN', pair_nearest), ('ours', partial(pair_best, lasting=True))):
        opens, total = first, 0.0
        for retrievals in drawn:
            block = Block(opens, retrievals)
            plan = pair(block, DRIVE)
            total += travel(plan, block, DRIVE)
            used = [cycle.store for cycle in plan]
            opens = np.delete(np.vstack([opens, retrievals]), used, axis=0)
        found[name] = total / (n * count)
    return found
