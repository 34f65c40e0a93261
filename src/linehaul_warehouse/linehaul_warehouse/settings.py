# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""How a warehouse decides."""

from dataclasses import dataclass
from enum import Enum

from linehaul_warehouse.errors import SettingError
from linehaul_warehouse.stock import Rotation


class Sequencing(Enum):
    """Which retrieval is next. The first two are there to be compared with."""

    FCFS = 'fcfs'
    NEAREST = 'nearest'
    DUE_TIMES = 'due_times'


class Assignment(Enum):
    """Where a load is stored: anywhere, nearest, or by class of turnover and expected stay."""

    RANDOM = 'random'
    CLOSEST = 'closest'
    CLASSES = 'classes'


@dataclass(frozen=True, slots=True)
class Settings:
    """How a warehouse decides.

    hold: how long before its due time a container may stand at the port [s]; pair_hold: the same
    where that makes a dual cycle. patience: due time of a retrieval without one, from its asking
    [s]; priority 255 gets a tenth of it. window: retrievals looked at together. cells: open cells
    looked at together. lateness: what a second of lateness weighs against a second of travel;
    scale: lateness [s] at which it weighs twice. reslot: in idle time loads are moved to where
    their class belongs. dwell: idle cranes go where the next job is likely. silence: a step that
    takes this much longer than reckoned is asked after [s]. margin: how long before its due time a
    container should be at its port [s].
    """

    rotation: Rotation = Rotation.FIFO
    sequencing: Sequencing = Sequencing.DUE_TIMES
    assignment: Assignment = Assignment.CLASSES
    hold: float = 180.0
    pair_hold: float = 420.0
    patience: float = 600.0
    window: int = 8
    cells: int = 10
    lateness: float = 3.0
    scale: float = 60.0
    reslot: bool = True
    dwell: bool = True
    silence: float = 20.0
    margin: float = 15.0
    items: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not 0.0 <= self.hold <= self.pair_hold:
            found = (self.hold, self.pair_hold)
            raise SettingError(f'hold, pair_hold: found {found}, wanted 0 <= hold <= pair_hold')
        if not (1 <= self.window <= 20 and 1 <= self.cells <= 50):
            found = (self.window, self.cells)
            raise SettingError(f'window, cells: found {found}, wanted 1-20 and 1-50')
        if not (self.patience > 0.0 and self.scale > 0.0):
            raise SettingError('patience and scale must be above 0')
        if not (self.lateness >= 0.0 and self.margin >= 0.0):
            raise SettingError('lateness and margin must be at least 0')
