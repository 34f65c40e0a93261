# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The state of a vehicle as it reports it to the fleet.

Source: VDA 5050 3.0.0, 6.10 and 7.6. Lengths in metres, angles in radians, mass in kg. The state
of charge is a fraction 0 to 1 here and per cent in JSON.
"""

from dataclasses import dataclass, field

from linehaul_vda5050.enums import (
    ActionStatus,
    EmergencyStop,
    ErrorLevel,
    OperatingMode,
)
from linehaul_vda5050.header import Header
from linehaul_vda5050.ids import ActionId, EdgeId, LoadId, MapId, NodeId, OrderId


@dataclass(frozen=True, slots=True)
class NodeState:
    """A node that is still to be reached."""

    node_id: NodeId
    sequence_id: int
    released: bool


@dataclass(frozen=True, slots=True)
class EdgeState:
    """An edge that is still to be driven to its end."""

    edge_id: EdgeId
    sequence_id: int
    released: bool


@dataclass(frozen=True, slots=True)
class ActionState:
    """How far an action is."""

    action_id: ActionId
    action_status: ActionStatus
    action_type: str = ''
    action_result: str = ''


@dataclass(frozen=True, slots=True)
class MobileRobotPosition:
    """Pose on the map; to be trusted only where localized."""

    x: float
    y: float
    theta: float
    map_id: MapId
    localized: bool = True
    localization_score: float | None = None


@dataclass(frozen=True, slots=True)
class Velocity:
    """Speed in the frame of the vehicle: vx, vy [m/s], omega [rad/s]."""

    vx: float = 0.0
    vy: float = 0.0
    omega: float = 0.0


@dataclass(frozen=True, slots=True)
class Load:
    """A load on the vehicle. An empty id means that something is there and nobody knows what."""

    load_id: LoadId
    load_type: str = ''
    load_position: str = ''
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class PowerSupply:
    """Battery: state of charge 0 to 1, voltage [V], current [A], range [m]."""

    state_of_charge: float = field(metadata={'scale': 100.0})
    charging: bool
    battery_voltage: float | None = None
    battery_current: float | None = None
    range: float | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """What an error or an information is about: a key such as orderId, and its value."""

    reference_key: str
    reference_value: str


@dataclass(frozen=True, slots=True)
class Error:
    """An active error. Its type is a word of error_types or the maker's own."""

    error_type: str
    error_level: ErrorLevel
    error_description: str = ''
    error_hint: str = ''
    error_references: tuple[Reference, ...] = ()

    def reference(self, key: str) -> str | None:
        """Return the value of a reference, None where it is not given."""
        return next(
            (r.reference_value for r in self.error_references if r.reference_key == key), None
        )


@dataclass(frozen=True, slots=True)
class SafetyState:
    """Emergency stop and protective field."""

    active_emergency_stop: EmergencyStop = EmergencyStop.NONE
    field_violation: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Everything a fleet knows of a vehicle.

    order_id, order_update_id and last_node_id stay after an order has ended or was cancelled.
    distance_since_last_node [m] is how far along the current edge the vehicle is. loads is None
    where the vehicle cannot say what it carries.
    """

    header: Header
    order_id: OrderId
    order_update_id: int
    last_node_id: NodeId
    last_node_sequence_id: int
    node_states: tuple[NodeState, ...]
    edge_states: tuple[EdgeState, ...]
    driving: bool
    action_states: tuple[ActionState, ...]
    instant_action_states: tuple[ActionState, ...]
    power_supply: PowerSupply
    operating_mode: OperatingMode
    errors: tuple[Error, ...]
    safety_state: SafetyState
    mobile_robot_position: MobileRobotPosition | None = None
    velocity: Velocity | None = None
    loads: tuple[Load, ...] | None = None
    paused: bool = False
    new_base_request: bool = False
    distance_since_last_node: float | None = None

    @property
    def idle(self) -> bool:
        """True where no node, edge or action is left to do (VDA 5050 3.0, 6.1.2)."""
        return (
            not self.node_states
            and not self.edge_states
            and all(a.action_status.ended for a in self.action_states)
        )
