# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A picture of a shift: how late deliveries were under each way to assign."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

COLOURS = ('#1b6ca8', '#d97b29', '#8a8a8a')


def picture(policies: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Draw mean lateness, late deliveries and the spread of lateness; the file's ending counts."""
    figure = Figure(figsize=(10.0, 3.6), layout='constrained')
    FigureCanvasAgg(figure)
    means, counts, spread = figure.subplots(1, 3, width_ratios=(1, 1, 2))
    names = list(policies)
    colours = dict(zip(names, COLOURS, strict=False))
    bars = [
        (means, 'mean lateness [s]', [policies[n]['mean_lateness_s'] for n in names]),
        (counts, 'late deliveries', [policies[n]['late'] for n in names]),
    ]
    for axes, title, values in bars:
        drawn = axes.bar(range(len(names)), values, color=[colours[n] for n in names])
        axes.bar_label(drawn, fmt='%.3g')
        axes.set_xticks([])
        axes.set_title(title)
    for name in names:
        late = np.sort(policies[name]['lateness_s'])[::-1]
        spread.step(np.arange(1, late.size + 1), late / 60.0, color=colours[name], label=name)
    spread.set_xlabel('deliveries, latest first')
    spread.set_ylabel('late by [min]')
    spread.set_title('lateness of each delivery')
    late = [np.count_nonzero(policies[n]['lateness_s']) for n in names]
    spread.set_xlim(0, max(10, 1.1 * max(late, default=0)))
    spread.legend(frameon=False)
    for axes in (means, counts, spread):
        axes.spines[['top', 'right']].set_visible(False)
    figure.savefig(path)
