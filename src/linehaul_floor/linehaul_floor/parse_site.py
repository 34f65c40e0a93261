# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The building of a plant file: solids, zones, crane aisles, chains and named areas."""

from collections.abc import Sequence

import numpy as np
import shapely

from linehaul_floor.fields import Fields
from linehaul_floor.geometry import FloatArray, freeze, rectangle
from linehaul_floor.ids import ClassId, ZoneId
from linehaul_floor.plant import Area, Chain, CraneAisle, Solid, SolidKind, Zone, ZoneKind

_SOLIDS = ('rack', 'machine', 'obstacle')
_ZONES = ('one_way', 'speed', 'no_go', 'single_vehicle', 'release')
_USES = ('storage', 'production', 'traffic', 'shipping', 'service', 'other')


def read_solids(top: Fields, size: tuple[float, ...]) -> tuple[Solid, ...]:
    """Return walls, racks, machines and obstacles; the outer walls come first."""
    outer = top.child('outer_wall')
    thickness, height = outer.positive('thickness'), outer.positive('height')
    outer.finish()
    return (
        *_outer_walls(size[0], size[1], thickness, height),
        *(_wall(item) for item in top.children('walls')),
        *(_solid(item) for item in top.children('solids')),
    )


def _outer_walls(x: float, y: float, t: float, height: float) -> list[Solid]:
    sides = {
        'south': rectangle(0.0, 0.0, x, t),
        'east': rectangle(x - t, t, x, y - t),
        'north': rectangle(0.0, y - t, x, y),
        'west': rectangle(0.0, t, t, y - t),
    }
    return [
        Solid(f'wall_{side}', SolidKind.WALL, f'{side} wall', freeze(outline), height)
        for side, outline in sides.items()
    ]


def _wall(item: Fields) -> Solid:
    path, thickness = item.points('path'), item.positive('thickness')
    wall_id = item.identifier()
    band = shapely.LineString(path).buffer(thickness / 2, cap_style='flat', join_style='mitre')
    if len(path) != 2 or band.is_empty:
        item.note('wrong_type', 'path', f'{len(path)} points', 'a wall is straight: two points')
        band = shapely.box(0, 0, 1, 1)
    solid = Solid(
        id=wall_id,
        kind=SolidKind.WALL,
        name=item.text('name', wall_id),
        outline=freeze(np.array(shapely.get_coordinates(band)[:-1])),
        height=item.positive('height'),
    )
    item.finish()
    return solid


def _solid(item: Fields) -> Solid:
    solid_id = item.identifier()
    solid = Solid(
        id=solid_id,
        kind=SolidKind[item.choice('kind', _SOLIDS).upper()],
        name=item.text('name', solid_id),
        outline=read_area_outline(item),
        height=item.positive('height'),
    )
    item.finish()
    return solid


def read_area_outline(item: Fields) -> FloatArray:
    """Return a simple outline (K, 2) [m], written as rect or as outline with its corners.

    rect is [west, south, east, north].
    """
    if item.has('rect') == item.has('outline'):
        item.note(
            'missing_key', 'rect', 'needs either rect or outline', 'write exactly one of them'
        )
        item.used.update({'rect', 'outline'})
        return freeze(rectangle(0.0, 0.0, 1.0, 1.0))
    if item.has('outline'):
        outline = item.points('outline', low=3)
        ring = shapely.Polygon(outline)
        if not ring.is_valid or ring.area <= 0.0:
            item.note(
                'bad_outline', 'outline', 'it crosses itself or is flat', 'draw a simple polygon'
            )
        return freeze(outline)
    value = item.get('rect')
    halves = isinstance(value, list) and len(value) == 4
    corners = Fields(
        {'rect': [value[:2], value[2:]] if halves else value}, item.where, item.problems
    )
    (x0, y0), (x1, y1) = corners.points('rect')[:2]
    if x1 <= x0 or y1 <= y0:
        item.note('bad_outline', 'rect', f'{value!r}', 'write [west, south, east, north]')
    return freeze(rectangle(x0, y0, x1, y1))


def read_zones(top: Fields, class_ids: Sequence[ClassId]) -> list[Zone]:
    """Return the zones; ids are unique."""
    zones: dict[ZoneId, Zone] = {}
    for item in top.children('zones'):
        zone = _zone(item, class_ids)
        if zone.id in zones:
            item.note('duplicate_id', 'id', f'{zone.id!r} is used twice', 'give each zone its own')
        zones[zone.id] = zone
    return list(zones.values())


def _zone(item: Fields, class_ids: Sequence[ClassId]) -> Zone:
    zone_id = item.identifier()
    kind = ZoneKind[item.choice('kind', _ZONES).upper()]
    classes = item.texts('classes', [])
    for name in classes:
        if name not in class_ids:
            item.note('unknown_class', 'classes', repr(name), 'name a class of the plant')
    if kind in {ZoneKind.SPEED, ZoneKind.ONE_WAY} and classes:
        item.note('bad_choice', 'classes', f'a {kind.name} zone binds all', 'leave classes out')
    heading = item.number('heading', low=-360.0, high=360.0) if kind is ZoneKind.ONE_WAY else 0.0
    zone = Zone(
        id=ZoneId(zone_id),
        kind=kind,
        name=item.text('name', zone_id),
        outline=read_area_outline(item),
        speed=item.positive('speed') if kind is ZoneKind.SPEED else 0.0,
        heading=float(np.radians(heading)),
        classes=frozenset(ClassId(name) for name in classes),
    )
    item.finish()
    return zone


def read_crane_aisles(top: Fields) -> tuple[CraneAisle, ...]:
    """Return the aisles of the high-bay warehouses."""
    aisles = []
    for item in top.children('crane_aisles'):
        aisles.append(
            CraneAisle(item.identifier(), item.text('warehouse'), freeze(item.points('path')))
        )
        item.finish()
    return tuple(aisles)


def read_chains(top: Fields) -> tuple[Chain, ...]:
    """Return the overhead chains."""
    chains = []
    for item in top.children('chains'):
        chain_id = item.identifier()
        chains.append(
            Chain(
                id=chain_id,
                name=item.text('name', chain_id),
                path=freeze(item.points('path')),
                height=item.positive('height'),
                closed=item.flag('closed', False),
            )
        )
        item.finish()
    return tuple(chains)


def read_areas(top: Fields) -> tuple[Area, ...]:
    """Return the named areas that pictures show."""
    areas = []
    for item in top.children('areas'):
        label = tuple(item.point('label').tolist()) if item.has('label') else None
        name, use = item.text('name'), item.choice('use', _USES)
        areas.append(Area(name, read_area_outline(item), use, label))
        item.finish()
    return tuple(areas)
