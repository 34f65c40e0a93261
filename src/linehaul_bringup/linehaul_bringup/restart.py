# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Whether and when a dead node is started again.

Each death in a row doubles the wait up to a cap; a run that lasted long enough to count as healthy
forgives what was before. Too many deaths in a row, and the node is given up.
"""

from __future__ import annotations

from dataclasses import dataclass

CANNOT_RUN = 2  # a node's exit code for 'not as configured': starting it again cannot help


@dataclass(frozen=True, slots=True)
class Respawn:
    """How a dead node is restarted.

    Args:
        delay: wait before the first restart [s].
        max_delay: longest wait [s].
        healthy_after: a run of this length forgives the deaths before it [s].
        attempts: restarts in a row before the node is given up.
    """

    delay: float = 0.5
    max_delay: float = 10.0
    healthy_after: float = 30.0
    attempts: int = 5


@dataclass(frozen=True, slots=True)
class Health:
    """What a node's past says: deaths in a row, none of them after a healthy run."""

    failures: int = 0


def after_exit(
    health: Health, policy: Respawn | None, ran_for: float, code: int
) -> tuple[Health, float | None]:
    """Decide what follows the end of a node's process.

    Args:
        health: the node's past.
        policy: how it is restarted; None means never.
        ran_for: how long the process ran [s].
        code: its exit code; negative for a signal.

    Returns:
        The new past, and the wait before the restart [s] or None when there is none.
    """
    if policy is None:
        return Health(health.failures + 1), None
    failures = 1 if ran_for >= policy.healthy_after else health.failures + 1
    if code == CANNOT_RUN or failures > policy.attempts:
        return Health(failures), None
    doublings = min(failures - 1, 30)
    return Health(failures), min(policy.delay * 2.0**doublings, policy.max_delay)
