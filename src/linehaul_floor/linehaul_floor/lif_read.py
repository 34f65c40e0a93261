# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Reads one layout of a LIF document into a roadmap with stations.

Foreign files are taken as far as they make sense; what was assumed or left out is said in
`notes`. Keys that LIF 1.0.0 does not have are left alone.
"""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from linehaul_floor.errors import Problem
from linehaul_floor.fields import Fields, as_fields
from linehaul_floor.geometry import BoolArray, IntArray, wrap_angle
from linehaul_floor.roadmap import Roadmap, make_roadmap

DEFAULT_SPEED = 1.0  # [m/s] where an edge states none
_ROTATIONS = {'BOTH', 'CW', 'CCW'}
_CLOSE = math.radians(1.0)


@dataclass(frozen=True, slots=True)
class LifStation:
    """A station: where vehicles interact with it (node indices) and where it is."""

    id: str
    name: str
    nodes: tuple[int, ...]
    position: tuple[float, float] | None
    theta: float | None


@dataclass(frozen=True, slots=True, eq=False)
class LifLayout:
    """A layout: roadmap, yaw [rad] asked for at nodes, stations, and what was assumed."""

    id: str
    name: str
    version: str
    roadmap: Roadmap
    theta: dict[int, float]
    stations: tuple[LifStation, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Draft:
    """What one pass over a layout gathers."""

    node_ids: list[str]
    points: list[list[float]]
    theta: dict[int, float]
    edges: list['_EdgeDraft']
    stations: list[LifStation]
    class_ids: list[str]
    notes: Counter[str]

    def bits(self, names: list[str]) -> int:
        """Return the class mask of some vehicle types, new ones included."""
        self.class_ids += [n for n in dict.fromkeys(names) if n not in self.class_ids]
        return sum(1 << self.class_ids.index(name) for name in set(names))


@dataclass(frozen=True, slots=True)
class _EdgeDraft:
    id: str
    start: int
    end: int
    speed: float
    reverse: bool
    classes: int
    turn_at_start: bool | None
    turn_at_end: bool | None


def read_layout(document: Any, layout_id: str | None, problems: list[Problem]) -> LifLayout | None:
    """Return the layout with this id, or the first; None where there is none."""
    top = as_fields(document, '', problems)
    version = top.child('metaInformation').text('lifVersion')
    layouts = top.children('layouts', optional=False)
    layout = _choose(layouts, layout_id)
    if layout is None:
        found = f'{len(layouts)} layouts' + (f', none is {layout_id!r}' if layout_id else '')
        problems.append(Problem('no_layout', 'layouts', found, 'name a layout of the document'))
        return None
    draft = _Draft([], [], {}, [], [], [], Counter())
    if not version.startswith('1.'):
        draft.notes[f'LIF version {version} is read as 1.0.0'] += 1
    if len(layouts) > 1:
        draft.notes[f'{len(layouts) - 1} other layouts are left out'] += 1
    _nodes(layout, draft)
    index = {name: k for k, name in enumerate(draft.node_ids)}
    _edges(layout, draft, index)
    _stations(layout, draft, index)
    if problems:
        return None
    return LifLayout(
        id=layout.text('layoutId'),
        name=layout.text('layoutName', layout.text('layoutId')),
        version=layout.text('layoutVersion'),
        roadmap=_roadmap(draft),
        theta=draft.theta,
        stations=tuple(draft.stations),
        notes=tuple(f'{note} ({n} times)' if n > 1 else note for note, n in draft.notes.items()),
    )


def _choose(layouts: list[Fields], layout_id: str | None) -> Fields | None:
    if layout_id is None:
        return layouts[0] if layouts else None
    return next((one for one in layouts if one.data.get('layoutId') == layout_id), None)


def _nodes(layout: Fields, draft: _Draft) -> None:
    seen: set[str] = set()
    for item in layout.children('nodes', optional=False):
        name = item.text('nodeId')
        if name in seen:
            item.note(
                'duplicate_id', 'nodeId', f'{name!r} is used twice', 'give each node its own'
            )
        seen.add(name)
        position = item.child('nodePosition')
        point = [position.number('x'), position.number('y')]
        uses = item.children('vehicleTypeNodeProperties', optional=False)
        for theta in [use.number('theta') for use in uses if use.has('theta')][:1]:
            draft.theta[len(draft.node_ids)] = _theta(theta, draft)
        draft.bits([use.text('vehicleTypeId') for use in uses])
        draft.node_ids.append(name)
        draft.points.append(point)


def _theta(value: float, draft: _Draft) -> float:
    """Return radians, also of files that write degrees against the standard."""
    if abs(value) <= math.pi + 1e-6:
        return wrap_angle(value)
    draft.notes['node theta beyond pi is taken as degrees'] += 1
    return wrap_angle(math.radians(value))


def _edges(layout: Fields, draft: _Draft, index: dict[str, int]) -> None:
    seen: set[str] = set()
    for item in layout.children('edges', optional=False):
        name = item.text('edgeId')
        if name in seen:
            item.note(
                'duplicate_id', 'edgeId', f'{name!r} is used twice', 'give each edge its own'
            )
        seen.add(name)
        start, end = _node_of(item, 'startNodeId', index), _node_of(item, 'endNodeId', index)
        if start == end or draft.points[start] == draft.points[end]:
            item.note('empty_edge', '', 'it begins and ends at the same point', 'remove it')
            continue
        uses = item.children('vehicleTypeEdgeProperties', optional=False)
        travel = math.atan2(
            draft.points[end][1] - draft.points[start][1],
            draft.points[end][0] - draft.points[start][0],
        )
        draft.edges.append(
            _EdgeDraft(
                id=name,
                start=start,
                end=end,
                speed=_speed(uses, draft),
                reverse=_reverse(uses, travel),
                classes=draft.bits([use.text('vehicleTypeId') for use in uses]),
                turn_at_start=_rotation(uses, 'rotationAtStartNodeAllowed'),
                turn_at_end=_rotation(uses, 'rotationAtEndNodeAllowed'),
            )
        )
        if any(use.has('trajectory') for use in uses):
            draft.notes['a trajectory is taken as a straight line'] += 1


def _node_of(item: Fields, key: str, index: dict[str, int]) -> int:
    name = item.text(key)
    if name not in index:
        item.note('unknown_node', key, repr(name), 'name a node of the layout')
    return index.get(name, 0)


def _speed(uses: list[Fields], draft: _Draft) -> float:
    speeds = {use.positive('maxSpeed') for use in uses if use.has('maxSpeed')}
    if not speeds:
        draft.notes[f'an edge without maxSpeed gets {DEFAULT_SPEED:g} m/s'] += 1
        return DEFAULT_SPEED
    if len(speeds) > 1:
        draft.notes['of several speeds on an edge the highest counts'] += 1
    return max(speeds)


def _reverse(uses: list[Fields], travel: float) -> bool:
    """Return whether vehicles back along the edge; note orientations that are neither."""
    ways = set()
    for use in uses:
        angle = math.radians(use.number('vehicleOrientation', 0.0, low=-360.0, high=360.0))
        kind = use.choice('orientationType', ('TANGENTIAL', 'GLOBAL'), 'TANGENTIAL')
        angle = abs(wrap_angle(angle if kind == 'TANGENTIAL' else angle - travel))
        if _CLOSE < angle < math.pi - _CLOSE:
            use.note(
                'sideways',
                'vehicleOrientation',
                f'the vehicle would move at {math.degrees(angle):.0f} degrees to its heading',
                'use 0 (forward) or 180 (backward)',
            )
        ways.add(angle >= math.pi - _CLOSE)
    if len(ways) > 1:
        uses[0].note(
            'mixed_ways', '', 'some classes back along it and some do not', 'use two edges'
        )
    return True in ways


def _rotation(uses: list[Fields], key: str) -> bool | None:
    """Return whether turning is allowed at an end, None where nothing is said."""
    stated = [use.text(key) for use in uses if use.has(key)]
    return any(word.upper() in _ROTATIONS for word in stated) if stated else None


def _stations(layout: Fields, draft: _Draft, index: dict[str, int]) -> None:
    seen: set[str] = set()
    for item in layout.children('stations', optional=False):
        name = item.text('stationId')
        if name in seen:
            item.note('duplicate_id', 'stationId', f'{name!r} is used twice', 'give each its own')
        seen.add(name)
        nodes = item.texts('interactionNodeIds')
        for node in nodes:
            if node not in index:
                item.note(
                    'unknown_node', 'interactionNodeIds', repr(node), 'name a node of the layout'
                )
        place = item.child('stationPosition', optional=True)
        known = bool(place.data)
        draft.stations.append(
            LifStation(
                id=name,
                name=item.text('stationName', name),
                nodes=tuple(index[node] for node in nodes if node in index),
                position=(place.number('x'), place.number('y')) if known else None,
                theta=_theta(place.number('theta'), draft) if place.has('theta') else None,
            )
        )


def _roadmap(draft: _Draft) -> Roadmap:
    edges = draft.edges
    count = len(draft.node_ids)
    start = np.array([edge.start for edge in edges], np.int32)
    end = np.array([edge.end for edge in edges], np.int32)
    arguments: dict[str, Any] = {
        'class_ids': draft.class_ids,
        'edge_classes': np.array([edge.classes for edge in edges], np.int32),
        'node_bay': _bays(draft, start, end),
    }
    plain = (
        draft.node_ids,
        np.array(draft.points, dtype=float).reshape(-1, 2),
        [edge.id for edge in edges],
        start,
        end,
        np.array([edge.speed for edge in edges], float),
        np.array([edge.reverse for edge in edges], bool),
    )
    turn, stated = _turns(edges, count)
    if not stated.all():
        derived = make_roadmap(*plain, **arguments).node_turn
        turn = np.where(stated, turn, derived)
    return make_roadmap(*plain, **arguments, node_turn=turn)


def _turns(edges: list[_EdgeDraft], count: int) -> tuple[BoolArray, BoolArray]:
    """Return (N,) turning allowed and (N,) whether any edge says so or not."""
    turn, stated = np.zeros(count, bool), np.zeros(count, bool)
    for edge in edges:
        for node, allowed in ((edge.start, edge.turn_at_start), (edge.end, edge.turn_at_end)):
            if allowed is not None:
                stated[node] = True
                turn[node] |= allowed
    return turn, stated


def _bays(draft: _Draft, start: IntArray, end: IntArray) -> BoolArray:
    """Return (N,) nodes of stations that hang on one neighbour only."""
    bay = np.zeros(len(draft.node_ids), bool)
    if start.size:
        pairs = np.unique(
            np.concatenate([np.stack([start, end], 1), np.stack([end, start], 1)]), axis=0
        )
        single = np.bincount(pairs[:, 0], minlength=bay.size) == 1
        stations = [node for station in draft.stations for node in station.nodes]
        bay[stations] = single[stations]
    return bay
