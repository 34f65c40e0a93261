# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a scene as SVG."""

from xml.sax.saxutils import escape

from linehaul_floor.geometry import FloatArray
from linehaul_floor.scene import Polygon, Polyline, Scene, Shape, Text

_FONT = 'Helvetica, Arial, sans-serif'


def svg(scene: Scene) -> str:
    """Return the scene as SVG text."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{scene.width}" height="{scene.height}"'
        f' viewBox="0 0 {scene.width} {scene.height}" font-family="{_FONT}">'
    )
    return '\n'.join([head, *map(_element, scene.shapes), '</svg>', ''])


def _element(shape: Shape) -> str:
    match shape:
        case Polygon(points, fill, stroke, width):
            border = f' stroke="{stroke}" stroke-width="{_number(width)}"' if stroke else ''
            return f'<polygon points="{_points(points)}" fill="{fill}"{border}/>'
        case Polyline(points, color, width, dash):
            dashes = f' stroke-dasharray="{" ".join(map(_number, dash))}"' if dash else ''
            return (
                f'<polyline points="{_points(points)}" fill="none" stroke="{color}"'
                f' stroke-width="{_number(width)}" stroke-linecap="round"{dashes}/>'
            )
        case Text():
            weight = ' font-weight="bold"' if shape.bold else ''
            return (
                f'<text x="{_number(shape.x)}" y="{_number(shape.y)}" dy="0.35em"'
                f' font-size="{_number(shape.size)}" fill="{shape.color}"'
                f' text-anchor="{shape.anchor}"{weight}>{escape(shape.text)}</text>'
            )


def _points(points: FloatArray) -> str:
    return ' '.join(f'{_number(x)},{_number(y)}' for x, y in points.tolist())


def _number(value: float) -> str:
    return f'{value:.2f}'.rstrip('0').rstrip('.')
