# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Paints the few shapes that move straight onto an image: quick, for the pictures of a film."""

from __future__ import annotations

import numpy as np
from linehaul_floor.scene import Polygon, Polyline, Scene, Text
from PIL import Image, ImageDraw, ImageFont

from linehaul_traffic.replay.track import FloatArray


def painted(background: Image.Image, scene: Scene) -> Image.Image:
    """Return the background with the scene on top; the background stays as it is."""
    image = background.copy()
    draw = ImageDraw.Draw(image)
    for shape in scene.shapes:
        match shape:
            case Polygon(points, fill, stroke, width):
                corners = [(float(x), float(y)) for x, y in points]
                draw.polygon(corners, fill=fill)
                if stroke:
                    draw.line([*corners, corners[0]], fill=stroke, width=_width(width))
            case Polyline(points, color, width, dash):
                for piece in dashes(points, *dash[:2]) if dash else [points]:
                    line = [(float(x), float(y)) for x, y in piece]
                    draw.line(line, fill=color, width=_width(width), joint='curve')
            case Text():
                font = ImageFont.load_default(size=shape.size)
                draw.text((shape.x, shape.y), shape.text, shape.color, font, anchor='lm')
    return image


def _width(width: float) -> int:
    return max(1, round(width))


def dashes(points: FloatArray, line: float, gap: float) -> list[FloatArray]:
    """Return the visible pieces (each (k, 2)) of a dashed line through points (K, 2)."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    pieces = []
    for start in np.arange(0.0, along[-1], line + gap):
        end = min(start + line, along[-1])
        inner = points[(along > start) & (along < end)]
        ends = [[np.interp(at, along, points[:, k]) for k in range(2)] for at in (start, end)]
        pieces.append(np.concatenate([ends[:1], inner, ends[1:]]))
    return pieces
