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
from std_srvs.srv import Trigger

from linehaul_interfaces.action import ComputeRoute, DeliverMaterial, RetrieveLoad, StoreLoad
from linehaul_interfaces.msg import (
    Alarms,
    DistributionState,
    EarlyWarnings,
    FleetEvent,
    FleetState,
    LineState,
    LoadCustody,
    OrderEvent,
    SensorChannels,
    SensorReadings,
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
    WarehouseState,
)
from linehaul_interfaces.srv import (
    AdjustStock,
    ChangeDelivery,
    CommandAlarm,
    CommandCrane,
    CommandVehicle,
    ConfirmLoad,
    CountCell,
    GetDelivery,
    InjectFault,
    LookUpStock,
    ReviewWarning,
    SetAisleState,
    SetFleetMode,
    SetLineSequence,
    SetLineState,
    SetRoadState,
    TraceOrder,
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

    def of(self, instance: str) -> 'Endpoint':
        """Return the endpoint of one instance, such as a port."""
        return Endpoint(self.name.format(id=instance), self.type)


CLOCK = Topic('/clock', Clock, COMMAND)

VEHICLE_ORDER = Topic('agv/{id}/order', VehicleOrder, COMMAND)
VEHICLE_INSTANT_ACTIONS = Topic('agv/{id}/instant_actions', VehicleInstantActions, COMMAND)
VEHICLE_STATE = Topic('agv/{id}/state', VehicleState, COMMAND)
VEHICLE_CONNECTION = Topic('agv/{id}/connection', VehicleConnection, LATCHED)
VEHICLE_FACTSHEET = Topic('agv/{id}/factsheet', VehicleFactsheet, LATCHED)

STATION_SIGNALS = Topic('port/{id}/station_signals', StationSignals, LATCHED)
VEHICLE_SIGNALS = Topic('port/{id}/vehicle_signals', VehicleSignals, LATCHED)
CUSTODY = Topic('custody', LoadCustody, EVENTS)
#: Lines say which containers beside them are empty, until `custody` says so, too.
USED_LOADS = Topic('used_loads', LoadCustody, EVENTS)

FLEET_STATE = Topic('fleet/state', FleetState, LATCHED)
FLEET_EVENTS = Topic('fleet/events', FleetEvent, EVENTS)
TRAFFIC_STATE = Topic('traffic/state', TrafficState, LATCHED)
LINE_STATE = Topic('line/{id}/state', LineState, LATCHED)
STATION_STATE = Topic('station/{id}/state', StationState, LATCHED)
WAREHOUSE_STATE = Topic('warehouse/{id}/state', WarehouseState, LATCHED)
DISTRIBUTION_STATE = Topic('distribution/{id}/state', DistributionState, LATCHED)
ORDER_EVENTS = Topic('orders/events', OrderEvent, EVENTS)
SENSOR_CHANNELS = Topic('sensors/channels', SensorChannels, LATCHED)
SENSOR_READINGS = Topic('sensors/readings', SensorReadings, EVENTS)
ALARMS = Topic('alarms', Alarms, LATCHED)
EARLY_WARNINGS = Topic('early_warnings', EarlyWarnings, LATCHED)
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

#: Where a load is that a vehicle lost; and after a transfer that stopped half-way.
CONFIRM_LOAD = Endpoint('fleet/confirm_load', ConfirmLoad)
CONFIRM_TRANSFER = Endpoint('port/{id}/confirm_load', ConfirmLoad)
RESET_PORT = Endpoint('port/{id}/reset', Trigger)
#: The same word, to the vehicle: for a hand-off with a port that keeps no record.
CONFIRM_AT_VEHICLE = Endpoint('agv/{id}/confirm_load', ConfirmLoad)

LOOK_UP_STOCK = Endpoint('look_up_stock', LookUpStock)
ADJUST_STOCK = Endpoint('adjust_stock', AdjustStock)
COMMAND_CRANE = Endpoint('command_crane', CommandCrane)
COUNT_CELL = Endpoint('count_cell', CountCell)
SET_AISLE_STATE = Endpoint('set_aisle_state', SetAisleState)
SET_LINE_STATE = Endpoint('set_line_state', SetLineState)
SET_LINE_SEQUENCE = Endpoint('set_line_sequence', SetLineSequence)
COMMAND_ALARM = Endpoint('command_alarm', CommandAlarm)
REVIEW_WARNING = Endpoint('review_warning', ReviewWarning)
#: What a distribution centre knows of an order or a unit, with the proof of shipping.
TRACE_SHIPPING = Endpoint('distribution/{id}/trace_order', TraceOrder)
