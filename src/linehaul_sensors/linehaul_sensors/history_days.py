# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of days: merged when they are over, thinned to minutes when they are old.

A day that is over becomes one file, sorted by channel, so that a question about one channel opens
one file instead of 24. Each step is done in full or not at all (see `history.commit`).
"""

import os
import shutil
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

from linehaul_sensors.errors import HistoryError
from linehaul_sensors.history import WHOLE_DAY, commit, sole, write_table
from linehaul_sensors.history_query import AS_PARTS
from linehaul_sensors.readings import NS

_LATE = 4  # files that may be beside a day's file before it is merged again
_CHANNELS = 500  # merged at a time


def merge_days(folder: Path, now: int) -> list[str]:
    """Bring the files of each day that is over into one; return the days.

    Raises:
        HistoryError: the disk is full; nothing is lost.
    """
    today = f'day={datetime.fromtimestamp(now / NS, timezone.utc):%Y-%m-%d}'
    done = []
    with sole(folder) as alone:
        for day in sorted((folder / 'raw').glob('day=*')) if alone else []:
            files = sorted(day.glob('**/*.parquet'))
            merged = any(path.parent.name == WHOLE_DAY for path in files)
            if day.name < today and len(files) > (_LATE if merged else 1):
                _merge(folder, day, files)
                done.append(day.name)
    return done


def _merge(folder: Path, day: Path, files: Sequence[Path]) -> None:
    import duckdb
    import pyarrow.parquet as pq

    target = day / WHOLE_DAY / f'{uuid.uuid4().hex}.parquet'
    temporary = target.with_suffix('.part')
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as db:
            db.execute('SET threads = 1')
            source = f'read_parquet([{_listed(files)}], hive_partitioning = false)'
            most = db.sql(f'SELECT max(channel) AS most FROM {source}').to_arrow_table()
            last = most.column('most').to_pylist()[0] or 0
            writer = None
            for first in range(0, last + 1, _CHANNELS):
                part = db.sql(
                    f'SELECT * FROM {source} WHERE channel >= {first} '
                    f'AND channel < {first + _CHANNELS} ORDER BY channel, time'
                ).to_arrow_table()
                writer = writer or pq.ParquetWriter(temporary, part.schema, **write_table())
                writer.write_table(part, row_group_size=131_072)
            if writer is not None:
                writer.close()
        moves = {str(temporary.relative_to(folder)): str(target.relative_to(folder))}
        commit(folder, moves, files)
    except (OSError, duckdb.Error) as error:
        raise HistoryError(f'history {folder}: cannot merge {day.name}: {error}') from error
    for hour in day.glob('hour=*'):
        if not any(hour.iterdir()):
            hour.rmdir()


def _listed(files: Sequence[Path]) -> str:
    return ', '.join("'" + str(path).replace("'", "''") + "'" for path in files)


def downsample(folder: Path, keep_days: int, now: int) -> list[str]:
    """Replace the readings of days older than `keep_days` by minutes; return the days.

    Raises:
        HistoryError: the disk is full; nothing is lost.
    """
    import duckdb

    last = datetime.fromtimestamp(now / NS, timezone.utc) - timedelta(days=keep_days)
    done = []
    for day in sorted((folder / 'raw').glob('day=*')):
        if day.name >= f'day={last:%Y-%m-%d}':
            continue
        files = sorted(day.glob('**/*.parquet'))
        target = folder / 'minute' / day.name / f'{uuid.uuid4().hex}.parquet'
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_suffix('.part')
        try:
            with duckdb.connect() as db:
                db.execute('SET threads = 1')
                db.execute(_to_minutes(files, temporary))
            moves = {str(temporary.relative_to(folder)): str(target.relative_to(folder))}
            commit(folder, moves, files)
        except (OSError, duckdb.IOException) as error:
            raise HistoryError(f'history {folder}: cannot downsample: {error}') from error
        shutil.rmtree(day, ignore_errors=True)
        done.append(day.name)
    return done


def _to_minutes(files: Sequence[Path], target: Path) -> str:
    listed = _listed(files)
    name = str(target).replace("'", "''")
    return f"""
COPY (SELECT channel, time // 60000 * 60000 AS time, min(low) AS low, max(high) AS high,
             sum(total) AS total, CAST(sum(count) AS BIGINT) AS count, max(worst) AS worst
      FROM ({AS_PARTS} read_parquet([{listed}], hive_partitioning = false))
      GROUP BY ALL ORDER BY channel, time)
TO '{name}' (FORMAT parquet, COMPRESSION zstd)"""


def forget(folder: Path, keep_days: int, now: int) -> list[str]:
    """Delete the minutes and hours of days older than `keep_days`; return the days."""
    last = datetime.fromtimestamp(now / NS, timezone.utc) - timedelta(days=keep_days)
    days = [p for tier in ('minute', 'hour') for p in (folder / tier).glob('day=*')]
    old = [p for p in days if p.name < f'day={last:%Y-%m-%d}']
    for path in old:
        shutil.rmtree(path)
    return sorted({path.name for path in old})


def size_on_disk(folder: Path) -> int:
    """Return the bytes of all files of a history."""
    return sum(os.stat(path).st_size for path in folder.rglob('*') if path.is_file())
