# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The vehicle contract: VDA 5050 orders and states, their rules, and their ROS messages."""

from linehaul_vda5050.connection import Connection
from linehaul_vda5050.decode import decode
from linehaul_vda5050.encode import encode
from linehaul_vda5050.enums import (
    ActionStatus,
    BlockingType,
    ConnectionState,
    EmergencyStop,
    ErrorLevel,
    Kinematics,
    OperatingMode,
    OrientationType,
    RobotClass,
)
from linehaul_vda5050.factsheet import Factsheet
from linehaul_vda5050.factsheet_json import decode_factsheet, factsheet_to_dict
from linehaul_vda5050.findings import Finding, FindingCode, serious
from linehaul_vda5050.header import PROTOCOL_VERSION, Header
from linehaul_vda5050.ids import ActionId, EdgeId, LoadId, MapId, NodeId, OrderId
from linehaul_vda5050.order import (
    Action,
    ActionParameter,
    AllowedDeviation,
    ControlPoint,
    Corridor,
    Edge,
    InstantActions,
    Node,
    NodePosition,
    Order,
    Trajectory,
)
from linehaul_vda5050.rules import (
    Abilities,
    NewOrder,
    OrderMemory,
    OrderUpdate,
    Refusal,
    Repeat,
    accept_order,
)
from linehaul_vda5050.state import (
    ActionState,
    EdgeState,
    Error,
    Load,
    MobileRobotPosition,
    NodeState,
    PowerSupply,
    Reference,
    SafetyState,
    State,
    Velocity,
)
from linehaul_vda5050.validate import validate_instant_actions, validate_order
from linehaul_vda5050.validate_state import validate_state

__all__ = [
    'PROTOCOL_VERSION',
    'Abilities',
    'Action',
    'ActionId',
    'ActionParameter',
    'ActionState',
    'ActionStatus',
    'AllowedDeviation',
    'BlockingType',
    'Connection',
    'ConnectionState',
    'ControlPoint',
    'Corridor',
    'Edge',
    'EdgeId',
    'EdgeState',
    'EmergencyStop',
    'Error',
    'ErrorLevel',
    'Factsheet',
    'Finding',
    'FindingCode',
    'Header',
    'InstantActions',
    'Kinematics',
    'Load',
    'LoadId',
    'MapId',
    'MobileRobotPosition',
    'NewOrder',
    'Node',
    'NodeId',
    'NodePosition',
    'NodeState',
    'OperatingMode',
    'Order',
    'OrderId',
    'OrderMemory',
    'OrderUpdate',
    'OrientationType',
    'PowerSupply',
    'Reference',
    'Refusal',
    'Repeat',
    'RobotClass',
    'SafetyState',
    'State',
    'Trajectory',
    'Velocity',
    'accept_order',
    'decode',
    'decode_factsheet',
    'encode',
    'factsheet_to_dict',
    'serious',
    'validate_instant_actions',
    'validate_order',
    'validate_state',
]
