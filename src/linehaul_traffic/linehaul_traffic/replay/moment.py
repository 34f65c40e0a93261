# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What moves in a run, drawn at one moment on top of its background."""

from __future__ import annotations

import numpy as np
from linehaul_floor.geometry import at_poses
from linehaul_floor.scene import Polygon, Polyline, Scene

from linehaul_traffic.replay.run import COLORS, WAITING, Actor, Mood, Run, State
from linehaul_traffic.replay.track import FloatArray

_WHITE = '#ffffff'


def draw_moment(run: Run, time: float, scene: Scene) -> None:
    """Add ways, waits and vehicles at a time to a scene."""
    poses = np.array([actor.track.at(time) for actor in run.actors]).reshape(-1, 3)
    states = [actor.state(time) for actor in run.actors]
    _closures(run, time, scene)
    for actor, state, pose in zip(run.actors, states, poses, strict=True):
        _way(run, actor, state, pose, time, scene)
    waiting = _waits(run, time, poses, scene)
    for number, (actor, state, pose) in enumerate(zip(run.actors, states, poses, strict=True)):
        border = WAITING if number in waiting else _WHITE
        points = run.projection.at(vehicle_outline(run, actor, state, pose))
        width = 2.0 if number in waiting else 0.8
        scene.add(Polygon(points, COLORS[state.mood], border, width))


def vehicle_outline(run: Run, actor: Actor, state: State, pose: FloatArray) -> FloatArray:
    """Return the outline (K, 2) in the world, not smaller than what can be seen."""
    outline = actor.loaded_outline if state.mood is Mood.LOADED else actor.outline
    return np.asarray(at_poses(outline * growth(run, outline), pose[None, :2], pose[2:])[0])


def growth(run: Run, outline: FloatArray) -> float:
    """Return the factor by which an outline is drawn larger than it is."""
    length = float(np.ptp(outline[:, 0])) * run.projection.scale
    return max(1.0, run.least / length) if length > 0 else 1.0


def _way(
    run: Run, actor: Actor, state: State, pose: FloatArray, time: float, scene: Scene
) -> None:
    color = COLORS[state.mood]
    if run.ahead:
        points = _ahead(run, actor, state, pose, time)
        if len(points) > 1:
            scene.add(Polyline(run.projection.at(points), color, 1.4))
        return
    way = actor.way(time)
    if way is None:
        return
    xy = run.nodes[list(way.nodes)]
    released = np.concatenate([pose[None, :2], xy[1 : way.released]])
    planned = xy[max(way.released - 1, 0) :]
    if len(planned) > 1:
        scene.add(Polyline(run.projection.at(planned), color, 2.2, (8.0, 5.0)))
    if len(released) > 1:
        scene.add(Polyline(run.projection.at(released), color, 4.0))


def _ahead(run: Run, actor: Actor, state: State, pose: FloatArray, time: float) -> FloatArray:
    """Return the way (K, 2) from here to where the vehicle reaches its present goal."""
    if state.mood is Mood.IDLE:
        return np.empty((0, 2))
    later = [other.time for other in actor.states if other.time > time]
    end = later[0] if later else run.end
    track = actor.track
    between = (track.time > time) & (track.time < end)
    last = track.at(end)[None, :2]
    return np.concatenate([pose[None, :2], track.pose[between, :2], last])


def _waits(run: Run, time: float, poses: FloatArray, scene: Scene) -> set[int]:
    """Draw who waits for whom; return who waits."""
    waiting = set()
    for wait in run.waits:
        if wait.begin <= time < wait.end:
            waiting.add(wait.vehicle)
            if wait.waits_for is not None:
                ends = poses[[wait.vehicle, wait.waits_for], :2]
                scene.add(Polyline(run.projection.at(ends), WAITING, 1.6, (2.0, 4.0)))
    return waiting


def _closures(run: Run, time: float, scene: Scene) -> None:
    for closure in run.closures:
        if closure.begin <= time < closure.end:
            ends = run.projection.at(np.array([closure.a, closure.b]))
            scene.add(Polyline(ends, WAITING, 5.0))
