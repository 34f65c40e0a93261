# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Annealing over the order of units: the kernel.

A step draws a move inside the free part of the order (swap two units, take one out and put it in
elsewhere, reverse a stretch, shuffle a short one), applies it in place, compares the cost of the
stretch before and after, and undoes it when it is refused. The cost of a stretch [lo, hi] holds
every term that a rearrangement of that stretch can change: windows of an option that touch it,
part usage after each of its slots, lateness of its units. A swap of distant units without a term
of part usage costs only its two neighbourhoods.

Source: moves as in Estellon, Gardi and Nouioua, "Two local search approaches for solving
real-life car sequencing problems", EJOR 191 (2008); acceptance by Metropolis with geometric
cooling.
"""

from math import exp

import numpy as np
from numba import njit

from linehaul_line.goal_chasing import FloatArray, IntArray

SWAP, INSERT, REVERSE, SHUFFLE = 0, 1, 2, 3


@njit(cache=True)
def windows_cost(order: IntArray, has: IntArray, spacing: IntArray, lo: int, hi: int) -> int:
    """Return the windows over their limit that hold a slot of [lo, hi].

    Args:
        order: (U,) unit of each slot.
        has: (O, U) 1 where a unit has the option.
        spacing: (O, 2) at most so many in so many.
        lo: first slot.
        hi: last slot.
    """
    n = len(order)
    over = 0
    for option in range(len(spacing)):
        limit, width = spacing[option, 0], spacing[option, 1]
        first = max(0, lo - width + 1)
        last = min(hi, n - width)
        if first > last:
            continue
        inside = 0
        for slot in range(first, first + width):
            inside += has[option, order[slot]]
        if inside > limit:
            over += 1
        for start in range(first + 1, last + 1):
            inside += has[option, order[start + width - 1]] - has[option, order[start - 1]]
            if inside > limit:
                over += 1
    return over


@njit(cache=True, fastmath=True)
def level_stretch(
    order: IntArray, parts: FloatArray, rate: FloatArray, used: FloatArray, lo: int, hi: int
) -> float:
    """Return the squared deviations after the slots of [lo, hi].

    Args:
        order: (U,) unit of each slot.
        parts: (U, P) parts in each unit.
        rate: (P,) mean use per slot.
        used: (U + 1, P) parts used before each slot; right up to and with row lo.
        lo: first slot.
        hi: last slot.
    """
    kinds = len(rate)
    total = 0.0
    now = used[lo].copy()
    for slot in range(lo, hi + 1):
        taken = parts[order[slot]]
        for kind in range(kinds):
            now[kind] += taken[kind]
            away = (slot + 1) * rate[kind] - now[kind]
            total += away * away
    return total


@njit(cache=True)
def late_stretch(order: IntArray, due: FloatArray, lo: int, hi: int) -> float:
    """Return the slots by which the units of [lo, hi] come after their due slot, summed."""
    total = 0.0
    for slot in range(lo, hi + 1):
        late = slot - due[order[slot]]
        if late > 0.0:
            total += late
    return total


@njit(cache=True)
def _cost(
    order: IntArray,
    has: IntArray,
    spacing: IntArray,
    parts: FloatArray,
    rate: FloatArray,
    used: FloatArray,
    due: FloatArray,
    weights: FloatArray,
    lo: int,
    hi: int,
    ends: bool,
) -> float:
    """Return the weighted cost of a stretch; `ends`: only its two ends were touched."""
    cost = 0.0
    if weights[0] > 0.0:
        if ends:
            # Windows that hold both ends are counted twice, before and after alike only when they
            # exist in neither; near ends are therefore a stretch.
            cost += weights[0] * windows_cost(order, has, spacing, lo, lo)
            cost += weights[0] * windows_cost(order, has, spacing, hi, hi)
        else:
            cost += weights[0] * windows_cost(order, has, spacing, lo, hi)
    if weights[1] > 0.0:
        cost += weights[1] * level_stretch(order, parts, rate, used, lo, hi)
    if weights[2] > 0.0:
        if ends:
            cost += weights[2] * (
                late_stretch(order, due, lo, lo) + late_stretch(order, due, hi, hi)
            )
        else:
            cost += weights[2] * late_stretch(order, due, lo, hi)
    return cost


@njit(cache=True)
def _move(order: IntArray, kind: int, lo: int, hi: int, forward: bool) -> None:
    """Apply a move to the stretch [lo, hi]."""
    if kind == SWAP:
        order[lo], order[hi] = order[hi], order[lo]
    elif kind == INSERT and forward:
        unit = order[lo]
        for slot in range(lo, hi):
            order[slot] = order[slot + 1]
        order[hi] = unit
    elif kind == INSERT:
        unit = order[hi]
        for slot in range(hi, lo, -1):
            order[slot] = order[slot - 1]
        order[lo] = unit
    elif kind == REVERSE:
        while lo < hi:
            order[lo], order[hi] = order[hi], order[lo]
            lo += 1
            hi -= 1
    else:
        for slot in range(hi, lo, -1):
            other = np.random.randint(lo, slot + 1)
            order[slot], order[other] = order[other], order[slot]


@njit(cache=True)
def _draw(
    order: IntArray, has: IntArray, spacing: IntArray, frozen: int, span: int, kind: int
) -> tuple[int, int]:
    """Return the ends lo < hi of a stretch in the free part, one often where windows are over."""
    n = len(order)
    reach = 6 if kind == SHUFFLE else span
    first = np.random.randint(frozen, n)
    if len(spacing) and np.random.random() < 0.5:
        for _ in range(10):
            if windows_cost(order, has, spacing, first, first) > 0:
                break
            first = np.random.randint(frozen, n)
    second = first
    while second == first:
        second = np.random.randint(max(frozen, first - reach), min(n, first + reach + 1))
    return min(first, second), max(first, second)


@njit(cache=True)
def anneal(
    order: IntArray,
    has: IntArray,
    spacing: IntArray,
    parts: FloatArray,
    due: FloatArray,
    weights: FloatArray,
    frozen: int,
    span: int,
    steps: int,
    hot: float,
    cold: float,
    seed: int,
    goal: float,
) -> tuple[IntArray, float]:
    """Return the best order found and its cost.

    Args:
        order: (U,) unit of each slot to begin with.
        has: (O, U) 1 where a unit has the option.
        spacing: (O, 2) at most so many in so many.
        parts: (U, P) parts in each unit.
        due: (U,) last slot at which a unit is in time; inf: any.
        weights: (3,) of a window over its limit, of a squared deviation, of a slot of lateness.
        frozen: slots at the beginning that stay as they are.
        span: slots that a move may reach.
        steps: moves to try.
        hot: temperature at the beginning.
        cold: temperature at the end, above 0.
        seed: of everything random.
        goal: cost at which to stop.
    """
    np.random.seed(seed)
    n = len(order)
    order = order.copy()
    used = np.zeros((n + 1, parts.shape[1]))
    for slot in range(n):
        used[slot + 1] = used[slot] + parts[order[slot]]
    rate = used[n] / n
    about = has, spacing, parts, rate, used, due, weights
    now = _cost(order, *about, 0, n - 1, False)
    best, best_cost = order.copy(), now
    widest = spacing[:, 1].max() if len(spacing) else 0
    level = weights[1] > 0.0
    cooling = (cold / hot) ** (1.0 / max(steps, 1))
    heat = hot
    saved = order.copy()
    if n - frozen < 2:
        return best, best_cost
    for _ in range(steps):
        if best_cost <= goal:
            break
        heat *= cooling
        dice = np.random.random()
        kind = (
            SWAP if dice < 0.6 else INSERT if dice < 0.8 else REVERSE if dice < 0.95 else SHUFFLE
        )
        lo, hi = _draw(order, has, spacing, frozen, span, kind)
        if kind == SWAP and order[lo] == order[hi]:
            continue
        ends = kind == SWAP and hi - lo > widest and not level
        before = _cost(order, *about, lo, hi, ends)
        saved[lo : hi + 1] = order[lo : hi + 1]
        _move(order, kind, lo, hi, np.random.random() < 0.5)
        rise = _cost(order, *about, lo, hi, ends) - before
        if rise > 0.0 and np.random.random() >= exp(-rise / heat):
            order[lo : hi + 1] = saved[lo : hi + 1]
            continue
        now += rise
        if level:
            for slot in range(lo, hi):
                used[slot + 1] = used[slot] + parts[order[slot]]
        if now < best_cost - 1e-9:
            best_cost = now
            best[:] = order
    return best, best_cost
