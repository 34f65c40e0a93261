# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Places of a plant file (stations, ports, chargers, parking) and the lines they belong to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from linehaul_floor.fields import Fields
from linehaul_floor.geometry import freeze
from linehaul_floor.ids import ClassId, ItemId, LineId, PlaceId
from linehaul_floor.lanes import BaySpec, Network
from linehaul_floor.plant import Flow, Line, Place, PlaceKind
from linehaul_floor.zones import class_bits

_SECTIONS = {
    'warehouse_ports': PlaceKind.WAREHOUSE_PORT,
    'chain_ports': PlaceKind.CHAIN_PORT,
    'chargers': PlaceKind.CHARGER,
    'parking': PlaceKind.PARKING,
}
_FLOWS = {'in': Flow.IN, 'out': Flow.OUT, 'both': Flow.BOTH}
_SIDES = ('north', 'south', 'east', 'west')


@dataclass(frozen=True, slots=True, eq=False)
class PlaceDraft:
    """A place that still waits for its node."""

    bay: BaySpec
    kind: PlaceKind
    name: str
    flow: Flow
    items: tuple[ItemId, ...]
    uses: Mapping[ItemId, float]
    line: LineId | None
    side: str | None
    capacity: int
    load_height: float
    charge_power: float
    classes: frozenset[ClassId]


def read_places(
    top: Fields, class_ids: Sequence[ClassId], item_ids: Sequence[ItemId]
) -> list[PlaceDraft]:
    """Return the places that belong to no line, in file order."""
    return [
        _place(item, kind, class_ids, item_ids)
        for section, kind in _SECTIONS.items()
        for item in top.children(section)
    ]


def read_lines(
    top: Fields, class_ids: Sequence[ClassId], item_ids: Sequence[ItemId]
) -> tuple[list[Line], list[PlaceDraft]]:
    """Return the lines and the drafts of their stations."""
    lines, drafts = [], []
    for item in top.children('lines'):
        line_id = LineId(item.identifier())
        stations = [
            _place(entry, PlaceKind.STATION, class_ids, item_ids, line_id)
            for entry in item.children('stations')
        ]
        line = Line(
            id=line_id,
            name=item.text('name'),
            kind=item.choice('kind', ('final_assembly', 'heat_exchanger', 'other')),
            order=item.integer('order', low=1),
            takt=item.positive('takt'),
            width=item.positive('width'),
            path=freeze(item.points('path')),
            stations=tuple(PlaceId(draft.bay.id) for draft in stations),
        )
        item.finish()
        lines.append(line)
        drafts.extend(stations)
    return lines, drafts


def _place(
    item: Fields,
    kind: PlaceKind,
    class_ids: Sequence[ClassId],
    item_ids: Sequence[ItemId],
    line: LineId | None = None,
) -> PlaceDraft:
    place_id = item.identifier()
    classes = item.texts('classes', list(class_ids))
    _known(item, 'classes', classes, class_ids, 'class')
    moves_loads = kind in {PlaceKind.STATION, PlaceKind.WAREHOUSE_PORT, PlaceKind.CHAIN_PORT}
    uses, items = _items(item, kind, item_ids)
    draft = PlaceDraft(
        bay=BaySpec(
            id=place_id,
            at=item.point('at'),
            spur=item.point('spur'),
            turn_inside=item.choice('leave', ('backward', 'forward'), 'backward') == 'forward',
            speed=item.positive('speed', 0.5),
            classes=class_bits(classes, class_ids),
            where=item.where,
        ),
        kind=kind,
        name=item.text('name', place_id),
        flow=_flow(item, kind),
        items=items,
        uses=uses,
        line=line,
        side=item.choice('side', _SIDES) if kind is PlaceKind.STATION else None,
        capacity=item.integer('capacity', 1, low=1) if moves_loads else 0,
        load_height=item.number('load_height', 0.3, low=0.0) if moves_loads else 0.0,
        charge_power=item.positive('charge_power') if kind is PlaceKind.CHARGER else 0.0,
        classes=frozenset(ClassId(name) for name in classes),
    )
    item.finish()
    return draft


def _flow(item: Fields, kind: PlaceKind) -> Flow:
    if kind is PlaceKind.STATION:
        return Flow.BOTH
    if kind in {PlaceKind.WAREHOUSE_PORT, PlaceKind.CHAIN_PORT}:
        return _FLOWS[item.choice('flow', tuple(_FLOWS))]
    return Flow.NONE


def _items(
    item: Fields, kind: PlaceKind, item_ids: Sequence[ItemId]
) -> tuple[dict[ItemId, float], tuple[ItemId, ...]]:
    """Return the use per unit of a station, and the items of a station or port ('all': any)."""
    if kind is PlaceKind.STATION:
        uses = {ItemId(name): value for name, value in item.numbers('uses').items()}
        _known(item, 'uses', list(uses), item_ids, 'item')
        return uses, tuple(uses)
    if kind in {PlaceKind.CHARGER, PlaceKind.PARKING}:
        return {}, ()
    if item.get('items', 'all') == 'all':
        return {}, tuple(item_ids)
    names = item.texts('items')
    _known(item, 'items', names, item_ids, 'item')
    return {}, tuple(ItemId(name) for name in names)


def _known(item: Fields, key: str, names: Sequence[str], known: Sequence[str], what: str) -> None:
    for name in names:
        if name not in known:
            item.note(f'unknown_{what}', key, repr(name), f'name a {what} of the plant')


def finish_places(drafts: Sequence[PlaceDraft], network: Network) -> dict[PlaceId, Place]:
    """Return the places by id, now that the network has given each its node."""
    places: dict[PlaceId, Place] = {}
    for draft in drafts:
        if draft.bay.id not in network.bays:
            continue
        node, junction = network.bays[draft.bay.id]
        place_id = PlaceId(draft.bay.id)
        places[place_id] = Place(
            id=place_id,
            kind=draft.kind,
            node=node,
            junction=junction,
            name=draft.name,
            heading=float(np.arctan2(draft.bay.spur[1], draft.bay.spur[0])),
            flow=draft.flow,
            items=draft.items,
            uses=draft.uses,
            line=draft.line,
            side=draft.side,
            capacity=draft.capacity,
            load_height=draft.load_height,
            charge_power=draft.charge_power,
            classes=draft.classes,
        )
    return places
