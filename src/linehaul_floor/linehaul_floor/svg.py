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
    if isinstance(shape, Polygon):
        return _polygon(shape)
    if isinstance(shape, Polyline):
        return _polyline(shape)
    return _text(shape)


def _polygon(shape: Polygon) -> str:
    border = f' stroke="{shape.stroke}" stroke-width="{_number(shape.width)}"'
    return (
        f'<polygon points="{_points(shape.points)}" fill="{shape.fill}"'
        f'{border if shape.stroke else ""}/>'
    )


def _polyline(shape: Polyline) -> str:
    dashes = f' stroke-dasharray="{" ".join(map(_number, shape.dash))}"' if shape.dash else ''
    return (
        f'<polyline points="{_points(shape.points)}" fill="none" stroke="{shape.color}"'
        f' stroke-width="{_number(shape.width)}"{dashes}/>'
    )


def _text(shape: Text) -> str:
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
