# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Maintenance before the malfunction, on simulated wear.

Machines are watched by hourly means of eight channels. Some wear, by one of three models, from a
random day on, until they fail; the others never do, but have load that changes by the day.

- bearing: damage grows as dD/dt = c D^1.5 (crack growth), vibration with 1 + 6 D, temperature with
D; - leak: a leak that widens evenly; pressure falls and the compressor runs longer; - clogging:
the pressure over a filter grows as 1/(1 - D)^2, the flow falls.

A work order is proposed when the trend of the health indicator is sure and the lower end of the
remaining life is below two weeks. Told are the share of failures with an order before, the lead
time, how often the true life was within the interval, and false orders a month.
"""

import sys
from typing import Any

import common
import numpy as np
from linehaul_sensors.health import indicator, make_reference, outlook

CHANNELS, STEP = 8, 8
DAY = 86_400.0
FAILURE = 12.0
HORIZON = 14 * DAY
WINDOW = 90  # steps of the trend
KINDS = ('bearing', 'leak', 'clogging')


def main() -> int:
    args = common.argument_parser(__doc__).parse_args()
    rng = np.random.default_rng(args.seed)
    worn, sound, days = (12, 40, 120) if args.quick else (60, 200, 180)
    figures, detail = [], {}
    leads: list[float] = []
    found = inside = told = 0
    for k in range(worn):
        kind = KINDS[k % 3]
        result = machine(rng, days, kind)
        detail[f'{kind}_{k}'] = result
        if result['order'] is not None and result['order'] < result['failure']:
            found += 1
            leads.append(result['failure'] - result['order'])
            told += 1
            inside += result['inside']
    false = sum(machine(rng, days, None)['order'] is not None for _ in range(sound))
    # A sound machine's month: orders are closed after a look, so each counts once.
    months = sound * days / 30.0
    figures += [
        common.figure('failures found before', 100 * found / worn, '%', better='higher'),
        common.figure('lead time, median', float(np.median(leads)), 'd', better='higher'),
        common.figure('lead time, 10 %', float(np.percentile(leads, 10)), 'd', better='higher'),
        common.figure('true life within the interval', 100 * inside / max(told, 1), '%',
                      better='higher'),
        common.figure('false orders a month, 1000 machines', 1000 * false / months, '1/month'),
    ]  # fmt: skip
    common.finish('maintenance', args, figures, detail={'machines': detail})
    return 0


def damage(kind: str, days: int, begin: float, life: float) -> np.ndarray:
    """Return (H,) damage of each hour: 0 sound, 1 failed."""
    t = (np.arange(days * 24) / 24.0 - begin) / life
    progress = np.clip(t, 0.0, 1.0)
    if kind == 'bearing':  # closed form of dD/dt = c D^1.5 from D0 = 0.04 to 1
        return np.where(t <= 0, 0.0, 1.0 / (5.0 - 4.0 * progress) ** 2)
    return progress


def effects(kind: str, d: np.ndarray) -> np.ndarray:
    """Return (H, C) shifts of the channels, in their usual spread."""
    shift = np.zeros((d.size, CHANNELS))
    if kind == 'bearing':
        shift[:, 0], shift[:, 1], shift[:, 2] = 32.0 * d, 14.0 * d, 6.0 * d
    elif kind == 'leak':
        shift[:, 2], shift[:, 3] = -24.0 * d, 25.0 * d
    else:
        pressure = 0.35 * (1.0 / (1.0 - 0.9 * d) ** 2 - 1.0)
        shift[:, 4], shift[:, 5] = pressure, -10.0 * d
    return shift


def machine(rng: np.random.Generator, days: int, kind: str | None) -> dict[str, Any]:
    """Return day of failure and of the order (None: none) of one machine's life."""
    hours = days * 24
    load = np.repeat(rng.normal(0, 0.5, days), 24)
    values = rng.standard_normal((hours, CHANNELS)) + load[:, None] * rng.uniform(0, 1, CHANNELS)
    failure = float(days)
    if kind is not None:
        life = rng.uniform(15, 60)
        begin = rng.uniform(35, days - life)
        failure = begin + life
        values += effects(kind, damage(kind, days, begin, life))
    reference = make_reference(values[: 20 * 24])
    times, levels = [], []
    for end in range(STEP, int(failure * 24) + 1, STEP):
        level, _ = indicator(values[end - STEP : end], reference)
        times.append(end / 24.0 * DAY)
        levels.append(level)
        if end < 22 * 24:
            continue
        says = outlook(np.array(times[-WINDOW:]), np.array(levels[-WINDOW:]), FAILURE)
        if says.sure and says.low < HORIZON:
            true = failure * DAY - times[-1]
            within = bool(says.low <= true <= says.high)
            return {'failure': failure, 'order': end / 24.0, 'inside': within}
    return {'failure': failure, 'order': None, 'inside': False}


if __name__ == '__main__':
    sys.exit(main())
