# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The command `python -m linehaul_sensors`: ask a history, look after it, check tables, report.

    python -m linehaul_sensors query FOLDER [CHANNEL…] --from T --to T [--every 1m]
        [--form table|csv|parquet|plot] [--out FILE]
    python -m linehaul_sensors compact FOLDER
    python -m linehaul_sensors retain FOLDER --days 30 [--minutes 400]
    python -m linehaul_sensors check CHANNELS [--alarms FILE]
    python -m linehaul_sensors report SENSORS.yaml JOURNAL --from T --to T [--json]

Times are UTC, such as 2026-11-22T06:00, or seconds since 1970, such as @1800000000, or `now`, or
what is to be taken from now, such as -8h.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from linehaul_sensors.alarm_file import read_alarms
from linehaul_sensors.alarm_table import limit_alarms
from linehaul_sensors.channel_file import read_channels
from linehaul_sensors.errors import SensorsError
from linehaul_sensors.history import History
from linehaul_sensors.history_days import downsample, forget, merge_days
from linehaul_sensors.history_query import Question, query
from linehaul_sensors.ids import ChannelId
from linehaul_sensors.readings import NS, Quality

if TYPE_CHECKING:
    import pyarrow as pa

_UNITS = {'s': 1.0, 'm': 60.0, 'h': 3600.0, 'd': 86_400.0}
_PANELS = 4  # channels that have an axis of their own
_SPAN = re.compile(r'(\d+(?:\.\d+)?)([smhd])\Z')


def span(text: str) -> float:
    """Return the seconds of a text such as 30s, 1m, 8h or 2d; 0 is 0.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    found = _SPAN.match(text)
    if text == '0':
        return 0.0
    if not found or float(found[1]) <= 0:
        raise argparse.ArgumentTypeError(f'{text!r} is no time span such as 30s, 1m, 8h or 2d')
    return float(found[1]) * _UNITS[found[2]]


def instant(text: str, now: float) -> int:
    """Return the nanoseconds of a time.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if text == 'now':
        return int(now * NS)
    if text.startswith('@'):
        return int(float(text[1:]) * NS)
    if text.startswith('-'):
        return int((now - span(text[1:])) * NS)
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f'{text!r} is no time: {error}') from error
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    return int(when.timestamp() * 1e6) * 1000


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    summary = (__doc__ or '').split('\n')[0]
    top = argparse.ArgumentParser(prog='linehaul_sensors', description=summary)
    verbs = top.add_subparsers(dest='verb', required=True)
    ask = verbs.add_parser('query', help='values or their minimum, mean and maximum')
    ask.add_argument('folder', type=Path)
    ask.add_argument('channels', nargs='*', metavar='CHANNEL', help='ids; none: all')
    ask.add_argument('--from', dest='start', default='-1h')
    ask.add_argument('--to', dest='end', default='now')
    ask.add_argument('--every', type=span, default=60.0, help='30s, 1m, 1h …; 0: single readings')
    ask.add_argument('--form', choices=['table', 'csv', 'parquet', 'plot'], default='table')
    ask.add_argument('--out', type=Path, help='file; needed for parquet and plot')
    ask.add_argument('--title', default='', help='of the plot')
    pack = verbs.add_parser('compact', help='bring closed segments into Parquet')
    pack.add_argument('folder', type=Path)
    pack.add_argument('--running', action='store_true', help='another process writes it now')
    keep = verbs.add_parser(
        'retain', help='merge days that are over; keep readings some days, minutes longer'
    )
    keep.add_argument('folder', type=Path)
    keep.add_argument('--days', type=int, required=True, help='of single readings')
    keep.add_argument('--minutes', type=int, default=400, help='days of minutes')
    keep.add_argument('--now', default='now', help='time that days are counted from')
    look = verbs.add_parser('check', help='check a channel table, and alarms that go with it')
    look.add_argument('channels', type=Path)
    look.add_argument('--alarms', type=Path)
    tell = verbs.add_parser('report', help='performance of the alarm system by ISA-18.2')
    tell.add_argument('sensors', type=Path, help='file of the sensor layer')
    tell.add_argument('journal', type=Path, help="the node's sensors.db")
    tell.add_argument('--from', dest='start', default='-1d')
    tell.add_argument('--to', dest='end', default='now')
    tell.add_argument('--json', action='store_true', help='print JSON')
    return top


def main(arguments: Sequence[str] | None = None, now: float | None = None) -> int:
    """Run the command; return its exit code."""
    import time

    args = parser().parse_args(_shield(sys.argv[1:] if arguments is None else arguments))
    verbs: dict[str, Callable[[argparse.Namespace, float], int]] = {
        'query': _query,
        'compact': _compact,
        'retain': _retain,
        'check': _check,
        'report': _report,
    }
    try:
        return verbs[args.verb](args, time.time() if now is None else now)
    except (SensorsError, argparse.ArgumentTypeError) as error:
        sys.stderr.write(f'{error}\n')
        return 2


