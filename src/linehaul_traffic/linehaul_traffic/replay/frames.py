# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What is known of a running floor at one moment, as it is recorded and shown.

Nothing is decided here. A recording is a row of frames; `recording.py` writes and reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from linehaul_floor import ClassId, NodeId, VehicleId


class Work(Enum):
    """What a vehicle is busy with; the words stand in recordings."""

    UNKNOWN = 'unknown'
    IDLE = 'idle'
    DELIVERY = 'delivery'
    RETURN = 'return'
    MOVE = 'move'
    CHARGE = 'charge'
    PARK = 'park'
    OUT = 'out'


class Reason(Enum):
    """Why a vehicle waits; the words stand in recordings."""

    UNKNOWN = 'unknown'
    QUEUE = 'queue'
    GOAL_TAKEN = 'goal taken'
    CLOSED = 'closed'
    BLOCKED = 'blocked'
    PAUSED = 'paused'


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle: pose x, y [m], theta [rad] in the map frame, charge 0..1.

    goal: place it drives to; request: delivery it works for; note: why it stands. Empty: none.
    """

    vehicle_class: ClassId
    x: float
    y: float
    theta: float
    charge: float = 1.0
    work: Work = Work.UNKNOWN
    goal: str = ''
    loads: tuple[str, ...] = ()
    request: str = ''
    note: str = ''


@dataclass(frozen=True, slots=True)
class Way:
    """A committed way: nodes from where the vehicle is, the first `released` of them released."""

    goal: str
    nodes: tuple[NodeId, ...]
    released: int


@dataclass(frozen=True, slots=True)
class Wait:
    """A vehicle waits: for whom (empty: nobody), before which node or edge, and why."""

    waits_for: str
    element: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Frame:
    """The floor at plant time `time` [s]; delivered: deliveries done since the plant began."""

    time: float
    vehicles: Mapping[VehicleId, Vehicle] = field(default_factory=dict)
    ways: Mapping[VehicleId, Way] = field(default_factory=dict)
    waits: Mapping[VehicleId, Wait] = field(default_factory=dict)
    closed: tuple[str, ...] = ()
    delivered: int = 0
