# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Events of people and of broken vehicles, each with who and why.

actor is the person or system that did it; empty: the fleet itself.
"""

from dataclasses import dataclass
from enum import IntEnum
from math import nan
from typing import Union

from linehaul_fleet.delivery import LoadId, RequestId
from linehaul_floor import ClassId, PlaceId, VehicleId


class Mode(IntEnum):
    """What the fleet as a whole does; numbers as in FleetState.msg."""

    UNKNOWN = 0
    RUNNING = 1
    PAUSED = 2
    STOPPED = 3
    DRAINING = 4


class RoadState(IntEnum):
    """State of an edge, node or zone; numbers as in RoadLimit.msg."""

    UNKNOWN = 0
    OPEN = 1
    CLOSED = 2
    LIMITED = 3


class Holder(IntEnum):
    """Who holds a load; numbers as in LoadCustody.msg."""

    UNKNOWN = 0
    VEHICLE = 1
    PORT = 2
    CELL = 3
    CRANE = 4
    CARRIER = 5
    IN_TRANSFER = 6
    GONE = 7


class Command(IntEnum):
    """What a person wants of one vehicle; numbers as in CommandVehicle.srv."""

    UNKNOWN = 0
    SEND = 1
    PARK = 2
    CHARGE = 3
    TAKE_OUT = 4
    GIVE_BACK = 5
    PAUSE = 6
    RESUME = 7
    RETRY = 8
    SKIP_RETRY = 9
    REMOVE = 10


@dataclass(frozen=True, slots=True)
class ModeSet:
    """The fleet was paused, stopped, drained, or runs again."""

    mode: Mode
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class RoadLimited:
    """An edge, node or zone was closed, slowed or opened; speed [m/s] with LIMITED."""

    element_id: str
    state: RoadState
    speed: float
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class VehicleCommanded:
    """A person wants something of a vehicle; what follows from it are events of their own.

    place_id: where to, for those that drive. action_id: which action, for RETRY and SKIP_RETRY.
    """

    vehicle_id: VehicleId
    command: Command
    place_id: PlaceId | None
    actor: str
    reason: str
    action_id: str = ''


@dataclass(frozen=True, slots=True)
class PauseLifted:
    """A vehicle that was paused by the fleet is seen unpaused again."""

    vehicle_id: VehicleId


@dataclass(frozen=True, slots=True)
class VehicleSetAside:
    """The fleet gives a vehicle no more work, because of what it does or says."""

    vehicle_id: VehicleId
    reason: str


@dataclass(frozen=True, slots=True)
class VehicleJoined:
    """A vehicle that is not in the plant file has come; home is its parking place."""

    vehicle_id: VehicleId
    vehicle_class: ClassId
    home: PlaceId


@dataclass(frozen=True, slots=True)
class LoadStranded:
    """A load is on, or perhaps on, a vehicle that is lost; a person must look.

    node_id, x, y [m]: where the vehicle was last. port_id: where the load stands if the vehicle
    does not have it. in_doubt: the vehicle may have picked it, or not.
    """

    load_id: LoadId
    request_id: RequestId | None
    vehicle_id: VehicleId
    node_id: str
    port_id: PlaceId | None
    reason: str
    in_doubt: bool = False
    x: float = nan
    y: float = nan


@dataclass(frozen=True, slots=True)
class LoadFound:
    """A stranded load is known again: a person or its vehicle says who holds it."""

    load_id: LoadId
    holder: Holder
    holder_id: str
    actor: str
    reason: str


Act = Union[  # noqa: UP007 (read at run time)
    ModeSet,
    RoadLimited,
    VehicleCommanded,
    PauseLifted,
    VehicleSetAside,
    VehicleJoined,
    LoadStranded,
    LoadFound,
]
