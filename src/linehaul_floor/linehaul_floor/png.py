# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Paints a scene as pixels, and writes them as PNG (Pillow)."""

import io
import math

from PIL import Image, ImageDraw, ImageFont

from linehaul_floor.geometry import FloatArray
from linehaul_floor.scene import Polygon, Polyline, Scene, Shape, Text

_OVER = 2  # painted this many times larger, then scaled down, for smooth edges
_ANCHORS = {'start': 'lm', 'middle': 'mm', 'end': 'rm'}


def png(scene: Scene) -> bytes:
    """Return the scene as a PNG file."""
    buffer = io.BytesIO()
    image = paint(scene).quantize(192, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    image.save(buffer, format='PNG', optimize=True)
    return buffer.getvalue()


def paint(scene: Scene) -> Image.Image:
    """Return the scene as an RGB image."""
    image = Image.new('RGB', (scene.width * _OVER, scene.height * _OVER), '#ffffff')
    draw = ImageDraw.Draw(image)
    for shape in scene.shapes:
        _paint(draw, shape)
    return image.resize((scene.width, scene.height), Image.Resampling.BOX)


def _paint(draw: ImageDraw.ImageDraw, shape: Shape) -> None:
    match shape:
        case Polygon(points, fill, stroke, width):
            corners = _scaled(points)
            draw.polygon(corners, fill=fill)
            if stroke:
                draw.line([*corners, corners[0]], fill=stroke, width=_width(width), joint='curve')
        case Polyline(points, color, width, dash):
            for piece in _dashes(points, dash) if dash else [points.tolist()]:
                draw.line(_scaled(piece), fill=color, width=_width(width), joint='curve')
        case Text():
            font = ImageFont.load_default(size=shape.size * _OVER)
            draw.text(
                (shape.x * _OVER, shape.y * _OVER),
                shape.text,
                fill=shape.color,
                font=font,
                anchor=_ANCHORS[shape.anchor],
                stroke_width=1 if shape.bold else 0,
                stroke_fill=shape.color,
            )


def _scaled(points: FloatArray | list[list[float]]) -> list[tuple[float, float]]:
    return [(float(x) * _OVER, float(y) * _OVER) for x, y in points]


def _width(width: float) -> int:
    return max(1, round(width * _OVER))


def _dashes(points: FloatArray, dash: tuple[float, ...]) -> list[list[list[float]]]:
    """Return the visible pieces of a dashed line."""
    pieces, index, left = [], 0, dash[0]
    for start, end in zip(points[:-1].tolist(), points[1:].tolist(), strict=True):
        length = math.dist(start, end)
        done = 0.0
        while length - done > 1e-9:
            step = min(left, length - done)
            a, b = done / length, (done + step) / length
            if index % 2 == 0:
                pieces.append(
                    [
                        [s + (e - s) * part for s, e in zip(start, end, strict=True)]
                        for part in (a, b)
                    ]
                )
            done, left = done + step, left - step
            if left <= 1e-9:
                index += 1
                left = dash[index % len(dash)]
    return pieces
