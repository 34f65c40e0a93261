# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""How long to wait before the next attempt to reach a peer that is gone."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubling waits with jitter, so that many bridges don't come back in one moment.

    Attributes:
        first: [s] wait after the first failure.
        most: [s] longest wait.
    """

    first: float = 1.0
    most: float = 60.0

    def wait(self, failures: int, rng: np.random.Generator) -> float:
        """Return the seconds to wait after so many failures in a row (1 or more)."""
        longest = min(self.first * 2.0 ** min(failures - 1, 30), self.most)
        return float(longest * rng.uniform(0.5, 1.0))
