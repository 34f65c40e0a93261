# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The mixed-model order of the next shift: level part usage, option spacing, due dates.

`Mix` holds what is to be built and what a good order is; `assess` says how good one is;
`improve` searches a better one behind the frozen horizon for as long as it may. The exact search
over a stretch is in `exact`; what a late part asks for is in `resequence`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np

from linehaul_line.errors import SequenceError
from linehaul_line.goal_chasing import FloatArray, IntArray, goal_chasing, level_cost
from linehaul_line.order_kernels import anneal, late_stretch, windows_cost


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much: a window over its limit, a squared deviation, a slot of lateness."""

    spacing: float = 1000.0
    level: float = 1.0
    lateness: float = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """Units to put in order.

    model: (U,) model of each unit. parts: (M, P) parts of each kind in a unit. options: (M, O) 1
    where a model has the option. spacing: (O, 2) at most so many of an option in so many slots.
    due: (U,) last slot at which a unit is in time; inf: any. frozen: slots at the beginning of an
    order that stay as they are.
    """

    model: IntArray
    parts: IntArray
    options: IntArray
    spacing: IntArray
    due: FloatArray
    weights: Weights
    frozen: int

    @property
    def demand(self) -> IntArray:
        """(M,) units of each model."""
        return np.bincount(self.model, minlength=len(self.parts)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Quality:
    """How good an order is: windows over their limit, level cost, slots of lateness."""

    over: int
    level: float
    late: float

    def cost(self, weights: Weights) -> float:
        """Return the weighted sum."""
        return (
            weights.spacing * self.over + weights.level * self.level + weights.lateness * self.late
        )


def make_mix(
    model: IntArray,
    parts: IntArray,
    *,
    options: IntArray | None = None,
    spacing: IntArray | None = None,
    due: FloatArray | None = None,
    weights: Weights | None = None,
    frozen: int = 0,
) -> Mix:
    """Return a checked mix; see `Mix` for the shapes.

    Raises:
        SequenceError: shapes or values do not fit together.
    """
    units, models = len(model), len(parts)
    options = np.zeros((models, 0), np.int64) if options is None else options
    spacing = np.zeros((0, 2), np.int64) if spacing is None else spacing
    due = np.full(units, inf) if due is None else due
    problems = [
        (units == 0, 'no unit, wanted at least one'),
        (units > 0 and (min(model) < 0 or max(model) >= models), f'a model outside 0..{models}'),
        (
            options.shape != (models, len(spacing)),
            f'options {options.shape}, spacing {len(spacing)}',
        ),
        (due.shape != (units,) or bool(np.isnan(due).any()), 'due slots that are missing or NaN'),
        (bool((parts < 0).any()), 'a negative number of parts'),
        (not 0 <= frozen <= units, f'frozen {frozen}, wanted 0 to {units}'),
        (len(spacing) > 0 and bool((spacing < 1).any()), 'a spacing below 1'),
    ]
    found = [text for wrong, text in problems if wrong]
    if found:
        raise SequenceError('; '.join(found))
    return Mix(
        np.asarray(model, np.int64),
        np.asarray(parts, np.int64),
        np.asarray(options, np.int64),
        np.asarray(spacing, np.int64),
        np.asarray(due, np.float64),
        weights or Weights(),
        frozen,
    )


def assess(mix: Mix, order: IntArray) -> Quality:
    """Return how good an order of units is.

    Raises:
        SequenceError: the order does not have every unit once.
    """
    if not np.array_equal(np.sort(order), np.arange(len(mix.model))):
        raise SequenceError('an order without every unit exactly once found')
    last = len(order) - 1
    return Quality(
        int(windows_cost(order, _has(mix), mix.spacing, 0, last)),
        level_cost(mix.model[order], mix.parts),
        float(late_stretch(order, mix.due, 0, last)),
    )


def _has(mix: Mix) -> IntArray:
    """Return (O, U) 1 where a unit has the option."""
    return np.ascontiguousarray(mix.options[mix.model].T)


def units_of(mix: Mix, models: IntArray) -> IntArray:
    """Return units for an order of models: of each model those that are due first come first."""
    by_due = np.argsort(mix.due, kind='stable')
    waiting = [list(by_due[mix.model[by_due] == one][::-1]) for one in range(len(mix.parts))]
    return np.array([waiting[one].pop() for one in models], np.int64)


def baseline(mix: Mix) -> IntArray:
    """Return the order of goal chasing; the frozen horizon is the caller's."""
    return units_of(mix, goal_chasing(mix.demand, mix.parts))


