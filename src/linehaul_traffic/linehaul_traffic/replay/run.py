# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A run as it is shown: a background, vehicles with tracks, their ways, and who waited.

Recordings of a plant and plans on a grid both become a `Run`; pages, pictures and films are drawn
from nothing else. World coordinates are those of the source (metres, or cells), times too.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

import numpy as np
from linehaul_floor.draw_traffic import EMPTY, LOADED, STANDS
from linehaul_floor.scene import Scene

from linehaul_traffic.replay.frames import Vehicle, Work
from linehaul_traffic.replay.track import FloatArray, Track


class Mood(Enum):
    """What a vehicle's colour says."""

    IDLE = 'idle'
    EMPTY = 'empty'
    LOADED = 'loaded'
    OUT = 'out'


def mood_of(vehicle: Vehicle) -> Mood:
    """Return what its colour says."""
    if vehicle.work is Work.OUT:
        return Mood.OUT
    if vehicle.loads:
        return Mood.LOADED
    return Mood.IDLE if vehicle.work is Work.IDLE else Mood.EMPTY


COLORS = {
    Mood.LOADED: LOADED,
    Mood.EMPTY: EMPTY,
    Mood.IDLE: STANDS,
    Mood.OUT: '#111827',
}
WAITING = '#dc2626'


class Projection(NamedTuple):
    """From world to page: x = left + scale x, y = top + scale_y y [pixels]."""

    scale: float
    scale_y: float
    left: float
    top: float

    def at(self, points: FloatArray) -> FloatArray:
        """Return world points (…, 2) as pixels."""
        return np.asarray(points * (self.scale, self.scale_y) + (self.left, self.top))


class Unit(Enum):
    """What times mean."""

    SECONDS = 's'
    STEPS = 'step'


@dataclass(frozen=True, slots=True)
class State:
    """What is said of a vehicle from a time on.

    goal_xy: where its goal lies, if known. note: lines of 'name: value'.
    """

    time: float
    mood: Mood
    goal: str = ''
    goal_xy: tuple[float, float] | None = None
    load: str = ''
    note: str = ''


@dataclass(frozen=True, slots=True)
class WayChange:
    """From a time on the way is `nodes` (of Run.nodes), the first `released` of them released."""

    time: float
    nodes: tuple[int, ...]
    released: int


@dataclass(frozen=True, slots=True)
class WaitSpan:
    """From begin to end the vehicle waited; waits_for is a vehicle's number or None."""

    vehicle: int
    begin: float
    end: float
    waits_for: int | None
    element: str
    reason: str


@dataclass(frozen=True, slots=True)
class Closure:
    """From begin to end the line from a to b (world) was closed."""

    begin: float
    end: float
    a: tuple[float, float]
    b: tuple[float, float]
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """A vehicle of a run; outlines (K, 2) in its own frame, states and ways in rising time."""

    name: str
    kind: str
    outline: FloatArray
    loaded_outline: FloatArray
    track: Track
    states: tuple[State, ...]
    ways: tuple[WayChange, ...] = ()

    def state(self, time: float) -> State:
        """Return what is said of it at a time."""
        after = bisect_right(self.states, time, key=lambda state: state.time)
        return self.states[max(after - 1, 0)]

    def way(self, time: float) -> WayChange | None:
        """Return its way at a time, if it has one."""
        after = bisect_right(self.ways, time, key=lambda way: way.time)
        return self.ways[after - 1] if after and self.ways[after - 1].nodes else None


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """All that is shown.

    Args:
        title, facts: for people, two lines.
        background: what stands still, as a page of pixels; a title and a legend may be on it.
        view: left, top, width, height [pixels] of the part of the page that is the floor.
        projection: from world to page.
        unit: what times are.
        begin, end: first and last time.
        actors: the vehicles.
        nodes: (N, 2) points that ways name.
        waits: who waited, by begin.
        closures: what was closed.
        delivered: (time, count) whenever more had been delivered.
        least: vehicles are drawn at least this long [pixels].
        ahead: ways are not told, but the track up to the goal is the way.
    """

    title: str
    facts: str
    background: Scene
    view: tuple[float, float, float, float]
    projection: Projection
    unit: Unit
    begin: float
    end: float
    actors: tuple[Actor, ...]
    nodes: FloatArray = field(default_factory=lambda: np.empty((0, 2)))
    waits: tuple[WaitSpan, ...] = ()
    closures: tuple[Closure, ...] = ()
    delivered: tuple[tuple[float, int], ...] = ()
    least: float = 0.0
    ahead: bool = False
