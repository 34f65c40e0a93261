# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Classes of loads by measured turnover, or by the stay that is known.

The turnover of an item is how often a load of it is fetched: fetches of late over loads present.
A load whose leaving is known (its order has a due time) is classed by 1/stay instead, which is
duration-of-stay assignment. Class 0 turns over fastest and belongs nearest the input/output end.

Source: Hausman, Schwarz, Graves (1976); Goetschalckx, Ratliff (1990) "Shared storage policies
based on the duration stay of unit loads".
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf, isnan

import numpy as np

from linehaul_warehouse.classes import best_radii, fit_skewness, rack_shares
from linehaul_warehouse.ids import ItemId
from linehaul_warehouse.model import Load
from linehaul_warehouse.state import State

CLASSES = 3
"""Three give 85 to 89 % of what full turnover would; more need more space (see benchmarks)."""


@lru_cache(maxsize=128)
def _shares(skew: float) -> tuple[float, ...]:
    return rack_shares(best_radii(CLASSES, skew))


@dataclass(frozen=True, slots=True)
class Turnover:
    """What is known of turnover at some time.

    rates: fetches of a load of an item [1/s].
    limits: lowest rate of each class but the last, falling. edges: rack share where each class
    ends, rising to 1. classes: of items that were looked up.
    """

    rates: dict[ItemId, float]
    limits: tuple[float, ...]
    edges: tuple[float, ...]
    time: float
    classes: dict[ItemId, int] = field(default_factory=dict, compare=False)

    def class_of(self, item_id: ItemId, wanted: float, now: float) -> int:
        """Return the class of a load that comes now; wanted: when it leaves [s], NaN unknown."""
        if not isnan(wanted):
            return self._class(1.0 / max(wanted - now, 1.0))
        known = self.classes.get(item_id)
        if known is None:
            known = self.classes[item_id] = self._class(self.rates.get(item_id, 0.0))
        return known

    def _class(self, rate: float) -> int:
        return bisect_left([-limit for limit in self.limits], -rate)

    def zone(self, number: int) -> tuple[float, float]:
        """Return the rack share, from and to, of a class."""
        return (self.edges[number - 1] if number else 0.0), self.edges[number]


NO_TURNOVER = Turnover({}, (), (1.0,), -inf)
"""Nothing is known: one class."""


def measure(state: State, now: float) -> Turnover:
    """Work out classes from what was fetched and what is there."""
    facts = state.facts
    counts = {item: sum(map(len, lots.values())) for item, lots in state.by_item.items()}
    elapsed = max(now - facts.began, 1.0)
    rates = {
        item: facts.picks.get(item, 0.0) / max(count, 1) / elapsed
        for item, count in counts.items()
    }
    loads = np.repeat([rates[item] for item in counts], list(counts.values()))
    if loads.size < 20 or not loads.any():
        return Turnover(rates, (), (1.0,), now)
    shares = _shares(round(fit_skewness(loads), 2))
    edges = tuple(float(e) for e in np.cumsum(shares))
    falling = np.sort(loads)[::-1]
    limits = [float(falling[min(int(e * loads.size), loads.size - 1)]) for e in edges[:-1]]
    return Turnover(rates, tuple(limits), (*edges[:-1], 1.0), now)


def class_of(turnover: Turnover, load: Load, now: float) -> int:
    """Return the class of a load."""
    return turnover.class_of(load.item_id, load.wanted, now)
