# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The shift file: what each line builds, when it rests, and which parts come in line order.

```yaml
format: 1
lines:
  fa1:
    models:                                   # bill: parts by station and item, for one unit
      small: {bill: {fa1_01: {casing: 1}}}
      large: {bill: {fa1_01: {casing: 2}}, work: {fa1_01: 40.0}}
    shares: {small: 3, large: 1}              # of a mix that nobody has sequenced
    changeover: 60.0                          # [s] when a unit of another family follows
    families: {small: split, large: split}    # without: each model is its own
    frozen: 20                                # units behind the first station
    spacing: {inverter: [1, 2]}               # option: at most so many in so many slots
    breaks: [[7200, 8100]]                    # [s] from the first step
    jis: {fa1_02: [compressor]}               # containers packed for the next units, in order
    kits: {fa1_03: kit_fa1_03}                # one kit for a unit, in order; bills list its parts
```

All keys but `format` and `lines` are optional; a line without models builds the plant file's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

from linehaul_floor import Line, Plant
from linehaul_line.errors import ProductError
from linehaul_line.ids import ItemId, LineId, ModelId, StationId
from linehaul_line.line import PartKey
from linehaul_line.pace import Break
from linehaul_line.product import Model, parse_products, standard_model

_KEYS = {
    'models',
    'shares',
    'changeover',
    'families',
    'frozen',
    'breaks',
    'jis',
    'kits',
    'spacing',
}


@dataclass(frozen=True, slots=True)
class LineShift:
    """What a line does in a shift.

    models: as the line takes them, kits for their parts. shares: units of each in a round of the
    mix. breaks: [s] from the first step. jis: parts that come in line order, kits with them.
    spacing: at most so many of an option in so many slots.
    """

    models: tuple[Model, ...]
    shares: Mapping[ModelId, int] = field(default_factory=dict)
    changeover: float = 0.0
    families: Mapping[ModelId, str] = field(default_factory=dict)
    frozen: int = 20
    breaks: tuple[Break, ...] = ()
    jis: frozenset[PartKey] = frozenset()
    spacing: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def parse_shift(document: Any, plant: Plant) -> dict[LineId, LineShift]:
    """Return what each line that is named does; the others do what the plant file says.

    Raises:
        ProductError: with every problem found.
    """
    body = document.get('lines') if isinstance(document, Mapping) else None
    if not isinstance(body, Mapping) or document.get('format') != 1:
        raise ProductError('wanted format: 1 and lines by their id')
    problems = [f'{key}: no such key' for key in sorted(set(document) - {'format', 'lines'})]
    found: dict[LineId, LineShift] = {}
    for name, one in body.items():
        line = plant.lines.get(name)
        if line is None:
            problems.append(f'lines, {name}: wanted one of {", ".join(plant.lines)}')
        elif not isinstance(one, Mapping):
            problems.append(f'lines, {name}: {one!r} found, wanted a mapping')
        else:
            found[line.id] = _line(plant, line, one, problems)
    if problems:
        raise ProductError('\n  '.join([f'{len(problems)} problem(s)', *problems]))
    return found


def plain_shift(plant: Plant, line: Line) -> LineShift:
    """Return a shift of the plant file's own model, without breaks."""
    return LineShift((standard_model(plant, line),))


