# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The stock as a table: export to and import from CSV and Parquet, by the file's ending.

One row a load, columns as in COLUMNS. Times are seconds of plant time, empty where not known. An
import is all or nothing and only adds loads: what is in the stock already is an error.
"""

from collections.abc import Iterable
from math import isfinite, isnan, nan
from pathlib import Path
from typing import Any

from linehaul_warehouse import events as ev
from linehaul_warehouse.errors import ImportFileError
from linehaul_warehouse.ids import CellId, ItemId, LoadId, Lot, OrderId
from linehaul_warehouse.model import Load, Place, PlaceKind, Quality
from linehaul_warehouse.state import State

TEXT = ('load_id', 'item_id', 'lot', 'quality', 'order_id', 'owner', 'place', 'cell_id')
NUMBERS = ('received', 'expires', 'wanted', 'weight', 'height', 'held_until')
HELD = ('held_by', 'held_for')
COLUMNS = (*TEXT, 'quantity', *NUMBERS, *HELD)


def rows(loads: Iterable[Load]) -> list[dict[str, Any]]:
    """Return one dictionary a load; NaN becomes None."""
    found = []
    for load in loads:
        row: dict[str, Any] = {
            'load_id': load.id,
            'item_id': load.item_id,
            'lot': load.lot,
            'quality': load.quality.name,
            'order_id': load.order_id,
            'owner': load.owner,
            'place': load.place.kind.name,
            'cell_id': load.place.id,
            'quantity': load.quantity,
            'held_by': load.held_by,
            'held_for': load.held_for,
        }
        for name in NUMBERS:
            value = getattr(load, name)
            row[name] = value if isfinite(value) else None
        found.append(row)
    return found


def export_stock(state: State, path: Path) -> int:
    """Write the stock; returns the number of loads.

    Raises:
        ImportFileError: the ending is neither .csv nor .parquet.
    """
    return _write(rows(sorted(state.facts.loads.values(), key=lambda load: load.id)), path)


def _write(content: list[dict[str, Any]], path: Path) -> int:
    import pyarrow as pa
    from pyarrow import csv, parquet

    kinds = {name: pa.string() for name in (*TEXT, *HELD)} | {'quantity': pa.int64()}
    kinds |= dict.fromkeys(NUMBERS, pa.float64())
    schema = pa.schema([(name, kinds[name]) for name in COLUMNS])
    table = pa.Table.from_pylist(content, schema=schema)
    if path.suffix == '.csv':
        csv.write_csv(table, path)
    elif path.suffix == '.parquet':
        parquet.write_table(table, path)
    else:
        raise ImportFileError(f'{path}: found ending {path.suffix!r}, wanted .csv or .parquet')
    return len(content)


def read_stock(state: State, path: Path, now: float) -> list[ev.Event]:
    """Return the events that take a file of stock in.

    Args:
        state: what is there already.
        path: .csv or .parquet; columns that are missing count as empty, load_id and cell_id must
            be there.
        now: plant time [s], for loads without received.

    Raises:
        ImportFileError: with the first ten problems; nothing may be taken in then.
    """
    table = _read(path)
    problems: list[str] = []
    found: list[ev.Event] = []
    seen: set[str] = set()
    for number, row in enumerate(table, 1):
        problem, load = _load(row, now)
        if load is not None:
            problem = _clash(state, load, seen)
            seen |= {load.id, load.place.id}
            found.append(ev.LoadReceived(load))
        if problem:
            problems.append(f'row {number}: {problem}')
    if problems:
        more = f'; and {len(problems) - 10} more' if len(problems) > 10 else ''
        raise ImportFileError(f'{path}: ' + '; '.join(problems[:10]) + more)
    return found


def _read(path: Path) -> list[dict[str, Any]]:
    import pyarrow as pa
    from pyarrow import csv, parquet

    try:
        if path.suffix == '.csv':
            options = csv.ConvertOptions(
                column_types=dict.fromkeys((*TEXT, *HELD), pa.string()), strings_can_be_null=True
            )
            table = csv.read_csv(path, convert_options=options)
        elif path.suffix == '.parquet':
            table = parquet.read_table(path)
        else:
            raise ImportFileError(f'{path}: found ending {path.suffix!r}, wanted .csv or .parquet')
    except (OSError, pa.ArrowException) as error:
        raise ImportFileError(f'{path}: cannot read: {error}') from error
    strange = set(table.column_names) - set(COLUMNS)
    lacking = {'load_id', 'cell_id'} - set(table.column_names)
    if strange or lacking:
        text = f'found columns {sorted(strange)} unknown, {sorted(lacking)} missing'
        raise ImportFileError(f'{path}: {text}; wanted {", ".join(COLUMNS)}')
    return table.to_pylist()  # type: ignore[no-any-return]


def _load(row: dict[str, Any], now: float) -> tuple[str, Load | None]:
    def text(name: str) -> str:
        return str(row.get(name) or '')

    numbers = {}
    for name in NUMBERS:
        value = row.get(name)
        if value is not None and not isinstance(value, int | float):
            return f'{name}: found {value!r}, wanted a number', None
        numbers[name] = nan if value is None else float(value)
    quantity = row.get('quantity', 0) or 0
    quality = text('quality') or 'RELEASED'
    if not isinstance(quantity, int) or quantity < 0:
        return f'quantity: found {quantity!r}, wanted a whole number of at least 0', None
    if quality not in Quality.__members__:
        return f'quality: found {quality!r}, wanted one of {list(Quality.__members__)}', None
    if not text('load_id'):
        return 'load_id: found nothing, wanted an id', None
    if text('place') not in ('', 'CELL'):
        return f'place: found {text("place")!r}, wanted CELL: count other loads in by hand', None
    received = numbers['received']  # reservations are not taken in: who made them does it again
    load = Load(
        LoadId(text('load_id')),
        ItemId(text('item_id')),
        Lot(text('lot')),
        quantity,
        Place(PlaceKind.CELL, text('cell_id')),
        now if isnan(received) else received,
        Quality[quality],
        OrderId(text('order_id')),
        text('owner'),
        weight=numbers['weight'],
        height=numbers['height'],
        expires=numbers['expires'],
        wanted=numbers['wanted'],
    )
    return '', load


def _clash(state: State, load: Load, seen: set[str]) -> str:
    cell = CellId(load.place.id)
    if load.id in state.facts.loads or load.id in seen:
        return f'load {load.id} is there already'
    if cell not in state.rack.index:
        return f'cell_id: found {cell!r}, wanted a cell of {state.rack.id}'
    if not state.free[state.rack.index[cell]] or cell in seen:
        return f'cell {cell} is not free'
    return ''
