# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Runs every benchmark, one after the other, and prints one table of their figures.

    python benchmarks [--quick] [--only floor oneshot] [--out FOLDER] [--strict]

Each benchmark runs in a process of its own. Exit code 0: all ran; 1: at least one broke off (or,
with --strict, missed a target); 2: wrong arguments.
"""

import argparse
import ast
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import common

_NOT_BENCHMARKS = {'common', '__main__', '__init__', 'conftest'}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog='benchmarks',
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    known = names()
    parser.add_argument('--quick', action='store_true', help='every run below a minute')
    parser.add_argument('--seed', type=int, default=1, help='seed of everything random')
    parser.add_argument('--only', nargs='+', choices=known, metavar='NAME', help=', '.join(known))
    parser.add_argument('--out', type=Path, metavar='FOLDER', help='keep the results here')
    parser.add_argument('--strict', action='store_true', help='a missed target is an error')
    parser.add_argument('--timeout', type=float, default=3600.0, help='seconds for one run')
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.out or Path(scratch)
        results = {
            label: run(script, extra, folder / f'{label}.json', args)
            for script, label, extra in runs(args.only or known)
        }
    return report(results, strict=args.strict)


def names() -> list[str]:
    """Return the benchmarks of this folder."""
    here = Path(__file__).resolve().parent
    return sorted(
        file.stem
        for file in here.glob('*.py')
        if file.stem not in _NOT_BENCHMARKS and not file.stem.startswith('_')
    )


def runs(wanted: list[str]) -> list[tuple[Path, str, list[str]]]:
    """Return script, label and extra arguments of every run, from RUNS where a script has it."""
    here = Path(__file__).resolve().parent
    found = []
    for name in wanted:
        script = here / f'{name}.py'
        extras = standard_runs(script.read_text(encoding='utf-8')) or [[]]
        for index, extra in enumerate(extras):
            label = name if len(extras) == 1 else f'{name}_{index + 1}'
            found.append((script, label, extra))
    return found


def standard_runs(source: str) -> list[list[str]] | None:
    """Return the literal RUNS of a script, read without running it."""
    for node in ast.parse(source).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, 'target', None)
        if isinstance(target, ast.Name) and target.id == 'RUNS' and node.value is not None:
            return [[str(word) for word in words] for words in ast.literal_eval(node.value)]
    return None


def run(script: Path, extra: list[str], out: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Return the result of one run, or {'error': why} where it broke off."""
    command = [sys.executable, str(script), *extra, '--out', str(out), '--seed', str(args.seed)]
    command += ['--quick'] if args.quick else []
    print(f'-- {out.stem} ...', file=sys.stderr, flush=True)
    out.unlink(missing_ok=True)
    begin = time.monotonic()
    try:
        done = subprocess.run(
            command,
            cwd=common.ROOT,
            capture_output=True,
            text=True,
            timeout=args.timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {'error': f'did not end within {args.timeout:g} s'}
    print(f'-- {out.stem}: {time.monotonic() - begin:.1f} s', file=sys.stderr, flush=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ['no message'])[-1]
        return {'error': f'exit code {done.returncode}: {last}'}
    try:
        return dict(json.loads(out.read_text(encoding='utf-8')))
    except (OSError, ValueError) as error:
        return {'error': f'left no result: {error}'}


def report(results: dict[str, dict[str, Any]], *, strict: bool) -> int:
    """Print the table and what broke off; return the exit code."""
    rows = [(label, one) for label, result in results.items() for one in result.get('figures', [])]
    if rows:
        print(common.table(rows))
    broken = {label: result['error'] for label, result in results.items() if 'error' in result}
    for label, error in broken.items():
        print(f'{label}: {error}', file=sys.stderr)
    missed = sum(not one['met'] for _, one in rows)
    print(f'{len(results)} runs, {len(broken)} broken off, {len(rows)} figures, {missed} missed')
    return 1 if broken or (strict and missed) else 0


if __name__ == '__main__':
    sys.exit(main())
