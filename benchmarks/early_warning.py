# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Early warning: the Numenta benchmark, series of our own, false alarms and delays on a plant.

Four parts, each of which runs alone with `--part NAME`:

- nab: the official scoring on the real known-cause files that are beside the repository, next to
  the published scores on the same files. The threshold is the one the detector starts with, the
  same for all files; what the best single threshold for these files would give, as the official
  optimiser finds it for each published detector, is told beside it.
- own: the same scoring on series of our own with seeds that were not used for the design: families
  of signals, and every kind of fault on every kind of background;
- machines: machines as a whole, whose channels belong together until one goes its own way;
- plant: channels with daily seasons and state changes: warm-up without labels, then false warnings
  of the healthy ones a day, and the delay until faults of the others are found.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import _sensor_nab as nab
import common
import numpy as np
from _sensor_faults import factorial
from _sensor_machines import on_machines
from _sensor_plant import FAULTS, STATES, make_plant
from _sensor_series import corpus
from linehaul_sensors.watch import Watch, WatchRules

DATA = common.ROOT.parent / 'shared' / 'data' / 'anomaly' / 'nab'
BEST_PUBLISHED = 82.2
PLANT = 15_000  # channels; fewer are simulated, and what they count is scaled to so many
PARTS = ('nab', 'own', 'plant', 'machines')
SEARCH = np.arange(2.0, 8.01, 0.25)


def main() -> int:
    parser = common.argument_parser(__doc__)
    parser.add_argument('--part', choices=PARTS, action='append', help='only this (default: all)')
    args = parser.parse_args()
    parts = args.part or PARTS
    figures: list[common.Figure] = []
    detail: dict[str, Any] = {}
    if 'nab' in parts and DATA.is_dir():
        figures += on_nab(DATA, detail)
    elif 'nab' in parts:
        print('nab: skipped, there is no ../shared/data/anomaly/nab beside the repository')
    if 'own' in parts:
        figures += on_own(4 if args.quick else 24, args.seed, detail)
    if 'plant' in parts:
        figures += on_plant(600 if args.quick else 5_000, args, detail)
    if 'machines' in parts:
        figures += on_machines(30 if args.quick else 150, 20, args.seed, detail)
    common.finish('early_warning', args, figures, detail=detail)
    return 0


def detect(series: nab.Series, threshold: float | None = None) -> np.ndarray:
    """Return the rows at which one channel raises a warning; it sees each row once, in order."""
    watch = Watch(1, rules=WatchRules())
    if threshold is not None:
        watch.threshold = threshold
    rows = series.time.size
    zeros = np.zeros(rows, np.uint32)
    signs = watch.feed(zeros, series.time, series.value, np.zeros(rows, np.uint8))
    return np.searchsorted(series.time, [sign.time for sign in signs])


def score(series: list[nab.Series], weights: nab.Weights, threshold: float | None) -> float:
    results = [nab.file_score(detect(s, threshold), s, weights)[0] for s in series]
    return nab.normalised(results, sum(map(nab.counted_windows, series)), weights)


# -- NAB


def on_nab(folder: Path, detail: dict[str, Any]) -> list[common.Figure]:
    """The published files: check of the scoring, our scores, the others' scores."""
    series, weights = nab.read_series(folder), nab.read_weights(folder)
    published = nab.read_published(folder)
    wrong = scoring_error(series, weights['standard'], published)
    files = {}
    for one in series:
        points, found, false = nab.file_score(detect(one), one, weights['standard'])
        others = {k: v[one.name] for k, v in published.items()}
        files[one.name] = {'score': points, 'found': found, 'of': len(one.windows),
                           'false': false, 'published': others}  # fmt: skip
    search = {f'{t:.2f}': score(series, weights['standard'], t) for t in SEARCH.tolist()}
    detail['nab'] = {
        'files': files,
        'published': {k: v['normalised_on_these_files'] for k, v in published.items()},
        'by_threshold': search,
    }
    figures = [common.figure('nab scoring against published', wrong, '1', target=1e-6)]
    for name in nab.PROFILES:
        target = BEST_PUBLISHED if name == 'standard' else None
        value = score(series, weights[name], None)
        figures.append(common.figure(f'nab {name}', value, '1', target=target, better='higher'))
    best = max(search.values())
    figures.append(common.figure('nab standard, best threshold', best, '1', better='higher'))
    return figures


