# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Maintenance before the malfunction, on simulated wear, with the code that the node runs.

Several hundred machines of eight channels live side by side for half a year, judged every eight
hours. Loads change by the day, and a channel's level wanders slowly with a season of its own. A
third of the machines wear from a random day on, until they fail; each by one of three models:

- bearing: damage grows as dD/dt = c D^1.5 (crack growth), from 0.04 to 1; vibration rises with
  32 D, temperature with 14 D, current with 6 D spreads of an hour;
- leak: a leak that widens evenly; pressure falls by 24 D and the compressor's current rises by
  25 D;
- clogging: the pressure over a filter grows as 1/(1 - 0.9 D)^2, the flow falls by 10 D.

The alarm limit of the leading channel stands where it is at damage 1, give or take 15 %: nobody
knows the level of failure exactly. A record whose remaining life asks for maintenance is a work
order. An order at a machine that wears ends its story. One at a sound machine is false: it is
rejected, as people do, and counts; so does one before any wear began. Told are the share of
failures with an order before, the lead time, how often the true life was within the interval,
and false orders a month. Missed failures are those without an order, or with one on the last day.
"""

import sys
import time
from dataclasses import dataclass, field

import common
import numpy as np
from linehaul_sensors.channels import Channel, make_table
from linehaul_sensors.early_warnings import WarningStatus
from linehaul_sensors.machine_health import HealthRules
from linehaul_sensors.maintenance import Maintenance, MaintenanceRules

CHANNELS, STEP = 8, 8
DAY = 86_400.0
KINDS = ('bearing', 'leak', 'clogging')
LEADING = {'bearing': (0, 1), 'leak': (2, 0), 'clogging': (4, 1)}  # channel, its upper side
QUANTITIES = ('vibration', 'temperature', 'pressure', 'current', 'pressure', 'flow', 'torque',
              'speed')  # fmt: skip


@dataclass(slots=True)
class Life:
    """One machine: kind of wear ('' none), day it begins, days of life, and what was told."""

    kind: str
    begin: float
    life: float
    order: float = np.nan
    inside: bool = False
    error: float = np.nan
    false: list[float] = field(default_factory=list)

    @property
    def failure(self) -> float:
        """The day on which it fails."""
        return self.begin + self.life


def main() -> int:
    args = common.argument_parser(__doc__).parse_args()
    machines, days = (90, 120) if args.quick else (600, 180)
    rng = np.random.default_rng(args.seed)
    begin = time.process_time()
    lives = make_lives(machines, days, rng)
    live(lives, days, rng)
    worn = [one for one in lives if one.kind]
    found = [one for one in worn if one.order <= one.failure - 1.0]
    leads = np.array([one.failure - one.order for one in found])
    false = sum(len(one.false) for one in lives)
    sound_days = sum(days if not one.kind else one.begin for one in lives)
    sound_days -= 20.0 * machines  # learning the reference
    by_kind = {
        kind: float(np.mean([one in found for one in worn if one.kind == kind])) for kind in KINDS
    }
    figures = [
        common.figure('failures found a day before', 100 * len(found) / len(worn), '%',
                      better='higher'),
        common.figure('lead time, median', float(np.median(leads)), 'd', better='higher'),
        common.figure('lead time, 10 %', float(np.percentile(leads, 10)), 'd', better='higher'),
        common.figure('true life within the interval',
                      100 * np.mean([one.inside for one in found]), '%', better='higher'),
        common.figure('error of the remaining life, median',
                      100 * float(np.median([one.error for one in found])), '%'),
        common.figure('false orders a month, 1,000 sound machines',
                      30_000 * false / sound_days, '1/month'),
    ]  # fmt: skip
    detail = {
        'machines': machines,
        'worn': len(worn),
        'days': days,
        'found_by_kind': by_kind,
        'false_orders': false,
        'leads': leads,
        'cpu_s': time.process_time() - begin,
    }
    common.finish('maintenance', args, figures, detail=detail)
    return 0


def make_lives(machines: int, days: int, rng: np.random.Generator) -> list[Life]:
    """Return the fate of each machine; every third wears."""
    lives = []
    for k in range(machines):
        if k % 3:
            lives.append(Life('', np.inf, 0.0))
            continue
        life = rng.uniform(15, 60)
        lives.append(Life(KINDS[k // 3 % 3], rng.uniform(25, days - life), life))
    return lives


def damage(kind: str, progress: np.ndarray) -> np.ndarray:
    """Return damage at progress of life (0 to 1): 0 sound, 1 failed."""
    if kind == 'bearing':  # closed form of dD/dt = c D^1.5 from D0 = 0.04 to 1
        return np.where(progress <= 0, 0.0, 1.0 / (5.0 - 4.0 * progress) ** 2)
    return progress


def effects(kind: str, d: np.ndarray) -> np.ndarray:
    """Return (H, C) shifts of the channels at (H,) damage, in their usual spread of an hour."""
    shift = np.zeros((d.size, CHANNELS))
    if kind == 'bearing':
        shift[:, 0], shift[:, 1], shift[:, 3] = 32.0 * d, 14.0 * d, 6.0 * d
    elif kind == 'leak':
        shift[:, 2], shift[:, 3] = -24.0 * d, 25.0 * d
    elif kind == 'clogging':
        shift[:, 4], shift[:, 5] = 0.35 * (1.0 / (1.0 - 0.9 * d) ** 2 - 1.0), -10.0 * d
    return shift


def live(lives: list[Life], days: int, rng: np.random.Generator) -> None:
    """Let all machines live, and book what is told of each."""
    size = len(lives)
    channels = [
        Channel(f'm{k}/{c}', quantity, '1', 'hall', f'm{k}', period=60.0)
        for k in range(size)
        for c, quantity in enumerate(QUANTITIES)
    ]
    table = make_table(channels)
    rules = MaintenanceRules(health=HealthRules(interval=STEP * 3600.0))
    maintenance = Maintenance(table, limits(lives, rng), rules)
    weight = rng.uniform(0, 1, (size, CHANNELS))
    wander = rng.uniform(0, 0.5, (size, CHANNELS))
    phase = rng.uniform(0, 2 * np.pi, (size, CHANNELS))
    load = np.zeros(size)
    for step in range(days * 24 // STEP):
        hours = step * STEP + np.arange(STEP)
        if hours[0] % 24 == 0:
            load = rng.normal(0, 0.5, size)
        mean = load[:, None] * weight + rng.standard_normal((size, CHANNELS)) / np.sqrt(STEP)
        mean += wander * np.sin(2 * np.pi * hours[0] / 24 / 45 + phase)
        for k, one in enumerate(lives):
            if one.kind and hours[-1] / 24 > one.begin:
                progress = np.clip((hours / 24 - one.begin) / one.life, 0.0, 1.0)
                mean[k] += effects(one.kind, damage(one.kind, progress)).mean(axis=0)
        gone = [k for k, one in enumerate(lives) if hours[-1] / 24 >= one.failure]
        mean[gone] = np.nan
        told(maintenance, lives, mean.ravel(), (hours[-1] + 1) * 3600.0)


def limits(lives: list[Life], rng: np.random.Generator) -> np.ndarray:
    """Return (M * C, 2) alarm limits: of the channel that leads, near its value at damage 1.

    Sound machines have them, too, as if they were to wear in one of the ways.
    """
    found = np.full((len(lives), CHANNELS, 2), np.nan)
    for k, one in enumerate(lives):
        kind = one.kind or KINDS[k % 3]
        channel, side = LEADING[kind]
        full = effects(kind, np.ones(1))[0, channel]
        found[k, channel, side] = full * rng.uniform(0.85, 1.15)
    return found.reshape(-1, 2)


def told(maintenance: Maintenance, lives: list[Life], mean: np.ndarray, now: float) -> None:
    """Close an interval and do what people would do with the orders it brings."""
    states = maintenance.health.close(mean, now)
    opened = {r.equipment for r in maintenance.book.views()}
    changed = maintenance.book.states(states, now)
    day = now / DAY
    for record in changed:
        if record.equipment in opened or np.isnan(record.low):
            continue
        one = lives[int(record.equipment[1:])]
        if not one.kind or day <= one.begin:
            one.false.append(day)
            maintenance.review(record.id, WarningStatus.REJECTED, 'sound', 'bench', now)
        elif np.isnan(one.order):
            one.order = day
            left = (one.failure - day) * DAY
            one.error = abs(record.remaining - left) / left
            one.inside = bool(record.low <= left <= record.high)


if __name__ == '__main__':
    sys.exit(main())
