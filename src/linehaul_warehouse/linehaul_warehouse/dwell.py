# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Where an idle crane waits.

With p the chance that the next job is a storage, waiting at the input/output point costs nothing
then, and the way to a cell otherwise. The centre of the rack halves the way to cells but is half
a rack away from the point. The rule here compares expected travel, so it holds with acceleration
and with any place of the point; for a continuous rack without acceleration it is
p >= A/(A + 1/2), A = 1/4 + b²/12.
"""

import numpy as np
import numpy.typing as npt

from linehaul_warehouse.travel import Drive, leg_times

Floats = npt.NDArray[np.float64]


def threshold(b: float) -> float:
    """Return the p from which on a crane waits at the input/output point (closed form)."""
    a = 0.25 + b * b / 12.0
    return a / (a + 0.5)


def expected_travel(
    point: tuple[float, float], port: tuple[float, float], cells: Floats, p: float, drive: Drive
) -> float:
    """Return the mean time [s] from a dwell point to the start of the next job.

    Args:
        point: where the crane waits, x, y [m].
        port: where storages begin.
        cells: (n, 2) where retrievals begin.
        p: chance that the next job is a storage.
        drive: how the crane moves.
    """
    here = np.array([point], float)
    to_cells = float(leg_times(here, cells, drive.array).mean()) if len(cells) else 0.0
    return p * drive.leg(point, port) + (1.0 - p) * to_cells


def dwell_point(
    port: tuple[float, float], cells: Floats, p: float, drive: Drive
) -> tuple[float, float]:
    """Return where to wait: the port or the middle of the cells, whichever is nearer to work."""
    if len(cells) == 0:
        return port
    low, high = cells.min(axis=0), cells.max(axis=0)
    centre = (float(low[0] + high[0]) / 2.0, float(low[1] + high[1]) / 2.0)
    at_port = expected_travel(port, port, cells, p, drive)
    return port if at_port <= expected_travel(centre, port, cells, p, drive) else centre
