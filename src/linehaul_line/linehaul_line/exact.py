# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The best order of a stretch, proven: CP-SAT over models, slots outside the stretch fixed.

A whole small sequence is a stretch too. Over a long one `polish` walks with stretches that
overlap, which mends what annealing leaves. Squared deviations are convex in the number of parts
used, so the lines through neighbouring integers below them are exact at every integer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from linehaul_line.goal_chasing import IntArray
from linehaul_line.sequencing import Mix, assess, units_of


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """models: (U,) model of each slot with the stretch replaced; proven: no better one exists."""

    models: IntArray
    proven: bool


def best_stretch(
    mix: Mix, models: IntArray, first: int, last: int, *, seconds: float, workers: int = 2
) -> Stretch:
    """Return an order with the slots [first, last) as good as can be for spacing and level.

    Args:
        mix: what is to be built.
        models: (U,) model of each slot.
        first: first slot of the stretch, not before the frozen horizon.
        last: slot behind it.
        seconds: wall time that CP-SAT may take.
        workers: threads.
    """
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    kinds = np.unique(models[first:last])
    x = {
        (slot, kind): model.new_bool_var(f'x{slot}_{kind}')
        for slot in range(first, last)
        for kind in kinds
    }
    for slot in range(first, last):
        model.add_exactly_one(x[slot, kind] for kind in kinds)
    for kind in kinds:
        count = int((models[first:last] == kind).sum())
        model.add(sum(x[slot, kind] for slot in range(first, last)) == count)
    for slot in range(first, last):
        for kind in kinds:
            model.add_hint(x[slot, kind], int(models[slot] == kind))
    scale = len(models) ** 2
    spacing, level = _integers(mix.weights.spacing, mix.weights.level)
    terms = [spacing * scale * one for one in _spacing(model, mix, models, first, last, x)]
    if level:
        terms += [level * one for one in _level(model, mix, models, first, last, x)]
    model.minimize(sum(terms))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = workers
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Stretch(models.copy(), proven=False)
    found = models.copy()
    for (slot, kind), literal in x.items():
        if solver.boolean_value(literal):
            found[slot] = kind
    return Stretch(found, proven=status == cp_model.OPTIMAL)


def _integers(*weights: float) -> tuple[int, ...]:
    """Return weights in proportion as integers, to a thousandth."""
    parts = [round(1000 * weight) for weight in weights]
    divisor = int(np.gcd.reduce(parts)) or 1
    return tuple(part // divisor for part in parts)


def _spacing(
    model: Any, mix: Mix, models: IntArray, first: int, last: int, x: dict[tuple[int, int], Any]
) -> list[Any]:
    """Return one literal for each window that the stretch touches: over its limit."""
    kinds = sorted({kind for _, kind in x})
    found = []
    for option, (limit, width) in enumerate(mix.spacing.tolist()):
        has = mix.options[:, option]
        for begin in range(max(0, first - width + 1), min(last - 1, len(models) - width) + 1):
            inside: Any = 0
            for slot in range(begin, begin + width):
                if first <= slot < last:
                    inside += sum(x[slot, kind] for kind in kinds if has[kind])
                else:
                    inside += int(has[models[slot]])
            over = model.new_bool_var(f'over{option}_{begin}')
            model.add(inside <= limit + (width - limit) * over)
            found.append(over)
    return found


def _level(
    model: Any, mix: Mix, models: IntArray, first: int, last: int, x: dict[tuple[int, int], Any]
) -> list[Any]:
    """Return squared deviations after each slot of the stretch, times the squared slots."""
    kinds = sorted({kind for _, kind in x})
    slots = len(models)
    total = mix.parts[models].sum(axis=0)
    before = mix.parts[models[:first]].sum(axis=0)
    found = []
    for part in np.flatnonzero(mix.parts[models[first:last]].any(axis=0)):
        each = mix.parts[:, part]
        if len({int(each[kind]) for kind in kinds}) == 1:
            continue
        used: Any = int(before[part])
        low = high = int(before[part])
        for slot in range(first, last - 1):
            used = used + sum(int(each[kind]) * x[slot, kind] for kind in kinds if each[kind])
            low += int(min(each[kind] for kind in kinds))
            high += int(max(each[kind] for kind in kinds))
            target = (slot + 1) * int(total[part])
            worst = max((target - slots * low) ** 2, (target - slots * high) ** 2)
            square = model.new_int_var(0, worst, f'd{part}_{slot}')
            for count in range(low, max(high, low + 1)):
                here = (target - slots * count) ** 2
                rise = (target - slots * (count + 1)) ** 2 - here
                model.add(square >= here + rise * (used - count))
            found.append(square)
    return found


def polish(
    mix: Mix,
    order: IntArray,
    go_on: Callable[[], bool],
    *,
    width: int = 12,
    seconds: float = 2.0,
    workers: int = 2,
) -> IntArray:
    """Return an order made better stretch by stretch; lateness may not grow for it.

    Args:
        mix: what is to be built.
        order: (U,) unit of each slot; its frozen part stays.
        go_on: asked before each stretch; False ends the walk, as does a round without a gain.
        width: slots of a stretch.
        seconds: wall time for one stretch.
        workers: threads of CP-SAT.
    """
    cost = assess(mix, order).cost(mix.weights)
    gained = True
    while gained:
        gained = False
        for first in range(mix.frozen, max(len(order) - 1, mix.frozen), max(width // 2, 1)):
            if not go_on():
                return order
            last = min(first + width, len(order))
            models = mix.model[order]
            found = best_stretch(mix, models, first, last, seconds=seconds, workers=workers)
            if np.array_equal(found.models, models):
                continue
            tried = np.concatenate([order[: mix.frozen], _tail(mix, order, found.models)])
            new = assess(mix, tried).cost(mix.weights)
            if new < cost - 1e-9:
                order, cost, gained = tried, new, True
    return order


def _tail(mix: Mix, order: IntArray, models: IntArray) -> IntArray:
    """Return the units behind the frozen horizon for an order of models, due ones first."""
    due = mix.due.copy()
    due[order[: mix.frozen]] = -inf
    return units_of(
        Mix(mix.model, mix.parts, mix.options, mix.spacing, due, mix.weights, mix.frozen), models
    )[mix.frozen :]
