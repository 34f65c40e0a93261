# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What reaches the executor of a vehicle, and what it tells its drive and devices to do."""

from dataclasses import dataclass
from typing import TypeAlias

from linehaul_vda5050.reach import Pose

from linehaul_vda5050 import (
    Action,
    ActionId,
    ActionStatus,
    Edge,
    Error,
    InstantActions,
    OperatingMode,
    Order,
)

# --- events --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OrderReceived:
    """An order arrived. pose is where the vehicle is, None where it does not know."""

    order: Order
    pose: Pose | None


@dataclass(frozen=True, slots=True)
class InstantActionsReceived:
    """Instant actions arrived."""

    message: InstantActions


@dataclass(frozen=True, slots=True)
class NodeReached:
    """The vehicle passed or reached the node with this sequence id."""

    sequence_id: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """The drive stands on a node and has no way left. A vehicle that is held has one."""


@dataclass(frozen=True, slots=True)
class ActionReported:
    """A device says how far an action is; error is what it found wrong."""

    action_id: ActionId
    status: ActionStatus
    result: str = ''
    error: Error | None = None


@dataclass(frozen=True, slots=True)
class ModeChanged:
    """Somebody turned the key. Leaving automatic clears the order, INTERVENED keeps it."""

    mode: OperatingMode


@dataclass(frozen=True, slots=True)
class ErrorRaised:
    """The vehicle itself found something wrong, or no longer does where active is False."""

    error: Error
    active: bool = True


Event: TypeAlias = (
    OrderReceived
    | InstantActionsReceived
    | NodeReached
    | Stopped
    | ActionReported
    | ModeChanged
    | ErrorRaised
)

# --- commands ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drive:
    """Drive these edges after those given before; stop at the end of the last one."""

    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Halt:
    """Give up the way: stop at the first node at which it is possible."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Stand still where you are (True), go on (False)."""

    hold: bool


@dataclass(frozen=True, slots=True)
class StartAction:
    """Begin an action, or begin it again."""

    action: Action


@dataclass(frozen=True, slots=True)
class CancelAction:
    """Stop an action; the device answers with its end."""

    action_id: ActionId


@dataclass(frozen=True, slots=True)
class SendState:
    """The state has changed: send it."""


@dataclass(frozen=True, slots=True)
class SendFactsheet:
    """Somebody asked for the factsheet."""


Command: TypeAlias = Drive | Halt | Hold | StartAction | CancelAction | SendState | SendFactsheet
