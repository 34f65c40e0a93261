# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Faults that can be injected, and radio links that lose messages."""

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np


class FaultKind(IntEnum):
    """What goes wrong; numbers as FAULT_* in InjectFault.srv."""

    UNKNOWN = 0
    STALL = 1
    DIE = 2
    REVIVE = 3
    LOSE_MESSAGES = 4
    EMPTY_PICK = 5
    OCCUPIED_DROP = 6


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        kind: What goes wrong.
        target: Vehicle or port.
        duration: How long [s]; 0: until revived.
        probability: Share of messages lost, 0 to 1.
    """

    kind: FaultKind
    target: str
    duration: float = 0.0
    probability: float = 0.0


@dataclass(slots=True)
class Radio:
    """Radio links of vehicles, by row: loss 0 to 1 until a plant time [s]; end of a breakdown."""

    loss: dict[int, float] = field(default_factory=dict)
    until: dict[int, float] = field(default_factory=dict)
    revive: dict[int, float] = field(default_factory=dict)

    def lost(self, row: int, rng: np.random.Generator) -> bool:
        """Draw whether a message from or to a vehicle is lost."""
        return row in self.loss and float(rng.random()) < self.loss[row]

    def expired(self, now: float) -> list[int]:
        """Return vehicles that come back now, and mend links whose fault is over."""
        for row in [row for row, end in self.until.items() if end <= now]:
            del self.until[row]
            self.loss.pop(row, None)
        return [row for row, end in self.revive.items() if end <= now]
