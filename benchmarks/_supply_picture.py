# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A picture of how lines were fed: their stock over time, and when they stood."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def picture(detail: Mapping[str, Any], path: Path) -> None:
    """Draw the first seed of each part; the file's ending counts."""
    rows: list[tuple[str, Mapping[str, Any]]] = []
    rows += [('an hour at the reference rate', run) for run in detail.get('hour', [])[:1]]
    for name, runs in detail.get('changes', {}).items():
        rows += [(f'changes, {name}', run) for run in runs[:1]]
    figure = Figure(figsize=(9.0, 2.6 * max(len(rows), 1)), layout='constrained')
    FigureCanvasAgg(figure)
    drawn = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
    for axes, (title, run) in zip(drawn, rows, strict=True):
        for line, (times, stock) in run['curves'].items():
            axes.plot([t / 60.0 for t in times], stock, label=line, linewidth=1.0)
        _stops(axes, run['stops'])
        for time, text in run['happened']:
            axes.axvline(time / 60.0, color='#999999', linewidth=0.8, linestyle=':')
            axes.text(time / 60.0, axes.get_ylim()[1], text, fontsize=6, rotation=20)
        axes.set(title=title, ylabel='parts beside the line')
        axes.spines[['top', 'right']].set_visible(False)
    drawn[-1].set_xlabel('min; red: a line stands for want of parts')
    drawn[0].legend(frameon=False, ncols=4, fontsize=7)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _stops(axes: Any, stops: Sequence[tuple[str, float, float | None, str]]) -> None:
    for _, begin, seconds, _ in stops:
        axes.axvspan(begin / 60.0, (begin + (seconds or 30.0)) / 60.0, color='#d62728', alpha=0.3)
