# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a line builds: models with their bill of material by station, units with their owner.

A bill says which station takes how many of which item for a unit of the model; work content is the
time that a station needs for it. `parse_products` reads them from a mapping and refuses what
does not fit the plant, with every problem found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from linehaul_floor import Line, Plant
from linehaul_line.errors import ProductError
from linehaul_line.ids import ItemId, ModelId, OrderId, OwnerId, StationId, UnitId


@dataclass(frozen=True, slots=True)
class Model:
    """One model. bill: parts by station and item. work: seconds by station, where not the takt."""

    id: ModelId
    bill: Mapping[StationId, Mapping[ItemId, int]]
    work: Mapping[StationId, float] = field(default_factory=dict)
    options: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit to build. due: plant time [s] promised to the owner; inf: none."""

    id: UnitId
    order: OrderId
    owner: OwnerId
    model: ModelId
    due: float


def standard_model(plant: Plant, line: Line) -> Model:
    """Return the model that takes at each station what the plant file says it uses.

    Raises:
        ProductError: the plant file uses a share of a part; that needs a product file.
    """
    bill: dict[StationId, dict[ItemId, int]] = {}
    for station in line.stations:
        uses = plant.places[station].uses
        for item, parts in uses.items():
            if parts != int(parts):
                raise ProductError(
                    f'{station}, {item}: {parts} parts a unit found, wanted a product file that '
                    'says which models take one'
                )
        bill[station] = {item: int(parts) for item, parts in uses.items() if parts}
    return Model(ModelId(f'{line.id}_standard'), bill)


def parse_products(document: Any, plant: Plant, line: Line) -> tuple[Model, ...]:
    """Return the models of a product file's content for one line.

    The document is a mapping of model id to `bill` (station to item to parts), and optionally
    `work` (station to seconds) and `options` (names). A station that a bill leaves out takes
    nothing.

    Raises:
        ProductError: with every problem found.
    """
    if not isinstance(document, Mapping) or not document:
        raise ProductError(f'{type(document).__name__} found, wanted models by their id')
    problems: list[str] = []
    models = [_model(str(name), body, problems) for name, body in document.items()]
    items = set(plant.items)
    for model in models:
        problems += _against(model, line, items)
    if problems:
        raise ProductError('\n  '.join([f'{len(problems)} problem(s)', *problems]))
    return tuple(models)


def _model(name: str, body: Any, problems: list[str]) -> Model:
    if not isinstance(body, Mapping) or not isinstance(body.get('bill'), Mapping):
        problems.append(f'{name}: no bill found, wanted station to item to parts')
        return Model(ModelId(name), {})
    unknown = sorted(set(body) - {'bill', 'work', 'options'})
    problems += [f'{name}: {key} found, wanted bill, work or options' for key in unknown]
    bill: dict[StationId, dict[ItemId, int]] = {}
    for station, parts in body['bill'].items():
        if not isinstance(parts, Mapping):
            problems.append(f'{name}, {station}: {parts!r} found, wanted item to parts')
            continue
        wrong = [item for item, count in parts.items() if type(count) is not int or count < 1]
        problems += [
            f'{name}, {station}, {i}: {parts[i]!r} found, wanted 1 or more' for i in wrong
        ]
        bill[StationId(station)] = {ItemId(i): c for i, c in parts.items() if i not in wrong}
    work = {StationId(s): _seconds(name, s, v, problems) for s, v in body.get('work', {}).items()}
    return Model(ModelId(name), bill, work, frozenset(body.get('options', ())))


def _seconds(name: str, station: str, value: Any, problems: list[str]) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and isfinite(value) and value > 0:
        return float(value)
    problems.append(f'{name}, {station}: work {value!r} found, wanted seconds above 0')
    return 1.0


def _against(model: Model, line: Line, items: set[ItemId]) -> list[str]:
    """Return what of a model the line or the plant does not know."""
    stations = sorted((set(model.bill) | set(model.work)) - set(line.stations))
    used = {item for parts in model.bill.values() for item in parts}
    return [f'{model.id}: station {one} found, line {line.id} has no such' for one in stations] + [
        f'{model.id}: item {one} found, the plant has no such' for one in sorted(used - items)
    ]


def parts_of(models: Sequence[Model]) -> list[tuple[StationId, ItemId]]:
    """Return every station and item that any of the models takes, in a fixed order."""
    return sorted({(s, i) for model in models for s, parts in model.bill.items() for i in parts})
