# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A run as pictures: one moment as SVG or PNG, or all of it as an SVG that moves by itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from linehaul_floor.png import png
from linehaul_floor.scene import Scene
from linehaul_floor.svg import svg

from linehaul_traffic.replay.moment import draw_moment, growth
from linehaul_traffic.replay.run import COLORS, Actor, Run

SHORTEST = 10.0  # [s] a moving picture lasts, at least


def still(run: Run, time: float) -> Scene:
    """Return the page at a time."""
    scene = Scene(run.background.width, run.background.height, list(run.background.shapes))
    draw_moment(run, time, scene)
    return scene


def still_svg(run: Run, time: float) -> str:
    """Return one moment as SVG."""
    return svg(still(run, time))


def still_png(run: Run, time: float) -> bytes:
    """Return one moment as PNG."""
    return png(still(run, time))


def moving_svg(run: Run, speed: float) -> str:
    """Return an SVG that shows the vehicles moving, again and again.

    Args:
        run: the run.
        speed: seconds or steps of the run in a second of the picture.
    """
    lasts = max((run.end - run.begin) / speed, 0.1)
    vehicles = [_vehicle(run, actor, lasts) for actor in run.actors]
    floor = svg(run.background).rstrip().removesuffix('</svg>')
    return '\n'.join([floor, *vehicles, '</svg>', ''])


def _vehicle(run: Run, actor: Actor, lasts: float) -> str:
    """Return a vehicle as nested groups: one moves, one turns, and the outline changes colour."""
    span = max(run.end - run.begin, 1e-9)
    track = actor.track
    times = np.clip((track.time - run.begin) / span, 0.0, 1.0)
    spots = run.projection.at(track.pose[:, :2])
    # The page's y may point down where the world's points up: then yaw turns the other way.
    turn = 1.0 if run.projection.scale_y > 0 else -1.0
    grown = actor.outline * growth(run, actor.outline) * (1.0, turn) * run.projection.scale
    moves = [f'{x:.1f} {y:.1f}' for x, y in spots]
    turns = [f'{degrees:.0f}' for degrees in np.degrees(track.pose[:, 2]) * turn]
    points = ' '.join(f'{x:.1f},{y:.1f}' for x, y in grown)
    fills = [(float(np.clip((s.time - run.begin) / span, 0, 1)), s) for s in actor.states]
    colors = _animate('animate', 'fill', 'discrete', *_from_zero(
        [time for time, _ in fills], [COLORS[state.mood] for _, state in fills], hold=False
    ), lasts)  # fmt: skip
    move = _animate('animateTransform', 'transform" type="translate', 'linear',
                    *_from_zero(list(times), moves, hold=True), lasts)  # fmt: skip
    rotate = _animate('animateTransform', 'transform" type="rotate', 'linear',
                      *_from_zero(list(times), turns, hold=True), lasts)  # fmt: skip
    return (
        f'<g transform="translate({moves[0]})"><title>{_escaped(actor.name)}</title>{move}'
        f'<g transform="rotate({turns[0]})">{rotate}'
        f'<polygon points="{points}" fill="{COLORS[actor.states[0].mood]}" stroke="#fff"'
        f' stroke-width=".8">{colors}</polygon></g></g>'
    )


def _from_zero(
    times: Sequence[float], values: Sequence[str], *, hold: bool
) -> tuple[list[float], list[str]]:
    """Make key times begin at 0 and, where they are joined by lines, end at 1."""
    first, last = [0.0] if times[0] > 0 else [], [1.0] if hold and times[-1] < 1 else []
    begin = [values[0]] if first else []
    return [*first, *times, *last], [*begin, *values, *([values[-1]] if last else [])]


def _animate(
    kind: str, what: str, mode: str, times: list[float], values: list[str], lasts: float
) -> str:
    if len(set(values)) < 2:
        return ''
    keys = ';'.join(f'{time:.6g}' for time in times)
    return (
        f'<{kind} attributeName="{what}" calcMode="{mode}" dur="{lasts:.3f}s"'
        f' repeatCount="indefinite" keyTimes="{keys}" values="{";".join(values)}"/>'
    )


def _escaped(text: str) -> str:
    return text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')
