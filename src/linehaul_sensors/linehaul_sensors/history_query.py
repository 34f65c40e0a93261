# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Questions to a history: one small API over DuckDB.

A query sees compacted hours, old days of which only minutes are left, and segments that are not
compacted yet. Where whole hours are asked for, their sums are read instead of their readings.
Minimum, mean and maximum are of usable values (good and uncertain); `worst` is the worst quality
of all readings in the interval.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linehaul_sensors.errors import HistoryError
from linehaul_sensors.history import DAY, HOUR, MS, WHOLE_DAY, channel_numbers
from linehaul_sensors.ids import ChannelId
from linehaul_sensors.readings import NS, Quality, concatenate
from linehaul_sensors.segments import SUFFIX, read_segment

if TYPE_CHECKING:
    import pyarrow as pa

_TRIES = 5
_COLUMNS = 'channel, time, low, high, total, count, worst'
_USABLE = f'quality < {int(Quality.BAD)}'
#: Readings as rows of sums, as the tiers of hours and minutes hold them.
AS_PARTS = f"""
SELECT channel, time,
       CASE WHEN {_USABLE} THEN value END AS low,
       CASE WHEN {_USABLE} THEN value END AS high,
       CASE WHEN {_USABLE} THEN value END AS total,
       CAST({_USABLE} AS BIGINT) AS count,
       quality AS worst
FROM """


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        start, end: [ns] from, and up to but without.
        channels: ids; empty means all.
        every: [s] interval of the answer; 0: single readings.
    """

    start: int
    end: int
    channels: tuple[ChannelId, ...] = ()
    every: float = 60.0


def query(folder: Path, question: Question) -> 'pa.Table':
    """Return channel, time [ms], minimum, mean, maximum, count, worst; or single readings.

    Single readings have channel, time [ms], value, quality and flags. Rows are sorted by channel
    and time.

    Raises:
        HistoryError: a channel is not known, or the interval makes no sense.
    """
    import duckdb

    names = channel_numbers(folder)
    unknown = [c for c in question.channels if c not in names]
    if unknown:
        raise HistoryError(f'history {folder}: no channel {", ".join(map(repr, unknown[:5]))}')
    if question.end <= question.start or question.every < 0:
        raise HistoryError('the end must be after the start, and the interval 0 or more')
    for _ in range(_TRIES):
        before = _compactions(folder)
        with _database().cursor() as db:
            _register_names(db, {c: names[c] for c in question.channels} or names)
            db.register('fresh', _fresh(folder))
            make = _single if question.every == 0 else _intervals
            try:
                answer = db.sql(make(folder, question, _where(question, names))).to_arrow_table()
            except duckdb.IOException:
                continue  # a file was compacted or downsampled away meanwhile
        if before == _compactions(folder):
            return answer
    raise HistoryError(f'history {folder}: files change faster than they can be read')


@cache
def _database() -> Any:
    """Return the process's database in memory; making one takes longer than most questions."""
    import duckdb

    db = duckdb.connect()
    db.execute('SET threads = 1')
    return db


def _compactions(folder: Path) -> tuple[bool, int]:
    """Return what changes when files are moved: a commit under way, and how many were done."""
    count = folder / 'commits'
    return (folder / 'commit.json').exists(), count.stat().st_size if count.exists() else 0


def _register_names(db: Any, names: dict[ChannelId, int]) -> None:
    import pyarrow as pa

    number = pa.array(list(names.values()), pa.uint32())
    db.register('names', pa.table({'number': number, 'id': pa.array(list(names), pa.string())}))


def _where(question: Question, names: dict[ChannelId, int]) -> str:
    parts = [f'time >= {-(-question.start // MS)}', f'time < {-(-question.end // MS)}']
    if question.channels:
        parts.append(f'channel IN ({", ".join(str(names[c]) for c in question.channels)})')
    return ' AND '.join(parts)


