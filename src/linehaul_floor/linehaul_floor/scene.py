# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A drawing as a list of shapes on a page, in pixels from the top left, x right, y down.

`svg.py` and `png.py` write the same scene; neither knows what a plant is.
"""

from dataclasses import dataclass, field

import numpy as np

from linehaul_floor.geometry import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Polygon:
    """A filled outline (K, 2), with a border where stroke is given."""

    points: FloatArray
    fill: str
    stroke: str | None = None
    width: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Polyline:
    """A line (K, 2); dash: lengths of line and gap in turn, empty for a full line."""

    points: FloatArray
    color: str
    width: float
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text; anchor: start, middle or end at x; y is the middle of its height."""

    x: float
    y: float
    text: str
    size: float
    color: str = '#222222'
    anchor: str = 'start'
    bold: bool = False


Shape = Polygon | Polyline | Text


@dataclass(slots=True)
class Scene:
    """A page of width x height pixels and its shapes, the later over the earlier."""

    width: int
    height: int
    shapes: list[Shape] = field(default_factory=list)

    def add(self, *shapes: Shape) -> None:
        """Put shapes on top."""
        self.shapes.extend(shapes)


def box(x: float, y: float, width: float, height: float) -> FloatArray:
    """Return the corners (4, 2) of a rectangle from its top left corner."""
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])


def text_width(text: str, size: float) -> float:
    """Return about how many pixels wide a text is."""
    return 0.56 * size * len(text)
