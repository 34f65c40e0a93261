# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures of benchmarks/asrs.py."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from linehaul_warehouse.travel import dual_command, single_command

matplotlib.use('Agg')
import matplotlib.pyplot as plt


def draw(path: Path, detail: dict[str, Any]) -> None:
    """Draw cycle means, class cuts and pairing into one PNG."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13.0, 4.0))
    _cycles(left, detail['continuous'])
    _classes(middle, detail['classes'])
    _pairing(right, detail['pairing'])
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _cycles(axes: Any, rows: list[dict[str, float]]) -> None:
    b = np.linspace(0.05, 1.0, 60)
    axes.plot(b, [single_command(1.0, x) for x in b], color='tab:grey', label='Bozer-White')
    axes.plot(b, [dual_command(1.0, x) for x in b], color='tab:grey')
    for key in ('SC/T', 'DC/T'):
        axes.plot([r['b'] for r in rows], [r[key] for r in rows], 'o', label=f'simulated {key}')
    axes.set(title='Mean cycle', xlabel='b', ylabel='travel / T')
    axes.legend()


def _classes(axes: Any, rows: list[dict[str, Any]]) -> None:
    x = np.arange(len(rows))
    for k, name in enumerate(('full turnover', '2 classes', '3 classes')):
        axes.bar(x + (k - 1) * 0.27, [r['cuts'][k] for r in rows], 0.25, label=name)
        axes.plot(x + (k - 1) * 0.27, [r['table'][k] for r in rows], 'k_', markersize=12)
    axes.set_xticks(x, [f'{r["share"]:.0%}' for r in rows])
    axes.set(title='Travel cut (line: table)', xlabel='carried by 20 % of items', ylabel='%')
    axes.legend()


def _pairing(axes: Any, rows: list[dict[str, Any]]) -> None:
    x = np.arange(len(rows))
    for k, name in enumerate(('NN', 'ours')):
        axes.bar(x + (k - 0.5) * 0.36, [r[name] for r in rows], 0.34, label=name)
    axes.axhline(1.8, color='tab:grey', label='FCFS')
    axes.set_xticks(x, [f'({r["n"]},{r["m"]})' for r in rows])
    axes.set(title='Dual cycles of a block', xlabel='(retrievals, open cells)', ylabel='DC / T')
    axes.set_ylim(1.2, 1.85)
    axes.legend()
