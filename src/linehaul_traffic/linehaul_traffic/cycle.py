# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What goes into a cycle of the lifelong planner and what comes out: settings, budget, step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linehaul_traffic.errors import InstanceError
from linehaul_traffic.guidance import BUCKETS

MOST_CHAINS = 256
"""Chains of actions of one pose that an operation table of unset depth is drawn from."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the planner works; the defaults serve all maps.

    Args:
        depth: Ticks of an operation, 1 to 6, or 0 for the most (up to 4) that keeps the chains
            of a pose at `MOST_CHAINS`: 4 on grids with turning, 3 without.
        visits: Times a vehicle may be asked anew while one vehicle chooses.
        patience: Lost ticks per class of rank.
        rescue: Lost ticks after which a vehicle may become the leader.
        crowd: Price of traffic through the same place (see `Prices`); 0 with `counter` 0 is
            plain shortest distance.
        counter: Price of traffic the other way.
        dearest: Highest toll of a lane, in `UNIT` a tick.
        margin: How far beyond its vehicle a row is exact, in `UNIT` a tick.
        renewal_share: Share of the budget for renewing rows.
        inherit: Continue last cycle's operations; without, everybody begins by holding.

    Raises:
        InstanceError: A value is out of range.
    """

    depth: int = 0
    visits: int = 10
    patience: int = 30
    rescue: int = 60
    crowd: int = 8
    counter: int = 128
    dearest: int = 400
    margin: int = 400
    renewal_share: float = 0.4
    inherit: bool = True

    def __post_init__(self) -> None:
        """Check the ranges."""
        bounds = {
            'depth': (0, 6), 'visits': (1, 1000), 'patience': (1, 10**6), 'rescue': (1, 10**9),
            'crowd': (0, 10**4), 'counter': (0, 10**4), 'dearest': (0, BUCKETS // 2),
            'margin': (0, 10**6), 'renewal_share': (0.0, 1.0),
        }  # fmt: skip
        for name, (low, high) in bounds.items():
            if not low <= getattr(self, name) <= high:
                found = getattr(self, name)
                raise InstanceError(f'{name} is {found}, wanted {low} to {high}')


PLAIN = Settings(
    depth=1,
    rescue=10**9,
    visits=1,
    crowd=0,
    counter=0,
    renewal_share=0.0,
    inherit=False,
)
"""Plain priority inheritance with backtracking, one action deep: the yardstick."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a cycle may use: counts, or a clock, or both.

    Args:
        rows: Most old rows to renew.
        chains: Most chains of neighbourhood search.
        clock: Returns seconds; None plans by the counts alone, which can be repeated exactly.
        deadline: Time on the clock at which the answer must be there.
    """

    rows: int = 10**9
    chains: int = 10**9
    clock: Callable[[], float] | None = None
    deadline: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a budget without end."""
        if self.clock is None and max(self.rows, self.chains) >= 10**9:
            raise InstanceError('a budget without a clock needs counts of rows and chains')


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """The answer of a cycle.

    Args:
        action: (n,) int8, index into the graph's letters.
        pose: (n,) int32, pose after the action.
        rows: Rows filled for new goals, and
        renewed: old rows renewed.
        chains: Chains tried, and
        kept: kept.
    """

    action: NDArray[np.int8]
    pose: NDArray[np.int32]
    rows: int
    renewed: int
    chains: int
    kept: int
