# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A run as one HTML file that needs nothing else: floor as SVG, the rest drawn by its script.

The run goes into the page as JSON. Times, positions [hundredths] and yaw [hundredths of a radian]
of tracks are whole numbers, each the difference to the one before; texts and ways that come again
are numbers of a list. What the script does with it stands in `page.js`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
from linehaul_floor.scene import Scene, Shape, Text
from linehaul_floor.svg import svg

from linehaul_traffic.replay.run import COLORS, WAITING, Actor, Mood, Run, Unit, WayChange

_HUNDREDTHS = 100.0
DAY = 86400.0  # [s]
_NAMES = {
    Unit.SECONDS: ('Loaded', 'Empty, working', 'Nothing to do', 'Taken out'),
    Unit.STEPS: ('Loaded', 'On its way', 'Arrived', 'Taken out'),
}
_MOODS = (Mood.LOADED, Mood.EMPTY, Mood.IDLE, Mood.OUT)


def page(run: Run) -> str:
    """Return the HTML text."""
    floor = svg(_inside(run)).replace('<svg ', '<svg id="floor" ', 1)
    parts = {
        'title': escape(run.title),
        'facts': escape(run.facts),
        'floor': floor,
        'style': _resource('page.css'),
        'script': _resource('page.js'),
        'run': json.dumps(document(run), separators=(',', ':')).replace('<', '\\u003c'),
    }
    return re.sub(r'\[\[(\w+)\]\]', lambda match: parts[match[1]], _resource('page.html'))


def _inside(run: Run) -> Scene:
    """Return the floor without the title above it and the legend below: the page has its own."""
    top, bottom = run.view[1], run.view[1] + run.view[3]
    shapes = [shape for shape in run.background.shapes if top <= _height(shape) <= bottom]
    return Scene(run.background.width, run.background.height, shapes)


def _height(shape: Shape) -> float:
    """Return where the middle of a shape lies, from the top of the page."""
    return shape.y if isinstance(shape, Text) else float(np.median(shape.points[:, 1]))


def _resource(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding='utf-8')


def document(run: Run) -> dict[str, Any]:
    """Return the data of the page."""
    texts, outlines = _Numbers(), _Numbers()
    vehicles = [_vehicle(actor, texts, outlines) for actor in run.actors]
    used = {state.mood for actor in run.actors for state in actor.states}
    return {
        'unit': run.unit.value,
        'begin': run.begin,
        'day': run.begin > DAY * 365.0,
        'end': run.end,
        'view': list(run.view),
        'projection': list(run.projection),
        'least': run.least,
        'ahead': run.ahead,
        'moods': [
            {
                'name': name,
                'color': COLORS[mood],
                'idle': mood in (Mood.IDLE, Mood.OUT),
                'loaded': mood is Mood.LOADED,
                'used': mood in used,
            }
            for mood, name in zip(_MOODS, _NAMES[run.unit], strict=True)
        ],
        'waiting': WAITING,
        'idle': _NAMES[run.unit][2],
        'done': 'Delivered' if run.unit is Unit.SECONDS else 'Goals reached',
        'vehicles': vehicles,
        'texts': texts.values,
        'outlines': [json.loads(text) for text in outlines.values],
        'nodes': _rounded(run.nodes) if any(actor.ways for actor in run.actors) else [],
        'waits': [
            [w.vehicle, w.begin, w.end, w.waits_for, w.element, w.reason] for w in run.waits
        ],
        'closures': [[c.begin, c.end, *c.a, *c.b] for c in run.closures],
        'delivered': [list(pair) for pair in run.delivered],
    }


class _Numbers:
    """Gives each text its number in a list."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._number: dict[str, int] = {}

    def of(self, text: str) -> int:
        if text not in self._number:
            self._number[text] = len(self.values)
            self.values.append(text)
        return self._number[text]


def _vehicle(actor: Actor, texts: _Numbers, outlines: _Numbers) -> dict[str, Any]:
    lists, ways = _ways(actor.ways)
    return {
        'name': actor.name,
        'kind': actor.kind,
        'outline': [
            outlines.of(json.dumps(_rounded(o))) for o in (actor.outline, actor.loaded_outline)
        ],
        't': _deltas(actor.track.time),
        'x': _deltas(actor.track.pose[:, 0]),
        'y': _deltas(actor.track.pose[:, 1]),
        'a': _deltas(actor.track.pose[:, 2]),
        'states': [
            [
                state.time,
                _MOODS.index(state.mood),
                texts.of(state.goal),
                *(state.goal_xy or (None, None)),
                texts.of(state.load),
                texts.of(state.note),
            ]
            for state in actor.states
        ],
        'lists': lists,
        'ways': ways,
    }


def _deltas(values: npt.ArrayLike) -> list[int]:
    whole = np.round(np.asarray(values, np.float64) * _HUNDREDTHS).astype(np.int64)
    return [int(value) for value in np.diff(whole, prepend=0)]


def _rounded(points: npt.ArrayLike) -> list[list[float]]:
    return [[float(x), float(y)] for x, y in np.round(np.asarray(points, float), 3)]


def _ways(changes: Iterable[WayChange]) -> tuple[list[list[int]], list[list[float]]]:
    """Return node lists, and rows of time, list (-1: no way), nodes left behind, released."""
    lists: list[list[int]] = []
    rows: list[list[float]] = []
    for change in changes:
        if not change.nodes:
            rows.append([change.time, -1, 0, 0])
            continue
        nodes = list(change.nodes)
        left = len(lists[-1]) - len(nodes) if lists else -1
        if left < 0 or lists[-1][left:] != nodes:
            lists.append(nodes)
            left = 0
        rows.append([change.time, len(lists) - 1, left, change.released])
    return lists, rows
