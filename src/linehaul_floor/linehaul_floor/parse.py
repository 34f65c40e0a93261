# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""From the text of a plant file to a Plant, or to one error that lists every problem."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from linehaul_floor import strict_yaml
from linehaul_floor.errors import PlantError, Problem
from linehaul_floor.fields import Fields, as_fields
from linehaul_floor.ids import ClassId
from linehaul_floor.lanes import LaneSpec, Network, PairSpec, lay_out
from linehaul_floor.parse_places import PlaceDraft, finish_places, read_lines, read_places
from linehaul_floor.parse_site import (
    read_areas,
    read_chains,
    read_crane_aisles,
    read_solids,
    read_zones,
)
from linehaul_floor.parse_vehicles import read_classes, read_fleet, read_items
from linehaul_floor.plant import Plant, Zone
from linehaul_floor.zones import apply_zones, class_bits

FORMAT = 1


def parse_plant(text: str, source: str = 'plant file') -> Plant:
    """Return the plant a file describes.

    Args:
        text: content of the YAML file.
        source: name of the file for messages.

    Raises:
        PlantError: the file is wrong; `problems` lists everything that is.
    """
    document, problems = strict_yaml.read(text)
    if document is None:
        found = Problem('empty_file', 'the file', 'it holds nothing', 'describe a plant')
        raise PlantError(source, problems or [found])
    plant = _read(as_fields(document, '', problems), problems)
    if problems:
        raise PlantError(source, problems)
    return plant


def _read(top: Fields, problems: list[Problem]) -> Plant:
    if top.integer('format', low=1) != FORMAT:
        top.note('bad_format', 'format', f'{top.data.get("format")!r}', f'write format: {FORMAT}')
    name, title = top.identifier('name'), top.text('title')
    size = tuple(float(v) for v in top.point('size'))
    if min(size) <= 0.0:
        top.note('out_of_range', 'size', f'{size}', 'write [east, north] in metres, both above 0')
    classes, items = read_classes(top), read_items(top)
    class_ids = tuple(classes)
    zones = read_zones(top, class_ids)
    lines, stations = read_lines(top, class_ids, tuple(items))
    drafts = stations + read_places(top, class_ids, tuple(items))
    network = _network(top, drafts, zones, class_ids)
    places = finish_places(drafts, network)
    fleet = read_fleet(top, classes, places)
    solids, areas = read_solids(top, size), read_areas(top)
    aisles, chains = read_crane_aisles(top), read_chains(top)
    top.finish()
    _unique('place', [d.bay.id for d in drafts], problems)
    _unique('line', [line.id for line in lines], problems)
    _unique('solid', [solid.id for solid in solids], problems)
    _unique('crane aisle', [aisle.id for aisle in aisles], problems)
    _unique('chain', [chain.id for chain in chains], problems)
    _unique('node', network.names, problems)
    return Plant(
        name=name,
        title=title,
        size=(size[0], size[1]),
        roadmap=network.roadmap(class_ids),
        places=places,
        classes=classes,
        fleet=fleet,
        items=items,
        zones={zone.id: zone for zone in zones},
        lines={line.id: line for line in lines},
        solids=solids,
        crane_aisles=aisles,
        chains=chains,
        areas=areas,
    )


def _network(
    top: Fields, drafts: Sequence[PlaceDraft], zones: Sequence[Zone], class_ids: Sequence[ClassId]
) -> Network:
    lanes = [_lane(item, class_ids) for item in top.children('lanes')]
    pairs = [_pair(item, class_ids) for item in top.children('pairs')]
    if not lanes and not pairs:
        top.note('no_lanes', '', 'the plant has neither lanes nor pairs', 'draw at least one lane')
    _unique('lane', [s.id for s in lanes] + [s.id for s in pairs], top.problems)
    network = lay_out(lanes, pairs, [draft.bay for draft in drafts], top.problems)
    apply_zones(network, zones, class_ids)
    return network


def _lane(item: Fields, class_ids: Sequence[ClassId]) -> LaneSpec:
    lane = LaneSpec(
        id=item.identifier(),
        path=item.points('path'),
        pitch=item.number('pitch', 2.0, low=0.1),
        two_way=item.choice('direction', ('one_way', 'two_way')) == 'two_way',
        speed=item.positive('speed'),
        classes=read_class_bits(item, class_ids),
        where=item.where,
    )
    item.finish()
    return lane


def _pair(item: Fields, class_ids: Sequence[ClassId]) -> PairSpec:
    path = item.points('path')
    if len(path) != 2 or (path[0] == path[1]).all():
        item.note(
            'wrong_type', 'path', f'{len(path)} points', 'a pair is straight: two different points'
        )
        path = np.array([[0.0, 0.0], [1.0, 0.0]])
    pair = PairSpec(
        id=item.identifier(),
        path=path,
        pitch=item.number('pitch', 2.0, low=0.1),
        gap=item.number('gap', 2.0, low=0.1),
        crossovers=item.integer('crossovers', 1),
        speed=item.positive('speed'),
        classes=read_class_bits(item, class_ids),
        where=item.where,
    )
    item.finish()
    return pair


def read_class_bits(item: Fields, class_ids: Sequence[ClassId]) -> int:
    """Return the bit mask of `classes`; all classes where the key is missing."""
    names = item.texts('classes', list(class_ids))
    for name in names:
        if name not in class_ids:
            item.note(
                'unknown_class', 'classes', repr(name), f'use some of {", ".join(class_ids)}'
            )
    return class_bits(list(names), class_ids)


def _unique(what: str, names: Iterable[str], problems: list[Problem]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            found = f'{count} {what}s share this id'
            problems.append(Problem('duplicate_id', f'{what} {name}', found, 'give each its own'))
