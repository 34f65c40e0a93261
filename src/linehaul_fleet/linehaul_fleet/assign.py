# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Which vehicle fetches which container: one assignment over all that are free."""

from collections.abc import Callable, Sequence
from math import isfinite

import numpy as np
from scipy.optimize import linear_sum_assignment

from linehaul_fleet.delivery import Delivery, RequestId
from linehaul_floor import VehicleId

_NEVER = 1e9
_URGENCY_SPAN = 1800.0


def assign(
    deliveries: Sequence[Delivery],
    vehicles: Sequence[VehicleId],
    travel: Callable[[VehicleId, Delivery], float],
    now: float,
) -> list[tuple[VehicleId, RequestId]]:
    """Pair vehicles with deliveries so that travel is short and the urgent go first.

    The cost of a pair is the travel time to the container [s] plus, when there are more deliveries
    than vehicles, the time that is left until the delivery is due (bounded), less what its
    priority is worth.

    Args:
        deliveries: those that wait for a vehicle.
        vehicles: those that are free.
        travel: seconds for a vehicle to a delivery's container; inf if it cannot.
        now: plant time [s].
    """
    if not deliveries or not vehicles:
        return []
    cost = np.array([[travel(v, d) for d in deliveries] for v in vehicles])
    cost = np.where(np.isfinite(cost), cost, _NEVER)
    if len(deliveries) > len(vehicles):
        cost = cost + np.array([_urgency(d, now) for d in deliveries])[None, :]
    rows, columns = linear_sum_assignment(cost)
    return [
        (vehicles[i], deliveries[j].request.request_id)
        for i, j in zip(rows, columns, strict=True)
        if cost[i, j] < _NEVER / 2
    ]


def _urgency(delivery: Delivery, now: float) -> float:
    due = delivery.request.due
    left = due - now if isfinite(due) else _URGENCY_SPAN
    return min(max(left, 0.0), _URGENCY_SPAN) - 6.0 * delivery.request.priority