def _line(plant: Plant, line: Line, body: Mapping[str, Any], problems: list[str]) -> LineShift:
    problems += [f'{line.id}, {key}: no such key' for key in sorted(set(body) - _KEYS)]
    try:
        given = body.get('models')
        listed = (
            (standard_model(plant, line),) if given is None else parse_products(given, plant, line)
        )
    except ProductError as error:
        problems.append(f'{line.id}, models: {error}')
        return LineShift(())
    kits = _kits(plant, line, body.get('kits', {}), problems)
    names = {model.id for model in listed}
    shares, families = body.get('shares', {}), body.get('families', {})
    for key, table in (('shares', shares), ('families', families)):
        if not isinstance(table, Mapping) or not set(table) <= names:
            problems.append(f'{line.id}, {key}: {table!r} found, wanted models of the line')
    if isinstance(shares, Mapping):
        wrong = [name for name, n in shares.items() if type(n) is not int or n < 1]
        problems += [f'{line.id}, shares, {n}: {shares[n]!r} found, wanted 1 up' for n in wrong]
    models = tuple(_with_kits(model, kits) for model in listed)
    jis = _jis(models, body.get('jis', {}), f'{line.id}, jis', problems)
    return LineShift(
        models,
        shares,
        _number(body, 'changeover', line, problems),
        families,
        int(_number(body, 'frozen', line, problems, 20)),
        _breaks(body.get('breaks', ()), f'{line.id}, breaks', problems),
        jis | {(station, item) for station, item in kits.items()},
        _spacing(listed, body.get('spacing', {}), f'{line.id}, spacing', problems),
    )


def _spacing(
    models: Iterable[Model], body: Any, where: str, problems: list[str]
) -> dict[str, tuple[int, int]]:
    options = {option for model in models for option in model.options}
    found = {}
    for name, pair in body.items() if isinstance(body, Mapping) else [('', body)]:
        fits = isinstance(pair, list) and len(pair) == 2 and all(type(x) is int for x in pair)
        if name not in options or not fits or not 1 <= pair[0] <= pair[1]:
            problems.append(f'{where}, {name}: {pair!r} found, wanted an option: [most, of]')
        else:
            found[str(name)] = (pair[0], pair[1])
    return found


def _number(
    body: Mapping[str, Any], key: str, line: Line, problems: list[str], usual: float = 0.0
) -> float:
    value = body.get(key, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
        problems.append(f'{line.id}, {key}: {value!r} found, wanted a number from 0 on')
        return usual
    return float(value)


def _breaks(rows: Any, where: str, problems: list[str]) -> tuple[Break, ...]:
    found: list[Break] = []
    for row in rows if isinstance(rows, Iterable) and not isinstance(rows, str) else [rows]:
        pair = list(row) if isinstance(row, list | tuple) else []
        if len(pair) != 2 or not all(type(x) in (int, float) and isfinite(x) for x in pair):
            problems.append(f'{where}: {row!r} found, wanted [begin, end] in seconds')
        elif not (found[-1].end if found else 0.0) <= pair[0] < pair[1]:
            problems.append(f'{where}: {row!r} found, wanted one behind the other')
        else:
            found.append(Break(float(pair[0]), float(pair[1])))
    return tuple(found)


def _kits(plant: Plant, line: Line, body: Any, problems: list[str]) -> dict[StationId, ItemId]:
    found: dict[StationId, ItemId] = {}
    for station, item in body.items() if isinstance(body, Mapping) else [('kits', body)]:
        if station not in line.stations or item not in plant.items:
            problems.append(f'{line.id}, kits, {station}: {item!r} found, wanted station to item')
        elif item not in plant.places[StationId(station)].items:
            problems.append(f'{line.id}, kits, {station}: the plant brings no {item} there')
        else:
            found[StationId(station)] = ItemId(item)
    return found


def _with_kits(model: Model, kits: Mapping[StationId, ItemId]) -> Model:
    """Return the model that takes one kit wherever its parts come in a kit."""
    bill = {
        station: {kits[station]: 1} if station in kits and parts else parts
        for station, parts in model.bill.items()
    }
    return replace(model, bill=bill)


def _jis(
    models: Iterable[Model], body: Any, where: str, problems: list[str]
) -> frozenset[PartKey]:
    known = {(s, i) for model in models for s, parts in model.bill.items() for i in parts}
    if not isinstance(body, Mapping):
        problems.append(f'{where}: {body!r} found, wanted station to items')
        return frozenset()
    wanted = {
        (StationId(station), ItemId(item))
        for station, items in body.items()
        for item in (items if isinstance(items, list) else [items])
    }
    problems += [f'{where}: no model takes {i} at {s}' for s, i in sorted(wanted - known)]
    return frozenset(wanted & known)