def by_utilisation(mix: Mix, rng: np.random.Generator) -> IntArray:
    """Return an order built slot by slot: fewest new windows over, then the scarcest options.

    An option is scarce when what is left of it needs most of the slots left. Ties and near ties
    are drawn, so that each call gives another order to begin a search from.

    Source: dynamic sum of utilisation rates, Gottlieb, Puchta and Solnon, EvoWorkshops 2003.
    """
    left = mix.demand.astype(np.float64)
    total, has = len(mix.model), mix.options.astype(np.float64)
    chosen = np.empty(total, np.int64)
    placed = np.zeros((total, has.shape[1]))
    share = mix.spacing[:, 1] / mix.spacing[:, 0]
    for slot in range(total):
        begins = np.maximum(0, slot - mix.spacing[:, 1] + 1)
        inside = np.array([placed[b:slot, o].sum() for o, b in enumerate(begins)])
        over = has @ (inside >= mix.spacing[:, 0])
        scarce = has @ ((left @ has) * share / (total - slot)) ** 2.0
        worth = scarce * rng.uniform(0.97, 1.03, len(left)) - 1e6 * over
        worth[left == 0] = -inf
        one = int(np.argmax(worth))
        chosen[slot], placed[slot] = one, has[one]
        left[one] -= 1
    return units_of(mix, chosen)


@dataclass(frozen=True, slots=True)
class Search:
    """How to search: moves a round, reach of a move [slots], temperatures, cost to stop at."""

    steps: int = 200_000
    span: int = 100
    hot: float = 1.0
    cold: float = 0.1
    goal: float = 0.0


def improve(
    mix: Mix,
    order: IntArray,
    rng: np.random.Generator,
    go_on: Callable[[], bool],
    search: Search = Search(),
) -> IntArray:
    """Return the best order found: rounds of annealing, each from the best so far.

    Args:
        mix: what is to be built.
        order: (U,) unit of each slot to begin with; its frozen part stays.
        rng: of everything random.
        go_on: asked before each round; False ends the search.
        search: how to search.
    """
    has, parts = _has(mix), mix.parts[mix.model].astype(np.float64)
    weights = np.array([mix.weights.spacing, mix.weights.level, mix.weights.lateness])
    weights = weights * [len(mix.spacing) > 0, bool(mix.parts.any()), bool((mix.due < inf).any())]
    best, cost = np.asarray(order, np.int64), inf
    while cost > search.goal and go_on():
        seed = int(rng.integers(2**31))
        found, new = anneal(
            best,
            has,
            mix.spacing,
            parts,
            mix.due,
            weights,
            mix.frozen,
            search.span,
            search.steps,
            search.hot,
            search.cold,
            seed,
            search.goal,
        )
        if new <= cost:
            best, cost = found, new
    return best


def restarts(
    mix: Mix,
    rng: np.random.Generator,
    go_on: Callable[[], bool],
    search: Search = Search(steps=100_000, hot=0.2, cold=0.05),
) -> IntArray:
    """Return the best order of many short searches, each from an order of its own.

    Better than one long search where only option spacing counts: its landscape is flat.
    """
    best = by_utilisation(mix, rng)
    cost = assess(mix, best).cost(mix.weights)
    while cost > search.goal and go_on():
        once = iter((True, False)).__next__
        found = improve(mix, by_utilisation(mix, rng), rng, once, search)
        new = assess(mix, found).cost(mix.weights)
        if new < cost:
            best, cost = found, new
    return best
