# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Names, types and QoS of linehaul's topics, services and actions: the one register.

Names are relative, so that a namespace moves a whole plant. A name with ``{id}`` is one of many;
`Topic.of` fills the id in.
"""

from dataclasses import dataclass
from typing import Any

from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock

from linehaul_interfaces.action import ComputeRoute, DeliverMaterial, RetrieveLoad, StoreLoad
from linehaul_interfaces.msg import (
    FleetEvent,
    FleetState,
    LineState,
    LoadCustody,
    SimReport,
    StationSignals,
    StationState,
    TrafficState,
    VehicleConnection,
    VehicleFactsheet,
    VehicleInstantActions,
    VehicleOrder,
    VehicleSignals,
    VehicleState,
)
from linehaul_interfaces.srv import (
    ChangeDelivery,
    CommandVehicle,
    GetDelivery,
    InjectFault,
    SetFleetMode,
    SetRoadState,
)
from linehaul_ros.qos import COMMAND, EVENTS, LATCHED


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic: relative name, message type, QoS."""

    name: str
    type: Any
    qos: QoSProfile

    def of(self, instance: str) -> 'Topic':
        """Return the topic of one instance, such as a vehicle or a port."""
        return Topic(self.name.format(id=instance), self.type, self.qos)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A service or an action: relative name and type."""

    name: str
    type: Any


CLOCK = Topic('/clock', Clock, COMMAND)

VEHICLE_ORDER = Topic('agv/{id}/order', VehicleOrder, COMMAND)
VEHICLE_INSTANT_ACTIONS = Topic('agv/{id}/instant_actions', VehicleInstantActions, COMMAND)
VEHICLE_STATE = Topic('agv/{id}/state', VehicleState, COMMAND)
VEHICLE_CONNECTION = Topic('agv/{id}/connection', VehicleConnection, LATCHED)
VEHICLE_FACTSHEET = Topic('agv/{id}/factsheet', VehicleFactsheet, LATCHED)

STATION_SIGNALS = Topic('port/{id}/station_signals', StationSignals, LATCHED)
VEHICLE_SIGNALS = Topic('port/{id}/vehicle_signals', VehicleSignals, LATCHED)
CUSTODY = Topic('custody', LoadCustody, EVENTS)

FLEET_STATE = Topic('fleet/state', FleetState, LATCHED)
FLEET_EVENTS = Topic('fleet/events', FleetEvent, EVENTS)
TRAFFIC_STATE = Topic('traffic/state', TrafficState, LATCHED)
LINE_STATE = Topic('line/{id}/state', LineState, LATCHED)
STATION_STATE = Topic('station/{id}/state', StationState, LATCHED)
SIM_REPORT = Topic('sim/report', SimReport, LATCHED)

DELIVER_MATERIAL = Endpoint('deliver_material', DeliverMaterial)
RETRIEVE_LOAD = Endpoint('retrieve_load', RetrieveLoad)
STORE_LOAD = Endpoint('store_load', StoreLoad)
COMPUTE_ROUTE = Endpoint('compute_route', ComputeRoute)

SET_FLEET_MODE = Endpoint('set_fleet_mode', SetFleetMode)
SET_ROAD_STATE = Endpoint('set_road_state', SetRoadState)
COMMAND_VEHICLE = Endpoint('command_vehicle', CommandVehicle)
CHANGE_DELIVERY = Endpoint('change_delivery', ChangeDelivery)
GET_DELIVERY = Endpoint('get_delivery', GetDelivery)
INJECT_FAULT = Endpoint('inject_fault', InjectFault)
