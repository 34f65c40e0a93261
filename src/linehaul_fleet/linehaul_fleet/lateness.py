# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What it costs when a mission arrives at a time: the one place where urgency is weighed.

Costs are in seconds of empty driving. A second of lateness at normal priority is worth LATE of
them; close to the due time the cost rises smoothly, because what is expected just in time is late
half the time. A mission without due time is due PATIENCE after it was asked for. Nobody starves:
who has waited longer than PATIENCE weighs more with every second, in the end more than the highest
priority, whatever comes in behind.
"""

import numpy as np
from linehaul_floor.geometry import FloatArray

LATE = 10.0
"""Seconds of driving that a second of lateness is worth, at priority 100."""
BUFFER = 60.0
"""[s] around the due time within which lateness is likely and not certain."""
PATIENCE = 1800.0
"""[s] after which a mission is due in any case, and begins to weigh more."""
DOUBLE = 64.0
"""Steps of priority that double the weight."""


def weights(priority: FloatArray, age: FloatArray) -> FloatArray:
    """Return (M,) costs of a second of lateness.

    Args:
        priority: (M,) 0..255, 100 is normal.
        age: (M,) [s] since each mission could have been brought.
    """
    aged = np.maximum(age / PATIENCE - 1.0, 0.0)
    return np.asarray(LATE * (2.0 ** ((priority - 100.0) / DOUBLE) + aged))


def lateness_cost(arrival: FloatArray, due: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the costs of arrivals, arrays that broadcast; an arrival of inf costs inf."""
    late = arrival - due
    inside = np.clip(late + BUFFER, 0.0, 2.0 * BUFFER)
    beyond = np.maximum(late - BUFFER, 0.0)
    return np.asarray(weight * (inside * inside / (4.0 * BUFFER) + beyond))
