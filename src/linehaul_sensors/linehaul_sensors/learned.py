# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What early warning has learnt, on disk: a week of warm-up must survive a restart.

One file of arrays, replaced whole. Channels are found again by their ids, so that a changed
channel table loses only what is new in it. A file that cannot be read is told and counts as none.
"""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.errors import HistoryError
from linehaul_sensors.ids import ChannelId, EquipmentId
from linehaul_sensors.maintenance import Maintenance

FORM = 2


def save(path: Path, maintenance: Maintenance, table: ChannelTable, now: float) -> None:
    """Write what was learnt up to `now` [s].

    Raises:
        HistoryError: the disk is full or broken.
    """
    write(path, copy(maintenance, table, now))


def copy(maintenance: Maintenance, table: ChannelTable, now: float) -> dict[str, Any]:
    """Return what was learnt up to `now` [s] as arrays of their own, to be written at leisure."""
    models = maintenance.machines.models()
    about = {
        'form': FORM,
        'time': now,
        'channels': [channel.id for channel in table.channels],
        'machines': {
            name: [table.channels[k].id for k in channels]
            for name, channels in maintenance.health.machines.items()
            if name in models
        },
        'tolerance': maintenance.health.tolerance,
    }
    watch, health = maintenance.watch.snapshot(), maintenance.health.snapshot()
    arrays: dict[str, Any] = {f'watch_{k}': v.copy() for k, v in watch.items()}
    arrays |= {f'health_{k}': v.copy() for k, v in health.items()}
    arrays |= {f'time_{k}': v.copy() for k, v in maintenance.health.times().items()}
    arrays['tail'] = maintenance.watch.tail
    rows = list(models.values())
    arrays['model_size'] = np.array([row.size for row in rows], dtype=np.int64)
    arrays['model'] = np.concatenate(rows) if rows else np.zeros(0)
    arrays['about'] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    return arrays


def write(path: Path, arrays: dict[str, Any]) -> None:
    """Replace the file of what was learnt, in full or not at all.

    Raises:
        HistoryError: the disk is full or broken.
    """
    temporary = path.with_suffix('.part')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open('wb') as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise HistoryError(f'{path}: cannot write: {error}') from error


def load(path: Path, maintenance: Maintenance, table: ChannelTable) -> float:
    """Take in what was learnt, and return until when [s]; minus infinity: nothing.

    Raises:
        HistoryError: the file is damaged; nothing was taken in.
    """
    if not path.exists():
        return -np.inf
    try:
        with path.open('rb') as raw, np.load(raw, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(arrays['about'].tobytes())
        if about['form'] != FORM:
            raise ValueError(f'form {about["form"]} found, wanted {FORM}')
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise HistoryError(f'{path}: damaged: {error}') from error
    pairs = [
        (table.index[ChannelId(name)], k)
        for k, name in enumerate(about['channels'])
        if name in table.index
    ]
    here, there = (
        (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
        if (pairs)
        else (np.zeros(0, np.int64), np.zeros(0, np.int64))
    )
    parts = {
        kind: {k.removeprefix(kind): v for k, v in arrays.items() if k.startswith(kind)}
        for kind in ('watch_', 'health_', 'time_')
    }
    maintenance.watch.restore(parts['watch_'], arrays['tail'], here, there)
    maintenance.health.restore(parts['health_'], parts['time_'], here, there)
    maintenance.health.tolerance.update(
        {EquipmentId(name): float(wide) for name, wide in about['tolerance'].items()}
    )
    rows = np.split(arrays['model'], np.cumsum(arrays['model_size'])[:-1])
    for (name, channels), row in zip(about['machines'].items(), rows, strict=False):
        now = maintenance.health.machines.get(EquipmentId(name), ())
        if [table.channels[k].id for k in now] == channels:
            maintenance.machines.restore(EquipmentId(name), row.tolist())
    return float(about['time'])