def _shield(arguments: Sequence[str]) -> list[str]:
    """Join ``--from -8h`` to ``--from=-8h``, which argparse would take for an option."""
    found: list[str] = []
    for word in arguments:
        if found and found[-1] in ('--from', '--to'):
            found[-1] += f'={word}'
        else:
            found.append(word)
    return found


def _query(args: argparse.Namespace, now: float) -> int:
    if args.form in ('parquet', 'plot') and args.out is None:
        raise argparse.ArgumentTypeError(f'--form {args.form} needs --out FILE')
    channels = tuple(ChannelId(c) for c in args.channels)
    question = Question(instant(args.start, now), instant(args.end, now), channels, args.every)
    answer = query(args.folder, question)
    if args.form == 'parquet':
        import pyarrow.parquet as pq

        pq.write_table(answer, args.out)
    elif args.form == 'plot':
        plot(answer, args.out, args.title)
    elif args.out is None:
        _print(answer, args.form, sys.stdout)
    else:
        with args.out.open('w', encoding='utf-8') as file:
            _print(answer, args.form, file)
    return 0


def _print(answer: 'pa.Table', form: str, file: TextIO) -> None:
    names = answer.column_names
    rows = [names, *zip(*(_texts(answer, name) for name in names), strict=True)]
    if form == 'csv':
        file.writelines(','.join(row) + '\n' for row in rows)
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        file.write('  '.join(cells) + '\n')


def _texts(answer: 'pa.Table', name: str) -> list[str]:
    values = answer.column(name).to_pylist()
    if name == 'time':
        times = (datetime.fromtimestamp(v / 1000, timezone.utc) for v in values)
        return [f'{t:%Y-%m-%dT%H:%M:%S}.{t.microsecond // 1000:03d}Z' for t in times]
    if name in ('worst', 'quality'):
        return [Quality(v).name.lower() for v in values]
    return ['' if v is None else f'{v:.6g}' if isinstance(v, float) else str(v) for v in values]


def plot(answer: 'pa.Table', path: Path, title: str = '') -> None:
    """Draw each channel and the band of its minimum and maximum; a few: one above another."""
    import matplotlib as mpl

    mpl.use('Agg')
    from matplotlib import pyplot as plt

    names = answer.column('channel').unique().to_pylist()
    panels = len(names) if 1 < len(names) <= _PANELS else 1
    figure, grid = plt.subplots(
        panels, figsize=(10, 2 + 2 * panels), layout='constrained', sharex=True, squeeze=False
    )
    for k, name in enumerate(names):
        axes = grid[k if panels > 1 else 0, 0]
        rows = [row for row in answer.to_pylist() if row['channel'] == name]
        times: Any = [datetime.fromtimestamp(row['time'] / 1000, timezone.utc) for row in rows]
        key = 'mean' if 'mean' in rows[0] else 'value'
        axes.plot(times, [_number(row[key]) for row in rows], label=name, linewidth=1)
        if key == 'mean':
            low, high = ([_number(row[k]) for row in rows] for k in ('minimum', 'maximum'))
            axes.fill_between(times, low, high, alpha=0.25)
        axes.legend(loc='best', fontsize='small')
    grid[-1, 0].set_xlabel('UTC')
    grid[0, 0].set_title(title, fontsize='small', wrap=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _number(value: float | None) -> float:
    return float('nan') if value is None else value


def _compact(args: argparse.Namespace, _now: float) -> int:
    done = History(args.folder, []).compact(running=args.running)
    sys.stdout.write(
        f'{done.readings} readings of {done.segments} segments, {done.duplicates} duplicates left '
        f'out, {done.torn} bytes torn\n'
    )
    return 0


def _retain(args: argparse.Namespace, now: float) -> int:
    then = instant(args.now, now)
    merged = merge_days(args.folder, then)
    days = downsample(args.folder, args.days, then)
    gone = forget(args.folder, args.minutes, then)
    sys.stdout.write(f'{len(merged)} days merged, {len(days)} made minutes, {len(gone)} deleted\n')
    return 0


def _check(args: argparse.Namespace, _now: float) -> int:
    table = read_channels(args.channels)
    alarms = tuple(limit_alarms(table))
    if args.alarms is not None:
        alarms = read_alarms(args.alarms, table, alarms)
    machines = len(table.of_equipment())
    sys.stdout.write(f'{len(table)} channels of {machines} machines, {len(alarms)} alarms\n')
    return 0


def _report(args: argparse.Namespace, now: float) -> int:
    from linehaul_sensors import alarm_report

    start, end = (instant(text, now) / NS for text in (args.start, args.end))
    found = alarm_report.from_files(args.sensors, args.journal, start, end)
    if args.json:
        sys.stdout.write(json.dumps(found.to_json()) + '\n')
    else:
        sys.stdout.writelines(f'{line}\n' for line in alarm_report.lines(found))
    return 0
