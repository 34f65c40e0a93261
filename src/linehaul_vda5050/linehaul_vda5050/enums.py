# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Enumerations of VDA 5050 3.0.

Member names are the words of the standard; 0 is UNKNOWN everywhere and stands for a missing or
unreadable value. What is sent never carries UNKNOWN.
"""

from enum import IntEnum


class BlockingType(IntEnum):
    """What else may happen while an action runs (VDA 5050 3.0, 6.2.2)."""

    UNKNOWN = 0
    NONE = 1
    SINGLE = 2
    SOFT = 3
    HARD = 4

    @property
    def stops_driving(self) -> bool:
        """True where the vehicle must stand still."""
        return self in (BlockingType.SOFT, BlockingType.HARD)

    @property
    def alone(self) -> bool:
        """True where no other action may run beside it."""
        return self in (BlockingType.SINGLE, BlockingType.HARD)


class ActionStatus(IntEnum):
    """Life of one action."""

    UNKNOWN = 0
    WAITING = 1
    INITIALIZING = 2
    RUNNING = 3
    PAUSED = 4
    RETRIABLE = 5
    FINISHED = 6
    FAILED = 7

    @property
    def ended(self) -> bool:
        """True for FINISHED and FAILED."""
        return self in (ActionStatus.FINISHED, ActionStatus.FAILED)


class OperatingMode(IntEnum):
    """Who drives the vehicle."""

    UNKNOWN = 0
    STARTUP = 1
    AUTOMATIC = 2
    SEMIAUTOMATIC = 3
    INTERVENED = 4
    MANUAL = 5
    SERVICE = 6
    TEACH_IN = 7


class ErrorLevel(IntEnum):
    """How much an error matters."""

    UNKNOWN = 0
    WARNING = 1
    URGENT = 2
    CRITICAL = 3
    FATAL = 4


class EmergencyStop(IntEnum):
    """Active emergency stop and who must acknowledge it."""

    UNKNOWN = 0
    NONE = 1
    MANUAL = 2
    REMOTE = 3


class ConnectionState(IntEnum):
    """Liveliness of a vehicle."""

    UNKNOWN = 0
    ONLINE = 1
    OFFLINE = 2
    CONNECTION_BROKEN = 3
    HIBERNATING = 4


class OrientationType(IntEnum):
    """Frame of an edge's orientation."""

    UNKNOWN = 0
    TANGENTIAL = 1
    GLOBAL = 2


class Kinematics(IntEnum):
    """How a vehicle moves."""

    UNKNOWN = 0
    DIFFERENTIAL = 1
    OMNIDIRECTIONAL = 2
    THREE_WHEEL = 3


class RobotClass(IntEnum):
    """How a vehicle carries."""

    UNKNOWN = 0
    CARRIER = 1
    FORKLIFT = 2
    CONVEYOR = 3
    TUGGER = 4