def _files(folder: Path, tier: str, question: Question) -> list[Path]:
    day = datetime.fromtimestamp(question.start // DAY * DAY / NS, timezone.utc)
    end = datetime.fromtimestamp(-(-question.end // NS), timezone.utc)
    found: list[Path] = []
    if (end - day).days > 4000:
        return sorted((folder / tier).glob('day=*/**/*.parquet'))
    while day < end:
        found += sorted((folder / tier / f'day={day:%Y-%m-%d}').glob('**/*.parquet'))
        day += timedelta(days=1)
    if tier == 'raw':
        first = f'day={datetime.fromtimestamp(question.start / NS, timezone.utc):%Y-%m-%d/hour=%H}'
        last = f'day={end:%Y-%m-%d/hour=%H}'
        within = [(str(p.parent.relative_to(folder / tier)), p) for p in found]
        found = [p for n, p in within if n.endswith(WHOLE_DAY) or first <= n <= last]
    return found


def _source(folder: Path, tier: str, question: Question) -> str | None:
    files = _files(folder, tier, question)
    if not files:
        return None
    listed = ', '.join("'" + str(path).replace("'", "''") + "'" for path in files)
    return f'read_parquet([{listed}], hive_partitioning = false)'


def _single(folder: Path, question: Question, where: str) -> str:
    raw = _source(folder, 'raw', question)
    columns = 'channel, time, value, quality, flags'
    parts = [f'SELECT {columns} FROM {s} WHERE {where}' for s in (raw, 'fresh') if s]
    return (
        f'SELECT id AS channel, time, value, quality, flags FROM ({" UNION ALL ".join(parts)}) '
        'JOIN names ON number = channel ORDER BY id, time'
    )


def _intervals(folder: Path, question: Question, where: str) -> str:
    step = max(int(question.every * 1000), 1)
    parts = [f'{AS_PARTS} fresh WHERE {where}']
    for tier, piece in _pieces(question):
        source = _source(folder, tier, piece)
        if source is None:
            continue
        limits = f'time >= {-(-piece.start // MS)} AND time < {-(-piece.end // MS)} AND {where}'
        if tier == 'raw':
            parts.append(f'{AS_PARTS} {source} WHERE {limits}')
        else:
            parts.append(f'SELECT {_COLUMNS} FROM {source} WHERE {limits}')
    return f"""
SELECT id AS channel, bucket * {step} AS time, minimum, mean, maximum, count, worst FROM (
    SELECT channel, time // {step} AS bucket, min(low) AS minimum,
           sum(total) / nullif(sum(count), 0) AS mean, max(high) AS maximum,
           CAST(sum(count) AS BIGINT) AS count, max(worst) AS worst
    FROM ({' UNION ALL '.join(parts)})
    GROUP BY channel, bucket)
JOIN names ON number = channel ORDER BY id, time"""


def _pieces(question: Question) -> list[tuple[str, Question]]:
    """Return which files answer which part: whole hours have their sums written down."""
    begin, end = -(-question.start // HOUR) * HOUR, question.end // HOUR * HOUR
    if question.every % 3600.0 or end <= begin:
        return [('raw', question), ('minute', question)]
    edges = [replace(question, end=begin), replace(question, start=end)]
    pieces = [('hour', replace(question, start=begin, end=end))]
    for edge in edges:
        if edge.start < edge.end:
            pieces += [('raw', edge), ('minute', edge)]
    return pieces


def _fresh(folder: Path) -> 'pa.Table':
    """Return the readings of segments that are not compacted yet."""
    import pyarrow as pa

    batches = []
    for path in sorted((folder / 'segments').glob(f'*{SUFFIX}')):
        if path.exists():
            batches.append(read_segment(path).readings)
    found = concatenate(batches)
    return pa.table(
        {
            'channel': found.channel,
            'time': found.time // MS,
            'value': found.value,
            'quality': found.quality,
            'flags': found.flags,
        }
    )
