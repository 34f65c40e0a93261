# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The common form of all benchmarks.

Every benchmark is a script in this folder that runs with no arguments but these:

    --out FILE.json   where the result goes (default: only the table is printed)
    --quick           a run below a minute
    --seed N          seed of everything random

and writes one JSON object: `benchmark`, `figures`, `machine`, `commit`, `seed`, `quick`, `started`
and its own detail. A script that needs other arguments for its standard runs names them in a
module constant `RUNS`, a list of argument lists.

    parser = common.argument_parser(__doc__)
    args = parser.parse_args()
    figures = [common.figure('load time', 0.24, 's', target=1.0, better='lower')]
    common.finish('floor', args, figures, detail={...})
"""

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
Better = Literal['lower', 'higher']


class Figure(TypedDict):
    """One measured value beside what it should reach; no target means it is for information."""

    name: str
    value: float
    unit: str
    target: float | None
    better: Better
    met: bool


def argument_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the arguments every benchmark takes."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--out', type=Path, metavar='FILE.json', help='write the result here')
    parser.add_argument('--quick', action='store_true', help='a run below a minute')
    parser.add_argument('--seed', type=int, default=1, help='seed of everything random')
    return parser


def figure(
    name: str,
    value: float,
    unit: str,
    *,
    target: float | None = None,
    better: Better = 'lower',
) -> Figure:
    """Return a figure; it is met when it is at its target or on the better side of it."""
    value = float(value)
    met = target is None or (value <= target if better == 'lower' else value >= target)
    met = met and not math.isnan(value)
    return Figure(name=name, value=value, unit=unit, target=target, better=better, met=met)


def finish(
    benchmark: str,
    args: argparse.Namespace,
    figures: Sequence[Figure],
    *,
    detail: Mapping[str, Any] | None = None,
    file: Any = None,
) -> dict[str, Any]:
    """Print the figures, write the result to --out, and return it.

    Args:
        benchmark: name of the benchmark.
        args: parsed arguments; `out`, `quick` and `seed` are used where present.
        figures: what was measured.
        detail: more keys of the result; they may not replace those of the common form.
        file: where the table goes, standard output where left out.

    Raises:
        ValueError: detail uses a key of the common form.
    """
    result: dict[str, Any] = {
        'benchmark': benchmark,
        'figures': list(figures),
        'machine': machine(),
        'commit': commit(),
        'seed': getattr(args, 'seed', None),
        'quick': bool(getattr(args, 'quick', False)),
        'started': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()),
    }
    taken = set(result) & set(detail or {})
    if taken:
        raise ValueError(f'detail may not replace {", ".join(sorted(taken))}')
    result.update(detail or {})
    print(table([(benchmark, one) for one in figures]), file=file or sys.stdout)
    out = getattr(args, 'out', None)
    if out is not None:
        write_json(Path(out), result)
    return result


def write_json(path: Path, content: Any) -> None:
    """Write JSON in one step, so that a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_plain(content), indent=1, allow_nan=False)
    with tempfile.NamedTemporaryFile('w', dir=path.parent, suffix='.part', delete=False) as file:
        file.write(text + '\n')
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def table(rows: Sequence[tuple[str, Figure]]) -> str:
    """Return the figures as a table for people."""
    header = ('benchmark', 'figure', 'value', 'target', 'unit', 'met')
    body = [
        (
            benchmark,
            one['name'],
            _number(one['value']),
            '' if one['target'] is None else _target(one),
            one['unit'],
            '' if one['target'] is None else ('yes' if one['met'] else 'NO'),
        )
        for benchmark, one in rows
    ]
    widths = [max(map(len, column)) for column in zip(header, *body, strict=True)]
    rule = tuple('-' * width for width in widths)
    return '\n'.join(_line(row, widths) for row in (header, rule, *body))


def measure(call: Callable[[], Any], repeat: int) -> np.ndarray:
    """Return (repeat,) seconds that each of `repeat` calls took."""
    seconds = np.empty(repeat)
    for index in range(repeat):
        begin = time.perf_counter()
        call()
        seconds[index] = time.perf_counter() - begin
    return seconds


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    return {
        'cpu': _cpu(),
        'cores': len(os.sched_getaffinity(0))
        if hasattr(os, 'sched_getaffinity')
        else os.cpu_count(),
        'system': f'{platform.system()} {platform.release()}',
        'python': platform.python_version(),
        'load': list(os.getloadavg()),
    }


def commit() -> str:
    """Return the commit of the source tree, with '+' where it has changes."""
    head = _git('rev-parse', '--short=12', 'HEAD')
    if not head:
        return 'unknown'
    return head + ('+' if _git('status', '--porcelain', '--untracked-files=no') else '')


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ['git', *arguments], cwd=ROOT, capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return ''
    return done.stdout.strip()


def _cpu() -> str:
    try:
        lines = Path('/proc/cpuinfo').read_text(encoding='utf-8').splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(':', 1)[1].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.machine()


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it: numpy as Python, NaN and infinity as null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _number(value: float) -> str:
    if value == 0.0 or not math.isfinite(value):
        return f'{value:g}'
    return f'{value:,.0f}' if abs(value) >= 10_000 else f'{value:.4g}'


def _target(one: Figure) -> str:
    return ('<= ' if one['better'] == 'lower' else '>= ') + _number(one['target'] or 0.0)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    right = {2, 3}
    return '  '.join(
        cell.rjust(width) if index in right else cell.ljust(width)
        for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ).rstrip()
