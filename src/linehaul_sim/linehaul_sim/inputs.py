# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that reaches the world from outside, as data to be written and replayed."""

from dataclasses import dataclass
from typing import TypeAlias

from linehaul_sim.faults import Fault
from linehaul_sim.warehouse import RetrieveRequest
from linehaul_transfer import PortSignals, VehicleSignals
from linehaul_vda5050 import InstantActions, Order


@dataclass(frozen=True, slots=True)
class OrderSent:
    """The fleet sent an order to a vehicle."""

    vehicle_id: str
    order: Order


@dataclass(frozen=True, slots=True)
class InstantActionsSent:
    """The fleet sent instant actions to a vehicle."""

    vehicle_id: str
    message: InstantActions


@dataclass(frozen=True, slots=True)
class RetrievalAsked:
    """Somebody wants a container."""

    request: RetrieveRequest


@dataclass(frozen=True, slots=True)
class RetrievalCancelled:
    """Somebody no longer wants a container."""

    request_id: str


@dataclass(frozen=True, slots=True)
class FaultInjected:
    """Something shall go wrong."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class LoadsSeen:
    """A vehicle that is not simulated said what it carries, at the node it reached last."""

    vehicle_id: str
    node_id: str
    load_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoadUsed:
    """A line said that a container beside it is empty."""

    load_id: str


@dataclass(frozen=True, slots=True)
class TransferConfirmed:
    """A person said where the load of a stopped hand-off is; holder as HOLDER_* of LoadCustody."""

    port_id: str
    session_id: str
    holder: int
    actor: str


@dataclass(frozen=True, slots=True)
class VehicleHeard:
    """A vehicle that is not simulated here said its levels."""

    signals: VehicleSignals


@dataclass(frozen=True, slots=True)
class PortReset:
    """A person lets a port go on."""

    port_id: str


@dataclass(frozen=True, slots=True)
class StationHeard:
    """A port that is not simulated here said its levels."""

    signals: PortSignals


@dataclass(frozen=True, slots=True)
class WarehouseTold:
    """A warehouse node said who holds a load: one of its ports, or itself.

    holder: as HOLDER_* of LoadCustody. holder_id: its port; another is the warehouse itself.
    since: plant time [s].
    """

    load_id: str
    item_id: str
    lot: str
    quantity: int
    order_id: str
    holder: int
    holder_id: str
    since: float


Input: TypeAlias = (
    OrderSent
    | InstantActionsSent
    | RetrievalAsked
    | RetrievalCancelled
    | FaultInjected
    | LoadsSeen
    | LoadUsed
    | TransferConfirmed
    | PortReset
    | StationHeard
    | VehicleHeard
    | WarehouseTold
)