def scoring_error(series: list[nab.Series], weights: nab.Weights, published: Any) -> float:
    """Return the largest difference to the published scores of detectors that we can run."""
    worst = 0.0
    for one in series:
        gauss = np.flatnonzero(nab.windowed_gaussian(one.value) >= 1.0 - 1e-12)
        for name, rows in (('windowedGaussian', gauss), ('null', np.zeros(0, dtype=int))):
            ours = nab.file_score(rows, one, weights)[0]
            worst = max(worst, abs(ours - published[name][one.name]))
    return worst


# -- series of our own


def on_own(per_family: int, seed: int, detail: dict[str, Any]) -> list[common.Figure]:
    """Series of our own with fresh seeds: families of signals, and every fault everywhere."""
    families = corpus(per_family, 1000 + seed)
    faults = factorial(max(per_family // 8, 1), 1000 + seed)
    detail['own'] = _by(families, lambda name: name.rpartition('_')[0])
    detail['faults'] = _by(faults, lambda name: name.partition('.')[2].rpartition('_')[0])
    detail['backgrounds'] = _by(faults, lambda name: name.partition('.')[0])
    weights = nab.Weights()
    return [
        common.figure('own series, standard', score(families, weights, None), '1',
                      better='higher'),
        common.figure('every fault on every background, standard', score(faults, weights, None),
                      '1', better='higher'),
    ]  # fmt: skip


def _by(series: list[nab.Series], of: Callable[[str], str]) -> dict[str, float]:
    parts: dict[str, list[nab.Series]] = {}
    for one in series:
        parts.setdefault(of(one.name), []).append(one)
    return {name: score(part, nab.Weights(), None) for name, part in parts.items()}


# -- a plant


def on_plant(size: int, args: Any, detail: dict[str, Any]) -> list[common.Figure]:
    """False warnings of healthy channels and delays of faults, after a warm-up without labels."""
    period, warm, days = 32.4, 7.0, 1.0
    budget = 150.0 * size / PLANT
    rules = replace(WatchRules(), budget=budget)
    plant = make_plant(size, period, args.seed)
    watch = Watch(size, STATES, rules)
    fault = np.zeros(size, dtype=int)
    broken = np.arange(0, size, 6)
    fault[broken] = 1 + np.arange(broken.size) % len(FAULTS)
    channel = np.arange(size, dtype=np.uint32)
    start, end = warm * 86_400.0, (warm + days) * 86_400.0
    false, first = 0, np.full(size, np.nan)
    hours = 0
    for k in range(int(end / period)):
        time = k * period
        if time / 3600.0 >= hours:
            hours += 1
            if time < start:
                watch.set_threshold()
        value = plant.sweep(time, fault, start)
        context = plant.context().astype(np.uint8)
        for sign in watch.feed(channel, np.full(size, time), value, context):
            if time >= start and fault[sign.channel] == 0:
                false += 1
            elif time >= start and np.isnan(first[sign.channel]):
                first[sign.channel] = time - start
    healthy = int((fault == 0).sum())
    a_day = false / days / healthy * PLANT
    figures = [common.figure('false warnings a day, 15,000 channels', a_day, '1/d', target=150)]
    delays = {}
    for number, name in enumerate(FAULTS, start=1):
        part = first[fault == number]
        found = float(np.isfinite(part).mean())
        median = float(np.nanmedian(np.where(np.isnan(part), np.inf, part)) / 60.0)
        delays[name] = {'found': found, 'median_minutes': median if np.isfinite(median) else None}
        figures.append(common.figure(f'{name}: found in a day', 100 * found, '%', better='higher'))
    detail['plant'] = {'threshold': watch.threshold, 'delays': delays, 'channels': size}
    return figures


if __name__ == '__main__':
    sys.exit(main())
