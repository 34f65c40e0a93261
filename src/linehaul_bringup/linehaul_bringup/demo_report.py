# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What became of a demo: its facts gathered, its report written, its verdict given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from typing import Any

import numpy as np

from .demo_goals import Wish, shown

#: counters of the simulated plant that start at zero again when it starts without its past
COUNTERS = (
    'steps',
    'distance',
    'picks',
    'drops',
    'transfer_failures',
    'overlaps',
    'beyond_base',
    'custody_errors',
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one delivery ended.

    Args:
        wish: what was asked for.
        code: error code of the result; 0 is delivered.
        text: what went wrong.
        vehicle: who brought it, or ''.
        duration: from request to arrival [s] of plant time; NaN when it did not arrive.
    """

    wish: Wish
    code: int
    text: str
    vehicle: str
    duration: float

    @property
    def delivered(self) -> bool:
        """Whether the material arrived."""
        return self.code == 0

    @property
    def clear(self) -> bool:
        """Whether it arrived or was refused in words."""
        return self.delivered or bool(self.text.strip())


@dataclass(frozen=True, slots=True)
class SimTotals:
    """The checker's counters over all lives of the simulated plant.

    Args:
        past: sums of the lives that ended without handing on their counters.
        now: the counters of the present life, as last told.
        violations: the first ones, in words.
        reports: how many reports were heard.
    """

    past: dict[str, float] = field(default_factory=lambda: dict.fromkeys(COUNTERS, 0.0))
    now: dict[str, float] = field(default_factory=lambda: dict.fromkeys(COUNTERS, 0.0))
    violations: tuple[str, ...] = ()
    reports: int = 0

    def told(self, counters: dict[str, float], violations: Sequence[str]) -> SimTotals:
        """Take a report; fewer steps than before mean a new life without the old counters."""
        fresh = counters['steps'] < self.now['steps']
        past = {k: self.past[k] + self.now[k] for k in COUNTERS} if fresh else self.past
        seen = tuple(dict.fromkeys((*self.violations, *violations)))
        return replace(self, past=past, now=counters, violations=seen, reports=self.reports + 1)

    def total(self, name: str) -> float:
        """Return a counter over all lives."""
        return self.past[name] + self.now[name]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is known at the end of a demo.

    Args:
        plant: name of the plant.
        vehicles: how many took part.
        wishes: what was asked for.
        outcomes: what became of it, as far as it ended.
        sim: the checker's counters.
        restarts: restarts by node.
        broken: why the plant stopped running, or ''.
        wall_time: of the whole demo [s].
        plant_time: that passed in the plant [s].
    """

    plant: str
    vehicles: int
    wishes: tuple[Wish, ...]
    outcomes: tuple[Outcome, ...]
    sim: SimTotals
    restarts: dict[str, int]
    broken: str
    wall_time: float
    plant_time: float


def failures(facts: Facts) -> tuple[str, ...]:
    """Say everything that makes the demo a failed one; empty when it went well."""
    found = [facts.broken] if facts.broken else []
    ended = {outcome.wish for outcome in facts.outcomes}
    missing = [shown(wish) for wish in facts.wishes if wish not in ended]
    if missing:
        more = f' and {len(missing) - 3} more' if len(missing) > 3 else ''
        found.append(f'no result for {", ".join(missing[:3])}{more}')
    found += [
        f'{o.wish.request_id} failed with code {o.code} and without a text'
        for o in facts.outcomes
        if not o.clear
    ]
    if not any(outcome.delivered for outcome in facts.outcomes):
        found.append('nothing was delivered')
    if not facts.sim.reports:
        found.append('the checker of the simulated plant was never heard')
    for name, meaning in (
        ('overlaps', 'overlaps of two vehicles'),
        ('beyond_base', 'drives beyond a released base'),
        ('custody_errors', 'loads with no or two holders'),
    ):
        if facts.sim.total(name):
            found.append(f'{facts.sim.total(name):.0f} {meaning}')
    found += facts.sim.violations
    return tuple(found)


def summary(facts: Facts) -> dict[str, Any]:
    """Return the report as plain data, for --json."""
    durations = np.array([o.duration for o in facts.outcomes if isfinite(o.duration)])
    refused = [o for o in facts.outcomes if not o.delivered]
    return {
        'plant': facts.plant,
        'vehicles': facts.vehicles,
        'deliveries': len(facts.wishes),
        'delivered': sum(o.delivered for o in facts.outcomes),
        'refused': [
            {**asdict(o.wish), 'error_code': o.code, 'error_msg': o.text} for o in refused
        ],
        'time_mean': _rounded(durations.mean()) if durations.size else None,
        'time_p95': _rounded(np.percentile(durations, 95)) if durations.size else None,
        **{name: _rounded(facts.sim.total(name)) for name in COUNTERS},
        'restarts': facts.restarts,
        'wall_time': _rounded(facts.wall_time),
        'plant_time': _rounded(facts.plant_time),
        'failures': list(failures(facts)),
        'ok': not failures(facts),
    }


def _rounded(value: float) -> float:
    return round(float(value), 3)


def report_lines(facts: Facts) -> list[str]:
    """Write the report for people."""
    found = summary(facts)
    sim = facts.sim
    lines = [
        f'plant        {facts.plant}, {facts.vehicles} vehicles',
        f'deliveries   {found["delivered"]} of {found["deliveries"]} done, '
        f'{len(found["refused"])} refused',
    ]
    if found['time_mean'] is not None:
        lines.append(
            f'times        mean {found["time_mean"]:.0f} s, p95 {found["time_p95"]:.0f} s '
            'from request to arrival'
        )
    restarts = ', '.join(f'{n} {c}' for n, c in facts.restarts.items() if c) or 'none'
    pace = facts.plant_time / facts.wall_time if facts.wall_time > 0 else 0.0
    lines += [
        f'distance     {sim.total("distance"):.0f} m driven, {sim.total("picks"):.0f} picks, '
        f'{sim.total("drops"):.0f} drops, {sim.total("transfer_failures"):.0f} failed',
        f'safety       {sim.total("overlaps"):.0f} overlaps, '
        f'{sim.total("beyond_base"):.0f} beyond the base, '
        f'{sim.total("custody_errors"):.0f} custody errors '
        f'in {sim.total("steps"):.0f} steps',
        f'restarts     {restarts}',
        f'took         {facts.wall_time:.1f} s for {facts.plant_time:.0f} s of plant time '
        f'({pace:.1f}x)',
    ]
    lines += [
        f'refused      {r["request_id"]}: code {r["error_code"]}: {r["error_msg"]}'
        for r in found['refused']
    ]
    return [*lines, *(f'FAILED       {text}' for text in found['failures'])]
