# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""From the recording of a plant to a run that can be shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import isfinite

import numpy as np
from linehaul_floor.draw import draw_plant
from linehaul_floor.draw_traffic import LEAST
from linehaul_floor.page import Page

from linehaul_floor import PlaceId, Plant, Roadmap, VehicleId
from linehaul_traffic.errors import InputError
from linehaul_traffic.replay.frames import Frame, Vehicle
from linehaul_traffic.replay.run import (
    Actor,
    Closure,
    Projection,
    Run,
    State,
    Unit,
    WaitSpan,
    WayChange,
    mood_of,
)
from linehaul_traffic.replay.track import FloatArray, make_track

_BOX = np.array([[-0.6, -0.4], [0.6, -0.4], [0.6, 0.4], [-0.6, 0.4]])
_EDGE = 12.0  # [pixels] round the floor


def plant_run(plant: Plant, frames: Sequence[Frame]) -> Run:
    """Return the run that frames of a plant tell.

    Raises:
        InputError: there are no frames, or no vehicle in them.
    """
    names = list(dict.fromkeys(name for frame in frames for name in frame.vehicles))
    if not names:
        raise InputError('the recording holds no vehicle: nothing to show')
    page = Page(plant)
    number = {name: index for index, name in enumerate(names)}
    end = frames[-1].time
    return Run(
        title=plant.title,
        facts=f'{plant.name} · {len(names)} vehicles · recorded from a running factory',
        background=draw_plant(plant, []),
        view=(
            page.left - _EDGE,
            page.top - _EDGE,
            plant.size[0] * page.scale + 2 * _EDGE,
            page.floor_height + 2 * _EDGE,
        ),
        projection=Projection(page.scale, -page.scale, page.left, page.top + page.floor_height),
        unit=Unit.SECONDS,
        begin=frames[0].time,
        end=end,
        actors=tuple(_actor(plant, name, frames) for name in names),
        nodes=plant.roadmap.xy,
        waits=tuple(sorted(_waits(frames, number), key=lambda wait: wait.begin)),
        closures=tuple(_closures(plant.roadmap, frames)),
        delivered=tuple(_delivered(frames)),
        least=LEAST,
    )


def _actor(plant: Plant, name: VehicleId, frames: Sequence[Frame]) -> Actor:
    seen = [(frame.time, frame.vehicles[name]) for frame in frames if name in frame.vehicles]
    rows = [(vehicle.x, vehicle.y, vehicle.theta) for _, vehicle in seen]
    kind = seen[0][1].vehicle_class
    vehicle_class = plant.classes.get(kind)
    outline: FloatArray = _BOX if vehicle_class is None else vehicle_class.footprint
    loaded: FloatArray = _BOX if vehicle_class is None else vehicle_class.loaded_footprint
    return Actor(
        name=name,
        kind=str(kind),
        outline=outline,
        loaded_outline=loaded,
        track=make_track([time for time, _ in seen], rows),
        states=tuple(_changes(_state(plant, time, vehicle) for time, vehicle in seen)),
        ways=tuple(_ways(plant.roadmap, name, frames)),
    )


def _state(plant: Plant, time: float, vehicle: Vehicle) -> State:
    place = plant.places.get(PlaceId(vehicle.goal))
    xy = None if place is None else plant.roadmap.xy[place.node]
    charge = f'about {round(vehicle.charge * 20) * 5} %' if isfinite(vehicle.charge) else ''
    told = {
        'Work': vehicle.work.value,
        'Delivery': vehicle.request,
        'Charge': charge,
        'Note': vehicle.note,
    }
    return State(
        time=time,
        mood=mood_of(vehicle),
        goal=vehicle.goal,
        goal_xy=None if xy is None else (float(xy[0]), float(xy[1])),
        load=', '.join(vehicle.loads),
        note='\n'.join(f'{name}: {value}' for name, value in told.items() if value),
    )


def _changes(states: Iterable[State]) -> Iterator[State]:
    """Leave out states that say nothing new."""
    last: tuple[object, ...] | None = None
    for state in states:
        told = (state.mood, state.goal, state.load, state.note)
        if told != last:
            yield state
        last = told


def _ways(roadmap: Roadmap, name: VehicleId, frames: Sequence[Frame]) -> Iterator[WayChange]:
    last = None
    for frame in frames:
        way = frame.ways.get(name)
        if way == last:
            continue
        last = way
        nodes = () if way is None else way.nodes
        known = tuple(roadmap.node_index[n] for n in nodes if n in roadmap.node_index)
        yield WayChange(frame.time, known, 0 if way is None else way.released)


def _waits(frames: Sequence[Frame], number: dict[VehicleId, int]) -> Iterator[WaitSpan]:
    """Join the waits of frames that follow each other to spans."""
    began: dict[VehicleId, tuple[float, object]] = {}
    for frame, after in zip(frames, [*frames[1:], Frame(frames[-1].time)], strict=True):
        for name, wait in frame.waits.items():
            if name not in began or began[name][1] != wait:
                began[name] = (frame.time, wait)
            if after.waits.get(name) != wait and name in number:
                waits_for = number.get(VehicleId(wait.waits_for))
                yield WaitSpan(
                    number[name],
                    began[name][0],
                    after.time,
                    None if waits_for == number[name] else waits_for,
                    wait.element,
                    wait.reason.value,
                )
                del began[name]


def _closures(roadmap: Roadmap, frames: Sequence[Frame]) -> Iterator[Closure]:
    """Return the closed edges, and a mark for each closed node."""
    began: dict[str, float] = {}
    for frame, after in zip(frames, [*frames[1:], Frame(frames[-1].time)], strict=True):
        for name in frame.closed:
            began.setdefault(name, frame.time)
            if name not in after.closed:
                ends = _ends(roadmap, name)
                if ends is not None:
                    yield Closure(began[name], after.time, *ends, name)
                del began[name]


def _ends(roadmap: Roadmap, name: str) -> tuple[tuple[float, float], tuple[float, float]] | None:
    edge = roadmap.edge_index.get(name)  # type: ignore[call-overload]
    node = roadmap.node_index.get(name)  # type: ignore[call-overload]
    if edge is not None:
        rows = roadmap.xy[[roadmap.edge_start[edge], roadmap.edge_end[edge]]]
    elif node is not None:
        rows = roadmap.xy[[node, node]]
    else:
        return None
    (x0, y0), (x1, y1) = rows.tolist()
    return (x0, y0), (x1, y1)


def _delivered(frames: Sequence[Frame]) -> Iterator[tuple[float, int]]:
    last = None
    for frame in frames:
        if frame.delivered != last:
            last = frame.delivered
            yield frame.time, frame.delivered
