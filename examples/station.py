#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A line station: asks for material, and takes it over by the load handshake.

    python examples/station.py fa1_01 casing 4

It knows the ROS interfaces and nothing else of linehaul. A real one replaces `light_barrier`.
"""

import sys
import time

import rclpy
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile

from linehaul_interfaces.action import DeliverMaterial
from linehaul_interfaces.msg import StationSignals, VehicleSignals


class Station(Node):
    """The passive side of one port, and a client of the fleet."""

    def __init__(self, port: str, item: str, quantity: str) -> None:
        super().__init__('station_' + port)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        start = f'{time.time_ns():020d}'  # instance ids must sort by time
        self.me = StationSignals(port_id=port, instance_id=start, es=True, ho_avbl=True)
        self.busy_since = 0.0
        self.out = self.create_publisher(StationSignals, f'port/{port}/station_signals', latched)
        self.create_subscription(
            VehicleSignals, f'port/{port}/vehicle_signals', self.heard, latched
        )
        self.create_timer(0.2, self.look)
        self.client = ActionClient(self, DeliverMaterial, 'deliver_material')
        self.client.wait_for_server()
        goal = DeliverMaterial.Goal(request_id=f'{port}-{start}', station_id=port, priority=100)
        goal.item_id, goal.quantity = item, int(quantity)
        self.asked = self.client.send_goal_async(goal)

    def light_barrier(self) -> bool:
        """Stand in for a sensor: the load is in place two seconds after BUSY."""
        return bool(self.busy_since) and time.monotonic() > self.busy_since + 2.0

    def heard(self, v: VehicleSignals) -> None:
        """Answer the levels of a vehicle with levels."""
        me, mine = self.me, v.session_id == self.me.session_id
        if not me.session_id and v.valid and v.kind == v.KIND_LOAD and not me.load_present:
            me.session_id, me.vehicle_id, me.l_req = v.session_id, v.vehicle_id, True
        elif me.vehicle_id == v.vehicle_id and not (mine and v.valid):
            me.session_id, me.vehicle_id, me.l_req, me.ready = '', '', False, False
        elif mine:
            me.ready = v.tr_req or (me.ready and not v.compt)
            self.busy_since = (self.busy_since or time.monotonic()) if v.busy else 0.0
            me.load_id = v.load_id
        self.look()

    def look(self) -> None:
        """Read the sensor and say all levels."""
        if self.me.ready and self.light_barrier():
            self.me.load_present, self.me.load_placed, self.me.l_req = True, True, False
        self.me.sequence += 1
        self.out.publish(self.me)


rclpy.init()
station = Station(*sys.argv[1:4])
rclpy.spin_until_future_complete(station, station.asked)
result = station.asked.result().get_result_async()
rclpy.spin_until_future_complete(station, result)
print(result.result().result.error_msg or f'got {result.result().result.load_id}')  # noqa: T201
