# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The order in which everybody goes, as one sequence of steps, and how it is brought into queues.

A step is the drive of one vehicle over one edge of its path. A sequence of all steps that are not
granted yet, in which each can be driven when those before it are done, is a topological order of
all waiting. It is what must outlive a crash besides the paths, and what changes when late
vehicles are overtaken: claims get their ranks in the sequence in place of times, and the next
look at times (road_queues.retime) turns ranks into times.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from linehaul_floor import VehicleId
from linehaul_traffic.road_queues import Queues


@dataclass(frozen=True, slots=True)
class Order:
    """In which order everybody goes: what must outlive a crash, besides the paths.

    Attributes:
        progress: (vehicle, reached, granted) node positions of each vehicle.
        steps: the vehicle of each step that is not granted yet, in an order in which all of them
            can be driven one after the other; a vehicle's own steps come in the order of its path.
    """

    progress: tuple[tuple[VehicleId, int, int], ...]
    steps: tuple[VehicleId, ...]


def order_of(q: Queues, slots: Mapping[VehicleId, int]) -> Order:
    """Return the present order of the vehicles in some rows of the queues."""
    progress = tuple((i, int(q.reached[v]), int(q.granted[v])) for i, v in slots.items())
    return Order(progress, tuple(vehicle for vehicle, _ in sequence(q, slots)))


def sequence(q: Queues, slots: Mapping[VehicleId, int]) -> list[tuple[VehicleId, int]]:
    """Return (vehicle, position) of all steps that are not granted, in their present order."""
    claims, owners = [np.zeros(0)], [np.zeros(0, np.int64)]
    names = list(slots)
    for k, v in enumerate(slots.values()):
        first, last = int(q.granted[v]), int(q.size[v]) - 1
        if first < last:
            claims.append(q.claim[v, first:last])
            owners.append(np.full(last - first, k))
    owner = np.concatenate(owners)[np.argsort(np.concatenate(claims), kind='stable')]
    left = {k: open_steps(q, v) for k, v in enumerate(slots.values())}
    return [(names[k], next(left[k])) for k in owner.tolist()]


def give_ranks(q: Queues, slots: Mapping[VehicleId, int], steps: Sequence[VehicleId]) -> None:
    """Write ranks in place of times; the claims must be off the lists.

    Steps for vehicles that are not there, or have no such step left, do no harm; steps that the
    sequence does not name follow vehicle by vehicle.
    """
    left = {i: open_steps(q, v) for i, v in slots.items()}
    rest = (i for i, v in slots.items() for _ in range(int(q.size[v])))
    rank = after_granted(q, slots.values())
    for vehicle in (*steps, *rest):
        step = next(left.get(vehicle, iter(())), None)
        if step is not None:
            rank += 1.0
            v = slots[vehicle]
            q.claim[v, step], q.reach[v, step + 1] = rank, rank + 0.5


def after_granted(q: Queues, slots: Iterable[int]) -> float:
    """Return a time after all that is granted."""
    times = [q.reach[v, q.reached[v] : q.granted[v] + 1].max() for v in slots if q.size[v]]
    return float(max(times, default=0.0))


def open_steps(q: Queues, v: int) -> Iterator[int]:
    """Return the positions of a row's steps that are not granted."""
    return iter(range(int(q.granted[v]), int(q.size[v]) - 1))


@njit(cache=True)
def rank_forward(q: Queues, upto: np.ndarray, base: float) -> None:
    """Write ranks in place of times, in the present order but for the first steps of some rows.

    Args:
        q: the queues.
        upto: (V,) position up to which the steps of a row come before all others.
        base: a time after all that is granted.
    """
    total = 0
    for v in range(q.size.size):
        total += max(q.size[v] - 1 - q.granted[v], 0)
    keys = np.empty(total)
    owner, step = np.empty(total, np.int32), np.empty(total, np.int32)
    k = 0
    for v in range(q.size.size):
        for p in range(q.granted[v], q.size[v] - 1):
            keys[k], owner[k], step[k] = q.claim[v, p], v, p
            k += 1
    rank = base
    order = np.argsort(keys, kind='mergesort')
    for later in range(2):
        for k in order:
            v, p = owner[k], step[k]
            if (p >= upto[v]) == (later == 1):
                rank += 1.0
                q.claim[v, p], q.reach[v, p + 1] = rank, rank + 0.5
