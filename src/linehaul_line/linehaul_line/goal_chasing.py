# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Level part usage: its cost, goal chasing as the baseline, and the space it takes at stations.

The cost of a sequence is the sum over slots t and parts p of (t·r_p − used_p(t))², where r_p is
the mean use of part p per slot: zero is the steady flow that a line with hardly any stock needs.

Source: goal chasing of Toyota (Monden, Toyota Production System); the cost and the storage of
carriers as in the level scheduling statement of Fonseca and Jesus, ROAR-NET 2025.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from linehaul_line.errors import SequenceError

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


def check(demand: IntArray, parts: IntArray) -> None:
    """Refuse demand and bill of material that do not fit together.

    Args:
        demand: (M,) units of each model.
        parts: (M, P) parts of each kind in a unit of each model.

    Raises:
        SequenceError: a shape, a sign, or nothing to build.
    """
    if demand.ndim != 1 or parts.ndim != 2 or len(parts) != len(demand):
        raise SequenceError(
            f'demand {demand.shape} and parts {parts.shape} found, wanted (models,) and '
            '(models, parts)'
        )
    if (demand < 0).any() or (parts < 0).any():
        raise SequenceError('a negative number of units or parts found, wanted 0 or more')
    if demand.sum() == 0:
        raise SequenceError('no unit to build found, wanted at least one')


def goal_chasing(demand: IntArray, parts: IntArray) -> IntArray:
    """Return models in the order that chases the steady use of parts, greedily.

    At each slot the model is taken that leaves the least distance; the lowest index wins ties.

    Args:
        demand: (M,) units of each model.
        parts: (M, P) parts of each kind in a unit of each model.

    Returns:
        (Q,) model of each slot.
    """
    check(demand, parts)
    total = int(demand.sum())
    rate = demand @ parts / total
    left = demand.copy()
    used = np.zeros(parts.shape[1])
    order = np.empty(total, dtype=np.int64)
    for slot in range(total):
        distance = (((slot + 1) * rate - used - parts) ** 2).sum(axis=1)
        distance[left == 0] = np.inf
        model = int(np.argmin(distance))
        order[slot] = model
        left[model] -= 1
        used += parts[model]
    return order


def level_cost(order: Sequence[int] | IntArray, parts: IntArray) -> float:
    """Return the sum of squared deviations from steady use over all slots and parts."""
    taken = parts[np.asarray(order, dtype=np.int64)]
    used = np.cumsum(taken, axis=0)
    slots = np.arange(1, len(taken) + 1)[:, None]
    return float(((slots * used[-1] / len(taken) - used) ** 2).sum())


def peak_storage(
    order: Sequence[int] | IntArray,
    parts: IntArray,
    carrier: IntArray,
    station: IntArray,
    space: IntArray,
    start: IntArray,
) -> IntArray:
    """Return the most space that parts take at each station.

    A carrier is brought when fewer parts are there than the present unit needs.

    Args:
        order: (Q,) model of each slot.
        parts: (M, P) parts of each kind in a unit of each model.
        carrier: (P,) parts in a carrier.
        station: (P,) index of the station where each kind is fitted, from 0.
        space: (P,) space that one part takes.
        start: (P,) parts there before the first slot.

    Returns:
        (S,) peak over all slots, with the state before the first.
    """
    used = np.cumsum(parts[np.asarray(order, dtype=np.int64)], axis=0)
    used = np.vstack([np.zeros((1, parts.shape[1]), dtype=np.int64), used])
    taken = np.mod(start - used, carrier) * space
    peaks = [taken[:, station == one].sum(axis=1).max() for one in range(int(station.max()) + 1)]
    return np.array(peaks, dtype=np.int64)
