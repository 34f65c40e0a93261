# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Where a floor lies on a page."""

import numpy as np

from linehaul_floor.geometry import FloatArray
from linehaul_floor.plant import Plant

_PAGE = 2400.0  # pixels across, about


class Page:
    """Where the floor lies on the page: pixels per metre, margins, and text sizes."""

    def __init__(self, plant: Plant) -> None:
        self.scale = min((_PAGE - 120.0) / plant.size[0], 60.0)
        self.left, self.top, self.bottom = 60.0, 110.0, 120.0
        self.floor_height = plant.size[1] * self.scale
        self.width = round(2 * self.left + plant.size[0] * self.scale)
        self.height = round(self.top + self.floor_height + self.bottom)
        self.small = min(max(10.5, 0.42 * self.scale), 17.0)
        self.medium = min(max(15.0, 0.55 * self.scale), 24.0)

    def at(self, points: FloatArray) -> FloatArray:
        """Return plant points (K, 2) [m] as pixels."""
        x = self.left + points[:, 0] * self.scale
        y = self.top + self.floor_height - points[:, 1] * self.scale
        return np.stack([x, y], axis=1)

    def line(self, metres: float, least: float = 1.0) -> float:
        """Return a line width in pixels."""
        return max(least, metres * self.scale)
